"""How a figure, a share, a sum of money or a date is said in Swedish and in English: the one place that decides it.

What belongs here: digits, signs, separators, names of months. What does not: any sentence (``notes.py``), and the words
of statuses, units and KPIs (``pipelines/exports/words.py``).

A figure has no more decimals than its size can bear, and what stands beside a target has as many as the target: none
from 100 on, one from 10, two from 1, and below 1 as many as show two digits that count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_symbol, is_currency

Language = Literal["sv", "en"]
MISSING = "\N{EN DASH}"
"""What stands where there is no figure: never 0."""
MINUS = "\N{MINUS SIGN}"
HARD_SPACE = "\N{NO-BREAK SPACE}"
_LOCALES: dict[Language, str] = {"sv": "sv_SE", "en": "en_GB"}
_TO: dict[Language, str] = {"sv": "till", "en": "to"}
_MOST_PLACES = 9
_MORE_PLACES = 2
"""By how many decimals two figures are told apart that would read alike, before they are the same to any reader."""
_SAME = 1e-9
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Speech:
    """Figures and dates as one language says them. Missing ones are a dash."""

    language: Language

    @property
    def is_swedish(self) -> bool:
        return self.language == "sv"

    def figure(
        self, value: float | None, unit: str | None = None, *, beside: float | None = None, signed: bool = False
    ) -> str:
        """A figure as its unit is read: a share as per cent, a currency as money, else with the decimals it can bear.

        ``beside``: the target it stands beside, which then decides the decimals. ``signed`` puts a plus before a gain.

        >>> sv, en = Speech("sv"), Speech("en")
        >>> print(sv.figure(9693.4), en.figure(9693.4), sv.figure(0.0342), sv.figure(None))
        9 693 9,693 0,034 –
        >>> print(sv.figure(12.34), sv.figure(12.34, beside=6.33), sv.figure(-0.0001, beside=500))
        12,3 12,34 −0,0001
        >>> print(sv.figure(0.804, "share"), sv.figure(1250, "EUR"))
        80 % 1 250 €
        """
        if value is None:
            return MISSING
        if unit == "share":
            return self.percent(value, beside=beside, signed=signed)
        if is_money(unit):
            return self.money(value, str(unit))
        return self._decimal(value, _places(value, beside), signed=signed)

    def pair(self, value: float | None, target: float | None, unit: str | None = None) -> tuple[str, str]:
        """A figure and its target with the same decimals, as many as keep them from reading alike where they differ.

        >>> print(*Speech("sv").pair(6.5849, 6.33))
        6,58 6,33
        >>> print(*Speech("en").pair(99.7, 100))
        99.7 100
        """
        if value is None or target is None:
            return self.figure(value, unit), self.figure(target, unit)
        if unit == "share":
            return self.percents(value, target, is_aim=True)
        if is_money(unit):
            return self.money(value, str(unit)), self.money(target, str(unit))
        places = _apart(value, target, _places(value, target))
        return self._decimal(value, places), self._decimal(target, places)

    def fixed(self, value: float, places: int) -> str:
        """Exactly so many decimals, as on an axis.

        >>> print(Speech("sv").fixed(0.5, 2))
        0,50
        """
        return self._decimal(value, places, pattern="0" * places)

    def points(self, share: float) -> str:
        """A difference of two shares in percentage points, signed, without the words.

        >>> print(Speech("sv").points(0.0014), Speech("en").points(-0.021), Speech("en").points(0.0002))
        +0,1 −2.1 0.0
        """
        return self._decimal(round(share * 100, 1) or 0.0, 1, pattern="0", signed=True)

    def percent(
        self, share: float | None, *, beside: float | None = None, signed: bool = False, places: int | None = None
    ) -> str:
        """A share as whole per cent; with decimals where whole ones would hide that it isn't 0, or not ``beside``, or
        with as many as are asked for.

        >>> sv, en = Speech("sv"), Speech("en")
        >>> print(sv.percent(0.28), en.percent(0.28, signed=True), sv.percent(-0.004), sv.percent(-0.0001))
        28 % +28% −0,4 % 0 %
        >>> print(en.percent(0.0135, beside=0.01), en.percent(0.296, beside=0.3))
        1.4% 29.6%
        """
        if share is None:
            return MISSING
        value = share * 100
        if places is None:
            places = 1 if 0 < abs(value) < 1 else 0
        return self._percent(value, places if beside is None else _apart(value, beside * 100, places), signed=signed)

    def percents(self, share: float, target: float, *, signed: bool = False, is_aim: bool = False) -> tuple[str, str]:
        """A share and its target, told apart where the share falls short of it.

        Growth, and what ``is_aim``, has the decimal that the target was asked for with.

        >>> print(*Speech("en").percents(0.797, 0.803), *Speech("en").percents(0.803, 0.797))
        79.7% 80.3% 80% 80%
        >>> print(*Speech("en").percents(0.0312, 0.025, is_aim=True), *Speech("en").percents(0.4, 0.025, signed=True))
        3.1% 2.5% +40% +2.5%
        """
        places = _stated_places(target) if signed or is_aim else None
        if share >= target >= 0 or share <= target < 0:
            return self.percent(share, signed=signed, places=places), self.percent(target, signed=signed, places=places)
        return (
            self.percent(share, beside=target, signed=signed, places=places),
            self.percent(target, beside=share, signed=signed, places=places),
        )

    def aim(self, share: float, *, signed: bool = False) -> str:
        """A share that somebody asked for, with the decimal that it was asked for with.

        >>> print(Speech("sv").aim(0.025, signed=True), Speech("en").aim(0.3), Speech("en").aim(1.05 / 1.0 - 1))
        +2,5 % 30% 5%
        """
        return self.percent(share, signed=signed, places=_stated_places(share))

    def money(self, amount: float | None, currency: str) -> str:
        """An amount; its hundredths only below a thousand, and only where there are any.

        >>> sv, en = Speech("sv"), Speech("en")
        >>> print(sv.money(40000, "SEK"), "|", sv.money(38.3, "SEK"))
        40 000 kr | 38,30 kr
        >>> print(en.money(40000, "EUR"), en.money(30.82, "EUR"), "|", en.money(40000, "SEK"))
        €40,000 €30.82 | SEK 40,000
        """
        if amount is None:
            return MISSING
        is_whole = abs(amount) >= 1000 or round(amount, 2) == round(amount)
        text = self._decimal(abs(amount), 0 if is_whole else 2, pattern="" if is_whole else "00")
        sign = MINUS if round(amount, 0 if is_whole else 2) < 0 else ""
        symbol = str(get_currency_symbol(currency, locale=self._locale))
        if self.is_swedish:
            return f"{sign}{text}{HARD_SPACE}{symbol}"
        return f"{sign}{symbol}{HARD_SPACE if symbol[-1:].isalpha() else ''}{text}"

    def range(self, low: float, high: float, unit: str | None = None, *, beside: float | None = None) -> str:
        """From one figure to another, the unit once.

        >>> sv = Speech("sv")
        >>> print(sv.range(32834, 33732), "|", sv.range(0.62, 0.71, "share"), "|", sv.range(-3, 5))
        32 834–33 732 | 62–71 % | −3 till 5
        """
        first, last = self.figure(low, unit, beside=beside), self.figure(high, unit, beside=beside)
        return first if first == last else self._joined(first, last)

    def percent_range(self, low: float, high: float) -> str:
        """From one signed share to another, as an effect's interval is said.

        >>> print(Speech("sv").percent_range(0.05, 0.32), "|", Speech("en").percent_range(-0.35, -0.31))
        +5 till +32 % | −35 to −31%
        """
        return self._joined(self.percent(low, signed=True), self.percent(high, signed=True))

    def day(self, value: date | None) -> str:
        """A day with its year.

        >>> print(Speech("sv").day(date(2026, 11, 3)), "|", Speech("en").day(date(2026, 11, 3)))
        3 nov. 2026 | 3 Nov 2026
        """
        return self._dated(value, "d MMM y")

    def long_day(self, value: date | None) -> str:
        """A day with the month's whole name, for a heading.

        >>> print(Speech("sv").long_day(date(2026, 11, 3)))
        3 november 2026
        """
        return self._dated(value, "d MMMM y")

    def short_day(self, value: date | None) -> str:
        """A day as it is said in passing, its year being clear.

        >>> print(Speech("sv").short_day(date(2026, 11, 3)))
        3 nov
        """
        return self._dated(value, "d MMM").rstrip(".")

    def days(self, first: date, last: date) -> str:
        """From one day to another, the year once where it is the same.

        >>> print(Speech("sv").days(date(2026, 1, 1), date(2026, 12, 31)))
        1 jan.–31 dec. 2026
        """
        start = self._dated(first, "d MMM" if first.year == last.year else "d MMM y")
        return f"{start}\N{EN DASH}{self.day(last)}"

    def month(self, value: date) -> str:
        """A month with its year.

        >>> print(Speech("sv").month(date(2026, 11, 1)), "|", Speech("en").month(date(2026, 11, 1)))
        november 2026 | November 2026
        """
        return self._dated(value, "LLLL y")

    def month_name(self, value: date) -> str:
        """The month alone, its year being clear.

        >>> print(Speech("en").month_name(date(2026, 11, 1)))
        November
        """
        return self._dated(value, "LLLL")

    def short_month(self, value: date, *, with_year: bool = False) -> str:
        """Three letters and perhaps the year's last two digits, where room is scarce.

        >>> autumn = date(2026, 11, 1)
        >>> print(Speech("sv").short_month(autumn), Speech("en").short_month(autumn, with_year=True))
        nov Nov 26
        """
        name = self._dated(value, "MMM").rstrip(".")[:3]
        return f"{name} {value:%y}" if with_year else name

    def months(self, values: Iterable[date], *, short: bool = False) -> str:
        """Months in order, runs of neighbours as first to last; ``short`` without years, but for more than twelve.

        >>> spring = [date(2026, month, 1) for month in (1, 2, 3, 5)]
        >>> print(Speech("sv").months(spring), "|", Speech("en").months(spring, short=True))
        januari–mars 2026, maj 2026 | Jan–Mar, May
        """
        runs: list[list[date]] = []
        for value in sorted(set(values)):
            if runs and _index(value) == _index(runs[-1][-1]) + 1:
                runs[-1].append(value)
            else:
                runs.append([value])
        return ", ".join(self._short_run(run) if short else self._run(run) for run in runs)

    def _run(self, run: list[date]) -> str:
        first, last = run[0], run[-1]
        if len(run) == 1:
            return self.month(first)
        head = self.month_name(first) if first.year == last.year else self.month(first)
        return f"{head}\N{EN DASH}{self.month(last)}"

    def _short_run(self, run: list[date]) -> str:
        ends = (run[0],) if len(run) == 1 else (run[0], run[-1])
        # October to October would read as one of them
        return "\N{EN DASH}".join(self.short_month(month, with_year=len(run) > _YEAR) for month in ends)

    @property
    def _locale(self) -> str:
        return _LOCALES[self.language]

    def _dated(self, value: date | None, pattern: str) -> str:
        return MISSING if value is None else _date(value, pattern, self._locale)

    def _decimal(self, value: float, places: int, *, signed: bool = False, pattern: str | None = None) -> str:
        """With one kind of minus, and none before a zero. ``pattern``: Babel's for the decimals."""
        rounded = round(value, places)
        decimals = "#" * places if pattern is None else pattern
        text = _number(abs(rounded), f"#,##0.{decimals}" if decimals else "#,##0", self._locale)
        return f"{MINUS if rounded < 0 else '+' if signed and rounded > 0 else ''}{text}"

    def _percent(self, value: float, places: int, *, signed: bool) -> str:
        return f"{self._decimal(value, places, signed=signed)}{HARD_SPACE if self.is_swedish else ''}%"

    def _joined(self, first: str, last: str) -> str:
        """A dash between plain figures; a word where a sign would stand beside it."""
        if first.endswith("%") and last.endswith("%"):
            first = first.removesuffix("%").removesuffix(HARD_SPACE)
        has_sign = any(text[:1] in {MINUS, "+"} for text in (first, last))
        return f"{first} {_TO[self.language]} {last}" if has_sign else f"{first}\N{EN DASH}{last}"


