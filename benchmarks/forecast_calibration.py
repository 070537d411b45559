"""Fit the spread of forecasts on public months, each family left out once; print the tables of docs/forecast.md.

    python -m benchmarks.forecast_calibration DATA_DIR [--cache FILE]

DATA_DIR holds ``monthly/`` and ``daily_views/`` (docs/forecast.md says where they come from). A series is always judged
by a spread fitted without its family; the made-up clients, which no fit sees, by the one fitted on all. Seven processor
minutes, four of them for fits that ``--cache`` keeps (a pickle of this program's own; read only what you wrote). The
figures are the same on every run: all seeds are fixed.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.calibration_fit import fitted_simple, fitted_spread
from benchmarks.public_series import family_of, public_months, published_months
from benchmarks.synthetic_series import synthetic_clients
from okr_models.forecast.backtest import (
    YEAR,
    MonthlySeries,
    Origin,
    Pairs,
    compare,
    fitted_pairs,
    replay,
    replay_simple,
)
from okr_models.forecast.calibration import SIMPLE_SPREAD, SPREADS, SimpleSpread, Spread
from okr_models.forecast.path_values import Floats

HISTORIES = (13, 15, 18, 21, 23)
"""Months that the rule without a model is shown."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A series with what was said of it out of sample."""

    series: MonthlySeries
    family: str
    origins: list[Origin]


