"""The half of a source that all sources share: dispatch by stream, checks on what was read, and one way to fail.

A source module gives a reader a stream, ``(window) -> Answer``; what comes out here is a typed, checked ``Batch``. What
does not belong here: HTTP (``http.py``) and any vendor's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from connectors.core.arrow import OnConflict, Row, build_table
from connectors.core.doubt import Doubt, partly, qualified
from connectors.core.errors import BadReply, NotFound, NotYet, SourceError
from connectors.core.protocol import Access, Batch, Context, Quality, Stream
from connectors.core.shape import BadShape
from okr_models.client.identity import Parts, joined_parts, parts_of
from okr_models.periods import Window, local_date, month_start, snapshot_day

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reader got. ``covers``: the part of the window that was answered, where it is not all of it.

    ``rows`` may be a table with the stream's columns where a reader has columns anyway.
    ``listed_since``, ``present``: as in ``Batch``, for a list that shows only the newest, or items that can't be read.
    """

    rows: Iterable[Row] | pa.Table
    covers: Window | None = None
    listed_since: datetime | None = None
    present: frozenset[str] = frozenset()
    quality: Quality = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    on_conflict: OnConflict = "refuse"


Reader = Callable[[Window], Answer]
Lister = Callable[[], Answer]


class Channel(Protocol):
    """What a source reads through: ``Http``, or a vendor's own client wrapped to count and fail the same way."""

    requests: int
    retries: int
    replies: list[tuple[str, bytes]] | None

    def begin(self, *, keep_replies: bool) -> None: ...

    def error(
        self, kind: type[SourceError], *, attempted: str, detail: str = "", cure: str | None = None
    ) -> SourceError: ...

    def close(self) -> None: ...


C = TypeVar("C", bound=Channel)
T = TypeVar("T")


class BaseSource(Generic[C]):
    """Base of every source. A subclass sets ``windows`` and ``lists``: a reader for each of its streams, by name."""

    def __init__(self, *, context: Context, transport: C, zone: ZoneInfo) -> None:
        self.context, self.transport = context, transport
        self._zone = zone
        self._has_read = False
        self.identity: Parts = {}
        self.windows: Mapping[str, Reader] = {}
        self.lists: Mapping[str, Lister] = {}

    def zone(self) -> ZoneInfo:
        """Zone in which the source's days begin."""
        return self._zone

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        """Raw replies of the snapshot read last, as far as it came."""
        return tuple(self.transport.replies or ())

    def access(self) -> Access:
        """Until when it can be read: for ever, unless the source knows better."""
        return Access()

    def close(self) -> None:
        """Give connections back."""
        self.transport.close()

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """One stream's rows. Raises ``SourceError``."""
        retried = 0 if self._has_read else self.transport.retries  # while it learned its zone
        self.transport.begin(keep_replies=stream.delivery == "snapshot")
        self.transport.retries, self._has_read = retried, True
        return self.shaped(f"reading {stream.name}", lambda: self._batch(stream, window))

    def shaped(self, attempted: str, action: Callable[[], T]) -> T:
        """Do something that reads a reply; a wrong shape becomes a ``BadReply``."""
        try:
            return action()
        except BadShape as shape:
            problem = str(shape)
        raise self.transport.error(BadReply, attempted=attempted, detail=problem)

    def _batch(self, stream: Stream, window: Window | None) -> Batch:
        answer = self.windows[stream.name](window) if window is not None else self.lists[stream.name]()
        rows = build_table(stream.table, answer.rows, on_conflict=answer.on_conflict)
        covers = (answer.covers or window) if window is not None else None
        check_inside(stream, rows, covers)
        own = {"zone": self.zone().key, "requests": self.transport.requests, **answer.quality}
        return Batch(
            rows=rows,
            covers=covers,
            listed_since=answer.listed_since,
            present=answer.present,
            quality=qualified(own, answer.doubts, stream=stream.name, covers=covers),
            partly=partly(answer.doubts),
            attempts=self.transport.retries + 1,
            replies=self.replies(),
            identity=self.identity,
        )

    def tell(self, **names: str | None) -> None:
        """Note what the source says of which account, property or site it is."""
        self.identity = joined_parts(self.identity, parts_of(**names))

    def today(self) -> date:
        """The source's own today."""
        return local_date(self.context.now, self.zone())

    def snapshot_day(self) -> date:
        """The day that a counter read now stands for."""
        return snapshot_day(self.context.now, self.zone())

    def is_final(self, day: date, stream: Stream) -> bool:
        """Whether the source no longer restates ``day``."""
        return (self.today() - day).days > stream.settle_days

    def clip(self, window: Window, *, history_days: int | None, lag_days: int = 0) -> Window:
        """The part of ``window`` that the source can answer. Raises ``NotFound`` where that is nothing, and ``NotYet``
        of a source that began today: it has no whole day."""
        newest = self.today() - timedelta(days=1 + lag_days)
        oldest = self.today() - timedelta(days=history_days) if history_days is not None else window.start
        if history_days is not None and oldest > newest:
            raise self.transport.error(
                NotYet,
                attempted=f"reading {window.start} to {window.end}",
                detail=f"the source began on {oldest} and has no whole day yet",
            )
        part = window.intersect(Window(oldest, newest)) if oldest <= newest else None
        if part is None:
            raise self.transport.error(
                NotFound,
                attempted=f"reading {window.start} to {window.end}",
                detail=f"the source answers only from {oldest} to {newest}",
                cure="give older figures as history in a csv source",
            )
        return part


def check_inside(stream: Stream, rows: pa.Table, covers: Window | None) -> None:
    """Raise ``BadShape`` for a row outside the window: a later replacement of its window would leave it behind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = stream.table.time_column
    if covers is None or column is None or rows.num_rows == 0:
        return
    if not pa.types.is_date32(rows.schema.field(column).type):
        return
    first = month_start(covers.start) if stream.grain == "month" else covers.start
    bounds = pc.min_max(rows.column(column)).as_py()
    if bounds["min"] < first or bounds["max"] > covers.end:
        raise BadShape(path=f"{stream.name}.{column}", wanted=f"{first} to {covers.end}", found=str(bounds))
