"""What one initiative's judgement may rest on: its days, its series cut to them, and who else touched its figure.

What belongs here: which days count, which are lost, whose figure is whose. What does not: the order of the rules
(``evaluation.py``) and the estimate (``effects.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from okr_models.client.model import Client, Initiative, Scope
from okr_models.client.sources import SourceSettings
from okr_models.initiatives.effects import by_day, first_day
from okr_models.initiatives.placebo import Placebos, run_placebos
from okr_models.periods import Window

LEAST_OBSERVED_INSIDE = 0.9
LEAST_OPEN = 0.5
"""Share of an initiative's days that no pause may have silenced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An initiative with everything a judgement needs, and the days it may rest on."""

    worthwhile: float
    window: Window
    first: date
    series: pd.Series
    controls: list[pd.Series]

    @property
    def days(self) -> int:
        return self.window.days

    @property
    def through(self) -> date:
        """The last day that every series has reached."""
        last: list[date] = [series.index[-1] for series in (self.series, *self.controls)]
        return min(last)

    @property
    def whole_since(self) -> date:
        """The day from which on every series has a value on each day up to the start."""
        day = self.window.start
        while day > self.first and self._is_known(day - timedelta(days=1)):
            day -= timedelta(days=1)
        return day

    def known_in(self, days: Window) -> int:
        """On how many of ``days`` every series has a value."""
        return sum(1 for day in days if self._is_known(day))

    def _is_known(self, day: date) -> bool:
        return all(day in series.index for series in (self.series, *self.controls))

    def placebos(self) -> Placebos:
        last = min(self.window.start - timedelta(days=1), self.through)
        return run_placebos(self.series, self.controls, first=self.first, last=last, after_days=self.days)


def figure_of(initiative: Initiative, client: Client) -> str | None:
    """The KPI it is judged by: its own, else its key result's."""
    if initiative.kpi:
        return initiative.kpi
    for objective in client.objectives:
        for key_result in objective.key_results:
            if f"{objective.id}/{key_result.id}" == initiative.key_result:
                return key_result.kpi
    return None


def title_of(kpi: str, client: Client) -> str:
    """A KPI in the client's words."""
    if known := client.built_in(kpi):
        return known.title_sv if client.language == "sv" else known.title_en
    return next((own.title for own in client.kpis if own.id == kpi), kpi)


def trial_of(
    daily: pd.Series,
    controls: Sequence[pd.Series],
    *,
    window: Window,
    worthwhile: float,
    as_of: date,
    breaks: Sequence[date],
) -> Trial | None:
    """The days that may be used: before ``as_of``, and from the last break before the start on. None without data."""
    earlier = [on for on in breaks if on < window.start]
    known = [_usable(series, since=max(earlier, default=None), as_of=as_of) for series in (daily, *controls)]
    firsts = [first_day(series) for series in known]
    if any(first is None for first in firsts):
        return None
    first = max(first for first in firsts if first is not None)
    return Trial(worthwhile=worthwhile, window=window, first=first, series=known[0], controls=known[1:])


def _usable(series: pd.Series, *, since: date | None, as_of: date) -> pd.Series:
    plain = by_day(series).dropna()
    kept = [day < as_of and (since is None or day >= since) for day in plain.index]
    return plain[kept]


@dataclass(frozen=True, slots=True)
class Silence:
    """Days of an initiative that have no value: missing, or silent as the file said they would be."""

    days: tuple[date, ...]
    is_paused: bool


def silence_of(trial: Trial, pauses: Sequence[Window]) -> Silence | None:
    """Why too few of its days have a value, or None.

    A declared pause is no lack: where its days have values they count, and where they have none the others are judged,
    as long as they are half of all.
    """
    absent = sorted(
        {day for series in (trial.series, *trial.controls) for day in trial.window if day not in series.index}
    )
    silent = [day for day in absent if any(day in pause for pause in pauses)]
    missing = [day for day in absent if day not in set(silent)]
    expected = trial.days - len(silent)
    if len(missing) > (1 - LEAST_OBSERVED_INSIDE) * expected:
        return Silence(tuple(missing), is_paused=False)
    return Silence(tuple(silent), is_paused=True) if expected < LEAST_OPEN * trial.days else None


def same_figure(initiative: Initiative, other: Initiative, client: Client) -> bool:
    """Another one ran inside this one's days on its figure, or on one of its controls."""
    if other.id == initiative.id or not (initiative.start and initiative.end and other.start):
        return False
    if (other.end or date.max) < initiative.start or other.start > initiative.end:
        return False
    touched = figure_of(other, client)
    figures = [(figure_of(initiative, client), initiative.scope)]
    figures += [(control.kpi, control.scope) for control in initiative.control]
    return any(kpi == touched and _overlap(scope, other.scope, client) for kpi, scope in figures)


def _overlap(one: Scope, other: Scope, client: Client) -> bool:
    if str(one) == "all" or str(other) == "all" or one == other:
        return True
    if one.part and one.part == other.part:
        return False
    if one.part or other.part:
        return True
    return bool(_members(one, client) & _members(other, client))


def _members(scope: Scope, client: Client) -> set[str]:
    return {source.id for source in client.sources if scope.source == source.id or _is_on(source, scope.platform)}


def _is_on(source: SourceSettings, platform: str | None) -> bool:
    return platform is not None and source.platform == platform
