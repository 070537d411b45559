"""Replay the public series and the synthetic clients; print the tables of docs/forecast.md.

    python -m benchmarks.forecast_backtest DATA_DIR

DATA_DIR holds ``daily_views/``. Takes four minutes. The figures are the same on every run: all seeds are fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import NormalDist

import numpy as np

from benchmarks.public_series import public_months
from benchmarks.synthetic_series import synthetic_clients
from okr_models.forecast.backtest import Comparison, MonthlySeries, Origin, compare, replay, replay_simple
from okr_models.forecast.calibration import POOLED_WIDENING, SIMPLE_LOG_SPREAD, widening_factor
from okr_models.forecast.forecast import TREND
from okr_models.forecast.structural import Trend

TRENDS: tuple[Trend, ...] = ("local_level", "damped_trend")
HEADER = (
    "| series | origins | year total, straight line | year total, forecast | wrong verdicts, straight line "
    "| wrong verdicts, forecast | Brier, straight line | Brier, forecast "
    "| inside the 80 % interval |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def main() -> None:
    """Print widening, the choice of trend, and both methods against the straight line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    public = public_months(parser.parse_args().data)
    synthetic = synthetic_clients()

    print("## Widening\n")
    factors: dict[Trend, float] = {}
    for trend in TRENDS:
        misses = {series.name: [origin.miss for origin in replay(series, trend=trend)] for series in public}
        factors[trend] = widening_factor([miss for own in misses.values() for miss in own])
        own = ", ".join(f"{name} alone {widening_factor(values):.2f}" for name, values in misses.items())
        print(f"- {trend}: {factors[trend]:.3f} pooled over {sum(map(len, misses.values()))} origins ({own})")
    everyone = np.abs([origin.miss for series in public for origin in replay(series, trend=TREND)])
    print(f"- a 90 % interval would need {np.quantile(everyone, 0.9) / NormalDist().inv_cdf(0.95):.2f}")
    print(f"- in use: {POOLED_WIDENING} (okr_models/forecast/calibration.py), trend {TREND}\n")

    for trend in TRENDS:
        print(f"## {trend}, widened by {factors[trend]:.2f}\n")
        _table([*public, *synthetic], partial(replay, trend=trend, widening=factors[trend]))

    print("## Without a model (18 months of history)\n")
    spread = float(np.std([o.remaining_log_error for s in public for o in replay_simple(s, log_spread=0.1)]))
    print(f"Spread of log(remaining months / forecast): {spread:.3f} measured, {SIMPLE_LOG_SPREAD} in use\n")
    for tried in (0.1, 0.2, 0.3, 0.4):
        groups = [[o for one in group for o in replay_simple(one, log_spread=tried)] for group in (public, synthetic)]
        print(
            f"- spread {tried}: mean Brier of the two groups {np.mean([compare(g).forecast_brier for g in groups]):.3f}"
        )
    print()
    _table([*public, *synthetic], lambda series: replay_simple(series, log_spread=SIMPLE_LOG_SPREAD))


def _table(series: Sequence[MonthlySeries], make: Callable[[MonthlySeries], list[Origin]]) -> None:
    print(HEADER)
    found: dict[str, list[Origin]] = {one.name: make(one) for one in series}
    kinds = sorted({one.name.rsplit("_", 1)[0] if not one.is_public else one.name for one in series})
    groups = {kind: [o for name, rows in found.items() if name.startswith(kind) for o in rows] for kind in kinds}
    groups["public"] = [o for rows in found.values() for o in rows if o.is_public]
    groups["synthetic"] = [o for rows in found.values() for o in rows if not o.is_public]
    groups["all"] = groups["public"] + groups["synthetic"]
    for name, origins in groups.items():
        print(_line(name, compare(origins)))
    print()


def _line(name: str, row: Comparison) -> str:
    return (
        f"| {name} | {row.origins} | {row.straight_line_error:.1%} | {row.forecast_error:.1%} "
        f"| {row.straight_line_wrong:.1%} | {row.forecast_wrong:.1%} | {row.straight_line_brier:.3f} "
        f"| {row.forecast_brier:.4f} | {row.interval_coverage:.0%} |"
    )


if __name__ == "__main__":
    main()
