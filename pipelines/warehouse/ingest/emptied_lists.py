"""A list that was full and comes back empty: one night is not believed, a second one is.

A plugin, a proxy or a half-updated site empties a list for a night, and every count would empty with it. What belongs
here: that rule. What does not: lists that say themselves how far they reach (``Batch.listed_since``), and a client's
own files, which are as its people left them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.core.doubt import Doubt, codes, qualified
from connectors.core.protocol import Batch, Stream
from okr_models.periods import local_date
from pipelines.warehouse.ingest.ledger import Load

EMPTY = Doubt(code="list_empty")


def doubted(batch: Batch, *, stream: Stream, loads: Sequence[Load], now: datetime, zone: ZoneInfo) -> Batch:
    """``batch`` as it is, or as a list that says nothing of what is known; ``loads`` are the stream's, in order."""
    if stream.delivery != "listing" or batch.rows.num_rows or batch.listed_since is not None or batch.present:
        return batch
    before = [load for load in loads if load.status == "loaded"]
    today = local_date(now, zone)
    while before and local_date(before[-1].started_at, zone) == today and "list_empty" in codes(before[-1].quality):
        before.pop()
    if not before or not before[-1].rows:
        return batch
    quality = qualified(batch.quality, [EMPTY], stream=stream.name, covers=None)
    return replace(batch, listed_since=now, quality=quality, partly=str(EMPTY))
