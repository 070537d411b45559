"""The public series, read from a folder of files (docs/forecast.md says where they come from)."""

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


def regions(data: Path) -> list[pd.Series]:
    """Daily sales of 100 regions, 2015-01-05 to 2015-04-07, by number: the public geo experiment."""
    frame = pd.read_csv(data / "geo_experiment" / "salesandcost.csv", parse_dates=["date"])
    wide = frame.pivot(index="date", columns="geo", values="sales").asfreq("D")
    return [wide[region].dropna() for region in sorted(wide.columns)]


def public_months(data: Path) -> list[MonthlySeries]:
    """Both as months."""
    return [
        months_from_days(wikipedia_views(data), name="wikipedia"),
        months_from_days(pedestrians(data), name="pedestrians"),
    ]


def published_months(data: Path) -> list[MonthlySeries]:
    """45 monthly series of statistics offices and others, by their names."""
    frame = pd.read_csv(data / "monthly" / "months.csv")
    ordered = frame.sort_values(["series", "month_number"])
    return [
        MonthlySeries(name=str(name), values=rows["value"].to_numpy(dtype=np.float64), is_public=True)
        for name, rows in ordered.groupby("series", sort=True)
    ]


def family_of(name: str) -> str:
    """Series that were counted by one office in one way: the name's first word, of Australian travel the first two."""
    words = name.split("_")
    return "_".join(words[:2]) if words[0] == "aus" else words[0]


def _read(path: Path) -> pd.Series:
    frame = pd.read_csv(path, parse_dates=["ds"])
    return pd.Series(frame["y"].to_numpy(dtype=float), index=pd.DatetimeIndex(frame["ds"]), name=path.stem)
