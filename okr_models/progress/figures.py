"""One client's figures as they were known on a day: typed months, days and posts out of the marts' frames.

What belongs here: reading frames, and what ``as_of`` hides. What does not: which figures belong together
(``components.py``), and any comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from okr_models.periods import month_end

if TYPE_CHECKING:
    import pandas as pd

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A closed month that changed by more than 1 % after it was first known."""

    kpi: str
    scope: str
    month: date
    first_value: float
    value: float

    @property
    def share(self) -> float:
        """The change as a share of what was known first, below zero where it fell; from nothing, all of it."""
        change = self.value - self.first_value
        return change / abs(self.first_value) if self.first_value else math.copysign(1.0, change)


def _no_rows() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Frames of one client, with the columns of INTERFACE.md section 4 and docs/architecture.md; any may be empty."""

    kpi_monthly: pd.DataFrame = field(default_factory=_no_rows)
    kpi_daily: pd.DataFrame = field(default_factory=_no_rows)
    blog_posts: pd.DataFrame = field(default_factory=_no_rows)
    blog_post_daily: pd.DataFrame = field(default_factory=_no_rows)
    social_posts: pd.DataFrame = field(default_factory=_no_rows)
    social_post_daily: pd.DataFrame = field(default_factory=_no_rows)
    zones: Mapping[str, str] = field(default_factory=dict)
    """Zone in which each source's days begin, where it is not the client's."""
    loaded: frozenset[tuple[str, str]] | None = None
    """Every (source, stream) that was ever read; None where nobody says."""
    restatements: tuple[Restatement, ...] = ()
    doubts: tuple[SourceDoubt, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    """Web sources that see the same site as another one, which counts for all sources together, and that one."""
    read: tuple[Reading, ...] = ()
    """What was ever read of each source, also of one that is no longer in the file."""
    met: tuple[Met, ...] = ()
    """Every item that was ever said to have met its condition."""

    def met_of(self, objective: str, key_result: str, *, as_of: date) -> tuple[Met, ...]:
        """What a key result was said to have met by ``as_of``."""
        return tuple(
            each
            for each in self.met
            if (each.objective, each.key_result) == (objective, key_result) and each.since <= as_of
        )

    def was_read(self, source: str, stream: str) -> bool:
        """Whether anything was ever read of a source's stream."""
        return self.loaded is None or (source, stream) in self.loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A source's stream whose newest load failed. ``since``: first day without data; None where it was never read."""

    source: str
    stream: str
    since: date | None
    error_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDoubt:
    """What a source says against its own figures, of the days from ``since`` to ``until``; None: of all it gives."""

    source: str
    stream: str
    code: str
    since: date | None = None
    until: date | None = None
    kpis: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A source's stream that was read, and the last day that it was read of. ``type``: None where nobody knows it."""

    source: str
    stream: str
    through: date
    type: str | None = None
    another_since: date | None = None
    """From which day on it is of another account than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An item that a key result was said to have met, first on ``since``; ``value`` as it was said last."""

    objective: str
    key_result: str
    item_id: str
    url: str | None
    value: float | None
    threshold: float | None
    decided_on: date | None
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigure:
    """One month of one scope. ``value`` None: missing, never zero."""

    month: date
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    is_closed: bool = True
    is_estimated: bool = False
    is_first: bool = False
    """The account was first seen in it, and nobody says since when it is there: no month to compare with."""
    is_undivided: bool = False
    """A ratio's month without anything to divide by, such as one without new posts."""
    origin: str = "source"
    data_through: date | None = None

    @property
    def observed_on(self) -> date:
        """Last day it holds."""
        return self.data_through or month_end(self.month)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigure:
    """One day of one scope."""

    day: date
    value: float
    is_estimated: bool = False
    origin: str = "source"


Months = dict[date, MonthFigure]
Days = dict[date, DayFigure]


def months_known(figures: Figures, *, kpi: str, as_of: date) -> dict[str, Months]:
    """Each scope's months of ``kpi`` that were known on ``as_of``: closed, or running and holding no later day."""
    known: dict[str, Months] = {}
    for row in records(figures.kpi_monthly, kpi=kpi):
        month = as_date(row["month"])
        if month is None or month >= as_of:
            continue
        closes_on = as_date(row.get("closes_on"))
        is_over = month_end(month) < as_of and (closes_on is None or closes_on <= as_of)
        is_closed = is_over and as_flag(row.get("is_closed"))
        through = as_date(row.get("data_through"))
        if not is_closed and through is not None and through >= as_of:
            continue
        known.setdefault(str(row["scope"]), {})[month] = MonthFigure(
            month=month,
            value=as_number(row.get("value")),
            numerator=as_number(row.get("numerator")),
            denominator=as_number(row.get("denominator")),
            is_closed=is_closed,
            is_estimated=as_flag(row.get("is_estimated")),
            is_first=as_flag(row.get("is_first")),
            is_undivided=as_flag(row.get("is_undivided")),
            origin=as_text(row.get("origin")) or "source",
            data_through=min(through, month_end(month)) if through else None,
        )
    return known


def days_known(figures: Figures, *, kpi: str, as_of: date, since: date = date.min) -> dict[str, Days]:
    """Each scope's days of ``kpi`` from ``since`` to the day before ``as_of``."""
    known: dict[str, Days] = {}
    for row in records(figures.kpi_daily, kpi=kpi):
        day = as_date(row["day"])
        if day is None or not since <= day < as_of:
            continue
        value = as_number(row.get("value"))
        if value is None:
            continue
        known.setdefault(str(row["scope"]), {})[day] = DayFigure(
            day=day,
            value=value,
            is_estimated=as_flag(row.get("is_estimated")),
            origin=as_text(row.get("origin")) or "source",
        )
    return known


def records(frame: pd.DataFrame, **equal: str) -> Iterator[Record]:
    """Rows as plain dictionaries, those whose columns have the given values."""
    chosen = frame
    for column, value in equal.items():
        if chosen.empty:
            return
        chosen = chosen[chosen[column] == value]
    names = [str(name) for name in chosen.columns]
    for row in chosen.itertuples(index=False, name=None):
        yield dict(zip(names, row, strict=True))


_NOTHING = frozenset({"NaTType", "NAType"})
"""The types of pandas' NaT and NA, by name: a module that loads may have no use for pandas yet."""


def is_missing(value: object) -> bool:
    """None, NaN, NaT and pandas' NA alike."""
    return value is None or type(value).__name__ in _NOTHING or (isinstance(value, float) and math.isnan(value))


def as_number(value: Any) -> float | None:
    """A finite float, or None."""
    if type(value) is float:  # most are, and there are many
        return value if math.isfinite(value) else None
    if is_missing(value):
        return None
    plain = float(value)
    return plain if math.isfinite(plain) else None


def as_date(value: Any) -> date | None:
    """A calendar day out of a date, a timestamp or nothing."""
    if type(value) is date:
        return value
    if is_missing(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    import pandas as pd

    return pd.Timestamp(value).date()


def as_instant(value: Any) -> datetime | None:
    """An aware instant; without a zone it is UTC."""
    if is_missing(value):
        return None
    import pandas as pd

    stamp = pd.Timestamp(value)
    aware = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
    instant: datetime = aware.to_pydatetime()
    return instant


def as_flag(value: Any) -> bool:
    """True only where it says so."""
    if type(value) is bool:
        return value
    return False if is_missing(value) else bool(value)


def as_text(value: Any) -> str | None:
    """Text, or None."""
    if type(value) is str:
        return value
    return None if is_missing(value) else str(value)
