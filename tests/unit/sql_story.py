"""Raw rows, ledger and config of invented clients, and the marts that the SQL project makes of them.

What is under test where this is used: the models. Rows are put straight into the tables that connectors, the writer and
the config step fill, one client a story, so that one build of the project serves many tests.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from connectors.core.doubt import Doubt, records
from okr_models.kpis import BUILT_IN
from okr_models.periods import Window, snapshot_day
from pipelines.warehouse.db import configured
from pipelines.warehouse.ingest.kpi_streams import fill_left_out
from pipelines.warehouse.models.runner import run_project
from pipelines.warehouse.schema import declared_tables, ensure_schema

STREAMS: dict[str, dict[str, Any]] = {
    "web_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "web_monthly": {"delivery": "window", "grain": "month", "settle_days": 3},
    "web_pages_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "web_events_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "web_conversions_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "web_channels_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "web_key_events": {"delivery": "listing"},
    "search_daily": {"delivery": "window", "grain": "day", "lag_days": 2, "settle_days": 10},
    "search_pages_daily": {"delivery": "window", "grain": "day", "lag_days": 2, "settle_days": 10},
    "follower_snapshots": {"delivery": "snapshot"},
    "follower_totals_daily": {"delivery": "window", "grain": "day", "settle_days": 7, "zero_by_absence": False},
    "follower_changes_daily": {"delivery": "window", "grain": "day", "lag_days": 1, "settle_days": 7},
    "interactions_daily": {"delivery": "window", "grain": "day", "lag_days": 1, "settle_days": 7},
    "social_posts": {"delivery": "listing"},
    "post_counters": {"delivery": "snapshot"},
    "blog_posts": {"delivery": "listing"},
    "contacts_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "deals_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "tickets_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "newsletters_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "subscriber_snapshots": {"delivery": "snapshot"},
    "subscriber_months": {"delivery": "listing"},
    "ad_cost_daily": {"delivery": "window", "grain": "day", "settle_days": 3},
    "own_metrics": {"delivery": "listing"},
}
CATEGORIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ga4": ("web", ("web_daily", "web_monthly", "web_pages_daily")),
    "ga4_with_goals": (
        "web",
        ("web_daily", "web_key_events", "web_events_daily", "web_conversions_daily", "web_channels_daily"),
    ),
    "search_console": ("search", ("search_daily", "search_pages_daily")),
    "linkedin": (
        "social",
        ("follower_snapshots", "follower_changes_daily", "interactions_daily", "social_posts", "post_counters"),
    ),
    "facebook": ("social", ("follower_snapshots", "follower_totals_daily", "social_posts", "post_counters")),
    "mastodon": ("social", ("follower_snapshots", "social_posts", "post_counters")),
    "wordpress": ("blog", ("blog_posts",)),
    "feed": ("blog", ("blog_posts",)),
    "hubspot": ("crm", ("contacts_daily", "deals_daily", "tickets_daily")),
    "mailchimp": ("newsletter", ("newsletters_daily", "subscriber_snapshots", "subscriber_months")),
    "meta_ads": ("ads", ("ad_cost_daily",)),
    "csv": ("own", ("own_metrics",)),
}
Row = Mapping[str, Any]


def days(start: date, end: date, *, without: Iterable[date] = ()) -> list[date]:
    """Days from ``start`` to ``end``, both included, less some."""
    left_out = set(without)
    return [day for day in Window(start, end) if day not in left_out]


def at(day: date, hour: int = 5, *, zone: str = "Europe/Stockholm") -> datetime:
    """An hour of a day in a zone."""
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


@dataclass
class Story:
    """One client, told in rows."""

    client: str
    as_of: date = date(2026, 11, 20)
    zone: str = "Europe/Stockholm"
    start_on: date = date(2026, 7, 1)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._add(
            "config.clients",
            name=self.client,
            language="sv",
            timezone=self.zone,
            fiscal_year_start=1,
            currency="SEK",
            as_of=self.as_of,
            now=at(self.as_of, zone=self.zone),
        )
        self._add(
            "config.objectives", objective_id="o", position=1, title="O", period_start=date(2026, 1, 1),
            period_end=date(2026, 12, 31),
        )  # fmt: skip
        self._add(
            "config.key_results", objective_id="o", key_result_id="kr", position=1, title="KR", kpi="sessions",
            measure="kpi", scope="all", target="+10%", first_target="+10%", weight=1.0, ambition="committed",
            definition_version="1",
        )  # fmt: skip
        for kpi in BUILT_IN.values():
            self.kpi(kpi.id, kpi.kind, unit=kpi.unit, closing_days=kpi.closing_days, own_source=None,
                     adds_over_time=kpi.adds_over_time, adds_over_sources=kpi.adds_over_sources)  # fmt: skip

    def kpi(
        self,
        kpi: str,
        kind: str,
        *,
        own_source: str | None,
        unit: str = "points",
        closing_days: int = 5,
        adds_over_time: bool = False,
        adds_over_sources: bool = False,
    ) -> Story:
        """A row of ``config.kpis``; the client's own where ``own_source`` names its csv source."""
        return self._add(
            "config.kpis",
            kpi=kpi,
            title=kpi,
            kind=kind,
            unit=unit,
            better="higher",
            adds_over_time=adds_over_time or (kind == "flow" and own_source is not None),
            adds_over_sources=adds_over_sources,
            closing_days=closing_days,
            is_own=own_source is not None,
            source=own_source,
        )

    def source(
        self,
        source: str,
        source_type: str,
        *,
        zone: str | None = None,
        opened: date | None = None,
        blog_path: str | None = None,
        held_by: str | None = None,
        streams: Sequence[str] | None = None,
    ) -> Story:
        """A source with the streams of its type."""
        category, usual = CATEGORIES[source_type]
        self.zones[source] = zone or self.zone
        self._add(
            "config.sources",
            source=source,
            position=len(self.rows.get("config.sources", [])) + 1,
            source_type=source_type,
            title=source,
            category=category,
            platform=source_type if category == "social" else None,
            zone=zone or self.zone,
            opened=opened,
            start_on=self.start_on,
            blog_path=blog_path,
            held_by=held_by,
        )
        for stream in usual if streams is None else streams:
            facts = STREAMS[stream]
            self._add(
                "config.streams",
                source=source,
                stream=stream,
                delivery=facts["delivery"],
                grain=facts.get("grain"),
                zero_by_absence=facts.get("zero_by_absence", True),
                lag_days=facts.get("lag_days", 0),
                settle_days=facts.get("settle_days", 0),
                history_from=self.start_on if facts["delivery"] == "window" else None,
            )
        return self

    def pause(self, source: str, start: date, end: date) -> Story:
        return self._add("config.pauses", source=source, from_on=start, to_on=end, reason="site rebuild")

    def loaded(
        self,
        source: str,
        stream: str,
        start: date,
        end: date,
        *,
        on: datetime | None = None,
        status: str = "loaded",
        doubts: Sequence[Doubt] = (),
        seen: Sequence[Row] = (),
        quality: Row | None = None,
    ) -> Story:
        """A ledger row for a window, by default read this morning."""
        told = {"doubts": records(doubts, stream=stream, covers=None), "seen": list(seen)}
        said = {name: rows for name, rows in told.items() if rows} | dict(quality or {})
        return self._add(
            "ops.loads",
            source=source,
            stream=stream,
            window_start=start,
            window_end=end,
            rows=0,
            status=status,
            attempts=1,
            error_class=None if status == "loaded" else "unavailable",
            started_at=on or at(self.as_of, zone=self.zone),
            finished_at=on or at(self.as_of, zone=self.zone),
            run_id="run",
            quality=json.dumps(said) if said else None,
        )

    def reading(self, source: str, stream: str, taken_at: datetime, rows: Iterable[Row] = ()) -> Story:
        """A snapshot or listing with its ledger row."""
        day = snapshot_day(taken_at, ZoneInfo(self.zones[source]))
        self.loaded(source, stream, day, day, on=taken_at)
        stamped = {} if STREAMS[stream]["delivery"] == "listing" else {"taken_at": taken_at, "day": day}
        for row in rows:
            self._add(f"raw.{stream}", source=source, **stamped, **row)
        return self

    def raw(self, source: str, table: str, rows: Iterable[Row]) -> Story:
        """Rows of a raw table."""
        for row in rows:
            self._add(f"raw.{table}", source=source, **row)
        return self

    def known(
        self, source: str, post_id: str, url: str, published_on: date, *, first_seen: datetime, last_seen: datetime
    ) -> Story:
        """What a list said of a post in the time from ``first_seen`` to ``last_seen``."""
        return self._add(
            "ops.blog_post_history",
            source=source,
            post_id=post_id,
            url=url,
            published_at=at(published_on, 12),
            published_on=published_on,
            first_seen_at=first_seen,
            last_seen_at=last_seen,
        )

    def gone(self, source: str, post_id: str, published_at: datetime, *, gone_at: datetime) -> Story:
        """A social post that a list no longer named."""
        return self._add(
            "ops.gone_social_posts", source=source, post_id=post_id, published_at=published_at, gone_at=gone_at
        )

    def identity(self, source: str, source_type: str, *, first_seen: datetime) -> Story:
        """Which kind of source an id stood for, also one that left the file."""
        return self._add(
            "ops.source_identities",
            source=source,
            source_type=source_type,
            identity=source,
            fingerprint=source,
            first_seen_at=first_seen,
        )

    def host(self, host: str, ascii_host: str) -> Story:
        """A host with letters beyond ASCII, as IDNA."""
        return self._add("config.hosts", host=host, ascii_host=ascii_host)

    def daily(self, source: str, table: str, on: Iterable[date], **values: Any) -> Story:
        """The same values on several days, each day read this morning."""
        for day in on:
            self._add(f"raw.{table}", source=source, day=day, **values)
            self.loaded(source, table, day, day)
        return self

    def web(self, source: str, on: Iterable[date], *, sessions: int = 10, page_views: int = 20) -> Story:
        """Traffic of a whole site."""
        return self.daily(
            source, "web_daily", on, sessions=sessions, page_views=page_views, visitors=sessions, is_final=True
        )

    def csv(
        self, source: str, kpi: str, values: Mapping[date, float], *, scope: str = "all", grain: str = "month"
    ) -> Story:
        """Rows of a csv file, read this morning."""
        rows = [
            {"kpi": kpi, "scope": scope, "grain": grain, "period_start": day, "value": value}
            for day, value in values.items()
        ]
        # a doubt that moves nothing, so that there are rows of them
        said = (Doubt(code="imports_included"),)
        self.raw(source, "own_metrics", rows)
        return self.loaded(source, "own_metrics", self.as_of, self.as_of, doubts=said)

    def _add(self, table: str, **values: Any) -> Story:
        self.rows.setdefault(table, []).append({"client": self.client, **values})
        return self


