"""How forecasts turned out: Brier score, interval coverage, and the table that keeps them.

What belongs here: arithmetic on forecasts that have an outcome. What does not: making forecasts, or judging outcomes
(``progress/status.py`` says when a key result is settled).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

FORECAST_KEY = ("client", "objective_id", "key_result_id")
SCORE_COLUMNS = ("client", "objective_id", "key_result_id", "as_of", "known_at", "probability", "outcome", "brier")


def brier(probability: float, outcome: bool) -> float:
    """Squared distance between what was said (0..1) and what came (0 or 1); 0 is best, .25 is a coin's."""
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not at {probability}")
    return (probability - float(outcome)) ** 2


def mean_brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The mean over forecasts; refuses an empty set, whose mean would be no figure."""
    scores = [brier(said, came) for said, came in zip(probabilities, outcomes, strict=True)]
    if not scores:
        raise ValueError("no forecast has an outcome yet")
    return float(np.mean(scores))


def coverage(low: Sequence[float], high: Sequence[float], came: Sequence[float]) -> float:
    """Share of outcomes inside their interval, bounds included."""
    inside = [bottom <= value <= top for bottom, top, value in zip(low, high, came, strict=True)]
    if not inside:
        raise ValueError("no forecast has an outcome yet")
    return float(np.mean(inside))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """One line of the score table. ``interval_coverage`` is None where no forecast had both interval and figure."""

    forecasts: int
    brier: float
    interval_coverage: float | None


def score_outcomes(past: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Each past forecast with a probability against its key result's settled outcome.

    ``past``: client, objective_id, key_result_id, as_of, known_at, probability, and where there are any forecast_low
    and forecast_high. ``outcomes``: client, objective_id, key_result_id, outcome (bool), settled_on (date), and where
    there is one final_value. Only forecasts made before ``settled_on`` are scored. Gives ``SCORE_COLUMNS`` and
    ``is_inside`` (NULL where there was no interval or no final value).
    """
    said = past[past["probability"].notna()]
    joined = said.merge(outcomes, on=list(FORECAST_KEY), how="inner", validate="many_to_one")
    joined = joined[pd.to_datetime(joined["as_of"]) < pd.to_datetime(joined["settled_on"])].copy()
    joined["outcome"] = joined["outcome"].astype(bool)
    joined["brier"] = (joined["probability"].astype(float) - joined["outcome"].astype(float)) ** 2
    joined["is_inside"] = _inside(joined)
    ordered = joined.sort_values([*FORECAST_KEY, "as_of", "known_at"], kind="stable")
    return ordered[[*SCORE_COLUMNS, "is_inside"]].reset_index(drop=True)


def summarise(scored: pd.DataFrame) -> dict[str, ScoreSummary]:
    """A line a client, and ``all`` over them; empty where nothing is scored."""
    if scored.empty:
        return {}
    groups = [(str(client), rows) for client, rows in scored.groupby("client", sort=True)]
    return {name: _summary(rows) for name, rows in [*groups, ("all", scored)]}


def _summary(rows: pd.DataFrame) -> ScoreSummary:
    known = rows["is_inside"].dropna() if "is_inside" in rows else pd.Series(dtype=object)
    return ScoreSummary(
        forecasts=len(rows),
        brier=float(rows["brier"].mean()),
        interval_coverage=float(known.astype(float).mean()) if len(known) else None,
    )


def _inside(rows: pd.DataFrame) -> pd.Series:
    needed = ("forecast_low", "forecast_high", "final_value")
    if not all(column in rows for column in needed):
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    low, high, final = (pd.to_numeric(rows[column]) for column in needed)
    inside = ((final >= low) & (final <= high)).astype("boolean")
    return inside.mask(low.isna() | high.isna() | final.isna())
