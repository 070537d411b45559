"""What each closed month was when it was first known, and how much a later reading changed it.

What belongs here: one table of values as they became known, in a schema of its own that is never published. What does
not: which restatement concerns a key result (``okr_models/progress/notes_due.py``).
"""

from __future__ import annotations

from datetime import UTC, datetime

from okr_models.progress.figures import Restatement
from pipelines.warehouse.db import Connection
from pipelines.warehouse.tables import Column, Table, statements

NOTED_FROM = 0.01
"""A closed month changed by more than this leaves a note (MEASURES.md, "Late data")."""

CLOSED_MONTHS = Table(
    schema="first_known",
    name="closed_months",
    meaning="Each closed month's value as it became known; a later row is a restatement. Append-only.",
    key=("client", "kpi", "scope", "month", "known_at"),
    columns=(
        Column("client", "VARCHAR", "Client's slug"),
        Column("kpi", "VARCHAR", "KPI id"),
        Column("scope", "VARCHAR", "all, platform=NAME or source=ID"),
        Column("month", "DATE", "First day of the month"),
        Column("known_at", "TIMESTAMPTZ", "When the value became known"),
        Column("value", "DOUBLE", "Value in the KPI's unit"),
    ),
)

_NEW = """
    insert into first_known.closed_months by name
    with newest as (
        select kpi, scope, month, max(known_at) as last_known_at, arg_max(value, known_at) as last_value
        from first_known.closed_months where client = $client group by kpi, scope, month
    )
    select
        figures.client, figures.kpi, figures.scope, figures.month, figures.value,
        greatest(cast($now as timestamptz), newest.last_known_at + interval 1 second) as known_at
    from marts.kpi_monthly as figures
    left join newest
        on figures.kpi = newest.kpi and figures.scope = newest.scope and figures.month = newest.month
    where figures.client = $client and figures.is_closed and isfinite(figures.value)
        and (newest.last_value is null
            or abs(figures.value - newest.last_value) > 1e-9 * greatest(1.0, abs(newest.last_value)))
"""
_CHANGED = """
    with ends as (
        select kpi, scope, month, arg_min(value, known_at) as first_value, arg_max(value, known_at) as last_value
        from first_known.closed_months where client = $client group by kpi, scope, month
    )
    select kpi, scope, month, first_value, last_value from ends
    where abs(last_value - first_value) > $noted_from * abs(first_value)
    order by kpi, scope, month
"""


def remember_closed_months(con: Connection, client: str, *, now: datetime) -> None:
    """Add the closed months that are new or have changed."""
    con.execute("create schema if not exists first_known")
    for statement in statements(CLOSED_MONTHS):
        con.execute(statement)
    con.execute(_NEW, {"client": client, "now": now.astimezone(UTC)})


def restatements(con: Connection, client: str) -> tuple[Restatement, ...]:
    """Closed months that are now more than 1 % from what they were when first known."""
    rows = con.execute(_CHANGED, {"client": client, "noted_from": NOTED_FROM}).fetchall()
    return tuple(
        Restatement(kpi=kpi, scope=scope, month=month, first_value=first, value=value)
        for kpi, scope, month, first, value in rows
    )
