"""What a reader must know about a key result besides its figures: silence, estimates, history, revisions, forecasts.

What belongs here: which notes are due. What does not: notes of one measure (that measure's module), wording
(``words/notes.py``).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okr_models.client.feeds import Supplied, supplied
from okr_models.client.labels import source_labels
from okr_models.client.model import Client, KeyResult, Objective
from okr_models.client.sources import SourceSettings
from okr_models.client.targets import BaselineValue
from okr_models.client.version import every_version
from okr_models.forecast.forecast import ESTIMATED_LIMIT, SIMPLE_HISTORY, ForecastJob
from okr_models.forecast.types import Fallback, Forecast
from okr_models.kpis import BUILT_IN, resting_on
from okr_models.kpis.items import COUNT_METRICS
from okr_models.periods import add_months, month_start
from okr_models.progress.baselines import base_month_of, eve
from okr_models.progress.components import feeding_sources
from okr_models.progress.figures import Failure, Reading, Restatement, SourceDoubt
from okr_models.progress.jumps import Jump
from okr_models.progress.measures import Measurement, Rule, Task
from okr_models.words.codes import Note, NoteCode, note

FALLBACKS: dict[Fallback, NoteCode] = {"bounded": "forecast_bounded", "unfitted": "forecast_unfitted"}
DOUBTS: dict[str, NoteCode] = {
    "account_moved": "doubt_account_moved",
    "fixed_offset": "doubt_fixed_offset",
    "amounts_missing": "doubt_amounts_missing",
    "other_currency": "doubt_other_currency",
    "not_key_events": "doubt_not_key_events",
    "rate_of_all_events": "doubt_rate_of_all_events",
    "entries_left_out": "doubt_entries_left_out",
    "rows_differ": "doubt_rows_differ",
    "metric_gone": "doubt_metric_gone",
    "undated_rows": "doubt_undated_rows",
    "report_not_made": "doubt_report_not_made",
    "history_cut": "doubt_history_cut",
    "imports_skipped": "doubt_imports_skipped",
    "list_empty": "doubt_list_empty",
    "list_not_whole": "doubt_list_not_whole",
    "other_row": "doubt_other_row",
    "rows_capped": "doubt_rows_capped",
    "rows_fell": "doubt_rows_fell",
    "rows_folded": "doubt_rows_folded",
    "sampled": "doubt_sampled",
    "thresholded": "doubt_thresholded",
}
"""What is said of each code of a source's doubts (``stg_ops__doubts``)."""

MONTHS_COMPARED = 12
"""How long before its period a key result may be compared with."""
NEARLY_SAME = 0.01
"""A target over all of P0's months this near the one so far needs no word."""


@dataclass(frozen=True, slots=True, order=True)
class EarlierVersion:
    """A definition that stored rows carry, the day it was first known, and whether a row before this one has it."""

    since: date
    version: str
    stood_before: bool = True


def relevant_failures(
    client: Client, key_result: KeyResult, failures: Sequence[Failure], *, as_of: date
) -> tuple[Failure, ...]:
    """Failures of sources and streams that this key result is made from."""
    concerned = _rests_on(client, key_result)
    found = [
        failure
        for failure in failures
        if failure.source in concerned
        and (concerned[failure.source] is None or failure.stream in (concerned[failure.source] or ()))
        and (failure.since is None or failure.since <= as_of)
    ]
    return tuple(sorted(found, key=lambda each: (each.source, each.stream)))


def relevant_doubts(
    client: Client, task: Task, doubts: Sequence[SourceDoubt], *, rule: Rule | None = None
) -> tuple[Note, ...]:
    """What the sources of this key result say against the figures of its period, and of what it is compared with."""
    first, kpi, kpis = _first_day(task, rule), task.key_result.kpi, _kpis_of(task.key_result)
    concerned, labels = _rests_on(client, task.key_result), source_labels(client)
    found = {
        note(DOUBTS[each.code], label=labels[each.source])
        for each in doubts
        if each.code in DOUBTS
        and each.source in labels
        and (
            # history may be of any KPI
            kpi in each.kpis
            if each.code == "rows_differ"
            else each.source in concerned
            and (concerned[each.source] is None or each.stream in (concerned[each.source] or ()))
            and _is_touched(kpis, each)
        )
        and (each.since is None or each.since <= task.last_day)
        and (each.until is None or each.until >= first)
    }
    return tuple(sorted(found, key=lambda each: (each.code, each.parts)))


def _kpis_of(key_result: KeyResult) -> frozenset[str]:
    """The KPIs that a key result rests on: its own, or of a count what is counted and what is asked of it."""
    if key_result.count is None:
        return frozenset({key_result.kpi} if key_result.kpi else ())
    asked = (COUNT_METRICS[key_result.count][condition.metric] for condition in key_result.where)
    return frozenset({key_result.count, *asked})


def _is_touched(kpis: frozenset[str], doubt: SourceDoubt) -> bool:
    """Whether a doubt is about one of ``kpis``; it may name some of those that rest on its stream."""
    untouched = set(resting_on(doubt.stream)) - doubt.kpis if doubt.kpis else set[str]()
    return not kpis <= untouched


