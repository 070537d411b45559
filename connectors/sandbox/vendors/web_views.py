"""Page views as the small analytics vendors select and group them: those of some days, by any combination of labels.

What belongs here: selecting, grouping, counting. What does not: any vendor's names (GA4 has its own in
``ga4/report.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.days import Ints, epoch_day
from connectors.sandbox.world.distinct import distinct_by_group, renumbered
from connectors.sandbox.world.visits import WebLog

Coded = tuple[Ints, list[str]]
"""A code for each row, and the text of each code."""


def views_of(
    log: WebLog, *, first: date, last: date, now: datetime, empty: frozenset[date] = frozenset(), live: bool = False
) -> Ints:
    """Numbers of the views of these days that are known by now, by time; ``live``: known as they happen."""
    begin = int(np.searchsorted(log.day, epoch_day(first), side="left"))
    end = int(np.searchsorted(log.day, epoch_day(last), side="right"))
    rows = np.arange(begin, max(begin, end), dtype=np.int64)
    known = (log.at if live else log.arrives)[rows] <= int(now.timestamp())
    recorded = ~np.isin(log.day[rows], [epoch_day(day) for day in empty])
    kept: Ints = rows[known & recorded]
    return kept


def coded_days(log: WebLog, rows: Ints, *, by_month: bool = False) -> Coded:
    """Each row's day, or its month's first day, in the site's zone."""
    days = log.day[rows]
    if by_month:
        days = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    found, codes = renumbered(days)
    labels = found.astype("datetime64[M]" if by_month else "datetime64[D]")
    return codes, [f"{label}-01" if by_month else str(label) for label in labels]


def coded_addresses(log: WebLog, rows: Ints, texts: Sequence[str]) -> Coded:
    """Each row's label, where ``texts`` has one for each of the log's addresses."""
    labels, code_of = np.unique(np.array(texts, dtype=object), return_inverse=True)
    return code_of.astype(np.int64)[log.address[rows]], [str(label) for label in labels]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Rows in groups, each with its labels."""

    group: Ints
    labels: list[tuple[str, ...]]

    def count(self, where: npt.NDArray[np.bool_] | None = None) -> list[int]:
        """How many rows each group has, of those ``where`` is true."""
        group = self.group if where is None else self.group[where]
        return [int(number) for number in np.bincount(group, minlength=len(self.labels))]

    def total(self, values: npt.NDArray[Any]) -> list[int]:
        """Sum of a value a row."""
        sums = np.bincount(self.group, weights=values, minlength=len(self.labels))
        return [int(number) for number in np.rint(sums)]

    def distinct(self, values: npt.NDArray[Any]) -> list[int]:
        """How many different values each group holds."""
        return [int(number) for number in distinct_by_group(self.group, values, groups=len(self.labels))]


def grouped(size: int, coded: Sequence[Coded]) -> Grouped:
    """``size`` rows by their combination of labels; without any, all of them are one group, if there are any."""
    combined = np.zeros(size, dtype=np.int64)
    for codes, labels in coded:
        combined = combined * max(len(labels), 1) + codes
    keys, group = renumbered(combined)
    texts: list[tuple[str, ...]] = []
    for key in keys.tolist():
        found: list[str] = []
        left = key
        for _, labels in reversed(coded):
            left, code = divmod(left, max(len(labels), 1))
            found.append(labels[code])
        texts.append(tuple(reversed(found)))
    return Grouped(group=group, labels=texts)
