"""A sql source over a real SQLite file: rows by csv's rules, typed values, and errors without the address."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import event

from connectors.core.errors import Misconfigured, NotFound, SourceError, TimedOut
from connectors.core.protocol import Batch
from connectors.sql.engine import address, engine_of, is_loopback
from connectors.sql.settings import Sql
from connectors.sql.source import FIGURES, SqlSource
from tests.fake_vendor import STOCKHOLM, context

QUERY = "select day as date, 'orders' as kpi, count(*) as value from orders group by 1, 2"


def shop(home: Path) -> Path:
    (home / "data").mkdir(exist_ok=True)
    path = home / "data" / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table orders (day text, amount real, kpi text)")
        rows = [("2026-03-30", 10.5, "orders"), ("2026-03-30", 5, "orders"), ("2026-03-31", None, "orders")]
        connection.executemany("insert into orders values (?, ?, ?)", rows)
    return path


def read(home: Path, *, url: str = "sqlite:///data/shop.db", **settings: object) -> Batch:
    wanted = {"query": QUERY} | settings if "table" not in settings else settings
    source = Sql.model_validate({"id": "shop", "url": {"env": "SHOP"}, **wanted})
    return SqlSource(settings=source, context=context(secrets={"url": url}, home=home)).read(FIGURES, None)


def figures(batch: Batch) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in ("kpi", "grain", "period_start", "value")) for row in batch.rows.to_pylist()]


def test_rows_before_the_first_day_to_load_are_left_out(tmp_path: Path) -> None:
    shop(tmp_path)
    assert figures(read(tmp_path, start=date(2026, 3, 31))) == [
        each
        for each in figures(read(tmp_path))
        if each[2] >= date(2026, 3, 31)  # type: ignore[operator]
    ]


def test_each_row_is_a_figure_of_its_day(tmp_path: Path) -> None:
    shop(tmp_path)
    assert figures(read(tmp_path)) == [
        ("orders", "day", date(2026, 3, 30), 2.0),
        ("orders", "day", date(2026, 3, 31), 1.0),
    ]


def test_a_table_is_read_by_the_columns_named_and_null_is_missing(tmp_path: Path) -> None:
    shop(tmp_path)
    query = "select day as date, kpi, sum(amount) as value from orders group by 1, 2"
    batch = read(tmp_path, query=query)
    assert figures(batch)[1] == ("orders", "day", date(2026, 3, 31), None)
    with pytest.raises(Misconfigured, match=r"orders of 2026-03-30 again, first in row 1"):
        read(tmp_path, table="orders", columns={"date": "day", "value": "amount"})


def test_it_cannot_write_even_where_the_text_would_pass(tmp_path: Path) -> None:
    path = shop(tmp_path)
    url = address("sqlite:///data/shop.db", home=tmp_path)
    engine = engine_of(url, zone=STOCKHOLM, timeout_seconds=5)
    with engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("delete from orders")
    assert sqlite3.connect(path).execute("select count(*) from orders").fetchone() == (3,)
    with pytest.raises(Misconfigured, match=r"the query was not sent: it holds 2 statements"):
        read(tmp_path, query=f"{QUERY}; delete from orders")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select day as date, 'orders' as kpi, 1 as value, 2 as value from orders", "column value stands there twice"),
        ("select day, 'orders' as kpi, 1 as value from orders", "unknown column 'day'"),
        ("select '0000-00-00' as date, 'orders' as kpi, 1 as value", "row 1: date '0000-00-00' should be a day"),
        ("select '2026-03-01' as date, 'Orders' as kpi, 1 as value", "row 1: kpi 'Orders' is not an id"),
        ("select '2026-03-01' as date, 'orders' as kpi, x'00' as value", "row 1: value is bytes"),
        ("select '2026-03-02' as month, 'orders' as kpi, 1 as value", "month 2026-03-02 is not a month's first day"),
        ("select '2026-13-01' as month, 'orders' as kpi, 1 as value", "row 1: month '2026-13' should be a month"),
        ("select a from nowhere", "no such table: nowhere"),
    ],
)
def test_a_bad_answer_names_the_row_and_nothing_of_it_is_used(tmp_path: Path, query: str, message: str) -> None:
    shop(tmp_path)
    with pytest.raises(Misconfigured, match=message):
        read(tmp_path, query=query)


def test_a_months_first_day_is_the_month_where_a_database_gives_it_as_text(tmp_path: Path) -> None:
    shop(tmp_path)
    query = "select date(day, 'start of month') as month, 'orders' as kpi, count(*) as value from orders group by 1"
    assert figures(read(tmp_path, query=query)) == [("orders", "month", date(2026, 3, 1), 3.0)]


def test_a_query_that_never_ends_is_stopped(tmp_path: Path) -> None:
    shop(tmp_path)
    endless = "with recursive n(a) as (select 1 union all select a + 1 from n) select a as value from n where a < 0"
    with pytest.raises(TimedOut, match="waited 1 s at most"):
        read(tmp_path, query=endless, timeout_seconds=1)


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("nonsense hunter2", Misconfigured, "url is no address"),
        ("sqlite:///../../etc/passwd", Misconfigured, "leads outside the home folder"),
        ("sqlite://", Misconfigured, "names no file"),
        ("sqlite:///data/nowhere.db", NotFound, "no such|unable to open"),
        ("oracle+nosuch://a:hunter2@db.example/x", Misconfigured, "driver is not installed"),
        ("postgresql://reader:hunter2@127.0.0.1:9/shop", SourceError, "reading the database failed"),
    ],
)
def test_an_address_that_is_no_use_is_told_without_itself(
    tmp_path: Path, url: str, kind: type[SourceError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        read(tmp_path, url=url)
    assert "hunter2" not in str(caught.value)
    assert "db.example" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("postgresql://reader:x@db.example.se/shop", "require"),
        ("postgresql://reader:x@/shop?host=db.example.se", "require"),
        ("postgresql://reader:x@127.0.0.1/shop?hostaddr=10.0.0.1", "require"),
        ("postgresql://reader:x@127.0.0.1,db.example.se/shop", "require"),
        ("postgresql://reader:x@127.0.0.1/shop", None),
        ("postgresql://reader:x@/shop?host=/var/run/postgresql", None),
        ("postgresql://reader:x@db.example.se/shop?sslmode=verify-full", "verify-full"),
        ("postgresql://reader:x@db.example.se/shop?sslmode=disable", "disable"),
        ("mysql://reader:x@db.example.se/shop", "ssl"),
        ("mysql://reader:x@/shop?host=db.example.se", "ssl"),
        ("mysql://reader:x@localhost/shop", None),
    ],
)
def test_a_connection_off_this_machine_is_encrypted_wherever_the_host_is_written(
    url: str, asked: str | None, tmp_path: Path
) -> None:
    engine = engine_of(address(url, home=tmp_path), zone=STOCKHOLM, timeout_seconds=5)
    taken: dict[str, object] = {}

    class _Stop(Exception):
        pass

    @event.listens_for(engine, "do_connect")
    def look(_dialect: object, _record: object, _args: object, arguments: dict[str, object]) -> None:
        taken.update(arguments)
        raise _Stop

    with pytest.raises(_Stop), engine.connect():
        pass
    if asked == "ssl":
        assert taken["ssl"]
    else:
        assert taken.get("sslmode") == asked
        assert "ssl" not in taken


@pytest.mark.parametrize("mode", ["allow", "prefer"])
def test_an_encryption_that_a_server_may_talk_out_of_is_refused(mode: str, tmp_path: Path) -> None:
    url = f"postgresql://reader:hunter2@db.example.se/shop?sslmode={mode}"
    with pytest.raises(Misconfigured, match="write sslmode=require") as caught:
        read(tmp_path, url=url)
    assert "hunter2" not in str(caught.value)


def test_only_what_stays_on_this_machine_may_go_unencrypted() -> None:
    assert all(is_loopback(host) for host in (None, "", "localhost", "127.0.0.1", "::1", "/var/run/postgresql"))
    assert not any(is_loopback(host) for host in ("db.example.se", "10.0.0.1", "192.168.1.2", "127.0.0.1.example.se"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs either a query, or a table"),
        ({"query": "select 1", "table": "orders", "columns": {"date": "day"}}, "needs either a query, or a table"),
        ({"table": "orders"}, "table and columns go together"),
        ({"table": "orders", "columns": {"value": "n"}}, "exactly one of date and month"),
        ({"table": 'orders"; drop table x', "columns": {"date": "day"}}, "must be a plain name"),
        ({"query": "select 1", "url": "postgresql://a:b@c/d"}, "a secret never stands in a client file"),
    ],
)
def test_settings_that_say_too_little_or_too_much_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Sql.model_validate({"id": "shop", "url": {"env": "SHOP"}, **settings})
