"""A list that shows less than there was, for a reason it does not tell: one night is not believed, a second one is.

A plugin, a proxy or a half-updated site empties a list for a night, and every count would empty with it; or a site
suddenly counts posts that it no longer shows. What belongs here: that rule. What does not: lists that say themselves
how far they reach (``Batch.listed_since``), and a client's own files, which are as its people left them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.core.doubt import Doubt, codes, qualified, shortfall_of
from connectors.core.protocol import Batch, Stream
from okr_models.periods import local_date
from pipelines.warehouse.ingest.ledger import Load

EMPTY = Doubt(code="list_empty")


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


def _nights_before(loads: Sequence[Load], *, today: object, zone: ZoneInfo) -> Load | None:
    """The last good reading; of today's only one that was not doubted: a second run is no second night."""
    for load in reversed(loads):
        is_today = local_date(load.started_at, zone) == today
        if load.status == "loaded" and not (is_today and codes(load.quality) & {"list_empty", "list_not_whole"}):
            return load
    return None
