"""Objectives and key results as the page shows them: figures, sentences and charts, ready to print.

What belongs here: choosing and wording. What does not: reading, drawing, HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from okr_models.client.model import AtLeast, AtMost, Between, Change, KeyResult, Milestones, Period
from okr_models.words.numbers import Speech
from pipelines.exports.plain import is_said, plain
from pipelines.exports.published import ClientStatus, KeyResultRow, ObjectiveRow
from pipelines.exports.reader import Reader
from pipelines.exports.report.alternatives import FiguresTable, Said, in_a_table, in_words
from pipelines.exports.report.charts import key_result_chart
from pipelines.exports.report.messages import message
from pipelines.exports.report.reading import Item, KpiKey, Month, SourceState
from pipelines.exports.report.series import Series, series_of
from pipelines.exports.report.svg import for_page
from pipelines.exports.words import WORST_FIRST, status_icon, status_word, unit_word

GOOD = {"on_track", "achieved"}
UNJUDGED = {"too_early", "cannot_be_judged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A status as word, shape and colour class."""

    status: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    title: str
    badge: Badge
    now: str
    unit: str
    target: str
    baseline: str | None
    first_target: str | None
    pace: str
    forecast: str | None
    explanation: str
    notes: tuple[str, ...]
    flags: tuple[str, ...]
    source: str
    chart: Markup | None
    table: FiguresTable | None
    way: str
    way_filled: float
    way_tick: float | None
    has_fan: bool
    milestones: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveView:
    title: str
    badge: Badge
    progress: str
    filled: float
    low: float
    high: float
    has_span: bool
    bar_label: str
    sentence: str
    meta: str
    results: tuple[ResultView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the charts and source lines are made of."""

    months: Mapping[KpiKey, Mapping[date, Month]]
    items: Sequence[Item]
    sources: Sequence[SourceState]
    as_of: date


def badge(status: str, speech: Speech) -> Badge:
    """The badge of one status."""
    return Badge(status=status, icon=status_icon(status), word=status_word(status, speech))


def objectives(
    status: ClientStatus, reader: Reader, evidence: Evidence, *, with_results: bool
) -> tuple[ObjectiveView, ...]:
    """Every objective in the file's order; without ``with_results`` no key result is named."""
    order = {objective.id: n for n, objective in enumerate(reader.objectives)}
    rows = sorted(status.objectives, key=lambda row: (order.get(row.objective_id, len(order)), row.objective_id))
    views = []
    for number, row in enumerate(rows):
        results = _in_file_order(status.of(row.objective_id), reader, row.objective_id)
        charted = tuple(
            _result(result, reader, evidence, chart_id=f"kr{number}-{n}") for n, result in enumerate(results)
        )
        views.append(_objective(row, results, reader, charted if with_results else ()))
    return tuple(views)


def headline(status: ClientStatus, speech: Speech) -> str:
    """The page's one sentence."""
    rows = status.objectives
    if not rows:
        return message("headline_none", speech)
    if len(rows) == 1:
        return message("headline_one", speech, word=status_word(rows[0].status, speech))
    good = sum(row.status in GOOD for row in rows)
    if good == 0:
        return message("headline_no_good", speech, all=len(rows))
    if good == len(rows):
        return message("headline_all_good", speech, all=len(rows))
    return message("headline_good", speech, good=good, all=len(rows))


def tally(rows: Sequence[KeyResultRow], speech: Speech) -> tuple[tuple[Badge, int], ...]:
    """How many key results have each status, worst first."""
    statuses = [row.status for row in rows]
    return tuple((badge(status, speech), statuses.count(status)) for status in sorted(set(statuses), key=rank))


def _in_file_order(rows: Sequence[KeyResultRow], reader: Reader, objective_id: str) -> list[KeyResultRow]:
    objective = reader.objective(objective_id)
    order = {result.id: n for n, result in enumerate(objective.key_results)} if objective else {}
    return sorted(rows, key=lambda row: (order.get(row.key_result_id, len(order)), row.key_result_id))


def _objective(
    row: ObjectiveRow, rows: Sequence[KeyResultRow], reader: Reader, results: tuple[ResultView, ...]
) -> ObjectiveView:
    speech = reader.speech
    low, high = row.progress_low, row.progress_high
    has_span = low is not None and high is not None and high - low > 0.005
    share = speech.percent(row.progress)
    progress = message("progress_of", speech, share=share) if row.progress is not None else ""
    span = message("range", speech, low=speech.percent(low), high=speech.percent(high)) if has_span else ""
    label = ", ".join(part for part in (progress, span) if part) or message("no_progress", speech)
    return ObjectiveView(
        title=plain(row.title),
        badge=badge(row.status, speech),
        progress=share,
        filled=_clip(row.progress),
        low=_clip(low),
        high=_clip(high),
        has_span=has_span,
        bar_label=label,
        sentence=_sentence(row, rows, speech, names_weakest=bool(results)),
        meta=_meta(row, reader, span),
        results=results,
    )


def _clip(share: float | None) -> float:
    return round(100 * min(1.0, max(0.0, share or 0.0)), 1)


def _sentence(row: ObjectiveRow, rows: Sequence[KeyResultRow], speech: Speech, *, names_weakest: bool) -> str:
    good = sum(result.status in GOOD for result in rows)
    unjudged = sum(result.status in UNJUDGED for result in rows)
    if len(rows) == 1:
        return message("judged_one", speech, word=status_word(rows[0].status, speech))
    key = "judged_none" if good == 0 else "judged_all" if good == len(rows) else "judged"
    sentence = message(key, speech, good=good, all=len(rows))
    if unjudged:
        sentence += " " + message("unjudged", speech, count=unjudged)
    weakest = next((result for result in rows if result.key_result_id == row.weakest_key_result), None)
    if not names_weakest or weakest is None or weakest.status in GOOD:
        return sentence
    title = f"”{plain(weakest.title, limit=70)}”" if speech.is_swedish else f"“{plain(weakest.title, limit=70)}”"
    if weakest.raw_progress is None:
        return f"{sentence} {message('weakest_unknown', speech, title=title)}"
    way = speech.percent(weakest.raw_progress)
    return f"{sentence} {message('weakest', speech, title=title, way=way)}"


def _meta(row: ObjectiveRow, reader: Reader, span: str) -> str:
    speech = reader.speech
    parts = [span] if span else []
    definition = reader.objective(row.objective_id)
    if definition:
        parts.append(_period(definition.period, row.as_of, speech))
    parts += [plain(part, limit=60) for part in (row.team, row.owner) if part]
    return " · ".join(parts)


def _period(period: Period, as_of: date, speech: Speech) -> str:
    """The period and how much of it has passed."""
    days = (period.end - period.start).days + 1
    share = min(1.0, max(0.0, ((as_of - period.start).days + 1) / days))
    gone = message("time_gone", speech, share=speech.percent(share))
    return f"{speech.days(period.start, period.end)} · {gone}"


def _result(row: KeyResultRow, reader: Reader, evidence: Evidence, *, chart_id: str) -> ResultView:
    speech = reader.speech
    definition = reader.key_result(row.objective_id, row.key_result_id)
    objective = reader.objective(row.objective_id)
    series = series_of(
        row,
        definition=definition,
        period=objective.period if objective else None,
        months=evidence.months,
        items=evidence.items,
        as_of=evidence.as_of,
    )
    revised = row.first_target is not None and row.target is not None and row.first_target != row.target
    first = speech.figure(row.first_target, row.unit, beside=row.target)
    has_base = row.baseline is not None and row.kind in {"flow", "stock", "ratio"} and row.baseline != 0
    chart_unit = _chart_unit(row, definition, evidence)
    return ResultView(
        title=plain(row.title),
        badge=badge(row.status, speech),
        now=speech.pair(row.current, row.target, row.unit)[0],
        unit=_unit(row, definition, evidence.as_of, speech) if row.current is not None else "",
        target=_target(row, definition, evidence.as_of, speech),
        baseline=speech.figure(row.baseline, row.unit, beside=row.target) if has_base else None,
        first_target=message("first_target", speech, value=first) if revised else None,
        pace=_pace(row, speech),
        forecast=_forecast(row, speech),
        explanation=plain(row.explanation or "", limit=400),
        notes=tuple(_sentence_case(note) for note in row.notes if not is_said(note, row.explanation)),
        flags=_flags(row, definition, evidence, reader),
        source=_source(row, evidence, reader),
        chart=_chart(series, row, chart_unit, speech, chart_id=chart_id),
        table=in_a_table(series, Said(speech=speech, unit=chart_unit, target=row.target)) if series else None,
        way=speech.percent(row.raw_progress),
        way_filled=_clip(row.raw_progress),
        way_tick=None if row.expected_progress is None else _clip(row.expected_progress),
        has_fan=series is not None and any(point.low is not None for point in series.points),
        milestones=_milestones(definition, evidence.as_of, speech),
    )


def _target(row: KeyResultRow, definition: KeyResult | None, as_of: date, speech: Speech) -> str:
    """The target in its unit; where no baseline makes it a number, the growth that the file asks for."""
    target = definition.target_on(as_of) if definition else None
    if row.target is None and isinstance(target, Change):
        return speech.percent(target.share, signed=True)
    return speech.pair(row.current, row.target, row.unit)[1]


def _sentence_case(note: str) -> str:
    text = plain(note, limit=400)
    return text[:1].upper() + text[1:]


def _pace(row: KeyResultRow, speech: Speech) -> str:
    if row.raw_progress is None:
        return ""
    way = speech.percent(row.raw_progress)
    if row.explanation and way in row.explanation and row.expected_progress != 1:
        return ""  # the explanation already says how far, and how far it should be
    if row.expected_progress is None:
        return message("way_only", speech, way=way)
    if row.expected_progress == 1:
        return message("pace_is_one", speech, way=way)
    return message("pace", speech, way=way, expected=speech.percent(row.expected_progress))


def _forecast(row: KeyResultRow, speech: Speech) -> str | None:
    parts = []
    if row.forecast is not None and row.forecast_low is not None and row.forecast_high is not None:
        low, mid, high = (
            speech.figure(value, row.unit, beside=row.forecast_target)
            for value in (row.forecast_low, row.forecast, row.forecast_high)
        )
        parts.append(message("forecast", speech, mid=mid, low=low, high=high))
    if row.probability is not None and 0 < row.probability < 1:
        share = speech.percent(row.probability)
        if not is_said(message("chance", speech, share=share), row.explanation):
            parts.append(message("probability", speech, share=share))
    return " ".join(parts) or None


def _flags(row: KeyResultRow, definition: KeyResult | None, evidence: Evidence, reader: Reader) -> tuple[str, ...]:
    speech, flags = reader.speech, []
    if definition and definition.ambition == "stretch":
        flags.append(message("stretch", speech))
    if definition and definition.weight != 1:
        flags.append(message("weight", speech, weight=speech.figure(definition.weight)))
    if row.is_estimated:
        flags.append(message("estimated", speech))
    if row.current is None and row.data_through is None:
        flags.append(message("no_data", speech))
    for source in _sources(row, evidence, reader):
        if source.failed:
            streams = ", ".join(f"{source.source}/{stream}" for stream in source.failed)
            flags.append(message("failed", speech, streams=plain(streams, limit=80)))
    return tuple(flags)


def _sources(row: KeyResultRow, evidence: Evidence, reader: Reader) -> list[SourceState]:
    """The sources whose own months of this KPI exist, by the scopes ``source=ID``; an own KPI's is in the file."""
    names = {reader.kpi_sources.get(row.kpi or "")} | {
        scope.split("=", 1)[1] for kpi, scope in evidence.months if kpi == row.kpi and "=" in scope
    }
    return [source for source in evidence.sources if source.source in names]


def _source(row: KeyResultRow, evidence: Evidence, reader: Reader) -> str:
    speech, sources = reader.speech, _sources(row, evidence, reader)
    parts = []
    if sources:
        parts.append(message("source", speech, sources=", ".join(plain(source.source) for source in sources)))
        read = [source.loaded_at.date() for source in sources if source.loaded_at]
        if read:
            parts.append(message("loaded", speech, day=speech.day(max(read))))
    if row.data_through:
        parts.append(message("data_through", speech, day=speech.day(row.data_through)))
    return " · ".join(parts)


def _milestones(definition: KeyResult | None, as_of: date, speech: Speech) -> tuple[tuple[str, str, bool], ...]:
    target = definition.target_on(as_of) if definition else None
    if not isinstance(target, Milestones):
        return ()
    shown = []
    for milestone in target.milestones:
        is_done = milestone.done is not None and milestone.done <= as_of
        text = message("milestone_done", speech, day=speech.day(milestone.done)) if is_done else ""
        shown.append((plain(milestone.title), text or message("milestone_open", speech), is_done))
    return tuple(shown)


def _unit(row: KeyResultRow, definition: KeyResult | None, as_of: date, speech: Speech) -> str:
    """The unit in words; a share says of what."""
    if row.unit != "share" or definition is None:
        return unit_word(row.unit, speech)
    target = definition.target_on(as_of)
    if isinstance(target, Milestones):
        return message("of_milestones", speech)
    if isinstance(target, Between) or (isinstance(target, (AtLeast, AtMost)) and target.hold):
        return message("of_months", speech)
    return ""


def _chart_unit(row: KeyResultRow, definition: KeyResult | None, evidence: Evidence) -> str | None:
    """The unit of the months drawn: the KPI's own, also where the key result counts months inside a band."""
    if definition is None or definition.count:
        return row.unit
    return next(
        (month.unit for (kpi, _), months in evidence.months.items() if kpi == row.kpi for month in months.values()),
        row.unit,
    )


def _chart(
    series: Series | None, row: KeyResultRow, unit: str | None, speech: Speech, *, chart_id: str
) -> Markup | None:
    if series is None:
        return None
    return for_page(
        key_result_chart(series, speech, unit=unit),
        chart_id=chart_id,
        title=message("chart_title", speech, title=plain(row.title)),
        description=in_words(series, Said(speech=speech, unit=unit, target=row.target)),
    )


def rank(status: str) -> int:
    """0 is worst."""
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0
