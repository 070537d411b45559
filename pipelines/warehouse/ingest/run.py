"""One ingest step: many threads fetch across clients and sources, one writes.

Raises nothing for a source: what failed is in the ledger and in the report, and everything else goes on. What belongs
here: threads, the queue between them and the writer, and what is told about it. What does not: what is due
(``tasks.py``, ``planning.py``), the reading (``read_source.py``), the SQL (``writer.py``).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import monotonic

from connectors.core.budget import of_run as budget_of_run
from connectors.core.protocol import Delivery, SourceType
from okr_models.client.model import Client
from okr_models.periods import Window
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.group_commit import GroupCommit
from pipelines.warehouse.ingest.lanes import MOST_THREADS, Lane, Lanes
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.read_source import Read, SourceTask, read_source
from pipelines.warehouse.ingest.result import IngestResult, ResultBuilder
from pipelines.warehouse.ingest.stages import IngestStages, StageListener, Unwatched
from pipelines.warehouse.ingest.tasks import OpenSource, Step, plan, program_faults

QUEUED_READS = 16
"""Batches waiting for the writer at most, so that fast sources do not fill the memory."""
GIVE_UP_CHECK_SECONDS = 0.2
GROUP_SECONDS, GROUP_READS, GROUP_BYTES = 0.25, 32, 32 * 1024 * 1024
"""A group of reads to be committed ends so long after its first, or with so many reads, or with so much in them."""


class _Stopped(BaseException):
    """The writer has gone; a thread ends without a word."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A thread has read its source, or died of a fault of this program."""

    task: SourceTask
    error: BaseException | None = None

    @property
    def fatal(self) -> BaseException | None:
        """What ends the run, whatever it was doing: the process is told to end."""
        return None if isinstance(self.error, Exception) else self.error


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
    """Read what is due of ``clients`` and write it, each window in one transaction with its ledger row.

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
    commit = GroupCommit(con, is_later)
    # closed by hand: left to the garbage collector, threads would go on while an error is being reported
    with closing(_read_all(tasks, threads=threads)) as groups:
        for group in groups:
            for load in commit.write([each for each in group if isinstance(each, Read)]):
                watched.happened(load, result.add(load))
            for end in group:
                if isinstance(end, Read):
                    continue
                if end.error is not None:
                    of = end.task
                    note(program_faults(of.client, of.settings, end.error, zone=of.assumed_zone, step=step))
                else:
                    watched.through(end.task.client, end.task.settings.id)
    return result.build()


def _read_all(tasks: Sequence[SourceTask], *, threads: int) -> Generator[list[Read | _Ended], None, None]:
    """What all tasks read, as it comes, each source's in order and then its end, in groups to be committed."""
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

    lanes = Lanes((task.lane or Lane(f"{task.client}/{task.settings.id}"), task) for task in tasks)

    def work_on() -> None:
        while (taken := lanes.take()) is not None:
            lane, task = taken
            try:
                work(task)
            finally:
                lanes.done(lane)

    with _pool(min(threads, lanes.at_once), lanes, stop=stop) as pool:
        for _ in range(min(threads, lanes.at_once)):
            pool.submit(work_on)
        left = len(tasks)
        while left:
            group = _group(waiting, left=left)
            left -= sum(isinstance(item, _Ended) for item in group)
            # one that ends the run is no failure of a source: what came with it is committed, and then it is raised
            fatal = [item.fatal for item in group if isinstance(item, _Ended) and item.fatal is not None]
            yield [item for item in group if not (isinstance(item, _Ended) and item.fatal is not None)]
            if fatal:
                raise fatal[0]


def _group(waiting: queue.Queue[Read | _Ended], *, left: int) -> list[Read | _Ended]:
    """What is to be committed together: what comes soon after the first, no more of it than fits the memory."""
    group, size, until = list[Read | _Ended](), 0, float("inf")
    # nothing can come any more of a source that has ended
    while left and len(group) < GROUP_READS and size < GROUP_BYTES:
        try:
            item = waiting.get(timeout=max(0.0, until - monotonic()) if group else None)
        except queue.Empty:
            break
        group.append(item)
        left -= isinstance(item, _Ended)
        size += _bytes(item)
        until = min(until, monotonic() + GROUP_SECONDS)
    return group


def _bytes(item: Read | _Ended) -> int:
    return item.batch.rows.nbytes if isinstance(item, Read) and item.batch is not None else 0


@contextmanager
def _pool(threads: int, lanes: Lanes[SourceTask], *, stop: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """A pool that ends at once when its user leaves early: by an error, by Ctrl-C, or by closing the generator."""
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="read")
    try:
        yield pool
    finally:
        stop.set()
        lanes.close()
        # a request under way ends by its own timeout; sources not begun are not begun
        pool.shutdown(wait=True, cancel_futures=True)
