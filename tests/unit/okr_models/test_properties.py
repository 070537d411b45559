"""Properties of every key result: monotone, indifferent to units, defined or refused, never NaN (hypothesis)."""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_models.forecast.types import Forecast
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.figures import Figures
from okr_models.words.notes import sentences
from okr_models.words.numbers import Speech
from tests.unit.okr_figures import (
    AS_OF,
    FACEBOOK,
    LINKEDIN,
    WEB,
    daily,
    evaluated,
    figures_of,
    key_result,
    month,
    monthly,
    source,
)

CSV = source("csv", "crm")
KINDS = ("flow", "stock", "ratio")
TARGETS: tuple[Any, ...] = (
    "+30%",
    "-10%",
    500,
    {"at_least": 120},
    {"at_most": 80},
    {"at_least": 120, "hold": True},
    {"at_most": 80, "hold": True},
    {"between": [80, 120]},
)
BASELINES: tuple[Any, ...] = (
    None,
    "same_months_last_year",
    "start_of_period",
    {"value": 100},
    {"from": date(2025, 1, 1), "to": date(2025, 12, 31)},
)
VALUES = st.none() | st.floats(-1e6, 1e6) | st.just(0.0)
SERIES = st.lists(VALUES, min_size=0, max_size=24)
POSITIVE = st.floats(1, 1e6)


def own(kind: str, target: Any, baseline: Any, values: list[float | None], **changes: Any) -> KeyResultProgress:
    rows = monthly("own", month("2025-01"), values)
    kpi = {"id": "own", "title": "Own", "kind": kind, "unit": "points", "source": "crm"}
    result = key_result(kpi="own", target=target, **({} if baseline is None else {"baseline": baseline}), **changes)
    return evaluated(result, figures_of(months=rows), sources=(CSV,), kpis=(kpi,))


def assert_finite(progress: KeyResultProgress) -> None:
    found, ready = progress.prepared.measurement, progress.prepared
    numbers = [getattr(found, each.name) for each in fields(found)] + [ready.raw, ready.expected, progress.progress]
    for value in numbers:
        assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("baseline", BASELINES, ids=str)
@settings(max_examples=8, deadline=None)
@given(values=SERIES)
def test_each_combination_is_defined_or_refused_with_a_sentence(
    kind: str, target: Any, baseline: Any, values: list[float | None]
) -> None:
    progress = own(kind, target, baseline, values)
    assert_finite(progress)
    if progress.status in {"cannot_be_judged", "too_early"}:
        assert progress.progress is None
        assert sentences(progress.notes, Speech("sv"))
        assert sentences(progress.notes, Speech("en"))
    else:
        assert progress.prepared.raw is not None
        assert progress.progress is not None
        assert 0 <= progress.progress <= 1
        assert progress.prepared.expected is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["+30%", 500, {"at_least": 120}, {"at_least": 120, "hold": True}], ids=str)
@settings(max_examples=12, deadline=None)
@given(
    base=st.lists(POSITIVE, min_size=12, max_size=12), now=st.lists(POSITIVE, min_size=10, max_size=10), more=POSITIVE
)
def test_progress_never_sinks_when_the_current_value_rises(
    kind: str, target: Any, base: list[float], now: list[float], more: float
) -> None:
    if kind == "stock":
        base = [base[-1]] * 12
    low = own(kind, target, None, [*base, *now])
    high = own(kind, target, None, [*base, *(value + more for value in now)])
    if low.prepared.raw is None or high.prepared.raw is None:
        assert low.status == high.status
        return
    going_down = not isinstance(target, str | dict) and low.prepared.measurement.baseline > target  # type: ignore[operator]
    first, second = (high, low) if going_down else (low, high)
    assert second.prepared.raw is not None
    assert first.prepared.raw is not None
    assert second.prepared.raw >= first.prepared.raw - 1e-9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["+30%", "-10%", 500, {"at_least": 120}, {"between": [80, 120]}], ids=str)
@settings(max_examples=12, deadline=None)
@given(values=st.lists(POSITIVE, min_size=22, max_size=22), unit=st.sampled_from([0.001, 0.5, 60.0, 1000.0]))
def test_progress_is_the_same_in_any_unit(kind: str, target: Any, values: list[float], unit: float) -> None:
    def scaled(goal: Any) -> Any:
        if isinstance(goal, dict):
            return {key: scaled(each) for key, each in goal.items()}
        if isinstance(goal, list):
            return [each * unit for each in goal]
        return goal if isinstance(goal, str) else goal * unit

    one = own(kind, target, None, list(values))
    other = own(kind, scaled(target), None, [value * unit for value in values])
    if one.prepared.raw is None:
        assert other.prepared.raw is None
    else:
        assert other.prepared.raw == pytest.approx(one.prepared.raw, rel=1e-6, abs=1e-6)
    assert one.prepared.expected == pytest.approx(other.prepared.expected)


@settings(max_examples=60, deadline=None)
@given(
    linkedin=SERIES,
    facebook=SERIES,
    whole=SERIES,
    target=st.sampled_from(["+30%", "-10%", 500, {"at_least": 120}]),
    ambition=st.sampled_from(["committed", "stretch"]),
)
def test_platforms_with_holes_of_any_kind_are_defined_or_refused(
    linkedin: list[float | None], facebook: list[float | None], whole: list[float | None], target: Any, ambition: str
) -> None:
    rows = [
        *monthly("interactions", month("2025-01"), linkedin, scope="platform=linkedin"),
        *monthly("interactions", month("2025-01"), facebook, scope="platform=facebook"),
        *monthly("interactions", month("2025-01"), whole),
    ]
    progress = evaluated(
        key_result(kpi="interactions", target=target, ambition=ambition),
        figures_of(months=rows),
        sources=(LINKEDIN, FACEBOOK),
        forecaster=lambda job: Forecast(),
    )
    assert_finite(progress)
    assert sentences(progress.notes, Speech("sv")) or progress.status not in {"cannot_be_judged", "too_early"}


@settings(max_examples=40, deadline=None)
@given(days=st.dictionaries(st.integers(-80, 330), st.floats(0, 1e6), max_size=12), offset=st.integers(0, 500))
def test_stocks_observed_at_any_time_are_defined_or_refused_on_any_day(days: dict[int, float], offset: int) -> None:
    start = date(2026, 1, 1)
    rows = daily(
        "followers", {start + timedelta(days=day): value for day, value in days.items()}, scope="platform=linkedin"
    )
    progress = evaluated(
        key_result(kpi="followers", target="+25%"),
        figures_of(days=rows),
        sources=(LINKEDIN,),
        as_of=start + timedelta(days=offset),
    )
    assert_finite(progress)


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(100, 10**8).map(lambda n: n / 100), min_size=22, max_size=22), data=st.data())
def test_the_input_hash_ignores_row_order_and_the_last_bits_and_nothing_else(values: list[float], data: Any) -> None:
    rows = monthly("unique_visitors", month("2025-01"), values)
    shuffled = data.draw(st.permutations(rows))
    nudged = [row | {"value": row["value"] * (1 + 1e-15)} for row in shuffled]
    changed = [row | {"value": row["value"] * 1.001} for row in rows]

    def hashed(figures: Figures, as_of: date = AS_OF) -> str:
        return evaluated(key_result(target="+30%"), figures, sources=(WEB,), as_of=as_of).prepared.input_hash

    one = hashed(figures_of(months=rows))
    assert hashed(figures_of(months=nudged)) == one
    assert hashed(figures_of(months=changed)) != one
    assert hashed(figures_of(months=rows), as_of=AS_OF + timedelta(days=1)) != one
