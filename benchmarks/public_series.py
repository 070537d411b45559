"""The public daily series, read from a folder of files (docs/forecast.md says where they come from)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.monthly_views import months_from_days
from okr_models.forecast.backtest import MonthlySeries


def wikipedia_views(data: Path) -> pd.Series:
    """Daily views of one Wikipedia page, 2007-12 to 2016-01; the file holds their natural logarithm."""
    logs = _read(data / "daily_views" / "example_wp_log_peyton_manning.csv")
    return pd.Series(np.exp(logs.to_numpy(dtype=float)), index=logs.index)


def pedestrians(data: Path) -> pd.Series:
    """Pedestrians a day at one counter in Melbourne, 2017-06 to 2021-06, through the lockdowns."""
    return _read(data / "daily_views" / "example_pedestrians_covid.csv")


def public_months(data: Path) -> list[MonthlySeries]:
    """Both as months."""
    return [
        months_from_days(wikipedia_views(data), name="wikipedia"),
        months_from_days(pedestrians(data), name="pedestrians"),
    ]


def _read(path: Path) -> pd.Series:
    frame = pd.read_csv(path, parse_dates=["ds"])
    return pd.Series(frame["y"].to_numpy(dtype=float), index=pd.DatetimeIndex(frame["ds"]), name=path.stem)
