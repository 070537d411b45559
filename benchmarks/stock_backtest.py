"""Made-up followers: what the model says of a stock against what came.

    python -m benchmarks.stock_backtest

Six kinds, three seeds each, every month of two years of each, for seven targets from half to one and a half of the last
year's gain. Half a minute. There is no public series of followers over years; take the figures as what they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from okr_models.forecast.calibration import HIGH_QUANTILE, LOW_QUANTILE
from okr_models.forecast.forecast import ForecastJob, bounded, futures_of
from okr_models.forecast.path_values import Floats, LastMonth, Line

_Case = tuple[float, bool, bool]
YEAR, MONTHS, STARTS = 12, 60, (36, 48)
TARGETS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
GAIN, STRAY, LEVEL = 20.0, 0.35, 2000.0
_LAST: Floats = np.arange(1, YEAR + 1, dtype=np.float64)
KINDS: dict[str, Callable[[Floats], Floats]] = {
    "steady": lambda gains: gains,
    "fading": lambda gains: _last_year(gains, np.power(0.9, _LAST)),
    "rising": lambda gains: _last_year(gains, 1 + 0.08 * _LAST),
    "stepping up": lambda gains: _last_year(gains, np.full(YEAR, 1.6)),
    "seasonal": lambda gains: gains * (1 + 0.5 * np.cos(2 * np.pi * np.arange(MONTHS) / YEAR)),
    "stopping": lambda gains: _last_year(gains, np.zeros(YEAR)),
}


def main() -> None:
    """Print a line a kind and one over all: Brier, what was said on average, and what came."""
    print("| followers | cases | Brier | said | came | inside the 80 % interval |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    everything: list[_Case] = []
    for kind in KINDS:
        rows = [row for seed in (1, 2, 3) for row in _replayed(_followers(kind, seed=seed))]
        print(_line(kind, rows))
        everything += rows
    print(_line("all", everything))


def _last_year(gains: Floats, factors: Floats) -> Floats:
    return np.concatenate([gains[:-YEAR], gains[-YEAR:] * factors])


def _followers(kind: str, *, seed: int) -> Floats:
    luck = 1 + STRAY * np.random.default_rng(seed).standard_normal(MONTHS)
    return LEVEL + np.cumsum(KINDS[kind](np.full(MONTHS, GAIN)) * luck)


def _replayed(values: Floats) -> list[_Case]:
    """What was said of each target at each month's end, whether it came, and whether the interval held what came."""
    found: list[_Case] = []
    for start in STARTS:
        base, gain = float(values[start - 1]), float(values[start - 1] - values[start - 1 - YEAR])
        came = float(values[start + YEAR - 1])
        for k in range(1, YEAR):
            job = ForecastJob(
                history=tuple(values[: start + k]),
                horizon=YEAR - k,
                months_in=k,
                reducer=LastMonth(),
                success=Line(value=base),
                kind="stock",
            )
            futures = futures_of(job).futures.paths[:, -1]
            low, high = np.quantile(futures, [LOW_QUANTILE, HIGH_QUANTILE])
            for share in TARGETS:
                goal = base + share * gain
                said = bounded(float(np.mean(futures >= goal)), tenths=False)
                found.append((said, came >= goal, bool(low <= came <= high)))
    return found


def _line(name: str, rows: list[_Case]) -> str:
    said, came, inside = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    brier = np.mean((said - came) ** 2)
    return f"| {name} | {len(rows)} | {brier:.3f} | {said.mean():.2f} | {came.mean():.2f} | {inside.mean():.0%} |"


if __name__ == "__main__":
    main()
