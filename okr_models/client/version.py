"""The version of a key result's definition: it changes exactly when what the figure means changes.

What belongs here: which of a key result's settings define it. What does not: comparing versions over time, which is
the OKR step's (``pipelines/warehouse``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from okr_models.client.model import Client, KeyResult, Milestones, Objective, Target

VERSION_LENGTH = 12
_WORDS = {"id", "title", "owner"}
_WORDS_AND_NEWS: dict[str, Any] = {
    **dict.fromkeys(_WORDS, True),
    "target": {"milestones": {"__all__": {"done"}}},
    "revisions": {"__all__": {"target": {"milestones": {"__all__": {"done"}}}}},
}
"""That a milestone was reached is news of it, and what it means to reach it stays."""


def definition_version(
    key_result: KeyResult,
    objective: Objective,
    client: Client,
    *,
    known_as: Mapping[str, str] | None = None,
    with_news: bool = False,
) -> str:
    """Twelve hex digits over measure, target, revisions, baseline, scope, weight, ambition, period and own KPI.

    Titles, owners and what a default says anyway are left out, so that rewording a file, or writing a default down,
    changes nothing; and so is when a milestone was done. ``known_as``: another id for some sources; None: the first
    that each had (``formerly``), so that renaming one changes nothing either. ``with_news``: as rows were marked when
    a milestone's day was part of it.
    """
    names = first_ids(client) if known_as is None else known_as
    own_kpi = next((kpi for kpi in client.kpis if kpi.id == key_result.kpi), None)
    scope = key_result.scope.model_copy(update={"source": names.get(key_result.scope.source or "")})
    if scope.source:
        key_result = key_result.model_copy(update={"scope": scope})
    if own_kpi and own_kpi.source in names:
        own_kpi = own_kpi.model_copy(update={"source": names[own_kpi.source]})
    meaning = {
        "key_result": key_result.model_dump(
            mode="json", by_alias=True, exclude=_WORDS if with_news else _WORDS_AND_NEWS, exclude_defaults=True
        ),
        "period": objective.period.model_dump(mode="json"),
        "own_kpi": own_kpi and own_kpi.model_dump(mode="json", exclude=_WORDS, exclude_defaults=True),
    }
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_LENGTH]


def first_ids(client: Client) -> dict[str, str]:
    """Of the sources that had another id before, the one that is named first."""
    return {source.id: source.formerly[0] for source in client.sources if source.formerly}


def every_version(key_result: KeyResult, objective: Objective, client: Client) -> frozenset[str]:
    """The version under each id that a source has or had: a row may have been made under any of them."""
    former = [{source.id: old} for source in client.sources for old in source.formerly]
    spellings = (None, {}, *former) if former else (None,)
    return frozenset(
        version
        for each in spellings
        for version in (
            definition_version(key_result, objective, client, known_as=each),
            *(
                definition_version(earlier, objective, client, known_as=each, with_news=True)
                for earlier in _as_milestones_were_done(key_result)
            ),
        )
    )


def _as_milestones_were_done(key_result: KeyResult) -> Iterator[KeyResult]:
    """A key result of milestones as it stood before each of them was done, and now; nothing of another."""
    targets = [key_result.target, *(each.target for each in key_result.revisions)]
    lists = [target for target in targets if isinstance(target, Milestones)]
    days = {each.done for found in lists for each in found.milestones if each.done}
    for day in (date.min, *sorted(days)) if lists else ():
        yield key_result.model_copy(
            update={
                "target": _by_then(key_result.target, day),
                "revisions": tuple(
                    each.model_copy(update={"target": _by_then(each.target, day)}) for each in key_result.revisions
                ),
            }
        )


def _by_then(target: Target, day: date) -> Target:
    if not isinstance(target, Milestones):
        return target
    kept = [
        each.model_copy(update={"done": each.done if each.done and each.done <= day else None})
        for each in target.milestones
    ]
    return Milestones(milestones=tuple(kept))
