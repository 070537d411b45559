"""A few nights of ``make torture``'s simulated years: one seed, with vendors' faults, edits, kills and late figures.

Really under test: that the figures at the end are the world's, and what must hold on each night (``promises.py``). A
seed that once failed is a case here.
"""

from __future__ import annotations

import pytest

from tests.torture.years import run_seed

NIGHTS = 6


@pytest.mark.parametrize("seed", [1])
def test_a_year_with_every_trouble_ends_in_the_worlds_own_figures(seed: int) -> None:
    story, broken = run_seed(seed, NIGHTS)
    assert not broken, "\n".join([*story.told, *map(str, broken)])
    assert story.nights > NIGHTS
    assert story.compared > 500
    assert {"faults", "edits"} <= story.on


def test_a_calm_year_is_watched_from_its_first_night_on_and_ends_in_the_worlds_own_figures_too() -> None:
    story, broken = run_seed(2, 3, calm=True)
    assert not broken, "\n".join([*story.told, *map(str, broken)])
    assert (story.on, story.watch.nights) == (frozenset(), story.nights)
    assert story.watch.source_nights == sum(len(file.sources) for file in story.clients) * story.nights
