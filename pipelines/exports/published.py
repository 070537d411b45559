"""What the published database says of a client, as typed rows: the status table and the report read from here.

What belongs here: reading objectives, key results and the state of the loads. What does not: the report's other
tables (``report/queries.py``) and every word shown (``words.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import duckdb

from okr_models.words.codes import Note, from_json
from pipelines.warehouse.publish.views import IN_FILE, asked_now

NIGHT_AT = time(5, 0)
NIGHT_ZONE = ZoneInfo("Europe/Stockholm")

MONTH_KNOWN = """
    ($as_of is null or coalesce(closes_on, last_day(month)) <= $as_of
        or not is_closed and month <= $as_of and (data_through is null or data_through <= $as_of))
"""
"""Which rows of ``marts.kpi_monthly`` were there on the night of ``$as_of``: a month that closed later would show a sum
that nobody knew then, and half a month's sum is kept of no night but the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultRow:
    """A row of ``marts.key_result_progress``; ``notes``: what a reader must know, ``explanation``: where it stands."""

    client: str
    objective_id: str
    key_result_id: str
    as_of: date
    title: str
    kpi: str | None
    unit: str | None
    kind: str | None
    ambition: str | None
    baseline: float | None
    first_target: float | None
    target: float | None
    current: float | None
    current_growth: float | None
    first_month: date | None
    last_month: date | None
    raw_progress: float | None
    progress: float | None
    expected_progress: float | None
    forecast: float | None
    forecast_low: float | None
    forecast_high: float | None
    forecast_target: float | None
    probability: float | None
    probability_full: float | None
    status: str
    data_through: date | None
    is_estimated: bool | None
    notes: tuple[str, ...]
    note_codes: tuple[Note, ...] | None
    """The notes to be said in any language; None in rows of a version that kept only sentences."""
    explanation: str | None
    position: int | None = None
    """In the file of its night; None in rows of a version that did not keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveRow:
    """A row of ``marts.objective_progress``."""

    client: str
    objective_id: str
    as_of: date
    title: str
    team: str | None
    owner: str | None
    progress: float | None
    progress_low: float | None
    progress_high: float | None
    expected_progress: float | None
    coverage: float | None
    status: str
    weakest_key_result: str | None
    deciding_key_result: str | None
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedLoad:
    """A stream whose newest load failed."""

    source: str
    stream: str
    error_class: str | None
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadUnderWay:
    """A source whose history is read over several nights. ``nights``: about how many are left, where that is known."""

    title: str
    loaded_days: int
    all_days: int
    nights: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientStatus:
    """One client at one night. ``as_of`` None: nothing was ever computed."""

    client: str
    as_of: date | None
    objectives: tuple[ObjectiveRow, ...]
    key_results: tuple[KeyResultRow, ...]
    failed_loads: tuple[FailedLoad, ...]
    loading: tuple[LoadUnderWay, ...] = ()
    said: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What people say of their key results, in words, by objective and key result."""
    is_past: bool = False
    """Asked for by its day: then it stands in the order of the file of that night, as far as that was kept."""

    has_figures: bool = False
    """Months of its KPIs are published; asked where nothing was judged."""

    def of(self, objective_id: str) -> tuple[KeyResultRow, ...]:
        """The key results of one objective, in the order of their file where that is known, else by id."""
        return tuple(row for row in self.key_results if row.objective_id == objective_id)


Row = TypeVar("Row", KeyResultRow, ObjectiveRow)
TABLES: dict[type, tuple[str, tuple[str, ...]]] = {
    KeyResultRow: ("key_result_progress", ("objective_id", "key_result_id")),
    ObjectiveRow: ("objective_progress", ("objective_id",)),
}


