"""One ingest step: many threads fetch across clients and sources, one writes.

Raises nothing for a source: what failed is in the ledger and in the report, and everything else goes on. What belongs
here: threads, the queue between them and the writer, and what is told about it. What does not: what is due
(``planning.py``), the reading (``reading.py``), the SQL (``writer.py``).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import duckdb

from connectors.core.errors import ErrorClass, Misconfigured
from connectors.core.protocol import Context, Delivery, Source, SourceType
from connectors.core.secrets import build_context
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window, snapshot_day
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.batches import BadBatch
from pipelines.warehouse.ingest.config_tables import asked_of, source_zone
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.outcome import IngestReport, ReportBuilder, StreamReport
from pipelines.warehouse.ingest.progress import IngestTold, Progress, Silent
from pipelines.warehouse.ingest.reading import REPLY_KEPT, Outcome, SourceTask, read_source
from pipelines.warehouse.ingest.writer import keep_replies, same_listing, write_batch

__all__ = ["IngestReport", "StreamReport", "ingest"]

MOST_THREADS = 8
QUEUED_OUTCOMES = 16
"""Batches waiting for the writer at most, so that fast sources do not fill the memory."""
GIVE_UP_CHECK_SECONDS = 0.2

OpenSource = Callable[[SourceSettings, Context], Source]


class _Stopped(BaseException):
    """The writer has gone; a thread ends without a word."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A thread has read its source, or died of a fault of this program."""

    task: SourceTask
    error: BaseException | None = None


def ingest(
    *,
    con: Connection,
    clients: Iterable[Client],
    home: Home,
    environ: Mapping[str, str],
    clock: Clock,
    run_id: str,
    deliveries: Collection[Delivery],
    tables: Collection[str] | None = None,
    reread: Window | None = None,
    progress: Progress | None = None,
    source_types: Mapping[str, SourceType] | None = None,
    open_source: OpenSource | None = None,
    threads: int = MOST_THREADS,
) -> IngestReport:
    """Read what is due of ``clients`` and write it, a transaction a window.

    ``deliveries`` and ``tables`` say which streams; ``reread`` asks for those days again and no others;
    ``source_types`` and ``open_source`` default to the registry's.
    """
    if source_types is None or open_source is None:
        from connectors import registry

        source_types = source_types or registry.SOURCE_TYPES
        open_source = open_source or registry.open_source
    planner = _Planner(
        con=con,
        home=home,
        environ=environ,
        clock=clock,
        now=clock.now(),
        deliveries=deliveries,
        tables=tables,
        reread=reread,
        source_types=source_types,
        open_source=open_source,
    )
    report = ReportBuilder()
    told = IngestTold(progress or Silent(), "counters" if set(deliveries) == {"snapshot"} else "sources")
    tasks = []

    def note(*loads: Load) -> None:
        with transaction(con):
            for load in loads:
                ledger.append(con, load)
        for load in loads:
            told.happened(load, report.add(load))
        told.through(loads[0].client, loads[0].source)

    for client in clients:
        for settings in client.sources:
            try:
                task = planner.task(client, settings)
            except duckdb.Error:
                raise  # the ledger can't be read, and that is no source's fault
            except Exception as error:  # noqa: BLE001 - one source that can't be planned for stops no other
                note(*planner.faults(client.client, settings, error, zone=ZoneInfo(client.timezone), run_id=run_id))
                continue
            if task is None:
                note(planner.no_connector(client, settings, run_id=run_id))
            elif task.streams:
                report.expect(task.client, task.settings.id, [stream.name for stream in task.streams])
                tasks.append(task)
    told.due(tasks)
    # closed by hand: left to the garbage collector, threads would go on while an error is being reported
    with closing(_read_all(tasks, threads=threads)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Outcome):
                load = _write(con, outcome, run_id=run_id)
                told.happened(load, report.add(load))
            elif outcome.error is not None:
                of = outcome.task
                note(*planner.faults(of.client, of.settings, outcome.error, zone=of.assumed_zone, run_id=run_id))
            else:
                told.through(outcome.task.client, outcome.task.settings.id)
    return report.build()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planner:
    con: Connection
    home: Home
    environ: Mapping[str, str]
    clock: Clock
    now: datetime
    """The night's own instant, the same for every source."""
    deliveries: Collection[Delivery]
    tables: Collection[str] | None
    reread: Window | None
    source_types: Mapping[str, SourceType]
    open_source: OpenSource

    def task(self, client: Client, settings: SourceSettings) -> SourceTask | None:
        """The work on one source, perhaps with no stream; None where nothing can read its type."""
        kind = self.source_types.get(settings.type)
        if kind is None:
            return None
        zones = ledger.learned_zones(self.con, client=client.client)
        loads = ledger.by_stream(ledger.read(self.con, client=client.client, source=settings.id))
        streams = tuple(
            stream
            for stream in kind.streams_for(settings)
            if stream.delivery in self.deliveries and (self.tables is None or stream.name in self.tables)
        )
        return SourceTask(
            client=client.client,
            settings=settings,
            kind=kind,
            streams=streams,
            asked=asked_of(client, settings),
            assumed_zone=source_zone(client, settings, zones=zones),
            loads={stream.name: loads.get((client.client, settings.id, stream.name), ()) for stream in streams},
            now=self.now,
            reread=self.reread,
            context=partial(
                build_context,
                settings,
                client=client.client,
                client_zone=ZoneInfo(client.timezone),
                now=self.now,
                home=self.home.root,
                environ=self.environ,
                kpis=client.kpi_ids(),
                scopes=client.scopes(),
            ),
            open=self.open_source,
            clock=self.clock,
        )

    def no_connector(self, client: Client, settings: SourceSettings, *, run_id: str) -> Load:
        """The ledger's row for a source type that this version can't read."""
        day = snapshot_day(self.now, ZoneInfo(client.timezone))
        error = Misconfigured(
            client=client.client,
            source=settings.id,
            attempted="opening the source",
            detail=f"this version has no connector for type {settings.type}",
            cure=f"use one of {', '.join(sorted(self.source_types))}",
        )
        return self._failed(client.client, settings, "all", error.error_class, str(error), day=day, run_id=run_id)

    def faults(
        self, client: str, settings: SourceSettings, error: BaseException, *, zone: ZoneInfo, run_id: str
    ) -> list[Load]:
        """The ledger's rows for a source at which this program itself fell over, one a stream that was asked for."""
        what = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
        message = f"{client}/{settings.id}: the program failed at this source ({what}); please report it"
        streams = [
            stream.name
            for stream in self.source_types[settings.type].streams
            if stream.delivery in self.deliveries and (self.tables is None or stream.name in self.tables)
        ]
        day = snapshot_day(self.now, zone)
        return [
            self._failed(client, settings, stream, "bad_reply", message, day=day, run_id=run_id)
            for stream in streams or ["all"]
        ]

    def _failed(
        self,
        client: str,
        settings: SourceSettings,
        stream: str,
        error_class: ErrorClass,
        message: str,
        *,
        day: date,
        run_id: str,
    ) -> Load:
        return Load(
            client=client,
            source=settings.id,
            stream=stream,
            window=Window(day, day),
            rows=0,
            status="failed",
            attempts=0,
            error_class=error_class,
            message=message,
            started_at=self.now,
            finished_at=self.now,
            run_id=run_id,
        )


