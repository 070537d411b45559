"""Rules between the values of a client file: ids, sources, key results.

What belongs here: what can only be said with more than one value at hand. What does not: initiatives
(``initiative_rules.py``), single fields (``fields.py``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from okr_models.client.feeds import Supply, count_scope_faults, kpi_faults, scope_faults
from okr_models.client.fields import Fault, nearest
from okr_models.client.model import (
    AtLeast,
    AtMost,
    BaselineValue,
    Between,
    Change,
    KeyResult,
    Milestones,
    Number,
    Objective,
    Target,
)
from okr_models.client.parts import ObjectiveParts, Part, Parts, Raw, source_id
from okr_models.client.sources import CLEAR_TEXT
from okr_models.client.yaml import Path, shown
from okr_models.hosts import goes_in_clear
from okr_models.kpis import BUILT_IN, LATER_BUILT_IN, Kind, Kpi
from okr_models.kpis.items import COUNT_METRICS

TOLD_BY_FIGURES = frozenset({"web", "blog", "own"})
"""Of these the same host, address or question from two sources counts once, which is found when they are read."""
SHARE = "share"
"""The unit of figures that are parts of 1."""
DAILY_METRICS = ("page_views", "engagement_seconds", "interactions")
"""Those kept by item and day, so that ``within_days`` means something."""


def rule_faults(parts: Parts) -> Iterator[Fault]:
    """Every broken rule about ids, own KPIs and key results."""
    yield from _duplicates(parts.raw, "sources", "source")
    yield from _duplicates(parts.raw, "kpis", "KPI")
    yield from _duplicates(parts.raw, "objectives", "objective")
    yield from _duplicates(parts.raw, "initiatives", "initiative")
    yield from _own_kpis(parts)
    yield from _twins(parts)
    yield from _formerly(parts)
    yield from _clear_text(parts)
    for index, raw in enumerate(_list(parts.raw, "objectives")):
        if isinstance(raw, dict):
            yield from _duplicates(raw, "key_results", "key result", ("objectives", index))
    for objective in parts.objectives:
        for key_result in objective.key_results:
            yield from _key_result(key_result, objective, parts)


def _list(raw: Raw, key: str) -> Sequence[object]:
    section = raw.get(key)
    return section if isinstance(section, list) else []


def _duplicates(raw: Raw, key: str, noun: str, path: Path = ()) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(_list(raw, key)):
        if not isinstance(item, dict):
            continue
        found = source_id(item) if key == "sources" else item.get("id")
        if not isinstance(found, str) or not found:
            continue
        if found in seen:
            cure = "give each an id of its own" if "id" in item else "two of one type need an id each"
            yield (*path, key, index, "id"), f"another {noun} already has the id {shown(found)}; {cure}"
        seen.add(found)


def _formerly(parts: Parts) -> Iterator[Fault]:
    """An old id is no source's any more, and became one source's."""
    taken: dict[str, str] = {}
    for part in parts.sources:
        if not part.sound("formerly"):
            continue
        own = part.value.id
        for index, old in enumerate(part.value.formerly):
            at = (*part.path, "formerly", index)
            if old == own:
                yield at, f"{old} is the id that this source has now; formerly takes those of before"
            elif old in parts.supply.source_ids:
                yield at, f"{old} is a source of this file, and its readings are its own; take it out of formerly"
            elif old in taken:
                whose = "twice here" if taken[old] == own else f"under {taken[old]} too"
                yield at, f"{old} stands {whose}; its readings can be taken over by one source, once"
            taken.setdefault(old, own)


def _twins(parts: Parts) -> Iterator[Fault]:
    """One account that two sources read would count twice; of sites and blogs the figures themselves tell it."""
    seen: dict[Hashable, str] = {}
    for part in parts.sources:
        source = part.value
        if source.category in TOLD_BY_FIGURES or not part.sound("base_url", *source.named_by, *source.secrets()):
            continue
        account = source.named() or source.secrets()
        key = source.type, source.base_url, tuple(sorted(account.items(), key=str))
        if account and key in seen:
            field = next((name for name in source.named_by if name in part.raw), "type")
            yield (
                (*part.path, field),
                f"{seen[key]} is the same {source.type} account; leave one out: it would count twice",
            )
        seen.setdefault(key, source.id)


def _clear_text(parts: Parts) -> Iterator[Fault]:
    """A credential goes to another machine encrypted; what a variable holds is seen when it is used."""
    for part in parts.sources:
        if not part.sound("base_url") or not part.sound("allow_http"):
            continue
        source = part.value
        is_secret = bool(source.secrets()) and not source.allow_http
        if is_secret and isinstance(source.base_url, str) and goes_in_clear(source.base_url):
            yield (*part.path, "base_url"), f"base_url {CLEAR_TEXT}"


def _stands_in(kpi: str, parts: Parts) -> bool:
    """Whether a KPI of the client's own may bear a built-in one's id: as files from before there was that one do.

    Only where no source of the file gives the built-in one, so that there is one figure of the name.
    """
    return kpi in LATER_BUILT_IN and bool(parts.supply.missing(kpi))


def _own_kpis(parts: Parts) -> Iterator[Fault]:
    csv_ids = [feeder.id for feeder in parts.supply.feeders if feeder.category == "own"]
    for kpi in parts.kpis:
        if kpi.sound("id") and kpi.value.id in BUILT_IN and not _stands_in(kpi.value.id, parts):
            yield (
                (*kpi.path, "id"),
                f"{kpi.value.id} is a built-in KPI; give your own another id, or drop it and use the built-in one",
            )
        if kpi.sound("source") and kpi.value.source not in csv_ids and parts.supply.is_complete:
            what = (
                "is not a csv source" if kpi.value.source in parts.supply.source_ids else "is not a source of this file"
            )
            cure = nearest(kpi.value.source, csv_ids) or "; add a source of type csv and name its id here"
            yield (*kpi.path, "source"), f"{shown(kpi.value.source)} {what}; a KPI of your own comes from csv{cure}"


def _key_result(part: Part[KeyResult], objective: ObjectiveParts, parts: Parts) -> Iterator[Fault]:
    measures = [key for key in ("kpi", "count", "milestones") if part.raw.get(key) is not None]
    if isinstance(part.raw.get("target"), dict) and "milestones" in part.raw["target"]:
        measures.append("milestones")
    if not measures:
        yield part.path, "nothing says what is measured; add kpi, count or milestones"
    elif len(measures) > 1:
        yield (
            (*part.path, measures[1]),
            f"{' and '.join(measures)} exclude each other; keep one, and make another key result of the other",
        )
    if "where" in part.raw and "count" not in part.raw:
        yield (*part.path, "where"), "where belongs to a count; add count: blog_posts, or leave it out"
    if measures == ["kpi"] and part.sound("kpi") and part.value.kpi:
        yield from _measured_by_kpi(part, part.value.kpi, parts)
    elif measures == ["count"] and part.sound("count") and part.value.count:
        yield from _counted(part, part.value.count, parts.supply)
    if measures in (["count"], ["milestones"]) and "baseline" in part.raw:
        yield (*part.path, "baseline"), f"{measures[0]} start from 0; leave baseline out"
    yield from _revisions(part, objective.objective)


def _kind_of(kpi: str, parts: Parts) -> tuple[Kind | None, bool]:
    """Kind of a KPI, and whether it is an additive flow whose number target starts from 0."""
    own = next((own.value for own in parts.kpis if own.value.id == kpi and own.sound("kind")), None)
    if own is None and kpi in BUILT_IN:
        known = BUILT_IN[kpi]
        return known.kind, known.kind == "flow" and known.adds_over_time
    return (own.kind, own.kind == "flow") if own else (None, False)


def _measured_by_kpi(part: Part[KeyResult], kpi: str, parts: Parts) -> Iterator[Fault]:
    for message in kpi_faults(kpi, parts.supply):
        yield (*part.path, "kpi"), message
    if part.sound("scope"):
        for message in scope_faults(kpi, part.value.scope, parts.supply):
            yield (*part.path, "scope"), message
    kind, is_additive = _kind_of(kpi, parts)
    if part.sound("baseline") and part.value.baseline == "start_of_period" and kind == "flow":
        yield (
            (*part.path, "baseline"),
            f"{kpi} has no value at one moment; use same_months_last_year, {{from: D, to: D}} or {{value: x}}",
        )
    for path, target in _targets(part):
        if isinstance(target, Milestones):
            yield path, f"milestones can't be a target of {kpi}; make a key result of their own"
            continue
        if part.sound("baseline"):
            yield from _against_baseline(path, target, part.value, is_additive=is_additive)
        if known := parts.supply.built_in(kpi):
            yield from _out_of_reach(path, target, known)


def _targets(part: Part[KeyResult]) -> Iterator[tuple[Path, Target]]:
    if part.sound("target"):
        yield (*part.path, "target"), part.value.target
    for index, revision in enumerate(part.value.revisions):
        yield (*part.path, "revisions", index, "target"), revision.target


def _against_baseline(path: Path, target: Target, key_result: KeyResult, *, is_additive: bool) -> Iterator[Fault]:
    """T = B where both are literals, and a percentage of nothing (MEASURES.md, "Key results")."""
    baseline = key_result.baseline.value if isinstance(key_result.baseline, BaselineValue) else None
    if isinstance(target, Change):
        if baseline == 0:
            yield path, "a percentage of the baseline 0 is nothing; give a number as target"
        return
    goal = _literal(target)
    if goal is None:
        return
    # the sum of a flow starts from 0, whatever else is stated
    starts_at = {baseline, 0.0} if isinstance(target, Number) and is_additive else {baseline}
    if goal in starts_at:
        yield path, f"the target {goal:g} is where the baseline already is; to stay there use {{between: [a, b]}}"


def _out_of_reach(path: Path, target: Target, kpi: Kpi) -> Iterator[Fault]:
    """A number that the figure can't have: below zero, or percent where the figure is a share of 1."""
    goal = _literal(target)
    if goal is not None and goal < 0 and not kpi.is_signed:
        cure = f'; for a fall by {-goal:g} percent write "{goal:g}%"' if goal >= -100 else ""
        yield path, f"{kpi.id} can't be below zero, so that a target of {goal:g} means nothing{cure}"
    most = target.between[1] if isinstance(target, Between) else goal
    if isinstance(target, AtLeast | AtMost):
        most = target.at_least if isinstance(target, AtLeast) else target.at_most
    if most is not None and most > 1 and kpi.unit == SHARE:
        cure = f"; write {most / 100:.10g} for {most:g} percent" if most <= 100 else ""
        yield path, f"{kpi.id} is a share, 1 at most{cure}"


