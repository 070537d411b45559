"""Writing to ``raw``: windows replaced whole, lists as far as they reach, snapshots only added, each with its ledger.

Rows and their ledger row are in one transaction: both are there or neither. What belongs here: the SQL of a write. What
does not: which batch comes next (``run.py``), which are committed together (``group_commit.py``) and whether one is fit
to be written (``batches.py``).
"""

from __future__ import annotations

import gzip
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.core.protocol import Stream
from connectors.core.raw_tables import SNAPSHOT_REPLIES, RawTable
from okr_models.periods import local_date
from pipelines.warehouse.db import Connection, quote, registered, transaction
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.batches import BadBatch, CheckedBatch
from pipelines.warehouse.ingest.gone_posts import KEEPS_GONE, note_gone
from pipelines.warehouse.ingest.identities import Kept, keep
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.post_history import HAS_HISTORY, drop_renamed, note_listed, note_standing
from pipelines.warehouse.ingest.seen_days import SEEN, seen_days
from pipelines.warehouse.schema import raw_table
from pipelines.warehouse.tables import names

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_BEFORE = "rows_before"
"""In a load's ``quality`` where a window came back with fewer rows than it replaced."""
_INCOMING = "incoming_rows"
_PUBLISHED = "published_at"


class NotReplaceable(ValueError):
    """A window or a list was to replace rows that can't be asked again."""

    def __init__(self, *, table: str) -> None:
        super().__init__(f"{table} holds snapshots, which are only ever added to; no window may replace them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What one read writes: its ledger row, and with it a batch, or the raw replies of one that was not understood."""

    stream: Stream
    load: Load
    """``load.window`` is what the rows replace (for listings and snapshots only a note of the day)."""
    taken_at: datetime
    """The instant that raw replies of a snapshot are kept under."""
    batch: CheckedBatch | None = None
    replies: Sequence[tuple[str, bytes]] = ()
    kept: Kept | None = None
    """Who it is of, where that says more than is known."""
    after_doubts: bool = False
    """As of ``ledger.append``."""
    is_bare: bool = False
    """Nothing lies in its window, so that nothing need be deleted."""


def write_batch(
    con: Connection,
    *,
    batch: CheckedBatch,
    load: Load,
    taken_at: datetime,
    kept: Kept | None = None,
    after_doubts: bool = False,
) -> None:
    """Write one read and its ledger row, both or neither; the arguments as of ``Write``."""
    one = Write(stream=batch.stream, load=load, taken_at=taken_at, batch=batch, kept=kept, after_doubts=after_doubts)
    write_all(con, [one])


def write_all(con: Connection, writes: Sequence[Write]) -> None:
    """Write some reads and their ledger rows, all or none. No two windows of one stream and source share a day."""
    coming = _Coming()
    with transaction(con):
        loads = [(_write(con, one, coming), one.after_doubts) for one in writes]
        for of_table in coming.snapshots.values():
            _insert_all(con, of_table, once=True)
        for of_table in coming.windows.values():
            _insert_all(con, of_table)
        _keep_replies(con, coming.replies)
        ledger.append_all(con, loads)


@dataclass(slots=True)
class _Coming:
    """Rows that are added to their tables together, whosever they are: by name of table, but for replies."""

    windows: dict[str, list[tuple[Load, CheckedBatch]]] = field(default_factory=dict)
    snapshots: dict[str, list[tuple[Load, CheckedBatch]]] = field(default_factory=dict)
    replies: list[Write] = field(default_factory=list)


def _write(con: Connection, one: Write, coming: _Coming) -> Load:
    """Write all of one read but its ledger row, which is returned, and what ``coming`` takes."""
    load, batch = one.load, one.batch
    if batch is None:
        if one.replies:
            coming.replies.append(one)
        return load
    if load.window != batch.window:
        raise ValueError(f"checked for {batch.window}, to be written for {load.window}")
    if one.stream.delivery == "snapshot":
        coming.snapshots.setdefault(batch.table.name, []).append((load, batch))
        coming.replies.append(replace(one, replies=batch.said.replies))
    elif one.stream.delivery == "window":
        if batch.table.append_only or batch.table.time_column is None:
            raise NotReplaceable(table=batch.table.name)
        before = 0 if one.is_bare else delete_window(con, batch=batch, client=load.client, source=load.source)
        coming.windows.setdefault(batch.table.name, []).append((load, batch))
        if before > batch.rows.num_rows:
            load = replace(load, quality={**load.quality, ROWS_BEFORE: before})
        if seen := seen_days(one.stream, batch.rows, today=_today(load)):
            load = replace(load, quality={**load.quality, SEEN: seen})
    else:
        replace_listing(
            con, batch=batch, client=load.client, source=load.source, now=load.started_at, zone=_zone_of(load)
        )
    if one.kept is not None:
        keep(con, one.kept, client=load.client, source=load.source, now=load.started_at)
    return load


def _today(load: Load) -> date:
    """The source's own day on which it was read."""
    return local_date(load.started_at, ZoneInfo(_zone_of(load)))


def _zone_of(load: Load) -> str:
    return str(load.quality.get("zone") or "UTC")


def holds_nothing(con: Connection, table: RawTable, *, client: str, source: str) -> bool:
    """Whether a table has no row of a source."""
    there = f"select exists (from {raw_table(table).qualified} where client = ? and source = ?)"
    return con.execute(there, [client, source]).fetchall() == [(False,)]


def delete_window(con: Connection, *, batch: CheckedBatch, client: str, source: str) -> int:
    """Delete all that the source has in the batch's window, in whose place its rows are to come.

    Returns how many rows were there. Runs in the caller's transaction.
    """
    table, window = batch.table, batch.window
    deleted = con.execute(
        f"delete from {raw_table(table).qualified} where client = ? and source = ?"  # noqa: S608 - quoted
        f" and {quote(str(table.time_column))} between ? and ?",
        [client, source, window.start, window.end],
    ).fetchall()
    return int(deleted[0][0])


def replace_listing(
    con: Connection, *, batch: CheckedBatch, client: str, source: str, now: datetime, zone: str = "UTC"
) -> None:
    """Put the rows in place of all that the source has, or of what the list reaches (``listed_since``, ``present``).

    ``zone``: the site's, in which a post's day without a time begins.
    Runs in the caller's transaction.
    """
    table, rows = batch.table, batch.rows
    if table.append_only:
        raise NotReplaceable(table=table.name)
    if table.name in HAS_HISTORY:
        note_standing(con, client=client, source=source, now=now)
    scope, values = _scope_of(table, batch.said.listed_since, batch.said.present)
    with registered(con, _INCOMING, rows):
        if table.name in KEEPS_GONE:
            note_gone(con, _INCOMING, scope, values, client=client, source=source, now=now)
        con.execute(
            f"delete from {raw_table(table).qualified} as old where client = ? and source = ? and {scope}",  # noqa: S608
            [client, source, *values],
        )
        if table.name in HAS_HISTORY and batch.said.listed_since is not None:
            drop_renamed(con, _INCOMING, client=client, source=source, present=batch.said.present, zone=zone)
    _insert(con, table=table, client=client, source=source, rows=rows)
    if table.name in HAS_HISTORY:
        note_listed(con, client=client, source=source, now=now)


def _scope_of(table: RawTable, since: datetime | None, present: Collection[str]) -> tuple[str, list[object]]:
    """Which rows (``old``) a list says something of: all but those it names without a row, or with ``since`` what came
    after that instant and whatever it has rows of itself. Of things without a publication it says nothing then but of
    what it has rows of.
    """
    conditions, values = list[str](), list[object]()
    if since is not None:
        same_key = " and ".join(f"old.{quote(column)} = incoming.{quote(column)}" for column in table.key)
        named = f"exists (select 1 from {_INCOMING} as incoming where {same_key})"  # noqa: S608 - quoted
        if _PUBLISHED in table.arrow_schema().names:
            conditions.append(f"(old.{quote(_PUBLISHED)} > ? or {named})")
            values.append(since)
        else:
            conditions.append(named)
    if present:
        (key,) = table.key
        conditions.append(f"not list_contains(cast(? as varchar[]), old.{quote(key)})")
        values.append(sorted(present))
    return " and ".join(conditions) or "true", values


def same_listing(con: Connection, *, batch: CheckedBatch, load: Load) -> bool:
    """Whether a list is there already, row for row."""
    table = batch.table
    scope, values = _scope_of(table, batch.said.listed_since, batch.said.present)
    there = f"{raw_table(table).qualified} as old where client = ? and source = ? and {scope}"
    return _same_rows(con, table=table, rows=batch.rows, there=there, values=[load.client, load.source, *values])


def replace_reading(con: Connection, *, batch: CheckedBatch, load: Load, taken_at: datetime) -> bool:
    """Put what the kept replies of one reading give in place of its rows; False where they are so already.

    A reading that failed at its time is loaded now, also where what it read was nothing.
    The only way in which a snapshot's rows ever change. Raises ``BadBatch`` with nothing changed.
    """
    table, rows = batch.table, batch.rows
    if any(instant != taken_at for instant in rows.column("taken_at").to_pylist()):
        raise BadBatch(table=table.name, problem=f"they are not of the reading of {taken_at}")
    whose = [load.client, load.source, taken_at]
    there = f"{raw_table(table).qualified} where client = ? and source = ? and taken_at = ?"
    with transaction(con):
        is_same = _same_rows(con, table=table, rows=rows, there=there, values=whose)
        if is_same and ledger.is_loaded(con, load.key, day=load.window.end):
            return False
        con.execute(f"delete from {there}", whose)  # noqa: S608 - quoted
        _insert(con, table=table, client=load.client, source=load.source, rows=rows)
        ledger.append(con, load)
    return True


def _same_rows(con: Connection, *, table: RawTable, rows: pa.Table, there: str, values: Sequence[object]) -> bool:
    """Whether ``rows`` are just those ``there``: a table and its condition, with ``values`` for its marks."""
    columns = names(column.name for column in table.columns)
    stored = f"(select {columns} from {there})"  # noqa: S608 - quoted
    mine = f"(select {columns} from {_INCOMING})"  # noqa: S608 - quoted
    with registered(con, _INCOMING, rows):
        differs = con.execute(
            f"select exists ({stored} except all {mine}) or exists ({mine} except all {stored})",
            [*values, *values],
        ).fetchall()
    return differs == [(False,)]


def _insert(con: Connection, *, table: RawTable, client: str, source: str, rows: pa.Table) -> None:
    if rows.num_rows == 0:
        return
    with registered(con, _INCOMING, rows):
        _insert_incoming(con, table=table, client=client, source=source)


def _insert_incoming(con: Connection, *, table: RawTable, client: str, source: str) -> None:
    columns = names(column.name for column in table.columns)
    con.execute(
        f"insert into {raw_table(table).qualified} (client, source, {columns})"  # noqa: S608 - quoted
        f" select cast(? as varchar), cast(? as varchar), {columns} from {_INCOMING}",
        [client, source],
    )


def _insert_all(con: Connection, batches: Sequence[tuple[Load, CheckedBatch]], *, once: bool = False) -> None:
    """Insert the rows of batches of one table, whosever they are, by one statement. ``once``: a row that is there
    already, as of a reading that is written twice, gives way."""
    import pyarrow as pa

    table = batches[0][1].table
    parts = [
        pa.table(
            {"client": pa.repeat(load.client, count), "source": pa.repeat(load.source, count)}
            | dict(zip(batch.rows.column_names, batch.rows.columns, strict=True))
        )
        for load, batch in batches
        if (count := batch.rows.num_rows)
    ]
    if parts:
        key = ("client", "source", *table.key) if once else ()
        _add(con, table, pa.concat_tables(parts), replacing=key)


def _keep_replies(con: Connection, writes: Sequence[Write]) -> None:
    """Keep some readings' raw replies, compressed, in place of what was kept of them before."""
    import pyarrow as pa

    table, reading = SNAPSHOT_REPLIES, ("client", "source", "stream", "taken_at")
    kept = [
        # no time stamp inside, so that the same reply gives the same bytes
        (one.load.client, one.load.source, one.stream.name, one.taken_at, part, request, gzip.compress(body, mtime=0))
        for one in writes
        for part, (request, body) in enumerate(one.replies)
    ]
    if kept:
        whose = [pa.field(column, pa.string(), nullable=False) for column in ("client", "source")]
        schema = pa.schema([*whose, *table.arrow_schema()])
        columns = [pa.array(column, each.type) for column, each in zip(zip(*kept, strict=True), schema, strict=True)]
        _add(con, table, pa.table(columns, schema=schema), replacing=reading)
    same = " and ".join(f"{quote(column)} = ?" for column in reading)
    for one in writes:
        if not one.replies:
            whose_own = [one.load.client, one.load.source, one.stream.name, one.taken_at]
            con.execute(f"delete from {raw_table(table).qualified} where {same}", whose_own)  # noqa: S608 - quoted


def _add(con: Connection, table: RawTable, rows: pa.Table, *, replacing: Collection[str]) -> None:
    """Add rows that name their client and source, in place of those with the same ``replacing`` columns, if any."""
    there, columns = raw_table(table).qualified, names(["client", "source", *(each.name for each in table.columns)])
    with registered(con, _INCOMING, rows):
        if replacing:
            same = " and ".join(f"old.{quote(column)} = incoming.{quote(column)}" for column in replacing)
            con.execute(f"delete from {there} as old using {_INCOMING} as incoming where {same}")  # noqa: S608 - quoted
        con.execute(f"insert into {there} ({columns}) select {columns} from {_INCOMING}")  # noqa: S608 - quoted
