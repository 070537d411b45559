"""What an asset's page shows of its table: rows in all, ten of them, and a plot in text where it says it faster.

Staging, marts and okr only: what comes from a vendor lies there without secrets, in columns that a schema file names.
What belongs here: reading few rows. What does not: how text is made harmless (``markdown.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dagster as dg
import duckdb

from pipelines.markdown import MOST_CHARACTERS, escaped, markdown_table, sparkline
from pipelines.warehouse.db import first_row, quote

SHOWN_LAYERS = frozenset({"staging", "marts", "okr"})
ROWS = 10
COLUMNS = 12
MONTHS = 24
LINES = 60
HIDDEN = frozenset({"base_url", "message", "reply", "quality"})
"""Addresses that a client file gives may hold a name and password; the others are long and for the ledger."""
NEWEST = ("as_of", "month", "day", "window_start", "published_at", "period_start", "snapshot_at")
"""Columns by which the newest rows are shown, the first of these that the table has."""

Metadata = dict[str, dg.MetadataValue]


def preview(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, *, columns: Iterable[str] | None = None
) -> Metadata:
    """Metadata ``preview`` of a table of a layer that may be shown; empty for other layers and empty tables.

    ``columns``: the table's, where the caller knows them.
    """
    if schema not in SHOWN_LAYERS:
        return {}
    name = f"{quote(schema)}.{quote(table)}"
    known = [row[0] for row in con.execute(f"describe {name}").fetchall()] if columns is None else columns
    columns = [column for column in known if column not in HIDDEN][:COLUMNS]
    newest = next((column for column in NEWEST if column in columns), None)
    listed = ", ".join(map(quote, columns))
    order = ", ".join([*([f"{quote(newest)} desc nulls last"] if newest else []), *map(quote, columns)])
    rows = con.execute(f"select {listed} from {name} order by {order} limit {ROWS}").fetchall()  # noqa: S608 - quoted
    if not rows:
        return {}
    return {"preview": dg.MetadataValue.md(markdown_table([dict(zip(columns, row, strict=True)) for row in rows]))}


def row_count(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """Rows in all."""
    counted = first_row(con, f"select count(*) from {quote(schema)}.{quote(table)}")  # noqa: S608 - quoted
    return int(counted[0]) if counted else 0


def months_plot(con: duckdb.DuckDBPyConnection) -> Metadata:
    """Each KPI's closed months over all of a client, oldest first: a bar a month, a dot where a month has no value."""
    rows = con.execute(
        """
        select client, kpi, list(value order by month), max(month), arg_max(value, month)
        from (
            from marts.kpi_monthly
            where scope = 'all' and is_closed
            qualify row_number() over (partition by client, kpi order by month desc) <= ?
        )
        group by client, kpi
        order by client, kpi
        limit ?
        """,
        [MONTHS, LINES],
    ).fetchall()
    return _plot([_line(client, {"kpi": kpi}, values, month, last) for client, kpi, values, month, last in rows])


def progress_plot(con: duckdb.DuckDBPyConnection) -> Metadata:
    """Each key result's progress over its last nights, and its status now."""
    rows = con.execute(
        """
        select client, objective_id || '/' || key_result_id, list(raw_progress order by as_of, known_at), max(as_of),
            arg_max(status, (as_of, known_at))
        from (
            from okr.key_result_progress
            qualify row_number() over (
                partition by client, objective_id, key_result_id order by as_of desc, known_at desc
            ) <= ?
        )
        group by all
        order by client, 2
        limit ?
        """,
        [MONTHS, LINES],
    ).fetchall()
    return _plot(
        [_line(client, {"key result": name}, values, as_of, status) for client, name, values, as_of, status in rows]
    )


def _line(
    client: str, name: Mapping[str, object], values: list[float | None], until: object, last: object
) -> Mapping[str, object]:
    return {"client": client, **name, "course": sparkline(values), "until": until, "last": last}


def _plot(lines: list[Mapping[str, object]]) -> Metadata:
    return {"course": dg.MetadataValue.md(markdown_table(lines))} if lines else {}


def bullets(texts: list[str], *, most: int = MOST_CHARACTERS) -> dg.MetadataValue:
    """A list of texts, each clipped to ``most`` characters."""
    return dg.MetadataValue.md("\n".join(f"- {escaped(text, most=most)}" for text in texts))
