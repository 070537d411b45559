"""One key result put together: measured, compared with what it should be, forecast where allowed, and judged.

What belongs here: the order of things, in two steps so that forecasts can be made apart (and in parallel), and the
finished row. What does not: any rule of its own; each has its module. Reading and writing is the OKR step's
(``pipelines/warehouse/okr/judge.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from okr_models.client.model import BaselinePeriod, Change, Client, KeyResult, Milestones, Objective
from okr_models.client.version import definition_version
from okr_models.forecast.forecast import ForecastJob
from okr_models.forecast.types import Forecast
from okr_models.progress.baselines import period_months
from okr_models.progress.components import Anatomy, Measured, anatomy, measured
from okr_models.progress.counts import calendar_closed, final_on, measure_count, measure_milestones
from okr_models.progress.decided import settled
from okr_models.progress.due import whole_items
from okr_models.progress.expected import expected_progress, seasonal_ramp
from okr_models.progress.figures import Failure, Figures, Met
from okr_models.progress.fingerprint import fingerprint
from okr_models.progress.forecast_job import forecast_job
from okr_models.progress.formula import clipped, raw_progress
from okr_models.progress.growth import measure_growth
from okr_models.progress.items import JudgedItem
from okr_models.progress.lacking import no_value
from okr_models.progress.levels import measure_hold, measure_level
from okr_models.progress.like_for_like import closed_months
from okr_models.progress.measures import NOTHING, SUCCESS, Measurement, Rule, Task, goal, rule_of, with_targets
from okr_models.progress.notes_due import (
    EarlierVersion,
    about_anomalies,
    about_changed_accounts,
    about_forecast,
    about_inputs,
    about_twins,
    relevant_doubts,
    relevant_failures,
    relevant_leavers,
    relevant_restatements,
    unexplained_change,
)
from okr_models.progress.post_notes import about_posts
from okr_models.progress.rollup import RollUp, Weighed, roll_up
from okr_models.progress.status import Standing, Status, status_of
from okr_models.progress.stocks import measure_stock
from okr_models.progress.sums import measure_sum
from okr_models.words.codes import Note, note

RULES = 6
"""Part of every ``input_hash``: goes up where the same inputs give another row, so that a rerun adds it."""
STOCK_DAYS_BEFORE = timedelta(days=366 + 35)
"""A stock may stand against the same day a year before, observed at most 35 days earlier."""

Forecaster = Callable[[ForecastJob], Forecast | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Everything about a key result but its forecast. ``input_hash`` covers all that the finished row depends on."""

    client: Client
    objective: Objective
    task: Task
    measurement: Measurement
    items: tuple[JudgedItem, ...]
    raw: float | None
    expected: float | None
    """What a year on course would show today; of a count in whole items."""
    ramp: float
    settled: bool | None
    job: ForecastJob | None
    notes: tuple[Note, ...]
    definition_version: str
    input_hash: str
    position: int
    """Among the objective's key results, from 1."""

    @property
    def key_result(self) -> KeyResult:
        return self.task.key_result


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultProgress:
    """One row of ``key_result_progress`` but for ``known_at``, and what an explanation is made from."""

    prepared: Prepared
    status: Status
    pace_status: Status
    """What the status would be without a forecast: where the two differ, the forecast decides."""
    forecast: Forecast
    progress: float | None
    notes: tuple[Note, ...]
    current_growth: float | None
    """A / B - 1, where the target is a percentage of B."""
    forecast_target: float | None
    """T over the whole period, in whose unit forecast and probability stand."""


def evaluate_key_result(
    client: Client,
    objective: Objective,
    key_result: KeyResult,
    figures: Figures,
    *,
    as_of: date,
    failures: Sequence[Failure] = (),
    earlier: Sequence[EarlierVersion] = (),
    judged_on: date | None = None,
    forecaster: Forecaster | None = None,
) -> KeyResultProgress:
    """Prepared, forecast and finished in one go."""
    ready = prepare(
        client,
        objective,
        key_result,
        figures,
        as_of=as_of,
        failures=failures,
        earlier=earlier,
        judged_on=judged_on,
        with_forecast=forecaster is not None,
    )
    return finish(ready, forecaster(ready.job) if forecaster is not None and ready.job is not None else None)


