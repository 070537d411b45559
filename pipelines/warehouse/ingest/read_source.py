"""Reading one source of one client, in a thread of its own: stream by stream, window by window.

Nothing here touches the database: what was read, what failed and what can't be had is emitted, in order, to the one
writer (``run.py``). An error never escapes, and never becomes empty data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.core.errors import BadReply, ErrorClass, MetricGone, NotYet, SourceError
from connectors.core.protocol import GIVES, Batch, Context, Counting, Quality, Source, SourceType, Stream
from connectors.core.redaction import Redactor
from connectors.core.shape import Json
from okr_models.client.identity import Identity, joined_parts
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, local_date, snapshot_day
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.ingest.doubted_lists import doubted, fallen
from pipelines.warehouse.ingest.identities import Kept, Standing, admitted, part_since
from pipelines.warehouse.ingest.lanes import Lane
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.planning import (
    COUNTS,
    NOT_ASKED_FOR,
    Asked,
    listing_is_due,
    missed_snapshots,
    snapshot_is_due,
    windows_to_read,
)
from pipelines.warehouse.ingest.retired_metrics import GONE, with_since

CONCERNS_WHOLE_SOURCE: frozenset[ErrorClass] = frozenset({"auth", "config", "version", "quota", "rate_limited"})
"""After one of these the source's other streams would only fail the same way."""
MOST_UNANSWERED = 2
"""One slow list must not hide the source's others; after two without an answer in time, nobody is there."""
MOST_FAILED_WINDOWS = 3
"""After so many a stream is given up for the night: one bad week must not hide the year behind it."""

SILENT = "did not answer in time earlier in this run and was not asked again; the next night asks"
MISSED = "no reading of these days; a counter can't be asked for a day gone by"
NOT_KEPT = "the source has nothing before {day}; figures for these days can only come from csv"
FORGOTTEN = "the source says that it has nothing before {day}, though it gave figures of days before"
NOT_GIVEN = "not read, and nothing rests on it so far; asked again each night ({why})"
REPLY_KEPT = "; the reply is kept: if the reader was wrong, okr replay recovers this day after an upgrade"

Replies = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTask:
    """All that a thread needs to read one source. ``loads`` are its ledger rows by stream."""

    client: str
    settings: SourceSettings
    currency: str | None = None
    """The client's."""
    kind: SourceType
    streams: tuple[Stream, ...]
    asked: Asked
    assumed_zone: ZoneInfo
    """For windows of a source that never told its own."""
    loads: Mapping[str, tuple[Load, ...]]
    known: Standing = field(default_factory=Standing)
    """Whose readings they are."""
    now: datetime
    reread: Window | None
    context: Callable[[], Context]
    open: Callable[[SourceSettings, Context], Source]
    clock: Clock
    run_id: str
    rests_on: frozenset[str] = frozenset()
    """Those of its streams that the client's file asks something of."""
    is_silent: bool = False
    """An earlier step of this run waited for it in vain."""
    windows: dict[tuple[str, str], tuple[Window, ...]] = field(default_factory=dict)
    """What was found to be due, by stream and zone, so that it is worked out once."""
    lane: Lane | None = None
    """Which others it shares a credential or a host with; None: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read as it came: the ledger's row of it, and what is to be written with that.

    With a ``batch`` it is loaded; else its row says failed or skipped. ``replies``: of a snapshot that failed because
    its reply was not understood. It can't be asked again, so they are kept to be parsed by a mended reader.
    """

    stream: Stream
    load: Load
    taken_at: datetime
    """The night's own instant."""
    batch: Batch | None = None
    kept: Kept | None = None
    """Who the batch is of, where that says more than is known."""
    replies: Replies = ()
    is_repeat: bool = False
    """A list that was already read today: worth a ledger row only if it has changed."""
    is_first: bool = False
    """The ledger has no row of its stream."""


def was_silent(loads: Iterable[Load], *, run_id: str) -> bool:
    """Whether this run has asked so many of a source's streams in vain, and none with success."""
    return len(_unanswered(loads, run_id)) >= MOST_UNANSWERED


def was_unanswered(loads: Iterable[Load], *, run_id: str) -> bool:
    """Whether this run has asked a source in vain, and never with success: it is not waited for as long again."""
    return bool(_unanswered(loads, run_id))


def _unanswered(loads: Iterable[Load], run_id: str) -> frozenset[str]:
    """Streams that this run asked for in vain, where it had no success with any."""
    tonight = [load for load in loads if load.run_id == run_id]
    if any(load.status == "loaded" for load in tonight):
        return frozenset()
    return frozenset(load.stream for load in tonight if load.error_class == "timeout")


