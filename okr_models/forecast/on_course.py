"""What a year's closed months say by themselves: that each is on course, or that they rise as an even ramp does.

What belongs here: the least probability that such months deserve, and where their own line leads. What does not: the
model (``structural.py``), and when a probability may be given at all (``forecast.py``).

A model of level and season answers late to what began with the plan year: a client exactly on course is a coin's toss
to it, one on an even ramp a loser. So the closed months are held, one by one, against the same months of the base
period (docs/adr/0004-months-on-course.md has the figures that chose these rules):

* *On course*: the months together have grown as success asks of the whole year, none has clearly grown by less, and
  growth is steady: at least .70.
  A stock is where its last month end has come as far as an even way from the start asks.
* *Rising*: growth rises month by month, clearly more than its own noise, and so far it is not clearly less than the
  even ramp shows that just arrives: at least .30.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from okr_models.forecast.path_values import Floats

ON_COURSE, RISING = 0.70, 0.30
"""The least probabilities: the lines between on_track, at_risk and off_track (MEASURES.md)."""

NEARLY = 0.98
"""This share of the growth asked for will do: figures are whole numbers, closed months restated by a per cent."""

NEARLY_ON_RAMP = 0.95
"""The same of the ramp, with room for a season, which bends what an evenly rising growth adds up to."""

STRAY_OF_A_MONTH, STRAY_OF_THE_MEAN = 1.0, 0.5
"""Standard deviations of its noise by which one month may lie below what is asked, and their mean below the ramp."""

CLEARLY = 2.0
"""Standard errors by which the slope of growth must lie above nothing."""

LEAST_ASKED = 0.10
"""Growth asked for counts as at least this much where it is held against the noise."""

YEAR = 12
EXACT = 1e-9

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What success asks of a year: growth of all months together (.3 is +30 %) on ``base``, one value a month of P1.

    NaN where the base period has no such month.
    """

    base: tuple[float, ...]
    growth: float
    is_upward: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """What success asks of a stock: an even way from ``start`` to ``goal`` in ``months`` months."""

    start: float
    goal: float
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCourse:
    """The least probability that the months deserve, and the months to come on their own line."""

    at_least: float
    ahead: Floats


@dataclass(frozen=True, slots=True)
class _Line:
    """Growth by month number, ``level + slope * number``, with the noise around it (standard deviation)."""

    level: float
    slope: float
    noise: float | None
    is_rising: bool


def own_course(history: Floats, *, months_in: int, plan: Plan | Climb) -> OwnCourse | None:
    """What the last ``months_in`` of ``history`` say, or None where they are neither on course nor rising."""
    return _climbed(history, months_in, plan) if isinstance(plan, Climb) else _grown(history, months_in, plan)


def _climbed(history: Floats, months_in: int, climb: Climb) -> OwnCourse | None:
    """A stock is on course where its last month end has come as far as an even way asks."""
    last, asked = float(history[-1]), climb.goal - climb.start
    if months_in == 0 or not np.isfinite(last) or asked == 0:
        return None
    if (last - climb.start) / asked < NEARLY * months_in / climb.months - EXACT:
        return None
    pace = (last - climb.start) / months_in
    steps = np.arange(1, climb.months - months_in + 1, dtype=np.float64)
    return OwnCourse(at_least=ON_COURSE, ahead=np.asarray(last + pace * steps, dtype=np.float64))


def _grown(history: Floats, months_in: int, plan: Plan) -> OwnCourse | None:
    base = np.asarray(plan.base, dtype=np.float64)
    seen = history[len(history) - months_in :]
    usable = np.flatnonzero(np.isfinite(seen) & np.isfinite(base[:months_in]))
    if len(usable) == 0 or len(base) <= months_in or not _is_positive(base):
        return None
    sign = 1.0 if plan.is_upward else -1.0
    asked = sign * plan.growth
    growth = sign * (seen[usable] / base[usable] - 1)
    mean = sign * float(seen[usable].sum() / base[usable].sum() - 1)
    line = _line(sign * _growth_before(history, months_in=months_in), growth, (usable + 1).astype(np.float64))
    if _is_on_course(growth, mean=mean, asked=asked, line=line):
        return OwnCourse(at_least=ON_COURSE, ahead=base[months_in:] * (1 + sign * mean))
    weights = np.where(np.isfinite(base), base, 0.0)
    if _is_on_ramp(mean=mean, asked=asked, weights=weights, seen=usable, months_in=months_in, line=line):
        ahead = line.level + line.slope * np.arange(months_in + 1, len(base) + 1)
        return OwnCourse(at_least=RISING, ahead=base[months_in:] * (1 + sign * ahead))
    return None


