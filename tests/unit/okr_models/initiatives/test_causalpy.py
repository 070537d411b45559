"""The geo experiment by another program: CausalPy's regression on the control regions says what ours says.

Only where the extra ``reference`` is installed, which brings PyMC and some 690 MB along; it is skipped elsewhere.
"""

from __future__ import annotations

import pandas as pd
import pytest

from okr_models.initiatives.regression import RegressionTotal
from tests.unit.okr_models.initiatives.test_regression_reference import END, geo, geo_total

__all__ = ["geo", "geo_total"]


def test_causalpys_effect_of_the_geo_experiment_is_ours(geo: pd.DataFrame, geo_total: RegressionTotal) -> None:
    causalpy = pytest.importorskip("causalpy", reason="needs the extra reference: pip install -e .[reference]")
    linear_model = pytest.importorskip("sklearn.linear_model")
    sales = geo["sales"][:END].rename(columns={1: "others", 2: "treated"})
    result = causalpy.InterruptedTimeSeries(
        pd.DataFrame(sales),
        pd.Timestamp("2015-02-16"),
        formula="treated ~ 1 + others",
        model=linear_model.LinearRegression(),
    )
    impact = float(pd.Series(result.post_impact.to_numpy().ravel()).sum())
    assert impact == pytest.approx(geo_total.response, rel=1e-9)
