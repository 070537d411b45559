"""What to read tonight: from a stream's facts, its ledger rows and the time, the windows that are due.

Pure. What belongs here: which days are due, and how they are cut. What does not: reading them (``run.py``).

A day is due while it was never loaded, while its last load came before it had settled, once a week where the stream
asks for it, and always where the user asks for it again. Nothing is remembered but the ledger, so a machine that was
off, a failed night and a new client are all the same case: days that are missing.

Windows come newest first. With a budget of reads a night the newest days must always get through, and history fills up
behind them; oldest first, a long history would keep yesterday out for weeks. What failed night after night is asked
last, and apart (``failing_days.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from connectors.core.doubt import not_made_days
from connectors.core.protocol import SINCE, Stream
from connectors.core.shape import Json
from okr_models.periods import ONE_DAY, Window, add_months, local_date, month_end, month_start, snapshot_day
from pipelines.warehouse.ingest.failing_days import Failing, failing_days
from pipelines.warehouse.ingest.ledger import Load

DEFAULT_HISTORY_MONTHS = 24
"""How far back a client without objectives and without ``start`` is read."""
MONTH_CLOSES_AFTER = 5
"""Days after a month's end until which each night asks for it again (MEASURES.md, "Late data")."""
MONTH_FINAL_AFTER = 15
"""Days after a month's end at which it is asked for once more (API.md, section 1)."""
FRESH_READING = timedelta(hours=6)
"""A snapshot this young need not be taken again by another run of the same day."""
DAYS_OF_SHORTEST_MONTH = 28
FAILED_BEFORE_A_NIGHT = 1
"""Of a budget, what failed night after night has what the others leave, and so many reads in any case."""
NOT_ASKED_FOR = "not_asked_for"
"""In the quality of a skipped read: the error of a stream that not every account has and nothing rests on."""

COUNTS = "counts"
"""In the quality of a read: what its figures count, by name, as far as that can change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the client's file says about how far back to read."""

    start: date | None = None
    opened: date | None = None

    def not_before(self, day: date | None) -> Asked:
        """The same, but of no day before ``day``, where one is given."""
        return self if day is None else replace(self, start=max(day, self.start or day))


def newest_day(stream: Stream, *, now: datetime, zone: ZoneInfo) -> date:
    """The newest day that can be asked: the source's own yesterday less its lag."""
    return local_date(now, zone) - timedelta(days=1 + stream.lag_days)


def oldest_day(stream: Stream, *, asked: Asked, now: datetime, zone: ZoneInfo) -> date:
    """The first day to have: the start asked for, not before the account opened nor before what the source keeps.

    A month-grain stream begins with a whole month: the one the start lies in, or the first that the source still has
    all of.
    """
    today = local_date(now, zone)
    start = asked.start or add_months(month_start(today), -DEFAULT_HISTORY_MONTHS)
    first = max(start, asked.opened or start)
    by_month = stream.grain == "month"
    if by_month:
        first = month_start(first)
    if stream.history_days is not None:
        kept_from = today - timedelta(days=stream.history_days)
        if by_month and kept_from.day > 1:
            kept_from = add_months(month_start(kept_from), 1)
        first = max(first, kept_from)
    return first if stream.first_day is None else max(first, stream.first_day)


