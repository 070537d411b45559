"""Objectives and key results as the page shows them: figures, sentences and charts, ready to print.

What belongs here: choosing and wording. What does not: reading, drawing, HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from okr_models.client.model import KeyResult, Milestones, Period
from okr_models.progress.series import Series, series_of
from okr_models.words.numbers import Speech
from pipelines.exports import standing
from pipelines.exports.file_order import in_file_order
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, KeyResultRow, ObjectiveRow
from pipelines.exports.reader import Reader
from pipelines.exports.report.alternatives import FiguresTable, Said, in_a_table, in_words, month_titles
from pipelines.exports.report.charts import key_result_chart
from pipelines.exports.report.messages import message
from pipelines.exports.report.night_line import night_line
from pipelines.exports.report.queries import Item, KpiKey, Month, SourceState
from pipelines.exports.report.svg import for_page
from pipelines.exports.words import WORST_FIRST, status_icon, status_word

GOOD = {"on_track", "achieved"}
UNJUDGED = {"too_early", "cannot_be_judged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A status as word, shape and colour class; ``extra`` stands beside it: of a stretch goal that it is one."""

    status: str
    icon: str
    word: str
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """One card. ``now`` and ``of`` are the big figure and what is asked for; ``basis`` says what it is made of.

    ``legend``: each mark that its chart and bar have, by its key and in words.
    """

    title: str
    badge: Badge
    now: str
    of: str
    basis: str
    first_target: str
    outlook: str
    explanation: str
    notes: str
    checkin: str
    ago: str
    nights: Markup | None
    flags: tuple[str, ...]
    source: str
    chart: Markup | None
    table: FiguresTable | None
    way: str
    way_filled: float
    way_tick: float | None
    has_fan: bool
    legend: tuple[tuple[str, str], ...]
    milestones: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveView:
    """``reason`` stands beside the status: why, and where it is likely to end."""

    title: str
    badge: Badge
    progress: str
    filled: float
    tick: float | None
    low: float
    high: float
    has_span: bool
    bar_label: str
    reason: str
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


