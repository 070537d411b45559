"""What is allowed in a client file but may surprise its writer: warnings, never errors.

What belongs here: warnings from the file and a mapping of environment variables that the caller passes in. What does
not: reading the environment or files, which is I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from okr_models.client.errors import FileError
from okr_models.client.feeds import Feeder, Supply, supplied
from okr_models.client.file import ParsedClient
from okr_models.client.model import (
    AtLeast,
    AtMost,
    BaselinePeriod,
    Change,
    Client,
    KeyResult,
    Number,
    Objective,
)
from okr_models.client.sources import CLEAR_TEXT, EnvRef, SourceSettings, SourceTypes
from okr_models.client.titles import outdated_by, target_text
from okr_models.hosts import goes_in_clear
from okr_models.kpis import BUILT_IN


def client_warnings(parsed: ParsedClient, environ: Mapping[str, str]) -> tuple[FileError, ...]:
    """Every warning with its line. Names of variables are shown, never their values."""
    found = [*_unset(parsed, environ), *_history_only(parsed), *_direction(parsed), *_late_start(parsed)]
    found += [*_hoped_for(parsed), *_old_titles(parsed), *_clear_text(parsed, environ), *_counted_twice(parsed)]
    found += [*_events_not_asked_for(parsed), *_own_baselines(parsed)]
    if not parsed.client.objectives:
        found.append((parsed.line("objectives"), "no objectives yet: KPIs are gathered, and no progress is shown"))
    return tuple(sorted({FileError(parsed.file, line, message) for line, message in found}))


def supply_of(client: Client, types: SourceTypes) -> Supply:
    """What a whole client's sources can feed."""
    return Supply(
        feeders=tuple(
            Feeder.of(source.facts, source_id=source.id, blog_path=source.has_blog_path) for source in client.sources
        ),
        types=types,
        own_kpis={kpi.id: kpi.source for kpi in client.kpis},
        source_ids=frozenset(source.id for source in client.sources),
    )


Found = Iterator[tuple[int, str]]


def _unset(parsed: ParsedClient, environ: Mapping[str, str]) -> Found:
    for index, source in enumerate(parsed.client.sources):
        named = dict(source.secrets())
        if isinstance(source.base_url, EnvRef):
            named["base_url"] = source.base_url
        for field, reference in named.items():
            if isinstance(reference, EnvRef) and not environ.get(reference.env):
                line = parsed.line("sources", index, *field.split("."))
                yield line, f"{reference.env} is not set in this environment; {source.id} can't be read until it is"
    for index, sending in enumerate(parsed.client.send):
        for field, targets in (("to", sending.to), ("preview_to", sending.preview_to)):
            for place, target in enumerate(targets):
                if isinstance(target, EnvRef) and not environ.get(target.env, "").strip():
                    line = parsed.line("send", index, field, place)
                    yield line, f"{target.env} is not set in this environment; nothing can be sent there until it is"


def _clear_text(parsed: ParsedClient, environ: Mapping[str, str]) -> Found:
    """A variable with an address over which credentials would go in clear: the night refuses it."""
    for index, source in enumerate(parsed.client.sources):
        if not isinstance(source.base_url, EnvRef) or not source.secrets() or source.allow_http:
            continue
        try:
            in_clear = goes_in_clear(environ.get(source.base_url.env, "").strip())
        except ValueError:
            continue  # no address at all, which the night says
        if in_clear:
            yield parsed.line("sources", index, "base_url"), f"{source.base_url.env} {CLEAR_TEXT}"


def _counted_twice(parsed: ParsedClient) -> Found:
    """A source within another: it counts in its own scope alone."""
    sources = parsed.client.sources
    for index, source in enumerate(sources):
        for other in sources:
            if other is not source and other.holds(source):
                all_of_it = f"{other.id} counts all that {source.id} does, so that {source.id} counts only by source"
                yield parsed.line("sources", index), f"{all_of_it}: leave one out, unless you ask for it so"


def _events_not_asked_for(parsed: ParsedClient) -> Found:
    """An event of a scope that every web source leaves out, as its ``events`` name others."""
    client = parsed.client
    asked = [getattr(source, "events", ()) for source in client.sources if source.category == "web"]
    known = sorted({name for names in asked for name in names})
    scopes: list[tuple[tuple[str | int, ...], str | None]] = [
        (("objectives", at, "key_results", index), key_result.scope.event)
        for at, objective in enumerate(client.objectives)
        for index, key_result in enumerate(objective.key_results)
    ]
    scopes += [(("initiatives", at), each.scope.event) for at, each in enumerate(client.initiatives)]
    for path, event in scopes:
        if event and asked and all(asked) and event not in known:
            told = f'"{event}" is none of the events that the web sources are asked for ({", ".join(known)})'
            yield parsed.line(*path, "scope"), f"{told}, so that it has no figure; name it there too, or one of those"


