"""One or two plain sentences a key result: where it stands, why, and what is missing, in Swedish and English.

What belongs here: which clauses are due, from the figures alone, and their wording. What does not: notes
(``notes_due.py``), which say what a reader must know of the data, and how a figure is said (``words/numbers.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from okr_models.client.model import AtLeast, AtMost, Between, Change
from okr_models.progress.due import due_now
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.like_for_like import Pair
from okr_models.progress.measures import SUCCESS, Measurement, Rule
from okr_models.progress.required import required
from okr_models.progress.status import JUDGED
from okr_models.words.codes import Note
from okr_models.words.notes import sentence
from okr_models.words.numbers import Language, Speech

SEASONAL = 0.15
"""A month this far from the mean on both sides is the season's doing."""
CLOSE = 0.05
"""Growth within this of the whole's is as expected."""
MISSING: tuple[str, ...] = ("source_missing", "source_never_loaded", "platform_left_out", "platform_partly")
YEAR = 12
"""Months of a period that is called a year."""

CLAUSES: dict[Language, dict[str, str]] = {
    "sv": {
        "of": "{now} av {goal}",
        "away": "{now}, målet är {goal}",
        "count": "{now} av {goal} klara",
        "milestones": "{now} av {goal} delmål klara",
        "milestones_one": "{now} av 1 delmål klart",
        "hold": "{now} av {goal} månader klarade målet",
        "hold_one": "{now} av 1 månad klarade målet",
        "at_least": "{now}, ska vara minst {goal}",
        "at_most": "{now}, ska vara högst {goal}",
        "too_early": "för tidigt att säga",
        "achieved": "målet är nått",
        "out_of_reach": "målet går inte längre att nå",
        "season_down": "{month} är säsongsmässigt svag, som väntat",
        "season_up": "{month} är säsongsmässigt stark, som väntat",
        "last_month": "senaste månaden, {month}, {now}",
        "open": "{count} till kan ännu nå dit",
        "course": "framsteg {now}, borde vara {expected} nu",
        "count_course": "borde vara {expected} nu",
        "forecast_warns": "läget hittills räcker, men prognosen avgör",
        "forecast_worse": "prognosen ger sämre chans än läget hittills, och avgör",
        "forecast_better": "prognosen ger bättre chans än läget hittills, och avgör",
        "growth_so_far": "{now} hittills",
        "growth_needed": "för {goal} krävs {needed} i snitt resten av {period}",
        "below_zero": "för {goal} krävs värden under noll resten av {period}",
        "level_needed": "för {goal} krävs {needed} i snitt resten av {period}",
        "pace_needed": "för {goal} krävs {needed} i månaden resten av {period}, hittills {now}",
        "pace_allowed": "{goal} tål {needed} i månaden resten av {period}, hittills {now}",
        "pace_needed_at_last": "för {goal} krävs {needed} till {period}s slut, hittills {now} i månaden",
        "pace_allowed_at_last": "{goal} tål {needed} till {period}s slut, hittills {now} i månaden",
        "part": "{goal} ({share} av vägen)",
        "year": "året",
        "period": "perioden",
    },
    "en": {
        "of": "{now} of {goal}",
        "away": "{now}, the target is {goal}",
        "count": "{now} of {goal} done",
        "milestones": "{now} of {goal} milestones done",
        "milestones_one": "{now} of 1 milestone done",
        "hold": "{now} of {goal} months met the target",
        "hold_one": "{now} of 1 month met the target",
        "at_least": "{now}, to be at least {goal}",
        "at_most": "{now}, to be at most {goal}",
        "too_early": "too early to say",
        "achieved": "the target is reached",
        "out_of_reach": "the target can no longer be reached",
        "season_down": "{month} is seasonally low, as expected",
        "season_up": "{month} is seasonally high, as expected",
        "last_month": "the last month, {month}, {now}",
        "open": "{count} more can still get there",
        "course": "progress {now}, should be {expected} by now",
        "count_course": "should be {expected} by now",
        "forecast_warns": "so far it is enough, but the forecast decides",
        "forecast_worse": "the forecast gives less of a chance than the standing so far, and decides",
        "forecast_better": "the forecast gives more of a chance than the standing so far, and decides",
        "growth_so_far": "{now} so far",
        "growth_needed": "{goal} takes {needed} on average for the rest of the {period}",
        "below_zero": "{goal} takes values below zero for the rest of the {period}",
        "level_needed": "{goal} takes {needed} on average for the rest of the {period}",
        "pace_needed": "{goal} takes {needed} a month for the rest of the {period}, {now} so far",
        "pace_allowed": "{goal} allows {needed} a month for the rest of the {period}, {now} so far",
        "pace_needed_at_last": "{goal} takes {needed} by the end of the {period}, {now} a month so far",
        "pace_allowed_at_last": "{goal} allows {needed} by the end of the {period}, {now} a month so far",
        "part": "{goal} ({share} of the way)",
        "year": "year",
        "period": "period",
    },
}