def _write(con: Connection, outcome: Outcome, *, run_id: str) -> Load:
    """Write one outcome; a batch that breaks its table's contract becomes a failed load and changes nothing.

    A second run of one day that finds a list as it was leaves no trace, the ledger's rows included.
    """
    task, batch, replies = outcome.task, outcome.batch, outcome.replies
    load = Load(
        client=task.client,
        source=task.settings.id,
        stream=outcome.stream.name,
        window=outcome.window,
        rows=0,
        status="failed" if outcome.error_class else "skipped",
        attempts=outcome.attempts,
        error_class=outcome.error_class,
        message=outcome.message,
        started_at=outcome.started_at,
        finished_at=outcome.finished_at,
        run_id=run_id,
        quality={"zone": outcome.zone.key, **outcome.quality},
    )
    if batch is not None:
        quality = {"zone": outcome.zone.key, **batch.quality}
        loaded = replace(load, status="loaded", rows=batch.rows.num_rows, quality=quality)
        try:
            if outcome.is_repeat and same_listing(con, stream=outcome.stream, batch=batch, load=loaded):
                return loaded
            write_batch(con, stream=outcome.stream, batch=batch, load=loaded, taken_at=task.now)
        except BadBatch as error:
            message = f"{task.client}/{task.settings.id}: {error}"
            if outcome.stream.delivery == "snapshot" and batch.replies:
                message, replies = message + REPLY_KEPT, batch.replies
            load = replace(load, status="failed", error_class="bad_reply", message=message)
        else:
            return loaded
    with transaction(con):
        if replies:
            keep_replies(con, stream=outcome.stream, load=load, replies=replies, taken_at=task.now)
        ledger.append(con, load)
    return load


def _read_all(tasks: list[SourceTask], *, threads: int) -> Generator[Outcome | _Ended, None, None]:
    """Outcomes of all tasks as they come, each source's in order and then its end."""
    if not tasks:
        return
    waiting: queue.Queue[Outcome | _Ended] = queue.Queue(maxsize=QUEUED_OUTCOMES)
    stop = threading.Event()

    def hand_over(item: Outcome | _Ended) -> None:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=GIVE_UP_CHECK_SECONDS)
            except queue.Full:
                continue
            return
        raise _Stopped

    def work(task: SourceTask) -> None:
        try:
            read_source(task, emit=hand_over)
        except _Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - told to the writer, who raises it
            hand_over(_Ended(task, error))
            return
        hand_over(_Ended(task))

    with _pool(min(threads, len(tasks)), stop=stop) as pool:
        futures: list[Future[None]] = [pool.submit(work, task) for task in tasks]
        left = len(futures)
        while left:
            item = waiting.get()
            if isinstance(item, _Ended):
                left -= 1
                if item.error is not None and not isinstance(item.error, Exception):
                    raise item.error
            yield item


@contextmanager
def _pool(threads: int, *, stop: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """A pool that ends at once when its user leaves early: by an error, by Ctrl-C, or by closing the generator."""
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="read")
    try:
        yield pool
    finally:
        stop.set()
        # a request under way ends by its own timeout; sources not begun are not begun
        pool.shutdown(wait=True, cancel_futures=True)
