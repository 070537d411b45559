"""Made-up clients whose future is known, for the backtest: those that arrive, and those that only look like it.

What belongs here: series made from a formula and a seeded noise. What does not: the demo clients'
figures (the sandbox).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from okr_models.forecast.backtest import MonthlySeries

MONTHS = 60
LEVEL = 10_000.0
TARGET = 0.30
NOISE = 0.04
YEAR = 12


def even_ramp(*, seed: int) -> MonthlySeries:
    """Flat for four years, then a year that rises by the same step a month and ends 30 % over the year before."""
    step = np.zeros(MONTHS)
    step[-YEAR:] = 2 * TARGET * np.arange(1, YEAR + 1) / (YEAR + 1)
    return _series(f"even_ramp_{seed}", shape=1 + step, amplitude=0.1, seed=seed)


def seasonal_on_course(*, seed: int) -> MonthlySeries:
    """A strong season (July at half of January's), each year the target's 30 % over the one before."""
    years = np.arange(MONTHS) // YEAR
    return _series(f"seasonal_on_course_{seed}", shape=(1 + TARGET) ** years, amplitude=0.35, seed=seed)


def steady_grower(*, seed: int) -> MonthlySeries:
    """Grows by the same share every month, 20 % a year."""
    return _series(
        f"steady_grower_{seed}", shape=np.exp(np.log(1.2) * np.arange(MONTHS) / YEAR), amplitude=0.1, seed=seed
    )


def step_up(*, seed: int) -> MonthlySeries:
    """Strongly seasonal and flat for four years, then a year that is 30 % up from its first month on."""
    shape = np.ones(MONTHS)
    shape[-YEAR:] = 1 + TARGET
    return _series(f"step_up_{seed}", shape=shape, amplitude=0.35, seed=seed)


def half_ramp(*, seed: int) -> MonthlySeries:
    """Rises evenly in the last year, by half of what would reach the target."""
    step = np.zeros(MONTHS)
    step[-YEAR:] = TARGET * np.arange(1, YEAR + 1) / (YEAR + 1)
    return _series(f"half_ramp_{seed}", shape=1 + step, amplitude=0.2, seed=seed)


def good_january(*, seed: int) -> MonthlySeries:
    """Flat but for the last year's first month, a quarter up, after which it falls back."""
    shape = np.ones(MONTHS)
    shape[-YEAR] = 1.25
    return _series(f"good_january_{seed}", shape=shape, amplitude=0.2, seed=seed)


def flat(*, seed: int) -> MonthlySeries:
    """Never grows."""
    return _series(f"flat_{seed}", shape=np.ones(MONTHS), amplitude=0.2, seed=seed)


KINDS = (even_ramp, seasonal_on_course, steady_grower, step_up, half_ramp, good_january, flat)


def synthetic_clients(*, seeds: tuple[int, ...] = (1, 2, 3)) -> list[MonthlySeries]:
    """Every kind, for every seed."""
    return [make(seed=seed) for make in KINDS for seed in seeds]


def _series(name: str, *, shape: npt.NDArray[np.floating], amplitude: float, seed: int) -> MonthlySeries:
    months = np.arange(MONTHS)
    season = np.exp(amplitude * np.cos(2 * np.pi * months / YEAR))
    noise = np.exp(NOISE * np.random.default_rng(seed).standard_normal(MONTHS))
    return MonthlySeries(
        name=name, values=np.asarray(LEVEL * shape * season * noise, dtype=np.float64), is_public=False
    )
