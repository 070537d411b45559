"""The nightly job's own steps in this process, in its order, without Dagster's run around them. No test lives here.

Each step is the function that the job runs (``pipelines/assets``), checks, bulkheads and exports included; what is left
out is Dagster's event log, which is most of the price of a small night. Nothing sleeps between attempts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import dagster as dg

from connectors import registry
from connectors.core.protocol import Context, Source
from connectors.registry import SOURCE_TYPES
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window
from pipelines.assets.config import client_files, ledger_table
from pipelines.assets.ingest import ingest_sources, snapshots
from pipelines.assets.models import model_assets
from pipelines.assets.okr import okr_assets
from pipelines.assets.publish import publish_assets
from pipelines.keys import model_key
from pipelines.resources import Night, opened_night
from pipelines.warehouse import clock_check
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.stages import Unwatched
from pipelines.warehouse.models.project import load_project
from pipelines.warehouse.okr import forecasts
from tests.awake import asleep_no_time

_open_source = registry.open_source


def steps_of_the_job() -> dict[str, dg.AssetsDefinition]:
    """By name and in the job's order, over the SQL project as it stands."""
    models = model_assets()
    marts = [key for asset in models for key in sorted(asset.keys) if key.path[0] == "marts"]
    judged = okr_assets(marts)
    results = sorted(key for asset in judged for key in asset.keys)
    begun = [snapshots, ingest_sources, ledger_table, client_files]
    assets = [*begun, *models, *judged, *publish_assets([*marts, *results])]
    return {asset.op.name: asset for asset in assets}


STEPS = steps_of_the_job()
OPENING, CLOSING = "opening", "closing"
"""What is before the first step and after the last: the lock, the database opened, and closed."""


def unfed_models(types: Collection[str]) -> frozenset[dg.AssetKey]:
    """Models of raw tables that no source of these types fills, and of nothing else that gives rows: made once, they
    stay as they are. What a client's file says of a source only leaves rows out."""
    filled = {stream.table.name for kind in types for stream in SOURCE_TYPES[kind].streams}
    fed: set[str] = set()
    models = load_project().models
    for model in models:  # each after all that it reads
        raw = {table for schema, table in model.sources if schema == "raw"}
        reads = not raw.isdisjoint(filled) if raw else bool(model.sources)
        if reads or not fed.isdisjoint(model.refs) or model.layer == "marts":
            fed.add(model.name)
    return frozenset(model_key(model) for model in models if model.name not in fed)


@dataclass
class Told:
    """What a night's steps told Dagster. ``failed_checks``: those that did not pass, by table and check."""

    materialised: int = 0
    checks: int = 0
    failed_checks: dict[tuple[str, str], str] = field(default_factory=dict)

    def hear(self, event: object) -> None:
        if isinstance(event, dg.AssetCheckResult):
            self.checks += 1
            if not event.passed:
                key = event.asset_key.to_user_string() if event.asset_key else ""
                self.failed_checks[key, str(event.check_name)] = event.description or ""
        else:
            self.materialised += 1


class _Context:
    """What the steps ask of Dagster's context: what is selected, which days, whose run."""

    def __init__(
        self, step: dg.AssetsDefinition, run_id: str, reread: Window | None, unselected: Collection[dg.AssetKey]
    ) -> None:
        self.selected_asset_keys = set(step.keys).difference(unselected)
        self.selected_asset_check_keys = {key for key in step.check_keys if key.asset_key not in unselected}
        self.run_id = run_id
        self.run = SimpleNamespace(tags={"okr/launched_by": "torture"})
        self.instance = SimpleNamespace(add_run_tags=lambda *_: None)
        self.has_partition_key = False
        self.has_partition_key_range = reread is not None
        if reread is not None:
            self.partition_key_range = dg.PartitionKeyRange(str(reread.start), str(reread.end))


def open_awake(settings: SourceSettings, context: Context) -> Source:
    """A source that does not sleep between attempts."""
    return _open_source(settings, replace(context, sleep=asleep_no_time(context.budget)))


def run_step(
    step: dg.AssetsDefinition,
    night: Night,
    told: Told,
    *,
    reread: Window | None = None,
    unselected: Collection[dg.AssetKey] = (),
) -> None:
    """One step of the job over ``night``."""
    function: Any = step.op.compute_fn.decorated_fn  # type: ignore[union-attr]
    wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = {"context": _Context(step, night.run_id, reread, unselected), "night": night, "stages": Unwatched()}
    for event in function(**{argument: given[argument] for argument in wanted}):
        told.hear(event)


def run_night(
    home: Home,
    environ: Mapping[str, str],
    day: date,
    *,
    run_id: str | None = None,
    reread: Window | None = None,
    before: Callable[[str, Night], None] | None = None,
    without: frozenset[str] = frozenset(),
    unselected: Collection[dg.AssetKey] = (),
    clock_is_right: bool = False,
) -> Told:
    """The night of ``day``; raises what a step raises. ``before`` is told of each step, ``without`` leaves some out,
    ``unselected`` are assets that a person who started the run would not have selected.
    """
    told, run_id = Told(), run_id or f"run-{day}"
    with surroundings(environ, day), opened_night(home, run_id=run_id, clock_is_right=clock_is_right) as night:
        for name, step in STEPS.items():
            if before is not None:
                before(name, night)
            if name not in without:
                run_step(step, night, told, reread=reread, unselected=unselected)
        if before is not None:
            before(CLOSING, night)
    return told


@contextmanager
def surroundings(environ: Mapping[str, str], day: date) -> Iterator[None]:
    """The environment of a night of ``day``, and sources that do not sleep."""
    told = {**environ, "OKR_TODAY": day.isoformat()}
    # one process: fits of a small night are not worth starting others
    alone = mock.patch.object(forecasts, "night_workers", return_value=1)
    # the machine's own clock is the night's: nothing hangs on the day on which the rig is run
    clock = mock.patch.object(clock_check, "SystemClock", partial(fixed_clock, day))
    with mock.patch.dict(os.environ, told), mock.patch.object(registry, "open_source", open_awake), alone, clock:
        yield
