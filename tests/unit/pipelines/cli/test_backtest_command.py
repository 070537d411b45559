"""``okr backtest`` over a published database with made-up months; the replay is real, the database small."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.synthetic_series import seasonal_on_course
from okr_models.client.model import Change, Client, KeyResult, Objective, Period
from okr_models.periods import add_months
from pipelines.cli.backtest import HEADER, Replayed, _line
from pipelines.cli.main import okr
from pipelines.warehouse.okr.backtest import replay_clients


def client(*kpis: str) -> Client:
    results = tuple(KeyResult(id=kpi, title=kpi, kpi=kpi, target=Change(share=0.3)) for kpi in kpis)
    period = Period(start=date(2026, 1, 1), end=date(2026, 12, 31))
    return Client(
        client="acme", name="Acme", objectives=(Objective(id="o", title="O", period=period, key_results=results),)
    )


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """40 months of sessions and 12 of page views, published; and interactions with an empty month."""
    found = duckdb.connect()
    found.execute("create schema marts")
    found.execute(
        "create table marts.kpi_monthly (client varchar, kpi varchar, scope varchar, month date, value double,"
        " is_closed boolean)"
    )
    months = seasonal_on_course(seed=1).values[:40]
    for kpi, values in (("sessions", months), ("page_views", months[:12]), ("interactions", np.r_[months, 0.0])):
        for step, value in enumerate(values):
            found.execute(
                "insert into marts.kpi_monthly values ('acme', ?, 'all', ?, ?, true)",
                [kpi, add_months(date(2023, 1, 1), step), float(value)],
            )
    return found


def test_each_kpi_is_replayed_and_the_forecast_compared_with_the_straight_line(con: duckdb.DuckDBPyConnection) -> None:
    (row,), everyone = replay_clients(con, [client("sessions")], workers=1)
    assert row.comparison is not None
    assert row.comparison == everyone
    assert row.comparison.origins > 20
    assert row.comparison.forecast_brier < row.comparison.straight_line_brier
    assert _line(row).split()[:3] == ["acme", "sessions", "all"]
    assert len(_line(row)) == len(HEADER)


@pytest.mark.parametrize(("kpi", "words"), [("page_views", "12 closed months"), ("interactions", "below zero")])
def test_what_cannot_be_replayed_says_why(con: duckdb.DuckDBPyConnection, kpi: str, words: str) -> None:
    (row,), everyone = replay_clients(con, [client(kpi)], workers=1)
    assert everyone is None
    assert isinstance(row, Replayed)
    assert words in _line(row)


def test_zeros_of_an_account_that_had_not_opened_are_no_months_to_replay(con: duckdb.DuckDBPyConnection) -> None:
    (before,), _ = replay_clients(con, [client("sessions")], workers=1)
    con.execute(
        "insert into marts.kpi_monthly select 'acme', 'sessions', 'all', month, 0, true"
        " from generate_series(date '2022-01-01', date '2022-12-01', interval 1 month) as t (month)"
    )
    (after,), _ = replay_clients(con, [client("sessions")], workers=1)
    assert before == after


def test_a_gap_ends_the_months_that_are_replayed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.kpi_monthly where kpi = 'sessions' and month = date '2025-12-01'")
    (row,), _ = replay_clients(con, [client("sessions")], workers=1)
    assert row.reason is not None
    assert row.reason.startswith("4 closed months")


def test_the_command_says_in_one_line_that_nothing_is_published(tmp_path: Path) -> None:
    done = CliRunner().invoke(okr, ["--home", str(tmp_path), "backtest"])
    assert done.exit_code == 1
    assert "nothing is published" in done.output
    assert "Traceback" not in done.output
