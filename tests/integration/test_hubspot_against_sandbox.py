"""HubSpot read from the sandbox over HTTP, against truth computed from the CRM's log with sets and sums.

Under test: contacts, deals won with one reopened, tickets and their first answers, around a DST change and a month's
end, and that a deal which is reopened leaves its day the next night. The vendor's own client is
``test_sandbox_contract.py``'s matter where it is installed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest

from connectors.hubspot.source import CONTACTS, DEALS, TICKETS
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.world.business import NEVER, CrmLog, crm_log
from connectors.sandbox.world.days import from_epoch_day, local_days
from connectors.sandbox.world.world import utc
from okr_models.periods import Window, local_date
from tests.fake_vendor import STOCKHOLM
from tests.fault_rig import NIGHT
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
