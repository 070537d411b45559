"""Whether each key result's baseline can be had: from which source, from when, and else which csv rows supply it.

What belongs here: holding a baseline's months against how far back sources reach. What does not: the baseline's value
(``okr_models``), asking a vendor anything (``connectors``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.core.protocol import Stream
from connectors.registry import SOURCE_TYPES
from okr_models.client.feeds import Supplied, supplied
from okr_models.client.model import Client, KeyResult, Objective
from okr_models.client.sources import SourceSettings
from okr_models.client.targets import (
    AtLeast,
    AtMost,
    BaselinePeriod,
    BaselineValue,
    Between,
    Milestones,
    Number,
)
from okr_models.kpis import BUILT_IN, FULL_SHARE
from okr_models.periods import Window, month_end, month_start
from okr_models.progress.baselines import base_month_of, period_months
from pipelines.warehouse.ingest.planning import Asked, oldest_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far back one source gives one KPI. ``first`` None: only from its first reading on. ``loaded``: the first day
    that was read."""

    source: str
    first: date | None
    loaded: date | None = None
    zero_before: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One key result's baseline. ``missing`` are the months that nothing supplies, ``waits_for`` sources that would
    and can't be read."""

    objective_id: str
    key_result_id: str
    sentence: str
    missing: tuple[date, ...] = ()
    waits_for: tuple[str, ...] = ()
    csv_rows: tuple[str, ...] = field(default=())

    @property
    def can_be_had(self) -> bool:
        return not self.missing and not self.waits_for


def outlook(
    client: Client,
    objective: Objective,
    key_result: KeyResult,
    *,
    now: datetime,
    loaded: Mapping[tuple[str, str], date],
    begun: Mapping[tuple[str, str], date],
    history: frozenset[tuple[str, str, date]],
    failing: Collection[str] = (),
) -> Outlook:
    """Where the baseline comes from.

    ``loaded`` is the first loaded day by (source, stream), ``begun`` the first with a figure by (source, kpi), and
    ``history`` every (kpi, scope, month) that csv files, sheets and databases give. ``failing``: sources that can't be
    read now.
    """

    def answer(
        sentence: str, *, missing: Iterable[date] = (), rows: Iterable[str] = (), waits_for: Iterable[str] = ()
    ) -> Outlook:
        return Outlook(
            objective_id=objective.id,
            key_result_id=key_result.id,
            sentence=sentence,
            missing=tuple(missing),
            waits_for=tuple(waits_for),
            csv_rows=tuple(rows),
        )

    kpi = key_result.kpi
    target, baseline = key_result.target, key_result.baseline
    if kpi is None or isinstance(target, Milestones) or (isinstance(target, Number) and _adds_up(client, kpi)):
        return answer("counts from zero, no baseline needed")
    if isinstance(target, Between) or (isinstance(target, AtLeast | AtMost) and target.hold):
        return answer("asks each month by itself, no baseline needed")
    if isinstance(baseline, BaselineValue):
        return answer(f"baseline {baseline.value:g} stands in the file")
    months = _baseline_months(key_result, objective, client)
    reaches = _reaches(client, key_result, kpi, now=now, loaded=loaded, begun=begun)
    whole = str(key_result.scope)
    platforms = {source.id: source.platform for source in client.sources}
    own = next((each for each in client.kpis if each.id == kpi), None)

    def by_csv(month: date, source: str | None = None) -> bool:
        """Whether csv gives the figure asked for, or the part of it that is one source's."""
        if own is not None and own.kind == "stock":
            # the last one given, however old
            return any(each == kpi and scope == whole and at <= month for each, scope, at in history)
        if source is None and not reaches and whole == "all" and own is None:
            # platforms and sources add up to all; events and channels may be some of those there are
            parts = ("all", "platform=", "source=")
            return any((each, at) == (kpi, month) and scope.startswith(parts) for each, scope, at in history)
        scopes = [whole] if source is None else [f"source={source}", f"platform={platforms.get(source)}"]
        return any((kpi, scope, month) in history for scope in scopes)

    uncovered = [
        month
        for month in months
        if not by_csv(month)
        and not (reaches and all(_covers(reach, month) or by_csv(month, reach.source) for reach in reaches))
    ]
    span = f"{months[0]:%Y-%m}" if len(months) == 1 else f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
    if not uncovered:
        if not reaches:
            return answer(f"baseline {span} from {own.source if own else 'csv'}")
        also = sum(by_csv(month) or any(by_csv(month, reach.source) for reach in reaches) for month in months)
        origin = ", ".join(reach.source for reach in reaches)
        asked = [month for month in months if not by_csv(month)]
        waits_for = [reach.source for reach in reaches if reach.source in failing and _is_unread(reach, asked, by_csv)]
        said = f"baseline {span} from {origin}" + (f", {also} months also in csv" if also else "")
        if waits_for:
            said += f"; not read so far back, and can't be now: {', '.join(waits_for)}"
        return answer(said, waits_for=waits_for)
    late = "; ".join(
        f"{reach.source} reaches back to {reach.first}" if reach.first else f"{reach.source} keeps no past"
        for reach in reaches
        if not all(_covers(reach, month) for month in uncovered)
    )
    rows = [f"{month:%Y-%m},{kpi},…" for month in uncovered]
    said = f"baseline {span}: {len(uncovered)} of {len(months)} months missing" + (f"; {late}" if late else "")
    return answer(said, missing=uncovered, rows=rows)


