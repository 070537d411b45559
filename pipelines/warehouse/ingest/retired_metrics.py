"""Since when a source's API no longer gives a metric: told by the ledger, which remembers each reading that lacked it.

Vendors retire metrics two or three times a year; the rest of a source is read all the same (API.md, rule 9). What
belongs here: the first day of the readings without it. What does not: finding out that it is gone (the connectors).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from connectors.core.protocol import Quality
from okr_models.periods import local_date
from pipelines.warehouse.ingest.ledger import Load

GONE = "unavailable"
"""In a load's quality: metrics that the vendor no longer knows, with commas between."""
SINCE = "unavailable_since"


def with_since(quality: Quality, *, loads: Iterable[Load], today: date, zone: ZoneInfo) -> Quality:
    """``quality`` with the day since when each unavailable metric is so; ``loads`` are the stream's, in order."""
    first = dict.fromkeys(names_of(quality), today)
    if not first:
        return quality
    lacking: dict[str, date] = {}
    for load in loads:
        named = names_of(load.quality)
        on = local_date(load.started_at, zone)
        if load.status == "loaded" or named:
            lacking = {name: lacking.get(name, on) for name in named}
    since = {name: lacking.get(name, today) for name in first}
    return {**quality, SINCE: ", ".join(f"{name} {day}" for name, day in since.items())}


def names_of(quality: Quality) -> tuple[str, ...]:
    """The metrics that a reading lacked."""
    said = quality.get(GONE)
    return tuple(name for part in said.split(",") if (name := part.strip())) if isinstance(said, str) else ()
