"""A key result's title beside its target: one that names a target which was changed since is out of date.

What belongs here: finding the target's number in a title. What does not: what is said of it (``warnings.py`` to who
writes the file, ``pipelines/exports/standing.py`` to who reads the report).
"""

from __future__ import annotations

import re
from datetime import date

from okr_models.client.model import AtLeast, AtMost, Change, KeyResult, Number, Target

_NUMBER = re.compile(r"\d(?:[\d\s.,'\u2019]*\d)?")
_SEPARATOR = re.compile(r"[\s.,'\u2019]+")
_SAME = 1e-9


def outdated_by(key_result: KeyResult, on: date) -> Target | None:
    """The target in force on a day, where the title names one that held before and not this one."""
    now = key_result.target_on(on)
    earlier = [key_result.target, *(each.target for each in key_result.revisions if each.from_ <= on)]
    named, wanted = numbers_in(key_result.title), _number(now)
    if wanted is None or _among(wanted, named):
        return None
    old = [value for each in earlier if (value := _number(each)) is not None and not _same(value, wanted)]
    return now if any(_among(value, named) for value in old) else None


def target_text(target: Target) -> str:
    """A target as the client file writes it.

    >>> target_text(Change(share=0.3)), target_text(Number(value=96000))
    ('+30%', '96000')
    """
    number = _number(target)
    if number is None:
        return "another"
    return f"{target.share * 100:+.6g}%" if isinstance(target, Change) else f"{number:.10g}"


def numbers_in(title: str) -> tuple[float, ...]:
    """Every number that a title names, however its thousands and decimals are written.

    >>> numbers_in("92 000 besök och +12,5 % till 2026")
    (92000.0, 12.5, 2026.0)
    """
    return tuple(value for found in _NUMBER.findall(title) for value in _readings(found))


def _number(target: Target) -> float | None:
    """The number that a title would name it by; a percentage by its per cent."""
    match target:
        case Change():
            return abs(target.share) * 100
        case Number():
            return target.value
        case AtLeast():
            return target.at_least
        case AtMost():
            return target.at_most
    return None


def _readings(text: str) -> tuple[float, ...]:
    """Groups of three are thousands; what else stands behind a comma or point are decimals."""
    parts = _SEPARATOR.split(text)
    if len(parts) == 1 or (len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])):
        return (float("".join(parts)),)
    if len(parts) == 2 and ("," in text or "." in text):
        return (float(".".join(parts)),)
    return tuple(float(part) for part in parts)


def _among(value: float, named: tuple[float, ...]) -> bool:
    return any(_same(abs(value), each) for each in named)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * max(1.0, abs(one), abs(other))
