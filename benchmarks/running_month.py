"""What the running month's days are worth to a year's total: forecasts that know of closed months alone, and with them.

    python -m benchmarks.running_month DATA_DIR

Prints the table of docs/forecast.md, "The running month". Public daily series (DATA_DIR holds ``daily_views/``) and the
sandbox's sites, asked on the 10th, the 20th and the last day of every month with 24 closed ones behind it: the total of
a year of twelve months that may begin in any month, and whether it reaches -10 to +40 % on the year before. The rule
has no figure that was fitted, so none is in-sample.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.alert_quality import sandbox_days
from benchmarks.monthly_views import whole_months
from benchmarks.public_series import pedestrians, wikipedia_views
from okr_models.forecast.backtest import FIRST_ORIGIN, GROWTH_TARGETS, YEAR
from okr_models.forecast.calibration import HIGH_QUANTILE, LOW_QUANTILE
from okr_models.forecast.forecast import Answer, ForecastJob, bounded, futures_of
from okr_models.forecast.pair import fit_pair
from okr_models.forecast.path_values import Floats, Line, SumOfMonths
from okr_models.forecast.running import Begun

Asked = tuple[str, float, float, bool]
"""Day, error of the total, mean squared error of the probabilities, and whether the interval held what came."""


def main() -> None:
    """One line a series and day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    data = parser.parse_args().data
    print("| series | asked on | years | year's total: closed months, with the running one | Brier | inside the 80 % |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, daily in (
        ("wikipedia", wikipedia_views(data)),
        ("pedestrians", pedestrians(data)),
        *sandbox_days(),
    ):
        found = list(_asked(daily))
        for day in dict.fromkeys(day for _, (day, *_) in found):
            plain, begun = (
                [row for is_begun, row in found if is_begun is each and row[0] == day] for each in (False, True)
            )
            print(f"| {name} | {day} | {len(plain)} | {_pair(plain, begun, 1, '.1%')} |"
                  f" {_pair(plain, begun, 2, '.4f')} | {_pair(plain, begun, 3, '.0%')} |", flush=True)  # fmt: skip


def _pair(plain: list[Asked], begun: list[Asked], column: int, form: str) -> str:
    return ", ".join(format(float(np.mean([float(row[column]) for row in rows])), form) for rows in (plain, begun))


def _asked(daily: pd.Series) -> Iterator[tuple[bool, Asked]]:
    daily = daily.dropna()
    months = whole_months(daily)
    values = months.to_numpy(dtype=np.float64)
    for known in range(FIRST_ORIGIN, len(values)):
        pair = fit_pair(values[:known], kind="flow")
        running = months.index[known]
        for months_in in range(1, YEAR):
            first = known - months_in
            if first - YEAR < 0 or first + YEAR > len(values):
                continue
            year, base = values[first : first + YEAR], float(values[first - YEAR : first].sum())
            for day in (10, 20, running.days_in_month):
                days = daily[running.start_time : running.start_time + pd.Timedelta(days=day - 1)]
                if len(days) < day:
                    continue
                begun = Begun(values=(float(days.sum()),), left=(1 - day / running.days_in_month,))
                named = "last day" if day == running.days_in_month else f"{day}th"
                for is_begun in (False, True):
                    job = ForecastJob(
                        history=tuple(values[:known]),
                        horizon=YEAR - months_in,
                        months_in=months_in,
                        begun=begun if is_begun else None,
                        reducer=SumOfMonths(already=float(year[:months_in].sum()) + begun.values[0]),
                        success=Line(value=base),
                    )
                    answer = futures_of(job, pair=pair)
                    yield is_begun, (named, *_judged(job, answer, year=year, base=base))


def _judged(job: ForecastJob, answer: Answer, *, year: Floats, base: float) -> tuple[float, float, bool]:
    closed, total = float(year[: job.months_in].sum()), float(year.sum())
    assert isinstance(job.reducer, SumOfMonths)
    least = job.reducer.already or 0.0
    reached = np.maximum(closed + answer.futures.paths.sum(axis=1), least)
    middle = max(closed + float(answer.futures.middle.sum()), least)
    missed = []
    for growth in GROWTH_TARGETS:
        line = base * (1 + growth)
        said = 1.0 if least >= line else bounded(float(np.mean(reached >= line)), tenths=answer.tenths)
        missed.append((said - (total >= line)) ** 2)
    low, high = np.quantile(reached, [LOW_QUANTILE, HIGH_QUANTILE])
    return abs(middle / total - 1), float(np.mean(missed)), bool(low <= total <= high)


if __name__ == "__main__":
    main()
