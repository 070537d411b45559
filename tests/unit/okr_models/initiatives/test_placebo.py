"""Placebo starts: how often the structural model cries "effect" where nothing began, and what could have been seen.

The false-alarm tests run the real model on the public series; the rest is arithmetic on made-up effects.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.public_series import pedestrians, wikipedia_views
from okr_models.initiatives.effects import Effect, by_day, effect_of
from okr_models.initiatives.placebo import NEEDED, Placebos, placebo_starts, run_placebos, windows_of
from tests.unit.public_data import public_data

FALSE_ALARMS_ALLOWED = 0.13


def noisy(days: int, *, seed: int = 7, level: float = 1000.0) -> pd.Series:
    rng = np.random.default_rng(seed)
    steps = np.arange(days)
    values = level * np.exp(0.2 * np.sin(2 * np.pi * steps / 7) + 0.05 * rng.standard_normal(days))
    return pd.Series(values, index=[date(2024, 1, 1) + timedelta(days=int(step)) for step in steps])


@pytest.mark.parametrize("read", [wikipedia_views, pedestrians])
def test_false_alarms_on_the_public_series_are_at_most_13_percent(read: Callable[[Path], pd.Series]) -> None:
    series = by_day(read(public_data()))
    placebos = run_placebos(series, [], first=series.index[0], last=series.index[-1], after_days=28)
    assert len(placebos.effects) >= NEEDED
    assert placebos.false_alarms <= FALSE_ALARMS_ALLOWED


def test_a_control_lowers_the_detectable_effect() -> None:
    alone = noisy(240)
    control = alone * np.exp(0.01 * np.random.default_rng(1).standard_normal(240))
    first, last = alone.index[0], alone.index[-1]
    without = run_placebos(alone, [], first=first, last=last, after_days=28).detectable()
    with_control = run_placebos(alone, [control], first=first, last=last, after_days=28).detectable()
    assert without is not None
    assert with_control is not None
    assert 0 < with_control < without


def test_a_detectable_effect_is_negative_where_downward_is_good() -> None:
    series = noisy(240)
    found = run_placebos(series, [], first=series.index[0], last=series.index[-1], after_days=28)
    down = found.detectable(upward=False)
    assert down is not None
    assert -1 < down < 0


def test_an_effect_as_large_as_the_detectable_one_is_found_at_eight_starts_in_ten() -> None:
    series = noisy(180)
    first, last = series.index[0], series.index[-1]
    detectable = run_placebos(series, [], first=first, last=last, after_days=28).detectable()
    assert detectable is not None
    starts = placebo_starts(first=first, last=last, after_days=28)
    found = 0
    for start in starts:
        moved = series.copy()
        inside = [start <= day < start + timedelta(days=28) for day in moved.index]
        moved[inside] *= 1 + detectable * 1.01
        before, after = windows_of(start, first=first, after_days=28)
        effect = effect_of(moved, [], before=before, after=after)
        found += isinstance(effect, Effect) and effect.low > 0
    assert found >= 0.75 * len(starts)


def test_every_placebo_has_three_times_its_days_before_it_and_all_of_them_by_the_end() -> None:
    first, last = date(2024, 1, 1), date(2024, 12, 31)
    starts = placebo_starts(first=first, last=last, after_days=28)
    assert len(starts) == 40
    assert starts[0] - first == timedelta(days=84)
    assert starts[-1] + timedelta(days=27) == last


def test_a_history_without_room_has_no_placebo_and_no_detectable_effect() -> None:
    first = date(2024, 1, 1)
    assert placebo_starts(first=first, last=first + timedelta(days=110), after_days=28) == ()
    assert Placebos(()).detectable() is None
