"""An initiative's cost as the sum of a figure's days. Under test: ``pipelines.warehouse.okr.initiatives``."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from okr_models.client.model import Client, Control, Initiative
from okr_models.client.targets import Scope
from pipelines.warehouse.okr.initiatives import _cost

START, END = date(2026, 3, 1), date(2026, 3, 10)


@pytest.mark.parametrize(
    ("missing", "as_of", "cost"),
    [(None, date(2026, 4, 1), 50.0), (date(2026, 3, 4), date(2026, 4, 1), None), (None, date(2026, 3, 4), 15.0)],
    ids=["over", "a day unknown", "running"],
)
def test_a_cost_is_the_sum_of_its_days_and_not_known_where_one_of_them_is_not(
    missing: date | None, as_of: date, cost: float | None
) -> None:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute("create table marts.kpi_daily (client varchar, kpi varchar, scope varchar, day date, value double)")
    days = [START + timedelta(days=number) for number in range(-3, 20)]
    rows = [("acme", "ad_cost", "source=ads", day, 5.0) for day in days if day != missing]
    con.executemany("insert into marts.kpi_daily values (?, ?, ?, ?, ?)", rows)
    initiative = Initiative(
        id="push", title="Push", start=START, end=END, cost=Control(kpi="ad_cost", scope=Scope(source="ads"))
    )
    assert _cost(con, Client(client="acme", name="Acme"), initiative, as_of=as_of) == cost


def test_a_cost_that_is_a_number_stays_it() -> None:
    initiative = Initiative(id="push", title="Push", cost=40000)
    assert _cost(duckdb.connect(), Client(client="acme", name="Acme"), initiative, as_of=END) == 40000.0