def about_anomalies(client: Client, task: Task, *, rule: Rule | None) -> tuple[Note, ...]:
    """What vendors have said of days in a growth, or in what it is compared with, that do not compare with others."""
    kpi = task.key_result.kpi
    if rule != "growth" or kpi is None or client.built_in(kpi) is None:
        return ()
    first, concerned, labels = _first_day(task, rule), _rests_on(client, task.key_result), source_labels(client)
    return tuple(
        note(
            each.code, label=labels[source.id], first_day=each.since, last_day=each.until, month=month_start(each.since)
        )
        for source in client.sources
        if source.id in concerned
        for each in source.facts.anomalies
        if kpi in each.kpis and each.since <= task.last_day and each.until >= first
    )


def relevant_leavers(client: Client, task: Task, read: Sequence[Reading]) -> tuple[Note, ...]:
    """Sources that left the file with readings of the time that this key result is about; each once."""
    key_result = task.key_result
    kpi, platform = key_result.kpi or key_result.count, key_result.scope.platform
    known = client.built_in(kpi)
    if known is None or key_result.scope.source:
        return ()
    kpis = {known.id}
    if key_result.count is not None:
        kpis |= {COUNT_METRICS[key_result.count][condition.metric] for condition in key_result.where}
    here, since = {source.id for source in client.sources}, add_months(task.period.start, -MONTHS_COMPARED)
    left: dict[str, date] = {}
    for each in read:
        is_of_platform = platform is None or each.type is None or each.type.startswith(platform)
        if each.source not in here and each.through >= since and is_of_platform and kpis & set(resting_on(each.stream)):
            left[each.source] = max(each.through, left.get(each.source, date.min))
    return tuple(note("source_left", source=source, day=day) for source, day in sorted(left.items()))


def _first_day(task: Task, rule: Rule | None) -> date:
    """The first day that the key result's figures hold, its baseline's among them."""
    start, stated = task.period.start, task.key_result.baseline
    if isinstance(stated, BaselineValue) or rule not in {"growth", "level", "stock"}:
        return start
    if rule == "stock":
        return min(start, month_start(eve(task.period, stated)))
    bases = [base for month in task.months if (base := base_month_of(task.period, stated)(month))]
    return min([start, *bases])


def about_changed_accounts(client: Client, task: Task, read: Sequence[Reading]) -> tuple[Note, ...]:
    """Sources that are another account since a day that this key result is about; each once."""
    concerned, labels = _rests_on(client, task.key_result), source_labels(client)
    since = add_months(task.period.start, -MONTHS_COMPARED)
    changed = {
        each.source: each.another_since
        for each in read
        if each.source in concerned and each.another_since is not None and since < each.another_since <= task.as_of
    }
    return tuple(note("account_changed", label=labels[source], day=day) for source, day in sorted(changed.items()))


def about_twins(client: Client, task: Task, twins: Mapping[str, str]) -> tuple[Note, ...]:
    """Sources that see the same site as the one that counts, for all together or for what is counted of posts."""
    key_result = task.key_result
    kpis = {key_result.kpi}
    if key_result.count is not None:
        kpis = {COUNT_METRICS[key_result.count][condition.metric] for condition in key_result.where}
    known = [found for kpi in sorted(filter(None, kpis)) if (found := client.built_in(kpi)) is not None]
    if not known or str(key_result.scope) != "all":
        return ()
    labels = source_labels(client)
    feeding = {each.source.id for kpi in known for each in supplied(kpi, client.sources)}
    return tuple(
        note("same_site", label=labels[counted_by], other=labels[source])
        for source, counted_by in sorted(twins.items())
        if {source, counted_by} <= feeding
    )


def relevant_restatements(
    task: Task, measurement: Measurement, found: Sequence[Restatement]
) -> tuple[Restatement, ...]:
    """Restated months that this key result's figures rest on."""
    scopes = {part.scope for part in measurement.used}
    months = {figure.month for pair in measurement.pairs for figure in (pair.current, pair.base) if figure}
    months = (months or set(task.months[: measurement.k])) | set(measurement.base_months)
    return tuple(
        each for each in found if each.kpi == task.key_result.kpi and each.scope in scopes and each.month in months
    )


def about_inputs(
    client: Client,
    objective: Objective,
    task: Task,
    measurement: Measurement,
    *,
    jumps: Sequence[tuple[str, Jump]],
    failures: Sequence[Failure],
    restated: Sequence[Restatement],
    changed: Note | None,
) -> tuple[Note, ...]:
    """The refusal first, then what is missing, what the figures rest on, and what was changed."""
    notes: list[Note] = [measurement.refusal] if measurement.refusal else []
    notes += measurement.notes
    notes += [note("history_jump", label=label, day=jump.day, jump_share=jump.share) for label, jump in jumps]
    notes += _about_breaks(task, measurement)
    notes += _about_failures(client, failures)
    if measurement.estimated_months:
        notes.append(note("estimated", months=measurement.estimated_months))
    if measurement.history_months:
        notes.append(note("history", months=measurement.history_months))
    if restated:
        largest = max((each.share for each in restated), key=abs)
        months = tuple(sorted({each.month for each in restated}))
        notes.append(note("restated", months=months, largest_share=largest))
    notes += [
        note("revised", day=revision.from_, by=revision.by, why=revision.why)
        for revision in task.key_result.revisions
        if revision.from_ <= task.as_of
    ]
    return (*notes, changed) if changed else tuple(notes)


