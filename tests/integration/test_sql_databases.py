"""The sql source against a real PostgreSQL and a real MariaDB: types, zones, read-only, timeouts and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest

from connectors.core.errors import AuthFailed, Misconfigured, NotFound, PermissionMissing, SourceError, TimedOut
from connectors.core.protocol import Batch
from connectors.sql.engine import address, engine_of
from connectors.sql.settings import Sql
from connectors.sql.source import FIGURES, SqlSource
from tests.fake_vendor import STOCKHOLM, context
from tests.real_database import PASSWORD, mariadb, no_mariadb, no_postgres, postgres

SECRET = quote(PASSWORD, safe="")
POSTGRES_SETUP = f"""
create database shop;
create role reader login password '{PASSWORD}';
\\c shop
create table deals (id int primary key, won_at timestamptz, amount numeric(12, 2));
insert into deals values (1, '2026-10-31 23:30+00', 1000.10), (2, '2026-11-01 12:00+00', 0.20), (3, null, 5);
create table secret (a int);
create table numbers as select n from generate_series(0, 24999) n;
grant select on deals, numbers to reader;
"""
MARIADB_SETUP = f"""
create table deals (id int primary key, won_at timestamp null, amount decimal(12, 2));
set time_zone = '+00:00';
insert into deals values (1, '2026-10-31 23:30:00', 1000.10), (2, '2026-11-01 12:00:00', 0.20), (3, null, 5);
create table secret (a int);
create user reader identified by '{PASSWORD}';
create table numbers as select seq as n from seq_0_to_24999;
grant select on shop.deals to reader;
grant select on shop.numbers to reader;
"""
BY_DAY = (
    "select {day} as date, 'deals' as kpi, sum(amount) as value from deals where won_at is not null group by 1, 2 "
    "order by 1"
)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("db")
    folder.chmod(0o755)
    for parent in folder.parents[:4]:
        if parent.name.startswith(("pytest", "popen")):
            parent.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    return folder


@pytest.fixture(scope="module")
def pg(short: Path) -> Iterator[int]:
    if why := no_postgres():
        pytest.skip(why)
    with postgres(short, setup=POSTGRES_SETUP) as port:
        yield port


@pytest.fixture(scope="module")
def my(short: Path) -> Iterator[int]:
    if why := no_mariadb():
        pytest.skip(why)
    with mariadb(short, setup=MARIADB_SETUP) as port:
        yield port


@pytest.fixture(params=["pg", "my"])
def server(request: pytest.FixtureRequest) -> str:
    port = request.getfixturevalue(request.param)
    scheme = "postgresql" if request.param == "pg" else "mariadb"
    return f"{scheme}://reader:{SECRET}@127.0.0.1:{port}/shop"


def read(url: str, query: str, *, timeout_seconds: int = 30, home: Path = Path(".")) -> Batch:
    settings = Sql.model_validate(
        {"id": "crm", "url": {"env": "CRM"}, "query": query, "timeout_seconds": timeout_seconds}
    )
    return SqlSource(settings=settings, context=context(secrets={"url": url}, home=home)).read(FIGURES, None)


def test_a_days_deals_are_those_of_the_clients_day_and_money_is_exact(server: str) -> None:
    day = "won_at::date" if server.startswith("postgresql") else "date(won_at)"
    rows = read(server, BY_DAY.format(day=day)).rows.to_pylist()
    # 23:30 in UTC is half past midnight in Stockholm
    assert [(row["period_start"], row["value"]) for row in rows] == [(date(2026, 11, 1), 1000.3)]


def test_a_casts_colons_and_a_percent_sign_are_the_querys_own(server: str) -> None:
    query = "select '2026-11-01' as date, 'deals' as kpi, 1 as value, 'source=crm' as scope where '10:30 %d' like '%:%'"
    assert read(server, query).rows.num_rows == 1


def test_many_rows_come_as_a_stream_and_all_of_them(server: str) -> None:
    is_postgres = server.startswith("postgresql")
    day = "(date '2000-01-01' + n)::date" if is_postgres else "date_add('2000-01-01', interval n day)"
    assert read(server, f"select {day} as date, 'deals' as kpi, 7 as value from numbers").rows.num_rows == 25_000


@pytest.mark.parametrize(
    ("query", "kind", "said"),
    [
        ("select 1; delete from deals", Misconfigured, "was not sent: it holds 2 statements"),
        ("select * from secret", PermissionMissing, "secret"),
        ("select * from nowhere", (NotFound, PermissionMissing), "nowhere"),
        ("select * from deals where", Misconfigured, ""),
        ("select no_such_column from deals", Misconfigured, "no_such_column"),
    ],
)
def test_a_refusal_says_what_the_server_said_and_no_secret(
    server: str, query: str, kind: type[SourceError] | tuple[type[SourceError], ...], said: str
) -> None:
    with pytest.raises(kind) as caught:
        read(server, query)
    text = str(caught.value)
    assert said in text
    for hidden in (PASSWORD, SECRET, "127.0.0.1"):
        assert hidden not in text


def test_a_query_that_takes_too_long_is_stopped_by_the_server(server: str) -> None:
    sleep = "pg_sleep(20)" if server.startswith("postgresql") else "sleep(20)"
    with pytest.raises(TimedOut, match="raise timeout_seconds"):
        read(server, f"select '2026-11-01' as date, 'deals' as kpi, 1 as value, {sleep} as scope", timeout_seconds=1)


def test_a_wrong_password_is_auth_and_a_wrong_database_is_not_found(server: str) -> None:
    with pytest.raises(AuthFailed):
        read(server.replace(SECRET, "wrong"), "select 1")
    with pytest.raises((NotFound, PermissionMissing)):
        read(server.replace("/shop", "/nowhere"), "select 1")


def test_the_session_itself_refuses_to_write(server: str) -> None:
    from connectors.sql.engine import reading

    owner = server.replace("reader:", "owner:") if server.startswith("postgresql") else server
    engine = engine_of(address(owner, home=Path(".")), zone=STOCKHOLM, timeout_seconds=10)
    now = context().now
    with (
        reading(engine, zone=STOCKHOLM, timeout_seconds=10, now=now) as session,
        pytest.raises(Exception, match=r"(?i)read.only|denied"),
    ):
        session.connection.exec_driver_sql("delete from deals")


def test_a_mariadb_without_zone_tables_says_that_its_offset_is_fixed(my: int) -> None:
    batch = read(
        f"mysql://reader:{SECRET}@127.0.0.1:{my}/shop", "select '2026-11-01' as date, 'deals' as kpi, 1 as value"
    )
    assert batch.quality["fixed_offset"] is True


def test_an_infinite_date_and_a_number_that_is_none_are_named(pg: int) -> None:
    url = f"postgresql://reader:{SECRET}@127.0.0.1:{pg}/shop"
    with pytest.raises(SourceError, match="reading the database failed"):
        read(url, "select 'infinity'::date as date, 'deals' as kpi, 1 as value")
    with pytest.raises(Misconfigured, match="row 1: value is NaN, which is no number"):
        read(url, "select date '2026-11-01' as date, 'deals' as kpi, 'NaN'::numeric as value")
