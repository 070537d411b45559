"""What a source says against its own figures, in one closed vocabulary that the ledger keeps and SQL reads.

A reader puts ``Doubt`` values into its answer; ``records`` makes of them the list ``doubts`` in ``ops.loads.quality``,
which ``stg_ops__doubts`` gives as rows. What belongs here: the codes, which way each moves a figure. What does not:
which KPIs rest on a stream (``okr_models/kpis``), the notes people read in a report (``okr_models/words``), and finding
a doubt out (the sources).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from connectors.core.shape import Json
from okr_models.kpis import resting_on
from okr_models.periods import Window

Moves = Literal["too_low", "too_high", "either_way", "nothing", "no_value"]
"""What a doubt does to the figure that stands there; ``no_value``: it can't be given for these days at all."""

DoubtCode = Literal[
    "thresholded",
    "sampled",
    "other_row",
    "rows_folded",
    "undated_rows",
    "history_cut",
    "rows_capped",
    "imports_included",
    "imports_skipped",
    "report_not_made",
    "includes_today",
    "added_up",
    "account_moved",
    "rounded",
    "counters_hidden",
    "counter_below_zero",
    "metric_gone",
    "list_moved",
    "list_not_whole",
    "list_empty",
    "entries_left_out",
    "read_from_feed",
    "scope_unknown",
    "rows_ahead",
    "channel_unknown",
    "key_events_unlisted",
    "not_key_events",
    "rate_of_all_events",
    "rows_differ",
    "fixed_offset",
    "amounts_missing",
    "other_currency",
    "rows_fell",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One code's meaning. ``says``: English, with ``{quantity}``, ``{of}`` and ``{what}``, for messages and docs."""

    moves: Moves
    says: str
    is_partial: bool = False
    """Something of what was asked for was not read: the load is ``partial``."""


KINDS: Mapping[DoubtCode, Kind] = {
    "thresholded": Kind(moves="too_low", says="the vendor withheld rows of few people (thresholding)"),
    "sampled": Kind(moves="either_way", says="estimated by the vendor from {quantity} of {of} events (sampling)"),
    "other_row": Kind(moves="too_low", says="{quantity} of {of} page views have no page: the vendor's row (other)"),
    "rows_folded": Kind(moves="too_low", says="the vendor folded what is beyond its most rows into one, (other)"),
    "undated_rows": Kind(moves="too_low", says="{quantity} rows have no day and count nowhere"),
    "history_cut": Kind(moves="too_low", says="the vendor no longer keeps all of these days ({what})"),
    "rows_capped": Kind(moves="too_low", says="{quantity} days hit the vendor's most rows a day; the rest has no page"),
    "imports_included": Kind(moves="nothing", says="statistics imported from another tool are in it"),
    "imports_skipped": Kind(moves="no_value", says="the site's imported statistics are left out ({what})"),
    "report_not_made": Kind(
        moves="no_value",
        says="the vendor has no report of {what}, though others say there was something: not zero",
        is_partial=True,
    ),
    "includes_today": Kind(moves="too_high", says="the running month's figure already holds some of today"),
    "added_up": Kind(moves="nothing", says="added up from its parts: the vendor does not give the total ({what})"),
    "account_moved": Kind(moves="too_low", says="the account has moved to {what}; its followers go with it"),
    "rounded": Kind(moves="nothing", says="the vendor rounds it to steps of {quantity}"),
    "counters_hidden": Kind(moves="too_low", says="{quantity} of {of} posts do not show all counters"),
    "counter_below_zero": Kind(moves="nothing", says="{quantity} counters below zero, kept as the vendor gives them"),
    "metric_gone": Kind(moves="too_low", says="the vendor no longer gives {what}"),
    "list_moved": Kind(moves="nothing", says="the list kept changing while it was read; all that was seen counts"),
    "list_not_whole": Kind(
        moves="too_low",
        says="the list gave {quantity} of {of} that the vendor counts",
        is_partial=True,
    ),
    "list_empty": Kind(
        moves="nothing",
        says="the list came back empty; what was known stays until a second night says the same",
        is_partial=True,
    ),
    "entries_left_out": Kind(moves="too_low", says="{quantity} entries can't be used: {what}", is_partial=True),
    "read_from_feed": Kind(moves="nothing", says="read from the site's feed: {what}"),
    "scope_unknown": Kind(
        moves="nothing",
        says="{quantity} rows are of {what}, which is no source's, and are in no total",
    ),
    "rows_ahead": Kind(
        moves="nothing", says="{quantity} rows are of days to come, from {what} on, and count once these have begun"
    ),
    "channel_unknown": Kind(moves="nothing", says="channels that are new here count as other: {what}"),
    "key_events_unlisted": Kind(
        moves="nothing",
        says="the list of key events can't be read, so nobody knows since when each is one ({what})",
        is_partial=True,
    ),
    "not_key_events": Kind(
        moves="too_low", says="named in events, though the source does not count them: {what}", is_partial=True
    ),
    "rate_of_all_events": Kind(
        moves="either_way", says="of visits with any key event, as the source gives no rate of several named ones"
    ),
    "rows_differ": Kind(moves="no_value", says="{what}", is_partial=True),
    "fixed_offset": Kind(moves="either_way", says="half the year's days begin an hour off: the database has no zones"),
    "amounts_missing": Kind(moves="too_low", says="{quantity} of {of} have no amount and count as nothing"),
    "other_currency": Kind(moves="no_value", says="amounts in another currency than the client's: {what}"),
    "rows_fell": Kind(moves="nothing", says="{quantity} rows where there were {of} in the week before; they count"),
}
assert KINDS.keys() == set(get_args(DoubtCode))  # noqa: S101 - one table of both


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing a source says against the figures of a read."""

    code: DoubtCode
    quantity: float | None = None
    of: float | None = None
    what: str | None = None
    """Names, in words; without secrets."""
    days: Window | None = None
    """The days it is about; None: all that was read."""
    kpis: tuple[str, ...] | None = None
    """The KPIs it touches, where they are not all of the stream's."""

    @property
    def moves(self) -> Moves:
        return KINDS[self.code].moves

    def __str__(self) -> str:
        return KINDS[self.code].says.format(
            quantity=_number(self.quantity), of=_number(self.of), what=self.what or "not named"
        )


def records(doubts: Iterable[Doubt], *, stream: str, covers: Window | None) -> list[Json]:
    """Doubts as ``ops.loads.quality`` keeps them. ``covers``: the days of a read by window; None for lists."""
    found: list[Json] = []
    for doubt in doubts:
        days = doubt.days or covers
        kpis: list[Json] = list(resting_on(stream) if doubt.kpis is None else doubt.kpis)
        found.append(
            {
                "code": doubt.code,
                "moves": doubt.moves,
                "quantity": doubt.quantity,
                "of": doubt.of,
                "what": doubt.what,
                "from": days.start.isoformat() if days else None,
                "to": days.end.isoformat() if days else None,
                "kpis": kpis,
            }
        )
    return found


def qualified(
    quality: Mapping[str, Json], doubts: Sequence[Doubt], *, stream: str, covers: Window | None
) -> dict[str, Json]:
    """A read's quality with its doubts, and ``partial`` where something was not read."""
    if not doubts:
        return dict(quality)
    all_doubts: list[Json] = [*_told(quality), *records(doubts, stream=stream, covers=covers)]
    return {**quality, "doubts": all_doubts, **({"partial": True} if partly(doubts) else {})}


def partly(doubts: Iterable[Doubt]) -> str | None:
    """Why a read is only a part of what was asked for, in words; None where it is whole."""
    return "; ".join(str(doubt) for doubt in doubts if KINDS[doubt.code].is_partial) or None


def by_month(counted: Mapping[date, tuple[float, float]], *, code: DoubtCode) -> list[Doubt]:
    """A doubt for each month with something of it, from (quantity, of) by day."""
    months: dict[date, tuple[float, float, date, date]] = {}
    for day, (quantity, of) in sorted(counted.items()):
        some, whole, first, _ = months.get(day.replace(day=1), (0.0, 0.0, day, day))
        months[day.replace(day=1)] = some + quantity, whole + of, first, day
    return [
        Doubt(code=code, quantity=some, of=whole, days=Window(first, last))
        for some, whole, first, last in months.values()
        if some
    ]


def not_made(days: Window, *, seen: float | None, what: str) -> Doubt:
    """A report that is not there while another says that it can't be empty. ``seen``: how many visits or views."""
    return Doubt(code="report_not_made", quantity=seen, what=what, days=days)


def not_made_days(quality: Mapping[str, Json]) -> frozenset[date]:
    """The days of which a read in the ledger had no report, so that they are to be asked for again."""
    found: set[date] = set()
    for doubt in _told(quality):
        if doubt.get("code") == "report_not_made":
            found |= set(Window(date.fromisoformat(str(doubt["from"])), date.fromisoformat(str(doubt["to"]))))
    return frozenset(found)


def codes(quality: Mapping[str, Json]) -> frozenset[str]:
    """The codes of the doubts of a read in the ledger."""
    return frozenset(str(doubt.get("code")) for doubt in _told(quality))


def shortfall_of(quality: Mapping[str, Json]) -> float:
    """How many items the vendor counted in a read in the ledger and did not show."""
    missing = 0.0
    for doubt in _told(quality):
        shown, whole = doubt.get("quantity"), doubt.get("of")
        if doubt.get("code") == "list_not_whole" and isinstance(shown, int | float) and isinstance(whole, int | float):
            missing = max(missing, whole - shown)
    return missing


def _told(quality: Mapping[str, Json]) -> list[dict[str, Json]]:
    doubts = quality.get("doubts")
    return [doubt for doubt in doubts if isinstance(doubt, dict)] if isinstance(doubts, list) else []


def _number(value: float | None) -> str:
    return "some" if value is None else f"{value:,.10g}"
