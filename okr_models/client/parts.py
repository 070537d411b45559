"""The parts of a client file read one by one, so that an error in one hides none in another.

What belongs here: validating a part, and what is left of it where it has errors. What does not: rules between parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from okr_models.client.faults import faults_of
from okr_models.client.feeds import Feeder, Supply
from okr_models.client.fields import Fault, nearest, on_one_line
from okr_models.client.model import Client, Initiative, KeyResult, Number, Objective, OwnKpi, Period
from okr_models.client.sources import SourceSettings, SourceTypes, source_model
from okr_models.client.yaml import Path, shown

Model = TypeVar("Model", bound=BaseModel)
Raw = dict[str, Any]

_STAND_IN_PERIOD = Period.model_validate({"start": "2026-01-01", "end": "2026-12-31"})
_STAND_IN_KEY_RESULT = KeyResult(id="stand_in", title="-", target=Number(value=1))
_STAND_INS: dict[str, object] = {
    "id": "stand_in",
    "title": "-",
    "name": "-",
    "client": "stand_in",
    "target": Number(value=1),
    "period": _STAND_IN_PERIOD,
    "kind": "flow",
    "unit": "-",
    "source": "stand_in",
}
"""For required fields that are wrong, so that the rest can still be checked; no rule looks at a broken field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Model]):
    """A validated part, where it stands, and which of its fields were wrong and hold a stand-in or default."""

    value: Model
    path: Path
    raw: Raw
    broken: frozenset[str] = frozenset()

    def sound(self, *fields: str) -> bool:
        return self.broken.isdisjoint(fields)


@dataclass(slots=True, kw_only=True)
class ObjectiveParts:
    objective: Part[Objective]
    key_results: list[Part[KeyResult]] = field(default_factory=list)


@dataclass(slots=True)
class Parts:
    """Everything that could be read of a client file, and the faults met on the way."""

    types: SourceTypes
    faults: list[Fault] = field(default_factory=list)
    header: Part[Client] | None = None
    sources: list[Part[SourceSettings]] = field(default_factory=list)
    kpis: list[Part[OwnKpi]] = field(default_factory=list)
    objectives: list[ObjectiveParts] = field(default_factory=list)
    initiatives: list[Part[Initiative]] = field(default_factory=list)
    supply: Supply = field(default_factory=lambda: Supply(feeders=(), types={}, own_kpis={}, source_ids=frozenset()))
    raw: Raw = field(default_factory=dict)


SECTIONS = ("sources", "kpis", "objectives", "initiatives")


def read_parts(root: Raw, types: SourceTypes) -> Parts:
    """Read every part of a client file's mapping; its sources are of ``types``."""
    root = {key: _with_ids_as_kept(value) if key in SECTIONS else value for key, value in root.items()}
    parts = Parts(types=types, raw=root)
    header = {key: value for key, value in root.items() if key not in SECTIONS}
    parts.header = _read(parts, Client, header, ())
    month = parts.header.value.fiscal_year_start if parts.header else 1
    for path, raw in _items(parts, root, "sources"):
        _read_source(parts, raw, path)
    for path, raw in _items(parts, root, "kpis"):
        if kpi := _read(parts, OwnKpi, raw, path):
            parts.kpis.append(kpi)
    parts.supply = _supply(parts)
    for path, raw in _items(parts, root, "objectives"):
        _read_objective(parts, raw, path, fiscal_year_start=month)
    for path, raw in _items(parts, root, "initiatives"):
        if initiative := _read(parts, Initiative, raw, path):
            parts.initiatives.append(initiative)
    return parts


def _with_ids_as_kept(value: Any) -> Any:
    """A section with its ids as the models keep them: ``"web "`` and ``web`` are one id to every rule."""
    if isinstance(value, list):
        return [_with_ids_as_kept(item) for item in value]
    if isinstance(value, dict):
        return {
            key: on_one_line(item) if key == "id" and isinstance(item, str) else _with_ids_as_kept(item)
            for key, item in value.items()
        }
    return value


def _items(parts: Parts, raw: Raw, key: str, path: Path = ()) -> Iterator[tuple[Path, Raw]]:
    """The mappings in a list section; what is no list or no mapping is a fault."""
    section = raw.get(key)
    if section is None:
        return
    if not isinstance(section, list):
        parts.faults.append(((*path, key), f"{key} must be a list: items that begin with a dash"))
        return
    for index, item in enumerate(section):
        if isinstance(item, dict):
            yield (*path, key, index), item
        else:
            parts.faults.append(((*path, key, index), f"each of {key} must be a mapping of keys, like {{id: ...}}"))


