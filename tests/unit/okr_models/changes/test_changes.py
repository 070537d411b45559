"""What a change is made of, and which changes a reader hears of first."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_models.changes.model import OTHER, Changed, Part, in_order, parts_of

FIGURES = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.floats(-1e6, 1e6), max_size=4)


def changed(name: str = "k", **values: Any) -> Changed:
    plain: dict[str, Any] = {
        "objective_id": "o",
        "key_result_id": name,
        "title": name,
        "unit": "visitors",
        "since": date(2026, 11, 13),
        "as_of": date(2026, 11, 20),
        "status_then": "on_track",
        "status": "on_track",
        "current_then": 100.0,
        "current": 100.0,
        "target_then": 200.0,
        "target": 200.0,
        "progress_then": 0.5,
        "progress": 0.5,
    }
    return Changed(**plain | values)


@given(then=FIGURES, now=FIGURES, change=st.floats(-1e6, 1e6), most=st.none() | st.integers(1, 3))
def test_parts_always_add_up_to_the_change(
    then: dict[str, float], now: dict[str, float], change: float, most: int | None
) -> None:
    parts = parts_of(then, now, change=change, most=most)
    assert bool(parts) == bool(then.keys() & now.keys()) or change == 0 or then == now
    if parts:
        size = max([abs(change), *(abs(value) for value in (*then.values(), *now.values()))])
        assert math.isclose(math.fsum(part.change for part in parts), change, abs_tol=1e-6 * max(1.0, size))


def test_a_platform_that_is_on_one_side_only_is_no_part_of_its_own() -> None:
    parts = parts_of({"a": 10.0}, {"a": 12.0, "new": 50.0}, change=2.5)
    assert parts == (Part("a", 2.0), Part(OTHER, 0.5))


def test_a_turn_for_the_worse_comes_first_and_what_stood_still_not_at_all() -> None:
    news = [
        changed("still"),
        changed("inched", progress=0.505),
        changed("far", progress=0.8),
        changed("better", status_then="at_risk", progress=0.6),
        changed("met", met=("A post",)),
        changed("worse", status="off_track"),
        changed("new", status_then=None, progress_then=None),
    ]
    assert [each.key_result_id for each in in_order(news)] == ["worse", "better", "met", "far", "new"]


def test_a_revised_target_is_news_and_a_restated_baseline_is_not() -> None:
    assert changed(target=150.0).is_news
    assert not changed(target=200.4).is_news
    # growth of a tenth over nine months of last year, and over ten
    assert not changed(target_then=220.0, baseline_then=200.0, target=231.0, baseline=210.0).is_news
    assert changed(target_then=220.0, baseline_then=200.0, target=252.0, baseline=210.0).is_news


def test_how_far_past_its_target_a_key_result_went_is_no_news() -> None:
    assert not changed(progress_then=2.03, progress=2.05).is_news
    assert changed(progress_then=0.99, progress=1.02).is_news
    assert changed(progress_then=1.02, progress=0.98).is_news


@pytest.mark.parametrize(
    ("then", "now", "is_better"),
    [
        ("on_track", "achieved", True),
        ("at_risk", "off_track", False),
        ("too_early", "on_track", None),
        ("on_track", "cannot_be_judged", None),
        (None, "on_track", None),
    ],
)
def test_only_between_judged_statuses_is_one_better(then: str | None, now: str, is_better: bool | None) -> None:
    assert changed(status_then=then, status=now).is_better is is_better
