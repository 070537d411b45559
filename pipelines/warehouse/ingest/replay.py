"""Parsing kept replies anew: which readings of a source there are, and their rows written in place of the old ones.

What belongs here: choosing readings and running the source's own reader over their replies. What does not: how a kept
reply answers a request (``connectors/core/replay.py``) and the SQL of the write (``writer.py``).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from connectors.core.errors import SourceError
from connectors.core.protocol import Batch, SourceType, Stream
from connectors.core.replay import NotKept, replay_context, without_optional_secrets
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, snapshot_day
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.batches import BadBatch, CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.writer import replace_reading


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many readings were parsed anew, how many came out different, and one line for each that could not be."""

    readings: int
    changed: int
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    stream: Stream
    taken_at: datetime
    replies: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One source whose readings of ``window``, by the day that each stands for, are parsed anew."""

    con: Connection
    home: Home
    client: Client
    settings: SourceSettings
    kind: SourceType
    window: Window
    now: datetime
    run_id: str

    def run(self) -> ReplayReport:
        """Each reading in a transaction of its own: one that can't be parsed keeps its rows, and is named."""
        readings = changed = 0
        failed: list[str] = []
        for reading in self._readings():
            try:
                outcome = self._replay(reading)
            except Exception as error:  # noqa: BLE001 - whatever one reading's replies do, the others go on
                what = str(error) if isinstance(error, SourceError | NotKept | BadBatch) else repr(error)
                which = f"{reading.stream.name} taken at {reading.taken_at:%Y-%m-%dT%H:%M:%SZ}"
                failed.append(f"{self.client.client}/{self.settings.id}: {which} keeps its rows: {what}")
                continue
            readings += outcome is not None
            changed += outcome is True
        return ReplayReport(readings, changed, tuple(failed))

    def _readings(self) -> Iterator[_Reading]:
        """Kept readings around the window, in order: which day one stands for is known in the source's zone only."""
        start = datetime.combine(self.window.start - ONE_DAY, time(0), UTC)
        end = datetime.combine(self.window.end + 3 * ONE_DAY, time(0), UTC)
        for stream in self.kind.streams:
            if stream.delivery != "snapshot":
                continue
            whose = [self.client.client, self.settings.id, stream.name]
            instants = self.con.execute(
                "select distinct taken_at from raw.snapshot_replies"
                " where client = ? and source = ? and stream = ? and taken_at >= ? and taken_at < ? order by taken_at",
                [*whose, start, end],
            ).fetchall()
            for (taken_at,) in instants:
                parts = self.con.execute(
                    "select request, reply from raw.snapshot_replies"
                    " where client = ? and source = ? and stream = ? and taken_at = ? order by part",
                    [*whose, taken_at],
                ).fetchall()
                replies = tuple((request, gzip.decompress(reply)) for request, reply in parts)
                yield _Reading(stream, taken_at.astimezone(UTC), replies)

    def _replay(self, reading: _Reading) -> bool | None:
        """Whether the reading came out different; None where it stands for a day outside the window."""
        context = replay_context(
            client=self.client.client,
            client_zone=ZoneInfo(self.client.timezone),
            taken_at=reading.taken_at,
            home=self.home.root,
            replies=reading.replies,
        )
        with closing(self.kind.build(without_optional_secrets(self.settings), context)) as source:
            zone = source.zone()
            day = snapshot_day(reading.taken_at, zone)
            if day not in self.window:
                return None
            return self._write(reading, source.read(reading.stream, None), Window(day, day), zone)

    def _write(self, reading: _Reading, batch: Batch, window: Window, zone: ZoneInfo) -> bool:
        load = Load(
            client=self.client.client,
            source=self.settings.id,
            stream=reading.stream.name,
            window=window,
            rows=batch.rows.num_rows,
            status="loaded",
            attempts=1,
            message=f"parsed anew from the replies kept at {reading.taken_at:%Y-%m-%dT%H:%M:%SZ}",
            started_at=self.now,
            finished_at=self.now,
            run_id=self.run_id,
            quality={**batch.quality, "zone": zone.key, "replayed": True, "taken_at": reading.taken_at.isoformat()},
        )
        checked = CheckedBatch(stream=reading.stream, batch=batch, window=window)
        return replace_reading(self.con, batch=checked, load=load, taken_at=reading.taken_at)