def windows_to_read(
    stream: Stream,
    *,
    asked: Asked,
    loads: Sequence[Load],
    now: datetime,
    zone: ZoneInfo,
    reread: Window | None = None,
    counts: Mapping[str, Json] | None = None,
) -> tuple[Window, ...]:
    """Windows of a ``window`` stream to read now, newest first, at most ``reads_per_night`` of them a day; those that
    failed night after night come last, beginning with the one that was asked longest ago, and take no other's place.

    ``loads`` are the stream's own ledger rows. With ``reread`` those days and no others, clipped to what exists.
    ``counts``: what its figures count now; days that were read while they counted something else are due, and so are
    those that were cut in another zone.
    """
    others = {
        place
        for place, load in enumerate(loads)
        if _counted_otherwise(load, counts or {}) or (stream.is_cut_here and _is_of_another_zone(load, zone))
    }
    newest = newest_day(stream, now=now, zone=zone)
    oldest = oldest_day(stream, asked=asked, now=now, zone=zone)
    if newest < oldest:
        return ()
    reach = Window(oldest, newest)
    today = local_date(now, zone)
    whole = Window(month_start(reach.start), month_end(reach.end)) if stream.grain == "month" else reach
    last = _last_loads(loads, whole, zone=zone, others=others)
    failing = {} if reread else failing_days(loads, whole, today=today, zone=zone)
    if stream.grain == "month":
        due = _due_months(reach, last, today=today, reread=reread)
        windows = _month_windows(due, newest=newest, at_most=stream.slice_days, failing=failing)
    else:
        due = _due_days(stream, reach, last, today=today, reread=reread)
        windows = _day_windows(due, at_most=max(1, stream.slice_days), failing=failing)
    if reread:
        return windows
    usual = tuple(window for window in windows if window.start not in failing)
    # a stable order: of those that failed on the same night the newest
    apart = sorted((window for window in windows if window.start in failing), key=lambda each: failing[each.start].on)
    left = _reads_left(stream, loads, others=others, today=today, zone=zone)
    if left is None:
        return (*usual, *apart)
    return (*usual[:left], *apart[: max(left - len(usual), FAILED_BEFORE_A_NIGHT) if left else 0])


def _reads_left(
    stream: Stream, loads: Sequence[Load], *, others: Collection[int], today: date, zone: ZoneInfo
) -> int | None:
    """How many windows may still be read today; None: as many as there are."""
    if stream.reads_per_night is None:
        return None
    asked_today = (load for place, load in enumerate(loads) if place not in others and load.status != "skipped")
    used = sum(local_date(load.started_at, zone) == today for load in asked_today)
    return max(0, stream.reads_per_night - used)


def listing_is_due(*, loads: Iterable[Load], now: datetime, zone: ZoneInfo) -> bool:
    """Whether a list has not been read yet on this day."""
    today = local_date(now, zone)
    return not any(load.status == "loaded" and local_date(load.started_at, zone) == today for load in loads)


def snapshot_is_due(*, loads: Iterable[Load], now: datetime, zone: ZoneInfo) -> bool:
    """Whether a reading should be taken: none of the last hours stands for the same day already."""
    stands_for = snapshot_day(now, zone)
    return not any(
        load.status == "loaded"
        and load.window.end == stands_for
        and timedelta(0) <= now - load.started_at < FRESH_READING
        for load in loads
    )


def missed_snapshots(*, loads: Iterable[Load], taken_for: date) -> tuple[Window, ...]:
    """Days between the reading before and the one just taken for ``taken_for`` that nobody took and nobody noted."""
    known = [load for load in loads if load.status in {"loaded", "skipped"}]
    before = [load.window.end for load in known if load.status == "loaded" and load.window.end < taken_for]
    if not before:
        return ()
    noted = {day for load in known for day in load.window}
    first = max(before) + ONE_DAY
    missing = [day for day in _days(first, taken_for - ONE_DAY) if day not in noted]
    return tuple(_runs(missing))


def _due_days(
    stream: Stream, reach: Window, last: Mapping[date, date], *, today: date, reread: Window | None
) -> list[date]:
    if reread:
        clipped = reach.intersect(reread)
        return list(clipped) if clipped else []
    monday = today - timedelta(days=today.weekday())
    weekly_from = monday - timedelta(days=stream.weekly_reread_days)

    def is_due(day: date) -> bool:
        loaded_on = last.get(day)
        if loaded_on is None:
            return True
        settles_on = day + timedelta(days=1 + stream.settle_days)
        unsettled = loaded_on < settles_on and loaded_on < today
        weekly = weekly_from <= day < monday and loaded_on < monday
        return unsettled or weekly

    return [day for day in reach if is_due(day)]


