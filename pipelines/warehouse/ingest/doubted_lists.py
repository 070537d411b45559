"""A list that shows less than there was, for a reason it does not tell: one night is not believed, a second one is.

A plugin, a proxy or a half-updated site empties a list for a night, and every count would empty with it; or a site
suddenly counts posts that it no longer shows. A client's own files, sheets and queries are believed at once, as their
people left them; that most of one has gone is said. What belongs here: those rules. What does not: lists that say
themselves how far they reach (``Batch.listed_since``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.core.doubt import Doubt, codes, qualified, shortfall_of
from connectors.core.protocol import Batch, Stream
from okr_models.periods import local_date
from pipelines.warehouse.ingest.ledger import Load

EMPTY = Doubt(code="list_empty")
A_WEEK = timedelta(days=7)
FEWEST_FIGURES, LEAST_SHARE = 6, 0.5
"""An own list that had so many rows within a week and has less than this share of them left has fallen."""


def doubted(batch: Batch, *, stream: Stream, loads: Sequence[Load], now: datetime, zone: ZoneInfo) -> Batch:
    """``batch`` as it is, or as a list that says nothing of what is known; ``loads`` are the stream's, in order."""
    if stream.delivery != "listing" or batch.listed_since is not None:
        return batch
    before = _nights_before(loads, today=local_date(now, zone), zone=zone)
    if before is None:
        return batch
    if not batch.rows.num_rows and not batch.present:
        if not before.rows:
            return batch
        quality = qualified(batch.quality, [EMPTY], stream=stream.name, covers=None)
        return replace(batch, listed_since=now, quality=quality, partly=str(EMPTY))
    if shortfall_of(batch.quality) > shortfall_of(before.quality):
        return replace(batch, listed_since=now)
    return batch


def fallen(batch: Batch, *, stream: Stream, loads: Sequence[Load], now: datetime) -> Batch:
    """``batch``, with a doubt where it has less than half of the rows that the client's own list had within a week."""
    recent = [load.rows for load in loads if load.status == "loaded" and now - load.started_at <= A_WEEK]
    most, rows = max(recent, default=0), batch.rows.num_rows
    if stream.delivery != "listing" or most < FEWEST_FIGURES or rows >= LEAST_SHARE * most:
        return batch
    doubt = Doubt(code="rows_fell", quantity=rows, of=most)
    return replace(batch, quality=qualified(batch.quality, [doubt], stream=stream.name, covers=None))


def _nights_before(loads: Sequence[Load], *, today: object, zone: ZoneInfo) -> Load | None:
    """The last good reading; of today's only one that was not doubted: a second run is no second night."""
    for load in reversed(loads):
        is_today = local_date(load.started_at, zone) == today
        if load.status == "loaded" and not (is_today and codes(load.quality) & {"list_empty", "list_not_whole"}):
            return load
    return None
