"""A vendor in memory, behind the real source protocol, for tests of the warehouse. No test lives here.

Its days ripen as a vendor's do: a fresh day is partial and grows until it has settled. So a table is only right if each
day was read again until then.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.bluesky.settings import Bluesky
from connectors.core.protocol import Access, Batch, Context, Probe, SourceType, Stream
from connectors.core.raw_tables import BLOG_POSTS, FOLLOWER_SNAPSHOTS, WEB_DAILY, WEB_MONTHLY, RawTable
from okr_models.client.model import Client
from okr_models.client.sources import SourceFacts, SourceSettings
from okr_models.periods import Window, local_date, month_end, snapshot_day
from pipelines.warehouse.clock import FixedClock, fixed_clock
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.result import IngestResult
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.ingest.stages import Stage
from tests.empty_home import connected

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SETTLE_DAYS = 3
DAILY = Stream(table=WEB_DAILY, delivery="window", settle_days=SETTLE_DAYS, slice_days=40, weekly_reread_days=20)
MONTHLY = Stream(table=WEB_MONTHLY, delivery="window", grain="month", slice_days=366)
FOLLOWERS = Stream(table=FOLLOWER_SNAPSHOTS, delivery="snapshot", grain=None)
POSTS = Stream(table=BLOG_POSTS, delivery="listing", grain=None)
STREAMS = (FOLLOWERS, DAILY, MONTHLY, POSTS)
EVERYTHING = frozenset({"window", "listing", "snapshot"})


@dataclass
class FakeVendor:
    """What the vendor knows, what it was asked, and what it answers wrongly on purpose."""

    zone: ZoneInfo = STOCKHOLM
    errors: dict[str, Exception] = field(default_factory=dict)
    """Raised by reads of this stream; ``open`` and ``zone`` for those steps."""
    mangle: dict[str, Callable[[pa.Table], pa.Table]] = field(default_factory=dict)
    covers_from: date | None = None
    deleted_posts: set[str] = field(default_factory=set)
    identity: dict[str, frozenset[str]] = field(default_factory=dict)
    """What it says of which account it is."""
    asked: list[tuple[str, Window | None]] = field(default_factory=list)
    closed: int = 0
    threads: set[str] = field(default_factory=set)

    def type(
        self, *, streams: tuple[Stream, ...] = STREAMS, name: str = "bluesky", category: Any = "web"
    ) -> SourceType:
        facts = SourceFacts(title="Fake", category=category, platform="bluesky", example="{}")
        annotations = {"__annotations__": {"type": str}, "__module__": __name__}
        settings = type(Bluesky)("Fake", (Bluesky,), annotations | {"facts": facts, "type": name})
        return SourceType(
            settings=settings,
            streams=streams,
            build=self.open,
            day_boundary="its own",
            vendor_url=None,
            docs="all of it",
        )

    def open(self, settings: SourceSettings, context: Context) -> FakeSource:
        self.fail("open")
        return FakeSource(self, context)

    def fail(self, step: str) -> None:
        if step in self.errors:
            raise self.errors[step]


@dataclass
class FakeSource:
    vendor: FakeVendor
    context: Context

    def zone(self) -> ZoneInfo:
        self.vendor.fail("zone")
        return self.vendor.zone

    def read(self, stream: Stream, window: Window | None) -> Batch:
        self.vendor.asked.append((stream.name, window))
        self.vendor.threads.add(threading.current_thread().name)
        self.vendor.fail(stream.name)
        covers = window
        if window and self.vendor.covers_from and window.start < self.vendor.covers_from <= window.end:
            covers = Window(self.vendor.covers_from, window.end)
        rows = table_of(stream.table, self._rows(stream, covers))
        rows = self.vendor.mangle.get(stream.name, lambda same: same)(rows)
        replies = (("GET /followers", b'{"followers": 1}'),) if stream.delivery == "snapshot" else ()
        return Batch(
            rows=rows, covers=covers, quality={"sampled": False}, replies=replies, identity=self.vendor.identity
        )

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        return (("GET /followers", b'{"followers": 1}'),)

    def access(self) -> Access:
        return Access()

    def probe(self) -> Probe:
        return Probe(reachable=True, detail="fake")

    def close(self) -> None:
        self.vendor.closed += 1

    def _rows(self, stream: Stream, window: Window | None) -> Iterable[dict[str, object]]:
        today = local_date(self.context.now, self.vendor.zone)
        if stream.name == "web_daily" and window:
            return [daily(day, today=today) for day in window if daily(day, today=today)["page_views"]]
        if stream.name == "web_monthly" and window:
            return [monthly(month, through=min(month_end(month), window.end)) for month in window.months()]
        if stream.name == "follower_snapshots":
            day = snapshot_day(self.context.now, self.vendor.zone)
            return [
                {"platform": "bluesky", "taken_at": self.context.now, "day": day, "followers": day.toordinal() % 5_000}
            ]
        return [post(name) for name in ("a", "b", "c") if name not in self.vendor.deleted_posts]


def daily(day: date, *, today: date) -> dict[str, object]:
    """A day's row as the vendor shows it on ``today``: partial until settled, and nothing at all on some days."""
    final = 0 if day.day == 13 else 100 + day.toordinal() % 37
    age = (today - day).days
    shown = final if age >= SETTLE_DAYS else final * age // SETTLE_DAYS
    return {
        "day": day,
        "sessions": shown,
        "page_views": shown,
        "engagement_seconds": None,
        "visitors": shown,
        "total_users": None,
        "is_final": age >= SETTLE_DAYS,
    }