def next_night(as_of: date | None, zone: ZoneInfo) -> datetime | None:
    """The instant from which on nothing was known yet on the night of ``as_of``, a date in the client's ``zone``.

    At 05:00 in Stockholm it is the evening before in America: the night of a day there comes a day later.
    """
    if as_of is None or as_of > date.max - timedelta(days=3):
        return None
    night = datetime.combine(as_of + timedelta(days=1), NIGHT_AT, NIGHT_ZONE)
    if night.astimezone(zone).date() > as_of:
        return night
    return datetime.combine(as_of + timedelta(days=2), NIGHT_AT, NIGHT_ZONE)


AS_EACH_NIGHT_KNEW = """timezone($zone, known_at)::date > as_of,
    case when timezone($zone, known_at)::date <= as_of then known_at end desc, known_at"""
"""An order of a night's rows: its last run first, by its date in the client's zone, and what was judged later last."""


def zone_of(con: duckdb.DuckDBPyConnection, client: str) -> ZoneInfo:
    """A client's zone; the night's own where nothing that is published says."""
    if "timezone" not in columns_of(con, "clients"):
        return NIGHT_ZONE
    rows = con.execute("select timezone from marts.clients where client = ?", [client]).fetchall()
    return next((ZoneInfo(zone) for (zone,) in rows if zone), NIGHT_ZONE)


def clients_of(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Every client that has a row of progress."""
    rows = con.execute("select distinct client from marts.objective_progress order by client").fetchall()
    return tuple(row[0] for row in rows)


ANSWERED_SINCE = """coalesce((finished_at, loads.rowid) < (
    select max((later.finished_at, later.rowid)) from ops.loads as later
    where later.client = $client and later.source = loads.source and later.status = 'loaded'
        and ($known_before is null or later.started_at < $known_before)
), false)"""
"""One newest read a source: compared with each later one, a ledger of years would take a client half a minute."""


NO_LONGER_ASKED = """coalesce(loads.started_at < (
    select max(later.started_at) from ops.loads as later
    where later.client = $client and later.source = loads.source and later.status <> 'skipped'
        and ($known_before is null or later.started_at < $known_before)
) - interval 36 hour, false)"""
"""What failed is asked for again each night, unless the file no longer gives what it needs."""


def asked_for(con: duckdb.DuckDBPyConnection) -> str:
    """A condition on ``ops.loads``: what the client's file asks for, or what was read on the night that is asked about.

    What has left the file is read no more, and is no failure for good because its last read was one; nor is a stream
    that was not tried on the last night of its source, and a source that could not be opened ("all" of its streams)
    and has been since.
    """
    is_over = f"(stream = 'all' and {ANSWERED_SINCE} or status = 'failed' and {NO_LONGER_ASKED})"
    if "source" not in columns_of(con, "sources"):
        return f"not {is_over}"
    return f"""(
        source in (select source from marts.sources where client = $client)
        or started_at >= cast($known_before as timestamptz) - interval 1 day
    ) and not {is_over}"""  # noqa: S608 - constants


def asked_by_file(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """A condition on a table of verdicts: what the client's file asks for now, or an earlier night (``asked_now``)."""
    asked, _ = IN_FILE.get(table, ("", ""))
    known = asked and columns_of(con, asked) and "as_of" in columns_of(con, "clients")
    earlier = f"""coalesce(cast($as_of as date) < (
        select night.as_of from marts.clients as night where night.client = {table}.client
    ), false)"""  # noqa: S608 - names of our own
    return asked_now(table, of_earlier=earlier) if known else "true"


def judged_last(con: duckdb.DuckDBPyConnection) -> str:
    """A condition on ``marts.initiative_results``: of the client's newest night, or an earlier one is asked about.

    The last of a client's initiatives has left the file, and is no verdict for good because nothing was judged since.
    """
    if "as_of" not in columns_of(con, "clients"):
        return "true"
    return """coalesce((
        select coalesce(cast($as_of as date) < night.as_of, false) or initiative_results.as_of >= night.as_of
        from marts.clients as night where night.client = initiative_results.client
    ), true)"""


HAS_FIGURES = "select 1 from marts.kpi_monthly where client = ? and value is not null limit 1"


def read_status(
    con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None = None, restated: bool = False
) -> ClientStatus:
    """The newest night of ``client`` up to ``as_of``: as known before the next one, or (``restated``) as known now."""
    known_before = None if restated else next_night(as_of, zone_of(con, client))
    objectives = _newest(con, ObjectiveRow, client=client, as_of=as_of, known_before=known_before)
    key_results = _newest(con, KeyResultRow, client=client, as_of=as_of, known_before=known_before)
    nights = [row.as_of for row in objectives] + [row.as_of for row in key_results]
    return ClientStatus(
        client=client,
        as_of=max(nights) if nights else None,
        objectives=objectives,
        key_results=key_results,
        failed_loads=_failed(con, client, as_of),
        is_past=as_of is not None,
        has_figures=not nights and bool(con.execute(HAS_FIGURES, [client]).fetchall()),
    )


def read_key_results(con: duckdb.DuckDBPyConnection, client: str, *, as_of: date) -> tuple[KeyResultRow, ...]:
    """The key results of ``read_status`` alone."""
    return _newest(con, KeyResultRow, client=client, as_of=as_of, known_before=next_night(as_of, zone_of(con, client)))


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
    """The columns a published table has: one that an older version published may lack some until the next night."""
    # asked of the table itself: the catalogue goes through every column of every table for each answer
    try:
        return frozenset(name for name, *_ in con.execute(f"from marts.{table} limit 0").description)
    except duckdb.CatalogException:
        return frozenset()


def notes_of(value: object) -> tuple[str, ...]:
    """Notes as sentences, whether the table holds a list, a JSON list, or lines of text."""
    if value is None:
        return ()
    if isinstance(value, str):
        if value.startswith("["):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                value = [value]
        else:
            value = value.splitlines()
    parts = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text for text in (str(part).strip() for part in parts) if text)