def _literal(target: Target) -> float | None:
    if isinstance(target, Number):
        return target.value
    if isinstance(target, AtLeast):
        return None if target.hold else target.at_least
    if isinstance(target, AtMost):
        return None if target.hold else target.at_most
    return None


def _counted(part: Part[KeyResult], count: str, supply: Supply) -> Iterator[Fault]:
    if part.sound("scope"):
        for message in count_scope_faults(count, part.value.scope, supply):
            yield (*part.path, "scope" if "scope" in part.raw else "count"), message
    for path, target in _targets(part):
        if not isinstance(target, Number):
            yield path, f"a count takes a number of {count}, like 10; for growth use kpi: {count}"
        elif target.value < 1 or target.value != int(target.value):
            yield path, "a count takes a whole number from 1 up, like 10"
    for condition in part.value.where if part.sound("where") else ():
        at = (*part.path, "where", condition.metric)
        known = COUNT_METRICS[count]
        if condition.metric not in known:
            hint = nearest(condition.metric, known) or f"; known here: {', '.join(known)}"
            yield at, f"{shown(condition.metric)} is not known of {count}{hint}"
        elif condition.within_days and condition.metric not in DAILY_METRICS:
            yield at, f"{condition.metric} is not kept by day; leave within_days out"
        if condition.metric in {"page_views", "engagement_seconds"} and supply.is_complete and not supply.of("web"):
            yield at, f"no source of this file gives {condition.metric}; add {supply.supplier('web')}"


def _revisions(part: Part[KeyResult], objective: Part[Objective]) -> Iterator[Fault]:
    if not part.sound("revisions"):
        return
    has_milestones = isinstance(part.value.target, Milestones)
    previous = None
    for index, revision in enumerate(part.value.revisions):
        path = (*part.path, "revisions", index)
        period = objective.value.period
        if objective.sound("period") and not period.start <= revision.from_ <= period.end:
            yield (*path, "from"), f"{revision.from_} is outside the objective's period, {period.start} to {period.end}"
        if previous and revision.from_ <= previous:
            yield (
                (*path, "from"),
                f"{revision.from_} comes not after the revision before it ({previous}); put them in order",
            )
        if has_milestones != isinstance(revision.target, Milestones) and part.sound("target") and has_milestones:
            yield (*path, "target"), "a revision of milestones is again {milestones: [...]}"
        previous = revision.from_
