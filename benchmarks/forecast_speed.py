"""Seconds for the forecasts of 100 clients with 4 key results each and 36 months: first night and next night.

    python -m benchmarks.forecast_speed [--clients N] [--workers N]

What belongs here: fitting, recalling and keeping forecasts in a DuckDB file. What does not: the rest of a night.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence

import numpy as np

from okr_models.forecast.forecast import ForecastJob
from okr_models.forecast.path_values import MeanOfMonths, success_line
from okr_models.forecast.types import Forecast
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.forecasts import night_forecaster, night_workers
from pipelines.warehouse.schema import ensure_schema

KEY_RESULTS, MONTHS, MONTHS_IN = 4, 36, 10


def main() -> None:
    """Print three lines: the first night, the next one, and one after a month has closed for one client in ten."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--workers", type=int, default=night_workers())
    options = parser.parse_args()
    jobs = [_job(seed=number) for number in range(options.clients * KEY_RESULTS)]
    changed = [_job(seed=number + (10_000 if number % 10 == 0 else 0)) for number in range(len(jobs))]
    with tempfile.TemporaryDirectory() as folder:
        con = connect(Home.resolve(folder, {}))
        ensure_schema(con)
        forecaster = night_forecaster(con, workers=options.workers)
        about = f"{options.clients} clients, {len(jobs)} key results, {MONTHS} months, {options.workers} workers"
        print(about)
        _timed("first night", forecaster, jobs)
        _timed("next night", forecaster, jobs)
        _timed("a night on which a tenth changed", forecaster, changed)
        con.close()


def _job(*, seed: int) -> ForecastJob:
    steps = np.arange(MONTHS)
    noise = 0.06 * np.random.default_rng(seed).standard_normal(MONTHS)
    history = 1000 * np.exp(0.25 * np.cos(2 * np.pi * steps / 12) + 0.1 * steps / 12 + noise)
    baseline = float(history[-MONTHS_IN - 12 : -12].mean())
    return ForecastJob(
        history=tuple(float(value) for value in history),
        horizon=12 - MONTHS_IN,
        months_in=MONTHS_IN,
        reducer=MeanOfMonths(),
        success=success_line(baseline=baseline, target=baseline * 1.15),
    )


def _timed(name: str, forecaster: Callable[[Sequence[ForecastJob]], list[Forecast]], jobs: list[ForecastJob]) -> None:
    begun = time.perf_counter()
    answers = forecaster(jobs)
    seconds = time.perf_counter() - begun
    print(f"{name}: {seconds:.2f} s, {sum(answer.probability is not None for answer in answers)} probabilities")


if __name__ == "__main__":
    main()
