"""Growth of flows and ratios, sums, and what is like for like (MEASURES.md, "Key results").

Really under test: whole evaluations from marts frames, so that a rule and its wiring are held together.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okr_models.client.model import Period
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.figures import Failure
from okr_models.words.codes import note
from okr_models.words.notes import sentence, sentences, with_cures
from okr_models.words.numbers import Speech
from tests.unit.okr_figures import (
    AS_OF,
    FACEBOOK,
    LINKEDIN,
    WEB,
    codes,
    daily,
    evaluated,
    figures_of,
    key_result,
    month,
    monthly,
    source,
)

SEASON = [100.0, 110, 120, 130, 120, 90, 60, 80, 120, 130, 140, 150]
NPS = {"id": "nps", "title": "NPS", "kind": "ratio", "unit": "points", "source": "crm"}
CSV = source("csv", "crm")


def web(base: list[float | None], now: list[float | None], kpi: str = "unique_visitors", **extra: Any) -> list[Any]:
    return monthly(kpi, month("2025-01"), [*base, *now], **extra)


def growth(base: list[float | None], now: list[float | None], **settings: Any) -> KeyResultProgress:
    as_of = settings.pop("as_of", AS_OF)
    result = key_result(**({"target": "+30%"} | settings))
    return evaluated(result, figures_of(months=web(base, now, as_of=as_of)), as_of=as_of)


def values(progress: KeyResultProgress) -> tuple[float | None, float | None, float | None, float | None]:
    found = progress.prepared.measurement
    return found.current, found.baseline, found.target, progress.prepared.raw


def test_growth_is_the_mean_of_closed_months_against_the_same_months_of_the_base_year() -> None:
    current, baseline, target, raw = values(growth(list(SEASON), [*(v * 1.15 for v in SEASON[:10]), 5.0]))
    assert current == pytest.approx(106 * 1.15)
    assert baseline == pytest.approx(106.0), "ten closed months: January to October of both years"
    assert target == pytest.approx(106 * 1.3)
    assert raw == pytest.approx(0.5)


def test_a_decrease_works_by_sign() -> None:
    *_, raw = values(growth([100.0] * 12, [95.0] * 10, target="-10%"))
    assert raw == pytest.approx(0.5)


def test_progress_is_kept_as_it_is_and_clipped_only_for_the_roll_up() -> None:
    falling, racing = growth([100.0] * 12, [96.4] * 10), growth([100.0] * 12, [135.4] * 10)
    assert falling.prepared.raw == pytest.approx(-0.12)
    assert falling.progress == 0.0
    assert racing.prepared.raw == pytest.approx(1.18)
    assert racing.progress == 1.0


def test_a_month_missing_on_one_side_is_left_out_on_both() -> None:
    base: list[float | None] = [100.0, None, 300.0, *[100.0] * 9]
    progress = growth(base, [130.0, 900.0, 390.0, None, *[130.0] * 6])
    assert progress.prepared.raw == pytest.approx(1.0)
    assert sentences(progress.notes, Speech("sv")) == ("utelämnat på båda sidor: februari 2026, april 2026",)


def test_fewer_than_three_common_months_cannot_be_judged_and_say_the_cure() -> None:
    progress = growth([None] * 10 + [100.0] * 2, [130.0] * 10)
    assert progress.status == "cannot_be_judged"
    assert (
        with_cures(progress.notes, Speech("sv"))[0]
        == "utgångsläget börjar 1 nov. 2025: ge ett tal, eller historik som csv"
    )
    assert "give a number, or history as csv" in with_cures(progress.notes, Speech("en"))[0]


def test_the_baseline_starts_with_the_first_reading_and_not_with_a_zero_before_the_account_opened() -> None:
    opened = source("ga4", "web", opened=date(2021, 5, 1))
    rows = monthly("unique_visitors", month("2025-12"), [100.0] * 11)
    progress = evaluated(key_result(target="+30%"), figures_of(months=rows), sources=(opened,))
    assert sentences(progress.notes, Speech("sv"))[0].startswith("utgångsläget börjar 1 dec. 2025")


def test_two_common_months_of_many_are_too_few() -> None:
    progress = growth([100.0, 100.0, *[None] * 10], [130.0] * 10)
    assert (progress.status, codes(progress)) == ("cannot_be_judged", ["few_months"])


@pytest.mark.parametrize(("as_of", "k"), [(date(2026, 2, 6), 1), (date(2026, 3, 6), 2)])
def test_in_the_first_two_months_as_many_common_months_as_are_closed_suffice(as_of: date, k: int) -> None:
    progress = growth([100.0] * 12, [130.0] * 2, as_of=as_of)
    assert progress.prepared.measurement.k == k
    assert progress.status == "on_track"


def test_no_closed_month_is_too_early() -> None:
    progress = growth([100.0] * 12, [40.0], as_of=date(2026, 1, 20))
    assert (progress.status, progress.progress) == ("too_early", None)


def test_months_that_should_have_closed_and_have_not_are_missing_data_and_never_too_early() -> None:
    progress = growth([100.0] * 12, [], as_of=AS_OF)
    assert (progress.status, codes(progress)) == ("cannot_be_judged", ["no_data"])


@pytest.mark.parametrize("base", [0.0, -5.0])
def test_a_percentage_of_nothing_is_refused_with_the_cure(base: float) -> None:
    progress = growth([base] * 12, [10.0] * 10)
    assert progress.status == "cannot_be_judged"
    assert "ge ett tal, eller historik som csv" in with_cures(progress.notes, Speech("sv"))[0]


def test_a_baseline_count_under_30_is_noted_and_one_of_30_is_not() -> None:
    assert codes(growth([29.0] * 12, [40.0] * 10)) == ["small_baseline"]
    assert codes(growth([30.0] * 12, [40.0] * 10)) == []


def test_a_small_ratio_is_no_small_count() -> None:
    rows = monthly("nps", month("2025-01"), [20.0] * 12 + [25.0] * 10)
    progress = evaluated(key_result(kpi="nps", target="+30%"), figures_of(months=rows), sources=(CSV,), kpis=(NPS,))
    assert codes(progress) == []


def test_a_ratio_is_sum_over_sum_where_both_parts_are_kept() -> None:
    rows = [
        *monthly("page_views_per_blog_post", month("2025-01"), [10.0] * 12, numerator=100.0, denominator=10.0),
        *monthly("page_views_per_blog_post", month("2026-01"), [100.0], numerator=100.0, denominator=1.0),
        *monthly("page_views_per_blog_post", month("2026-02"), [10.0] * 9, numerator=1000.0, denominator=100.0),
    ]
    current, baseline, *_ = values(
        evaluated(key_result(kpi="page_views_per_blog_post", target="+30%"), figures_of(months=rows))
    )
    assert current == pytest.approx(9100 / 901)
    assert baseline == pytest.approx(10.0)


def test_a_ratio_without_its_parts_is_the_mean_of_its_months() -> None:
    rows = monthly("search_position", month("2025-01"), [20.0] * 12 + [10.0, 14.0, *[12.0] * 8], closing_days=10)
    current, *_, raw = values(evaluated(key_result(kpi="search_position", target="-50%"), figures_of(months=rows)))
    assert current == pytest.approx(12.0)
    assert raw == pytest.approx(0.8)


def test_a_number_on_a_figure_that_cannot_be_summed_stands_against_the_same_months() -> None:
    current, baseline, target, raw = values(growth(list(SEASON), [v + 10 for v in SEASON[:10]], target=126))
    assert (baseline, target) == (pytest.approx(106), 126)
    assert current == pytest.approx(116)
    assert raw == pytest.approx(0.5)


def test_a_number_equal_to_its_measured_baseline_is_refused_with_the_cure() -> None:
    progress = growth([100.0] * 12, [100.0] * 10, target=100)
    assert progress.status == "cannot_be_judged"
    assert "between" in with_cures(progress.notes, Speech("en"))[0]


def test_a_stated_number_stands_in_for_a_missing_base_year() -> None:
    progress = growth([None] * 12, [115.0] * 10, baseline={"value": 100})
    assert values(progress)[1:] == (100.0, pytest.approx(130.0), pytest.approx(0.5))


def test_a_stated_period_gives_the_same_calendar_months() -> None:
    rows = monthly("unique_visitors", month("2023-01"), [*[100.0] * 12, *[999.0] * 24, *[115.0] * 10])
    result = key_result(target="+30%", baseline={"from": date(2023, 1, 1), "to": date(2023, 12, 31)})
    assert evaluated(result, figures_of(months=rows)).prepared.raw == pytest.approx(0.5)


def test_a_fiscal_year_that_crosses_the_calendar_stands_against_the_one_before() -> None:
    rows = monthly("unique_visitors", month("2025-07"), [*SEASON, *(v * 1.3 for v in SEASON[:4])])
    period = Period(start=date(2026, 7, 1), end=date(2027, 6, 30))
    progress = evaluated(key_result(target="+30%"), figures_of(months=rows), period=period)
    assert (progress.prepared.measurement.k, progress.prepared.measurement.n) == (4, 12)
    assert progress.prepared.raw == pytest.approx(1.0)


def test_an_objective_of_eighteen_months_stands_against_months_before_it() -> None:
    rows = monthly("unique_visitors", month("2024-01"), [*[100.0] * 18, *[500.0] * 6, *[130.0] * 10])
    period = Period(start=date(2026, 1, 1), end=date(2027, 6, 30))
    progress = evaluated(key_result(target="+30%"), figures_of(months=rows), period=period)
    assert progress.prepared.raw == pytest.approx(1.0), "January 2026 against January 2024, not against itself"


def test_estimated_months_and_history_from_csv_are_said() -> None:
    rows = [
        *monthly("unique_visitors", month("2025-01"), [100.0] * 12, origin="history"),
        *monthly("unique_visitors", month("2026-01"), [130.0] * 9),
        *monthly("unique_visitors", month("2026-10"), [130.0], is_estimated=True),
    ]
    progress = evaluated(key_result(target="+30%"), figures_of(months=rows))
    assert progress.prepared.measurement.is_estimated
    assert sentences(progress.notes, Speech("sv")) == (
        "uppskattat: oktober 2026",
        "bygger på siffror ur egna rapporter: januari\N{EN DASH}oktober 2025",
    )


def test_figures_known_later_are_hidden_from_an_earlier_day() -> None:
    rows = web([100.0] * 12, [130.0] * 10)
    progress = evaluated(key_result(target="+30%"), figures_of(months=rows), as_of=date(2026, 7, 4))
    assert progress.prepared.measurement.k == 5, "June closes on 5 July"
    assert progress.prepared.measurement.data_through == date(2026, 5, 31)


# platforms


def social(platform: str, base: list[float | None], now: list[float | None]) -> list[Any]:
    return web(base, now, "interactions", scope=f"platform={platform}")


def interactions(*rows: list[Any], sources: Any = (LINKEDIN, FACEBOOK), **settings: Any) -> KeyResultProgress:
    result = key_result(**({"kpi": "interactions", "target": "+30%"} | settings))
    return evaluated(result, figures_of(months=[row for part in rows for row in part]), sources=sources)


def test_a_platform_missing_on_one_side_is_left_out_on_both_with_its_share() -> None:
    progress = interactions(
        social("linkedin", [900.0] * 12, [1170.0] * 10), social("facebook", [None] * 12, [130.0] * 10)
    )
    assert progress.prepared.raw == pytest.approx(1.0)
    assert sentences(progress.notes, Speech("sv")) == (
        "Facebook saknas i fjol och räknas inte med (10\xa0% av helheten)",
    )


def test_a_missing_platform_of_exactly_a_fifth_is_left_out_and_above_that_nothing_can_be_judged() -> None:
    fifth = interactions(social("linkedin", [80.0] * 12, [80.0] * 10), social("facebook", [20.0] * 12, [None] * 10))
    assert (fifth.status, fifth.prepared.raw) == ("off_track", pytest.approx(0.0))
    more = interactions(social("linkedin", [79.0] * 12, [79.0] * 10), social("facebook", [21.0] * 12, [None] * 10))
    assert (more.status, more.prepared.raw) == ("cannot_be_judged", None)
    assert "Facebook is missing now; 21% of the whole, the limit is 20%" in sentences(more.notes, Speech("en"))[0]


def test_a_share_just_above_the_limit_is_not_said_to_be_the_limit() -> None:
    more = interactions(social("linkedin", [797.0] * 12, [797.0] * 10), social("facebook", [203.0] * 12, [None] * 10))
    assert sentences(more.notes, Speech("en"))[0] == "Facebook is missing now; 20.3% of the whole, the limit is 20%"
    estimated = sentence(note("forecast_estimated", estimated_share=3 / 29), Speech("sv"))
    assert estimated == "ingen prognos: 10,3\xa0% av historiken är uppskattad, gränsen är 10 %"


@pytest.mark.parametrize(("latest", "side"), [(None, "now"), (15.0, "on one side")])
def test_platforms_that_are_too_large_together_are_named_together(latest: float | None, side: str) -> None:
    progress = interactions(
        social("linkedin", [70.0] * 12, [70.0] * 10),
        social("facebook", [15.0] * 12, [None] * 10),
        social("instagram", [None if latest else 15.0] * 12, [latest] * 10),
        sources=(LINKEDIN, FACEBOOK, source("instagram")),
    )
    said = sentences(progress.notes, Speech("en"))
    assert progress.status == "cannot_be_judged"
    assert said[0].startswith(f"Facebook, Instagram are missing {side}; together 3")
    assert said[0].endswith("% of the whole, the limit is 20%")
    assert not any("left out on both sides" in each for each in said)


def test_a_channel_opened_in_the_period_is_a_true_zero_before_and_counts() -> None:
    opened = source("facebook_page", "facebook", opened=date(2026, 3, 1))
    progress = interactions(
        social("linkedin", [100.0] * 12, [100.0] * 10),
        social("facebook", [None] * 12, [None, None, *[60.0] * 8]),
        sources=(LINKEDIN, opened),
    )
    assert progress.prepared.measurement.current == pytest.approx((2 * 100 + 8 * 160) / 10)
    assert progress.prepared.measurement.baseline == pytest.approx(100)
    assert "platform_left_out" not in codes(progress)


def test_a_platform_that_fails_for_some_months_takes_those_months_with_it() -> None:
    progress = interactions(
        social("linkedin", [100.0] * 12, [*[130.0] * 8, None, None]), social("facebook", [50.0] * 12, [65.0] * 10)
    )
    assert progress.prepared.raw == pytest.approx(1.0)
    assert codes(progress) == ["months_left_out"]


def test_a_platform_without_any_figure_is_left_out_and_named() -> None:
    progress = interactions(social("linkedin", [100.0] * 12, [115.0] * 10))
    assert progress.prepared.raw == pytest.approx(0.5)
    assert sentences(progress.notes, Speech("sv")) == ("Facebook saknas på båda sidor och räknas inte med",)


def test_history_that_names_no_platform_serves_as_base_for_all_together() -> None:
    progress = interactions(
        web([100.0] * 12, [130.0] * 10, "interactions"),
        social("linkedin", [None] * 12, [100.0] * 10),
        social("facebook", [None] * 12, [30.0] * 10),
    )
    assert progress.prepared.raw == pytest.approx(1.0)


@pytest.mark.parametrize("missing_from", range(1, 11))
def test_a_client_with_linkedin_missing_is_never_shown_as_falling(missing_from: int) -> None:
    now: list[float | None] = [130.0 if index < missing_from - 1 else None for index in range(10)]
    progress = interactions(
        social("linkedin", [100.0] * 12, now),
        social("facebook", [100.0] * 12, [130.0] * 10),
    )
    assert progress.prepared.raw is None or progress.prepared.raw == pytest.approx(1.0)
    assert progress.status in {"on_track", "cannot_be_judged"}


def test_a_failed_source_is_named_with_its_day_and_only_where_it_matters() -> None:
    failures = (Failure(source="linkedin", stream="interactions_daily", since=date(2026, 11, 3)),)
    rows = [*social("linkedin", [100.0] * 12, [130.0] * 10), *web([100.0] * 12, [130.0] * 10)]
    hit = evaluated(key_result(kpi="interactions", target="+30%"), figures_of(months=rows), failures=failures)
    assert "LinkedIn har inte kunnat läsas sedan 3 nov" in sentences(hit.notes, Speech("sv"))
    assert "LinkedIn has not been readable since 3 Nov" in sentences(hit.notes, Speech("en"))
    spared = evaluated(key_result(target="+30%"), figures_of(months=rows), failures=failures)
    assert codes(spared) == []


def test_a_source_that_never_answered_is_said_to_be_so() -> None:
    failures = (Failure(source="web", stream="web_monthly", since=None, error_class="auth"),)
    progress = evaluated(key_result(target="+30%"), figures_of(), failures=failures)
    assert sentences(progress.notes, Speech("sv")) == (
        "data saknas för perioden",
        "Google Analytics har aldrig kunnat läsas",
    )


# breaks and pauses


def broken(day: str, ratio: float | None = None, **settings: Any) -> Any:
    each = {"date": date.fromisoformat(day), "reason": "Ny bannern", "overlap_ratio": ratio}
    return source("ga4", "web", breaks=[each], **settings)


def visitors_with(web_source: Any, base: list[float | None], now: list[float | None], **settings: Any) -> Any:
    result = key_result(**({"target": "+30%"} | settings))
    return evaluated(result, figures_of(months=web(base, now)), sources=(web_source,))


def test_a_baseline_across_a_break_cannot_be_judged_and_says_when_it_restarts() -> None:
    progress = visitors_with(broken("2026-03-06"), [100.0] * 12, [130.0] * 10)
    assert progress.status == "cannot_be_judged"
    assert sentences(progress.notes, Speech("en"))[0].startswith("baseline restarts on 6 Mar 2026 (Ny bannern)")


def test_an_overlap_ratio_bridges_the_break() -> None:
    progress = visitors_with(broken("2026-01-01", 0.5), [100.0] * 12, [65.0] * 10)
    assert progress.prepared.measurement.baseline == pytest.approx(50.0)
    assert progress.prepared.raw == pytest.approx(1.0)
    assert codes(progress) == ["break_bridged"]


@pytest.mark.parametrize(
    ("days", "june"), [(("2025-06-16", "2025-06-16"), 62.5), (("2025-06-11", "2025-06-21"), 58.0 + 1 / 3)]
)
def test_each_day_of_a_month_with_two_breaks_is_converted_by_those_after_it(days: Any, june: float) -> None:
    breaks = [
        {"date": date.fromisoformat(day), "reason": f"Ny {n}", "overlap_ratio": 0.5} for n, day in enumerate(days)
    ]
    progress = visitors_with(source("ga4", "web", breaks=breaks), [100.0] * 12, [130.0] * 10)
    assert progress.prepared.measurement.baseline == pytest.approx((5 * 25 + june + 4 * 100) / 10)


def test_months_before_a_break_inside_the_base_year_are_left_out_on_both_sides() -> None:
    base: list[float | None] = [900.0, 900.0, 900.0, *[100.0] * 9]
    progress = visitors_with(broken("2025-03-06"), base, [130.0] * 10)
    assert progress.prepared.raw == pytest.approx(1.0)
    assert codes(progress) == ["months_left_out_break"]


def test_a_break_before_the_base_year_changes_nothing() -> None:
    assert codes(visitors_with(broken("2024-12-31"), [100.0] * 12, [130.0] * 10)) == []


def test_a_stated_number_is_no_baseline_across_a_break() -> None:
    progress = visitors_with(broken("2026-01-01"), [500.0] * 12, [115.0] * 10, baseline={"value": 100})
    assert progress.prepared.raw == pytest.approx(0.5)


def test_a_paused_month_is_left_out_on_both_sides() -> None:
    pause = {"from": date(2025, 7, 1), "to": date(2025, 7, 14), "reason": "Ombyggnad"}
    web_source = source("ga4", "web", paused=[pause])
    base: list[float | None] = [*[100.0] * 6, 10.0, *[100.0] * 5]
    progress = visitors_with(web_source, base, [130.0] * 10)
    assert progress.prepared.raw == pytest.approx(1.0)
    assert sentences(progress.notes, Speech("sv")) == ("pausat och därför utelämnat: juli 2026",)


def test_a_pause_of_a_few_days_leaves_the_month_in() -> None:
    pause = {"from": date(2025, 7, 1), "to": date(2025, 7, 3), "reason": "Byte"}
    assert codes(visitors_with(source("ga4", "web", paused=[pause]), [100.0] * 12, [130.0] * 10)) == []


# sums


def sessions(base: list[float | None], now: list[float | None], **settings: Any) -> KeyResultProgress:
    result = key_result(kpi="sessions", **({"target": 12_000} | settings))
    return evaluated(result, figures_of(months=web(base, now, "sessions")), sources=(WEB,))


def test_a_number_on_an_additive_flow_is_summed_with_the_running_month_from_zero() -> None:
    progress = sessions([1000.0] * 12, [*[900.0] * 10, 600.0])
    assert values(progress) == (9600.0, 0.0, 12_000.0, pytest.approx(0.8))
    assert progress.prepared.measurement.data_through == date(2026, 11, 19)


def test_the_running_month_is_summed_from_its_days_where_the_month_has_no_row() -> None:
    days = {date(2026, 11, day): 10.0 for day in range(1, 20)}
    rows = web([1000.0] * 12, [900.0] * 10, "sessions")
    figures = figures_of(months=rows, days=daily("sessions", days))
    assert evaluated(key_result(kpi="sessions", target=12_000), figures).prepared.measurement.current == 9190.0


def test_a_sum_that_reached_its_number_is_achieved_before_the_year_is_over() -> None:
    progress = sessions([1000.0] * 12, [1300.0] * 10)
    assert (progress.status, progress.forecast.probability) == ("achieved", 1.0)


def test_a_sum_that_may_fall_again_is_not_achieved_before_its_end() -> None:
    rows = monthly("new_followers", month("2026-01"), [130.0] * 10, scope="platform=linkedin")
    result = key_result(kpi="new_followers", target=1000, scope={"platform": "linkedin"})
    assert evaluated(result, figures_of(months=rows), sources=(LINKEDIN,)).status == "on_track"


def test_a_month_without_data_makes_a_sum_a_lower_bound_and_is_expected_of_nobody() -> None:
    progress = sessions([1000.0] * 12, [*[1000.0] * 8, None, 1000.0, 500.0])
    assert progress.prepared.measurement.current == 9500.0
    assert sentences(progress.notes, Speech("sv")) == ("summan är minst så här stor, data saknas: september 2026",)
    assert progress.prepared.raw == pytest.approx(9500 / 12_000)
    assert progress.prepared.expected == pytest.approx((323 - 30) / 365)
    assert progress.status == "at_risk", "9,500 against 9,633 expected of the months that were observed"


def test_a_sum_that_may_fall_is_not_called_the_least_it_can_be() -> None:
    rows = monthly("new_followers", month("2026-01"), [130.0] * 8 + [None, 130.0], scope="platform=linkedin")
    result = key_result(kpi="new_followers", target=5000, scope={"platform": "linkedin"})
    progress = evaluated(result, figures_of(months=rows), sources=(LINKEDIN,))
    assert sentences(progress.notes, Speech("en")) == ("the sum is not whole, data are missing: September 2026",)


def test_a_sum_most_of_whose_months_are_missing_cannot_be_judged() -> None:
    assert sessions([1000.0] * 12, [1000.0, 1000.0, *[None] * 8]).status == "cannot_be_judged"


def test_a_sum_without_a_platform_leaves_it_out_of_nothing_it_does_not_say() -> None:
    rows = [
        *web([100.0] * 12, [100.0] * 8, "interactions", scope="all"),
        *social("linkedin", [90.0] * 12, [90.0] * 10),
        *social("facebook", [10.0] * 12, [*[10.0] * 8, None, None]),
    ]
    progress = interactions(rows, target=1200)
    assert progress.prepared.measurement.current == 8 * 100 + 2 * 90
    assert sentences(progress.notes, Speech("en"))[0] == (
        "Facebook is missing in some months and in the sum in the others (10% of the whole)"
    )


def test_a_sum_says_of_a_platform_that_came_late_that_it_counts_from_then_on() -> None:
    came_late = interactions(
        social("linkedin", [None] * 12, [*[90.0] * 9, None]),
        social("facebook", [None] * 12, [None] * 9 + [10.0]),
        target=900,
    )
    assert came_late.prepared.measurement.current == 9 * 90 + 10
    assert sentences(came_late.notes, Speech("sv"))[:2] == (
        "Facebook saknas vissa månader och är med i summan de andra",
        "LinkedIn saknas vissa månader och är med i summan de andra",
    )


def test_a_platform_that_is_in_no_month_of_a_sum_is_left_out_of_it() -> None:
    rows = [*social("linkedin", [90.0] * 12, [90.0] * 10), *social("facebook", [10.0] * 12, [None] * 10)]
    progress = interactions(rows, target=1200)
    assert progress.prepared.measurement.current == 900
    assert "platform_left_out" in codes(progress)
