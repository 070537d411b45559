"""Rows as Markdown for an asset's page: escaped, clipped, small, since each night keeps its own in Dagster's event log.

What belongs here: text from plain values. What does not: reading tables (``preview.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

MOST_CHARACTERS = 60
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>()#+!|~$&])")
_BREAK = "\u200b"
"""Between the parts of an address, so that no page makes it one to click on."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Line ends and what turns the reading direction: neither may leave its cell."""
_BARS = "▁▂▃▄▅▆▇█"


def markdown_table(rows: Sequence[Mapping[str, object]], *, most: int = MOST_CHARACTERS) -> str:
    """One row at least; the first one's keys are the columns. A longer text than ``most`` characters is clipped."""
    names = list(rows[0])
    lines = [f"| {' | '.join(map(escaped, names))} |", f"|{' --- |' * len(names)}"]
    lines += [f"| {' | '.join(_cell(row.get(name), most) for name in names)} |" for row in rows]
    return "\n".join(lines)


def escaped(text: str, *, most: int = MOST_CHARACTERS) -> str:
    """Text of unknown origin as Markdown that shows it and does nothing."""
    shown = _UNSEEN.sub(" ", text)
    if len(shown) > most:
        shown = shown[: most - 1] + "…"
    return _SPECIAL.sub(r"\\\1", shown).replace("://", f":{_BREAK}//")


def unescaped(text: str) -> str:
    """What ``escaped`` was given, but for what was clipped: for a mail, which shows Markdown as it stands."""
    return _ESCAPED.sub(r"\1", text).replace(_BREAK, "")


def sparkline(values: Sequence[float | None]) -> str:
    """One bar a value, from the lowest to the highest; a missing value is a dot, never a low bar."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    steps = len(_BARS) - 1

    def bar(value: float) -> str:
        return _BARS[round((value - low) / (high - low) * steps)] if high > low else _BARS[steps // 2]

    return "".join("·" if value is None else bar(value) for value in values)


def _cell(value: object, most: int) -> str:
    if value is None:
        return "*null*"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return escaped(value.isoformat(sep=" ", timespec="seconds").removesuffix(" 00:00:00"), most=most)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.6g}"
    return escaped(str(value).removesuffix(" 00:00:00"), most=most)
