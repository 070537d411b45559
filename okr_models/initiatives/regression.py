"""Time-based regression: what a treated series would have been, from controls that the initiative did not touch.

What belongs here: ordinary least squares before the start, and the distribution of the total it predicts after it
(Kerman, Wang and Vaver 2017, "Estimating ad effectiveness using geo experiments in a time-based regression
framework"). What does not: which series are controls, and the verdict (``evaluation.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_models.forecast.path_values import Floats


class NotEnoughDays(ValueError):
    """The regression has fewer common days than coefficients allow."""

    def __init__(self, *, days: int, needed: int) -> None:
        super().__init__(f"{days} days have both the treated series and its controls; {needed} are needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionTotal:
    """The total the controls predict for the days after the start: Student's t around ``mean``.

    ``actual`` is the treated total of the same ``days``; ``slopes`` one a control, in their order.
    """

    actual: float
    mean: float
    standard_error: float
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

        return float(stdtrit(self.degrees, 1 - tail)) * self.standard_error

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
    y, x = _complete(treated_before, controls_before)
    came, x_after = _complete(treated_after, controls_after)
    degrees = len(y) - x.shape[1]
    if degrees < 1 or len(came) == 0:
        raise NotEnoughDays(days=len(y), needed=x.shape[1] + 1)
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    residuals = y - x @ coefficients
    variance = float(residuals @ residuals) / degrees
    summed = x_after.sum(axis=0)
    # the noise of each day after, and the coefficients' own uncertainty, which is common to all of them
    total_variance = variance * (len(came) + float(summed @ np.linalg.pinv(x.T @ x) @ summed))
    return RegressionTotal(
        actual=float(came.sum()),
        mean=float(summed @ coefficients),
        standard_error=float(np.sqrt(total_variance)),
        degrees=degrees,
        days=len(came),
        intercept=float(coefficients[0]),
        slopes=tuple(float(slope) for slope in coefficients[1:]),
    )


def _complete(treated: Floats, controls: Floats) -> tuple[Floats, Floats]:
    table = controls.reshape(len(treated), -1)
    whole = ~(np.isnan(treated) | np.isnan(table).any(axis=1))
    return treated[whole], np.column_stack([np.ones(int(whole.sum())), table[whole]])
