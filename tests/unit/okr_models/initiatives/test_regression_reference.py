"""Time-based regression against two public cases with published answers; the arithmetic itself is under test.

The geo experiment's answers are Google's (matched_markets), to the digits they published. The arma series' interval is
tfcausalimpact's. Neither figure was made by this program.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from okr_models.initiatives.regression import NotEnoughDays, RegressionTotal, time_based_regression
from tests.unit.public_data import public_data

START, END = "2015-02-16", "2015-03-15"


@pytest.fixture(scope="module")
def geo() -> pd.DataFrame:
    """Sales and cost a day, of the treated regions (group 2) and the others."""
    folder = public_data() / "geo_experiment"
    joined = pd.read_csv(folder / "salesandcost.csv", parse_dates=["date"]).merge(
        pd.read_csv(folder / "geoassignment.csv"), on="geo"
    )
    return joined.pivot_table(index="date", columns="geo.group", values=["sales", "cost"], aggfunc="sum")


@pytest.fixture(scope="module")
def geo_total(geo: pd.DataFrame) -> RegressionTotal:
    sales = geo["sales"]
    before, after = sales[: pd.Timestamp("2015-02-15")], sales[START:END]
    return time_based_regression(
        treated_before=before[2].to_numpy(),
        controls_before=before[[1]].to_numpy(),
        treated_after=after[2].to_numpy(),
        controls_after=after[[1]].to_numpy(),
    )


def test_the_geo_experiments_slope_is_the_published_one(geo_total: RegressionTotal) -> None:
    assert round(geo_total.slopes[0], 7) == 0.9997001


def test_the_geo_experiments_incremental_response_is_the_published_one(geo_total: RegressionTotal) -> None:
    assert round(geo_total.response, 3) == 147_337.122


def test_the_geo_experiments_return_and_precision_are_the_published_ones(
    geo: pd.DataFrame, geo_total: RegressionTotal
) -> None:
    cost = float(geo["cost"].loc[START:END, 2].sum())
    assert round(geo_total.response / cost, 6) == 2.946742
    assert round(geo_total.precision() / cost, 6) == 0.120548


def test_before_against_after_says_50_7_percent_and_the_controls_say_17_4(
    geo: pd.DataFrame, geo_total: RegressionTotal
) -> None:
    treated = geo["sales"][2]
    naive = treated[START:END].mean() / treated[: pd.Timestamp("2015-02-15")].mean() - 1
    assert round(naive, 3) == 0.507
    assert round(geo_total.actual / geo_total.mean - 1, 3) == 0.174


def test_the_arma_steps_effect_lies_inside_the_published_interval() -> None:
    arma = pd.read_csv(public_data() / "arma" / "arma_data.csv")
    stepped = arma["y"].to_numpy(dtype=float).copy()
    stepped[70:] += 5
    total = time_based_regression(
        treated_before=stepped[:70],
        controls_before=arma[["X"]].to_numpy()[:70],
        treated_after=stepped[70:],
        controls_after=arma[["X"]].to_numpy()[70:],
    )
    assert 4.26 <= total.response / total.days <= 5.47
    assert abs(total.response / total.days - 4.89) < 0.2


def test_days_that_any_series_lacks_are_left_out_and_not_taken_as_zero() -> None:
    control = np.arange(1.0, 31.0)
    treated = 2 * control + 1
    treated[[3, 25]] = np.nan
    total = time_based_regression(
        treated_before=treated[:20],
        controls_before=control[:20, np.newaxis],
        treated_after=treated[20:],
        controls_after=control[20:, np.newaxis],
    )
    assert total.days == 9
    assert total.response == pytest.approx(0, abs=1e-6)
    assert total.slopes == pytest.approx((2.0,))


def test_fewer_days_than_coefficients_are_refused() -> None:
    with pytest.raises(NotEnoughDays, match="2 days"):
        time_based_regression(
            treated_before=np.array([1.0, 2.0]),
            controls_before=np.array([[1.0], [2.0]]),
            treated_after=np.array([3.0]),
            controls_after=np.array([[3.0]]),
        )
    # many days before and none after: it is not those before that are too few
    with pytest.raises(NotEnoughDays, match="0 days have both the treated series and its controls; 1 are needed"):
        time_based_regression(
            treated_before=np.arange(30.0),
            controls_before=np.arange(30.0)[:, np.newaxis],
            treated_after=np.array([3.0]),
            controls_after=np.array([[np.nan]]),
        )


@pytest.mark.parametrize("seed", range(6))
def test_coefficients_and_errors_are_statsmodels_own(seed: int) -> None:
    """Also of controls of which one says nothing new, or nothing at all."""
    rng = np.random.default_rng(seed)
    controls = rng.gamma(3.0, 40.0, size=(120, 1 + seed % 3))
    if seed >= 3:
        controls = np.column_stack([controls, 2 * controls[:, 0] if seed > 3 else np.zeros(120)])
    treated = controls.sum(axis=1) + rng.standard_normal(120)
    total = time_based_regression(
        treated_before=treated[:90],
        controls_before=controls[:90],
        treated_after=treated[90:],
        controls_after=controls[90:],
    )
    own = OLS(treated[:90], np.column_stack([np.ones(90), controls[:90]])).fit()
    assert (total.intercept, *total.slopes) == tuple(own.params)
    summed = np.concatenate([[30.0], controls[90:].sum(axis=0)])
    spread = own.scale * (summed @ own.normalized_cov_params @ summed + 30)
    assert total.independent_error == pytest.approx(float(np.sqrt(spread)), rel=1e-12)
