"""The parts a figure is made of (platforms, else sources), each with true zeros, pauses and breaks applied.

What belongs here: which of the known months and days of one scope may be used, and in which definition. What does not:
pairing them with a base period (``like_for_like.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from okr_models.client.feeds import supplied
from okr_models.client.labels import scope_label, source_labels
from okr_models.client.model import Client, Scope
from okr_models.client.sources import Break, SourceSettings
from okr_models.kpis import BUILT_IN, CLOSING_DAYS, FULL_SHARE, Better, Kind
from okr_models.kpis.channels import CHANNELS_SPLIT
from okr_models.periods import ONE_DAY, Window, month_end
from okr_models.progress.figures import DayFigure, Days, Figures, MonthFigure, Months, days_known, months_known
from okr_models.progress.jumps import Jump, jump_of

ALL = "all"
NOT_OPENED = "not_opened"
STOCK_AGE = timedelta(days=35)
AI_CHANNEL_REASON: dict[Literal["sv", "en"], str] = {
    "sv": "AI-assistenter räknas som en egen kanal",
    "en": "AI assistants became a channel of their own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the measures need to know of a KPI, built-in or the client's own."""

    id: str
    kind: Kind
    unit: str
    better: Better
    adds_over_time: bool
    adds_over_sources: bool
    closing_days: int
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One scope's figures. ``sources`` are those that feed it; empty where only history names the scope."""

    scope: str
    label: str
    sources: tuple[SourceSettings, ...]
    months: Months
    days: Days
    breaks: tuple[Break, ...] = ()
    paused_months: frozenset[date] = frozenset()
    is_stock: bool = False
    jump: Jump | None = None
    """From csv history to the account's own first reading; among ``breaks`` as one."""

    @property
    def first_month(self) -> date | None:
        """The first month with a value; a true zero before the account opened is none."""
        known = (month for month, each in self.months.items() if each.value is not None and each.origin != NOT_OPENED)
        return min(known, default=None)

    @property
    def hard_breaks(self) -> tuple[Break, ...]:
        """Breaks that nothing bridges."""
        return tuple(each for each in self.breaks if each.overlap_ratio is None)

    def value(self, month: date) -> MonthFigure | None:
        """The closed month in the newest definition, or None where it may not be used."""
        found = self.months.get(month)
        if found is None or found.value is None or not found.is_closed or month in self.paused_months:
            return None
        return self.bridged(found)

    def base_value(self, month: date) -> MonthFigure | None:
        """``value`` of a month to compare with: not that in which the account was first seen."""
        found = self.value(month)
        return None if found is None or found.is_first else found

    def bridged(self, found: MonthFigure) -> MonthFigure:
        """The month as the newest definition would have counted it, by the breaks' overlap ratios."""
        # A stock is read on a day, in the definition of that day; a month's flow holds days of both.
        days = (
            Window(found.observed_on, found.observed_on)
            if self.is_stock
            else Window(found.month, month_end(found.month))
        )
        ratio = self.ratio(days)
        if ratio == 1.0 or found.value is None:
            return found
        top = None if found.numerator is None else found.numerator * ratio
        return replace(found, value=found.value * ratio, numerator=top)

    def ratio(self, window: Window) -> float:
        """New measure over old for ``window``: its days before a break are converted by that and by each later one."""
        factor, end, converted = 1.0, window.end + ONE_DAY, 0.0
        for each in sorted(self.breaks, key=lambda one: one.date, reverse=True):
            if each.overlap_ratio is None or each.date <= window.start:
                continue
            first = min(each.date, end)
            converted += factor * (end - first).days
            factor, end = factor * each.overlap_ratio, first
        return (converted + factor * (end - window.start).days) / window.days

    def era(self, month: date) -> int | None:
        """How many unbridged breaks lie before ``month``; None where one lies inside it."""
        end = month_end(month)
        if not self.is_stock and any(month < each.date <= end for each in self.hard_breaks):
            return None
        if self.is_stock:
            found = self.months.get(month)
            end = found.observed_on if found else end
            return sum(each.date <= end for each in self.hard_breaks)
        return sum(each.date <= month for each in self.hard_breaks)

    def crossed(self, base: date, month: date) -> Break | None:
        """The unbridged break that keeps ``base`` from being compared with ``month``: between them or inside one."""
        eras = {self.era(base), self.era(month)}
        if len(eras) == 1 and None not in eras:
            return None
        return next((each for each in reversed(self.hard_breaks) if each.date > base), None)

    def stock_at(self, day: date, *, oldest: timedelta | None = STOCK_AGE) -> DayFigure | None:
        """The last observation at or before ``day``, at most ``oldest`` old."""
        return _nearest(self, first=date.min if oldest is None else day - oldest, last=day, newest=True)

    def first_stock(self, window: Window) -> DayFigure | None:
        """The first observation in ``window``."""
        return _nearest(self, first=window.start, last=window.end, newest=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """A figure in its scope: as a whole, and in parts where parts add up to it."""

    kpi: Measured
    whole: Component
    parts: tuple[Component, ...] = ()
    absent: tuple[str, ...] = ()
    """Platforms or sources that should feed it and have no figure at all."""
    beside: tuple[Component, ...] = ()
    """The sources of a figure that is no sum of theirs, where there are several."""

    @property
    def must_split(self) -> bool:
        """A pause or a break of one of several sources can only be applied to its own part."""
        return len(self.parts) > 1 and any(part.breaks or part.paused_months for part in self.parts)


def measured(client: Client, kpi: str) -> Measured:
    """Facts of a KPI. Raises ``KeyError`` for one that the client's file would not have let in."""
    own = next((each for each in client.kpis if each.id == kpi), None)
    if own:
        # as declared: only a flow's months mean anything when summed, and one csv source feeds it
        return Measured(
            id=kpi,
            kind=own.kind,
            unit=own.unit,
            better=own.better,
            adds_over_time=own.kind == "flow",
            adds_over_sources=False,
            closing_days=CLOSING_DAYS,
            is_own=True,
        )
    known = BUILT_IN[kpi]
    return Measured(
        id=kpi,
        kind=known.kind,
        unit=known.unit,
        better=known.better,
        adds_over_time=known.adds_over_time,
        adds_over_sources=known.adds_over_sources,
        closing_days=known.closing_days,
        is_own=False,
    )


def feeding_sources(client: Client, kpi: str, scope: Scope) -> tuple[SourceSettings, ...]:
    """The sources whose silence, breaks and failures concern ``kpi`` in ``scope``; without csv history."""
    own = next((each for each in client.kpis if each.id == kpi), None)
    if own:
        return tuple(source for source in client.sources if source.id == own.source)
    feeding = {each.source.id for each in supplied(BUILT_IN[kpi], client.sources, scope)}
    return tuple(source for source in client.sources if source.id in feeding)


def anatomy(
    client: Client, figures: Figures, *, kpi: str, scope: Scope, as_of: date, days_since: date | None = date.min
) -> Anatomy:
    """The figure ``kpi`` in ``scope`` as known on ``as_of``; its days from ``days_since`` on, None: months alone."""
    facts = measured(client, kpi)
    months = months_known(figures, kpi=kpi, as_of=as_of)
    days = {} if days_since is None else days_known(figures, kpi=kpi, as_of=as_of, since=days_since)
    feeding = feeding_sources(client, kpi, scope)
    if str(scope) == ALL and not facts.is_own:
        feeding = tuple(source for source in feeding if source.id not in figures.twins)
    labels = source_labels(client)
    build = _Builder(facts=facts, months=months, days=days, as_of=as_of, labels=labels, language=client.language)
    whole = build.component(str(scope), sources=feeding)
    if str(scope) == ALL and not facts.is_own and not whole.months and not whole.days:
        whole = build.only_source(feeding) or whole
    if not facts.adds_over_sources or scope.source or scope.part:
        several = feeding if str(scope) == ALL and len(feeding) > 1 and not facts.adds_over_sources else ()
        beside = tuple(build.component(f"source={source.id}", sources=(source,)) for source in several)
        return Anatomy(kpi=facts, whole=whole, beside=beside)
    groups = _groups(feeding, scope, seen=set(months) | set(days))
    parts = [build.component(name, sources=sources) for name, sources in groups.items()]
    return Anatomy(
        kpi=facts,
        whole=whole,
        parts=tuple(part for part in parts if part.months or part.days),
        absent=tuple(part.label for part in parts if not part.months and not part.days),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Builder:
    facts: Measured
    months: Mapping[str, Months]
    days: Mapping[str, Days]
    as_of: date
    labels: Mapping[str, str]
    language: Literal["sv", "en"] = "sv"

    def component(self, scope: str, *, sources: tuple[SourceSettings, ...]) -> Component:
        own_breaks = _breaks(sources, self._of_parts(scope, sources), self.as_of)
        if len(sources) > 1:
            # The ratio of one account says nothing of several together.
            own_breaks = tuple(each.model_copy(update={"overlap_ratio": None}) for each in own_breaks)
        label = scope_label(scope, self.labels, self.language)
        months, days = self.months.get(scope, {}), self.days.get(scope, {})
        is_stock, opened = self.facts.kind == "stock", opening_of(sources)
        jump = jump_of(months, days, declared=own_breaks, opened=opened) if is_stock else None
        return Component(
            scope=scope,
            label=label,
            sources=sources,
            months=self._with_true_zeros(months, sources),
            days=dict(days),
            breaks=own_breaks if jump is None else (*own_breaks, jump.as_break(label=label)),
            paused_months=_paused_months(sources),
            is_stock=is_stock,
            jump=jump,
        )

    def _of_parts(self, scope: str, sources: tuple[SourceSettings, ...]) -> tuple[Break, ...]:
        """Where a channel of its own took from this one: the day that the vendor says, else that it first shows."""
        split = CHANNELS_SPLIT.get(scope)
        if split is None:
            return ()
        begins = {each.facts.channel_since.get(split, None) for each in sources} - {None}
        shown = {month for month, each in self.months.get(f"channel={split}", {}).items() if each.value}
        days = sorted(day for day in begins if day is not None) or sorted(shown)[:1]
        reason = AI_CHANNEL_REASON[self.language]
        return tuple(Break(date=day, reason=reason) for day in days) if shown else ()

    def only_source(self, feeding: tuple[SourceSettings, ...]) -> Component | None:
        """Where a non-additive figure has exactly one source, that source is all there is."""
        scopes = [name for name in {*self.months, *self.days} if name.startswith("source=")]
        if len(scopes) != 1:
            return None
        sources = tuple(source for source in feeding if f"source={source.id}" == scopes[0]) or feeding
        return self.component(scopes[0], sources=sources)

    def _with_true_zeros(self, months: Months, sources: tuple[SourceSettings, ...]) -> Months:
        """Months before every source had opened are zero (MEASURES.md, "Missing is not zero")."""
        opened = opening_of(sources)
        if opened is None or self.facts.kind == "ratio" or not (months or self.facts.adds_over_sources):
            return dict(months)
        filled = dict(months)
        month = date(opened.year - 3, opened.month, 1)
        while month_end(month) < opened:
            found = filled.get(month)
            if found is not None and found.value == 0.0 and found.origin == "source":
                filled[month] = replace(found, origin=NOT_OPENED)
            elif month_end(month) < self.as_of and (found is None or found.value is None):
                closes_on = month_end(month) + timedelta(days=self.facts.closing_days)
                filled[month] = MonthFigure(
                    month=month,
                    value=0.0,
                    is_closed=closes_on <= self.as_of,
                    origin=NOT_OPENED,
                    data_through=month_end(month),
                )
            month = month_end(month) + ONE_DAY
        return filled


def opening_of(sources: tuple[SourceSettings, ...]) -> date | None:
    """First day on which any of them was open; None where one says nothing."""
    days = [source.opened for source in sources]
    known = [day for day in days if day is not None]
    return min(known) if known and len(known) == len(days) else None


def _breaks(sources: tuple[SourceSettings, ...], of_parts: tuple[Break, ...], as_of: date) -> tuple[Break, ...]:
    stated = (*(each for source in sources for each in source.breaks), *of_parts)
    found = {(each.date, each.reason): each for each in stated if each.date < as_of}
    return tuple(found[key] for key in sorted(found))


def _paused_months(sources: tuple[SourceSettings, ...]) -> frozenset[date]:
    paused: dict[date, set[date]] = {}
    for source in sources:
        for pause in source.paused:
            for day in Window(pause.from_, pause.to):
                paused.setdefault(day.replace(day=1), set()).add(day)
    return frozenset(month for month, days in paused.items() if not _is_covered(month, without=len(days)))


def _is_covered(month: date, *, without: int) -> bool:
    """A month of which more is paused is left out, like one observed below 90 %."""
    days = month_end(month).day
    return (days - without) / days >= FULL_SHARE


def _groups(
    feeding: tuple[SourceSettings, ...], scope: Scope, *, seen: set[str]
) -> dict[str, tuple[SourceSettings, ...]]:
    """Parts by scope name: platforms for social figures of all platforms, else sources."""
    by_platform = not scope.platform and (
        any(source.platform for source in feeding) or any(name.startswith("platform=") for name in seen)
    )
    prefix = "platform=" if by_platform else "source="
    groups: dict[str, list[SourceSettings]] = {}
    for source in feeding:
        if by_platform and not source.platform:
            continue  # a csv source, which feeds every platform that its rows name
        name = f"platform={source.platform}" if by_platform else f"source={source.id}"
        groups.setdefault(name, []).append(source)
    if not scope.platform:
        for name in sorted(seen):
            if name.startswith(prefix):
                groups.setdefault(name, [source for source in feeding if by_platform and not source.platform])
    return {name: tuple(groups[name]) for name in sorted(groups)}


def _nearest(part: Component, *, first: date, last: date, newest: bool) -> DayFigure | None:
    """The newest (or first) observation from ``first`` to ``last``: days first, month ends where no day is kept."""
    found = [figure for day, figure in part.days.items() if first <= day <= last]
    found += [
        DayFigure(day=month.observed_on, value=month.value, is_estimated=month.is_estimated, origin=month.origin)
        for month in part.months.values()
        if month.value is not None and first <= month.observed_on <= last and month.observed_on not in part.days
    ]
    opened = opening_of(part.sources)
    if newest and opened is not None and opened <= last:
        # once it is open, the nobody of the day before says nothing any more
        found = [figure for figure in found if figure.day >= opened or figure.value]
    if not found:
        return DayFigure(day=last, value=0.0) if opened is not None and last < opened else None
    chosen = max(found, key=lambda each: each.day) if newest else min(found, key=lambda each: each.day)
    ratio = part.ratio(Window(chosen.day, chosen.day))
    return chosen if ratio == 1.0 else replace(chosen, value=chosen.value * ratio)
