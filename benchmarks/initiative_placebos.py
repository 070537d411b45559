"""How often an initiative's estimate cries "effect" where nothing began, on the public daily series.

    python -m benchmarks.initiative_placebos DATA_DIR

Prints the table of docs/forecast.md, "Initiatives". DATA_DIR holds ``daily_views/``.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.public_series import pedestrians, wikipedia_views
from okr_models.initiatives.effects import by_day
from okr_models.initiatives.placebo import run_placebos

AFTER_DAYS = 28
LAST_NORMAL_DAY = date(2020, 2, 29)


def main() -> None:
    """One line a series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    data = parser.parse_args().data
    walked = by_day(pedestrians(data))
    print('| series | placebo starts | cries "effect" | smallest detectable rise |')
    print("| --- | ---: | ---: | ---: |")
    print(_line("Wikipedia views", by_day(wikipedia_views(data))))
    print(_line("pedestrians, whole", walked))
    print(_line("pedestrians until February 2020", walked[[day <= LAST_NORMAL_DAY for day in walked.index]]))


def _line(name: str, series: pd.Series) -> str:
    found = run_placebos(series, [], first=series.index[0], last=series.index[-1], after_days=AFTER_DAYS)
    detectable = found.detectable()
    shown = "none" if detectable is None else f"{detectable:+.0%}"
    return f"| {name} | {len(found.effects)} | {found.false_alarms:.1%} | {shown} |"


if __name__ == "__main__":
    main()
