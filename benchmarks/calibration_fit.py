"""The fit of a spread: maximum likelihood of Student's t over past errors, every origin counting the same.

What belongs here: from errors and features to coefficients. What does not: making them (``okr_models/forecast``), and
leaving families out (``forecast_calibration.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from okr_models.forecast.backtest import YEAR, MonthlySeries, Origin
from okr_models.forecast.calibration import FLOW_SPREAD, SIMPLE_SPREAD, TAIL, SimpleSpread, Spread
from okr_models.forecast.path_values import Floats
from okr_models.forecast.simple import remaining

ROOM = 1.1
"""The fitted scale times this: on series of families it has not seen the 80 % interval held 79 % without, 82 % with."""


def fitted_spread(origins: Sequence[Origin], *, start: Spread = FLOW_SPREAD) -> Spread:
    """From origins whose features and error are known and finite; ``start`` gives the floors."""
    rows = [
        (start.features(own=f.own, ahead=f.ahead, known=f.known, disagreement=f.disagreement, unrest=f.unrest), o.error)
        for o in origins
        if (f := o.features) is not None and np.isfinite(o.error)
    ]
    found = coefficients(np.array([features for features, _ in rows]), np.array([error for _, error in rows]))
    constant, own, ahead, known, disagreement, unrest = (round(float(each), 2) for each in found)
    return Spread(
        constant=round(constant + float(np.log(ROOM)), 2),
        own=own,
        ahead=ahead,
        known=known,
        disagreement=disagreement,
        unrest=unrest,
        floors=start.floors,
    )


def fitted_simple(series: Sequence[MonthlySeries], *, histories: Sequence[int]) -> SimpleSpread:
    """From the rule without a model at every fifth month of each series, shown so many months."""
    rows: list[tuple[tuple[float, float, float], float]] = []
    for one in series:
        for history in histories:
            for known in range(max(histories), len(one.values), 5):
                rows += _simple_rows(one.values, known=known, history=history)
    found = coefficients(np.array([features for features, _ in rows]), np.array([error for _, error in rows]))
    constant, apart, unrest = (round(float(each), 2) for each in found)
    return SimpleSpread(constant=constant, apart=apart, unrest=unrest, floors=SIMPLE_SPREAD.floors)


def _simple_rows(values: Floats, *, known: int, history: int) -> list[tuple[tuple[float, float, float], float]]:
    rows = []
    for k in range(1, YEAR):
        came = float(values[known : known + YEAR - k].sum())
        if known + YEAR - k > len(values) or came <= 0:
            continue
        said = remaining(values[known - history : known], horizon=YEAR - k, months_in=k)
        total = float(said.months.sum())
        if total > 0:
            rows.append((SIMPLE_SPREAD.features(apart=said.apart, unrest=said.unrest), float(np.log(came / total))))
    return rows


def coefficients(features: Floats, errors: Floats) -> Floats:
    """Of the logarithm of the scale: those under which the errors are likeliest."""
    from scipy.optimize import minimize

    def negative(at: Floats) -> tuple[float, Floats]:
        logs = features @ at
        squared = (errors * np.exp(-logs)) ** 2
        weight = (TAIL + 1) * squared / (TAIL + squared)
        value = np.mean(logs + (TAIL + 1) / 2 * np.log1p(squared / TAIL))
        return float(value), np.asarray((features * (1 - weight)[:, np.newaxis]).mean(axis=0), dtype=np.float64)

    found: Floats = minimize(negative, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x
    return found
