"""The public daily series as months: what the pooled widening and the backtest stand on.

What belongs here: days to whole months, by a rule that takes missing days as missing. What does not: reading files
(the caller has the frame), and any client's months (``marts.kpi_monthly`` makes those).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from okr_models.forecast.backtest import MonthlySeries

ENOUGH_OF_A_MONTH = 0.6


def months_from_days(daily: pd.Series, *, name: str) -> MonthlySeries:
    """``whole_months`` as a series to replay."""
    return MonthlySeries(name=name, values=whole_months(daily).to_numpy(dtype=np.float64), is_public=True)


def whole_months(daily: pd.Series) -> pd.Series:
    """Whole months of ``daily`` (indexed by day): the mean of the days there are, times the month's days.

    A month at either end that the series does not cover, or one with under 60 % of its days, is not a month; the
    series is the longest run of months that are.
    """
    by_month = daily.groupby(pd.DatetimeIndex(daily.index).to_period("M"))
    means, seen = by_month.mean(), by_month.count()
    whole = pd.period_range(means.index[0], means.index[-1], freq="M")
    days = pd.Series(whole.days_in_month, index=whole)
    enough = (seen.reindex(whole, fill_value=0) / days) >= ENOUGH_OF_A_MONTH
    run = (enough != enough.shift()).cumsum()
    longest = run[enough].value_counts().idxmax()
    kept = whole[(run == longest).to_numpy()]
    return means.reindex(kept) * days.reindex(kept)
