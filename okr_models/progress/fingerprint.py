"""``input_hash``: the same inputs give the same text, whatever the order of rows or the last bit of a float.

What belongs here: from values to a fingerprint. What does not: which values count as inputs (``evaluation.py``).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache

from pydantic import BaseModel

SIGNIFICANT_DIGITS = 12
HASH_LENGTH = 16


def fingerprint(value: object) -> str:
    """Sixteen hex digits over ``value``: frozen dataclasses, mappings, sequences, dates and plain values."""
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def _plain(value: object) -> object:
    if isinstance(value, float):
        return _digits(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return _composed(value)


def _digits(value: float) -> str:
    return "nan" if math.isnan(value) else f"{value + 0.0:.{SIGNIFICANT_DIGITS}g}"


def _days(values: Mapping[object, object]) -> dict[str, object]:
    """Most mappings are of days and floats, and have many."""
    return {
        key.isoformat() if type(key) is date else str(_plain(key)): _digits(each)
        if type(each) is float
        else _plain(each)
        for key, each in values.items()
    }


@cache
def _names(shape: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(shape))


def _composed(value: object) -> object:
    if type(value) is dict:
        return _days(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return _days(value)
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    if isinstance(value, Set):
        return sorted(str(_plain(each)) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, name)) for name in _names(type(value)))]
    raise TypeError(f"{type(value).__name__} has no fingerprint")
