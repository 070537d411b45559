"""How a key result and an objective are said wherever they are shown: in the terminal, on a client's page, in the list.

What belongs here: the line that holds what belongs together, from one row and its definition. What does not: laying it
out (``status_table.py``, ``report/results.py``, ``report/agency.py``), why it stands there (its stored explanation).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from okr_models.client.model import AtLeast, AtMost, Between, Change, KeyResult, Milestones, Period, Target
from okr_models.client.titles import outdated_by
from okr_models.periods import Window
from okr_models.progress.due import due_now
from okr_models.words.notes import cure, sentence
from okr_models.words.numbers import Language, Speech
from pipelines.exports.plain import is_said, plain
from pipelines.exports.published import KeyResultRow, ObjectiveRow
from pipelines.exports.reader import Reader
from pipelines.exports.words import kpi_title, status_word, unit_word

Way = Literal["growth", "mean", "total", "stock", "level", "share", "items"]
"""What stands against what: growth on a base, a mean of months, a sum, a reading, a level, months held, items done."""
YEAR = 12
IN_THE_LINE = frozenset({"final_target", "full_target_probability"})
"""Notes that the forecast's line says already."""
STRETCH = 0.7
"""The part of the way that is a stretch goal's success."""
SHARE = "share"
"""The unit of months held, of those there are."""
OPEN_END = frozenset({"on_track", "at_risk", "off_track"})

