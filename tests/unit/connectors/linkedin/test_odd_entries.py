"""LinkedIn's entries that say neither their day nor who they are: each costs itself, and no day or post is guessed.

Really under test: ``connectors.linkedin.source``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.core.doubt import not_made_days
from connectors.linkedin.source import COUNTERS, INTERACTIONS, POSTS
from tests.fake_vendor import NOW, Says, doubts, vendor
from tests.unit.connectors.linkedin.test_source import WEEK, bucket, listing, ms, opened, post, stats


@pytest.mark.parametrize(
    "time_range", [None, {}, {"start": "noon"}, {"start": ms(date(2026, 11, 13)) + 3_600_000}, {"start": ms(date.max)}]
)
def test_a_day_that_cannot_be_told_costs_itself_and_leaves_no_day_a_zero(time_range: Any) -> None:
    elements = [bucket(date(2026, 11, 12), **stats(5, 2, 1)), {"timeRange": time_range, **stats(7, 7, 7)}]
    with vendor([Says({"elements": elements})]) as server:
        batch = opened(server).read(INTERACTIONS, WEEK)
    assert [(row["day"].day, row["likes"]) for row in batch.rows.to_pylist()] == [(12, 5)]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1
    assert sorted(not_made_days(batch.quality)) == [date(2026, 11, number) for number in range(13, 19)]


def test_a_post_without_an_id_costs_itself_and_may_be_any_that_was_known() -> None:
    posts = [post(f"urn:li:share:{number}", days_old=number) for number in range(1, 4)]
    del posts[1]["id"]
    with vendor(lambda asked: Says(listing(posts)(asked))) as server:
        batch = opened(server).read(POSTS, None)
    assert [row["post_id"][-1] for row in batch.rows.to_pylist()] == ["1", "3"]
    assert batch.listed_since == NOW
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


@pytest.mark.parametrize("named", [{}, {"share": None}, {"share": 7}, {"share": "urn:li:share:9"}])
def test_totals_of_nobody_knows_which_post_leave_no_other_post_at_zero(named: dict[str, Any]) -> None:
    """Zero would take back all that the post ever received, and give it back the night after."""
    page = listing([post(f"urn:li:share:{number}") for number in (1, 2)])
    told = {"elements": [{"share": "urn:li:share:1", **stats(5, 2, 1)}, {**named, **stats(57, 3, 4)}]}
    with vendor(lambda asked: Says(page(asked) if asked.path == "/rest/posts" else told)) as server:
        batch = opened(server).read(COUNTERS, None)
    assert [(row["post_id"][-1], row["likes"]) for row in batch.rows.to_pylist()] == [("1", 5)]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1