SWEDISH, ENGLISH = Speech("sv"), Speech("en")


# a report says each figure and month several times: in a sentence, beside its chart, in the table that stands for it
@lru_cache(maxsize=4096)
def _number(value: float, pattern: str, locale: str) -> str:
    return str(format_decimal(value, format=pattern, locale=locale))


@lru_cache(maxsize=4096)
def _date(value: date, pattern: str, locale: str) -> str:
    return str(format_date(value, format=pattern, locale=locale))


def is_money(unit: str | None) -> bool:
    """Whether a unit is a currency by its three letters.

    >>> is_money("SEK"), is_money("NPS"), is_money(None)
    (True, False, False)
    """
    return unit is not None and unit.isupper() and bool(is_currency(unit))


def _places(value: float, beside: float | None) -> int:
    """Decimals by the size of what it stands beside, and never so few that its own first digits are lost."""
    own = _places_of(value)
    if beside is None or not beside:
        return own
    return max(_places_of(beside), own if abs(value) < 1 else 0)


def _places_of(value: float) -> int:
    size = abs(value)
    if size >= 100 or size < _SAME:
        return 0
    if size >= 10:
        return 1
    return 2 if size >= 1 else min(_MOST_PLACES, 1 - math.floor(math.log10(size)))


def _stated_places(share: float) -> int | None:
    """1 where that says a share of per cent exactly and whole per cent don't, as +2.5%; else as any other share."""
    value = share * 100
    is_exact = abs(value - round(value, 1)) <= _SAME * max(1.0, abs(value))
    return 1 if is_exact and abs(value - round(value)) > _SAME * max(1.0, abs(value)) else None


def _apart(value: float, other: float, places: int) -> int:
    """``places``, or up to two more where two figures that differ would read alike."""
    if abs(value - other) <= _SAME * max(1.0, abs(value), abs(other)):
        return places
    wanted = (more for more in range(places, places + _MORE_PLACES) if round(value, more) != round(other, more))
    return next(wanted, places + _MORE_PLACES)


def _index(value: date) -> int:
    return value.year * 12 + value.month