TEXT: dict[Language, dict[str, str]] = {
    "sv": {
        "title_now": "{title} (nu {target})",
        "at_least": "minst {value}",
        "at_most": "högst {value}",
        "mean_flow": "{value} {unit} i månaden, snitt {months}; {base}",
        "mean_ratio": "{value} {unit}, snitt {months}; {base}",
        "reading": "{value} {unit} {day}; {base}",
        "last_month": "Senaste hela månaden, {month}",
        "so_far": "Summan t.o.m. {day}",
        "last_year": "i fjol {value}",
        "at_start": "{value} vid start",
        "compared": "utgångsläge {value}",
        "year": "Helårsprognos",
        "period": "Prognos för hela perioden",
        "year_end": "Prognos vid årets slut",
        "period_end": "Prognos vid periodens slut",
        "forecast": "{head} {mid} ({range}) mot {target}",
        "forecast_sure": "{head} {mid} mot {target}",
        "chance": "sannolikhet {share}",
        "chance_stretch": "{share} att nå {part} av vägen",
        "chance_both": "{share} att nå {part} av vägen, {full} hela",
        "chance_full": "{full} att nå hela målet",
        "likely": "{what} väntas sluta på {end}, målet är {goal}",
        "likely_stretch": "{likely} (sträckmål: {part} av vägen räcker)",
        "likely_settled": "målet för {what} går inte längre att nå",
        "likely_items": "{what}: {now} av {goal}, borde vara {expected} nu",
        "likely_pace": "{what} har nått {now}, borde vara {expected} nu",
        "likely_so_far": "{what}: {now} hittills, målet är {goal}",
        "likely_months": "{what}: {now} av månaderna klarade målet",
        "milestones": "delmålen",
        "uncovered": "bara {share} av vikten har en siffra",
        "uncovered_all": "inget nyckelresultat har en siffra än",
    },
    "en": {
        "title_now": "{title} (now {target})",
        "at_least": "at least {value}",
        "at_most": "at most {value}",
        "mean_flow": "{value} {unit} a month, mean of {months}; {base}",
        "mean_ratio": "{value} {unit}, mean of {months}; {base}",
        "reading": "{value} {unit} on {day}; {base}",
        "last_month": "The last whole month, {month}",
        "so_far": "The sum through {day}",
        "last_year": "last year {value}",
        "at_start": "{value} at the start",
        "compared": "baseline {value}",
        "year": "Full-year forecast",
        "period": "Forecast for the whole period",
        "year_end": "Forecast at the year's end",
        "period_end": "Forecast at the period's end",
        "forecast": "{head} {mid} ({range}) against {target}",
        "forecast_sure": "{head} {mid} against {target}",
        "chance": "probability {share}",
        "chance_stretch": "{share} to get {part} of the way",
        "chance_both": "{share} to get {part} of the way, {full} the whole",
        "chance_full": "{full} to reach the whole target",
        "likely": "{what} expected to end at {end}, the target is {goal}",
        "likely_stretch": "{likely} (stretch: {part} of the way is enough)",
        "likely_settled": "the target for {what} can no longer be reached",
        "likely_items": "{what}: {now} of {goal}, should be {expected} by now",
        "likely_pace": "{what} at {now}, should be {expected} by now",
        "likely_so_far": "{what}: {now} so far, the target is {goal}",
        "likely_months": "{what}: {now} of the months met the target",
        "milestones": "milestones",
        "uncovered": "only {share} of the weight has a figure",
        "uncovered_all": "no key result has a figure yet",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A row with what its client's file says of it. Without a file ``definition`` and ``period`` are None."""

    row: KeyResultRow
    speech: Speech
    definition: KeyResult | None = None
    period: Period | None = None
    title_of_kpi: str = ""

    @property
    def target(self) -> Target | None:
        return self.definition.target_on(self.row.as_of) if self.definition else None

    @property
    def way(self) -> Way:
        target, row = self.target, self.row
        if row.kind in {"count", "milestones"}:
            return "items"
        if isinstance(target, Between) or (isinstance(target, AtLeast | AtMost) and target.hold):
            return "share"
        if isinstance(target, AtLeast | AtMost):
            return "level"
        if row.current_growth is not None or isinstance(target, Change):
            return "growth"
        if row.kind == "stock":
            return "stock"
        return "mean" if row.first_month else _way_of_row(row, is_asked=target is not None)

    @property
    def growth_asked(self) -> float | None:
        """What the target is as growth on the baseline."""
        row = self.row
        if row.current_growth is None or not row.baseline or row.target is None:
            return None
        return row.target / row.baseline - 1

    @property
    def due(self) -> float | None:
        """How far it should be by now: of a stretch goal towards its own success line, and of a count whole items."""
        row = self.row
        if row.expected_progress is None:
            return None
        success = STRETCH if row.ambition == "stretch" else 1.0
        return due_now(row.expected_progress, success=success, items=row.target if row.kind == "count" else None)

    def title(self) -> str:
        """As the client wrote it; one that names a target that was changed says what it is now."""
        title = plain(self.row.title)
        if self.definition is None or outdated_by(self.definition, self.row.as_of) is None:
            return title
        return TEXT[self.speech.language]["title_now"].format(title=title, target=self.figures()[1])

    def figures(self) -> tuple[str, str]:
        """Where it is and what is asked for, in one unit: of growth the growth."""
        row, speech, asked = self.row, self.speech, self.growth_asked
        if row.current_growth is not None and asked is not None:
            return speech.percents(row.current_growth, asked, signed=True)
        target = self.target
        if isinstance(target, Milestones):
            done = sum(each.done is not None and each.done <= row.as_of for each in target.milestones)
            return speech.figure(done), speech.figure(len(target.milestones))
        if isinstance(target, Change):
            return speech.figure(row.current, row.unit), speech.aim(target.share, signed=True)
        now, goal = speech.pair(row.current, row.target, row.unit)
        return now, self._bound(goal)

    def first_target(self) -> str:
        """The target before it was revised, said as the target is; empty where it never was."""
        row = self.row
        if row.first_target is None or row.target is None or row.first_target == row.target:
            return ""
        return self._target_said(row.first_target)

    def unit(self) -> str:
        """The unit of ``figures``: none where they are per cent."""
        if isinstance(self.target, Milestones):
            return unit_word("milestones", self.speech, of=self.figures()[1])
        return "" if isinstance(self.target, Change) else unit_word(self.row.unit, self.speech, of=self.figures()[1])

    def basis(self) -> str:
        """What the figure is made of, and what it stands against: the months, the day, last year."""
        row, speech, text = self.row, self.speech, TEXT[self.speech.language]
        if row.current is None:
            return ""
        value = speech.figure(row.current, row.unit, beside=row.target)
        unit = unit_word(row.unit, speech, of=value)
        if row.first_month and row.last_month:
            months = speech.months(Window(row.first_month, row.last_month).months(), short=True)
            form = "mean_ratio" if row.kind == "ratio" else "mean_flow"
            return _tidy(text[form].format(value=value, unit=unit, months=months, base=self._base()))
        if row.kind == "stock" and row.baseline is not None and row.data_through and self.way in {"growth", "stock"}:
            day = speech.short_day(row.data_through)
            return _tidy(text["reading"].format(value=value, unit=unit, day=day, base=self._base()))
        if self.way == "level" and row.kind != "stock" and row.data_through:
            return text["last_month"].format(month=speech.month_name(row.data_through))
        if self.way == "total" and row.data_through:
            return text["so_far"].format(day=speech.short_day(row.data_through))
        return ""

    def outlook(self) -> str:
        """Forecast, its span, what it stands against and how likely that is: what belongs together, in one line."""
        return " · ".join(part for part in (self._forecast(), self.chance()) if part)

    def chance(self) -> str:
        """How likely success is, of a stretch goal also the whole target; nothing where it is settled or unknown."""
        row, speech, text = self.row, self.speech, TEXT[self.speech.language]
        full = row.probability_full if row.ambition == "stretch" else None
        if row.probability == 1 and full is not None and 0 < full < 1:
            return text["chance_full"].format(full=speech.percent(full))
        if row.probability is None or not 0 < row.probability < 1:
            return ""
        share = speech.percent(row.probability)
        if row.ambition != "stretch":
            return text["chance"].format(share=share)
        part = speech.percent(STRETCH)
        if full is None:
            return text["chance_stretch"].format(share=share, part=part)
        return text["chance_both"].format(share=share, part=part, full=speech.percent(full))

    def notes(self) -> tuple[str, ...]:
        """What any reader must know beside the explanation; what only the agency can mend is ``cures``."""
        row = self.row
        if row.note_codes is None:
            return tuple(note for note in row.notes if not is_said(note, row.explanation))
        said = (sentence(note, self.speech) for note in row.note_codes if note.code not in IN_THE_LINE)
        return tuple(dict.fromkeys(note for note in said if not is_said(note, row.explanation)))

    def cures(self) -> tuple[str, ...]:
        """What the client file would have to say: for the agency."""
        found = (cure(note, self.speech) for note in self.row.note_codes or ())
        return tuple(dict.fromkeys(what for what in found if what))

    def likely_end(self) -> str:
        """Where it is expected to end against its target; without a forecast where it is and where it should be."""
        row, text = self.row, TEXT[self.speech.language]
        if row.status == "out_of_reach":
            return text["likely_settled"].format(what=self._what())
        if row.status not in OPEN_END:
            return ""
        if self.way == "share":
            return text["likely_months"].format(what=self._what(), now=self.speech.percent(row.current))
        if row.forecast is not None and row.forecast_target is not None:
            end, goal = self._ends(row.forecast, row.forecast_target)
            likely = text["likely"].format(what=self._what(), end=end, goal=goal)
            part = self.speech.percent(STRETCH)
            return text["likely_stretch"].format(likely=likely, part=part) if row.ambition == "stretch" else likely
        return self._likely_by_pace()

    def _likely_by_pace(self) -> str:
        row, speech, text = self.row, self.speech, TEXT[self.speech.language]
        if row.raw_progress is None or self.due is None:
            return ""
        if row.kind == "count" and row.target:
            expected = speech.figure(self.due * row.target)
            now, goal = speech.figure(row.current), speech.figure(row.target)
            return text["likely_items"].format(what=self._what(), now=now, goal=goal, expected=expected)
        if self.way in {"level", "growth"}:
            now, goal = self.figures()
            return text["likely_so_far"].format(what=self._what(), now=now, goal=goal)
        now, expected = speech.percents(row.raw_progress, self.due)
        return text["likely_pace"].format(what=self._what(), now=now, expected=expected)

    def _what(self) -> str:
        """What is measured, as a noun inside a sentence."""
        text, row = TEXT[self.speech.language], self.row
        if row.kpi is None:
            return text["milestones"]
        title = plain(self.title_of_kpi or kpi_title(row.kpi, self.speech), limit=60)
        scope = self.definition.scope if self.definition else None
        # NPS and CAC stay as they are written
        is_name = (scope and scope.platform) or title[1:2].isupper() or title[1:2].isdigit()
        return title if is_name else title[:1].lower() + title[1:]

    def _ends(self, end: float, goal: float) -> tuple[str, str]:
        asked = self.growth_asked
        if asked is None or asked <= -1:
            said = self.speech.pair(end, goal, self.row.unit)
            return said[0], self._bound(said[1])
        base = goal / (1 + asked)
        return self.speech.percents(end / base - 1, asked, signed=True)

    def _forecast(self) -> str:
        row, speech, text = self.row, self.speech, TEXT[self.speech.language]
        if row.forecast is None or row.forecast_low is None or row.forecast_high is None:
            return ""
        goal = row.forecast_target if row.forecast_target is not None else row.target
        mid = speech.figure(row.forecast, row.unit, beside=goal)
        span = speech.range(row.forecast_low, row.forecast_high, row.unit, beside=goal)
        form = "forecast_sure" if span == mid else "forecast"
        asked = speech.figure(goal, row.unit) if goal is None or row.unit != SHARE else speech.aim(goal)
        target = self._bound(asked)
        return text[form].format(head=self._head(), mid=mid, range=span, target=target)

    def _head(self) -> str:
        """The forecast is of the period's mean or sum, or of its last reading."""
        text, way = TEXT[self.speech.language], self.way
        is_year = self._months() == YEAR
        at_the_end = way in {"stock", "level", "items"} or (way == "growth" and self.row.kind == "stock")
        if at_the_end:
            return text["year_end" if is_year else "period_end"]
        return text["year" if is_year else "period"]

    def _months(self) -> int:
        return 0 if self.period is None else len(Window(self.period.start, self.period.end).months())

    def _base(self) -> str:
        row, text = self.row, TEXT[self.speech.language]
        value = self.speech.figure(row.baseline, row.unit, beside=row.target)
        stated = self.definition.baseline if self.definition else None
        default = "at_start" if row.kind == "stock" else "last_year"
        by_kind = {None: default, "same_months_last_year": "last_year", "start_of_period": "at_start"}
        word = by_kind.get(stated, "compared") if isinstance(stated, str | None) else "compared"
        if word == "last_year" and row.kind != "stock" and self._months() > YEAR:
            # its base lies as many whole years back as it takes to be before all of it
            word = "compared"
        return text[word].format(value=value) if row.baseline is not None else ""

    def _target_said(self, value: float | None) -> str:
        row = self.row
        if value is None:
            return ""
        if self.growth_asked is not None and row.baseline:
            return self.speech.aim(value / row.baseline - 1, signed=True)
        return self._bound(self.speech.figure(value, row.unit, beside=row.target))

    def _bound(self, value: str) -> str:
        """A level is a bound: at least, at most."""
        target, text = self.target, TEXT[self.speech.language]
        if not isinstance(target, AtLeast | AtMost) or target.hold:
            return value
        return text["at_least" if isinstance(target, AtLeast) else "at_most"].format(value=value)


def standing_of(row: KeyResultRow, reader: Reader, *, speech: Speech | None = None) -> Standing:
    """A row beside its definition, in the client's language or another one's; without one where it is another now."""
    objective = reader.objective(row.objective_id)
    definition = reader.key_result(row.objective_id, row.key_result_id)
    return Standing(
        row=row,
        speech=speech or reader.speech,
        definition=definition if definition is not None and _is_of(definition, row) else None,
        period=objective.period if objective else None,
        title_of_kpi=reader.kpi_titles.get(row.kpi or "", ""),
    )


def _is_of(definition: KeyResult, row: KeyResultRow) -> bool:
    """Whether a row can have been made by a definition: an older row may be of what the file said before."""
    target = definition.target_on(row.as_of)
    if isinstance(target, Milestones) or definition.count is not None:
        return row.kind == ("milestones" if isinstance(target, Milestones) else "count")
    if row.kpi != definition.kpi or row.kind in {"count", "milestones"}:
        return False
    if isinstance(target, Between) or (isinstance(target, AtLeast | AtMost) and target.hold):
        return row.unit == SHARE
    if row.current is None or row.target is None:
        return True
    if isinstance(target, AtLeast | AtMost):
        return row.first_month is None and row.current_growth is None
    return (row.current_growth is not None) == isinstance(target, Change)


def _way_of_row(row: KeyResultRow, *, is_asked: bool) -> Way:
    """Of a flow or a ratio; where no file says what is asked of it by what the row has: a sum counts from 0."""
    if is_asked or (row.kind == "flow" and row.baseline == 0 and row.unit != SHARE):
        return "total"
    return "share" if row.unit == SHARE else "level"


def reason_of(row: ObjectiveRow, results: Sequence[KeyResultRow], reader: Reader, *, speech: Speech) -> str:
    """Why an objective stands there and where it is likely to end: what its deciding key result says of both."""
    if row.status == "cannot_be_judged" and row.coverage is not None:
        form = "uncovered" if row.coverage else "uncovered_all"
        return TEXT[speech.language][form].format(share=speech.percent(row.coverage))
    deciding = next((each for each in results if each.key_result_id == row.deciding_key_result), None)
    return standing_of(deciding, reader, speech=speech).likely_end() if deciding else ""


def headline(row: ObjectiveRow, results: Sequence[KeyResultRow], reader: Reader, *, speech: Speech) -> str:
    """An objective's status with its reason, as a sentence."""
    word, reason = status_word(row.status, speech), reason_of(row, results, reader, speech=speech)
    said = f"{word}: {reason}" if reason else word
    return f"{said[:1].upper()}{said[1:]}."


def _tidy(text: str) -> str:
    """Without the places of what is missing."""
    return re.sub(" +(?=[ ,;])", "", text).strip(" ;")
