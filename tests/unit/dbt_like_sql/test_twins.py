"""Two web sources that see the same site count once for all sources together: the one listed first in the file.

Under test: ``int_web_twins`` and what takes it, from pages to the marts; each story is a client of one database.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.unit.dbt_like_sql.test_post_identity import site, views
from tests.unit.sql_story import Story, build

OCTOBER, A_DAY = date(2026, 10, 1), date(2026, 10, 8)


def same_site() -> Story:
    story = site("same", "first", "second")
    views(story, "/", 70, source="first", on=A_DAY)
    return views(story, "/", 90, source="second", host="TALL.se", on=A_DAY)


def two_sites() -> Story:
    story = site("two", "first", "second")
    views(story, "/", 70, source="first", on=A_DAY)
    return views(story, "/", 90, source="second", host="shop.tall.se", on=A_DAY)


def hostless() -> Story:
    """Nobody knows which site a source is of that gives no host."""
    story = site("hostless", "first", "second")
    views(story, "/", 70, source="first", host="", on=A_DAY)
    return views(story, "/", 90, source="second", host="", on=A_DAY)


def stories() -> Iterable[Story]:
    return [same_site(), two_sites(), hostless()]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def months(con: duckdb.DuckDBPyConnection, client: str, kpi: str) -> list[tuple[Any, ...]]:
    return con.execute(
        "select scope, value, note from marts.kpi_monthly where client = ? and kpi = ? and month = ? order by scope",
        [client, kpi, OCTOBER],
    ).fetchall()


def test_the_first_of_two_that_see_one_site_counts_for_all_and_the_note_says_so(con: duckdb.DuckDBPyConnection) -> None:
    (whole, first, second) = months(con, "same", "page_views")
    assert (whole[0], first[0], second[0]) == ("all", "source=first", "source=second")
    assert whole[1] == first[1]
    assert "first: counts alone, as second sees the same site" in whole[2]
    assert "same site" not in str(first[2]) + str(second[2])


def test_their_days_count_once_too(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select client, scope, value from marts.kpi_daily where kpi = 'sessions' and day = ? order by all", [A_DAY]
    ).fetchall()
    by_scope = {(client, scope): value for client, scope, value in found}
    assert by_scope["same", "all"] == by_scope["same", "source=first"]
    assert by_scope["two", "all"] == by_scope["two", "source=first"] + by_scope["two", "source=second"]


@pytest.mark.parametrize("client", ["two", "hostless"])
def test_two_sites_and_sites_nobody_knows_add_up(con: duckdb.DuckDBPyConnection, client: str) -> None:
    by_scope = {scope: value for scope, value, _ in months(con, client, "page_views")}
    assert by_scope["all"] == by_scope["source=first"] + by_scope["source=second"]
