"""A count of posts that stay at or below a figure: each is judged when its time is over, or once it is above."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from okr_models.client.targets import Condition
from okr_models.progress.figures import Met
from okr_models.progress.items import JudgedItem, Post, judge, stay_met

PUBLISHED = date(2026, 8, 3)
CEILING = (Condition(metric="page_views", at_most=100, within_days=10),)


def judged(views: list[float], *, days_later: int, conditions: tuple[Condition, ...] = CEILING) -> JudgedItem:
    """A post with ``views`` a day, as the night ``days_later`` than its publication says."""
    daily = {PUBLISHED + timedelta(at): one for at, one in enumerate(views[:days_later])}
    post = Post(
        item_id="1", source="blog", title="T", url="https://acme.se/a/", published_at=None, published_on=PUBLISHED,
        daily={"page_views": daily}, totals={"page_views": sum(daily.values())},
        given_through={"page_views": PUBLISHED + timedelta(days_later - 1)},
    )  # fmt: skip
    return judge(post, conditions, as_of=PUBLISHED + timedelta(days_later), final_on=date(2027, 3, 31))


@pytest.mark.parametrize(
    ("views", "days_later", "outcome", "value", "decided_on"),
    [
        ([5.0] * 20, 3, "open", 15.0, None),
        ([5.0] * 20, 9, "open", 45.0, None),
        ([5.0] * 20, 10, "met", 50.0, date(2026, 8, 12)),
        ([5.0] * 10 + [500.0] * 10, 20, "met", 50.0, date(2026, 8, 12)),
        ([10.0] * 20, 20, "met", 100.0, date(2026, 8, 12)),
        ([50.0] * 20, 4, "missed", 200.0, date(2026, 8, 5)),
    ],
)
def test_a_ceiling_is_met_by_the_days_of_a_posts_own_time_once_that_is_over(
    views: list[float], days_later: int, outcome: str, value: float, decided_on: date | None
) -> None:
    item = judged(views, days_later=days_later)
    assert (item.outcome, item.value, item.decided_on) == (outcome, value, decided_on)


def test_without_a_time_of_its_own_a_ceiling_is_open_until_the_count_is_final() -> None:
    forever = (Condition(metric="page_views", at_most=100),)
    assert judged([1.0] * 20, days_later=20, conditions=forever).outcome == "open"
    assert judged([9.0] * 20, days_later=20, conditions=forever).outcome == "missed"


def test_what_was_called_met_below_a_ceiling_before_its_time_was_over_does_not_stay_it() -> None:
    item = judged([50.0] * 20, days_later=12)
    said = Met(objective="o", key_result="k", item_id="1", url=item.url, value=50.0, threshold=100.0,
               decided_on=PUBLISHED, since=date(2026, 8, 4))  # fmt: skip
    assert stay_met([item], [said], CEILING)[0].outcome == "missed"
    late = Met(objective="o", key_result="k", item_id="1", url=item.url, value=90.0, threshold=100.0,
               decided_on=date(2026, 8, 12), since=date(2026, 8, 13))  # fmt: skip
    assert stay_met([item], [late], CEILING)[0].outcome == "met"
