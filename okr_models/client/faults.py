"""Pydantic's errors in our own words: what is wrong and what would be right, never quoting what might be a secret.

What belongs here: from a ``ValidationError`` to (path, message). What does not: lines (``yaml.py``), files.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from okr_models.client.fields import OKR_ERROR, At, Fault, nearest, refuse_all
from okr_models.client.yaml import shown

Model = TypeVar("Model", bound=BaseModel)

_PATTERNS = {
    r"^[a-z0-9_]{1,40}$": "must be made of a-z, 0-9 and _, at most 40 of them",
    r"^[0-9]{1,30}$": "must be digits only",
    r"^[A-Z]{3}$": "must be three capitals, like SEK",
}

EXAMPLES = {
    "api_key": "api_key: {env: YOUTUBE_KEY}",
    "base_url": "base_url: https://example.se",
    "by": "by: Name of who decided",
    "client": "client: fjallglas",
    "credentials": "credentials: {env: GOOGLE_KEY}",
    "date": "date: 2026-03-06",
    "end": "end: 2026-12-31",
    "from": "from: 2026-07-01",
    "id": "id: short_name",
    "kind": "kind: flow, stock or ratio",
    "name": "name: Fjällglas AB",
    "path": "path: data/nps.csv",
    "period": "period: FY2026, or {start: 2026-01-01, end: 2026-12-31}",
    "reason": "reason: why, in a few words",
    "site_id": "site_id: example.se",
    "source": "source: the id of a csv source",
    "start": "start: 2026-01-01",
    "target": 'target: "+30%"',
    "title": "title: what it is, in words",
    "to": "to: 2026-07-14",
    "token": "token: {env: LINKEDIN_TOKEN}",
    "unit": "unit: points",
    "url": "url: https://example.se/feed/",
    "why": "why: what changed",
}


def validated(model: type[Model], data: Any) -> Model:
    """``data`` as ``model``, its faults raised as one error that another model can carry."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise refuse_all(faults_of(error, model)) from None


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """Every fault with its path below ``model``."""
    every = error.errors(include_url=False, include_input=True)
    meant = {
        (*details["loc"][:-1], _meant(details, model)) for details in every if details["type"] == "extra_forbidden"
    }
    found: list[Fault] = []
    for details in every:
        at = details["loc"]
        is_misspelt = details["type"] == "missing" and at in meant
        is_echo = details["type"] == "too_short" and any(
            len(d["loc"]) > len(at) == _shared(d["loc"], at) for d in every
        )
        if not is_misspelt and not is_echo:
            found += _faults(details, model)
    return found


def _shared(one: At, other: At) -> int:
    """How many parts two paths share from the root."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _meant(details: ErrorDetails, model: type[BaseModel]) -> str | None:
    """The known key that an unknown one is nearest to."""
    at = details["loc"]
    known = keys_of(model_at(model, at[:-1]) or model)
    return next(iter(get_close_matches(str(at[-1]).lower(), known, n=1)), None)


def _faults(details: ErrorDetails, model: type[BaseModel]) -> list[Fault]:
    at: At = details["loc"]
    name = next((str(part) for part in reversed(at) if isinstance(part, str)), "")
    kind, context = details["type"], details.get("ctx", {})
    if kind == OKR_ERROR:
        return [((*at, *below), _named(name, below, message)) for below, message in context["faults"]]
    if kind == "missing":
        example = _example(model_at(model, at[:-1]) or model, name)
        return [(at, f"{name} is missing; add {example}" if example else f"{name} is missing; add it")]
    if kind == "extra_forbidden":
        known = keys_of(model_at(model, at[:-1]) or model)
        if " " in name.strip() and details["input"] is None:
            return [(at, "has a comma, in text that is not in quotes; put the whole text in quotes")]
        hint = nearest(name, known) or f"; known here: {', '.join(known)}"
        return [(at, f"{shown(name)} is not a known key{hint}")]
    return [(at, f"{name} {_plain(kind, context, details['input'])}".strip())]


def _example(model: type[BaseModel], name: str) -> str | None:
    """How a key is written: the field's own example, else what it looks like everywhere."""
    field = next((field for key, field in model.model_fields.items() if name in {key, field.alias}), None)
    own = field.examples if field else None
    return str(own[0]) if own else EXAMPLES.get(name)


def _named(name: str, below: At, message: str) -> str:
    """Single-field messages begin with a verb or a quoted value, and get their key's name in front."""
    if below or not name:
        return message
    return f"{name}: {message}"


_WRONG_KIND = {
    "string_type": "must be text",
    "model_type": "must be a mapping: keys and values, indented below it or in { }",
    "dict_type": "must be a mapping: keys and values, indented below it or in { }",
    "list_type": "must be a list: items that begin with a dash, or stand in [ ]",
    "tuple_type": "must be a list: items that begin with a dash, or stand in [ ]",
    "too_short": "is empty; give at least one",
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}


def _plain(kind: str, context: dict[str, Any], value: object) -> str:
    if kind == "literal_error":
        allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        return f"is {shown(value)}, which is not one of: {', '.join(allowed)}{nearest(value, allowed)}"
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} {_PATTERNS.get(str(context.get('pattern')), 'has the wrong form')}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"must be {words} {context[key]:g}"
    return _WRONG_KIND.get(kind, "has the wrong form")


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys a user may write for ``model``."""
    return [field.alias or name for name, field in model.model_fields.items()]


def model_at(model: type[BaseModel], at: At) -> type[BaseModel] | None:
    """The model below ``model`` that ``at`` leads to."""
    current: type[BaseModel] | None = model
    for part in at:
        if isinstance(part, int) or current is None:
            continue
        field = next((f for name, f in current.model_fields.items() if part in {name, f.alias}), None)
        current = _model_in(field.annotation) if field else None
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
