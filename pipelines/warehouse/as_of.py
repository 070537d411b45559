"""Rows as they were known on a day: the newest with ``as_of`` no later, known before the next night.

What belongs here: that one rule, for any table that carries ``as_of`` and ``known_at``. What does not: showing them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from pipelines.warehouse.clock import FIXED_TIME, FIXED_ZONE
from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.okr_tables import KEY_RESULT_ITEMS, KEY_RESULT_PROGRESS, OBJECTIVE_PROGRESS
from pipelines.warehouse.tables import Table, names

_SUBJECT: dict[str, tuple[str, ...]] = {
    KEY_RESULT_PROGRESS.name: ("client", "objective_id", "key_result_id"),
    KEY_RESULT_ITEMS.name: ("client", "objective_id", "key_result_id"),
    OBJECTIVE_PROGRESS.name: ("client", "objective_id"),
}
"""What there is one newest row of (of items: one newest set)."""


def next_night(as_of: date) -> datetime:
    """The instant from which on nothing was known yet on ``as_of``: 05:00 of the next day."""
    return datetime.combine(as_of + timedelta(days=1), FIXED_TIME, FIXED_ZONE).astimezone(UTC)


def rows_as_of(
    con: Connection,
    table: Table,
    *,
    as_of: date,
    client: str | None = None,
    restated: bool = False,
    schema: Literal["okr", "marts"] = "marts",
) -> list[dict[str, Any]]:
    """The rows of ``table`` as known on ``as_of``; ``restated``: as that day comes out over what is known now.

    Ordered by the table's key. Rows of a key result that had none by then are left out, never made up.
    """
    subject = names(_SUBJECT[table.name])
    # identifiers come from the declared tables and are quoted; values are bound
    sql = f"""
        select {names(table.column_names)}
        from {quote(schema)}.{quote(table.name)}
        where as_of <= $as_of
            and ($client is null or client = $client)
            and ($known_before is null or known_at < $known_before)
        qualify (as_of, known_at) = max((as_of, known_at)) over (partition by {subject})
        order by {names(table.key)}
    """  # noqa: S608
    known_before = None if restated else next_night(as_of)
    rows = con.execute(sql, {"as_of": as_of, "client": client, "known_before": known_before}).fetchall()
    return [dict(zip(table.column_names, row, strict=True)) for row in rows]
