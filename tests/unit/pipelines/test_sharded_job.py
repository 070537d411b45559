"""Dagster's job over shards, with a run that is made up: what it is asked, and what it says of each shard."""

from __future__ import annotations

from datetime import date
from typing import Any

import dagster as dg
import pytest

from pipelines.sharded import RAN, WHOLE, ShardsRun, build_sharded_defs
from pipelines.shards.engine import RunEnded
from pipelines.shards.night import Outcome

GOOD = Outcome(shard=0, kind="done", clients=("alfa", "beta"), exit_code=0, version=7, processor_seconds=20.0)
BAD = Outcome(shard=1, kind="failed", clients=("gamma",), problems=("the disk is full",))


class MadeUp(ShardsRun):
    """Answers with the outcomes given, and keeps what it was asked."""

    def __init__(self, outcomes: tuple[Outcome, ...]) -> None:
        self.outcomes = outcomes
        self.asked: list[dict[str, Any]] = []

    def run(self, **options: Any) -> RunEnded:
        self.asked.append(options)
        problems = tuple(line for each in self.outcomes for line in each.problems)
        return RunEnded(exit_code=0, problems=problems, outcomes=self.outcomes, published=None)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")

    def go(*outcomes: Outcome, day: str = "2026-11-19", shards: list[int] | None = None) -> tuple[Any, dict[str, Any]]:
        made_up = MadeUp(outcomes)
        job = build_sharded_defs(resource_overrides={"shards_run": made_up}).resolve_job_def("nightly_shards")
        config = {"ops": {"shards__night": {"config": {"shards": shards}}}} if shards else None
        with dg.DagsterInstance.ephemeral() as instance:
            result = job.execute_in_process(
                instance=instance, partition_key=day, run_config=config, raise_on_error=False
            )
        return result, made_up.asked[0]

    return go


def test_a_night_names_each_shard_that_failed_and_succeeds_for_the_others(run: Any) -> None:
    result, asked = run(GOOD, BAD)
    assert result.success
    assert (asked["only"], asked["start"]) == ([], None)
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert not checks[RAN].passed
    assert checks[RAN].description == "shards 1 failed"
    assert checks[WHOLE].description == "the disk is full"
    metadata = result.asset_materializations_for_node("shards__night")[0].metadata
    assert metadata["clients"].value == 3
    assert "| 1 | failed | 1 |" in metadata["outcomes"].value


def test_a_night_in_which_all_went_well_passes_its_checks(run: Any) -> None:
    result, _ = run(GOOD)
    assert [each.passed for each in result.get_asset_check_evaluations()] == [True, True]


def test_a_night_without_one_good_shard_fails(run: Any) -> None:
    result, _ = run(BAD)
    assert not result.success


def test_one_shard_is_run_again_from_the_launchpad_and_an_older_day_is_read_again(run: Any) -> None:
    _, asked = run(GOOD, shards=[3], day="2026-11-10")
    assert asked["only"] == [3]
    assert (asked["start"], asked["end"]) == (date(2026, 11, 10), date(2026, 11, 10))