def prepare(
    client: Client,
    objective: Objective,
    key_result: KeyResult,
    figures: Figures,
    *,
    as_of: date,
    failures: Sequence[Failure] = (),
    earlier: Sequence[EarlierVersion] = (),
    judged_on: date | None = None,
    with_forecast: bool = True,
) -> Prepared:
    """Everything that needs no model. ``judged_on``: the day it is done, where that is not ``as_of``."""
    task = task_of(objective, key_result, as_of=as_of)
    met = figures.met_of(objective.id, key_result.id, as_of=as_of)
    body, measurement, items = _measure(task, client, figures, met)
    success = SUCCESS[key_result.ambition]
    raw = raw_progress(measurement, task.target)
    outcome = settled(task, measurement, raw=raw, success=success)
    if measurement.rule == "count" and outcome is None and as_of > final_on(task):
        late = note("count_unobserved", count=measurement.open_items)
        measurement, raw = replace(measurement, refusal=measurement.refusal or late), None
    can_forecast = with_forecast and body is not None and _is_open(task, measurement, raw=raw, outcome=outcome)
    job = forecast_job(task, measurement, body, success=success) if can_forecast and body is not None else None
    relevant = relevant_failures(client, key_result, failures, as_of=as_of)
    restated = relevant_restatements(task, measurement, figures.restatements)
    doubts = (
        *relevant_doubts(client, task, figures.doubts, rule=measurement.rule),
        *about_anomalies(client, task, rule=measurement.rule),
        *relevant_leavers(client, task, figures.read),
        *about_changed_accounts(client, task, figures.read),
        *about_twins(client, task, figures.twins),
        *about_posts(task, figures),
    )
    measurement = replace(measurement, notes=(*measurement.notes, *doubts)) if doubts else measurement
    version = definition_version(key_result, objective, client)
    position = objective.key_results.index(key_result) + 1
    changed = unexplained_change(client, objective, key_result, earlier=earlier, judged_on=judged_on or as_of)
    expected = expected_progress(task, measurement, body)
    known = (RULES, task, body, replace(measurement, used=()), items, relevant, restated, changed, job)
    return Prepared(
        client=client,
        objective=objective,
        task=task,
        measurement=measurement,
        items=items,
        raw=raw,
        expected=_whole(expected, measurement),
        ramp=seasonal_ramp(task, measurement) if _status_rule(measurement) == "growth" and measurement.k else 1.0,
        settled=outcome,
        job=job,
        notes=about_inputs(
            client,
            objective,
            task,
            measurement,
            jumps=[] if body is None else [(p.label, p.jump) for p in (body.parts or (body.whole,)) if p.jump],
            failures=relevant,
            restated=restated,
            changed=changed,
        ),
        definition_version=version,
        input_hash=fingerprint((version, key_result.title, client.language, position, known)),
        position=position,
    )


def _is_open(task: Task, measurement: Measurement, *, raw: float | None, outcome: bool | None) -> bool:
    """Whether a forecast can still say anything: of a stretch goal that is reached, of its whole target."""
    if outcome is None:
        return True
    is_stretch = task.key_result.ambition == "stretch"
    return is_stretch and outcome and settled(task, measurement, raw=raw, success=1.0) is None


def finish(prepared: Prepared, forecast: Forecast | None) -> KeyResultProgress:
    """The row, with the forecast's probability where it gives one; arithmetic's own where the outcome is settled."""
    measurement = prepared.measurement
    said = _settled(prepared, forecast or Forecast())
    standing = Standing(
        rule=_status_rule(measurement),
        k=measurement.k,
        raw=prepared.raw,
        expected=prepared.expected,
        success=SUCCESS[prepared.key_result.ambition],
        items=measurement.target if measurement.rule == "count" else None,
        ramp=prepared.ramp,
        probability=said.probability,
        settled=prepared.settled,
        is_refused=measurement.refusal is not None,
    )
    status = status_of(standing)
    has_value = status not in {"cannot_be_judged", "too_early"}
    final_target = _final_target(prepared)
    about = about_forecast(
        prepared.job,
        forecast,
        is_settled=prepared.settled is not None,
        target=measurement.target,
        final_target=final_target,
    )
    return KeyResultProgress(
        prepared=prepared,
        status=status,
        pace_status=status_of(replace(standing, probability=None)),
        forecast=said,
        progress=clipped(prepared.raw) if has_value else None,
        notes=(*prepared.notes, *about),
        current_growth=_growth(prepared),
        forecast_target=final_target,
    )


def task_of(objective: Objective, key_result: KeyResult, *, as_of: date) -> Task:
    """The key result in its period, with the target in force."""
    period = objective.period
    return Task(
        key_result=key_result,
        period=period,
        as_of=as_of,
        months=period_months(period),
        target=key_result.target_on(min(as_of, period.end)),
    )


