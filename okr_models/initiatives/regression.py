"""Time-based regression: what a treated series would have been, from controls that the initiative did not touch.

What belongs here: ordinary least squares before the start, and the distribution of the total it predicts after it
(Kerman, Wang and Vaver 2017, "Estimating ad effectiveness using geo experiments in a time-based regression
framework"). What does not: which series are controls, and the verdict (``evaluation.py``).

Days follow each other: what is a little high today is so tomorrow too, and the total of many such days strays further
than that of as many independent ones. The interval takes that from the autocorrelation of the residuals, as a process
of order one; the published precision, which does not, is kept beside it. Placebo starts catch what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from okr_models.forecast.path_values import Floats

Days = npt.NDArray[np.intp]
LEAST_PAIRS = 10
"""Neighbouring days from which an autocorrelation is more than luck."""
MOST_AUTOCORRELATION = 0.95
TINY = 1e-15
"""Share of the largest singular value below which one counts as nothing, as in statsmodels' own least squares."""


class NotEnoughDays(ValueError):
    """The regression has fewer common days than coefficients allow."""

    def __init__(self, *, days: int, needed: int) -> None:
        super().__init__(f"{days} days have both the treated series and its controls; {needed} are needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionTotal:
    """The total the controls predict for the days after the start: Student's t around ``mean``.

    ``actual`` is the treated total of the same ``days``; ``slopes`` one a control, in their order.
    ``independent_error`` is the standard error were the days independent; ``standard_error``, never smaller, is with
    their autocorrelation.
    """

    actual: float
    mean: float
    standard_error: float
    independent_error: float
    autocorrelation: float
    degrees: int
    days: int
    intercept: float
    slopes: tuple[float, ...]

    @property
    def response(self) -> float:
        """Cumulative incremental response: what came beyond what the controls predict."""
        return self.actual - self.mean

    def precision(self, *, tail: float = 0.1) -> float:
        """From the response to its one-sided bound: with ``tail`` .1 half the 80 % interval, as published for TBR."""
        from scipy.special import stdtrit  # no stubs; comes with statsmodels

        return float(stdtrit(self.degrees, 1 - tail)) * self.independent_error

    def quantile(self, share: float) -> float:
        """The predicted total's quantile."""
        from scipy.special import stdtrit

        return self.mean + float(stdtrit(self.degrees, share)) * self.standard_error

    def below(self, total: float) -> float:
        """Probability that the predicted total is at most ``total``."""
        from scipy.special import stdtr

        if self.standard_error == 0.0:
            return float(total >= self.mean)
        return float(stdtr(self.degrees, (total - self.mean) / self.standard_error))


def time_based_regression(
    *, treated_before: Floats, controls_before: Floats, treated_after: Floats, controls_after: Floats
) -> RegressionTotal:
    """Fit treated on controls (days x controls) before, predict the total after.

    A day on which any series is NaN is left out on both sides. Raises ``NotEnoughDays``.
    """
    y, x, on = _complete(treated_before, controls_before)
    came, x_after, on_after = _complete(treated_after, controls_after)
    degrees = len(y) - x.shape[1]
    if degrees < 1:
        raise NotEnoughDays(days=len(y), needed=x.shape[1] + 1)
    if len(came) == 0:
        raise NotEnoughDays(days=0, needed=1)
    inverse = np.linalg.pinv(x, rcond=TINY)
    coefficients, residuals = inverse @ y, y - x @ (inverse @ y)
    scale = float(residuals @ residuals) / (len(y) - int(np.linalg.matrix_rank(x)))
    summed = x_after.sum(axis=0)
    # the total's error: each day's own after the start, less what the coefficients took from the days before it
    weights = np.concatenate([-x @ (inverse @ inverse.T) @ summed, np.ones(len(came))])
    autocorrelation = _autocorrelation(residuals, on)
    days = np.concatenate([on, len(treated_before) + on_after])
    apart = np.abs(days[:, np.newaxis] - days[np.newaxis, :])
    independent = float(weights @ weights)
    together = float(weights @ np.power(autocorrelation, apart) @ weights)
    return RegressionTotal(
        actual=float(came.sum()),
        mean=float(summed @ coefficients),
        standard_error=float(np.sqrt(scale * max(independent, together))),
        independent_error=float(np.sqrt(scale * independent)),
        autocorrelation=autocorrelation,
        degrees=degrees,
        days=len(came),
        intercept=float(coefficients[0]),
        slopes=tuple(float(slope) for slope in coefficients[1:]),
    )


def _autocorrelation(residuals: Floats, on: Days) -> float:
    """Of a day's residual with the next day's; corrected for the bias of short series, from 0 to .95."""
    next_day = np.flatnonzero(np.diff(on) == 1)
    spread = float(residuals @ residuals)
    if len(next_day) < LEAST_PAIRS or spread <= 0:
        return 0.0
    found = float(residuals[next_day] @ residuals[next_day + 1]) / spread * len(residuals) / len(next_day)
    corrected = found + (1 + 4 * found) / len(residuals)
    return float(np.clip(corrected, 0.0, MOST_AUTOCORRELATION)) if found > 0 else 0.0


def _complete(treated: Floats, controls: Floats) -> tuple[Floats, Floats, Days]:
    """The days on which every series has a value, and which they are."""
    table = controls.reshape(len(treated), -1)
    whole = ~(np.isnan(treated) | np.isnan(table).any(axis=1))
    return treated[whole], np.column_stack([np.ones(int(whole.sum())), table[whole]]), np.flatnonzero(whole)
