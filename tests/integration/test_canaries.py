"""No secret, and nothing of another client, in any byte that a night writes: through success and each fault.

Under test: everything between a credential and a file. The sandbox's credentials are the canaries; ``Echo`` makes a
vendor repeat them in its refusal. First all sources through all faults as the ingest reads them, with what is logged at
DEBUG; then ``okr run`` over two clients, with all that it prints, Dagster's records, what is published and exported.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.faults import AuthReject, Echo, Fault, RateLimit, Status, TruncatedJson, VersionReject
from connectors.sandbox.server import SandboxServer
from pipelines.exports.database import hand_out
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema
from tests.canaries import forms, sightings, written
from tests.fault_rig import DELIVERIES, SOURCES, START, open_awake, vendors_of
from tests.home import Installation

FIRST = date(2026, 11, 20)
FAULTS: tuple[Fault, ...] = (
    Echo(),
    AuthReject(reason="expired"),
    RateLimit(kind="day"),
    VersionReject(),
    Status(code=500),
    Status(code=403),
    TruncatedJson(),
)
SECRET_KINDS = tuple(kind for kind, (_, settings) in SOURCES.items() if "env: OKR_DEMO" in settings)
PASSWORD = "hemlig-kanarie-9182"
TEXTS = {"fyren": "Kanarie Fyren", "grottan": "Kanarie Grottan"}
"""A string of each client's, which stands in its names, titles, rows and posts."""


def client_file(client: str, *, kinds: tuple[str, ...]) -> str:
    text = TEXTS[client]
    lines = [f"client: {client}", f"name: {text} AB", "timezone: Europe/Stockholm", "sources:"]
    lines += [f"  - {{id: {kind}, type: {kind}, start: {START}, {SOURCES[kind][1]}}}" for kind in kinds]
    lines += [
        f"  - {{id: own, type: csv, path: data/{client}.csv}}",
        "kpis:",
        f"  - {{id: nps, title: {text} NPS, kind: ratio, unit: points, better: higher, source: own}}",
        "objectives:",
        f"  - id: aim\n    title: {text} aim\n    owner: {client}@kanarie.se",
        "    period: {start: 2026-01-01, end: 2026-12-31}",
        "    key_results:",
        f"      - {{id: loved, title: {text} loved, kpi: nps, target: {{at_least: 50}}}}",
    ]
    return "\n".join(lines) + "\n"


def make_home(root: Path, **kinds: tuple[str, ...]) -> Home:
    home = Home(root)
    for folder in (home.clients, home.data, home.warehouse, root / "secrets"):
        folder.mkdir(parents=True)
    for client, of in kinds.items():
        (home.clients / f"{client}.yaml").write_text(client_file(client, kinds=of), encoding="utf-8")
        (home.data / f"{client}.csv").write_text("month,kpi,value\n2026-10,nps,41\n2026-09,nps,40\n", encoding="utf-8")
    return home


def secrets_of(environ: dict[str, str]) -> dict[str, set[bytes]]:
    return {name: forms(value) for name, value in environ.items() if name.startswith("OKR_DEMO")}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=FIRST) as running:
        yield running


def test_no_secret_of_any_source_is_written_or_logged_through_success_and_each_fault(
    server: SandboxServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ = server.environment()
    home = make_home(tmp_path / "home", fyren=SECRET_KINDS)
    caplog.set_level(logging.DEBUG)
    with closing(connect(home)) as con:
        ensure_schema(con)
        for number, fault in enumerate((None, *FAULTS)):
            day = FIRST + timedelta(days=number)
            server.set_today(day)
            for vendor in {vendor for kind in SECRET_KINDS for vendor in vendors_of(kind)} if fault else ():
                server.faults.set(vendor=vendor, fault=fault)
            ingest(
                con=con, clients=load_clients(home).clients, home=home, environ=environ, clock=fixed_clock(day),
                run_id=f"r{number}", deliveries=DELIVERIES, open_source=open_awake,
            )  # fmt: skip
            server.faults.clear()
        loads = ledger.read(con)
    read = {load.source for load in loads if load.run_id == "r0" and load.status == "loaded"}
    assert set(SECRET_KINDS) <= read, "the search is of nights that used each secret"
    repeated = [load.message or "" for load in loads if load.run_id == "r1" and "refused:" in (load.message or "")]
    assert any("[hidden]" in message for message in repeated), "and of refusals that held them"
    places = [*written(home.root), ("log", caplog.text.encode())]
    assert sightings(places, {"control": [b"Kanarie Fyren"], "log": [b"fyren/"]}), "what is there is found"
    assert sightings(places, secrets_of(environ)) == set()


@dataclass(frozen=True)
class Ran:
    home: Home
    environ: dict[str, str]
    told: str
    exit_code: int


@pytest.fixture(scope="module")
def ran(server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One ``okr run`` over two clients; three of the first one's vendors repeat what they were sent."""
    root = tmp_path_factory.mktemp("ran") / "home"
    home = make_home(root, fyren=("ga4", "facebook_page", "linkedin", "mailchimp", "hubspot"), grottan=("plausible",))
    secret = root / "secrets" / "hook"
    secret.write_text(f"https://hooks.invalid/{PASSWORD}", encoding="utf-8")
    secret.chmod(0o600)
    with (home.clients / "fyren.yaml").open("a", encoding="utf-8") as file:
        file.write("send:\n  - {to: [{file: secrets/hook}], via: webhook, every: night}\n")
    installation = Installation(root, server, FIRST)
    for vendor in ("linkedin", "hubspot", "plausible"):
        server.faults.set(vendor=vendor, fault=Echo())
    done = installation.okr("run", PYTHONUNBUFFERED="1", OKR_NOTICE_WEBHOOK=f"https://user:{PASSWORD}@notice.invalid/x")
    server.faults.clear()
    return Ran(home, installation.environ, done.stdout + done.stderr, done.returncode)


@pytest.mark.timeout(900)
def test_no_secret_is_in_any_byte_of_a_whole_night(ran: Ran) -> None:
    assert ran.exit_code == 3, ran.told
    assert "linkedin" in ran.told
    places = [*written(ran.home.root, but=[ran.home.root / "secrets" / "hook"]), ("terminal", ran.told.encode())]
    rooms = {place.partition("/")[0] for place, _ in places}
    assert {"warehouse", "published", "exports", "dagster"} <= rooms
    assert sightings(places, {"control": [b"[hidden]"]}), "refusals that held them were written down"
    looked_for = {**secrets_of(ran.environ), "webhook": forms(PASSWORD)}
    assert sightings(places, looked_for) == set()


@pytest.mark.parametrize("client", TEXTS)
def test_what_is_made_for_one_client_holds_nothing_of_another(ran: Ran, client: str, tmp_path: Path) -> None:
    (other,) = set(TEXTS) - {client}
    mine, others = ([TEXTS[each].encode(), each.encode()] for each in (client, other))
    hand_out(ran.home.published_database.resolve(), client, tmp_path / "handed.duckdb")
    for folder in (ran.home.exports / client, tmp_path):
        places = list(written(folder))
        assert sightings(places, {"mine": mine})
        assert sightings(places, {"others": others}) == set()
