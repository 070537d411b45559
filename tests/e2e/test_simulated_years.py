"""``make torture``'s simulated years, those of whole worlds and of two clients; ``seeds.py`` says which.

Really under test: that the figures at the end are the world's, and what must hold on each night (``promises.py``). What
the seeds cover together is counted in ``tests/unit/test_torture_seeds.py``. Small worlds of one client have a file of
their own, so that two workers share them.
"""

from __future__ import annotations

import pytest

from tests.torture.seeds import NIGHTS_OF_THE_WHOLE, TWO_CLIENTS, WHOLE, nights_of_a_small_world
from tests.torture.years import run_seed


@pytest.mark.parametrize("seed", WHOLE)
def test_a_year_of_three_clients_and_all_sources_ends_in_the_worlds_own_figures(seed: int) -> None:
    story, broken = run_seed(seed, NIGHTS_OF_THE_WHOLE)
    assert not broken, "\n".join([*story.told, *map(str, broken)])
    assert story.is_whole
    assert story.nights > NIGHTS_OF_THE_WHOLE
    assert story.compared > 500


@pytest.mark.parametrize("seed", TWO_CLIENTS)
def test_a_year_of_a_client_that_stays_and_one_that_comes_and_goes_does_too(seed: int) -> None:
    nights = nights_of_a_small_world()
    story, broken = run_seed(seed, nights)
    assert not broken, "\n".join([*story.told, *map(str, broken)])
    assert (len(story.clients), story.nights > nights) == (2, True)