Clause = str | None


def explain(result: KeyResultProgress, speech: Speech) -> str:
    """Clauses joined by semicolons, ended by a full stop; a key result that cannot be judged says why."""
    found, words = result.prepared.measurement, CLAUSES[speech.language]
    if found.refusal is not None:
        clauses: list[Clause] = [sentence(found.refusal, speech)]
    elif found.current is None or result.status == "too_early":
        clauses = [words["too_early"]]
        if found.current is not None and found.target is not None:
            clauses.append(_where(result, speech))
    else:
        stands = _rest(result, speech) or [_where(result, speech), *_course(result, speech)]
        clauses = [*stands, *_why(result, speech), _who_decides(result, speech)]
    clauses += [_missing(each, speech) for each in result.notes if each.code in MISSING]
    text = "; ".join(clause for clause in clauses if clause)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _rest(result: KeyResultProgress, speech: Speech) -> list[Clause]:
    """Where it stands and what the rest of the period would have to give: of what is judged to miss its target."""
    ready = result.prepared
    if result.status not in {"at_risk", "off_track"}:
        return []
    success = SUCCESS[ready.key_result.ambition]
    found = required(ready.task, ready.measurement, success=success)
    if found is None:
        return []
    words = CLAUSES[speech.language]
    period = words["year" if ready.task.n == YEAR else "period"]
    form = f"{found.way}_needed"
    if found.way == "growth":
        now, goal = speech.percents(found.so_far, found.goal, signed=True)
        needed = speech.percent(found.needed, beside=found.goal, signed=True)
        where: Clause = words["growth_so_far"].format(now=now)
        # less than nothing is no share of last year's that anybody can picture
        form = "below_zero" if found.needed < -1 else form
    else:
        unit, start = ready.measurement.unit, ready.measurement.baseline
        goal = speech.pair(ready.measurement.current, found.goal, unit)[1]
        if isinstance(ready.task.target, Change) and start:
            goal = speech.aim(found.goal / start - 1, signed=True)
        # no pace a month of what is less than one
        left = min(1.0, found.months_left or 1.0)
        needed = speech.figure(found.needed * left, unit)
        now = speech.figure(found.so_far, unit, beside=found.needed * left)
        where = _where(result, speech)
        form = "pace_allowed" if found.way == "pace" and found.is_past(start) else form
        form += "_at_last" if left < 1 else ""
    if success < 1:
        goal = words["part"].format(goal=goal, share=speech.percent(success))
    return [where, words[form].format(now=now, goal=goal, needed=needed, period=period)]


def _where(result: KeyResultProgress, speech: Speech) -> Clause:
    by_rule: dict[Rule, Callable[[KeyResultProgress, Speech], Clause]] = {
        "growth": _growth,
        "stock": _growth,
        "sum": _share,
        "count": _count,
        "milestones": _milestones,
        "hold": _hold,
        "level": _level,
    }
    return by_rule[result.prepared.measurement.rule](result, speech)


def _growth(result: KeyResultProgress, speech: Speech) -> Clause:
    """+12 % av +30 %."""
    target = result.prepared.task.target
    if result.current_growth is None or not isinstance(target, Change):
        return _share(result, speech)
    now, goal = speech.percents(result.current_growth, target.share, signed=True)
    form = "of" if result.current_growth * target.share >= 0 else "away"
    return CLAUSES[speech.language][form].format(now=now, goal=goal)


