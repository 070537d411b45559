"""A list that was full and comes back empty, or suddenly short: the old one stands for a night, and says so.

Really under test: ``doubted_lists.doubted``, and nights through ``reading`` and ``writer`` in which it applies.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.core.arrow import build_table
from connectors.core.doubt import Doubt, codes, qualified
from connectors.core.protocol import Batch, Stream
from connectors.core.raw_tables import BLOG_POSTS, FOLLOWER_SNAPSHOTS, OWN_METRICS
from okr_models.periods import Window
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.ingest.doubted_lists import doubted, fallen
from pipelines.warehouse.ingest.ledger import Load

ZONE = ZoneInfo("Europe/Stockholm")
FIRST = date(2026, 11, 10)
POSTS = Stream(table=BLOG_POSTS, delivery="listing", grain=None)
EMPTIED = qualified({}, [Doubt(code="list_empty")], stream="blog_posts", covers=None)


def load(night: int, rows: int, *, status: Any = "loaded", quality: Any = None) -> Load:
    day = FIRST + timedelta(days=night)
    at = fixed_clock(day).now()
    return Load(
        client="acme", source="blog", stream="blog_posts", window=Window(day, day), rows=rows, status=status,
        attempts=1, started_at=at, finished_at=at, run_id="r", quality=quality or {},
    )  # fmt: skip


def seen(loads: list[Load], *, night: int, batch: Batch | None = None, stream: Stream = POSTS) -> Batch:
    now = fixed_clock(FIRST + timedelta(days=night)).now()
    empty = batch or Batch(rows=build_table(stream.table, []))
    return doubted(empty, stream=stream, loads=loads, now=now, zone=ZONE)


def test_the_first_empty_night_says_nothing_of_what_is_known_and_is_noted() -> None:
    batch = seen([load(0, 7)], night=1)
    assert batch.listed_since == fixed_clock(FIRST + timedelta(days=1)).now()
    assert codes(batch.quality) == {"list_empty"}
    assert "second night" in str(batch.partly)


@pytest.mark.parametrize(
    ("loads", "night"),
    [
        ([load(0, 7), load(1, 0, quality=EMPTIED)], 2),
        ([load(0, 7), load(1, 0, quality=EMPTIED), load(2, 0, status="failed")], 3),
        ([], 0),
        ([load(0, 0)], 1),
        ([load(0, 7, status="failed")], 1),
    ],
)
def test_a_second_empty_night_is_believed_and_so_is_a_list_that_never_had_anything(
    loads: list[Load], night: int
) -> None:
    batch = seen(loads, night=night)
    assert batch.listed_since is None
    assert "doubts" not in batch.quality


def test_a_second_run_of_the_same_day_is_no_second_night() -> None:
    assert codes(seen([load(0, 7), load(1, 0, quality=EMPTIED)], night=1).quality) == {"list_empty"}


def test_a_list_that_came_back_in_between_is_doubted_anew() -> None:
    loads = [load(0, 7), load(1, 0, quality=EMPTIED), load(2, 7)]
    assert codes(seen(loads, night=3).quality) == {"list_empty"}


def short(shown: int, total: int) -> Any:
    doubt = Doubt(code="list_not_whole", quantity=shown, of=total)
    return qualified({}, [doubt], stream="blog_posts", covers=None)


@pytest.mark.parametrize(
    ("loads", "night", "is_believed"),
    [
        ([load(0, 3)], 1, False),
        ([load(0, 3), load(1, 2, quality=short(2, 3))], 1, False),
        ([load(0, 3), load(1, 2, quality=short(2, 3))], 2, True),
        ([load(0, 4, quality=short(4, 5))], 1, True),
        ([], 0, True),
    ],
)
def test_posts_that_are_suddenly_counted_and_not_shown_stay_for_a_night(
    loads: list[Load], night: int, is_believed: bool
) -> None:
    batch = Batch(rows=build_table(BLOG_POSTS, [post()]), quality=short(2, 3))
    assert (seen(loads, night=night, batch=batch).listed_since is None) == is_believed


def test_what_says_itself_how_far_it_reaches_and_what_is_no_list_is_left_alone() -> None:
    reaches = Batch(rows=build_table(BLOG_POSTS, []), listed_since=fixed_clock(FIRST).now())
    named = Batch(rows=build_table(BLOG_POSTS, []), present=frozenset({"1"}))
    snapshots = Stream(table=FOLLOWER_SNAPSHOTS, delivery="snapshot")
    for batch, stream in (
        (reaches, POSTS),
        (named, POSTS),
        (Batch(rows=build_table(FOLLOWER_SNAPSHOTS, [])), snapshots),
    ):
        assert seen([load(0, 7)], night=1, batch=batch, stream=stream) is batch
    full = replace(reaches, listed_since=None, rows=build_table(BLOG_POSTS, [post()]))
    assert seen([load(0, 7)], night=1, batch=full) is full


FIGURES = Stream(table=OWN_METRICS, delivery="listing", grain=None)


def figures(count: int, loads: list[Load], *, night: int) -> Batch:
    """A sheet with so many rows, read on a night after ``loads``."""
    rows = [
        {
            "kpi": "nps",
            "scope": "all",
            "grain": "day",
            "period_start": FIRST - timedelta(days=n),
            "value": 1.0,
            "numerator": None,
            "denominator": None,
        }
        for n in range(count)
    ]
    batch = Batch(rows=build_table(OWN_METRICS, rows))
    return fallen(batch, stream=FIGURES, loads=loads, now=fixed_clock(FIRST + timedelta(days=night)).now())


@pytest.mark.parametrize(
    ("count", "loads", "night", "is_said"),
    [
        (9, [load(0, 20)], 1, True),
        (0, [load(0, 20)], 1, True),
        (9, [load(0, 20), load(1, 9)], 2, True),  # for as long as a reader of every week may not have seen it
        (9, [load(0, 20), load(1, 9)], 8, False),
        (10, [load(0, 20)], 1, False),
        (2, [load(0, 5)], 1, False),
        (9, [load(0, 20, status="failed")], 1, False),
        (9, [], 0, False),
    ],
)
def test_a_clients_own_list_of_which_most_has_gone_counts_at_once_and_says_so(
    count: int, loads: list[Load], night: int, is_said: bool
) -> None:
    batch = figures(count, loads, night=night)
    assert batch.listed_since is None
    assert codes(batch.quality) == ({"rows_fell"} if is_said else frozenset())
    assert batch.partly is None


def post() -> dict[str, object]:
    at = fixed_clock(FIRST).now()
    return {"post_id": "1", "url": "https://a.se/1", "title": "A", "published_at": at, "published_on": FIRST,
            "modified_at": None}  # fmt: skip
