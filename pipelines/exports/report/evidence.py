"""What stands below the key results: initiatives, the forecasts' record, sources, how figures are made.

What belongs here: choosing and wording. What does not: queries (``queries.py``), objectives (``results.py``), KPIs
(``kpi_cards.py``), posts (``posts.py``), HTML.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from okr_models.kpis import BUILT_IN
from okr_models.words.numbers import Speech
from pipelines.exports.plain import plain
from pipelines.exports.reader import Reader
from pipelines.exports.report.messages import message
from pipelines.exports.report.methods import GENERAL, method
from pipelines.exports.report.queries import (
    InitiativeRow,
    OwnerScores,
    Scores,
    SourceState,
)
from pipelines.exports.words import kpi_title

VERDICT_ICONS = {"keep": "✓", "kill": "✕", "undecided": "◆", "running": "○", "not_started": "○"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeView:
    title: str
    hypothesis: str
    effect: str
    detectable: str
    verdict: str
    icon: str
    word: str
    reason: str
    cost: str


def initiatives(rows: Sequence[InitiativeRow], reader: Reader) -> tuple[tuple[InitiativeView, ...], ...]:
    """Those tried, and those that are not in line with the goals."""
    tried = tuple(_initiative(row, reader) for row in rows if row.verdict != "not_aligned")
    ideas = tuple(_initiative(row, reader) for row in rows if row.verdict == "not_aligned")
    return tried, ideas


def _initiative(row: InitiativeRow, reader: Reader) -> InitiativeView:
    speech = reader.speech
    effect, mid = "", ""
    if row.effect is not None:
        effect = mid = speech.percent(row.effect, signed=True)
        if row.effect_low is not None and row.effect_high is not None:
            span = speech.percent_range(row.effect_low, row.effect_high)
            effect = message("effect_range", speech, effect=mid, span=span)
    detectable = ""
    if row.detectable_effect is not None:
        detectable = message("detectable", speech, share=speech.percent(row.detectable_effect))
    reason = plain(row.reason or "", limit=300)
    if mid in reason:  # said there already, or there is none
        effect = ""
    if speech.percent(row.detectable_effect) in reason:
        detectable = ""
    known = row.verdict in {*VERDICT_ICONS, "cannot_be_judged", "not_aligned"}
    return InitiativeView(
        title=plain(row.title, limit=90),
        hypothesis=plain(reader.initiatives.get(row.initiative_id) or "", limit=200),
        effect=effect,
        detectable=detectable,
        verdict=row.verdict,
        icon=VERDICT_ICONS.get(row.verdict, "?"),
        word=message(row.verdict, speech) if known else plain(row.verdict),
        reason=reason,
        cost=reader.speech.money(row.cost, reader.currency),
    )


def scores(record: Scores | None, speech: Speech) -> str:
    """How the forecasts turned out, in a sentence or two."""
    if record is None:
        return message("scores_none", speech)
    text = _record("scores_text_one" if record.count == 1 else "scores_text", record, speech)
    if record.inside is None:
        return text
    return f"{text} {message('scores_inside', speech, share=speech.percent(record.inside))}"


def owner_scores(record: OwnerScores | None, speech: Speech) -> str:
    """How sure people were, beside our forecasts of the same days; empty where no check-in has its outcome yet."""
    if record is None:
        return ""
    text = _record("owners_text_one" if record.count == 1 else "owners_text", record, speech)
    if record.both_brier is None or record.program_brier is None:
        return text
    beside = message(
        "owners_beside",
        speech,
        count=record.both,
        owner=speech.fixed(record.both_brier, 2),
        program=speech.fixed(record.program_brier, 2),
    )
    return f"{text} {beside}"


def _record(name: str, record: Scores | OwnerScores, speech: Speech) -> str:
    """Of one forecast no share came true: it did or it did not."""
    came = speech.percent(record.came)
    if record.count == 1:
        came = message("was_reached" if record.came else "was_not_reached", speech)
    return message(
        name,
        speech,
        count=record.count,
        said=speech.percent(record.said),
        came=came,
        brier=speech.fixed(record.brier, 2),
    )


def source_lines(sources: Sequence[SourceState], reader: Reader) -> tuple[str, ...]:
    """One line for each source that has a name: what was read of it."""
    named = [(source, name) for source in sources if (name := reader.source_names.get(source.source))]
    speech = reader.speech
    lines = (
        message("source_line", speech, source=name, day=speech.day(source.loaded_through))
        if source.loaded_through
        else message("source_never", speech, source=name)
        for source, name in named
    )
    return tuple(dict.fromkeys(line[:1].upper() + line[1:] for line in lines))


def failures(sources: Sequence[SourceState], reader: Reader) -> str:
    """What could not be read last and since when, for a client: no stream, no id; empty where all was."""
    said = dict.fromkeys(_failure(source, reader) for source in sources if source.failed)
    if not said:
        return ""
    return " ".join([*said, message("sources_stand" if len(said) == 1 else "sources_stand_all", reader.speech)])


def _failure(source: SourceState, reader: Reader) -> str:
    speech = reader.speech
    name = reader.source_names.get(source.source) or message("some_source", speech)
    name = name[:1].upper() + name[1:]
    if source.failed_since:
        return message("source_failed", speech, source=name, day=speech.short_day(source.failed_since))
    return message("source_partly" if source.loaded_through else "source_failed_always", speech, source=name)


def failed_streams(sources: Sequence[SourceState]) -> str:
    """The streams that could not be read last, as ``source/stream``."""
    return ", ".join(f"{plain(source.source)}/{plain(stream)}" for source in sources for stream in source.failed)


def methods(kpi_ids: Collection[str], reader: Reader) -> tuple[tuple[str, str], ...]:
    """How each figure that the page shows is made: the built-in KPIs in use, then what holds for all."""
    speech = reader.speech
    built_in = [kpi for kpi in BUILT_IN if kpi in kpi_ids and kpi not in reader.kpi_titles]
    used = [(kpi_title(kpi, speech), text) for kpi in built_in if (text := method(kpi, speech))]
    return (*used, *GENERAL[speech.language])