def _is_positive(base: Floats) -> bool:
    known = base[np.isfinite(base)]
    return len(known) > 0 and bool(np.all(known > 0))


def _growth_before(history: Floats, *, months_in: int) -> Floats:
    """Growth on the year before of the months, at most twelve, before the period; empty without two years."""
    before = history[: len(history) - months_in]
    count = min(YEAR, len(before) - YEAR)
    if count <= 0:
        return np.empty(0)
    now, then = before[-count:], before[len(before) - count - YEAR : len(before) - YEAR]
    usable = np.isfinite(now) & np.isfinite(then) & (np.nan_to_num(then) > 0)
    return np.asarray(now[usable] / then[usable] - 1, dtype=np.float64)


def _line(before: Floats, growth: Floats, numbers: Floats) -> _Line:
    """Least squares: growth stood at a level before the period (number 0) and rises in it.

    With fewer than three months before, the line goes through nothing at the start: the base year is all there is.
    """
    if len(before) < 3:
        return _from_nothing(growth, numbers)
    x = np.concatenate([np.zeros(len(before)), numbers])
    y = np.concatenate([before, growth])
    design = np.column_stack([np.ones_like(x), x])
    (level, slope), *_ = np.linalg.lstsq(design, y, rcond=None)
    noise = float(np.sqrt(np.sum((y - design @ np.array([level, slope])) ** 2) / (len(y) - 2)))
    error = noise * float(np.sqrt(np.linalg.inv(design.T @ design)[1, 1]))
    return _Line(float(level), float(slope), noise, bool(slope > CLEARLY * error and slope > EXACT))


def _from_nothing(growth: Floats, numbers: Floats) -> _Line:
    """Rising is what a line through nothing fits no worse than a level does."""
    slope = float(numbers @ growth / (numbers @ numbers))
    around_line = float(np.sum((growth - slope * numbers) ** 2))
    around_level = float(np.sum((growth - growth.mean()) ** 2))
    noise = float(np.sqrt(around_level / (len(growth) - 1))) if len(growth) > 1 else None
    return _Line(0.0, slope, noise, slope > EXACT and (len(growth) == 1 or around_line <= around_level))


def _is_on_course(growth: Floats, *, mean: float, asked: float, line: _Line) -> bool:
    """At what is asked, by a growth that strays by less than half of it."""
    noise = line.noise or 0.0
    enough = asked - (1 - NEARLY) * abs(asked) - EXACT
    is_steady = noise < max(abs(asked), LEAST_ASKED) / 2
    return is_steady and mean >= enough and bool(np.all(growth >= enough - STRAY_OF_A_MONTH * noise))


def _is_on_ramp(*, mean: float, asked: float, weights: Floats, seen: Indices, months_in: int, line: _Line) -> bool:
    """Growth so far is not clearly less than the even ramp shows that just arrives; months count by their base."""
    if asked <= 0 or not line.is_rising:
        return False
    numbers = np.arange(1, len(weights) + 1, dtype=np.float64)
    plain = (months_in + 1) / (len(weights) + 1)
    so_far = float(weights[seen] @ numbers[seen] / weights[seen].sum())
    arrived = float(weights @ numbers / weights.sum())
    stray = STRAY_OF_THE_MEAN * (line.noise or 0.0) / float(np.sqrt(len(seen)))
    return mean + stray >= asked * min(plain, so_far / arrived) * NEARLY_ON_RAMP - EXACT
