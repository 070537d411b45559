"""Stocks, levels, counts with a window, and milestones (MEASURES.md, "Key results")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.figures import Figures
from okr_models.words.codes import note
from okr_models.words.notes import sentences, with_cures
from okr_models.words.numbers import Speech
from tests.unit.okr_figures import (
    AS_OF,
    FACEBOOK,
    LINKEDIN,
    WEB,
    blog_post,
    codes,
    daily,
    evaluated,
    figures_of,
    key_result,
    month,
    monthly,
    source,
)

EVE, LATEST = date(2025, 12, 31), date(2026, 11, 19)
BLOG = source("wordpress", "blog")
VIEWS = {"page_views": {"at_least": 500, "within_days": 90}}


def followers(*parts: tuple[str, dict[date, float]], **settings: Any) -> KeyResultProgress:
    rows = [row for platform, days in parts for row in daily("followers", days, scope=f"platform={platform}")]
    as_of = settings.pop("as_of", AS_OF)
    sources = settings.pop("sources", (LINKEDIN, FACEBOOK))
    months = settings.pop("months", ())
    result = key_result(**({"kpi": "followers", "target": "+25%"} | settings))
    return evaluated(result, figures_of(days=rows, months=months), as_of=as_of, sources=sources)


def figures(progress: KeyResultProgress) -> tuple[float | None, float | None, float | None]:
    found = progress.prepared.measurement
    return found.current, found.baseline, progress.prepared.raw


# stocks


def test_a_stock_is_its_latest_against_the_end_of_the_day_before_the_period() -> None:
    progress = followers(
        ("linkedin", {EVE: 1000, date(2026, 1, 1): 5, LATEST: 1200}), ("facebook", {EVE: 200, LATEST: 240})
    )
    assert figures(progress) == (1440, 1200, pytest.approx(0.8))
    assert progress.prepared.expected == pytest.approx(323 / 365)
    assert progress.status == "at_risk", ".8 of .885"


def test_a_number_of_followers_stands_against_the_stock_at_the_start() -> None:
    progress = followers(("linkedin", {EVE: 1000, LATEST: 1300}), sources=(LINKEDIN,), target=1500)
    assert figures(progress) == (1300, 1000, pytest.approx(0.6))


def test_the_first_observation_within_35_days_serves_where_none_is_before_the_start() -> None:
    first = date(2026, 2, 5)
    progress = followers(("linkedin", {first: 1000, LATEST: 1250}), sources=(LINKEDIN,))
    assert progress.prepared.raw == pytest.approx(1.0)
    assert sentences(progress.notes, Speech("sv")) == (
        "utgångsläget är första mätningen, 5 feb. 2026: ingen finns vid periodens start",
    )


def test_an_observation_later_than_35_days_is_no_start() -> None:
    progress = followers(("linkedin", {date(2026, 2, 6): 1000, LATEST: 1250}), sources=(LINKEDIN,))
    assert progress.status == "cannot_be_judged"
    assert with_cures(progress.notes, Speech("sv"))[0] == "utgångsläge saknas: ge ett tal, eller historik som csv"


def test_a_stated_base_period_without_an_observation_is_not_replaced_by_the_start_of_the_next() -> None:
    stated = {"from": date(2025, 1, 1), "to": date(2025, 6, 30)}
    rows = ("linkedin", {date(2026, 1, 5): 1000.0, LATEST: 1250.0})
    growing = followers(rows, sources=(LINKEDIN,), baseline=stated)
    assert (growing.status, codes(growing)) == ("cannot_be_judged", ["baseline_missing"])
    level = followers(rows, sources=(LINKEDIN,), baseline=stated, target={"at_least": 1200})
    assert figures(level) == (1250, None, 1.0)
    assert codes(level) == ["baseline_missing", "no_baseline_level"]


def test_followers_older_than_35_days_are_missing() -> None:
    assert followers(("linkedin", {EVE: 1000, date(2026, 10, 15): 1250}), sources=(LINKEDIN,)).status == "on_track"
    stale = followers(("linkedin", {EVE: 1000, date(2026, 10, 14): 1250}), sources=(LINKEDIN,))
    assert (stale.status, codes(stale)) == ("cannot_be_judged", ["no_data"])


def test_a_month_end_stands_for_its_last_day_where_no_day_is_kept() -> None:
    months = monthly("followers", month("2025-12"), [1000.0], scope="platform=linkedin", origin="history")
    progress = followers(("linkedin", {LATEST: 1250}), sources=(LINKEDIN,), months=months)
    assert progress.prepared.raw == pytest.approx(1.0)
    assert sentences(progress.notes, Speech("sv")) == ("bygger på siffror ur egna rapporter: december 2025",)


def test_a_small_platform_without_a_start_is_left_out_on_both_sides() -> None:
    progress = followers(("linkedin", {EVE: 1000, LATEST: 1250}), ("facebook", {LATEST: 200}))
    assert figures(progress) == (1250, 1000, pytest.approx(1.0))
    assert codes(progress) == ["platform_left_out"]


def test_a_large_platform_without_a_start_refuses_the_figure() -> None:
    progress = followers(("linkedin", {EVE: 1000, LATEST: 1250}), ("facebook", {LATEST: 900}))
    assert (progress.status, codes(progress)) == ("cannot_be_judged", ["platform_too_large"])


def test_small_platforms_that_are_too_large_together_are_named_together() -> None:
    parts = (("linkedin", {EVE: 1000, LATEST: 1250}), ("facebook", {LATEST: 225}), ("instagram", {LATEST: 225}))
    sources = (LINKEDIN, FACEBOOK, source("instagram"))
    progress = followers(*parts, sources=sources)
    assert (progress.status, codes(progress)) == ("cannot_be_judged", ["platform_too_large"])
    assert sentences(progress.notes, Speech("sv")) == (
        "Facebook, Instagram saknas i det som jämförs med; tillsammans 26\xa0% av helheten, gränsen är 20 %",
    )


def test_an_account_opened_in_the_period_starts_at_zero_and_counts() -> None:
    opened = source("facebook_page", "facebook", opened=date(2026, 4, 1))
    progress = followers(
        ("linkedin", {EVE: 1000, LATEST: 1000}), ("facebook", {LATEST: 250}), sources=(LINKEDIN, opened)
    )
    assert figures(progress) == (1250, 1000, pytest.approx(1.0))


def test_an_account_that_opened_before_the_start_and_was_read_after_it_starts_at_its_first_reading() -> None:
    opened = source("linkedin", opened=date(2025, 12, 10))
    days = {date(2025, 12, day): 0.0 for day in range(1, 10)} | {date(2026, 1, 20): 1000.0, LATEST: 1250.0}
    progress = followers(("linkedin", days), sources=(opened,))
    assert figures(progress) == (1250, 1000, pytest.approx(1.0))


def test_a_break_between_the_two_observations_refuses_a_stock() -> None:
    linkedin = source("linkedin", breaks=[{"date": date(2026, 5, 1), "reason": "Sidor slogs ihop"}])
    progress = followers(("linkedin", {EVE: 1000, LATEST: 1250}), sources=(linkedin,))
    assert (progress.status, codes(progress)) == ("cannot_be_judged", ["baseline_restarts"])


def test_a_stock_against_the_same_day_last_year_is_like_for_like() -> None:
    days = {date(2025, 11, 19): 1000.0, EVE: 1100.0, LATEST: 1250.0}
    progress = followers(("linkedin", days), sources=(LINKEDIN,), baseline="same_months_last_year")
    assert figures(progress) == (1250, 1000, pytest.approx(1.0))
    assert progress.prepared.expected == 1.0
    ramp = followers(("linkedin", days | {LATEST: 1233.0}), sources=(LINKEDIN,), baseline="same_months_last_year")
    assert ramp.status == "at_risk", "ten of twelve months: .93 is above the even ramp's 11 / 13"


def test_after_the_period_a_stock_stays_at_its_last_day() -> None:
    days = {EVE: 1000.0, date(2026, 12, 31): 1250.0, date(2027, 1, 19): 400.0}
    progress = followers(("linkedin", days), sources=(LINKEDIN,), as_of=date(2027, 1, 20))
    assert (progress.prepared.measurement.current, progress.status) == (1250, "achieved")


def test_a_stock_short_of_its_target_when_the_period_is_closed_is_out_of_reach() -> None:
    progress = followers(
        ("linkedin", {EVE: 1000, date(2026, 12, 31): 1200}), sources=(LINKEDIN,), as_of=date(2027, 1, 20)
    )
    assert (progress.status, progress.forecast.probability) == ("out_of_reach", 0.0)


# levels


def position(base: list[float | None], now: list[float | None], **settings: Any) -> KeyResultProgress:
    result = key_result(**({"kpi": "search_position", "target": {"at_most": 10}} | settings))
    rows = monthly("search_position", month("2025-01"), [*base, *now], closing_days=10)
    return evaluated(result, figures_of(months=rows), sources=(source("ga4", "web"),))


def test_a_level_is_the_last_closed_month_against_the_same_month_of_the_base_year() -> None:
    progress = position([99.0] * 9 + [20.0, 99.0, 99.0], [99.0] * 9 + [14.0])
    assert figures(progress) == (14.0, 20.0, pytest.approx(0.6))


def test_a_level_already_inside_at_the_start_is_whole_while_inside_and_nothing_outside() -> None:
    inside, outside = position([8.0] * 12, [10.0] * 10), position([8.0] * 12, [10.1] * 10)
    assert (inside.prepared.raw, inside.status, codes(inside)) == (1.0, "on_track", ["already_inside"])
    assert (outside.prepared.raw, outside.status) == (0.0, "off_track")


def test_a_level_without_a_baseline_likewise_with_a_note() -> None:
    progress = position([None] * 12, [12.0] * 10)
    assert (progress.prepared.raw, codes(progress)) == (0.0, ["no_baseline_level"])
    assert position([None] * 12, [9.0] * 10).prepared.raw == 1.0


def test_a_level_whose_last_month_is_missing_says_which_month_it_shows() -> None:
    progress = position([20.0] * 12, [15.0] * 9 + [None])
    assert progress.prepared.raw == pytest.approx(0.5)
    assert sentences(progress.notes, Speech("sv")) == ("senaste avslutade månaden saknar värde: september 2026 visas",)


def test_a_level_of_a_stock_is_its_latest() -> None:
    progress = followers(("linkedin", {EVE: 800, LATEST: 900}), sources=(LINKEDIN,), target={"at_least": 1000})
    assert figures(progress) == (900, 800, pytest.approx(0.5))


def test_a_level_of_a_stock_without_a_start_needs_none() -> None:
    progress = followers(("linkedin", {LATEST: 900}), sources=(LINKEDIN,), target={"at_least": 900})
    assert (progress.prepared.raw, "no_baseline_level" in codes(progress)) == (1.0, True)


def test_between_is_the_share_of_closed_months_inside() -> None:
    rows = monthly("unique_visitors", month("2026-01"), [80.0, 80.0, 55.0, 80.0])
    result = key_result(target={"between": [60, 90]})
    progress = evaluated(result, figures_of(months=rows), as_of=date(2026, 5, 10))
    assert progress.prepared.raw == 0.75
    assert (progress.prepared.measurement.unit, progress.prepared.measurement.target) == ("share", 1.0)


def test_the_bounds_themselves_are_inside() -> None:
    rows = monthly("unique_visitors", month("2026-01"), [60.0, 90.0, 75.0, 60.0])
    progress = evaluated(key_result(target={"between": [60, 90]}), figures_of(months=rows), as_of=date(2026, 5, 10))
    assert (progress.prepared.raw, progress.status) == (1.0, "on_track")


def test_hold_asks_it_of_every_month_so_one_outside_settles_it() -> None:
    result = key_result(kpi="search_position", target={"at_most": 10, "hold": True})
    rows = monthly("search_position", month("2026-01"), [9.0, 10.0, 11.0, 9.0], closing_days=10)
    progress = evaluated(result, figures_of(months=rows), as_of=date(2026, 5, 12))
    assert (progress.prepared.raw, progress.status) == (0.75, "out_of_reach")


def test_a_stretch_hold_can_still_make_seven_tenths() -> None:
    result = key_result(target={"between": [60, 90]}, ambition="stretch")
    rows = monthly("unique_visitors", month("2026-01"), [80.0, 80.0, 55.0, 80.0])
    assert evaluated(result, figures_of(months=rows), as_of=date(2026, 5, 10)).status == "on_track"


# counts


def counted(*posts: Any, as_of: date = AS_OF, target: int = 10, where: Any = VIEWS) -> KeyResultProgress:
    result = key_result(count="blog_posts", where=where, target=target)
    return evaluated(result, figures_of(posts=posts), as_of=as_of, sources=(WEB, BLOG))


def outcomes(progress: KeyResultProgress) -> list[tuple[str, date | None]]:
    return [(item.outcome, item.decided_on) for item in progress.prepared.items]


def test_a_post_is_judged_on_its_own_first_90_days_and_the_89th_still_counts() -> None:
    published = date(2026, 2, 1)
    in_time = blog_post("a", published, [0.0] * 89 + [500.0])
    too_late = blog_post("b", published, [0.0] * 90 + [500.0])
    progress = counted(in_time, too_late)
    last = published + timedelta(days=89)
    assert outcomes(progress) == [("met", last), ("missed", last)]
    assert [item.value for item in progress.prepared.items] == [500.0, 0.0]


def test_a_post_is_open_while_younger_and_met_for_good_once_reached() -> None:
    young = blog_post("a", date(2026, 10, 1), [1.0] * 49)
    met = blog_post("b", date(2026, 10, 1), [500.0] + [0.0] * 48)
    assert outcomes(counted(young, met)) == [("open", None), ("met", date(2026, 10, 1))]


def test_a_post_whose_days_were_not_observed_is_kept_open_and_said_so() -> None:
    progress = counted(blog_post("a", date(2026, 2, 1), [1.0] * 60))
    assert outcomes(progress) == [("open", None)]
    assert codes(progress) == ["count_unobserved"]


def test_only_posts_published_in_the_period_in_the_sites_zone_count() -> None:
    before = blog_post("a", date(2025, 12, 31), [500.0])
    inside = blog_post("b", date(2026, 1, 1), [500.0])
    assert counted(before, inside).prepared.measurement.current == 1


def test_the_count_is_achieved_for_good_once_the_number_is_met() -> None:
    posts = [blog_post(str(index), date(2026, 3, 1), [500.0]) for index in range(2)]
    assert counted(*posts, target=2).status == "achieved"


def test_a_count_is_out_of_reach_only_after_the_period_once_met_and_open_cannot_make_it() -> None:
    missed = blog_post("a", date(2026, 2, 1), [1.0] * 120)
    assert counted(missed, target=8).status == "off_track", "ten more may still be written"
    assert counted(missed, target=8, as_of=date(2027, 1, 1)).status == "out_of_reach"
    still_open = blog_post("b", date(2026, 12, 20), [1.0] * 12)
    assert counted(missed, still_open, target=1, as_of=date(2027, 1, 1)).status != "out_of_reach"


def test_a_count_is_final_90_days_after_the_period() -> None:
    late = blog_post("b", date(2026, 12, 31), [1.0] * 90)
    assert counted(late, target=1, as_of=date(2027, 3, 30)).status != "out_of_reach"
    assert counted(late, target=1, as_of=date(2027, 4, 1)).status == "out_of_reach"


def test_expected_posts_lag_by_the_median_days_to_the_threshold() -> None:
    posts = [blog_post(str(index), date(2026, 2, 1), [10.0] * 292) for index in range(3)]
    progress = counted(*posts)
    assert progress.prepared.measurement.lag_days == 49
    assert progress.prepared.expected == 0.7, "ten posts times (323 - 49) / 365, in whole posts"


def test_nights_that_fail_are_no_falling_behind_in_a_count() -> None:
    posts = [blog_post(str(index), date(2026, 2, 1), [10.0] * 120) for index in range(3)]
    when_it_last_worked = counted(*posts, as_of=date(2026, 6, 1))
    weeks_later = counted(*posts, as_of=date(2026, 8, 20))
    assert weeks_later.prepared.expected == when_it_last_worked.prepared.expected
    assert weeks_later.status == when_it_last_worked.status


def test_a_post_is_not_missed_before_its_last_days_are_given() -> None:
    # 90 days end on 1 May; the source told nothing after 25 April, which is more than nine tenths of them
    known = blog_post("a", date(2026, 2, 1), [1.0] * 84)
    assert outcomes(counted(known, as_of=date(2026, 5, 3))) == [("open", None)]
    later = blog_post("b", date(2026, 2, 1), [1.0] * 84 + [0.0] * 30)
    assert outcomes(counted(later)) == [("missed", date(2026, 5, 1))]


def figures_of_sources_read(*streams: tuple[str, str], posts: Sequence[Any] = ()) -> Figures:
    return replace(figures_of(posts=posts), loaded=frozenset(streams))


@pytest.mark.parametrize(
    ("read", "label"),
    [
        ((), "WordPress"),
        ((("web", "web_pages_daily"),), "WordPress"),
        ((("blog", "blog_posts"),), "Google Analytics"),
    ],
)
def test_a_count_over_a_source_that_was_never_read_has_no_value(read: Any, label: str) -> None:
    result = key_result(count="blog_posts", where=VIEWS, target=10)
    progress = evaluated(result, figures_of_sources_read(*read), sources=(WEB, BLOG))
    assert (progress.prepared.measurement.current, progress.prepared.raw) == (None, None)
    assert progress.status == "cannot_be_judged"
    assert progress.notes[0] == note("source_never_loaded", label=label)


def test_a_count_over_sources_that_were_read_is_zero_where_nothing_was_published() -> None:
    result = key_result(count="blog_posts", where=VIEWS, target=10)
    read = (("blog", "blog_posts"), ("web", "web_pages_daily"))
    progress = evaluated(result, figures_of_sources_read(*read), sources=(WEB, BLOG))
    assert (progress.prepared.measurement.current, progress.status) == (0.0, "off_track")


def test_a_count_over_posts_that_no_source_ever_saw_has_no_value() -> None:
    progress = counted(blog_post("a", date(2026, 2, 1), []), blog_post("b", date(2026, 3, 1), []))
    assert (progress.prepared.measurement.current, progress.status) == (None, "cannot_be_judged")
    assert codes(progress)[0] == "count_unseen"
    just_published = counted(blog_post("a", date(2026, 11, 18), []))
    assert just_published.prepared.measurement.current == 0


def test_a_count_without_a_condition_counts_what_was_published() -> None:
    progress = counted(blog_post("a", date(2026, 2, 1), []), where=(), target=2)
    assert (progress.prepared.raw, outcomes(progress)) == (0.5, [("met", date(2026, 2, 1))])


# milestones


def milestones(*done: date | None, as_of: date = AS_OF) -> KeyResultProgress:
    items = [{"title": f"Step {index}", "done": day} for index, day in enumerate(done)]
    return evaluated(key_result(milestones=items), figures_of(), as_of=as_of)


def test_milestones_are_the_share_done_by_the_day() -> None:
    progress = milestones(date(2026, 3, 1), date(2026, 11, 20), date(2026, 11, 21), None)
    assert (progress.prepared.raw, progress.prepared.measurement.kind) == (0.5, "milestones")


def test_milestones_are_achieved_when_all_are_done_and_out_of_reach_after_the_end() -> None:
    assert milestones(date(2026, 3, 1)).status == "achieved"
    assert milestones(date(2026, 3, 1), None, as_of=date(2027, 1, 1)).status == "out_of_reach"


def test_a_milestone_that_is_done_after_the_period_brings_nothing_back_into_reach() -> None:
    late = milestones(date(2026, 3, 1), date(2027, 1, 8), as_of=date(2027, 1, 20))
    assert (late.prepared.raw, late.status) == (0.5, "out_of_reach")


# revisions and ambition


def test_results_carry_the_first_and_the_current_target_from_the_day_of_the_revision() -> None:
    revisions = [{"from": date(2026, 7, 1), "target": "+20%", "by": "Anna", "why": "budget"}]
    rows = monthly("unique_visitors", month("2025-01"), [100.0] * 12 + [110.0] * 10)
    result = key_result(target="+30%", revisions=revisions)
    before = evaluated(result, figures_of(months=rows), as_of=date(2026, 6, 30)).prepared.measurement
    after = evaluated(result, figures_of(months=rows), as_of=date(2026, 7, 10)).prepared.measurement
    assert (before.first_target, before.target) == (pytest.approx(130), pytest.approx(130))
    assert (after.first_target, after.target) == (pytest.approx(130), pytest.approx(120))


def test_a_stretch_goal_succeeds_at_seven_tenths_of_the_way() -> None:
    rows = monthly("unique_visitors", month("2025-01"), [100.0] * 12 + [121.0] * 10)
    assert evaluated(key_result(target="+30%", ambition="stretch"), figures_of(months=rows)).status == "on_track"
    assert evaluated(key_result(target="+30%"), figures_of(months=rows)).status == "off_track"


@pytest.mark.parametrize("target", [{"at_least": 550, "hold": True}, {"between": [550, 700]}], ids=str)
def test_a_stock_with_a_break_inside_a_month_is_counted_the_way_of_the_day_it_was_read(target: Any) -> None:
    broken = source(
        "linkedin", breaks=[{"date": "2026-05-16", "reason": "recount", "overlap_ratio": 0.5}], opened="2020-01-01"
    )
    values = [1200.0] * 4 + [600.0] * 6
    rows = monthly("followers", month("2026-01"), values, scope="platform=linkedin")
    rows += monthly("followers", month("2026-01"), values)
    result = key_result(kpi="followers", target=target)
    progress = evaluated(result, figures_of(months=rows), sources=(broken,))
    # 1200 until April were 600 the new way, and 31 May was read the new way
    assert progress.prepared.measurement.current == 1.0
