"""Mailchimp, Brevo, Meta ads and Threads read from the sandbox over HTTP, against truth from the world's own log.

Under test: the connectors around a DST change and a month's end, an empty day, and counters as they are by now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from connectors.brevo import source as brevo
from connectors.mailchimp import source as mailchimp
from connectors.meta_ads.source import COSTS
from connectors.sandbox.faults import EmptyDay
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.world.days import HORIZON_START
from connectors.sandbox.world.mailing import ad_costs, newsletters, subscribers
from connectors.threads.source import COUNTERS, INTERACTIONS, POSTS, SNAPSHOTS
from okr_models.periods import Window, local_date
from tests.fake_vendor import STOCKHOLM
from tests.fault_rig import NIGHT
from tests.sandbox_truth import followers, interactions_by_day, post_totals
from tests.source_reader import Reader

AUTUMN = Window(date(2026, 9, 20), date(2026, 11, 18))
SPRING = Window(date(2026, 3, 20), date(2026, 4, 5))
CAMPAIGNS = {"mailchimp": mailchimp.CAMPAIGNS, "brevo": brevo.CAMPAIGNS}
SUBSCRIBERS = {"mailchimp": mailchimp.SUBSCRIBERS, "brevo": brevo.SUBSCRIBERS}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with SandboxServer(today=NIGHT) as server:
        yield Reader(server, tmp_path_factory.mktemp("homes"))


@pytest.mark.parametrize("kind", CAMPAIGNS)
@pytest.mark.parametrize("window", [AUTUMN, SPRING], ids=["autumn", "older than six months"])
def test_newsletters_are_those_sent_with_the_clicks_they_have_by_now(reader: Reader, kind: str, window: Window) -> None:
    world = reader.server.world
    truth = {
        local_date(one.sent_at, STOCKHOLM): (
            one.delivered,
            one.grown(one.clicks, world.now),
            one.grown(one.unique_clicks, world.now),
        )
        for one in newsletters(world.brand("fjallglas"), world.seed)
        if one.sent_at <= world.now and local_date(one.sent_at, STOCKHOLM) in window
    }
    rows = reader.read(kind, CAMPAIGNS[kind], window).rows.to_pylist()
    assert {row["day"]: (row["delivered"], row["clicks"], row["unique_clicks"]) for row in rows} == truth
    assert truth


@pytest.mark.parametrize("kind", SUBSCRIBERS)
def test_subscribers_are_those_of_the_day_before(reader: Reader, kind: str) -> None:
    world, yesterday = reader.server.world, NIGHT - timedelta(days=1)
    (row,) = reader.read(kind, SUBSCRIBERS[kind], None).rows.to_pylist()
    assert (row["day"], row["subscribers"]) == (yesterday, subscribers(world.brand("fjallglas"), world.seed, yesterday))


def test_past_months_have_their_subscribers_and_the_running_one_none(reader: Reader) -> None:
    world = reader.server.world
    found = {
        row["month"]: row["subscribers"] for row in reader.read("mailchimp", mailchimp.HISTORY, None).rows.to_pylist()
    }
    assert max(found) == date(2026, 10, 1)
    for month, last in ((date(2026, 2, 1), date(2026, 2, 28)), (date(2026, 10, 1), date(2026, 10, 31))):
        assert found[month] == subscribers(world.brand("fjallglas"), world.seed, last)


def test_costs_are_those_of_each_day_and_an_empty_day_has_none(reader: Reader) -> None:
    world, empty = reader.server.world, date(2026, 10, 25)
    costs = ad_costs(world.brand("fjallglas"), world.seed)
    truth = {day: costs[(day - HORIZON_START).days] for day in AUTUMN if day != empty}
    reader.set("meta_ads", EmptyDay(day=empty))
    rows = reader.read("meta_ads", COSTS, AUTUMN).rows.to_pylist()
    reader.server.faults.clear()
    assert {row["day"]: row["cost"] for row in rows} == {day: cost for day, cost in truth.items() if cost}


def test_threads_gives_followers_interactions_and_counters(reader: Reader) -> None:
    world, window = reader.server.world, Window(date(2026, 10, 30), date(2026, 11, 3))
    (row,) = reader.read("threads", SNAPSHOTS, None).rows.to_pylist()
    assert row["followers"] == followers(world, "fjallglas", "facebook")
    truth = interactions_by_day(world, "fjallglas", "facebook", zone="America/Los_Angeles")
    for found in reader.read("threads", INTERACTIONS, window).rows.to_pylist():
        day = truth.get(found["day"], {"like": 0, "comment": 0, "share": 0})
        assert (found["likes"], found["comments"], found["shares"]) == (day["like"], day["comment"], day["share"])
    posts = reader.read("threads", POSTS, None).rows.to_pylist()
    totals = post_totals(world, "fjallglas", "facebook")
    assert len(posts) == len(totals)
    counted = reader.read("threads", COUNTERS, None).rows.to_pylist()
    assert sum(each["likes"] for each in counted) <= sum(each["like"] for each in totals.values())
    assert counted