def _own_baselines(parsed: ParsedClient) -> Found:
    """Months of the period that the file names as their own baseline; a stock's is taken at one moment."""
    for at, index, objective, key_result, kpi in _measured(parsed.client):
        stated, period = key_result.baseline, objective.period
        overlaps = isinstance(stated, BaselinePeriod) and stated.from_ <= period.end and stated.to >= period.start
        if overlaps and BUILT_IN[kpi].kind != "stock":
            line = parsed.line("objectives", at, "key_results", index, "baseline")
            yield line, f"months of the period ({period.start} to {period.end}) would be compared with themselves"


def _measured(client: Client) -> Iterator[tuple[int, int, Objective, KeyResult, str]]:
    for at, objective in enumerate(client.objectives):
        for index, key_result in enumerate(objective.key_results):
            if known := client.built_in(key_result.kpi):
                yield at, index, objective, key_result, known.id


def _history_only(parsed: ParsedClient) -> Found:
    supply = supply_of(parsed.client, parsed.types)
    for at, index, _, _, kpi in _measured(parsed.client):
        if missing := supply.missing(kpi):
            needed = " and ".join(supply.supplier(category) for category in missing)
            line = parsed.line("objectives", at, "key_results", index, "kpi")
            yield line, f"only csv rows can give {kpi} here; add {needed} if there is one"


def _direction(parsed: ParsedClient) -> Found:
    for at, index, _, key_result, kpi in _measured(parsed.client):
        target, known = key_result.target, BUILT_IN[kpi]
        told, line = f"{known.better} {kpi} is better", parsed.line("objectives", at, "key_results", index, "target")
        if isinstance(target, Change) and (target.share > 0) != (known.better == "higher"):
            yield line, f"{told}, and this target asks for the opposite; turn its sign if unmeant"
        adds_up = known.kind == "flow" and known.adds_over_time
        if isinstance(target, Number) and adds_up and known.better == "lower":
            yield line, f"{told}, and a number is a sum to reach; for months of at most that write {{at_most: x}}"
        if isinstance(target, AtMost if known.better == "higher" else AtLeast):
            word = "at_most" if known.better == "higher" else "at_least"
            yield line, f"{told}, and {word} asks for the opposite; turn it round if unmeant"


def _hoped_for(parsed: ParsedClient) -> Found:
    """An initiative whose effect makes its figure worse would be kept for that."""
    client = parsed.client
    own = {kpi.id: kpi.better for kpi in client.kpis}
    measures = {f"{o.id}/{each.id}": each.kpi for o in client.objectives for each in o.key_results}
    for index, initiative in enumerate(client.initiatives):
        kpi, effect = initiative.kpi or measures.get(initiative.key_result or ""), initiative.smallest_worthwhile_effect
        known = client.built_in(kpi)
        better = known.better if known else own.get(kpi or "")
        if kpi and better and effect and (effect > 0) != (better == "higher"):
            line = parsed.line("initiatives", index, "smallest_worthwhile_effect")
            yield line, f"{better} {kpi} is better, and this effect is the opposite; turn its sign if unmeant"


def _old_titles(parsed: ParsedClient) -> Found:
    """A title that names a target which a revision changed."""
    for at, objective in enumerate(parsed.client.objectives):
        for index, key_result in enumerate(objective.key_results):
            if (now := outdated_by(key_result, objective.period.end)) is not None:
                line = parsed.line("objectives", at, "key_results", index, "title")
                yield line, f"the title names a target of before; it is {target_text(now)} now: write that instead"


def _late_start(parsed: ParsedClient) -> Found:
    """Like-for-like growth needs the months of the year before."""
    client = parsed.client
    for at, index, objective, key_result, kpi in _measured(client):
        compares = isinstance(key_result.target, Change) and key_result.baseline in (None, "same_months_last_year")
        if not compares or BUILT_IN[kpi].kind == "stock":
            continue
        needed = objective.period.start.replace(year=objective.period.start.year - 1)
        feeding = {each.source.id for each in supplied(BUILT_IN[kpi], client.sources)}
        for source in client.sources:
            if source.id in feeding and _begins_late(source, needed):
                line = parsed.line("objectives", at, "key_results", index)
                yield (
                    line,
                    f"{key_result.id} compares with months from {needed} on, and {source.id} is read from "
                    f"{source.start} only; set its start to {needed} or earlier, or give history as csv",
                )


def _begins_late(source: SourceSettings, needed: date) -> bool:
    return source.start is not None and source.start > max(needed, source.opened or needed)