def main() -> None:
    """Fit, replay, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--cache", type=Path, help="keep the fitted models in this file, or use those in it")
    options = parser.parse_args()
    public = [*published_months(options.data), *public_months(options.data)]
    made_up = synthetic_clients()
    with threadpool_limits(limits=1):
        pairs = _pairs([*public, *made_up], cache=options.cache)
        spreads = _spreads(public, pairs)
        judged = [
            Judged(
                series=one,
                family=family_of(one.name),
                origins=replay(one, pairs=pairs[one.name], spread=spreads.get(family_of(one.name), spreads["all"])),
            )
            for one in (*public, *made_up)
        ]
        simple = _simple(public, made_up)
    _print_coefficients(spreads["all"])
    _print_by_family(judged)
    known = [origin for each in judged if each.series.is_public for origin in each.origins]
    print("## Public series, all of them left out of their own fit\n")
    _print_reliability(known)
    _print_ranks(known)
    _print_by_months_left(known)
    _print_simple(simple)


def _pairs(series: Sequence[MonthlySeries], *, cache: Path | None) -> dict[str, Pairs]:
    if cache is not None and cache.exists():
        found: dict[str, Pairs] = pickle.loads(cache.read_bytes())
        return found
    fitted: dict[str, Pairs] = {one.name: fitted_pairs(one) for one in series}
    if cache is not None:
        cache.write_bytes(pickle.dumps(fitted))
    return fitted


def _spreads(public: Sequence[MonthlySeries], pairs: dict[str, Pairs]) -> dict[str, Spread]:
    """One without each family, and one of all: errors and features do not depend on the spread."""
    seen = {one.name: replay(one, pairs=pairs[one.name], months_in=(1, 3, 5, 7, 9, 11), every=2) for one in public}
    families = {family_of(name) for name in seen}
    found = {
        left_out: fitted_spread([o for name, rows in seen.items() if family_of(name) != left_out for o in rows])
        for left_out in families
    }
    return {**found, "all": fitted_spread([o for rows in seen.values() for o in rows])}


def _simple(public: Sequence[MonthlySeries], made_up: Sequence[MonthlySeries]) -> list[Judged]:
    families = {family_of(one.name) for one in public}
    fits: dict[str, SimpleSpread] = {
        left_out: fitted_simple([one for one in public if family_of(one.name) != left_out], histories=HISTORIES)
        for left_out in families
    }
    fits["all"] = fitted_simple(public, histories=HISTORIES)
    print(f"- without a model: {fits['all']}\n- in use:          {SIMPLE_SPREAD}")
    return [
        Judged(
            series=one,
            family=family_of(one.name),
            origins=[
                origin
                for history in HISTORIES
                for origin in replay_simple(
                    one, history=history, every=5, spread=fits.get(family_of(one.name), fits["all"])
                )
            ],
        )
        for one in (*public, *made_up)
    ]


def _print_coefficients(spread: Spread) -> None:
    print(f"- with models: {spread}\n- in use:      {SPREADS['flow']}\n")


HEADER = (
    "| series | origins | year total, straight line | year total, forecast | Brier, straight line | Brier, forecast "
    "| skill over climatology | inside the 80 % interval |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def _print_by_family(judged: Sequence[Judged]) -> None:
    print("## By family\n")
    print(HEADER)
    for family in dict.fromkeys(each.family for each in judged if each.series.is_public):
        chosen = [each for each in judged if each.family == family]
        print(_line(f"{family} ({len(chosen)})", chosen, judged))
    public = [each for each in judged if each.series.is_public]
    print(_line(f"**public** ({len(public)})", public, judged))
    for kind in dict.fromkeys(each.series.name.rsplit("_", 1)[0] for each in judged if not each.series.is_public):
        print(_line(kind, [each for each in judged if each.series.name.startswith(kind)], judged))
    print(_line("**made up**", [each for each in judged if not each.series.is_public], judged))
    print()


def _line(name: str, chosen: Sequence[Judged], everyone: Sequence[Judged]) -> str:
    found = compare(origin for each in chosen for origin in each.origins)
    usual = _brier_of_climatology(chosen, everyone)
    return (
        f"| {name} | {found.origins} | {found.straight_line_error:.1%} | {found.forecast_error:.1%} "
        f"| {found.straight_line_brier:.3f} | {found.forecast_brier:.4f} "
        f"| {1 - found.forecast_brier / usual:.0%} | {found.interval_coverage:.1%} |"
    )


def _brier_of_climatology(chosen: Sequence[Judged], everyone: Sequence[Judged]) -> float:
    """Of how often each target is reached by the public series of other families, said every time."""
    errors: list[Floats] = []
    for family in {each.family for each in chosen}:
        others = [o.outcomes for e in everyone if e.series.is_public and e.family != family for o in e.origins]
        usual = np.mean(np.array(others, dtype=float), axis=0)
        came = np.array([o.outcomes for e in chosen if e.family == family for o in e.origins], dtype=float)
        errors.append((came - usual) ** 2)
    return float(np.mean(np.concatenate(errors)))


def _print_reliability(origins: Sequence[Origin]) -> None:
    print("| said | cases | on average | came true |\n| --- | ---: | ---: | ---: |")
    said = np.array([row.probabilities for row in origins]).ravel()
    came = np.array([row.outcomes for row in origins], dtype=float).ravel()
    for low in np.arange(0, 10):
        chosen = np.minimum(np.floor(said * 10 + 1e-9), 9) == low
        if chosen.any():
            means = f"{said[chosen].mean():.3f} | {came[chosen].mean():.3f}"
            print(f"| {low / 10:.1f}-{(low + 1) / 10:.1f} | {chosen.sum()} | {means} |")
    print()


def _print_ranks(origins: Sequence[Origin]) -> None:
    ranks = np.histogram([row.rank for row in origins], bins=10, range=(0, 1))[0] / len(origins)
    print("Rank of what came among the paths, in tenths (even: 10 % each): " + ", ".join(f"{r:.1%}" for r in ranks))
    beyond = np.mean([row.is_fallback for row in origins])
    print(f"Answered by the rule without a model, the models' middle being out of bounds: {beyond:.2%}\n")


def _print_by_months_left(origins: Sequence[Origin]) -> None:
    print("| months left | origins | Brier | inside the 80 % interval |\n| ---: | ---: | ---: | ---: |")
    for left in range(YEAR - 1, 0, -1):
        found = compare(row for row in origins if YEAR - row.months_in == left)
        print(f"| {left} | {found.origins} | {found.forecast_brier:.4f} | {found.interval_coverage:.1%} |")
    print()


def _print_simple(judged: Sequence[Judged]) -> None:
    print("## Without a model (12-23 months), left out of their own fit\n")
    print(HEADER)
    public = [each for each in judged if each.series.is_public]
    print(_line("**public**", public, judged))
    print(_line("**made up**", [each for each in judged if not each.series.is_public], judged))
    print()
    _print_reliability([origin for each in public for origin in each.origins])


if __name__ == "__main__":
    main()
