"""The simulated years of ``make test`` have every source and every trouble between them; no night is run here."""

from __future__ import annotations

from collections import Counter

from connectors.registry import SOURCE_TYPES
from tests.home import PROJECT
from tests.torture.clients import EDITS
from tests.torture.housework import AFTER_FILES, BEFORE_FILES
from tests.torture.night import unfed_models
from tests.torture.seeds import (
    NIGHTS,
    NIGHTS_OF_THE_CALM,
    NIGHTS_OF_THE_WHOLE,
    ONE_CLIENT,
    TWO_CLIENTS,
    WANTED,
    WHOLE,
    nights_of_a_small_world,
)
from tests.torture.years import FAULTS, SWITCHES, VENDORS, rehearsed


def test_every_source_and_every_trouble_comes_in_some_seed() -> None:
    small = [rehearsed(seed, NIGHTS) for seed in (*ONE_CLIENT, *TWO_CLIENTS)]
    stories = [*small, *(rehearsed(seed, NIGHTS_OF_THE_WHOLE) for seed in WHOLE)]
    seen = sum((story.seen for story in stories), Counter[str]())
    troubles = {"lost days", "found again", "missed nights", "kills", "run twice"}
    troubles |= {each.__name__ for each in (*BEFORE_FILES, *AFTER_FILES)}
    for wanted in ({each.__name__ for each in EDITS}, set(map(str, FAULTS)), troubles):
        assert wanted - seen.keys() == set()
    assert {*SWITCHES, "house"} == set().union(*(story.on for story in stories))
    # each vendor alone with the client's own files, or with another one, and not only where everything is
    assert {"csv", *VENDORS} == set().union(*(story.types for story in small))
    kinds = {str(result["kpi"]) for story in small for file in story.clients for result in file.results
             if "kpi" in result}  # fmt: skip
    assert {"orders", "members", "calls", "sessions", "followers", "unique_visitors"} <= kinds


def test_a_seeds_troubles_are_the_same_each_time() -> None:
    first, again = rehearsed(57, NIGHTS), rehearsed(57, NIGHTS)
    assert (first.told, first.seen, first.day) == (again.told, again.seen, again.day)


def test_models_are_left_out_only_where_no_source_fills_what_they_read() -> None:
    left_out = {key.path[-1] for key in unfed_models({"csv", "plausible"})}
    assert {"stg_raw__deals_daily", "stg_raw__tickets_daily"} <= left_out
    assert left_out.isdisjoint({"stg_raw__web_daily", "stg_raw__own_metrics", "int_kpi_days", "stg_ops__loads", "kpis"})
    assert unfed_models(SOURCE_TYPES.keys()) == frozenset()


def test_as_many_nights_as_are_wanted_are_run_and_never_fewer_than_the_seeds_were_chosen_for() -> None:
    assert nights_of_a_small_world({}) == nights_of_a_small_world({WANTED: "1"}) == NIGHTS
    each = nights_of_a_small_world({WANTED: "300"})
    settled = len(WHOLE) * (NIGHTS_OF_THE_WHOLE + 1) + NIGHTS_OF_THE_CALM + 1
    assert 300 <= settled + len((*ONE_CLIENT, *TWO_CLIENTS)) * (each + 1) < 305
    ran = (PROJECT / ".ci" / "run").read_text("utf-8")
    assert f"export {WANTED}=300 OKR_TEST_EVERY=50\n" in ran
