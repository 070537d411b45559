"""Made-up followers: what the model says of a stock against what came.

    python -m benchmarks.stock_backtest

Six kinds, three seeds each, every month of two years of each, for seven targets from half to one and a half of the last
year's gain. Half a minute. There is no public series of followers over years; take the figures as what they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from okr_models.forecast.calibration import LEAST, MOST, POOLED_WIDENING
from okr_models.forecast.forecast import TREND
from okr_models.forecast.path_values import Floats
from okr_models.forecast.structural import YEARLY, FitFailed, fit

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
    print("| followers | cases | Brier | said | came |")
    print("| --- | ---: | ---: | ---: | ---: |")
    everything: list[tuple[float, bool]] = []
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


def _replayed(values: Floats) -> list[tuple[float, bool]]:
    """What the forecast said, and whether it came."""
    found: list[tuple[float, bool]] = []
    for start in STARTS:
        base, gain = float(values[start - 1]), float(values[start - 1] - values[start - 1 - YEAR])
        for k in range(1, YEAR):
            fitted = fit(values[: start + k], season=YEARLY, trend=TREND)
            if isinstance(fitted, FitFailed):
                continue
            ends = fitted.paths(steps=YEAR - k, count=2000, seed=1, widening=POOLED_WIDENING)[:, -1]
            for share in TARGETS:
                goal = base + share * gain
                said = float(np.clip(np.mean(ends >= goal), LEAST, MOST))
                found.append((said, bool(values[start + YEAR - 1] >= goal)))
    return found


def _line(name: str, rows: list[tuple[float, bool]]) -> str:
    said, came = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return f"| {name} | {len(rows)} | {np.mean((said - came) ** 2):.3f} | {said.mean():.2f} | {came.mean():.2f} |"


if __name__ == "__main__":
    main()
