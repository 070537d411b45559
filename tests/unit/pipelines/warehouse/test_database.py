"""Opening the working database, its schema, quoting and transactions.

Really under test: ``db`` and ``schema`` on real files, damaged and locked ones among them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.raw_tables import RAW_TABLES
from pipelines.warehouse import schema
from pipelines.warehouse.db import (
    DatabaseUnusable,
    afterwards,
    connect,
    first_row,
    literal,
    quote,
    registered,
    transaction,
)
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.tables import OKR_TABLES
from pipelines.warehouse.schema import SCHEMAS, declared_tables, ensure_schema
from pipelines.warehouse.tables import missing
from tests.home import PROJECT


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_sessions_are_in_utc_also_of_cursors(home):
    con = connect(home)
    for session in (con, con.cursor()):
        assert session.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)
    con.close()


def test_the_schema_is_made_once_and_made_again_without_loss(home):
    con = connect(home)
    ensure_schema(con)
    con.execute("insert into config.pauses values ('acme', 'web', '2026-01-01', '2026-01-02', 'why')")
    before = con.execute("select schema_name, table_name, sql from duckdb_tables() order by all").fetchall()
    ensure_schema(con)
    assert con.execute("select schema_name, table_name, sql from duckdb_tables() order by all").fetchall() == before
    assert con.execute("select count(*) from config.pauses").fetchone() == (1,)
    made = {
        schema for (schema,) in con.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
    }
    assert set(SCHEMAS) <= made
    con.close()


def test_tables_and_columns_are_those_declared_and_each_has_a_comment(home):
    con = connect(home)
    ensure_schema(con)
    for table in declared_tables():
        found = con.execute(
            "select column_name, comment, is_nullable from duckdb_columns()"
            " where schema_name = ? and table_name = ? order by column_index",
            [table.schema, table.name],
        ).fetchall()
        assert found == [(column.name, column.meaning, column.nullable) for column in table.columns]
    bare = con.execute("select table_name from duckdb_tables() where comment is null").fetchall()
    assert bare == []
    raw = con.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
    assert {name for (name,) in raw} == set(RAW_TABLES)
    con.close()


def test_nothing_is_sent_to_tables_that_are_as_declared_and_a_comment_that_changed_comes_back(home, monkeypatch):
    con = connect(home)
    ensure_schema(con)
    sent: list[str] = []

    def noted(table, said):
        wanted = missing(table, said)
        sent.extend(wanted)
        return wanted

    monkeypatch.setattr(schema, "missing", noted)
    ensure_schema(con)
    assert sent == []
    con.execute("comment on column ops.loads.rows is 'of an older version'; comment on table raw.web_daily is null")
    ensure_schema(con)
    assert [statement.partition(" is ")[0] for statement in sent] == [
        'comment on table "raw"."web_daily"',
        'comment on column "ops"."loads"."rows"',
    ]
    ensure_schema(con)
    assert len(sent) == 2
    con.close()


def test_a_schema_named_like_the_file_is_not_ambiguous(home):
    con = connect(home)
    ensure_schema(con)
    for table in OKR_TABLES.values():
        assert con.execute(f"select count(*) from okr.{table.name}").fetchone() == (0,)
    con.close()


def test_a_column_that_an_older_database_lacks_is_added(home):
    con = connect(home)
    ensure_schema(con)
    con.execute("alter table ops.loads drop column quality")
    ensure_schema(con)
    columns = con.execute("select column_name from duckdb_columns() where table_name = 'loads'").fetchall()
    assert ("quality",) in columns
    con.close()


def test_a_key_that_grew_is_given_to_an_older_database_with_its_rows(home):
    with connect(home) as con:
        ensure_schema(con)
        con.execute("drop table okr.forecast_scores")
        con.execute(
            """
            create table okr.forecast_scores (client varchar not null, objective_id varchar not null,
                key_result_id varchar not null, as_of date not null, known_at timestamptz not null,
                probability double not null, outcome boolean not null, brier double not null, is_inside boolean,
                primary key (client, objective_id, key_result_id, as_of, known_at))
            """
        )
        con.execute("insert into okr.forecast_scores values ('a', 'o', 'k', '2026-01-01', now(), .5, true, .25, null)")
        ensure_schema(con)
        ensure_schema(con)
        con.execute(
            "insert into okr.forecast_scores by name select * replace ('owner' as said_by) from okr.forecast_scores"
        )
        said = con.execute("select said_by, probability from okr.forecast_scores order by said_by").fetchall()
        assert said == [("owner", 0.5), ("program", 0.5)]
        with pytest.raises(duckdb.ConstraintException):
            con.execute("insert into okr.forecast_scores from okr.forecast_scores")


def test_a_column_that_an_older_database_held_to_a_value_may_be_empty(home):
    con = connect(home)
    ensure_schema(con)
    con.execute("alter table raw.web_daily alter column visitors set not null")
    ensure_schema(con)
    ((nullable,),) = con.execute(
        "select is_nullable from duckdb_columns() where table_name = 'web_daily' and column_name = 'visitors'"
    ).fetchall()
    assert nullable
    con.close()


def test_a_database_that_another_process_has_open_is_named_with_its_process(home):
    connect(home).close()
    script = (
        "import sys; from pathlib import Path; from pipelines.warehouse.db import connect;"
        "from pipelines.warehouse.home import Home; con = connect(Home(Path(sys.argv[1])));"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home.root)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(DatabaseUnusable) as caught:
            connect(home)
        assert (caught.value.problem, caught.value.holder) == ("locked", other.pid)
        assert str(other.pid) in str(caught.value)
        other.communicate()
    connect(home).close()


def test_opening_it_twice_in_one_process_is_refused_too(home):
    con = connect(home)
    with pytest.raises(DatabaseUnusable) as caught:
        connect(home)
    assert caught.value.problem == "locked"
    con.close()


@pytest.mark.parametrize("content", [b"", b"not a database" * 1_000])
def test_a_file_that_is_no_database_is_said_to_be_damaged(home, content):
    home.warehouse.mkdir()
    home.database.write_bytes(content)
    with pytest.raises(DatabaseUnusable) as caught:
        connect(home)
    assert caught.value.problem == "damaged"
    assert home.database.read_bytes() == content


def test_a_database_cut_off_in_the_middle_is_said_to_be_damaged(home):
    con = connect(home)
    con.execute("create table much as select range as a, random() as b from range(300000)")
    con.close()
    home.database.write_bytes(home.database.read_bytes()[:20_000])
    with pytest.raises(DatabaseUnusable) as caught:
        connect(home)
    assert caught.value.problem == "damaged"


def test_reading_a_database_that_is_not_there_says_how_to_make_it(home):
    with pytest.raises(DatabaseUnusable, match="okr run") as caught:
        connect(home, read_only=True)
    assert caught.value.problem == "missing"


def test_a_read_only_connection_writes_nothing(home):
    con = connect(home)
    ensure_schema(con)
    con.close()
    con = connect(home, read_only=True)
    with pytest.raises(duckdb.Error):
        con.execute("insert into config.pauses values ('a', 'b', '2026-01-01', '2026-01-02', 'c')")
    con.close()


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_name_is_quoted_into_itself(name):
    con = duckdb.connect()
    assert con.execute(f"select 1 as {quote(name)}").description[0][0] == name
    assert con.execute(f"select {literal(name)}").fetchone() == (name,)
    con.close()


@pytest.mark.parametrize("name", ["", "a\x00b"])
def test_what_is_no_identifier_is_refused(name):
    with pytest.raises(ValueError, match="identifier"):
        quote(name)


def test_a_transaction_that_fails_leaves_nothing(home):
    con = connect(home)
    con.execute("create table t (a integer)")

    def interrupted() -> None:
        with transaction(con):
            con.execute("insert into t values (1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert con.execute("select count(*) from t").fetchone() == (0,)
    with transaction(con):
        con.execute("insert into t values (2)")
    assert con.execute("select a from t").fetchall() == [(2,)]
    con.close()


def test_a_failed_statement_inside_is_the_error_that_comes_out(home):
    con = connect(home)
    with pytest.raises(duckdb.CatalogException), transaction(con):
        con.execute("select * from nowhere")
    con.close()


def test_the_first_row_of_an_answer_leaves_nothing_open_behind_it(home):
    con = connect(home)
    with registered(con, "given", pa.table({"a": [1, 2]})), transaction(con):
        assert first_row(con, "select a from given order by a") == (1,)
        assert first_row(con, "select a from given where a > ?", [2]) is None
    assert con.execute("select 1").fetchall() == [(1,)]
    con.close()


def test_what_went_wrong_in_a_transaction_is_not_hidden_by_what_can_not_be_cleaned_up_after_it(home):
    con = connect(home)
    con.execute("create table t (a integer not null)")
    with (
        pytest.raises(duckdb.ConstraintException),
        transaction(con),
        registered(con, "given", pa.table({"a": pa.array([None], pa.int32())})),
        afterwards(con, "drop table no_such_table"),
    ):
        con.execute("insert into t select a from given")
    assert con.execute("select count(*) from t").fetchall() == [(0,)]
    with registered(con, "given", pa.table({"a": [3]})):
        assert con.execute("select a from given").fetchall() == [(3,)]
    with pytest.raises(duckdb.CatalogException), afterwards(con, "drop table no_such_table"):
        con.execute("insert into t values (1)")
    con.close()


@pytest.mark.parametrize("sign", ["?", "\\"], ids=["a query", "another folder"])
def test_a_home_in_a_path_that_duckdb_reads_otherwise_is_refused_with_the_character(tmp_path, sign):
    # its log, or all of it, would go to a folder that is not there, and the night would end at its first commit
    with pytest.raises(
        DatabaseUnusable, match=rf"there is a {re.escape(sign)} in the path; name the folder without it"
    ):
        connect(Home(tmp_path / f"what{sign}"))
