"""A post's own running total, read within its time, says what it received within it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from okr_models.client.targets import Condition
from okr_models.progress.items import Post, judge

PUBLISHED = date(2026, 4, 5)
FINAL = date(2027, 3, 31)
FLOOR = Condition(metric="interactions", at_least=5, within_days=28)


def post(total: float | None, *, metric: str = "interactions", daily: dict[date, float] | None = None) -> Post:
    return Post(
        item_id="p",
        source="instagram",
        title=None,
        url=None,
        published_at=None,
        published_on=PUBLISHED,
        daily={metric: daily or {}},
        totals={metric: total},
    )


@pytest.mark.parametrize(("age", "outcome"), [(14, "met"), (28, "met"), (29, "open")])
def test_what_it_had_before_its_first_reading_counts_if_that_was_within_its_time(age: int, outcome: str) -> None:
    as_of = PUBLISHED + timedelta(days=age)
    item = judge(post(9), [FLOOR], as_of=as_of, final_on=FINAL)
    assert item.outcome == outcome
    if outcome == "met":
        assert (item.value, item.decided_on) == (9, as_of - timedelta(days=1))


def test_a_total_below_the_floor_or_of_a_metric_that_is_only_seen_in_part_decides_nothing() -> None:
    as_of = PUBLISHED + timedelta(days=14)
    assert judge(post(4), [FLOOR], as_of=as_of, final_on=FINAL).outcome == "open"
    assert judge(post(None), [FLOOR], as_of=as_of, final_on=FINAL).outcome == "open"
    views = Condition(metric="page_views", at_least=5, within_days=28)
    assert judge(post(9, metric="page_views"), [views], as_of=as_of, final_on=FINAL).outcome == "open"


def test_what_came_after_the_day_that_is_judged_again_is_no_part() -> None:
    as_of = PUBLISHED + timedelta(days=14)
    known_now = post(9, daily={PUBLISHED + timedelta(days=20): 5.0})
    assert judge(known_now, [FLOOR], as_of=as_of, final_on=FINAL).outcome == "open"
    assert judge(known_now, [FLOOR], as_of=as_of + timedelta(days=7), final_on=FINAL).outcome == "met"


def test_a_ceiling_waits_for_the_days_themselves() -> None:
    ceiling = Condition(metric="interactions", at_most=5, within_days=28)
    assert judge(post(9), [ceiling], as_of=PUBLISHED + timedelta(days=14), final_on=FINAL).outcome == "open"
