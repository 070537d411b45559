"""Rules about initiatives: what they name exists, and they were registered before they started.

What belongs here: rules at load. What does not: judging whether one worked (MEASURES.md, "Did an initiative work?").
"""

from __future__ import annotations

from collections.abc import Iterator

from okr_models.client.feeds import Supply, kpi_faults, scope_faults
from okr_models.client.fields import Fault, nearest
from okr_models.client.model import Control, Initiative, KeyResult, Scope
from okr_models.client.parts import Part, Parts
from okr_models.client.yaml import shown
from okr_models.kpis import MONEY


def initiative_faults(parts: Parts) -> Iterator[Fault]:
    """Every broken rule about initiatives."""
    for part in parts.initiatives:
        yield from _dates(part)
        key_result = None
        if part.sound("key_result") and part.value.key_result:
            key_result = _find(parts, part.value.key_result)
            if key_result is None and not _is_written(parts, part.value.key_result):
                yield (*part.path, "key_result"), _unknown(part.value.key_result, parts)
            yield from _required(part)
        yield from _figure(part, key_result, parts.supply)
        yield from _effect(part, parts.supply)
        yield from _guardrails(part, key_result, parts.supply)
        yield from _cost(part, parts.supply)


def _find(parts: Parts, reference: str) -> KeyResult | None:
    for objective in parts.objectives:
        for key_result in objective.key_results:
            if f"{objective.objective.value.id}/{key_result.value.id}" == reference:
                return key_result.value
    return None


def _references(parts: Parts) -> list[str]:
    """``objective/key_result`` of everything written, be it otherwise wrong."""
    objectives = parts.raw.get("objectives")
    found: list[str] = []
    for objective in objectives if isinstance(objectives, list) else []:
        key_results = objective.get("key_results") if isinstance(objective, dict) else None
        for key_result in key_results if isinstance(key_results, list) else []:
            if isinstance(key_result, dict) and objective.get("id") and key_result.get("id"):
                found += [f"{objective.get('id')}/{key_result.get('id')}"]
    return found


def _is_written(parts: Parts, reference: str) -> bool:
    return reference in _references(parts)


def _unknown(reference: str, parts: Parts) -> str:
    known = _references(parts)
    same_end = [path for path in known if path.endswith(f"/{reference}")]
    hint = f'; write "{same_end[0]}"' if same_end else nearest(reference, known)
    cure = hint or "; write objective/key_result, or leave it out where it serves no goal"
    return f"{shown(reference)} is not a key result of this file{cure}"


def _dates(part: Part[Initiative]) -> Iterator[Fault]:
    registered, start, end = part.value.registered, part.value.start, part.value.end
    if start and end and end <= start:
        yield (*part.path, "end"), f"ends on {end}, not after its start on {start}; both days are included"
    if registered and start and registered >= start:
        yield (
            (*part.path, "registered"),
            f"registered on {registered}, not before its start on {start}: what is written down afterwards proves "
            "nothing; move the start to after the registration",
        )


def _required(part: Part[Initiative]) -> Iterator[Fault]:
    """With a start, an initiative is to be judged, and needs what the judgement rests on."""
    needed = {
        "registered": "registered: the day it was written down, before its start",
        "end": "end: its last day",
        "smallest_worthwhile_effect": 'smallest_worthwhile_effect: "+15%", the least that would be worth it',
    }
    if part.raw.get("start") is None:
        return
    for key, example in needed.items():
        if part.raw.get(key) is None:
            at = (*part.path, key) if key in part.raw else part.path
            yield at, f"{key} is missing, without which its effect can't be judged; add {example}"


def _effect(part: Part[Initiative], supply: Supply) -> Iterator[Fault]:
    effect = part.value.smallest_worthwhile_effect
    if effect is None:
        return
    at = (*part.path, "smallest_worthwhile_effect")
    if abs(effect) >= 1 and isinstance(part.raw.get("smallest_worthwhile_effect"), float):
        yield at, f'{effect:g} would be {effect * 100:+g}%; write it in percent with sign and quotes, like "+15%"'
    if effect == 0:
        yield at, 'an effect of 0 is always reached; write the least that would be worth its cost, like "+15%"'
    kpi = supply.built_in(part.value.kpi)
    if effect < 0 and kpi and kpi.better == "higher":
        yield at, f"higher {kpi.id} are better, so a fall is no effect to hope for; write it with a plus"


def _figure(part: Part[Initiative], key_result: KeyResult | None, supply: Supply) -> Iterator[Fault]:
    kpi = part.value.kpi or (key_result.kpi if key_result else None)
    if kpi is None:
        if key_result is not None and part.sound("kpi"):
            yield (
                part.path,
                f"{part.value.key_result} has no KPI that moves by the day; add kpi: the figure to judge by",
            )
        return
    if part.value.kpi:
        for message in kpi_faults(kpi, supply):
            yield (*part.path, "kpi"), message
    if part.sound("scope"):
        for message in scope_faults(kpi, part.value.scope, supply):
            yield (*part.path, "scope" if "scope" in part.raw else "kpi"), message
    is_list = isinstance(part.raw.get("control"), list)
    for index, control in enumerate(part.value.control):
        at = (*part.path, "control", index) if is_list else (*part.path, "control")
        for message in kpi_faults(control.kpi, supply):
            yield (*at, "kpi"), message
        for message in scope_faults(control.kpi, control.scope, supply):
            yield (*at, "scope"), message
        if control.kpi == kpi and part.sound("scope") and _overlap(control.scope, part.value.scope, supply):
            yield (
                at,
                f"the control ({control.kpi}, {control.scope}) holds some of the very figure that is treated "
                f"({kpi}, {part.value.scope}); choose one that the initiative does not touch",
            )


def _cost(part: Part[Initiative], supply: Supply) -> Iterator[Fault]:
    """A figure as cost is an amount that adds up over days."""
    cost = part.value.cost if part.sound("cost") else None
    if not isinstance(cost, Control):
        return
    at = (*part.path, "cost")
    for message in kpi_faults(cost.kpi, supply):
        yield (*at, "kpi"), message
    for message in scope_faults(cost.kpi, cost.scope, supply):
        yield (*at, "scope"), message
    known = supply.built_in(cost.kpi)
    if known is not None and (known.unit != MONEY or not known.adds_over_time):
        yield (*at, "kpi"), f"{cost.kpi} is no amount of money; use ad_cost, or write what it cost as a number"


def _guardrails(part: Part[Initiative], key_result: KeyResult | None, supply: Supply) -> Iterator[Fault]:
    if not part.sound("guardrails"):
        return
    treated = part.value.kpi or (key_result.kpi if key_result else None)
    for index, kpi in enumerate(part.value.guardrails):
        at = (*part.path, "guardrails", index)
        for message in kpi_faults(kpi, supply):
            yield at, message
        if kpi == treated:
            yield at, f"{kpi} is the figure that the initiative is judged by; name others that it must not harm"
        elif kpi in part.value.guardrails[:index]:
            yield at, f"{kpi} stands twice"


def _overlap(one: Scope, other: Scope, supply: Supply) -> bool:
    """Whether two scopes of one KPI share a source."""
    if one.part or other.part:
        # two channels, or two events, share nothing; a channel and an event, or a whole source, may
        return one.part != other.part or one == other
    if not (one.platform or one.source) or not (other.platform or other.source):
        return True
    return bool(_members(one, supply) & _members(other, supply)) or one == other


def _members(scope: Scope, supply: Supply) -> set[str]:
    if scope.source:
        return {scope.source}
    return {feeder.id for feeder in supply.feeders if feeder.platform == scope.platform}
