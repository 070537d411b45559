"""Status as a pure function, expected progress and the roll-up (MEASURES.md, "Expected progress" to "Roll-up")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_models.forecast.forecast import ForecastJob
from okr_models.forecast.types import Forecast
from okr_models.periods import add_months
from okr_models.progress.expected import cumulative_share, ramp_share
from okr_models.progress.rollup import RollUp, Weighed, roll_up, score
from okr_models.progress.status import JUDGED, Rule, Standing, Status, status_of
from tests.unit.okr_figures import codes, evaluated, figures_of, key_result, month, monthly

SEASON = [100.0, 110, 120, 130, 120, 90, 60, 80, 120, 130, 140, 150]


def standing(rule: Rule = "growth", **changes: Any) -> Status:
    base: dict[str, Any] = {"k": 6, "raw": 0.5, "expected": 1.0, "success": 1.0, "ramp": ramp_share(6, 12)}
    return status_of(Standing(rule=rule, **(base | changes)))


@pytest.mark.parametrize(
    ("probability", "status"),
    [(0.95, "on_track"), (0.70, "on_track"), (0.69, "at_risk"), (0.30, "at_risk"), (0.29, "off_track")],
)
def test_with_a_probability_the_status_is_the_probabilitys(probability: float, status: Status) -> None:
    assert standing(probability=probability, raw=-1.0) == status


@pytest.mark.parametrize(
    ("raw", "status"),
    [(1.0, "on_track"), (0.99, "at_risk"), (7 / 13, "at_risk"), (7 / 13 - 0.001, "off_track"), (-0.5, "off_track")],
)
def test_growth_without_a_probability_is_held_against_the_even_ramp(raw: float, status: Status) -> None:
    assert standing(raw=raw) == status


def test_a_stretch_goal_is_held_against_its_own_success_line() -> None:
    assert standing(raw=0.7, success=0.7) == "on_track"
    assert standing(raw=0.7 * 7 / 13, success=0.7) == "at_risk"
    assert standing(raw=0.7 * 7 / 13 - 0.001, success=0.7) == "off_track"


@pytest.mark.parametrize(("raw", "status"), [(0.5, "on_track"), (0.35, "at_risk"), (0.349, "off_track")])
def test_others_without_a_probability_are_held_against_what_is_expected(raw: float, status: Status) -> None:
    assert standing("stock", raw=raw, expected=0.5) == status


def test_what_is_expected_of_a_count_comes_whole() -> None:
    assert standing("count", raw=0.8, expected=0.8027, items=10) == "on_track", "8 of 8.03 expected posts"
    assert standing("count", raw=0.7, expected=0.8027, items=10) == "at_risk"
    assert standing("count", raw=0.5, expected=0.8027, items=10) == "off_track"
    assert standing("count", raw=0.0, expected=0.15, items=5) == "too_early", "no whole post is expected yet"
    assert standing("count", raw=0.2, expected=0.15, items=5) == "on_track"
    assert standing("count", raw=0.5, expected=0.85, items=10, success=0.7) == "on_track", "5 of 5.95 for seven tenths"


def test_achieved_and_out_of_reach_are_said_only_when_settled() -> None:
    assert standing(raw=5.0, probability=0.95) == "on_track"
    assert standing(raw=5.0, settled=True) == "achieved"
    assert standing(raw=5.0, settled=False) == "out_of_reach"


def test_no_data_is_never_a_judgement() -> None:
    assert standing(raw=None) == "cannot_be_judged"
    assert standing(raw=1.0, is_refused=True) == "cannot_be_judged"
    assert standing(raw=1.0, k=0) == "too_early"
    assert standing("count", raw=0.0, expected=0.0) == "too_early"
    assert standing("sum", raw=0.0, expected=0.0) == "too_early"
    assert standing("sum", raw=0.1, expected=0.0) == "on_track", "last year had nothing in these months"


# the ramp and the season


@pytest.mark.parametrize("k", range(1, 12))
@pytest.mark.parametrize("base", [[100.0] * 12, SEASON, SEASON[::-1]])
def test_a_client_on_an_even_ramp_never_reads_off_track(k: int, base: list[float]) -> None:
    arrives = 12 * 0.3 * sum(base) / sum(value * index for index, value in enumerate(base, start=1))
    now = [value * (1 + arrives * index / 12) for index, value in enumerate(base[:k], start=1)]
    progress = evaluated(
        key_result(target="+30%"),
        figures_of(months=monthly("unique_visitors", month("2025-01"), [*base, *now], as_of=date(2027, 1, 1))),
        as_of=date(2026 + (k + 1) // 13, k % 12 + 1, 20),
    )
    assert progress.prepared.measurement.k == k
    assert progress.status in {"at_risk", "on_track"}


@pytest.mark.parametrize("k", range(1, 12))
@pytest.mark.parametrize("target", ["+30%", "-20%"])
def test_a_seasonal_client_on_course_reads_on_course_in_every_month(k: int, target: str) -> None:
    growth = 1 + float(target.rstrip("%")) / 100
    rows = monthly("unique_visitors", month("2025-01"), [*SEASON, *(value * growth for value in SEASON[:k])])
    progress = evaluated(
        key_result(target=target), figures_of(months=rows), as_of=date(2026 + (k + 1) // 13, k % 12 + 1, 20)
    )
    assert (progress.status, progress.prepared.expected) == ("on_track", 1.0)


@pytest.mark.parametrize("k", range(1, 12))
def test_a_seasonal_sum_on_course_reads_on_course_in_every_month(k: int) -> None:
    as_of = date(2026, k + 1, 6)
    earlier = [*SEASON, *SEASON, *(value * 1.3 for value in SEASON[:k])]
    rows = monthly("sessions", month("2024-01"), earlier, as_of=as_of)
    progress = evaluated(key_result(kpi="sessions", target=1.3 * sum(SEASON)), figures_of(months=rows), as_of=as_of)
    assert progress.prepared.raw == pytest.approx(progress.prepared.expected)
    assert progress.status == "on_track"


def test_without_24_closed_months_a_sum_is_expected_by_elapsed_days() -> None:
    rows = monthly("sessions", month("2025-08"), [100.0] * 15)
    progress = evaluated(key_result(kpi="sessions", target=2000), figures_of(months=rows))
    assert progress.prepared.expected == pytest.approx(304 / 365), "until 31 October, as far as the data reach"


@pytest.mark.parametrize("told", [0, 19])
def test_the_zeros_before_an_account_opened_are_no_season_and_no_history_of_a_forecast(told: int) -> None:
    from tests.unit.okr_figures import source

    web = source("ga4", "web", opened=date(2025, 8, 1))
    rows = monthly("sessions", add_months(month("2025-08"), -told), [*[0.0] * told, *[100.0] * 15])
    jobs: list[Any] = []

    def forecaster(job: Any) -> Forecast:
        jobs.append(job)
        return Forecast()

    progress = evaluated(
        key_result(kpi="sessions", target=2000),
        figures_of(months=rows),
        sources=(web,),
        forecaster=forecaster,
    )
    assert progress.prepared.expected == pytest.approx(304 / 365)
    assert jobs[0].history == (100.0,) * 15


def test_the_seasons_share_counts_the_running_month_by_its_days() -> None:
    shape = {date(2026, 1, 1): 31.0, date(2026, 2, 1): 69.0}
    assert cumulative_share(shape, through=date(2026, 2, 14), observed={}) == pytest.approx((31 + 34.5) / 100)
    assert cumulative_share(shape, through=date(2026, 2, 14), observed={date(2026, 1, 1): 0.0}) == pytest.approx(0.345)


# forecasts


def forecast_of(probability: float | None, **settings: Any) -> Any:
    rows = monthly("unique_visitors", month("2024-01"), [*SEASON, *SEASON, *(v * 1.2 for v in SEASON[:10])])
    return evaluated(
        key_result(**({"target": "+30%"} | settings)),
        figures_of(months=rows),
        forecaster=lambda job: Forecast(
            mid=9.0, low=1.0, high=12.0, probability=probability, probability_full=0.05, tenths=True
        ),
    )


def test_a_forecasts_probability_decides_the_status_and_its_tenths_are_noted() -> None:
    progress = forecast_of(0.8)
    assert (progress.status, codes(progress)) == ("on_track", ["probability_tenths", "final_target"])


def test_a_stretch_goals_probability_of_the_full_target_is_a_note() -> None:
    assert "full_target_probability" in codes(forecast_of(0.8, ambition="stretch"))


def test_a_forecast_of_growth_says_where_the_target_will_lie_when_the_base_year_is_whole() -> None:
    note = next(each for each in forecast_of(0.8).notes if each.code == "final_target")
    assert dict(note.parts)["value"] == pytest.approx(1.3 * sum(SEASON) / 12)


def test_the_forecasts_job_holds_the_closed_months_of_the_same_figure_and_the_success_line() -> None:
    job = forecast_of(0.8, ambition="stretch").prepared.job
    assert (len(job.history), job.months_in, job.horizon) == (34, 10, 2)
    base = sum(SEASON) / 12
    assert job.success.value == pytest.approx(base * (1 + 0.7 * 0.3))
    assert job.success_full.value == pytest.approx(base * 1.3)


def test_a_break_in_the_history_is_told_to_the_forecast_and_explained() -> None:
    from tests.unit.okr_figures import source

    broken = source("ga4", "web", breaks=[{"date": date(2026, 1, 1), "reason": "GA4", "overlap_ratio": 0.9}])
    rows = monthly("unique_visitors", month("2024-01"), [100.0] * 34)
    progress = evaluated(
        key_result(target="+30%"), figures_of(months=rows), sources=(broken,), forecaster=lambda job: Forecast()
    )
    assert progress.prepared.job is not None
    assert progress.prepared.job.has_break
    assert "forecast_break" in codes(progress)


def test_a_history_that_begins_after_an_old_break_is_whole_again() -> None:
    from tests.unit.okr_figures import source

    broken = source("ga4", "web", breaks=[{"date": date(2024, 3, 6), "reason": "GA4"}])
    rows = monthly("unique_visitors", month("2024-01"), [100.0] * 34)
    progress = evaluated(
        key_result(target="+30%"), figures_of(months=rows), sources=(broken,), forecaster=lambda job: Forecast()
    )
    assert progress.prepared.job is not None
    assert (progress.prepared.job.has_break, len(progress.prepared.job.history)) == (False, 31)


def test_estimated_months_of_several_platforms_are_told_to_the_forecast() -> None:
    rows = [
        row
        for platform, months in (("linkedin", 34), ("facebook", 34))
        for row in monthly("followers", month("2024-01"), [100.0] * months, scope=f"platform={platform}")
    ]
    for row in rows[:4]:
        row["is_estimated"] = True
    progress = evaluated(
        key_result(kpi="followers", target="+30%"), figures_of(months=rows), forecaster=lambda job: Forecast()
    )
    assert progress.prepared.job is not None
    assert len(progress.prepared.measurement.used) == 2
    assert progress.prepared.job.estimated_share == pytest.approx(4 / 34)
    assert "forecast_estimated" in codes(progress)


def test_too_short_a_history_for_a_forecast_is_said() -> None:
    rows = monthly("unique_visitors", month("2026-01"), [100.0] * 10)
    progress = evaluated(
        key_result(target={"between": [60, 110]}), figures_of(months=rows), forecaster=lambda job: Forecast()
    )
    assert codes(progress) == ["forecast_short"]


# what a row says of growth, of the whole period's target and of the whole target


def test_a_percentage_target_says_how_much_it_has_grown_and_where_the_whole_periods_target_lies() -> None:
    progress = forecast_of(0.8)
    now, base = 1.2 * sum(SEASON[:10]) / 10, sum(SEASON[:10]) / 10
    assert progress.current_growth == pytest.approx(now / base - 1) == pytest.approx(0.2)
    assert progress.forecast_target == pytest.approx(1.3 * sum(SEASON) / 12)


def test_a_number_asked_for_has_no_growth_and_its_own_target_to_the_end() -> None:
    rows = monthly("sessions", month("2025-08"), [100.0] * 15)
    progress = evaluated(key_result(kpi="sessions", target=2000), figures_of(months=rows))
    assert (progress.current_growth, progress.forecast_target) == (None, 2000)


def test_a_stretch_goal_that_is_settled_says_of_the_whole_target_only_what_is_settled_too() -> None:
    rows = monthly("sessions", month("2025-08"), [100.0] * 15)
    met = key_result(kpi="sessions", target=1300, ambition="stretch")
    progress = evaluated(met, figures_of(months=rows))
    assert (progress.status, progress.forecast.probability, progress.forecast.probability_full) == (
        "achieved",
        1.0,
        None,
    )
    whole = key_result(kpi="sessions", target=900, ambition="stretch")
    assert evaluated(whole, figures_of(months=rows)).forecast.probability_full == 1.0


def test_a_stretch_goal_that_is_reached_still_has_a_forecast_of_its_whole_target() -> None:
    rows = monthly("sessions", month("2025-08"), [100.0] * 15)

    def said(_: ForecastJob) -> Forecast:
        return Forecast(mid=1200.0, low=1100.0, high=1350.0, probability=0.95, probability_full=0.2)

    progress = evaluated(
        key_result(kpi="sessions", target=1300, ambition="stretch"), figures_of(months=rows), forecaster=said
    )
    found = progress.forecast
    assert (progress.status, found.mid, found.probability, found.probability_full) == ("achieved", 1200.0, 1.0, 0.2)
    assert "full_target_probability" in codes(progress)
    # where nothing is open any more, none is made
    for ambition in ("committed", "stretch"):
        reached = key_result(kpi="sessions", target=900, ambition=ambition)
        assert evaluated(reached, figures_of(months=rows), forecaster=said).prepared.job is None


# roll-up


def weighed(*parts: tuple[str, float, float | None, Status]) -> RollUp:
    return roll_up(
        [Weighed(id=id_, weight=weight, progress=value, status=status) for id_, weight, value, status in parts]
    )


def test_an_objective_is_the_weighted_mean_of_key_results_that_have_a_value() -> None:
    found = weighed(("a", 2, 0.5, "on_track"), ("b", 1, 1.0, "on_track"), ("c", 1, None, "cannot_be_judged"))
    assert found.progress == pytest.approx(2 / 3)
    assert found.coverage == pytest.approx(0.75)
    assert (found.progress_low, found.progress_high) == (pytest.approx(0.5), pytest.approx(0.75))


def test_the_status_is_the_worst_weighty_one_and_names_it() -> None:
    found = weighed(("light", 1, 0.1, "off_track"), ("heavy", 9, 0.9, "on_track"))
    assert (found.status, found.deciding_key_result) == ("on_track", "heavy"), "a tenth of the weight does not decide"
    assert found.weakest_key_result == "light", "but it is the worst"
    found = weighed(("a", 1, 0.1, "off_track"), ("b", 3, 0.9, "on_track"))
    assert (found.status, found.deciding_key_result) == ("off_track", "a"), "exactly 25 % does"


def test_the_weakest_has_the_worst_status_and_then_the_least_progress_against_what_is_expected() -> None:
    late = Weighed(id="late", weight=1, progress=0.5, raw=0.5, expected=0.9, status="off_track")
    early = Weighed(id="early", weight=1, progress=0.2, raw=0.2, expected=0.3, status="off_track")
    behind = Weighed(id="behind", weight=1, progress=0.1, raw=0.1, expected=0.9, status="at_risk")
    assert roll_up([early, late, behind]).weakest_key_result == "late", "0.2 of 0.3 is nearer than 0.5 of 0.9"


def test_two_that_have_gone_backwards_are_told_apart_by_how_far() -> None:
    little = Weighed(id="a", weight=1, progress=0.0, raw=-0.1, expected=1.0, status="off_track")
    much = Weighed(id="b", weight=1, progress=0.0, raw=-0.8, expected=1.0, status="off_track")
    assert roll_up([little, much]).weakest_key_result == "b"


def test_an_objective_is_expected_to_be_where_the_key_results_behind_its_progress_are_expected_to_be() -> None:
    parts = (
        Weighed(id="a", weight=3, progress=0.4, expected=0.8, status="off_track"),
        Weighed(id="b", weight=1, progress=1.0, expected=1.0, status="on_track"),
        Weighed(id="c", weight=1, progress=None, expected=0.1, status="cannot_be_judged"),
    )
    assert roll_up(parts).expected_progress == pytest.approx((3 * 0.8 + 1) / 4)
    assert weighed(("a", 1, None, "cannot_be_judged")).expected_progress is None


def test_light_key_results_add_up_to_a_weighty_one() -> None:
    found = weighed(
        ("a", 1, 0.0, "out_of_reach"), ("b", 1, 0.1, "off_track"), ("c", 1, 0.2, "off_track"), ("d", 9, 1, "achieved")
    )
    assert (found.status, found.deciding_key_result, found.weakest_key_result) == ("off_track", "c", "a")


def test_a_quarter_reached_only_by_rounding_counts() -> None:
    parts: list[tuple[str, float, float | None, Status]] = [
        ("bad", 0.1 + 0.2, 0.0, "off_track"),
        ("good", 0.9, 1, "on_track"),
    ]
    assert weighed(*parts).deciding_key_result == "bad"


def test_no_data_is_grey_and_never_green() -> None:
    found = weighed(("a", 1, 1.0, "achieved"), ("b", 1.01, None, "cannot_be_judged"))
    assert (found.status, found.weakest_key_result, found.deciding_key_result) == ("cannot_be_judged", None, None)
    assert weighed(("a", 1, 1.0, "achieved"), ("b", 1, None, "cannot_be_judged")).status == "achieved"
    empty = weighed(("a", 1, None, "cannot_be_judged"))
    assert (empty.progress, empty.progress_low, empty.progress_high, empty.coverage) == (None, 0.0, 1.0, 0.0)


def test_all_too_early_is_too_early_and_a_mixture_is_not() -> None:
    assert weighed(("a", 1, None, "too_early"), ("b", 1, None, "too_early")).status == "too_early"
    assert weighed(("a", 1, None, "too_early"), ("b", 1, None, "cannot_be_judged")).status == "cannot_be_judged"


def test_an_objective_without_key_results_is_refused() -> None:
    with pytest.raises(ValueError, match="without key results"):
        roll_up([])


@pytest.mark.parametrize(
    ("value", "colour"), [(0.0, "red"), (0.39, "red"), (0.4, "amber"), (0.69, "amber"), (0.7, "green"), (1.0, "green")]
)
def test_the_score_at_the_close_has_a_colour(value: float, colour: str) -> None:
    assert score(value).colour == colour


KEY_RESULTS = st.lists(
    st.builds(
        Weighed,
        id=st.text("abc", min_size=1, max_size=3),
        weight=st.floats(0.01, 100),
        progress=st.none() | st.floats(0, 1),
        status=st.sampled_from([*JUDGED, "too_early", "cannot_be_judged"]),
    ),
    min_size=1,
    max_size=6,
)


@given(KEY_RESULTS)
def test_the_interval_holds_the_value_and_whatever_the_missing_ones_turn_out_to_be(parts: Sequence[Weighed]) -> None:
    found = roll_up(parts)
    everything = sum(each.weight for each in parts)
    for guess in (0.0, 0.3, 1.0):
        whole = sum(each.weight * (guess if each.progress is None else each.progress) for each in parts) / everything
        assert found.progress_low - 1e-9 <= whole <= found.progress_high + 1e-9
    if found.progress is not None:
        assert found.progress_low - 1e-9 <= found.progress <= found.progress_high + 1e-9
    assert 0 <= found.coverage <= 1


@given(KEY_RESULTS)
def test_the_roll_up_does_not_depend_on_order(parts: list[Weighed]) -> None:
    one, other = roll_up(parts), roll_up(parts[::-1])
    assert one.status == other.status
    assert one.progress == pytest.approx(other.progress)


def test_with_nothing_missing_the_interval_is_the_progress_to_the_last_bit() -> None:
    # one bit more than its upper end, and the check on objective_progress refuses a new client's first night
    for value in (0.9419881384267758, 0.1, 1 / 3):
        found = roll_up([Weighed(id="only", weight=1.0, progress=value, status="on_track")])
        assert found.progress_low == found.progress == found.progress_high == value
