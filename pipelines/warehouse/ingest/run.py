"""One ingest step: many threads fetch across clients and sources, one writes.

Raises nothing for a source: what failed is in the ledger and in the report, and everything else goes on. What belongs
here: threads, the queue between them and the writer, and what is told about it. What does not: what is due
(``tasks.py``, ``planning.py``), the reading (``read_source.py``), the SQL (``writer.py``).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from connectors.core.budget import of_run as budget_of_run
from connectors.core.protocol import Delivery, SourceType
from okr_models.client.model import Client
from okr_models.periods import Window
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.batches import BadBatch, CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.read_source import REPLY_KEPT, Read, SourceTask, read_source
from pipelines.warehouse.ingest.result import IngestResult, ResultBuilder
from pipelines.warehouse.ingest.stages import IngestStages, StageListener, Unwatched
from pipelines.warehouse.ingest.tasks import OpenSource, Step, plan, program_faults
from pipelines.warehouse.ingest.writer import keep_replies, same_listing, write_batch

MOST_THREADS = 8
QUEUED_READS = 16
"""Batches waiting for the writer at most, so that fast sources do not fill the memory."""
GIVE_UP_CHECK_SECONDS = 0.2


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
    stages: StageListener | None = None,
    source_types: Mapping[str, SourceType] | None = None,
    open_source: OpenSource | None = None,
    threads: int = MOST_THREADS,
    refuse_open_secrets: bool = False,
) -> IngestResult:
    """Read what is due of ``clients`` and write it, a transaction a window.

    ``deliveries`` and ``tables`` say which streams; ``reread`` asks for those days again and no others;
    ``source_types`` and ``open_source`` default to the registry's. A night asks for ``refuse_open_secrets``.
    """
    if source_types is None or open_source is None:
        from connectors import registry

        source_types = source_types or registry.SOURCE_TYPES
        open_source = open_source or registry.open_source
    step = Step(
        home=home,
        environ=environ,
        clock=clock,
        now=clock.now(),
        run_id=run_id,
        deliveries=deliveries,
        tables=tables,
        reread=reread,
        source_types=source_types,
        open_source=open_source,
        refuse_open_secrets=refuse_open_secrets,
        budget=budget_of_run(),
    )
    result = ResultBuilder()
    watched = IngestStages(stages or Unwatched(), "counters" if set(deliveries) == {"snapshot"} else "sources")

    last_doubt = ledger.last_doubt(con, run_id=run_id)  # nobody else writes meanwhile

    def is_later(load: Load) -> bool:
        return last_doubt is None or load.finished_at > last_doubt

    def note(loads: Sequence[Load]) -> None:
        with transaction(con):
            for load in loads:
                ledger.append(con, load, after_doubts=is_later(load))
        for load in loads:
            watched.happened(load, result.add(load))
        watched.through(loads[0].client, loads[0].source)

    planned = plan(clients, step=step, con=con)
    for loads in planned.failed:
        note(loads)
    tasks = planned.tasks
    for task in tasks:
        result.expect(task.client, task.settings.id, [stream.name for stream in task.streams])
    watched.due(tasks)
    # closed by hand: left to the garbage collector, threads would go on while an error is being reported
    with closing(_read_all(tasks, threads=threads)) as reads:
        for read in reads:
            if isinstance(read, Read):
                load = _write(con, read, after_doubts=is_later(read.load))
                watched.happened(load, result.add(load))
            elif read.error is not None:
                of = read.task
                note(program_faults(of.client, of.settings, read.error, zone=of.assumed_zone, step=step))
            else:
                watched.through(read.task.client, read.task.settings.id)
    return result.build()


def _write(con: Connection, read: Read, *, after_doubts: bool) -> Load:
    """Write one read; a batch that breaks its table's contract becomes a failed load and changes nothing.

    A second run of one day that finds a list as it was leaves no trace, the ledger's rows included.
    """
    load, replies = read.load, read.replies
    if read.batch is not None:
        try:
            checked = CheckedBatch(stream=read.stream, batch=read.batch, window=load.window)
        except BadBatch as error:
            message = f"{load.client}/{load.source}: {error}"
            if read.stream.delivery == "snapshot" and read.batch.replies:
                message, replies = message + REPLY_KEPT, read.batch.replies
            zone = {"zone": load.quality["zone"]}
            load = replace(load, status="failed", rows=0, error_class="bad_reply", message=message, quality=zone)
        else:
            # what is wrong with it is said again each time
            is_repeat = read.is_repeat and not read.batch.partly
            if not (is_repeat and same_listing(con, batch=checked, load=load)):
                write_batch(
                    con, batch=checked, load=load, taken_at=read.taken_at, kept=read.kept, after_doubts=after_doubts
                )
            return load
    with transaction(con):
        if replies:
            keep_replies(con, stream=read.stream, load=load, replies=replies, taken_at=read.taken_at)
        ledger.append(con, load, after_doubts=after_doubts)
    return load


def _read_all(tasks: Sequence[SourceTask], *, threads: int) -> Generator[Read | _Ended, None, None]:
    """What all tasks read, as it comes, each source's in order and then its end."""
    if not tasks:
        return
    waiting: queue.Queue[Read | _Ended] = queue.Queue(maxsize=QUEUED_READS)
    stop = threading.Event()

    def hand_over(item: Read | _Ended) -> None:
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