def _share(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    if found.current is None or found.target is None:
        return None
    now, goal = speech.pair(found.current, found.target, found.unit)
    return CLAUSES[speech.language]["of"].format(now=now, goal=goal)


def _count(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    goal = speech.figure(found.target or 0.0)
    return CLAUSES[speech.language]["count"].format(now=found.items, goal=goal)


def _milestones(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    return _of_all("milestones", found.items, found.items + found.open_items, speech)


def _hold(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    return _of_all("hold", found.items, found.months_measured, speech)


def _of_all(clause: str, now: int, whole: int, speech: Speech) -> Clause:
    return CLAUSES[speech.language][f"{clause}_one" if whole == 1 else clause].format(now=now, goal=whole)


def _level(result: KeyResultProgress, speech: Speech) -> Clause:
    found, target = result.prepared.measurement, result.prepared.task.target
    if found.current is None or isinstance(target, Between) or not isinstance(target, AtLeast | AtMost):
        return None
    word = "at_least" if isinstance(target, AtLeast) else "at_most"
    limit = target.at_least if isinstance(target, AtLeast) else target.at_most
    now, goal = speech.pair(found.current, limit, found.unit)
    return CLAUSES[speech.language][word].format(now=now, goal=goal)


def _why(result: KeyResultProgress, speech: Speech) -> list[Clause]:
    """What moves it: the season, the last month, what is still open."""
    found, words = result.prepared.measurement, CLAUSES[speech.language]
    if result.status in {"achieved", "out_of_reach"}:
        return [words[result.status]]
    if found.rule == "growth" and found.pairs:
        return [_season(found, speech) or _last_month(found, speech)]
    if found.rule == "count" and found.open_items:
        return [words["open"].format(count=found.open_items)]
    return []


def _course(result: KeyResultProgress, speech: Speech) -> list[Clause]:
    """How far it is and how far it should be by now, where that grows over the period; a count in whole items."""
    ready, words = result.prepared, CLAUSES[speech.language]
    found = ready.measurement
    if result.status in {"achieved", "out_of_reach"} or ready.raw is None or ready.expected is None:
        return []
    success = SUCCESS[ready.key_result.ambition]
    if found.rule == "count":
        due = due_now(ready.expected, success=success, items=found.target)
        return [words["count_course"].format(expected=speech.figure(due * (found.target or 0.0)))]
    if found.rule in {"stock", "sum", "milestones"} and not found.is_like_for_like:
        now, share = speech.percents(ready.raw, due_now(ready.expected, success=success))
        return [words["course"].format(now=now, expected=share)]
    return []


def _who_decides(result: KeyResultProgress, speech: Speech) -> Clause:
    """Where the pace alone would say better or worse than the forecast does."""
    if result.pace_status not in JUDGED or result.status not in JUDGED or result.prepared.settled is not None:
        return None
    pace, decided = JUDGED.index(result.pace_status), JUDGED.index(result.status)
    if pace == decided:
        return None
    if pace > decided:
        return CLAUSES[speech.language]["forecast_warns" if result.pace_status == "on_track" else "forecast_worse"]
    return CLAUSES[speech.language]["forecast_better"]


def _season(found: Measurement, speech: Speech) -> Clause:
    """The newest month that stands out from the others in the base year just as it does now."""
    pairs = [pair for pair in found.pairs if pair.base is not None]
    if len(pairs) < 3:
        return None
    last = pairs[-1]
    now, then = _deviation(last, pairs, of_base=False), _deviation(last, pairs, of_base=True)
    if now is None or then is None or abs(then) < SEASONAL or abs(now - then) > abs(then) / 2 + CLOSE:
        return None
    word = "season_down" if then < 0 else "season_up"
    return CLAUSES[speech.language][word].format(month=speech.month_name(last.month))


def _last_month(found: Measurement, speech: Speech) -> Clause:
    last = found.pairs[-1]
    if last.base is None or not last.base.value or last.current.value is None or last.base.value < 0:
        return None
    growth = last.current.value / last.base.value - 1
    return CLAUSES[speech.language]["last_month"].format(
        month=speech.month_name(last.month), now=speech.percent(growth, signed=True)
    )


def _deviation(last: Pair, pairs: Sequence[Pair], *, of_base: bool) -> float | None:
    """How far the last month lies from the mean of the months, as a share of it."""
    values = [(pair.base.value if pair.base else None) if of_base else pair.current.value for pair in pairs]
    known = [value for value in values if value is not None]
    middle = fmean(known) if known else 0.0
    newest = values[-1]
    return None if newest is None or middle <= 0 else newest / middle - 1


def _missing(each: Note, speech: Speech) -> Clause:
    return sentence(each, speech)