def badge(status: str, speech: Speech, *, ambition: str | None = None) -> Badge:
    """The badge of one status."""
    extra = message("stretch", speech) if ambition == "stretch" else ""
    return Badge(status=status, icon=status_icon(status), word=status_word(status, speech), extra=extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What stands at each key result beside its figures, by objective and key result."""

    checkins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ago: Mapping[tuple[str, str], str] = field(default_factory=dict)
    nights: Mapping[tuple[str, str], Sequence[tuple[date, float]]] = field(default_factory=dict)


def objectives(
    status: ClientStatus, reader: Reader, evidence: Evidence, *, with_results: bool, extras: Extras | None = None
) -> tuple[ObjectiveView, ...]:
    """Every objective in the file's order; without ``with_results`` no key result is named."""
    ordered = in_file_order(status, reader)
    views, extras = [], extras or Extras()
    for number, row in enumerate(ordered.objectives):
        results = ordered.of(row.objective_id)
        charted = tuple(
            _result(
                result,
                reader,
                evidence,
                chart_id=f"kr{number}-{n}",
                extras=extras,
            )
            for n, result in enumerate(results)
        )
        views.append(_objective(row, results, reader, charted if with_results else ()))
    return tuple(views)


def headline(status: ClientStatus, reader: Reader) -> str:
    """The page's one sentence: of a single objective with its reason."""
    rows, speech = status.objectives, reader.speech
    if not rows:
        return message("headline_no_objectives" if reader.judges_nothing(status) else "headline_none", speech)
    if len(rows) == 1:
        return standing.headline(rows[0], status.of(rows[0].objective_id), reader, speech=speech)
    good = sum(row.status in GOOD for row in rows)
    if good == 0:
        return message("headline_no_good", speech, all=len(rows))
    if good == len(rows):
        return message("headline_all_good", speech, all=len(rows))
    return message("headline_good_1" if good == 1 else "headline_good", speech, good=good, all=len(rows))


def tally(rows: Sequence[KeyResultRow], speech: Speech) -> tuple[tuple[Badge, int], ...]:
    """How many key results have each status, worst first."""
    statuses = [row.status for row in rows]
    return tuple((badge(status, speech), statuses.count(status)) for status in sorted(set(statuses), key=rank))


def _objective(
    row: ObjectiveRow, rows: Sequence[KeyResultRow], reader: Reader, results: tuple[ResultView, ...]
) -> ObjectiveView:
    speech = reader.speech
    low, high = row.progress_low, row.progress_high
    has_span = low is not None and high is not None and high - low > 0.005
    span = message("range", speech, span=speech.range(low or 0.0, high or 0.0, "share")) if has_span else ""
    progress = _progress(row, speech)
    return ObjectiveView(
        title=plain(row.title),
        badge=badge(row.status, speech),
        progress=speech.percent(row.progress),
        filled=_clip(row.progress),
        tick=None if row.expected_progress is None else _clip(row.expected_progress),
        low=_clip(low),
        high=_clip(high),
        has_span=has_span,
        bar_label=", ".join(part for part in (progress, span) if part) or message("no_progress", speech),
        reason=standing.reason_of(row, rows, reader, speech=speech),
        sentence=_sentence(row, rows, reader, names_results=bool(results)),
        meta=_meta(row, reader, ", ".join(part for part in (expected_now(row, speech), span) if part)),
        results=results,
    )


def _progress(row: ObjectiveRow, speech: Speech) -> str:
    if row.progress is None:
        return ""
    return ", ".join(
        part
        for part in (message("progress_of", speech, share=speech.percent(row.progress)), expected_now(row, speech))
        if part
    )


def expected_now(row: ObjectiveRow, speech: Speech) -> str:
    """What it should be by now; not of one that is on track below it, as a stretch goal may be."""
    if row.progress is None or row.expected_progress is None:
        return ""
    if row.status in GOOD and row.progress < row.expected_progress:
        return ""
    return message("expected_now", speech, share=speech.percents(row.progress, row.expected_progress)[1])


def _clip(share: float | None) -> float:
    return round(100 * min(1.0, max(0.0, share or 0.0)), 1)


def _sentence(row: ObjectiveRow, rows: Sequence[KeyResultRow], reader: Reader, *, names_results: bool) -> str:
    """How its key results stand, which of them decides, and which is worst where that is another one."""
    speech = reader.speech
    good = sum(result.status in GOOD for result in rows)
    unjudged = sum(result.status in UNJUDGED for result in rows)
    if len(rows) == 1:
        return message("judged_one", speech, word=status_word(rows[0].status, speech))
    key = "judged_none" if good == 0 else "judged_all" if good == len(rows) else "judged_1" if good == 1 else "judged"
    said = [message(key, speech, good=good, all=len(rows))]
    if unjudged:
        said.append(message("unjudged", speech, count=unjudged))
    if names_results and row.status not in GOOD:
        said += decided_by(row, rows, reader, speech)
    return " ".join(said)


def decided_by(row: ObjectiveRow, rows: Sequence[KeyResultRow], reader: Reader, speech: Speech) -> list[str]:
    """The key result that decides an objective's status, and the worst one where it is another."""
    said = []
    for key, found in (("deciding", row.deciding_key_result), ("worst", row.weakest_key_result)):
        result = next((each for each in rows if each.key_result_id == found), None)
        if result is None or (key == "worst" and found == row.deciding_key_result):
            continue
        title = plain(standing.standing_of(result, reader, speech=speech).title(), limit=80)
        said.append(message(key, speech, title=f"”{title}”" if speech.is_swedish else f"“{title}”"))
    return said


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


def _result(row: KeyResultRow, reader: Reader, evidence: Evidence, *, chart_id: str, extras: Extras) -> ResultView:
    speech = reader.speech
    said = standing.standing_of(row, reader)
    series = series_of(
        row,
        definition=said.definition,
        period=said.period,
        months=evidence.months,
        items=evidence.items,
        as_of=evidence.as_of,
    )
    chart_unit = _chart_unit(row, said.definition, evidence)
    first = said.first_target()
    now, of = _big(said)
    key = (row.objective_id, row.key_result_id)
    return ResultView(
        title=said.title(),
        badge=badge(row.status, speech, ambition=row.ambition),
        now=now,
        of=of,
        basis=said.basis(),
        first_target=message("first_target", speech, value=first) if first else "",
        outlook=said.outlook(),
        explanation=plain(row.explanation or "", limit=400),
        notes=" ".join(f"{_sentence_case(note)}." for note in said.notes()),
        checkin=extras.checkins.get(key, ""),
        ago=extras.ago.get(key, ""),
        nights=night_line(extras.nights.get(key, ()), speech),
        flags=_flags(row, said.definition, speech),
        source=_source(row, evidence, reader),
        chart=_chart(series, row, chart_unit, speech, chart_id=chart_id, title=said.title()),
        table=in_a_table(series, Said(speech=speech, unit=chart_unit, target=row.target)) if series else None,
        way=speech.percent(row.raw_progress, beside=said.due),
        way_filled=_clip(row.raw_progress),
        way_tick=None if said.due is None else _clip(said.due),
        has_fan=series is not None and any(point.low is not None for point in series.points),
        legend=_legend(series, speech, has_pace=said.due is not None),
        milestones=_milestones(said.definition, evidence.as_of, speech),
    )


def _big(said: standing.Standing) -> tuple[str, str]:
    """The big figure, and what stands after it: of how much, or of what."""
    speech = said.speech
    now, goal = said.figures()
    unit = plain(said.unit(), limit=30)
    if said.way == "share":
        return now, message("of_months", speech)
    if said.row.current is None:
        return now, message("wanted", speech, target=f"{goal} {unit}".strip())
    words = goal if said.way == "level" else message("of", speech, target=goal)
    return now, f"{words} {unit}".strip()


def _sentence_case(note: str) -> str:
    text = plain(note, limit=400).rstrip(".")
    return text[:1].upper() + text[1:]


def _flags(row: KeyResultRow, definition: KeyResult | None, speech: Speech) -> tuple[str, ...]:
    flags = []
    if definition and definition.weight != 1:
        flags.append(message("weight", speech, weight=speech.figure(definition.weight)))
    if row.is_estimated:
        flags.append(message("estimated", speech))
    if row.current is None and row.data_through is None:
        flags.append(message("no_data", speech))
    return tuple(flags)


def _sources(row: KeyResultRow, evidence: Evidence, reader: Reader) -> list[SourceState]:
    """The sources whose own months of this KPI exist, by scope; an own KPI's is in the file."""
    scopes = {scope for kpi, scope in evidence.months if kpi == row.kpi}
    own = reader.kpi_sources.get(row.kpi or "")
    return [
        source
        for source in evidence.sources
        if source.source == own
        or f"source={source.source}" in scopes
        or f"platform={reader.platforms.get(source.source)}" in scopes
    ]


def _source(row: KeyResultRow, evidence: Evidence, reader: Reader) -> str:
    speech, sources = reader.speech, _sources(row, evidence, reader)
    names = dict.fromkeys(reader.source_names[each.source] for each in sources if each.source in reader.source_names)
    parts = [message("source", speech, sources=", ".join(names))] if names else []
    read = [source.loaded_at.date() for source in sources if source.loaded_at]
    if names and read:
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


def _chart_unit(row: KeyResultRow, definition: KeyResult | None, evidence: Evidence) -> str | None:
    """The unit of the months drawn: the KPI's own, also where the key result counts months inside a band."""
    if definition is None or definition.count:
        return row.unit
    return next(
        (month.unit for (kpi, _), months in evidence.months.items() if kpi == row.kpi for month in months.values()),
        row.unit,
    )


def _chart(
    series: Series | None, row: KeyResultRow, unit: str | None, speech: Speech, *, chart_id: str, title: str
) -> Markup | None:
    if series is None:
        return None
    said = Said(speech=speech, unit=unit, target=row.target)
    return for_page(
        key_result_chart(series, speech, unit=unit, titles=month_titles(series, said)),
        chart_id=chart_id,
        title=message("chart_title", speech, title=title),
        description=in_words(series, said),
    )


def _legend(series: Series | None, speech: Speech, *, has_pace: bool) -> tuple[tuple[str, str], ...]:
    """What is drawn of one key result; nothing where no chart is."""
    if series is None:
        return ()
    points = series.points
    drawn = {
        "now": series.has_actual,
        "open": series.form == "months" and any(point.is_open and point.actual is not None for point in points),
        "last": any(point.last is not None for point in points),
        "path": bool(series.bounds) or any(point.path is not None for point in points),
        "fan": any(point.low is not None for point in points),
    }
    marks = [(mark, message(f"legend_{mark}", speech)) for mark, is_drawn in drawn.items() if is_drawn]
    return (*marks, ("pace", message("on_pace", speech))) if has_pace else tuple(marks)


def rank(status: str) -> int:
    """0 is worst."""
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0
