"""Several reads committed together, each with its own ledger row: a commit costs the same for one read and for thirty.

A group that can't be written is undone whole, and each of its reads is written by itself, so that one costs no other.
What belongs here: which reads share a transaction, and what a batch that is not fit becomes. What does not: the SQL
(``writer.py``), and how many are waited for (``run.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from okr_models.periods import Window
from pipelines.warehouse.db import Connection
from pipelines.warehouse.ingest.batches import BadBatch, CheckedBatch
from pipelines.warehouse.ingest.identities import Kept
from pipelines.warehouse.ingest.ledger import Load, StreamKey
from pipelines.warehouse.ingest.read_source import REPLY_KEPT, Read
from pipelines.warehouse.ingest.writer import Write, holds_nothing, same_listing, write_all

log = logging.getLogger(__name__)


@dataclass(slots=True)
class GroupCommit:
    """Writes what one ingest step reads. ``is_later``: whether a load ended after every ``ledger.last_doubt``."""

    con: Connection
    is_later: Callable[[Load], bool]
    _kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    """Who each source is, as it was last written by this step."""
    _bare: dict[StreamKey, list[Window]] = field(default_factory=dict)
    """The windows that this step, which alone writes, has put into each table that held nothing of the source."""

    def write(self, reads: Sequence[Read]) -> Iterable[Load]:
        """Write the reads, in order, and give their ledger rows as each is there for good.

        Raises what DuckDB or the disk does where not even one alone can be written; those before it are there. What is
        wrong with one read itself is its failed load.
        """
        for group in _disjoint(reads):
            yield from self._written(group)

    def _written(self, reads: Sequence[Read]) -> Iterable[Load]:
        if len(reads) > 1:
            try:
                loads = self._together(reads)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is met again by the one that it concerns
                log.warning("%d reads could not be written together, so each by itself: %s", len(reads), error)
            else:
                yield from loads
                return
        for read in reads:
            try:
                loads = self._together([read])
            except (duckdb.Error, OSError, MemoryError):
                raise  # no read's own fault
            except Exception as error:  # noqa: BLE001 - whatever it is, the other sources' reads are sound
                loads = self._together([_unwritable(read, error)])
            yield from loads

    def _together(self, reads: Sequence[Read]) -> list[Load]:
        """Write the reads in one transaction.

        A batch that breaks its table's contract becomes a failed load and changes nothing. A second run of one day that
        finds a list as it was leaves no trace, the ledger's rows included.
        """
        loads, writes = list[Load](), list[Write]()
        for read in reads:
            one = self._checked(read)
            loads.append(one.load)
            # what is wrong with it is said again each time
            is_repeat = one.batch is not None and read.is_repeat and not one.batch.said.partly
            if one.batch is None or not (is_repeat and same_listing(self.con, batch=one.batch, load=one.load)):
                writes.append(one)
        write_all(self.con, writes)
        self._kept |= {(one.load.client, one.load.source): one.kept for one in writes if one.kept is not None}
        return loads

    def _checked(self, read: Read) -> Write:
        load, replies = read.load, read.replies
        batch = None
        if read.batch is not None:
            try:
                batch = CheckedBatch(stream=read.stream, batch=read.batch, window=load.window)
            except BadBatch as error:
                message = f"{load.client}/{load.source}: {error}"
                if read.stream.delivery == "snapshot" and read.batch.replies:
                    message, replies = message + REPLY_KEPT, read.batch.replies
                zone = {"zone": load.quality["zone"]}
                load = replace(load, status="failed", rows=0, error_class="bad_reply", message=message, quality=zone)
        is_known = read.kept == self._kept.get((load.client, load.source))
        return Write(
            stream=read.stream,
            load=load,
            taken_at=read.taken_at,
            batch=batch,
            replies=replies,
            kept=None if batch is None or is_known else read.kept,
            after_doubts=self.is_later(load),
            is_bare=batch is not None and self._is_bare(read),
        )

    def _is_bare(self, read: Read) -> bool:
        """Whether nothing lies in the window of one of a stream's first reads; notes that something now may."""
        load = read.load
        if not read.is_first or read.stream.delivery != "window":
            return False
        known = self._bare.get(load.key)
        if known is None:
            if not holds_nothing(self.con, read.stream.table, client=load.client, source=load.source):
                return False
            known = self._bare[load.key] = []
        is_bare = not any(load.window.intersect(window) for window in known)
        known.append(load.window)
        return is_bare


def _unwritable(read: Read, error: Exception) -> Read:
    """The read as a failed one, of which nothing is written."""
    load = read.load
    problem = f"writing {read.stream.name} failed; {type(error).__name__}: {error}; a retry does not help"
    failed = replace(
        load,
        status="failed",
        rows=0,
        error_class="bad_reply",
        message=f"{load.client}/{load.source}: {problem}",
        quality={name: load.quality[name] for name in ("zone",) if name in load.quality},
    )
    return replace(read, load=failed, batch=None, kept=None)


def _disjoint(reads: Sequence[Read]) -> Iterable[Sequence[Read]]:
    """The reads in groups, in order, in none of which two of one stream of a source share a day."""
    group = list[Read]()
    for read in reads:
        if any(read.load.key == one.load.key and read.load.window.intersect(one.load.window) for one in group):
            yield group
            group = []
        group.append(read)
    if group:
        yield group
