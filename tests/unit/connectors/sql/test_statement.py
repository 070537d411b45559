"""What a sql source may send: one statement that only reads, proved from the text; all else is refused unsent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sql.settings import Columns
from connectors.sql.statement import NotARead, checked, select

READS = [
    "select 1 as value",
    "  select 1;\n",
    "select ';' as kpi -- ; delete from orders",
    "(select 1) union all (select 2) order by 1",
    "with days as (select 1 as a) select a from days",
    "select '{\"a\": 1}'::jsonb, '10:30'::time",
    "select date_trunc('month', at at time zone 'Europe/Stockholm')::date as month, count(*) from t group by 1",
]
WRITES = [
    "select 1; delete from orders",
    "delete from orders",
    "with gone as (delete from orders returning id) select * from gone",
    "select * into copy from orders",
    "select * from orders for update",
    "insert into orders select 1",
    "create table a as select 1",
    "set role owner",
    "begin",
    "call tidy()",
    "explain analyze delete from orders",
    "copy orders to '/tmp/orders'",
    "select 1 /*! ; delete from orders */",
    "select 1 /*M!100100 ; drop table orders */",
    "select 1\0; drop table orders",
    "select '\\'; delete from orders; -- '",
    "",
    "-- nothing",
]


@pytest.mark.parametrize("text", READS)
def test_one_query_is_sent_as_it_was_written(text: str) -> None:
    assert checked(text, backend="postgresql") == text.strip().rstrip(";")


@pytest.mark.parametrize("backend", ["postgresql", "mysql", "mariadb", "sqlite"])
@pytest.mark.parametrize("text", [text for text in WRITES if "\\'" not in text])
def test_what_writes_locks_or_is_more_than_one_is_never_sent(text: str, backend: str) -> None:
    with pytest.raises(NotARead):
        checked(text, backend=backend)


def test_a_backslash_ends_no_text_in_postgresql_and_does_in_mysql() -> None:
    text = "select '\\'; delete from orders; -- '"
    with pytest.raises(NotARead, match="3 statements"):
        checked(text, backend="postgresql")
    assert checked(text, backend="mysql") == text


@given(st.text(max_size=60), st.sampled_from(["delete from t", "drop table t", "update t set a = 1"]))
def test_nothing_appended_behind_a_semicolon_is_ever_sent(noise: str, write: str) -> None:
    with pytest.raises(NotARead):
        checked(f"select 1 as a; {write} {noise.replace('--', '').replace('/*', '')}", backend="postgresql")


def test_a_table_with_columns_is_a_select_with_quoted_names() -> None:
    columns = Columns(month="månad", value="antal")
    assert select("butik.order", columns, backend="postgresql") == (
        'SELECT "månad" AS "month", "kpi" AS "kpi", "antal" AS "value" FROM "butik"."order"'
    )
