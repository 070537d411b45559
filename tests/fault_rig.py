"""Clients of one source under fault and two neighbours each, read by the real ingest on real nights.

What belongs here: the client files, the nights, and what the ledger, the tables and the wire say afterwards. What does
not: which fault is set and what should come of it (``tests/integration/test_fault_matrix.py``).

A client's name is its source's type, so that several stand under fault in one night.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from connectors.core.protocol import Context, Delivery, Source
from connectors.core.raw_tables import RAW_TABLES
from connectors.registry import open_source
from connectors.sandbox.faults import Fault
from connectors.sandbox.server import SandboxServer
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.run import ingest
from tests.awake import asleep_no_time
from tests.empty_home import with_tables

BEFORE, NIGHT = date(2026, 11, 19), date(2026, 11, 20)
"""The night before the fault, which went well, and the night of the fault."""
START = "2026-11-15"
STARTS = {"csv": "2026-11-01", "sheet": "2026-09-01", "sql": "2026-11-01"}
"""Of sources whose figures are fewer and older."""
REPLIES = "snapshot_replies"
DELIVERIES: tuple[Delivery, ...] = ("snapshot", "window", "listing")
CSV_ROWS = "date,kpi,value\n2026-11-01,nps,41\n2026-11-08,nps,43\n"
URL = "base_url: {env: OKR_SANDBOX_URL}"
SOURCES: dict[str, tuple[str, str]] = {
    "ga4": ("fjallglas", f'property_id: "412345678", credentials: {{env: OKR_DEMO_GOOGLE_KEY}}, {URL}'),
    "search_console": (
        "fjallglas",
        f'site_url: "sc-domain:fjallglas.se", credentials: {{env: OKR_DEMO_GOOGLE_KEY}}, {URL}',
    ),
    "facebook_page": (
        "fjallglas",
        'page_id: "101234567890123", token: {env: OKR_DEMO_META_TOKEN}, app_secret: {env: OKR_DEMO_META_APP_SECRET}, '
        + URL,
    ),
    "instagram": (
        "fjallglas",
        'account_id: "17841400000000001", token: {env: OKR_DEMO_META_TOKEN}, '
        f"app_secret: {{env: OKR_DEMO_META_APP_SECRET}}, {URL}",
    ),
    "linkedin": ("fjallglas", f'organization_id: "2414183", token: {{env: OKR_DEMO_LINKEDIN_TOKEN}}, {URL}'),
    "youtube": (
        "fjallglas",
        "channel_id: UCfjallglas0000000000000, api_key: {env: OKR_DEMO_YOUTUBE_KEY}, "
        f"credentials: {{env: OKR_DEMO_YOUTUBE_OWNER}}, {URL}",
    ),
    "mastodon": ("skargard", f"account: skargard, {URL}"),
    "bluesky": ("skargard", f"actor: skargard.se, {URL}"),
    "matomo": ("lindhs", f'site_id: "3", token: {{env: OKR_DEMO_MATOMO_TOKEN}}, {URL}'),
    "plausible": ("skargard", f"site_id: skargard.se, token: {{env: OKR_DEMO_PLAUSIBLE_TOKEN}}, {URL}"),
    "wordpress": ("fjallglas", "base_url: {env: OKR_SANDBOX_FJALLGLAS_SITE}"),
    "feed": ("skargard", "url: {env: OKR_SANDBOX_SKARGARD_FEED}"),
    "csv": ("fjallglas", "path: data/own.csv"),
    "sheet": (
        "fjallglas",
        "spreadsheet: 1SandboxFjallglasFigures, tab: Mätetal, credentials: {env: OKR_DEMO_GOOGLE_KEY}, " + URL,
    ),
    "hubspot": ("fjallglas", f"token: {{env: OKR_DEMO_HUBSPOT_KEY}}, {URL}"),
    "mailchimp": ("fjallglas", f"api_key: {{env: OKR_DEMO_MAILCHIMP_KEY}}, {URL}"),
    "brevo": ("fjallglas", f"api_key: {{env: OKR_DEMO_BREVO_KEY}}, {URL}"),
    "threads": ("fjallglas", f'account_id: "17841400000000002", token: {{env: OKR_DEMO_THREADS_TOKEN}}, {URL}'),
    "meta_ads": ("fjallglas", f'account_id: "9001234567", token: {{env: OKR_DEMO_META_TOKEN}}, {URL}'),
    "sql": ("fjallglas", 'url: {file: data/own.address}, query: "select day as date, kpi, value from figures"'),
}
"""Brand and settings of one source of each type."""
VENDORS: dict[str, tuple[str, ...]] = {
    "facebook_page": ("meta",),
    "instagram": ("meta",),
    "youtube": ("youtube", "youtube_analytics"),
    "wordpress": ("wordpress", "feed"),
    "csv": (),
    "sql": (),
}
"""The sandbox's vendors that a source type calls, where it is not one of its own name."""
NEIGHBOUR = "brevo"
"""Read beside each source, with the least calls of any type."""


Rows = dict[tuple[str, str], list[tuple[object, ...]]]
"""One client's raw rows by source and table."""


