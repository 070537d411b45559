"""A client's own figures read from where they lie, against the truth they were made from: a spreadsheet and a till.

Under test: ``sheet`` both ways over HTTP against the sandbox's tab, and ``sql`` with the demo's own query over the
till's database, against the log of what was sold: around both DST changes, at a month's end, and on days on which the
shop is shut.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.core.secrets import build_context
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.shop_database import SHOP, write_shop_database
from connectors.sandbox.vendors.sheets import ROWS, SPREADSHEET, TAB
from connectors.sandbox.world.business import NEVER
from connectors.sandbox.world.shop import GOODS, OPENED, is_open, shop_log
from connectors.sandbox.world.world import utc
from connectors.sheet import source as sheet
from connectors.sheet.settings import Sheet
from connectors.sql.source import FIGURES
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef, SourceSettings
from okr_models.periods import Window, local_date
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from tests.fake_vendor import STOCKHOLM, Naps
from tests.fault_rig import NIGHT, open_awake
from tests.home import copy_demo

EDGES = {
    "clocks forward, and a month ends": Window(date(2026, 3, 27), date(2026, 4, 2)),
    "clocks back": Window(date(2026, 10, 23), date(2026, 10, 27)),
    "Christmas and a year's end": Window(date(2025, 12, 22), date(2026, 1, 3)),
    "the newest days": Window(date(2026, 11, 14), date(2026, 11, 19)),
}
Figures = dict[tuple[str, date], tuple[float | None, float | None, float | None]]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=NIGHT) as running:
        yield running


@pytest.fixture(scope="module")
def home(server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = copy_demo(tmp_path_factory.mktemp("shop"), only=(SHOP,))
    write_shop_database(root, server.world)
    return Home(root)


@pytest.fixture(scope="module")
def client(home: Home) -> Client:
    return load_clients(home).clients[0]


def figures(settings: SourceSettings, home: Home, client: Client, environ: Mapping[str, str]) -> Figures:
    """Value, numerator and denominator by KPI and day, as the night would read them."""
    context = build_context(
        settings,
        client=client.client,
        client_zone=STOCKHOLM,
        now=fixed_clock(NIGHT).now(),
        home=home.root,
        environ=environ,
        sleep=Naps(),
    )
    source = open_awake(settings, context)
    try:
        rows = source.read(sheet.ROWS if isinstance(settings, Sheet) else FIGURES, None).rows.to_pylist()
    finally:
        source.close()
    return {(row["kpi"], row["period_start"]): (row["value"], row["numerator"], row["denominator"]) for row in rows}


@pytest.fixture(scope="module")
def read(server: SandboxServer, home: Home, client: Client) -> Figures:
    return figures(client.source("till"), home, client, server.environment())


@pytest.mark.parametrize("credentials", [EnvRef(env="OKR_DEMO_GOOGLE_KEY"), None], ids=["by the API", "by its link"])
def test_a_sheets_figures_are_those_of_its_tab(
    credentials: EnvRef | None, server: SandboxServer, home: Home, client: Client
) -> None:
    settings = Sheet(
        id="figures",
        spreadsheet=f"https://docs.google.com/spreadsheets/d/{SPREADSHEET}/edit#gid=0",
        tab=TAB if credentials else None,
        credentials=credentials,
        base_url=EnvRef(env="OKR_SANDBOX_URL"),
    )
    found = figures(settings, home, client, server.environment())
    assert found == {(kpi, day): (value, None, None) for day, kpi, value in ROWS}


@pytest.mark.parametrize("window", EDGES.values(), ids=EDGES)
def test_a_tills_days_are_the_shops_own(window: Window, server: SandboxServer, read: Figures) -> None:
    log = shop_log(server.world.brand(SHOP), server.world.seed)
    names = [goods.name for goods in GOODS]
    sold: Counter[tuple[date, str]] = Counter()
    money: dict[date, float] = defaultdict(float)
    back: Counter[date] = Counter()
    now = int(server.world.now.timestamp())
    for at, goods, amount, returned in zip(log.at, log.goods, log.amount, log.returned_at, strict=True):
        day, name = local_date(utc(int(at)), STOCKHOLM), names[int(goods)]
        sold[day, name] += 1
        money[day] += float(amount) if name == "tillbehör" else 0.0
        if returned not in {NEVER} and returned <= now:
            back[local_date(utc(int(returned)), STOCKHOLM)] += 1
    for day in window:
        all_sold = sum(sold[day, name] for name in names)
        assert read["ebikes_sold", day][0] == sold[day, "elcykel"], day
        assert read["accessories_sales", day][0] == pytest.approx(money[day]), day
        assert read["returns_pct", day] == (None, 100.0 * back[day], all_sold), day
        assert is_open(day) == bool(all_sold), day


def test_a_till_has_every_day_since_it_was_opened_and_none_to_come(read: Figures) -> None:
    days = {day for kpi, day in read if kpi == "ebikes_sold"}
    assert days == set(Window(OPENED, NIGHT - timedelta(days=1)))


def test_the_next_night_has_one_day_more_and_what_was_handed_back_since(tmp_path: Path) -> None:
    with SandboxServer(today=NIGHT) as server:
        root = copy_demo(tmp_path, only=(SHOP,))
        client = load_clients(Home(root)).clients[0]
        found = []
        for later in (0, 1):
            server.set_today(NIGHT + timedelta(days=later))
            write_shop_database(root, server.world)
            found.append(figures(client.source("till"), Home(root), client, server.environment()))
    assert {day for _, day in found[1].keys() - found[0].keys()} == {NIGHT}
    assert all(found[1][key] == value for key, value in found[0].items())
