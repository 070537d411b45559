"""Where this year's growth comes from, by channel: contributions that add up to the change of the whole.

What belongs here: the months that are compared, each channel's part, and their words. What does not: what a channel is
(``okr_models/kpis/channels.py``), the rule by which parts add up (``okr_models/changes/model.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okr_models.changes.model import OTHER, Part, parts_of
from okr_models.kpis.channels import CHANNELS_SPLIT
from okr_models.periods import add_months
from okr_models.words.numbers import Speech
from pipelines.exports.plain import plain
from pipelines.exports.reader import Reader
from pipelines.exports.report.messages import message
from pipelines.exports.report.queries import KpiKey, Month
from pipelines.exports.words import kpi_title, unit_word

KPIS = ("sessions", "conversions")
YEAR = 12
Months = Mapping[date, Month]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One channel's part of the change. ``points``: in percentage points of last year's whole; ``width``: in per cent
    of the longest bar; ``tone``: up or down.
    """

    name: str
    then: str
    now: str
    change: str
    points: str
    width: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthView:
    """One figure's growth this year. ``total``: the whole, to which the rows add up."""

    title: str
    lead: str
    rows: tuple[ChannelRow, ...]
    total: ChannelRow


def growth_by_channel(months: Mapping[KpiKey, Months], reader: Reader) -> tuple[GrowthView, ...]:
    """A view for each figure that is known by channel this year and last; none where there is no such year."""
    found = (_growth(kpi, months, reader) for kpi in KPIS)
    return tuple(view for view in found if view is not None)


def _growth(kpi: str, months: Mapping[KpiKey, Months], reader: Reader) -> GrowthView | None:
    whole = months.get((kpi, "all"), {})
    compared = compared_months(whole, fiscal_year_start=reader.file.fiscal_year_start if reader.file else 1)
    then, now = _sum(whole, [add_months(month, -YEAR) for month in compared]), _sum(whole, compared)
    channels = {scope: of for (name, scope), of in months.items() if name == kpi and scope.startswith("channel=")}
    if not compared or then is None or now is None or then <= 0:
        return None
    before, after = channel_sums(channels, compared)
    parts = parts_of(before, after, change=now - then)
    if len(parts) < 2:
        return None
    speech, unit = reader.speech, next(iter(whole.values())).unit
    changes = added_up([part.change for part in parts])
    tenths = added_up([1000 * part.change / then for part in parts])
    longest = max(abs(change) for change in changes) or 1
    rows = tuple(
        ChannelRow(
            name=_name(part, reader, is_joined=part.scope in _joined(channels, compared).values()),
            then=speech.figure(before.get(part.scope), unit),
            now=speech.figure(after.get(part.scope), unit),
            change=_signed(change, speech, unit),
            points=_points(tenth, speech),
            width=round(100 * abs(change) / longest, 1),
            tone="up" if change >= 0 else "down",
        )
        for part, change, tenth in zip(parts, changes, tenths, strict=True)
    )
    total = ChannelRow(
        name=message("growth_total", speech),
        then=speech.figure(then, unit),
        now=speech.figure(now, unit),
        change=_signed(math.fsum(changes), speech, unit),
        points=_points(sum(tenths), speech),
        width=0.0,
        tone="",
    )
    used = [each for of in (whole, *channels.values()) for month in compared if (each := of.get(month)) is not None]
    said = [speech.months(compared, short=True), unit_word(unit, speech, of=total.now)]
    lead = _capital(message("growth_lead", speech, months=said[0], unit=said[1]))
    if any(month.is_estimated for month in used):
        lead += f" {message('growth_estimated', speech)}"
    return GrowthView(title=plain(kpi_title(kpi, speech, dict(reader.kpi_titles))), lead=lead, rows=rows, total=total)


def compared_months(whole: Months, *, fiscal_year_start: int) -> list[date]:
    """The closed months of the running fiscal year that have a value, and had one a year before."""
    closed = {month for month, each in whole.items() if each.is_closed and each.value is not None}
    if not closed:
        return []
    newest = max(closed)
    begins = add_months(newest, -((newest.month - fiscal_year_start) % YEAR))
    return sorted(month for month in closed if month >= begins and add_months(month, -YEAR) in closed)


def channel_sums(channels: Mapping[str, Months], compared: Sequence[date]) -> tuple[dict[str, float], dict[str, float]]:
    """What each channel had in the same months last year, and in these; only channels known in all of them.

    One that was counted in another until it got a name of its own goes together with that one.
    """
    joined = _joined(channels, compared)
    before, after = {}, {}
    for scope, of in channels.items():
        if scope in joined:
            continue
        parts = [name for name, into in joined.items() if into == scope]
        then, now = _sum(of, [add_months(month, -YEAR) for month in compared]), _sum(of, compared)
        if then is None or now is None:
            continue
        also = [_known(channels[name], compared) for name in parts]
        also_then = [_known(channels[name], [add_months(month, -YEAR) for month in compared]) for name in parts]
        before[scope], after[scope] = math.fsum([then, *also_then]), math.fsum([now, *also])
    return before, after


def added_up(changes: Sequence[float]) -> list[int]:
    """The changes as whole numbers that add up to their sum's, each at most one off.

    >>> added_up([1.4, 1.4, -0.3]), added_up([10.5, -3.5])
    ([2, 1, 0], [11, -4])
    """
    floors = [math.floor(change) for change in changes]
    left = math.floor(math.fsum(changes) + 0.5) - sum(floors)
    nearest = sorted(range(len(changes)), key=lambda n: (-(changes[n] - floors[n]), n))
    for n in nearest[:left]:
        floors[n] += 1
    return floors


def _joined(channels: Mapping[str, Months], compared: Sequence[date]) -> dict[str, str]:
    """Channels without a whole year to compare with, by the channel that they were counted in before."""
    since = [add_months(month, -YEAR) for month in compared]
    return {
        f"channel={new}": old
        for old, new in CHANNELS_SPLIT.items()
        if f"channel={new}" in channels
        and old in channels
        and None in {_sum(channels[f"channel={new}"], since), _sum(channels[f"channel={new}"], compared)}
    }


def _sum(of: Months, months: Sequence[date]) -> float | None:
    values = [each.value if (each := of.get(month)) is not None else None for month in months]
    known = [value for value in values if value is not None]
    return math.fsum(known) if values and len(known) == len(values) else None


def _known(of: Months, months: Sequence[date]) -> float:
    """What is known of a part: in the other months it was counted in the whole that it is added to."""
    return math.fsum(each.value for month in months if (each := of.get(month)) is not None and each.value is not None)


def _name(part: Part, reader: Reader, *, is_joined: bool) -> str:
    speech = reader.speech
    if part.scope == OTHER:
        return _capital(message("growth_rest", speech))
    name = plain(reader.scope_name(part.scope), limit=40)
    if is_joined:
        others = [f"channel={new}" for old, new in CHANNELS_SPLIT.items() if old == part.scope]
        name = message("growth_joined", speech, first=name, second=plain(reader.scope_name(others[0])))
    return _capital(name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _points(tenths: int, speech: Speech) -> str:
    return ("+" if tenths > 0 else "\u2212" if tenths < 0 else "") + speech.fixed(abs(tenths) / 10, 1)


def _signed(change: float, speech: Speech, unit: str | None) -> str:
    if not change:
        return speech.figure(0, unit)
    return ("+" if change > 0 else "\u2212") + speech.figure(abs(change), unit)