def about_forecast(
    job: ForecastJob | None,
    forecast: Forecast | None,
    *,
    is_settled: bool,
    target: float | None,
    final_target: float | None,
) -> tuple[Note, ...]:
    """Why there is no probability, or what is to be known about the one there is."""
    if job is None or forecast is None:
        return ()
    if forecast.probability is None:
        return () if is_settled else _why_none(job)
    notes = [note(FALLBACKS[forecast.fallback])] if forecast.fallback else []
    notes += [note("probability_tenths")] if forecast.tenths and not forecast.fallback else []
    if job.success_full is not None and forecast.probability_full is not None:
        notes.append(note("full_target_probability", probability_share=forecast.probability_full))
    if target is not None and final_target is not None and abs(final_target - target) > NEARLY_SAME * abs(target):
        notes.append(note("final_target", value=final_target))
    return tuple(notes)


def _why_none(job: ForecastJob) -> tuple[Note, ...]:
    closed = sum(not math.isnan(value) for value in job.history)
    if job.has_break:
        return (note("forecast_break"),)
    if closed < SIMPLE_HISTORY:
        return (note("forecast_short", count=closed),)
    if job.estimated_share > ESTIMATED_LIMIT:
        return (note("forecast_estimated", estimated_share=job.estimated_share),)
    return ()


def _about_breaks(task: Task, measurement: Measurement) -> list[Note]:
    """Breaks between the compared sides that an overlap ratio bridges."""
    bases = [pair.base.month for pair in measurement.pairs if pair.base]
    bases += measurement.base_months if measurement.rule == "level" else ()
    first = min(bases, default=task.period.start)
    return [
        note("break_bridged", day=each.date, reason=each.reason, ratio=each.overlap_ratio)
        for each in dict.fromkeys(each for part in measurement.used for each in part.breaks)
        if each.overlap_ratio is not None and first < each.date <= task.last_day
    ]


def _about_failures(client: Client, failures: Sequence[Failure]) -> list[Note]:
    by_source: dict[str, list[Failure]] = {}
    for failure in failures:
        by_source.setdefault(failure.source, []).append(failure)
    labels = source_labels(client)
    notes: list[Note] = []
    for source, found in by_source.items():
        label = labels[source]
        days = [failure.since for failure in found if failure.since is not None]
        notes.append(
            note("source_missing", label=label, short_day=min(days))
            if len(days) == len(found)
            else note("source_never_loaded", label=label)
        )
    return notes


def unexplained_change(
    client: Client,
    objective: Objective,
    key_result: KeyResult,
    *,
    earlier: Sequence[EarlierVersion],
    judged_on: date,
) -> Note | None:
    """Said where an earlier definition stood that taking revisions back does not lead to, with the day of the change:
    the first on which this one was known after it, which is not the day that a restatement is about.

    ``earlier``: oldest first.
    """
    revisions = key_result.revisions
    explained = {
        version
        for count in range(len(revisions) + 1)
        for version in every_version(key_result.model_copy(update={"revisions": revisions[:count]}), objective, client)
    }
    others = [at for at, each in enumerate(earlier) if each.stood_before and each.version not in explained]
    if not others:
        return None
    since = (each.since for each in earlier[others[-1] :] if each.version in explained)
    return note("changed_without_revision", day=next(since, judged_on))


def _rests_on(client: Client, key_result: KeyResult) -> dict[str, frozenset[str] | None]:
    """By source the streams that a key result rests on; None, for a client's own KPI: all of its source's."""
    kpi, scope = key_result.kpi or key_result.count, key_result.scope
    if kpi is None:
        return {}
    known = client.built_in(kpi)
    if known is None:
        return {source.id: None for source in feeding_sources(client, kpi, scope)}
    found = supplied(known, client.sources, scope)
    streams: dict[str, frozenset[str] | None] = {}
    for each in (*found, *_of_conditions(client, key_result, posts={each.source.id for each in found})):
        streams[each.source.id] = (streams.get(each.source.id) or frozenset()) | each.rests_on
    return streams


def _of_conditions(
    client: Client, key_result: KeyResult, *, posts: Collection[str]
) -> Iterator[Supplied[SourceSettings]]:
    """What a count's conditions are read from: of the sources that list its posts, and of any other kind of source."""
    if key_result.count is None:
        return
    metrics = COUNT_METRICS[key_result.count]
    kpis = dict.fromkeys(metrics[condition.metric] for condition in key_result.where)
    for kpi in kpis:
        for each in supplied(BUILT_IN[kpi], client.sources):
            if each.feed.category not in BUILT_IN[key_result.count].needs or each.source.id in posts:
                yield each
