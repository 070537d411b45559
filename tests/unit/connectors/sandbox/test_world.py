"""The simulated world: that it is deterministic, grows without rewriting its past, and holds what the demo needs.

Really under test: ``connectors.sandbox.world``, its events and how they are cut by a virtual now. Truth is computed
from frames of events; no HTTP.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.world import BRANDS, VirtualClock, World, five_in_stockholm
from connectors.sandbox.world.days import HORIZON_END, HORIZON_START, day_start, epoch_day, from_epoch_day, local_days
from connectors.sandbox.world.visits import LONGEST_DELAY_SECONDS, make_web_log
from tests.sandbox_truth import WebTruth, followers, post_totals

TODAY = date(2026, 11, 20)


def world_at(day: date, *, seed: int = 20261120) -> World:
    return World(clock=VirtualClock(five_in_stockholm(day)), seed=seed)


@pytest.fixture(scope="module")
def world() -> World:
    return world_at(TODAY)


@pytest.fixture(scope="module")
def truth(world: World) -> WebTruth:
    return WebTruth(world, "fjallglas")


def test_the_same_seed_makes_the_same_visits_and_another_seed_makes_others(world: World) -> None:
    brand = world.brand("skargard")
    first, again, other = make_web_log(brand, 7), make_web_log(brand, 7), make_web_log(brand, 8)
    assert np.array_equal(first.at, again.at)
    assert np.array_equal(first.visitor, again.visitor)
    assert np.array_equal(first.address, again.address)
    assert first.at.size != other.at.size


def test_a_month_has_fewer_unique_visitors_than_its_days_together(truth: WebTruth) -> None:
    month = truth.all_visitors(date(2026, 10, 1), date(2026, 10, 31))
    days = sum(truth.all_visitors(date(2026, 10, n), date(2026, 10, n)) for n in range(1, 32))
    assert 0 < month < 0.95 * days


def test_at_least_36_months_lie_before_today_and_all_have_visits(truth: WebTruth) -> None:
    months = sorted({(on.year, on.month) for on in truth.by_day()})
    assert len(months) >= 36
    assert months[0] == (HORIZON_START.year, HORIZON_START.month)
    assert months[-1] == (TODAY.year, TODAY.month)


def test_tomorrow_is_today_plus_what_arrived_since_and_rewrites_nothing() -> None:
    today, tomorrow = world_at(TODAY), world_at(TODAY + timedelta(days=1))
    before = today.events_visits("skargard")
    after = tomorrow.events_visits("skargard")
    kept = after[after["arrives_at"] <= pd.Timestamp(today.now)].reset_index(drop=True)
    pd.testing.assert_frame_equal(before, kept)
    assert len(after) > len(before)
    for platform in ("linkedin", "mastodon"):
        old, new = today.social_events("skargard", platform), tomorrow.social_events("skargard", platform)
        pd.testing.assert_frame_equal(old, new.iloc[: len(old)])
    old, new = today.follower_events("skargard", "linkedin"), tomorrow.follower_events("skargard", "linkedin")
    pd.testing.assert_frame_equal(old, new.iloc[: len(old)])


def test_a_moved_clock_and_a_new_world_agree() -> None:
    moved = world_at(TODAY)
    moved.clock.set(five_in_stockholm(date(2026, 12, 24)))
    fresh = world_at(date(2026, 12, 24))
    pd.testing.assert_frame_equal(moved.events_visits("skargard"), fresh.events_visits("skargard"))
    assert moved.followers("skargard", "linkedin") == fresh.followers("skargard", "linkedin")


def test_yesterday_is_partial_and_a_day_is_whole_after_four_nights(world: World) -> None:
    log = world.web("fjallglas")
    for night, whole in ((1, False), (2, False), (4, True), (5, True)):
        day = TODAY - timedelta(days=night)
        known = world.events_visits("fjallglas")
        reported = int((known["day"] == pd.Timestamp(day)).sum())
        happened = int((log.day == epoch_day(day)).sum())
        assert (reported == happened) is whole, f"{night} nights old"
        assert reported > 0.5 * happened


def test_nothing_arrives_before_it_happens_or_later_than_the_longest_delay(world: World) -> None:
    log = world.web("fjallglas")
    delay = log.arrives - log.at
    assert delay.min() >= 0
    assert delay.max() <= LONGEST_DELAY_SECONDS


def test_the_event_log_stays_small_enough_for_two_cores(world: World) -> None:
    for brand in BRANDS:
        assert 200_000 < world.web(brand.slug).at.size < 2_000_000


def test_a_visitor_is_new_exactly_once_and_a_session_starts_exactly_once(world: World) -> None:
    log = world.web("skargard")
    assert int(log.first_visit.sum()) == np.unique(log.visitor).size
    assert int(log.starts_session.sum()) == np.unique(log.session).size
    views = pd.DataFrame({"visitor": log.visitor, "session": log.session})
    assert (views.groupby("session")["visitor"].nunique() == 1).all()


def test_posts_of_2026_lie_on_both_sides_of_500_views_in_90_days(truth: WebTruth) -> None:
    views = truth.post_views(within_days=90)
    old_enough = [
        views[post.post_id]
        for post in truth.posts.values()
        if date(2026, 1, 1) <= post.published_at.date() <= TODAY - timedelta(days=90) and post.deleted_at is None
    ]
    assert sum(count >= 500 for count in old_enough) >= 4
    assert sum(count < 500 for count in old_enough) >= 3


def test_posts_have_long_tails(truth: WebTruth) -> None:
    first, ever = truth.post_views(within_days=90), truth.post_views()
    old = [n for n, post in truth.posts.items() if post.published_at.date() < date(2025, 1, 1)]
    assert old
    assert all(ever[n] > 1.2 * first[n] > 0 for n in old)


def test_nobody_reads_a_post_before_it_is_published_or_after_it_is_deleted(world: World) -> None:
    views = world.events_visits("fjallglas", arrived_by=five_in_stockholm(HORIZON_END))
    for post in world.web("fjallglas").posts:
        seen = views[views["post_id"] == post.post_id]["at"]
        assert seen.empty or seen.min() >= pd.Timestamp(post.published_at)
        assert post.deleted_at is None or seen.max() < pd.Timestamp(post.deleted_at)


def test_one_post_of_2026_is_deleted_and_gone_from_the_list(world: World) -> None:
    deleted = [post for post in world.web("fjallglas").posts if post.deleted_at is not None]
    assert [post.published_at.year for post in deleted] == [2026]
    assert deleted[0] not in world.blog_posts("fjallglas")
    assert deleted[0] in world.blog_posts("fjallglas", deleted[0].published_at)


def test_one_page_is_seen_under_many_addresses(world: World) -> None:
    log = world.web("fjallglas")
    posts = [post for post in log.posts if not post.path.isascii()]
    assert posts
    page = log.static_pages + log.posts.index(posts[0])
    mine = [address for address in log.addresses if address.page == page]
    assert {address.host for address in mine} == {"www.fjallglas.se", "fjallglas.se"}
    assert any(address.query for address in mine)
    assert any(not address.path.endswith("/") for address in mine)
    assert {"%C3%A5" in a.path or "%C3%A4" in a.path or "%C3%B6" in a.path for a in mine} == {True, False}
    assert any(not address.path.isascii() for address in mine)


def test_seasons_and_growth_show(truth: WebTruth) -> None:
    views: dict[tuple[int, int], int] = {}
    for on, (_, count, _) in truth.by_day().items():
        views[on.year, on.month] = views.get((on.year, on.month), 0) + count
    assert views[2025, 12] > 1.3 * views[2025, 7]
    assert views[2026, 10] > 1.15 * views[2025, 10]


def test_likes_arrive_over_weeks_and_some_are_taken_back(world: World) -> None:
    events = world.social_events("fjallglas", "linkedin")
    published = {post.post_id: post.published_at for post in world.social("fjallglas", "linkedin").posts}
    age = (events["at"] - events["post_id"].map(published)).dt.days
    assert (age >= 0).all()
    assert (age >= 14).mean() > 0.02
    assert (events["delta"] == -1).any()
    assert (events.groupby(["post_id", "kind"])["delta"].sum() >= 0).all()


def test_running_totals_and_followers_are_the_sums_of_their_events(world: World) -> None:
    for platform in ("linkedin", "instagram"):
        assert world.followers("fjallglas", platform) == followers(world, "fjallglas", platform)
        totals, log = world.counters("fjallglas", platform), world.social("fjallglas", platform)
        expected = post_totals(world, "fjallglas", platform)
        for post in world.social_posts("fjallglas", platform):
            assert dict(zip(("like", "comment", "share"), totals[post.number], strict=True)) == expected[post.post_id]
        assert len(log.posts) == len({post.post_id for post in log.posts})


def test_a_platform_that_opens_later_has_nothing_before(world: World) -> None:
    opened = world.brand("skargard").account("bluesky").opened
    assert opened > HORIZON_START
    events = world.follower_events("skargard", "bluesky")
    assert events["at"].min() >= pd.Timestamp(day_start(opened, "Europe/Stockholm"), unit="s", tz="UTC")


def test_a_brand_without_an_account_says_so(world: World) -> None:
    with pytest.raises(KeyError, match="has no account on instagram"):
        world.social("skargard", "instagram")
    assert world.brand_of("ga4", "1") is None


def test_a_now_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        VirtualClock(datetime(2026, 11, 20, 5))  # noqa: DTZ001 - the naive one is what is refused


@given(
    instant=st.datetimes(min_value=datetime(2023, 7, 1), max_value=datetime(2027, 12, 31)),  # noqa: DTZ001
    zone=st.sampled_from(["Europe/Stockholm", "America/Los_Angeles", "UTC", "Asia/Kolkata"]),
)
def test_local_days_are_those_of_the_zone_on_every_instant(instant: datetime, zone: str) -> None:
    aware = instant.replace(tzinfo=UTC)
    found = local_days(np.array([int(aware.timestamp())]), zone)
    assert from_epoch_day(int(found[0])) == aware.astimezone(ZoneInfo(zone)).date()


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_daylight_saving_makes_it(day: date, hours: int) -> None:
    zone = "Europe/Stockholm"
    assert day_start(day + timedelta(days=1), zone) - day_start(day, zone) == hours * 3600
