"""One night's judgement of one initiative as a value: what it needs, its fingerprint, its answer as text.

What belongs here: what makes two nights' judgements the same, so that the second need not be made. What does not: the
judgement (``evaluation.py``), reading its days (``pipelines/warehouse/okr/initiatives.py``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from okr_models.client.model import Client, Initiative
from okr_models.initiatives.evaluation import PATIENCE, InitiativeResult, evaluate_initiative, goals_on
from okr_models.initiatives.guardrails import Guardrail
from okr_models.periods import Window

RULES = 9
"""Part of every fingerprint: raise it when a rule changes what a case's answer is."""

Days = tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailDays:
    """A figure that must not get worse, in the client's words, and its days."""

    name: str
    falls_is_worse: bool
    days: Days


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeCase:
    """Everything one judgement depends on; picklable. ``daily`` and ``controls`` hold days with a value only."""

    initiative: Initiative
    client: Client
    as_of: date
    daily: Days
    controls: tuple[Days, ...]
    guardrails: tuple[GuardrailDays, ...] = ()
    breaks: tuple[date, ...]
    outages: tuple[Window, ...]
    gap: float | None
    adds_over_time: bool
    unit: str
    tested: int


def trimmed(case: InitiativeCase) -> InitiativeCase:
    """Without the days its judgement does not look at, so that a new night's days change nothing once it is over."""
    start, end = case.initiative.start, case.initiative.end
    if start is None or end is None:
        return replace(case, daily=(), controls=(), guardrails=())
    until = start if case.as_of <= end else end.fromordinal(end.toordinal() + 1)
    cut = tuple(tuple(pair for pair in days if pair[0] < until) for days in (case.daily, *case.controls))
    is_over = case.as_of > end
    watched = tuple(
        replace(each, days=tuple(pair for pair in each.days if pair[0] < until)) for each in case.guardrails if is_over
    )
    return replace(case, daily=cut[0], controls=cut[1:], guardrails=watched, gap=case.gap if is_over else None)


def judge(case: InitiativeCase) -> InitiativeResult:
    """The judgement."""
    series = [pd.Series(dict(days), dtype=float) for days in (case.daily, *case.controls)]
    return evaluate_initiative(
        case.initiative,
        case.client,
        series[0],
        series[1:],
        as_of=case.as_of,
        breaks=case.breaks,
        outages=case.outages,
        other_initiatives=case.client.initiatives,
        guardrails=[
            Guardrail(each.name, pd.Series(dict(each.days), dtype=float), each.falls_is_worse)
            for each in case.guardrails
        ],
        gap=case.gap,
        adds_over_time=case.adds_over_time,
        unit=case.unit,
        tested=case.tested,
    )


def case_hash(case: InitiativeCase) -> str:
    """A fingerprint of everything the answer depends on but the day itself, which counts by its phase."""
    client = case.client
    parts: dict[str, Any] = {
        "rules": RULES,
        "phase": _phase(case),
        "initiative": case.initiative.model_dump(mode="json"),
        "others": [other.model_dump(mode="json") for other in client.initiatives],
        "objectives": [objective.model_dump(mode="json") for objective in client.objectives],
        "goals": goals_on(case.as_of, client) if case.initiative.key_result is None else None,
        "sources": [[source.id, source.platform] for source in client.sources],
        "client": [client.client, client.language, client.currency],
        "days": [[[day.isoformat(), repr(value)] for day, value in days] for days in (case.daily, *case.controls)],
        "guardrails": [
            [each.name, each.falls_is_worse, [[day.isoformat(), repr(value)] for day, value in each.days]]
            for each in case.guardrails
        ],
        "breaks": [on.isoformat() for on in case.breaks],
        "outages": [[window.start.isoformat(), window.end.isoformat()] for window in case.outages],
        "figures": [repr(case.gap), case.adds_over_time, case.unit, case.tested],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def to_json(result: InitiativeResult) -> str:
    """An answer as text; its day is left out, because the same answer serves later days."""
    values = asdict(result)
    del values["as_of"]
    return json.dumps(values, sort_keys=True)


def from_json(text: str, *, as_of: date) -> InitiativeResult:
    """The answer that ``to_json`` wrote, for ``as_of``."""
    return InitiativeResult(**json.loads(text), as_of=as_of)


def _phase(case: InitiativeCase) -> str:
    start, end = case.initiative.start, case.initiative.end
    if start is None or case.as_of < start:
        return "before"
    if end is None or case.as_of <= end:
        return "running"
    return "fresh" if case.as_of <= end + PATIENCE else "over"