def write(con: duckdb.DuckDBPyConnection, stories: Iterable[Story], *, order: int = 1) -> None:
    """Put the stories' rows into the working database; ``order`` -1 puts them in last first, any but 1 shuffled."""
    ensure_schema(con)
    rows: dict[str, list[Row]] = {}
    for story in stories:
        for table, added in story.rows.items():
            rows.setdefault(table, []).extend(added)
    for table in declared_tables():
        added = rows.pop(f"{table.schema}.{table.name}", [])
        if added:
            names = [column.name for column in table.columns]
            ordered = added[::-1] if order == -1 else list(added)
            if order not in (1, -1):
                random.Random(order).shuffle(ordered)
            incoming = pa.table({name: [_value(row, name) for row in ordered] for name in names})
            con.register("incoming", incoming)
            con.execute(f"insert into {table.qualified} by name select * from incoming")
            con.unregister("incoming")
    fill_left_out(con)
    assert not rows, f"no such tables: {sorted(rows)}"


def in_memory() -> duckdb.DuckDBPyConnection:
    """An empty database with a night's settings, and one thread: of tables this small more only wait for each other."""
    return configured(duckdb.connect(config={"threads": 1}))


def build(stories: Iterable[Story], *, order: int = 1) -> duckdb.DuckDBPyConnection:
    """A database in memory with the stories' rows and all models run."""
    con = in_memory()
    write(con, stories, order=order)
    run_project(con)
    return con