def vendors_of(kind: str) -> tuple[str, ...]:
    return VENDORS.get(kind, (kind,))


def brand_of(kind: str) -> str:
    return SOURCES[kind][0]


@dataclass(frozen=True)
class Night:
    """What one night did for one client: the ledger's rows of it and the calls that its source's vendors answered."""

    loads: tuple[Load, ...]
    calls: int

    def of(self, source: str) -> tuple[Load, ...]:
        return tuple(load for load in self.loads if load.source == source)


@dataclass(frozen=True)
class Rig:
    """A home folder of a client a type; each reads the source ``under`` fault, a newsletter and a csv."""

    kinds: tuple[str, ...]
    home: Home
    server: SandboxServer
    environ: dict[str, str]
    con: Connection | None = None
    clients: tuple[Client, ...] = ()

    def copy(self, folder: Path) -> Rig:
        """The same home as it stands, in another folder."""
        shutil.copytree(self.home.root, folder)
        return replace(self, home=Home(folder), con=None)

    def set(self, faults: Mapping[str, Fault], *, calls: int | None = None) -> None:
        """From now on each type's vendors have its fault, for its brand's account alone."""
        for kind, fault in faults.items():
            for vendor in vendors_of(kind):
                self.server.faults.set(vendor=vendor, brand=brand_of(kind), fault=fault, calls=calls)

    def night(self, day: date = NIGHT, *, run: str = "night") -> dict[str, Night]:
        """Read all that is due, as ``okr run`` does; nothing sleeps between attempts. ``run``: its name."""
        self.server.set_today(day)
        before = {kind: self._calls(kind) for kind in self.kinds}
        noted = len(ledger.read(self._con))
        ingest(
            con=self._con,
            clients=self.clients,
            home=self.home,
            environ=self.environ,
            clock=fixed_clock(day),
            run_id=f"{run}-{day}",
            deliveries=DELIVERIES,
            open_source=open_awake,
        )
        loads = ledger.read(self._con)[noted:]
        return {
            kind: Night(tuple(load for load in loads if load.client == kind), self._calls(kind) - before[kind])
            for kind in self.kinds
        }

    def rows(self) -> dict[str, Rows]:
        """Every raw row by type, but the kept replies, which rightly show how often was asked."""
        found: dict[str, Rows] = {kind: {} for kind in self.kinds}
        for name in sorted(set(RAW_TABLES) - {REPLIES}):
            for row in self._con.execute(f"select * from raw.{name} order by all").fetchall():
                found[str(row[0])].setdefault((str(row[1]), name), []).append(row)
        return found

    @contextmanager
    def opened(self) -> Iterator[Rig]:
        """The same, with its database kept open from step to step, which saves half the time."""
        con = connect(self.home)
        try:
            yield replace(self, con=con)
        finally:
            con.close()

    def _calls(self, kind: str) -> int:
        return sum(len(self.server.calls.of(vendor=vendor, brand=brand_of(kind))) for vendor in vendors_of(kind))

    @property
    def _con(self) -> Connection:
        assert self.con is not None, "use the rig inside of opened()"
        return self.con


def open_awake(settings: SourceSettings, context: Context) -> Source:
    """A source that does not sleep between attempts."""
    return open_source(settings, replace(context, sleep=asleep_no_time(context.budget)))


def make_rig(kinds: Sequence[str], folder: Path, server: SandboxServer, environ: dict[str, str]) -> Rig:
    """A home folder with a client of each type and an empty database."""
    rig = Rig(kinds=tuple(kinds), home=Home(folder), server=server, environ=environ)
    for path in (rig.home.clients, rig.home.data, rig.home.warehouse):
        path.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        (rig.home.clients / f"{kind}.yaml").write_text(_client_file(kind), encoding="utf-8")
    for name in ("neighbour", "own"):
        (rig.home.data / f"{name}.csv").write_text(CSV_ROWS, encoding="utf-8")
    (rig.home.data / "own.address").write_text("sqlite:///data/own.db", encoding="utf-8")
    with closing(sqlite3.connect(rig.home.data / "own.db")) as database:
        database.execute("create table figures (day text, kpi text, value real)")
        database.executemany("insert into figures values (?, 'nps', ?)", [("2026-11-01", 41), ("2026-11-08", 43)])
        database.commit()
    clients = load_clients(with_tables(rig.home))
    assert not clients.broken, clients.broken[0].errors
    return replace(rig, clients=clients.clients)


def _client_file(kind: str) -> str:
    brand, settings = SOURCES[kind]
    neighbour = "mailchimp" if kind == NEIGHBOUR else NEIGHBOUR
    lines = [
        f"client: {kind}",
        f"name: {brand}",
        "timezone: Europe/Stockholm",
        "sources:",
        f"  - {{id: under, type: {kind}, start: {STARTS.get(kind, START)}, {settings}}}",
        f"  - {{id: neighbour, type: {neighbour}, {SOURCES[neighbour][1]}}}",
        "  - {id: neighbour_csv, type: csv, path: data/neighbour.csv}",
        "kpis:",
        "  - {id: nps, title: NPS, kind: ratio, unit: points, better: higher, source: neighbour_csv}",
    ]
    return "\n".join(lines) + "\n"