def _due_months(reach: Window, last: Mapping[date, date], *, today: date, reread: Window | None) -> list[date]:
    def is_due(month: date) -> bool:
        end = month_end(month)
        if reread:
            return reread.intersect(Window(month, end)) is not None
        newest_asked = min(end, reach.end)
        loaded_on = last.get(newest_asked)
        if loaded_on is None:
            # of the running month that is any night's answer: its newest day is a new one
            return True
        closes, final = (end + timedelta(days=days) for days in (MONTH_CLOSES_AFTER, MONTH_FINAL_AFTER))
        return (loaded_on < closes and loaded_on < today) or (loaded_on < final <= today)

    return [month for month in reach.months() if is_due(month)]


def _counted_otherwise(load: Load, counts: Mapping[str, Json]) -> bool:
    """Whether a read's figures count something else than now; what only one of the two names tells nothing."""
    then = load.quality.get(COUNTS)
    if not isinstance(then, dict):
        return False
    return any(name in then and _is_another(then[name], now, name=name) for name, now in counts.items())


def _is_of_another_zone(load: Load, zone: ZoneInfo) -> bool:
    """Whether its days began in another zone than they do now."""
    return str(load.quality.get("zone") or zone.key) != zone.key


def _is_another(then: Json, now: Json, *, name: str) -> bool:
    if name == SINCE:
        return str(now) < str(then)
    if isinstance(then, dict) and isinstance(now, dict):
        return not now.keys() <= then.keys()
    return then != now


def _last_loads(loads: Iterable[Load], reach: Window, *, zone: ZoneInfo, others: Collection[int]) -> dict[date, date]:
    """For each day the local date of its last good load. A skipped day counts as settled for good.

    A day of which the source had no report, though there is something to report, was not loaded; nor was one that was
    read last while the figures counted something else: what was read of it before was replaced (``others``: their
    places among ``loads``).
    """
    last: dict[date, date] = {}
    for place, load in enumerate(loads):
        if load.status == "failed" or NOT_ASKED_FOR in load.quality:
            continue
        on = date.max if load.status == "skipped" else local_date(load.started_at, zone)
        without = not_made_days(load.quality)
        for day in reach.intersect(load.window) or ():
            if place in others or day in without:
                last.pop(day, None)
            else:
                last[day] = max(on, last.get(day, date.min))
    return last


def _day_windows(days: Sequence[date], *, at_most: int, failing: Mapping[date, Failing]) -> tuple[Window, ...]:
    windows: list[Window] = []
    for run in reversed([run for _, alike in groupby(days, failing.get) for run in _runs(alike)]):
        end, known = run.end, failing.get(run.start)
        most = known.at_most(at_most) if known else at_most
        while end >= run.start:
            start = max(run.start, end - timedelta(days=most - 1))
            windows.append(Window(start, end))
            end = start - ONE_DAY
    return tuple(windows)


def _month_windows(
    months: Collection[date], *, newest: date, at_most: int, failing: Mapping[date, Failing]
) -> tuple[Window, ...]:
    """``at_most`` days a window."""
    windows: list[Window] = []
    left = sorted(months)
    while left:
        last = left.pop()
        first, taken, known = last, 1, failing.get(last)
        most = (known.at_most(at_most) if known else at_most) // DAYS_OF_SHORTEST_MONTH
        while left and taken < most and left[-1] == add_months(first, -1) and failing.get(left[-1]) == known:
            first, taken = left.pop(), taken + 1
        windows.append(Window(first, min(month_end(last), newest)))
    return tuple(windows)


def _runs(days: Iterable[date]) -> Iterable[Window]:
    """Consecutive days as windows, oldest first; ``days`` are ascending."""
    start = end = None
    for day in days:
        if start is None or end is None:
            start = end = day
        elif day == end + ONE_DAY:
            end = day
        else:
            yield Window(start, end)
            start = end = day
    if start is not None and end is not None:
        yield Window(start, end)


def _days(first: date, last: date) -> Iterable[date]:
    return Window(first, last) if first <= last else ()