_FOLDER = tempfile.TemporaryDirectory(prefix="stories-")
"""Goes when the process ends."""


@cache
def _built(tell: Callable[[], Story]) -> Path:
    file = Path(_FOLDER.name) / f"{tell.__module__}.{tell.__name__}.duckdb"
    with closing(build([tell()])) as con:
        con.execute(f"attach '{file}' as kept")
        con.execute("copy from database memory to kept")
    return file


def copy_of_built(tell: Callable[[], Story]) -> duckdb.DuckDBPyConnection:
    """What ``build`` makes of the story that is told; each is the caller's own, a copy of one built once a process."""
    return copy_of_file(_built(tell))


def copy_of_file(file: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory with all that a file has."""
    con = in_memory()
    con.execute(f"attach '{file}' as filled (read_only)")
    con.execute("copy from database filled to memory")
    con.execute("detach filled")
    return con


def _value(row: Row, column: str) -> Any:
    if column in row:
        return row[column]
    return {"is_final": True, "platform": row.get("source"), "name": "", "visitors_definition": "people"}.get(column)


def month_of(
    con: duckdb.DuckDBPyConnection, client: str, kpi: str, month: date, *, scope: str = "all"
) -> dict[str, Any]:
    """The row of ``marts.kpi_monthly``; an assertion where there is none."""
    cursor = con.execute(
        "select * from marts.kpi_monthly where client = ? and kpi = ? and scope = ? and month = ?",
        [client, kpi, scope, month],
    )
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchall()
    assert len(rows) == 1, f"{len(rows)} rows for {client} {kpi} {scope} {month}"
    return dict(zip(names, rows[0], strict=True))


def value_of(con: duckdb.DuckDBPyConnection, client: str, kpi: str, month: date, *, scope: str = "all") -> float | None:
    value: float | None = month_of(con, client, kpi, month, scope=scope)["value"]
    return value


def days_of(con: duckdb.DuckDBPyConnection, client: str, kpi: str, *, scope: str = "all") -> dict[date, float]:
    """Values of ``marts.kpi_daily`` by day."""
    rows = con.execute(
        "select day, value from marts.kpi_daily where client = ? and kpi = ? and scope = ?", [client, kpi, scope]
    ).fetchall()
    return dict(rows)
