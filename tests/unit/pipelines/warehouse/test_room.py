"""How much memory DuckDB may hold, and where it puts what does not fit.

Really under test: ``room`` and the settings of every connection, by a sort that is larger than its memory; processes
that are killed in it.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.database import hand_out
from pipelines.warehouse.backup import back_up
from pipelines.warehouse.db import DatabaseUnusable, connect, open_published, spilling_in
from pipelines.warehouse.home import Home
from pipelines.warehouse.room import MEMORY_VARIABLE, BadMemory, memory_limit, sweep

LARGE = "create temp table large as select range as a, hash(range)::varchar as b from range(3000000)"
SPILLS_AND_DIES = f"""
import os, sys
from pathlib import Path
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
con = connect(Home(Path(sys.argv[1])))
con.execute("set enable_progress_bar = false")
con.execute({LARGE!r})
print(len(list((Path(sys.argv[1]) / "warehouse" / "spill").glob("*/*"))), flush=True)
sys.stdin.read(1)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv(MEMORY_VARIABLE, "24MB")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return Home(tmp_path / "home")


def spilled(home: Home) -> list[Path]:
    return sorted((home.warehouse / "spill").glob("*/*"))


def publish(home: Home) -> None:
    home.published.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.published / "okr-n1.duckdb")) as con:
        con.execute("create schema marts")
        con.execute("create table marts.days as select 'acme' as client, range as a from range(1000)")
    home.published_database.symlink_to("okr-n1.duckdb")


def test_what_does_not_fit_lies_in_the_home_for_nobody_else_to_read_and_is_gone_afterwards(home):
    with closing(connect(home)) as con:
        con.execute(LARGE)
        assert spilled(home)
        assert stat.S_IMODE((home.warehouse / "spill").stat().st_mode) == 0o700
        assert list(Path.cwd().iterdir()) == []
    assert list((home.warehouse / "spill").iterdir()) == []


def test_a_reader_of_the_published_database_spills_there_too_and_never_beside_what_is_published(home):
    connect(home).close()
    publish(home)
    with closing(open_published(home)) as con, closing(open_published(home)) as second:
        con.execute(LARGE)
        second.execute("select 1")
        assert spilled(home)
        assert {path.name for path in home.published.iterdir()} == {"okr-n1.duckdb", "okr.duckdb"}
    assert list((home.warehouse / "spill").iterdir()) == []


def test_a_reader_who_may_not_write_to_the_home_spills_nowhere_and_has_no_limit(home):
    publish(home)
    with closing(open_published(home)) as con:
        con.execute(LARGE)
        assert con.execute("select current_setting('temp_directory')").fetchall() == [("",)]
    assert not home.warehouse.exists()


@pytest.mark.parametrize("name", ["settings of a shard", "handed out"])
def test_other_files_are_opened_with_a_place_of_ours_too(home, tmp_path, name):
    publish(home)
    if name == "handed out":
        connect(home).close()
        hand_out(home.published_database.resolve(), "acme", tmp_path / "acme.duckdb")
    else:
        with closing(duckdb.connect(config=spilling_in(home.warehouse, home.database))) as con:
            con.execute(LARGE)
            assert spilled(home)
    assert list(Path.cwd().iterdir()) == []
    assert list((home.warehouse / "spill").iterdir()) == []


def test_what_a_killed_process_left_is_swept_by_the_next_night_and_a_living_ones_is_not(home):
    def begun() -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", SPILLS_AND_DIES, str(home.root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert child.stdout is not None
        assert int(child.stdout.readline()) > 0
        return child

    def killed(child: subprocess.Popen[str]) -> None:
        child.communicate("x")

    first = begun()
    sweep(home.warehouse / "spill")
    assert spilled(home)
    killed(first)
    assert spilled(home)
    connect(home).close()
    assert list((home.warehouse / "spill").iterdir()) == []


def test_a_place_of_another_machine_is_left_for_a_day(home):
    connect(home).close()
    places = [home.warehouse / "spill" / f"elsewhere-{number}-abcd" for number in (1, 2)]
    for place in places:
        (place / "a").mkdir(parents=True)
    os.utime(places[0], (1, 1))
    connect(home).close()
    assert list((home.warehouse / "spill").iterdir()) == [places[1]]


def test_a_backup_has_nothing_of_it(home, tmp_path):
    with closing(connect(home)) as con:
        con.execute("create table kept as select 1 as one")
    place = home.warehouse / "spill" / "elsewhere-1-abcd"
    place.mkdir()
    (place / "duckdb_temp_1_0_storage_DEFAULT-0.tmp").write_bytes(b"secret")
    home.clients.mkdir()
    back_up(home, tmp_path / "backup.tar.gz", now=datetime(2026, 11, 20, 5, tzinfo=UTC))
    with tarfile.open(tmp_path / "backup.tar.gz") as tar:
        assert not [name for name in tar.getnames() if "spill" in name]


def test_a_connection_may_hold_what_is_set_or_400_megabytes_and_more_for_many_cores(home, monkeypatch):
    with closing(connect(home)) as con:
        assert con.execute("select current_setting('memory_limit')").fetchall() == [("22.8 MiB",)]
    monkeypatch.delenv(MEMORY_VARIABLE)
    with closing(connect(home)) as con:
        assert con.execute("select current_setting('memory_limit')").fetchall() == [("381.4 MiB",)]
    sizes = [memory_limit({}, threads=threads) for threads in (1, 4, 5, 64)]
    assert sizes == ["400MB", "400MB", "500MB", "6400MB"]


@pytest.mark.parametrize("given", ["2", "0MB", "much", "-1GB", "2GB; drop table x"])
def test_a_slip_in_the_setting_is_said_in_a_line(home, monkeypatch, given):
    with pytest.raises(BadMemory, match=MEMORY_VARIABLE):
        memory_limit({MEMORY_VARIABLE: given}, threads=1)
    monkeypatch.setenv(MEMORY_VARIABLE, given)
    with pytest.raises(DatabaseUnusable, match="must be a size such as 800MB or 4GB"):
        connect(home)


@pytest.mark.parametrize("given", ["800MB", "2 GB", "1gib"])
def test_a_size_is_taken_as_it_is_written(given):
    assert memory_limit({MEMORY_VARIABLE: f" {given} "}, threads=8) == given