def monthly(month: date, *, through: date) -> dict[str, object]:
    return {
        "month": month,
        "asked_through": through,
        "visitors": 1_000 + through.day,
        "total_users": None,
        "visitors_definition": "fake",
        "is_final": through == month_end(month),
    }


def post(name: str) -> dict[str, object]:
    return {
        "post_id": name,
        "url": f"https://example.se/{name}",
        "title": name,
        "published_at": datetime(2026, 1, 1, tzinfo=UTC),
        "published_on": date(2026, 1, 1),
        "modified_at": None,
    }


def table_of(table: RawTable, rows: Iterable[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=table.arrow_schema())


def client(slug: str = "acme", *, start: date, sources: tuple[str, ...] = ("social",), **settings: Any) -> Client:
    """A client whose sources are all of the fake type."""
    own = tuple(Bluesky(id=source, actor="acme.example", start=start, **settings) for source in sources)
    return Client(client=slug, name=slug, sources=own)


class Told:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.expected: Counter[str] = Counter()
        self.pieces: Counter[str] = Counter()
        self.what: list[str] = []
        self.lines: list[str] = []

    def expect(self, stage: Stage, pieces: int) -> None:
        self.expected[stage] += pieces

    def done(self, stage: Stage, what: str, pieces: int = 1) -> None:
        self.pieces[stage] += pieces
        self.what.append(what)

    def line(self, text: str) -> None:
        self.lines.append(text)


class Night:
    """A home folder over which nights are run, one ``run`` a night."""

    def __init__(self, root: Path, *clients: Client, vendor: FakeVendor | None = None, **kind: Any) -> None:
        self.home, self.clients = Home(root), clients
        self.vendor = vendor or FakeVendor()
        self.kind = kind
        self.con: Connection = connected(self.home)

    def run(self, day: date, *, now: datetime | None = None, **options: Any) -> IngestResult:
        clock = FixedClock(now) if now else fixed_clock(day)
        kinds = {"bluesky": self.vendor.type(**self.kind)}
        settings: dict[str, Any] = {
            "con": self.con,
            "clients": self.clients,
            "home": self.home,
            "environ": {},
            "clock": clock,
            "run_id": f"run-{day}",
            "deliveries": EVERYTHING,
            "source_types": kinds,
            "open_source": lambda source, context: kinds[source.type].build(source, context),
        }
        return ingest(**(settings | options))

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()

    def table(self, name: str) -> list[tuple[Any, ...]]:
        return self.rows(f"select * from raw.{name} order by all")

    def loads(self, status: str) -> list[tuple[Any, ...]]:
        return self.rows(
            "select stream, window_start, window_end, error_class, message from ops.loads where status = ?", status
        )


def nights(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


class Counted:
    """A connection that counts what it is told to execute, by the first word."""

    def __init__(self, con: Any) -> None:
        self._con = con
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, *arguments: Any) -> Any:
        self.said.append(" ".join(sql.split()[:3]))
        return self._con.execute(sql, *arguments)

    def count(self, start: str) -> int:
        return sum(said.startswith(start) for said in self.said)
