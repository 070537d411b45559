"""One or two plain sentences a key result: where it stands, why, and what is missing.

What belongs here: which clauses are due, from the figures alone. What does not: notes (``notes_due.py``), which
say what a reader must know of the data, and the wording of numbers (``words/numbers.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from okr_models.client.model import AtLeast, AtMost, Between, Change
from okr_models.progress.clauses import WORDS
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.like_for_like import Pair
from okr_models.progress.measures import SUCCESS, Measurement, Rule
from okr_models.progress.required import required
from okr_models.words.codes import Note
from okr_models.words.notes import sentence
from okr_models.words.numbers import Speech

SEASONAL = 0.15
"""A month this far from the mean on both sides is the season's doing."""
YEAR = 12
CLOSE = 0.05
"""Growth within this of the whole's is as expected."""
MISSING: tuple[str, ...] = ("source_missing", "source_never_loaded", "platform_left_out")

Clause = str | None


def explain(result: KeyResultProgress, speech: Speech) -> str:
    """Clauses joined by semicolons, ended by a full stop; a key result that cannot be judged says why."""
    found = result.prepared.measurement
    if found.refusal is not None:
        clauses: list[Clause] = [sentence(found.refusal, speech)]
    elif found.current is None or result.status == "too_early":
        clauses = [WORDS[speech.language]["too_early"]]
        if found.current is not None and found.target is not None:
            clauses.append(_where(result, speech))
    else:
        rest = _rest(result, speech)
        clauses = [*(rest or [_where(result, speech)]), _why(result, speech), _chance(result, speech)]
    clauses += [_missing(each, speech) for each in result.notes if each.code in MISSING]
    text = "; ".join(clause for clause in clauses if clause)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _rest(result: KeyResultProgress, speech: Speech) -> list[Clause]:
    """Where it stands and what the rest of the period would have to give: of what is judged to miss its target."""
    ready = result.prepared
    if result.status not in {"at_risk", "off_track"}:
        return []
    found = required(ready.task, ready.measurement, success=SUCCESS[ready.key_result.ambition])
    if found is None:
        return []
    words = WORDS[speech.language]
    period = words["year" if ready.task.n == YEAR else "period"]
    if found.way == "growth":
        now, goal, needed = (speech.percent(share, signed=True) for share in (found.so_far, found.goal, found.needed))
        where: Clause = words["growth_so_far"].format(now=now)
    else:
        unit = ready.measurement.unit
        goal, needed = speech.figure(found.goal, unit), speech.figure(found.needed, unit)
        now = speech.figure(found.so_far, unit, beside=found.needed)
        where = _where(result, speech)
    return [where, words[f"{found.way}_needed"].format(now=now, goal=goal, needed=needed, period=period)]


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
    """+12 % mot +30 %."""
    found, target = result.prepared.measurement, result.prepared.task.target
    if found.current is None or not found.baseline:
        return _share(result, speech)
    growth = found.current / found.baseline - 1
    if isinstance(target, Change):
        now, goal = speech.percents(growth, target.share, signed=True)
        return WORDS[speech.language]["growth"].format(now=now, goal=goal)
    return _share(result, speech)


def _share(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    if found.current is None or found.target is None:
        return None
    now, goal = speech.pair(found.current, found.target, found.unit)
    return WORDS[speech.language]["of"].format(now=now, goal=goal)


def _count(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    goal = speech.figure(found.target or 0.0)
    return WORDS[speech.language]["count"].format(now=found.items, goal=goal)


def _milestones(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    return WORDS[speech.language]["milestones"].format(now=found.items, goal=found.items + found.open_items)


def _hold(result: KeyResultProgress, speech: Speech) -> Clause:
    found = result.prepared.measurement
    measured = round(found.items / found.current) if found.current else found.k
    return WORDS[speech.language]["hold"].format(now=found.items, goal=measured)


def _level(result: KeyResultProgress, speech: Speech) -> Clause:
    found, target = result.prepared.measurement, result.prepared.task.target
    if found.current is None or isinstance(target, Between) or not isinstance(target, AtLeast | AtMost):
        return None
    word = "at_least" if isinstance(target, AtLeast) else "at_most"
    limit = target.at_least if isinstance(target, AtLeast) else target.at_most
    now, goal = speech.pair(found.current, limit, found.unit)
    return WORDS[speech.language][word].format(now=now, goal=goal)


def _why(result: KeyResultProgress, speech: Speech) -> Clause:
    """What moves it: the season, the last month, what is still open, or where it should be by now."""
    ready = result.prepared
    found = ready.measurement
    if result.status in {"achieved", "out_of_reach"}:
        return WORDS[speech.language][result.status]
    if found.rule == "growth" and found.pairs:
        return _season(found, speech) or _last_month(found, speech)
    if found.rule == "count" and found.open_items:
        return WORDS[speech.language]["open"].format(count=found.open_items)
    if found.rule in {"stock", "sum", "milestones", "count"} and ready.raw is not None and ready.expected is not None:
        now, expected = speech.percents(ready.raw, ready.expected)
        return WORDS[speech.language]["course"].format(now=now, expected=expected)
    return None


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
    return WORDS[speech.language][word].format(month=speech.month_name(last.month))


def _last_month(found: Measurement, speech: Speech) -> Clause:
    last = found.pairs[-1]
    if last.base is None or not last.base.value or last.current.value is None or last.base.value < 0:
        return None
    growth = last.current.value / last.base.value - 1
    return WORDS[speech.language]["last_month"].format(
        month=speech.month_name(last.month), now=speech.percent(growth, signed=True)
    )


def _deviation(last: Pair, pairs: Sequence[Pair], *, of_base: bool) -> float | None:
    """How far the last month lies from the mean of the months, as a share of it."""
    values = [(pair.base.value if pair.base else None) if of_base else pair.current.value for pair in pairs]
    known = [value for value in values if value is not None]
    middle = fmean(known) if known else 0.0
    newest = values[-1]
    return None if newest is None or middle <= 0 else newest / middle - 1


def _chance(result: KeyResultProgress, speech: Speech) -> Clause:
    said = result.forecast.probability
    if said is None or result.prepared.settled is not None:
        return None
    return WORDS[speech.language]["chance"].format(share=speech.percent(said))


def _missing(each: Note, speech: Speech) -> Clause:
    return sentence(each, speech)