def _adds_up(client: Client, kpi: str) -> bool:
    """Whether a number is asked of the sum of its months."""
    known = client.built_in(kpi)
    if known is not None:
        return known.kind == "flow" and known.adds_over_time
    return any(own.id == kpi and own.kind == "flow" for own in client.kpis)


def _is_unread(reach: Reach, months: Iterable[date], by_csv: Callable[[date, str], bool]) -> bool:
    """Whether a month that only the source can give was never read of it."""
    first = reach.loaded or date.max
    wanted = [month for month in months if not by_csv(month, reach.source)]
    is_zero = reach.zero_before or date.min
    return any(month < first.replace(day=1) and month_end(month) >= is_zero for month in wanted)


def _baseline_months(key_result: KeyResult, objective: Objective, client: Client) -> tuple[date, ...]:
    baseline, start = key_result.baseline, objective.period.start
    if isinstance(baseline, BaselinePeriod):
        return Window(baseline.from_, baseline.to).months()
    own = next((own for own in client.kpis if own.id == key_result.kpi), None)
    kind = own.kind if own else BUILT_IN[str(key_result.kpi)].kind
    if baseline == "start_of_period" or (baseline is None and kind == "stock"):
        return (month_start(start - timedelta(days=1)),)
    base_of = base_month_of(objective.period, baseline)
    return tuple(base for month in period_months(objective.period) if (base := base_of(month)))


def _reaches(
    client: Client,
    key_result: KeyResult,
    kpi: str,
    *,
    now: datetime,
    loaded: Mapping[tuple[str, str], date],
    begun: Mapping[tuple[str, str], date],
) -> list[Reach]:
    known = client.built_in(kpi)
    if known is None:
        return []
    return [
        _reach(client, each, kpi, now=now, loaded=loaded, begun=begun)
        for each in supplied(known, client.sources, key_result.scope)
    ]


def _reach(
    client: Client,
    supplied: Supplied[SourceSettings],
    kpi: str,
    *,
    now: datetime,
    loaded: Mapping[tuple[str, str], date],
    begun: Mapping[tuple[str, str], date],
) -> Reach:
    source = supplied.source
    by_name: dict[str, Stream] = {stream.name: stream for stream in SOURCE_TYPES[source.type].streams_for(source)}
    names = [name for name in supplied.past if name in by_name]
    read = [loaded[(source.id, name)] for name in names if (source.id, name) in loaded]
    firsts = list(read)
    asked = Asked(start=client.start_of(source), opened=source.opened)
    zone = ZoneInfo(client.timezone)
    unread = False
    for name in names:
        stream = by_name[name]
        if stream.delivery == "listing":
            firsts.append(date.min)
            read = [date.min] * bool(read)
        elif stream.delivery == "window":
            oldest = oldest_day(stream, asked=asked, now=now, zone=zone)
            firsts.append(oldest)
            unread = unread or loaded.get((source.id, name), date.max) > oldest
    first = min(firsts) if firsts else None
    if first and supplied.is_by_blog_path:
        first += timedelta(days=supplied.feed.blind_days)
    # once all is read that can be asked for, what came of it says more than how far one may ask
    known = begun.get((source.id, BUILT_IN[kpi].begins_with or kpi))
    if first and known and not unread and (first > date.min or source.type == "feed"):
        first = max(first, known)
    return Reach(source=source.id, first=first, loaded=min(read, default=None), zero_before=source.opened)


def _covers(reach: Reach, month: date) -> bool:
    """Whether the source gives at least 90 % of the month (MEASURES.md, "Missing is not zero")."""
    if reach.zero_before and reach.zero_before > month_end(month):
        return True
    if reach.first is None:
        return False
    first = max(reach.first, month)
    days = (month_end(month) - month).days + 1
    have = (month_end(month) - first).days + 1
    return have / days >= FULL_SHARE or (reach.zero_before is not None and reach.first <= reach.zero_before)