def _read(
    parts: Parts, model: type[Model], raw: Raw, path: Path, *, context: Mapping[str, object] | None = None
) -> Part[Model] | None:
    """``raw`` as ``model``. Faults are kept; what is wrong is then left out, so that rules can look at the rest."""
    try:
        return Part(value=model.model_validate(raw, context=dict(context or {})), path=path, raw=raw)
    except ValidationError as error:
        parts.faults += [((*path, *_written(raw, at)), message) for at, message in faults_of(error, model)]
        broken = frozenset(str(details["loc"][0]) for details in error.errors() if details["loc"])
    rest = {key: value for key, value in raw.items() if key not in broken}
    for name, info in model.model_fields.items():
        if info.is_required() and name not in rest and name in _STAND_INS:
            rest[name] = _STAND_INS[name]
    try:
        return Part(value=model.model_validate(rest, context=dict(context or {})), path=path, raw=raw, broken=broken)
    except ValidationError:
        return None


def _written(raw: Raw, at: Path) -> Path:
    """Where the file has what ``at`` leads to: one that may stand alone in a list's place has no number there."""
    found: list[str | int] = []
    value: Any = raw
    for step in at:
        if isinstance(step, int) and not isinstance(value, list):
            continue
        found.append(step)
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
    return tuple(found)


def _read_source(parts: Parts, raw: Raw, path: Path) -> None:
    model, types = source_model(raw, parts.types), parts.types
    if "type" not in raw:
        parts.faults.append((path, "type is missing; add type: ga4, or another of: " + ", ".join(types)))
    elif model is None:
        hint = nearest(raw["type"], types) or f"; known here: {', '.join(types)}"
        parts.faults.append(((*path, "type"), f"{shown(raw['type'])} is not a type of source{hint}"))
    elif part := _read(parts, model, {"id": raw["type"]} | raw, path):
        parts.sources.append(Part(value=part.value, path=part.path, raw=part.raw, broken=part.broken))


def _supply(parts: Parts) -> Supply:
    """What the file's sources can feed, from its raw entries: a source with a wrong token still is a web source."""
    section = parts.raw.get("sources") or []
    raw_sources = [item for item in section if isinstance(item, dict)] if isinstance(section, list) else []
    known = [item for item in raw_sources if source_model(item, parts.types)]
    own = {kpi.value.id: kpi.value.source if kpi.sound("source") else None for kpi in parts.kpis}
    entries = parts.raw.get("kpis")
    for item in entries if isinstance(entries, list) else []:
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            own.setdefault(item["id"], None)
    return Supply(
        feeders=tuple(
            Feeder.of(parts.types[str(item["type"])].facts, source_id=source_id(item), blog_path=item.get("blog_path"))
            for item in known
        ),
        types=parts.types,
        own_kpis=own,
        source_ids=frozenset(source_id(item) for item in raw_sources),
        is_complete=isinstance(section, list) and len(known) == len(section),
    )


def source_id(raw: Raw) -> str:
    """A source's id as written, or its type."""
    return str(raw.get("id", raw.get("type", "")))


def _read_objective(parts: Parts, raw: Raw, path: Path, *, fiscal_year_start: int) -> None:
    context = {"fiscal_year_start": fiscal_year_start}
    if not raw.get("key_results"):
        parts.faults.append(
            (
                (*path, "key_results"),
                "an objective without key results can't be reached; add at least one, with a number",
            )
        )
    header = {**raw, "key_results": (_STAND_IN_KEY_RESULT,)}
    objective = _read(parts, Objective, header, path, context=context)
    if objective is None:
        return
    found = ObjectiveParts(objective=objective)
    parts.objectives.append(found)
    for item_path, item in _items(parts, raw, "key_results", path):
        if key_result := _read_key_result(parts, item, item_path):
            found.key_results.append(key_result)


def _read_key_result(parts: Parts, raw: Raw, path: Path) -> Part[KeyResult] | None:
    """``milestones`` stands in place of ``target`` in the file, and inside it in the model."""
    if "milestones" not in raw:
        return _read(parts, KeyResult, raw, path)
    if "target" in raw:
        parts.faults.append(((*path, "target"), "milestones stand in place of a target; leave target out"))
    before = len(parts.faults)
    moved = {key: value for key, value in raw.items() if key != "milestones"}
    part = _read(parts, KeyResult, moved | {"target": {"milestones": raw["milestones"]}}, path)
    at = (*path, "target")
    parts.faults[before:] = [
        ((*path, *where[len(at) :]) if where[: len(at)] == at else where, message)
        for where, message in parts.faults[before:]
    ]
    return part and Part(value=part.value, path=path, raw=raw, broken=part.broken)
