"""Which month or day of the base period P0 stands against one of the objective's period P1.

What belongs here: dates. What does not: values (``like_for_like.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from okr_models.client.model import Baseline, BaselinePeriod, Period
from okr_models.periods import ONE_DAY, Window, add_months, month_start

YEAR = 12
FIRST_OBSERVATION_DAYS = 35

BaseOf = Callable[[date], date | None]


def period_months(period: Period) -> tuple[date, ...]:
    """P1's months 1..n."""
    return Window(period.start, period.end).months()


def base_month_of(period: Period, baseline: Baseline | None) -> BaseOf:
    """P1's month to the same calendar month of P0; None where P0 has none.

    Last year, or as many whole years back as it takes to lie before P1; of a stated P0 the latest such month.
    """
    if isinstance(baseline, BaselinePeriod):
        stated = Window(baseline.from_, baseline.to).months()
        by_calendar = {month.month: month for month in stated}
        return lambda month: by_calendar.get(month.month)
    years = -(-len(period_months(period)) // YEAR)
    return lambda month: add_months(month, -YEAR * years)


def month_before(period: Period) -> date:
    """The last month before P1."""
    return add_months(month_start(period.start), -1)


def eve(period: Period, baseline: Baseline | None) -> date:
    """The day at whose end a stock's baseline is taken: before P1, or a stated P0's last."""
    return baseline.to if isinstance(baseline, BaselinePeriod) else period.start - ONE_DAY
