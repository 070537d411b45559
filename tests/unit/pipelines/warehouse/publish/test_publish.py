"""The published database: what is in it, and that a reader never sees anything but a whole night.

Really under test: ``publish.publish`` on real files, with readers that have the old one open, and publishers that are
killed half way in a process of their own.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.db import DatabaseUnusable, connect, open_published
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.tables import OBJECTIVE_PROGRESS, OKR_TABLES, STATE_TABLES
from pipelines.warehouse.publish.publish import publish
from pipelines.warehouse.publish.tables import PublishRefused
from pipelines.warehouse.schema import LOADS, OPS_TABLES
from tests.empty_home import connected
from tests.home import PROJECT


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def con(home):
    connection = connected(home)
    connection.execute("create table marts.kpi_daily (client varchar not null, day date not null, value double)")
    connection.execute("comment on table marts.kpi_daily is 'It''s a day'")
    connection.execute("comment on column marts.kpi_daily.value is 'In the unit of the KPI'")
    connection.execute("insert into marts.kpi_daily values ('b', '2026-01-02', 2), ('a', '2026-01-01', null)")
    yield connection
    connection.close()


def format_of(file: Path) -> int:
    """The storage version that a DuckDB file is written in: after a checksum and ``DUCK`` at its beginning."""
    head = file.read_bytes()[:20]
    assert head[8:12] == b"DUCK"
    return int.from_bytes(head[12:20], "little")


def test_the_file_is_one_that_older_drivers_of_bi_tools_read_too(con, home) -> None:
    assert format_of(publish(con, home, run_id="r")) == 65, "DuckDB 1.2 and later"


def objective(
    con, *, as_of: date, known_at: datetime, progress: float, client: str = "acme", name: str = "awareness"
) -> None:
    row = {
        "client": client,
        "objective_id": name,
        "as_of": as_of,
        "known_at": known_at,
        "title": "T",
        "progress": progress,
        "status": "on_track",
    }
    con.execute(OBJECTIVE_PROGRESS.insert_sql, [row.get(name) for name in OBJECTIVE_PROGRESS.column_names])


def files(home: Home) -> list[str]:
    return sorted(path.name for path in home.published.iterdir())


def test_marts_results_and_ledger_are_published_and_nothing_raw(con, home):
    publish(con, home, run_id="n1")
    reader = open_published(home)
    tables = reader.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
    assert {schema for schema, _ in tables} == {"marts", "ops"}
    assert {name for schema, name in tables if schema == "marts"} == {"kpi_daily", *OKR_TABLES, *STATE_TABLES}
    assert [name for schema, name in tables if schema == "ops"] == sorted(OPS_TABLES)
    assert reader.execute("from marts.kpi_daily").fetchall() == [
        ("a", date(2026, 1, 1), None),
        ("b", date(2026, 1, 2), 2.0),
    ]
    schemas = reader.execute("select distinct schema_name from duckdb_schemas() where not internal").fetchall()
    assert ("raw",) not in schemas
    reader.close()


def test_types_keys_and_comments_come_along(con, home):
    publish(con, home, run_id="n1")
    reader = open_published(home)
    described = reader.execute(
        "select column_name, data_type, is_nullable, comment from duckdb_columns() where table_name = 'kpi_daily'"
        " order by column_index"
    ).fetchall()
    assert described == [
        ("client", "VARCHAR", False, None),
        ("day", "DATE", False, None),
        ("value", "DOUBLE", True, "In the unit of the KPI"),
    ]
    table = "select comment from duckdb_tables() where table_name = 'kpi_daily'"
    assert reader.execute(table).fetchone() == ("It's a day",)
    keys = reader.execute(
        "select constraint_column_names from duckdb_constraints()"
        " where table_name = 'objective_progress' and constraint_type = 'PRIMARY KEY'"
    ).fetchone()
    assert keys == (list(OBJECTIVE_PROGRESS.key),)
    bare = reader.execute(
        "select table_name, column_name from duckdb_columns() where comment is null and table_name <> 'kpi_daily'"
        " and schema_name in ('marts', 'ops')"
    ).fetchall()
    assert bare == []
    assert len(LOADS.columns) == 14
    reader.close()


def test_the_latest_view_takes_the_highest_as_of_then_the_highest_known_at(con, home):
    early, late = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 3, 4, tzinfo=UTC)
    objective(con, as_of=date(2026, 11, 2), known_at=early, progress=0.2)
    objective(con, as_of=date(2026, 11, 2), known_at=late, progress=0.3)
    # restated later, but about an earlier day
    objective(con, as_of=date(2026, 11, 1), known_at=late.replace(day=9), progress=0.1)
    publish(con, home, run_id="n1")
    reader = open_published(home)
    assert reader.execute("select as_of, progress from marts.objective_latest").fetchall() == [(date(2026, 11, 2), 0.3)]
    reader.close()


def test_the_latest_view_holds_what_each_clients_newest_night_judged(con, home):
    first, second = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 4, tzinfo=UTC)
    for client in ("acme", "asleep"):
        objective(con, client=client, name="growth", as_of=date(2026, 11, 1), known_at=first, progress=0.2)
    # renamed in the file; the other client's file is broken that night and keeps its last good one
    objective(con, name="growth_2026", as_of=date(2026, 11, 2), known_at=second, progress=0.3)
    publish(con, home, run_id="n1")
    reader = open_published(home)
    rows = reader.execute("select client, objective_id from marts.objective_latest order by all").fetchall()
    assert rows == [("acme", "growth_2026"), ("asleep", "growth")]
    kept = reader.execute("select count(*) from marts.objective_progress where objective_id = 'growth'").fetchone()
    assert kept == (2,)
    reader.close()


def test_the_link_is_relative_and_the_file_is_for_reading_only(con, home):
    path = publish(con, home, run_id="0b1c-44")
    assert path == home.published / "okr-0b1c-44.duckdb"
    assert os.readlink(home.published_database) == "okr-0b1c-44.duckdb"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert files(home) == ["okr-0b1c-44.duckdb", "okr.duckdb"]


def test_a_reader_with_the_old_night_open_goes_on_and_a_new_one_sees_the_new(con, home):
    publish(con, home, run_id="n1")
    old = open_published(home)
    con.execute("delete from marts.kpi_daily")
    publish(con, home, run_id="n2")
    new = open_published(home)
    assert old.execute("select count(*) from marts.kpi_daily").fetchone() == (2,)
    assert new.execute("select count(*) from marts.kpi_daily").fetchone() == (0,)
    old.close()
    new.close()


def test_a_reader_still_reads_a_night_that_was_removed_under_it(con, home):
    first = publish(con, home, run_id="n1")
    old = open_published(home)
    for number in range(2, 6):
        publish(con, home, run_id=f"n{number}")
    assert not first.exists()
    assert old.execute("select count(*) from marts.kpi_daily").fetchone() == (2,)
    old.close()


def test_the_last_three_are_kept_and_the_same_run_never_overwrites_itself(con, home):
    for run in ("n1", "n2", "n3", "n3", "n3"):
        newest = publish(con, home, run_id=run)
    assert files(home) == ["okr-n3-2.duckdb", "okr-n3-3.duckdb", "okr-n3.duckdb", "okr.duckdb"]
    assert home.published_database.resolve() == newest.resolve()


def test_a_run_id_never_leads_out_of_the_folder(con, home):
    assert publish(con, home, run_id="../../etc/x y").name == "okr-etc-x-y.duckdb"


def test_a_failure_midway_leaves_the_old_one_and_no_litter(con, home):
    publish(con, home, run_id="n1")
    con.execute("create view marts.broken as select cast('x' as integer) as a")
    with pytest.raises(duckdb.Error):
        publish(con, home, run_id="n2")
    assert files(home) == ["okr-n1.duckdb", "okr.duckdb"]
    con.execute("drop view marts.broken")
    assert con.execute("select current_database()").fetchone() == ("warehouse",)
    publish(con, home, run_id="n3")
    assert os.readlink(home.published_database) == "okr-n3.duckdb"


def test_a_mart_named_like_a_result_table_or_view_is_refused(con, home):
    publish(con, home, run_id="n1")
    for name in ("forecast_scores", "objective_latest"):
        con.execute(f"create table marts.{name} (a integer)")
        with pytest.raises(PublishRefused, match=name):
            publish(con, home, run_id="n2")
        con.execute(f"drop table marts.{name}")
    assert files(home) == ["okr-n1.duckdb", "okr.duckdb"]


def test_a_publisher_killed_half_way_leaves_the_old_one_served_and_the_next_cleans_up(con, home):
    publish(con, home, run_id="n1")
    con.close()
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from pipelines.warehouse.publish import publish as module
        from pipelines.warehouse.db import connect
        from pipelines.warehouse.home import Home

        home = Home(Path(sys.argv[1]))
        module._swap_link = lambda *_: None
        copy = module.copy_tables

        def killed_after_copying(con, **known):
            copy(con, **known)
            os.kill(os.getpid(), signal.SIGKILL)

        module.copy_tables = killed_after_copying
        module.publish(connect(home), home, run_id="killed")
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(home.root)], cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert any(name.startswith("building-") for name in files(home))
    reader = open_published(home)
    assert reader.execute("select count(*) from marts.kpi_daily").fetchone() == (2,)
    reader.close()
    again = connect(home)
    publish(again, home, run_id="n2")
    again.close()
    assert files(home) == ["okr-n1.duckdb", "okr-n2.duckdb", "okr.duckdb"]


def test_the_same_rows_in_another_order_publish_the_same_tables(con, home):
    publish(con, home, run_id="n1")
    con.execute("create or replace table marts.kpi_daily as select * from marts.kpi_daily order by all desc")
    publish(con, home, run_id="n2")
    first, second = (duckdb.connect(str(home.published / f"okr-{run}.duckdb"), read_only=True) for run in ("n1", "n2"))
    assert first.execute("from marts.kpi_daily").fetchall() == second.execute("from marts.kpi_daily").fetchall()
    first.close()
    second.close()


def test_nothing_published_yet_is_said_in_one_sentence(home):
    with pytest.raises(DatabaseUnusable, match="okr run"):
        open_published(home)
