"""Traffic against its own history: what is an outage, and what is only a day not whole yet or a site that varies.

Really under test: ``dbt_like_sql/tests/generic/own_history.sql`` as ``schema.yml`` declares it, over tables made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from pipelines.warehouse.checks.declared import checks_of, failing_rows_sql
from pipelines.warehouse.models.project import load_project

PROJECT = load_project()
MODEL = PROJECT.model("kpi_daily")
AS_OF = date(2026, 11, 20)
NEWEST = AS_OF - timedelta(days=1)
HISTORY = 150
SETTLE = 4
Share = Callable[[int], float]
"""Of what a day comes to in the end, what is there at an age."""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        connection.execute("create table staging.stg_config__clients as select 'a' as client, $1 as as_of", [AS_OF])
        connection.execute(
            "create table staging.stg_config__streams as select 'a' as client, 'web' as source,"
            f" 'web_daily' as stream, {SETTLE} as settle_days"
        )
        connection.execute(
            "create table staging.stg_ops__seen_days (client varchar, source varchar, stream varchar, kpi varchar,"
            " day date, age_days bigint, value double)"
        )
        connection.execute(
            "create table days (client varchar, kpi varchar, scope varchar, day date, value double, origin varchar)"
        )
        yield connection


def steady(age: int, *, of: float = 400.0) -> float:
    """A site with quiet weekends that is never twice the same."""
    day = AS_OF - timedelta(days=age)
    return of * (0.5 if day.isoweekday() > 5 else 1.0) * (1 + 0.08 * float(np.sin(day.toordinal() * 2.7)))


def tell(
    con: duckdb.DuckDBPyConnection, *, value: Callable[[int], float] = steady, there: Share | None = None,
    struck: dict[int, float] | None = None, nights: int = 30, kpi: str = "sessions",
) -> None:  # fmt: skip
    """Days by their age, of which at each age a share is there (None: whole at once), and some are struck."""
    hit = struck or {}
    for age in range(1, HISTORY):
        whole = value(age) * hit.get(age, 1.0)
        day = AS_OF - timedelta(days=age)
        now = round(whole * (there(age) if there else 1.0))
        con.execute("insert into days values ('a', $1, 'source=web', $2, $3, 'source')", [kpi, day, now])
        if there is None:
            continue
        for seen_at in range(1, SETTLE + 2):
            # nights since the ledger began to keep what they saw
            if 0 <= age - seen_at < nights:
                con.execute(
                    "insert into staging.stg_ops__seen_days values ('a', 'web', 'web_daily', $1, $2, $3, $4)",
                    [kpi, day, seen_at, round(whole * there(seen_at))],
                )


def odd_days(con: duckdb.DuckDBPyConnection, check: str = "traffic_like_its_history") -> list[int]:
    """The ages of the days that the check tells of."""
    (declared,) = [each for each in checks_of(MODEL) if each.name == check]
    sql = failing_rows_sql(declared, model=MODEL, project=PROJECT, table="days", previous="")
    return sorted((AS_OF - day).days for (day,) in con.execute(f"select day from ({sql})").fetchall())


def late(age: int) -> float:
    """A vendor that has little more than half of a day the next morning."""
    return {1: 0.55, 2: 0.9}.get(age, 1.0)


def test_a_day_that_is_only_half_counted_as_at_its_age_it_always_is_is_no_outage(
    con: duckdb.DuckDBPyConnection,
) -> None:
    tell(con, there=late)
    assert odd_days(con) == []


def test_without_what_earlier_nights_saw_the_same_figures_would_be_one(con: duckdb.DuckDBPyConnection) -> None:
    tell(con, there=late)
    con.execute("delete from staging.stg_ops__seen_days")
    assert odd_days(con) == [1]


def test_an_outage_is_seen_behind_what_is_not_yet_counted(con: duckdb.DuckDBPyConnection) -> None:
    tell(con, there=late, struck={1: 1 / 3})
    assert odd_days(con) == [1]


@pytest.mark.parametrize(("share", "noticed"), [(0.0, True), (0.35, False)])
def test_until_nights_have_seen_it_half_a_day_is_allowed_to_be_late_and_silence_is_not(
    con: duckdb.DuckDBPyConnection, share: float, noticed: bool
) -> None:
    tell(con, there=late, struck={1: share / late(1)}, nights=3)
    assert odd_days(con) == ([1] if noticed else [])


def test_a_source_that_was_late_and_no_longer_is_is_not_taken_for_double_counting(
    con: duckdb.DuckDBPyConnection,
) -> None:
    tell(con, there=late)
    con.execute("update days set value = $1 where day = $2", [steady(1), NEWEST])
    assert odd_days(con) == []


def test_a_drop_that_alone_is_within_what_the_site_does_is_told_of_when_it_lasts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    chance = np.random.default_rng(3)
    noise = np.exp(0.3 * chance.standard_normal(HISTORY))
    noise[1] = noise[2] = 1.0

    def varying(age: int) -> float:
        return 400.0 * float(noise[age])

    tell(con, value=varying, struck={1: 0.38})
    assert odd_days(con) == []
    con.execute("delete from days")
    tell(con, value=varying, struck={1: 0.38, 2: 0.38})
    assert odd_days(con) == [1]


def test_a_page_that_is_in_the_news_now_and_then_is_not_cried_over_when_it_is_again(
    con: duckdb.DuckDBPyConnection,
) -> None:
    def newsworthy(age: int) -> float:
        return steady(age) * (6.0 if age % 11 == 1 else 1.0)

    tell(con, value=newsworthy)
    assert odd_days(con) == []
    con.execute("delete from days")
    tell(con, struck={1: 6.0})
    assert odd_days(con) == [1], "a site that never is, is"


@pytest.mark.parametrize(("each_day", "noticed"), [(3.0, []), (30.0, [1])])
def test_of_a_few_a_day_none_is_chance_and_of_many_it_is_not(
    con: duckdb.DuckDBPyConnection, each_day: float, noticed: list[int]
) -> None:
    tell(con, value=lambda age: steady(age, of=each_day), struck={1: 0.0}, kpi="interactions")
    assert odd_days(con, "interactions_like_their_history") == noticed


def test_interactions_taken_back_below_zero_are_judged_as_none(con: duckdb.DuckDBPyConnection) -> None:
    tell(con, value=lambda age: steady(age, of=30.0), struck={1: -0.5, 20: -1.0}, kpi="interactions")
    assert odd_days(con, "interactions_like_their_history") == [1]
