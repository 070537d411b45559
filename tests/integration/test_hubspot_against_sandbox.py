"""HubSpot read from the sandbox over HTTP, against truth computed from the CRM's log with sets and sums.

Under test: contacts, deals won with one reopened, tickets and their first answers, around a DST change and a month's
end, in other zones too, an empty day, and that a deal which is reopened leaves its day the next night. HubSpot's own
client reads the same sandbox in ``test_business_contract.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from connectors.core.protocol import Stream
from connectors.core.secrets import build_context
from connectors.hubspot.settings import HubSpot
from connectors.hubspot.source import CONTACTS, DEALS, TICKETS
from connectors.sandbox.faults import EmptyDay
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.world import VirtualClock, World, five_in_stockholm
from connectors.sandbox.world.brands import FJALLGLAS
from connectors.sandbox.world.business import NEVER, CrmLog, crm_log
from connectors.sandbox.world.days import from_epoch_day, local_days
from connectors.sandbox.world.world import utc
from okr_models.client.sources import EnvRef
from okr_models.periods import Window, local_date
from tests.fake_vendor import STOCKHOLM, Naps
from tests.fault_rig import NIGHT, open_awake
from tests.source_reader import Reader

WINDOWS = {
    "spring forward": Window(date(2026, 3, 27), date(2026, 4, 2)),
    "fall back and a month's end": Window(date(2026, 10, 20), date(2026, 11, 3)),
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with SandboxServer(today=NIGHT) as server:
        yield Reader(server, tmp_path_factory.mktemp("homes"))


@pytest.fixture(scope="module")
def log(reader: Reader) -> CrmLog:
    world = reader.server.world
    return crm_log(world.brand("fjallglas"), world.seed)


def day_of(second: int) -> date:
    return local_date(utc(second), STOCKHOLM)


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_contacts_are_those_created_and_still_there(reader: Reader, log: CrmLog, window: Window) -> None:
    now = int(reader.server.world.now.timestamp())
    truth = Counter(
        day_of(int(created))
        for created, deleted in zip(log.contact_created, log.contact_deleted, strict=True)
        if created <= now < deleted
    )
    rows = reader.read("hubspot", CONTACTS, window).rows.to_pylist()
    assert {row["day"]: row["new_contacts"] for row in rows} == {day: truth[day] for day in window if truth[day]}


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_deals_are_those_won_by_now_and_not_reopened(reader: Reader, log: CrmLog, window: Window) -> None:
    now = int(reader.server.world.now.timestamp())
    won = [
        (day_of(int(closed)), float(amount))
        for closed, reopened, amount in zip(log.deal_closed, log.deal_reopened, log.deal_amount, strict=True)
        if closed <= now < reopened and day_of(int(closed)) in window
    ]
    rows = reader.read("hubspot", DEALS, window).rows.to_pylist()
    assert {row["day"]: row["deals_won"] for row in rows} == dict(Counter(day for day, _ in won))
    for row in rows:
        assert row["amount"] == pytest.approx(sum(amount for day, amount in won if day == row["day"]))


def test_a_deal_that_is_reopened_leaves_its_day(reader: Reader, log: CrmLog) -> None:
    first = int(np.flatnonzero((log.deal_reopened != NEVER) & (log.deal_closed > 1_780_000_000))[0])
    closed, reopened = day_of(int(log.deal_closed[first])), day_of(int(log.deal_reopened[first]))
    counts = []
    for today in (closed + timedelta(days=1), reopened + timedelta(days=2)):
        reader.server.set_today(today)
        rows = reader.read("hubspot", DEALS, Window(closed, closed), today=today).rows.to_pylist()
        counts.append(sum(row["deals_won"] for row in rows))
    reader.server.set_today(NIGHT)
    assert counts[1] < counts[0] or reopened <= closed + timedelta(days=1)


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_tickets_and_the_hours_to_their_first_answer(reader: Reader, log: CrmLog, window: Window) -> None:
    now = int(reader.server.world.now.timestamp())
    days = [from_epoch_day(int(day)) for day in local_days(log.ticket_created, "Europe/Stockholm")]
    rows = {row["day"]: row for row in reader.read("hubspot", TICKETS, window).rows.to_pylist()}
    for day in window:
        mine = [n for n, on in enumerate(days) if on == day and log.ticket_created[n] <= now]
        waits = [log.ticket_answered[n] - log.ticket_created[n] for n in mine if log.ticket_answered[n] <= now]
        found = rows.get(day, {"tickets": 0, "answered": 0, "response_hours": 0.0})
        assert (found["tickets"], found["answered"]) == (len(mine), len(waits))
        assert found["response_hours"] == pytest.approx(float(sum(waits)) / 3600)


@pytest.mark.parametrize("stream", [CONTACTS, DEALS, TICKETS], ids=lambda stream: stream.name)
def test_an_empty_day_has_no_row_and_its_neighbours_have_theirs(reader: Reader, stream: Stream) -> None:
    window, empty = WINDOWS["fall back and a month's end"], date(2026, 10, 28)
    whole = {row["day"] for row in reader.read("hubspot", stream, window).rows.to_pylist()}
    reader.set("hubspot", EmptyDay(day=empty))
    try:
        found = {row["day"] for row in reader.read("hubspot", stream, window).rows.to_pylist()}
    finally:
        reader.server.faults.clear()
    assert empty in whole
    assert found == whole - {empty}


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_a_months_end_is_that_of_the_accounts_zone(zone: str, tmp_path: Path) -> None:
    account = replace(FJALLGLAS, site=replace(FJALLGLAS.site, zone=zone))
    world = World(clock=VirtualClock(five_in_stockholm(NIGHT)), brands=(account,))
    window, records = WINDOWS["fall back and a month's end"], crm_log(account, world.seed)
    now, here = int(world.now.timestamp()), ZoneInfo(zone)
    there = records.contact_created[(records.contact_created <= now) & (records.contact_deleted > now)]
    days = [local_date(utc(int(second)), here) for second in there]
    with SandboxServer(world=world) as server:
        settings = HubSpot(id="crm", token=EnvRef(env="OKR_DEMO_HUBSPOT_KEY"), base_url=EnvRef(env="OKR_SANDBOX_URL"))
        context = build_context(
            settings,
            client="a",
            client_zone=STOCKHOLM,
            now=world.now,
            home=tmp_path,
            environ=server.environment(),
            sleep=Naps(),
        )
        source = open_awake(settings, context)
        rows = source.read(CONTACTS, window).rows.to_pylist()
        source.close()
    assert any(day != utc(int(second)).date() for day, second in zip(days, there, strict=True) if day in window)
    assert {row["day"]: row["new_contacts"] for row in rows} == dict(Counter(day for day in days if day in window))
