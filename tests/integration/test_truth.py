"""Published figures against the sandbox's own event log, counted here without SQL or connectors.

Under test: everything between a person's visit and the figure an analyst reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.sandbox.server import SandboxServer
from okr_models.periods import add_months, month_end
from tests.home import Installation, copy_demo

TODAY = date(2026, 11, 20)
CLIENT = "fjallglas"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    root = copy_demo(tmp_path_factory.mktemp("truth"), only=(CLIENT,))
    with SandboxServer(today=TODAY) as server:
        installation = Installation(root, server, TODAY)
        done = installation.okr("run")
        assert done.returncode == 0, done.stderr
        yield installation


@pytest.fixture(scope="module")
def visits(night: Installation) -> pd.DataFrame:
    """Every page view that analytics knows this morning, with its month in the site's zone."""
    views = night.server.world.events_visits(CLIENT)
    views["month"] = views["day"].dt.to_period("M").dt.start_time.dt.date
    return views


def monthly(night: Installation, kpi: str, scope: str = "all") -> dict[date, float]:
    rows = night.query(
        "select month, value from marts.kpi_monthly where client = ? and kpi = ? and scope = ? and origin = 'source'",
        CLIENT,
        kpi,
        scope,
    )
    return dict(rows)  # type: ignore[arg-type]


def test_unique_visitors_are_each_months_distinct_people_and_not_the_sum_of_its_days(
    night: Installation, visits: pd.DataFrame
) -> None:
    active = visits[(visits["engagement_seconds"] > 0) | visits["first_visit"]]
    active = active[active["day"].dt.date < TODAY]
    people = active.groupby("month")["visitor_id"].nunique()
    summed = active.groupby(["month", "day"])["visitor_id"].nunique().groupby("month").sum()
    published = monthly(night, "unique_visitors")
    assert len(published) >= 24
    for month, value in published.items():
        assert value == people[month], month
        assert value < summed[month], month


def test_sessions_and_page_views_are_the_sum_of_the_days_events(night: Installation, visits: pd.DataFrame) -> None:
    known = visits[visits["day"].dt.date < TODAY]
    views = known.groupby("month").size()
    for month, value in monthly(night, "page_views").items():
        assert value == views[month], month


def test_followers_at_each_month_end_are_those_who_followed_then(night: Installation) -> None:
    world = night.server.world
    published = monthly(night, "followers", "source=linkedin")
    checked = 0
    for month, value in published.items():
        end = datetime.combine(month_end(month) + timedelta(days=1), datetime.min.time(), UTC)
        if month_end(month) < TODAY:
            # total less gains, where the gains of the last two days are not told yet
            assert value == pytest.approx(world.followers(CLIENT, "linkedin", end), abs=15), month
            checked += 1
    assert checked >= 10


def test_interactions_are_counted_on_the_day_they_happened(night: Installation) -> None:
    events = night.server.world.social_events(CLIENT, "linkedin")
    month = events["at"].dt.tz_localize(None).dt.to_period("M").dt.start_time.dt.date
    happened = events.groupby(month)["delta"].sum()
    published = monthly(night, "interactions", "source=linkedin")
    whole = {m: v for m, v in published.items() if date(2025, 12, 1) <= m <= date(2026, 10, 1)}
    assert len(whole) == 11
    for first, value in whole.items():
        assert value == happened[first], first


def test_each_posts_first_90_days_count_every_address_of_it(night: Installation, visits: pd.DataFrame) -> None:
    live = {str(post.post_id): post for post in night.server.world.blog_posts(CLIENT)}
    views = visits.dropna(subset=["post_id"])
    published = night.query(
        "select post_id, page_views_90d, title from marts.blog_posts where client = ? and published_at >= '2024-02-01'",
        CLIENT,
    )
    assert len(published) >= 10
    for post_id, counted, title in published:
        post = live[str(post_id)]
        first = post.published_at.astimezone(STOCKHOLM).date()
        days = views["day"].dt.date
        mine = views[(views["post_id"] == post.post_id) & (days >= first) & (days < first + timedelta(days=90))]
        assert counted == (mine["day"].dt.date < TODAY).sum(), title


def test_the_count_of_posts_that_are_really_read_follows_from_the_events(
    night: Installation, visits: pd.DataFrame
) -> None:
    views = visits.dropna(subset=["post_id"])
    met = 0
    for post in night.server.world.blog_posts(CLIENT):
        first = post.published_at.astimezone(STOCKHOLM).date()
        if first.year != 2026:
            continue
        days = views["day"].dt.date
        mine = (views["post_id"] == post.post_id) & (days >= first) & (days < first + timedelta(days=90))
        met += int((mine & (days < TODAY)).sum() >= 500)
    current = night.query(
        "select current from marts.key_result_latest where client = ? and key_result_id = 'posts'", CLIENT
    )
    assert current == [(float(met),)]
    outcomes = dict(
        night.query(
            "select outcome, count(*) from marts.key_result_items where client = ? group by outcome order by outcome",
            CLIENT,
        )
    )
    assert outcomes["met"] == met


def test_growth_is_over_the_same_months_of_last_year(night: Installation, visits: pd.DataFrame) -> None:
    active = visits[(visits["engagement_seconds"] > 0) | visits["first_visit"]]
    people = active.groupby("month")["visitor_id"].nunique()
    # 20 November: January to October are closed
    now = [people[date(2026, month, 1)] for month in range(1, 11)]
    then = [people[add_months(date(2026, month, 1), -12)] for month in range(1, 11)]
    baseline, current, target = night.query(
        "select baseline, current, target from marts.key_result_latest where client = ? and key_result_id = 'visitors'",
        CLIENT,
    )[0]
    assert baseline == pytest.approx(sum(then) / 10)
    assert current == pytest.approx(sum(now) / 10)
    assert target == pytest.approx(sum(then) / 10 * 1.3)
