"""How many rows of a table fail each of its checks, asked in one statement.

A table has a dozen checks, and a statement of its own for each costs more than its rows do. For all that is said of one
row, the table is read once, and again only where a row fails, to tell which check it is; all else (a key, a comparison
with other tables) is a subquery beside it. What belongs here: that statement. What does not: what a check asks
(``declared.py``) and what follows (``run.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.warehouse.checks.declared import Check, Checked, failing_condition, failing_rows_sql
from pipelines.warehouse.db import Connection
from pipelines.warehouse.models.project import Project


@dataclass(frozen=True, slots=True)
class Counted:
    """By a check's name: rows that fail it, or why it could not be run."""

    rows: dict[str, int] = field(default_factory=dict)
    raised: dict[str, Exception] = field(default_factory=dict)


def count_failing(
    con: Connection, checks: Iterable[Check], *, model: Checked, project: Project, table: str, previous: str
) -> Counted:
    """Count for each check the rows of ``table`` that fail it; see ``failing_rows_sql``.

    Whatever a check raises is that check's error and no other's, unless the caller is in a transaction: DuckDB ends
    that with the first error, so that none of the checks counted with it could be run.
    """
    counted = Counted()
    conditions: dict[str, str] = {}
    queries: dict[str, str] = {}
    for check in checks:
        try:
            condition = failing_condition(check, project=project)
            if condition is not None:
                conditions[check.name] = condition
            else:
                queries[check.name] = failing_rows_sql(
                    check, model=model, project=project, table=table, previous=previous
                )
        except Exception as error:  # noqa: BLE001 - whatever a check raises is that check's error
            counted.raised[check.name] = error
    _count(con, counted, conditions, queries, table=table)
    return counted


def _count(
    con: Connection, counted: Counted, conditions: dict[str, str], queries: dict[str, str], *, table: str
) -> None:
    names = [*conditions, *queries]
    if not names:
        return
    try:
        counted.rows.update(zip(names, _numbers(con, conditions, queries, table=table), strict=True))
    except Exception as error:  # noqa: BLE001 - whatever a check raises is that check's error
        if len(names) == 1 or _is_aborted(con):
            counted.raised.update(dict.fromkeys(names, error))
            return
        for name, condition in conditions.items():
            _count(con, counted, {name: condition}, {}, table=table)
        for name, query in queries.items():
            _count(con, counted, {}, {name: query}, table=table)


def _numbers(con: Connection, conditions: dict[str, str], queries: dict[str, str], *, table: str) -> list[int]:
    """Those of the conditions, then those of the queries."""
    parts = [f"(select count(*) from ({query}))" for query in queries.values()]  # noqa: S608 - the project's own SQL
    if conditions:
        any_of_them = " or ".join(f"({condition})" for condition in conditions.values())
        parts.insert(0, f"(select count(*) from {table} as checked where {any_of_them})")  # noqa: S608 - the same
    numbers = [int(number) for number in con.execute(f"select * from {', '.join(parts)}").fetchall()[0]]  # noqa: S608
    if not conditions:
        return numbers
    failing, *others = numbers
    if not failing:  # as on nearly every night
        return [0] * len(conditions) + others
    sums = ", ".join(f"count(case when {condition} then 1 end)" for condition in conditions.values())
    each = con.execute(f"select {sums} from {table} as checked").fetchall()[0]  # noqa: S608 - the same
    return [*map(int, each), *others]


def _is_aborted(con: Connection) -> bool:
    """Whether an error has ended the transaction that the caller is in."""
    try:
        con.execute("select 1")
    except Exception:  # noqa: BLE001 - nothing can be asked any more
        return True
    return False
