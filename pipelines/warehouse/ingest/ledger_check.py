"""Whether a raw table still holds what the ledger says was written to it, and which windows of a run all but vanished.

What belongs here: the counts and their comparison. What does not: writing either (``writer.py``, ``ledger.py``).
Listings and snapshots have no window to count by: a list may be one of the newest only, a reading taken twice is there
once.
"""

from __future__ import annotations

from connectors.core.raw_tables import RawTable
from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.schema import raw_table


def has_windows(table: RawTable) -> bool:
    """Whether the table is written window by window."""
    return table.time_column is not None and not table.append_only


def rows_against_ledger(con: Connection, table: RawTable) -> list[dict[str, object]]:
    """Windows whose rows are not as many as were written, each with both counts. Windows that a later load has
    overlapped are left out: part of them was replaced since.
    """
    if not has_windows(table):
        return []
    day = quote(str(table.time_column))
    cursor = con.execute(
        f"""
        with loaded as (
            select rowid as written, client, source, window_start, window_end, rows
            from ops.loads where stream = ? and status = 'loaded'
        ),
        standing as (
            select * from loaded as load
            where not exists (
                select 1 from loaded as later
                where later.client = load.client and later.source = load.source and later.written > load.written
                    and later.window_start <= load.window_end and later.window_end >= load.window_start
            )
        )
        select
            standing.client, standing.source, standing.window_start, standing.window_end,
            standing.rows as written_rows, count(kept.client) as rows_there
        from standing
        left join {raw_table(table).qualified} as kept
            on kept.client = standing.client and kept.source = standing.source
            and kept.{day} between standing.window_start and standing.window_end
        group by all
        having count(kept.client) <> standing.rows
        order by all
        """,  # noqa: S608 - identifiers are quoted
        [table.name],
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


FEWEST_ROWS, LEAST_SHARE = 20, 0.5
"""A window that had so many rows and comes back with less than this share of them has collapsed."""


def collapsed_windows(con: Connection, table: RawTable, *, run_id: str) -> list[dict[str, object]]:
    """Windows that this run replaced by far fewer rows than were there.

    They are written all the same: the source's word counts, and a site may truly have been cleared. But a source that
    forgets its past looks like this too, and somebody should look.
    """
    cursor = con.execute(
        """
        select client, source, window_start, window_end, rows_before, rows
        from (select *, cast(quality ->> 'rows_before' as bigint) as rows_before from ops.loads)
        where stream = ? and run_id = ? and status = 'loaded' and rows_before >= ? and rows < ? * rows_before
        order by all
        """,
        [table.name, run_id, FEWEST_ROWS, LEAST_SHARE],
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
