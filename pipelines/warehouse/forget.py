"""Undoing nights that were dated wrong: what was read and judged on a day or after it goes.

What belongs here: which rows go, and which keep what a night said of the days before. What does not: asking whoever it
belongs to (``pipelines/cli/ledger.py``), and figures, which the next night derives anew.

A day's reading says the same on whatever date it was taken, so rows of days before stay, and the ledger has them as
read on the eve; rows of days after, counters taken and results judged then go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connectors.core.raw_tables import RAW_TABLES, RawTable
from pipelines.warehouse.db import Connection, first_row, quote
from pipelines.warehouse.ingest.ledger_check import has_windows
from pipelines.warehouse.okr.tables import OKR_TABLES
from pipelines.warehouse.schema import raw_table

_BEGINS = "nights_forgotten"
"""A temporary table: when the first forgotten day begins for each client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Rows that went, by table; ``redated`` ledger rows stay for the days before. ``from_on``: the first day undone."""

    from_on: date
    rows: dict[str, int]
    redated: int

    @property
    def is_nothing(self) -> bool:
        return not any(self.rows.values()) and not self.redated


def forget_from(con: Connection, from_on: date) -> Forgotten:
    """Take away what was read or judged on ``from_on`` (in each client's zone) or later.

    Runs in the caller's transaction.
    """
    con.execute(
        f"""
        create or replace temporary table {_BEGINS} as
        with whose as (
            select client from ops.loads
            union select client from okr.key_result_progress
            union select client from config.clients
        )
        select
            whose.client,
            cast(cast($day as date) as timestamp) at time zone coalesce(clients.timezone, 'UTC') as begins_at
        from whose left join config.clients as clients on whose.client = clients.client
        """,  # noqa: S608 - a constant
        {"day": from_on},
    )
    try:
        rows = {f"raw.{table.name}": _raw(con, table, from_on) for table in RAW_TABLES.values()}
        rows["ops.loads"], redated = _loads(con, from_on)
        rows |= _histories(con)
        rows |= _results(con, from_on)
    finally:
        con.execute(f"drop table if exists {_BEGINS}")
    return Forgotten(from_on=from_on, rows={name: count for name, count in rows.items() if count}, redated=redated)


def _delete(con: Connection, table: str, condition: str, values: dict[str, object] | None = None) -> int:
    """Rows of ``table`` (``gone``) whose client's forgotten days begin ``begins_at`` and that meet the condition."""
    done = con.execute(
        f"delete from {table} as gone using {_BEGINS} as begun where gone.client = begun.client and ({condition})",  # noqa: S608
        values or {},
    ).fetchall()
    return int(done[0][0])


def _raw(con: Connection, table: RawTable, from_on: date) -> int:
    columns = {column.name for column in table.columns}
    place = raw_table(table).qualified
    if "taken_at" in columns:
        return _delete(con, place, "gone.taken_at >= begun.begins_at")
    if table.time_column is None:
        # a list stays as it was last read, but for what it can't have known; it is due again
        published = "published_at" in columns
        return _delete(con, place, "gone.published_at >= begun.begins_at") if published else 0
    return _delete(con, place, f"gone.{quote(table.time_column)} >= $day", {"day": from_on})


def _loads(con: Connection, from_on: date) -> tuple[int, int]:
    """Ledger rows that went, and those that stay for the days before."""
    by_window = [table for table in RAW_TABLES.values() if has_windows(table)]
    names = [table.name for table in by_window]
    gone = _delete(
        con,
        "ops.loads",
        """
        gone.started_at >= begun.begins_at and (
            gone.status <> 'loaded'
            or (list_contains($windowed, gone.stream) and gone.window_start >= $day)
            or (
                not list_contains($windowed, gone.stream)
                and coalesce(cast(gone.quality ->> 'taken_at' as timestamptz), gone.started_at) >= begun.begins_at
            )
        )
        """,
        {"day": from_on, "windowed": names},
    )
    # what a reading parsed anew counted stays; a window counts what is left of it
    kept = con.execute(
        f"""
        update ops.loads as load set
            window_end = least(load.window_end, cast($day as date) - 1),
            started_at = begun.begins_at - interval 1 day,
            finished_at = begun.begins_at - interval 1 day
        from {_BEGINS} as begun
        where begun.client = load.client and load.started_at >= begun.begins_at
        """,  # noqa: S608 - a constant
        {"day": from_on},
    ).fetchall()
    for table in by_window:
        con.execute(
            f"""
            update ops.loads as load set rows = (
                select count(*) from {raw_table(table).qualified} as there
                where there.client = load.client and there.source = load.source
                    and there.{quote(str(table.time_column))} between load.window_start and load.window_end
            )
            from {_BEGINS} as begun
            where begun.client = load.client and load.stream = $stream and load.status = 'loaded'
                and load.started_at = begun.begins_at - interval 1 day
            """,  # noqa: S608 - quoted
            {"stream": table.name},
        )
    return gone, int(kept[0][0])


def _histories(con: Connection) -> dict[str, int]:
    rows = {
        name: _delete(con, name, "gone.first_seen_at >= begun.begins_at")
        for name in ("ops.blog_post_history", "ops.source_identities")
    }
    rows["ops.gone_social_posts"] = _delete(con, "ops.gone_social_posts", "gone.gone_at >= begun.begins_at")
    con.execute(
        f"""
        update ops.blog_post_history set last_seen_at = greatest(first_seen_at, begun.begins_at - interval 1 day)
        from {_BEGINS} as begun
        where begun.client = blog_post_history.client and last_seen_at >= begun.begins_at
        """  # noqa: S608 - a constant
    )
    known = first_row(
        con, "select count(*) from duckdb_tables() where schema_name = 'first_known' and table_name = 'closed_months'"
    )
    if known and known[0]:
        rows["first_known.closed_months"] = _delete(
            con, "first_known.closed_months", "gone.known_at >= begun.begins_at"
        )
    return rows


def _results(con: Connection, from_on: date) -> dict[str, int]:
    rows = {}
    for table in OKR_TABLES.values():
        has_known_at = any(column.name == "known_at" for column in table.columns)
        condition = "gone.as_of >= $day" + (" or gone.known_at >= begun.begins_at" if has_known_at else "")
        rows[f"okr.{table.name}"] = _delete(con, table.qualified, condition, {"day": from_on})
    return rows
