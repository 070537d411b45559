"""Replaying a client's own months: how well its key results could have been forecast in the years gone by.

What belongs here: which months of which KPI, and the comparison of each. What does not: the replay itself
(``okr_models/forecast/backtest.py``), the command that prints it (``pipelines/cli/backtest.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from okr_models.client.model import Client
from okr_models.forecast.backtest import Comparison, MonthlySeries, Origin, compare, replay
from okr_models.forecast.jobs import in_parallel
from okr_models.periods import add_months
from pipelines.warehouse.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One figure of one client: the comparison, or why there is none."""

    client: str
    kpi: str
    scope: str
    comparison: Comparison | None
    reason: str | None = None


def replay_clients(
    con: Connection, clients: Iterable[Client], *, workers: int
) -> tuple[list[Replayed], Comparison | None]:
    """A row for each KPI that a key result asks for, and the comparison over all of them (None without any)."""
    figures = [(client.client, kpi, scope) for client in clients for kpi, scope in _figures(client)]
    series = [_months(con, *figure) for figure in figures]
    origins = in_parallel(_origins, series, workers=workers)
    rows = [_row(figure, one, found) for figure, one, found in zip(figures, series, origins, strict=True)]
    everyone = [origin for found in origins for origin in found]
    return rows, compare(everyone) if everyone else None


def _figures(client: Client) -> list[tuple[str, str]]:
    asked = {
        (key_result.kpi, str(key_result.scope))
        for objective in client.objectives
        for key_result in objective.key_results
        if key_result.kpi
    }
    return sorted(asked)


def _months(con: Connection, client: str, kpi: str, scope: str) -> MonthlySeries:
    """The newest run of consecutive closed months with a value, from the first above zero; empty where there is none.

    Zeros before it are those of an account that had not opened.
    """
    rows = con.execute(
        "select month, value from marts.kpi_monthly"
        " where client = ? and kpi = ? and scope = ? and is_closed and value is not null order by month desc",
        [client, kpi, scope],
    ).fetchall()
    values: list[float] = []
    for month, value in rows:
        if values and month != add_months(rows[0][0], -len(values)):
            break
        values.append(float(value))
    while len(values) > 1 and values[-1] == 0:
        values.pop()
    return MonthlySeries(
        name=f"{client} {kpi} {scope}", values=np.array(values[::-1], dtype=np.float64), is_public=False
    )


def _origins(series: MonthlySeries) -> list[Origin]:
    if not bool(np.all(series.values > 0)):
        return []
    return replay(series)


def _row(figure: tuple[str, str, str], series: MonthlySeries, origins: list[Origin]) -> Replayed:
    client, kpi, scope = figure
    reason = None if origins else _why_not(series)
    return Replayed(
        client=client, kpi=kpi, scope=scope, comparison=compare(origins) if origins else None, reason=reason
    )


def _why_not(series: MonthlySeries) -> str:
    if not bool(np.all(series.values > 0)):
        return "has months at or below zero, of which no share exists"
    return f"{len(series.values)} closed months in a row, and a year to replay needs 25 or more"