def _newest(
    con: duckdb.DuckDBPyConnection, shape: type[Row], *, client: str, as_of: date | None, known_before: datetime | None
) -> tuple[Row, ...]:
    columns = [field.name for field in fields(shape)]
    table, key = TABLES[shape]
    known = columns_of(con, table)
    selected = ", ".join(name if name in known else f"null as {name}" for name in columns)
    known_then = """
        client = $client and ($as_of is null or as_of <= $as_of) and ($known_before is null or known_at < $known_before)
    """
    sql = f"""
        select {selected} from marts.{table}
        where {known_then} and as_of = (select max(as_of) from marts.{table} where {known_then})
            and {asked_by_file(con, table)}
        qualify row_number() over (partition by {", ".join(key)} order by known_at desc) = 1
        order by {", ".join(key)}
    """  # noqa: S608
    rows = con.execute(sql, {"client": client, "as_of": as_of, "known_before": known_before}).fetchall()
    return tuple(shape(**_typed(dict(zip(columns, row, strict=True)))) for row in rows)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(values)
    if "notes" in typed:
        typed["notes"] = notes_of(typed["notes"])
        typed["note_codes"] = None if typed["note_codes"] is None else from_json(typed["note_codes"])
    return typed


def _failed(con: duckdb.DuckDBPyConnection, client: str, as_of: date | None) -> tuple[FailedLoad, ...]:
    rows = con.execute(
        f"""
        with newest as (
            select source, stream, error_class, window_end, status, rowid as place from ops.loads
            where client = $client and status <> 'skipped'
              and ($known_before is null or started_at < $known_before)
              and {asked_for(con)}
            -- two runs of one day under OKR_TODAY end at one instant: the ledger's own order says which came later
            qualify row_number() over (partition by source, stream order by finished_at desc, place desc) = 1
        )
        select source, stream, error_class, window_end from newest where status = 'failed' order by source, stream
        """,  # noqa: S608 - a constant condition
        {"client": client, "known_before": next_night(as_of, zone_of(con, client))},
    ).fetchall()
    return tuple(FailedLoad(source=row[0], stream=row[1], error_class=row[2], day=row[3]) for row in rows)