def roll_up_key_results(results: Sequence[KeyResultProgress]) -> RollUp:
    """The objective's figures."""
    return roll_up(
        [
            Weighed(
                id=each.prepared.key_result.id,
                weight=each.prepared.key_result.weight,
                progress=each.progress,
                status=each.status,
                raw=each.prepared.raw,
                expected=each.prepared.expected,
            )
            for each in results
        ]
    )


def _settled(prepared: Prepared, said: Forecast) -> Forecast:
    """The forecast, with certainty where arithmetic gives it; of the whole target apart, which a stretch goal needs."""
    if prepared.settled is None:
        return said
    full = settled(prepared.task, prepared.measurement, raw=prepared.raw, success=1.0)
    return replace(
        said,
        probability=float(prepared.settled),
        probability_full=said.probability_full if full is None else float(full),
    )


def _whole(expected: float | None, measurement: Measurement) -> float | None:
    is_count = measurement.rule == "count" and measurement.target
    return whole_items(expected, measurement.target or 1.0) if is_count and expected is not None else expected


def _growth(prepared: Prepared) -> float | None:
    found = prepared.measurement
    if not isinstance(prepared.task.target, Change) or found.current is None or not found.baseline:
        return None
    return found.current / found.baseline - 1 if found.baseline > NOTHING else None


def _final_target(prepared: Prepared) -> float | None:
    """T on the baseline of the whole P0 for growth; what else there is stands in the target's own unit already."""
    found = prepared.measurement
    return goal(prepared.task.target, found.final_baseline, rule=found.rule) if found.rule == "growth" else found.target


def _status_rule(measurement: Measurement) -> Rule:
    """A stock against the same day last year is judged as growth is."""
    return "growth" if measurement.rule == "stock" and measurement.is_like_for_like else measurement.rule


def _measure(
    task: Task, client: Client, figures: Figures, met: Sequence[Met]
) -> tuple[Anatomy | None, Measurement, tuple[JudgedItem, ...]]:
    key_result = task.key_result
    if isinstance(task.target, Milestones):
        done = measure_milestones(task)
        return None, replace(done, target=1.0, first_target=1.0), ()
    if key_result.count is not None:
        count = measure_count(task, client, figures, met=met)
        first, now = (getattr(target, "value", None) for target in (key_result.target, task.target))
        return None, replace(count.measurement, first_target=first, target=now), count.items
    if key_result.kpi is None:
        raise ValueError(f"{key_result.id} says nothing to measure; the client file refuses that")
    since = _days_since(task, measured(client, key_result.kpi))
    body = anatomy(client, figures, kpi=key_result.kpi, scope=key_result.scope, as_of=task.as_of, days_since=since)
    return body, with_targets(_by_rule(task, body), task, body.kpi), ()


def _days_since(task: Task, kpi: Measured) -> date | None:
    """The first day whose figure can matter: a sum needs its period's, a stock also those before its start."""
    rule = rule_of(task.target, kpi)
    if rule == "sum":
        return task.period.start
    if kpi.kind != "stock" or rule == "hold":
        return None
    stated = task.key_result.baseline
    first = stated.to if isinstance(stated, BaselinePeriod) else task.period.start
    return min(first, task.period.start) - STOCK_DAYS_BEFORE


def _by_rule(task: Task, body: Anatomy) -> Measurement:
    rule = rule_of(task.target, body.kpi)
    due = calendar_closed(task, closing_days=body.kpi.closing_days)
    if body.kpi.kind == "stock" and rule in {"stock", "level"}:
        return _never_silent(measure_stock(task, body, rule=rule, k=due), task, body, due=due)
    measure = {"growth": measure_growth, "sum": measure_sum, "hold": measure_hold, "level": measure_level}[rule]
    return _never_silent(measure(task, body, k=closed_months(body, task.months)), task, body, due=due)


def _never_silent(measurement: Measurement, task: Task, body: Anatomy, *, due: int) -> Measurement:
    """No closed month is too early only where none could be closed yet; after that it is missing data.

    While it is too early, what would keep the figure from being judged later is a note already.
    """
    if measurement.k > 0:
        return measurement
    if due > 0:
        kept = tuple(each for each in measurement.notes if each.code != "no_first_month")
        return replace(measurement, refusal=measurement.refusal or no_value(body, task.months), notes=kept)
    if measurement.refusal is None or measurement.refusal.code == "no_data":
        return replace(measurement, refusal=None)
    return replace(measurement, refusal=None, notes=(*measurement.notes, measurement.refusal))
