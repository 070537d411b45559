"""``make torture``'s simulated years, those of one client and of quiet nights: see ``test_simulated_years.py``."""

from __future__ import annotations

import pytest

from tests.torture.seeds import NIGHTS_OF_THE_CALM, ONE_CLIENT, nights_of_a_small_world
from tests.torture.years import run_seed


@pytest.mark.parametrize("seed", ONE_CLIENT)
def test_a_year_of_one_client_ends_in_the_worlds_own_figures(seed: int) -> None:
    nights = nights_of_a_small_world()
    story, broken = run_seed(seed, nights)
    assert not broken, "\n".join([*story.told, *map(str, broken)])
    assert (len(story.clients), story.nights > nights) == (1, True)


def test_a_calm_year_is_watched_from_its_first_night_on_and_ends_in_the_worlds_own_figures_too() -> None:
    story, broken = run_seed(2, NIGHTS_OF_THE_CALM, calm=True)
    assert not broken, "\n".join([*story.told, *map(str, broken)])
    assert (story.on, story.watch.nights) == (frozenset(), story.nights)
    assert story.watch.source_nights == sum(len(file.sources) for file in story.clients) * story.nights
