"""How far a long first load is: days read of all the days that a source is asked for, as the ledger tells.

A source that gives one day a call is read in slices over several nights (``Stream.reads_per_night``). Pure. What
belongs here: counting. What does not: what is read next (``planning.py``), and words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from connectors.core.protocol import SourceType, Stream
from okr_models.client.model import Client
from okr_models.periods import Window
from pipelines.warehouse.ingest.asked import asked_of, source_zone
from pipelines.warehouse.ingest.ledger import Load, by_stream
from pipelines.warehouse.ingest.planning import NOT_ASKED_FOR, newest_day, oldest_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A stream whose history is not read whole yet. ``nights``: how many are left, where a budget says how many."""

    source: str
    title: str
    stream: str
    loaded_days: int
    all_days: int
    nights: int | None


def loading_of(
    client: Client, *, loads: Iterable[Load], now: datetime, source_types: Mapping[str, SourceType]
) -> tuple[Loading, ...]:
    """Every stream of ``client`` of which some days are read and others never were.

    Days too young to have settled are not waited for, days noted as never to be had are done with, and a stream of
    which nothing was read at all has failed and is told of as such. ``loads`` are the client's rows, in order.
    """
    good = [load for load in loads if load.status != "failed" and NOT_ASKED_FOR not in load.quality]
    zones = {(load.client, load.source): str(load.quality["zone"]) for load in good if load.quality.get("zone")}
    known = by_stream(good)
    found: list[Loading] = []
    for source in client.sources:
        kind = source_types.get(source.type)
        windows = [stream for stream in kind.streams_for(source) if stream.delivery == "window"] if kind else []
        zone = source_zone(client, source, zones=zones)
        for stream in windows:
            rows = known.get((client.client, source.id, stream.name), ())
            newest = newest_day(stream, now=now, zone=zone)
            oldest = oldest_day(stream, asked=asked_of(client, source), now=now, zone=zone)
            if kind and oldest <= newest and any(load.status == "loaded" for load in rows):
                title = kind.facts.title if source.id == source.type else f"{kind.facts.title} ({source.id})"
                title += f" {stream.name}" if len(windows) > 1 else ""
                found += _unfinished(stream, Window(oldest, newest), rows, source=source.id, title=title)
    return tuple(found)


def _unfinished(stream: Stream, reach: Window, loads: Iterable[Load], *, source: str, title: str) -> Iterator[Loading]:
    read = {day for load in loads for day in reach.intersect(load.window) or ()}
    waited_for = [day for day in reach if day not in read and (reach.end - day).days >= stream.settle_days]
    if waited_for:
        left = reach.days - len(read)
        a_night = (stream.reads_per_night or 0) * stream.slice_days
        yield Loading(
            source=source,
            title=title,
            stream=stream.name,
            loaded_days=len(read),
            all_days=reach.days,
            nights=ceil(left / a_night) if a_night else None,
        )
