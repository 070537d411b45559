"""``okr.key_result_path``: by month where each key result should be, and where it is expected to go.

What belongs here: one night's rows, put in place of the last night's. What does not: the arithmetic
(``okr_models/progress/series.py``), which draws the report's charts too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from okr_models.client.model import Client, KeyResult, Objective
from okr_models.progress.series import Series, series_of
from pipelines.warehouse.db import Connection
from pipelines.warehouse.okr.tables import KEY_RESULT_PATH


@dataclass(frozen=True, slots=True)
class _Row:
    objective_id: str
    key_result_id: str
    kpi: str | None
    kind: str | None
    baseline: float | None
    target: float | None
    forecast: float | None
    forecast_low: float | None
    forecast_high: float | None
    forecast_target: float | None
    as_of: date


@dataclass(frozen=True, slots=True)
class _Month:
    value: float | None
    is_closed: bool
    denominator: float | None


@dataclass(frozen=True, slots=True)
class _Item:
    objective_id: str
    key_result_id: str
    outcome: str
    decided_on: date | None


def write_paths(con: Connection, clients: Iterable[Client]) -> int:
    """The paths of every key result that the clients' newest night judged; says how many rows."""
    count = 0
    for client in clients:
        con.execute("delete from okr.key_result_path where client = ?", [client.client])
        months, rows, items = _months(con, client.client), _rows(con, client.client), _items(con, client.client)
        for row in rows:
            objective, definition = _definition(client, row)
            if objective is None or definition is None:
                continue
            series = series_of(
                row, definition=definition, period=objective.period, months=months, items=items, as_of=row.as_of
            )
            lines = _lines(client.client, row, series) if series else []
            if lines:
                con.executemany(KEY_RESULT_PATH.insert_sql, lines)
            count += len(lines)
    return count


def _lines(client: str, row: _Row, series: Series) -> list[list[object]]:
    bound = series.bounds[0] if len(series.bounds) == 1 else None
    return [
        [
            *(client, row.objective_id, row.key_result_id, point.month),
            *(bound if point.path is None else point.path, point.mid, point.low, point.high),
        ]
        for point in series.points
    ]


def _definition(client: Client, row: _Row) -> tuple[Objective | None, KeyResult | None]:
    objective = next((each for each in client.objectives if each.id == row.objective_id), None)
    results = objective.key_results if objective else ()
    return objective, next((each for each in results if each.id == row.key_result_id), None)


def _rows(con: Connection, client: str) -> list[_Row]:
    found = con.execute(
        """
        select objective_id, key_result_id, kpi, kind, baseline, target, forecast, forecast_low, forecast_high,
            forecast_target, as_of
        from okr.key_result_progress where client = ?
        qualify row_number() over (partition by objective_id, key_result_id order by as_of desc, known_at desc) = 1
            and as_of = max(as_of) over ()
        order by all
        """,
        [client],
    ).fetchall()
    return [_Row(*row) for row in found]


def _months(con: Connection, client: str) -> dict[tuple[str, str], dict[date, _Month]]:
    found: dict[tuple[str, str], dict[date, _Month]] = {}
    for kpi, scope, month, value, is_closed, below in con.execute(
        "select kpi, scope, month, value, is_closed, denominator from marts.kpi_monthly where client = ?"
        " order by kpi, scope, month",
        [client],
    ).fetchall():
        found.setdefault((kpi, scope), {})[month] = _Month(value, bool(is_closed), below)
    return found


def _items(con: Connection, client: str) -> list[_Item]:
    rows = con.execute(
        """
        select objective_id, key_result_id, outcome, decided_on from okr.key_result_items
        where (client, objective_id, key_result_id, as_of, known_at) in (
            select client, objective_id, key_result_id, as_of, known_at from okr.key_result_progress
            where client = $client
            qualify row_number() over (partition by objective_id, key_result_id order by as_of desc, known_at desc) = 1
        )
        """,
        {"client": client},
    ).fetchall()
    return [_Item(*row) for row in rows]