@dataclass(frozen=True, slots=True)
class _Trouble:
    error_class: ErrorClass
    message: str
    attempts: int
    whole_source: bool
    quality: Quality = field(default_factory=dict)


@dataclass(slots=True)
class _Reader:
    """One source being read. Not shared between threads."""

    task: SourceTask
    emit: Callable[[Read], None]
    zone: ZoneInfo
    redact: Redactor = field(default_factory=Redactor)
    unanswered: int = 0
    told: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    """What each stream's figures count, as the source says."""

    def run(self) -> None:
        due = [(stream, windows) for stream in self.task.streams if (windows := self.due(stream))]
        if not due and not any(map(self._lacked, self.task.streams)):
            return
        started = self.task.clock.now()
        if self.task.is_silent:
            message = f"{self.task.client}/{self.task.settings.id}: {SILENT}"
            for stream, windows in due:
                self._fail(stream, _span(windows), started, _Trouble("timeout", message, 0, whole_source=True))
            return
        source: Source | None = None
        try:
            if not self.task.settings.is_told:
                self._who(None)
            context = self.task.context()
            self.redact = context.redact
            self._learn_secrets(context)
            source = self.task.open(self.task.settings, context)
            self.zone = source.zone()
        except Exception as error:  # noqa: BLE001 - whatever a source does, the others go on
            trouble = self._trouble(error, "opening the source")
            for stream, windows in due:
                self._fail(stream, _span(windows), started, trouble)
            self._close(source)
            return
        try:
            self._read_all(source)
        finally:
            self._close(source)

    def _read_all(self, source: Source) -> None:
        # planned again now that the source has told its zone: its yesterday may be another day
        self._learn_counts(source)
        due = [(stream, windows) for stream in self.task.streams if (windows := self.due(stream))]
        gone: _Trouble | None = None
        for stream, windows in due:
            if gone:
                self._fail(stream, _span(windows), self.task.clock.now(), gone)
            else:
                gone = self._read_stream(source, stream, windows)

    def _learn_counts(self, source: Source) -> None:
        """What the source says of what is counted. Where it can't say, reading fails as well, if it rests on that."""
        if not isinstance(source, Counting):
            return
        with suppress(SourceError):
            for stream in self.task.streams:
                if stream.delivery == "window":
                    self.told[stream.name] = source.counts(stream)
                    self.task.windows.pop((stream.name, self.zone.key), None)

    def _lacked(self, stream: Stream) -> bool:
        """Whether the source lacked something at the stream's last read, which it may have again by now."""
        loads = self.task.loads.get(stream.name, ())
        last = next((load.quality.get(COUNTS) for load in reversed(loads) if load.status == "loaded"), None)
        return isinstance(last, dict) and last.get(GIVES) == {}

    def _counts(self, stream: Stream) -> dict[str, Json]:
        """What the stream's figures count, by the file and by the source."""
        names = set(stream.counts_by)
        named = self.task.settings.model_dump(mode="json", include=names) if names else {}
        named |= {"currency": self.task.currency} if "currency" in names else {}
        asked = {name: sorted(value) if isinstance(value, list) else value for name, value in named.items()}
        return {**asked, **self.told.get(stream.name, {})}

    def due(self, stream: Stream) -> tuple[Window, ...]:
        """What to ask of this stream tonight."""
        known, key = self.task.windows, (stream.name, self.zone.key)
        if key not in known:
            known[key] = self._due(stream)
        return known[key]

    def _due(self, stream: Stream) -> tuple[Window, ...]:
        task = self.task
        loads = task.loads.get(stream.name, ())
        if stream.delivery == "window":
            return windows_to_read(
                stream,
                asked=task.asked,
                loads=loads,
                now=task.now,
                zone=self.zone,
                reread=task.reread,
                counts=self._counts(stream),
            )
        day = snapshot_day(task.now, self.zone)
        if stream.delivery == "snapshot":
            is_due = snapshot_is_due(loads=loads, now=task.now, zone=self.zone)
        else:
            # a csv file is the user's own and changes between two runs of one day
            always = task.reread is not None or task.kind.facts.category == "own"
            is_due = always or listing_is_due(loads=loads, now=task.now, zone=self.zone)
        return (Window(day, day),) if is_due else ()

    def _read_stream(self, source: Source, stream: Stream, windows: tuple[Window, ...]) -> _Trouble | None:
        """Read each window. Returns what concerns the whole source, if something did."""
        failed = 0
        for window in windows:
            started = self.task.clock.now()
            try:
                batch = source.read(stream, window if stream.delivery == "window" else None)
                self._require_memory(stream, batch, window)
                kept, covered = self._who(batch), _covered(stream, batch, window)
            except NotYet:
                continue  # nothing to note: the next run asks for these days again
            except Exception as error:  # noqa: BLE001 - whatever a source does, the others go on
                trouble = self._trouble(error, f"reading {stream.name}")
                self._fail(stream, window, started, trouble, replies=self._not_understood(source, stream, trouble))
                self.unanswered += trouble.error_class == "timeout"
                if trouble.whole_source or self.unanswered >= MOST_UNANSWERED:
                    return trouble
                failed += 1
                if trouble.error_class != "bad_reply" or failed >= MOST_FAILED_WINDOWS:
                    break
                continue
            known = self.task.loads.get(stream.name, ())
            if self.task.settings.category == "own":
                batch = fallen(batch, stream=stream, loads=known, now=self.task.now)
            else:
                batch = doubted(batch, stream=stream, loads=known, now=self.task.now, zone=self.zone)
            own = self._own_part(batch, stream, covered, kept)
            if own is None:
                continue  # all of it is of days before this account was read under this id
            answered, batch, covered = covered, own, _covered(stream, own, covered)
            batch = replace(batch, quality=self._since(stream, batch.quality))
            self._done(stream, covered, started, batch=batch, kept=kept, attempts=batch.attempts, message=batch.partly)
            for gap, why in self._never_to_be_had(stream, window, answered):
                self._done(stream, gap, started, message=why)
        return None

    def _require_memory(self, stream: Stream, batch: Batch, window: Window) -> None:
        """Refuse an answer that is empty and says that there was nothing before, of a source that gave figures then.

        A site whose statistics vanish for a night would lose its newest days for good: they would never be asked again.
        """
        covered, loads = batch.covers, self.task.loads.get(stream.name, ())
        if covered is None or covered.start <= window.start or batch.rows.num_rows or stream.history_days is not None:
            return
        if any(load.status == "loaded" and load.rows and load.window.end < covered.start for load in loads):
            raise BadReply(
                client=self.task.client,
                source=self.task.settings.id,
                attempted=f"reading {stream.name}",
                detail=FORGOTTEN.format(day=covered.start),
                cure="if they were deleted there, give the source an id of its own from now on",
            )

    def _who(self, batch: Batch | None) -> Kept | None:
        """Who is read, as it is to be kept; None for the client's own files, replaced whole whatever they are.

        Raises ``AnotherAccount``.
        """
        settings = self.task.settings
        if settings.category == "own":
            return None
        parts = batch.identity if batch is not None else {}
        found = Identity(type=settings.type, parts=joined_parts(settings.named(), parts))
        return admitted(found, settings, self.task.known, client=self.task.client)

    def _own_part(self, batch: Batch, stream: Stream, covered: Window, kept: Kept | None) -> Batch | None:
        if kept is None or kept.from_on is None:
            return batch
        is_social = self.task.settings.category == "social"
        return part_since(
            batch,
            stream=stream,
            window=covered,
            first=kept.from_on,
            now=self.task.now,
            zone=self.zone,
            is_social=is_social,
        )

    @staticmethod
    def _not_understood(source: Source, stream: Stream, trouble: _Trouble) -> Replies:
        if stream.delivery != "snapshot" or trouble.error_class != "bad_reply":
            return ()
        return source.replies()

    def _never_to_be_had(self, stream: Stream, window: Window, covered: Window) -> Iterator[tuple[Window, str]]:
        if stream.delivery == "snapshot":
            loads = self.task.loads.get(stream.name, ())
            for gap in missed_snapshots(loads=loads, taken_for=window.end):
                yield gap, MISSED
        elif covered.start > window.start:
            yield Window(window.start, covered.start - ONE_DAY), NOT_KEPT.format(day=covered.start)

    def _trouble(self, error: Exception, attempted: str) -> _Trouble:
        if isinstance(error, SourceError):
            # nothing answered at all: the next stream would meet the same silence
            silent = error.error_class == "unavailable" and error.status is None
            by_class = silent or error.error_class in CONCERNS_WHOLE_SOURCE
            whole = by_class if error.concerns_whole_source is None else error.concerns_whole_source
            said = {GONE: error.unavailable} if isinstance(error, MetricGone) else {}
            return _Trouble(error.error_class, self.redact(str(error)), error.attempts, whole, said)
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        message = (
            f"{self.task.client}/{self.task.settings.id}: {attempted} failed; {what};"
            " the connector did not understand the reply, a retry does not help"
        )
        return _Trouble("bad_reply", self.redact(message), 1, whole_source=False)

    def _since(self, stream: Stream, quality: Quality) -> Quality:
        loads, today = self.task.loads.get(stream.name, ()), local_date(self.task.now, self.zone)
        return with_since(quality, loads=loads, today=today, zone=self.zone)

    def _learn_secrets(self, context: Context) -> None:
        for name in self.task.settings.secrets():
            # one that is not set is reported by the source itself, if it needs it
            with suppress(SourceError):
                self.redact.add(context.secret(name))

    def _may_lack(self, stream: Stream) -> bool:
        """Whether it is no failure that this stream can't be read."""
        was_read = any(load.status == "loaded" for load in self.task.loads.get(stream.name, ()))
        return stream.is_optional and not was_read and stream.name not in self.task.rests_on

    def _fail(
        self, stream: Stream, window: Window, started: datetime, trouble: _Trouble, *, replies: Replies = ()
    ) -> None:
        if self._may_lack(stream):
            why = f"{trouble.error_class}: {trouble.message}"
            said = {NOT_ASKED_FOR: trouble.error_class}
            self._done(
                stream, window, started, attempts=trouble.attempts, message=NOT_GIVEN.format(why=why), quality=said
            )
            return
        self._done(
            stream,
            window,
            started,
            attempts=trouble.attempts,
            error_class=trouble.error_class,
            message=trouble.message + (REPLY_KEPT if replies else ""),
            quality=self._since(stream, trouble.quality),
            replies=replies,
        )

    def _done(
        self,
        stream: Stream,
        window: Window,
        started: datetime,
        *,
        batch: Batch | None = None,
        kept: Kept | None = None,
        attempts: int = 0,
        error_class: ErrorClass | None = None,
        message: str | None = None,
        quality: Quality | None = None,
        replies: Replies = (),
    ) -> None:
        said = quality or {} if batch is None else batch.quality
        is_answer = batch is not None or (error_class is None and NOT_ASKED_FOR not in said)
        if is_answer and (counts := self._counts(stream)):
            said = {**said, COUNTS: counts}
        load = Load(
            client=self.task.client,
            source=self.task.settings.id,
            stream=stream.name,
            window=window,
            rows=0 if batch is None else batch.rows.num_rows,
            status="loaded" if batch is not None else "failed" if error_class else "skipped",
            attempts=attempts,
            error_class=error_class,
            message=message,
            started_at=started,
            finished_at=self.task.clock.now(),
            run_id=self.task.run_id,
            quality={"zone": self.zone.key, **said},
        )
        self.emit(
            Read(
                stream=stream,
                load=load,
                taken_at=self.task.now,
                batch=batch,
                kept=kept if kept != self.task.known.kept else None,
                replies=replies,
                is_repeat=self._is_repeat(stream, said),
                is_first=not self.task.loads.get(stream.name),
            )
        )

    def _is_repeat(self, stream: Stream, said: Quality) -> bool:
        """A list that was read today and of which the source says the same as then."""
        last = next((load for load in reversed(self.task.loads.get(stream.name, ())) if load.status == "loaded"), None)
        if last is not None and last.quality.get("doubts") != said.get("doubts"):
            return False
        if stream.delivery != "listing" or self.task.reread is not None:
            return False
        return not listing_is_due(loads=self.task.loads.get(stream.name, ()), now=self.task.now, zone=self.zone)

    @staticmethod
    def _close(source: Source | None) -> None:
        if source is not None:
            # what was read is already handed over; a connection that ends badly loses nothing
            with suppress(Exception):
                source.close()


def read_source(task: SourceTask, *, emit: Callable[[Read], None]) -> None:
    """Read all that is due in ``task`` and emit what came of it. Only what ``emit`` raises comes out of here."""
    _Reader(task, emit, task.assumed_zone).run()


def windows_due(task: SourceTask) -> int:
    """How many windows and lists ``read_source`` will ask for, as far as is known before the source tells its zone."""
    reader = _Reader(task, lambda _read: None, task.assumed_zone)
    return sum(len(reader.due(stream)) for stream in task.streams)


def _covered(stream: Stream, batch: Batch, window: Window) -> Window:
    if stream.delivery != "window" or batch.covers is None:
        return window
    if batch.covers.start < window.start or batch.covers.end > window.end:
        raise ValueError(f"asked for {window.start} to {window.end}, answered {batch.covers}")
    return batch.covers


def _span(windows: tuple[Window, ...]) -> Window:
    return Window(min(window.start for window in windows), max(window.end for window in windows))
