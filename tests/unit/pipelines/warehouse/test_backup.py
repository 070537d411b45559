"""A home folder copied and put back: whole, also while somebody writes, and never over anything."""

from __future__ import annotations

import fcntl
import io
import json
import os
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr
from pipelines.warehouse.backup import BackupFailed, back_up, put_back
from pipelines.warehouse.db import connect, first_row
from pipelines.warehouse.home import Home
from tests.csv_home import query, small_home_after_a_night

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = small_home_after_a_night(tmp_path / "home")
    (made.root / "secrets").mkdir()
    (made.root / "secrets" / "token").write_text("t")
    (made.root / "secrets" / "token").chmod(0o600)
    (made.root / "dagster").mkdir()
    (made.root / "dagster" / "log").write_text("history")
    return made.home


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(okr, [*map(str, arguments)], env={"OKR_TODAY": "2026-11-20"}, catch_exceptions=False)
    return done.exit_code, done.output


def test_what_is_put_back_answers_and_goes_on_as_before(home: Home, tmp_path: Path) -> None:
    file, folder = tmp_path / "b.tar.gz", tmp_path / "new" / "home"
    assert run("--home", home.root, "backup", file)[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    code, told = run("restore", file, "--into", folder)
    assert code == 0, told
    back = Home(folder)
    sql = "select * from marts.key_result_progress order by all"
    assert query(back, sql) == query(home, sql)
    assert (folder / "secrets" / "token").stat().st_mode & 0o777 == 0o600
    assert back.published_database.resolve().stat().st_mode & 0o777 == 0o444
    assert not (folder / "dagster").exists()
    for path in (home.clients / "acme.yaml", home.data / "months.csv"):
        assert (folder / path.relative_to(home.root)).read_bytes() == path.read_bytes()
    with closing(connect(back)) as con, closing(connect(home, read_only=True)) as old:
        rows = "select * from ops.loads order by all"
        assert con.execute(rows).fetchall() == old.execute(rows).fetchall()


def test_a_home_that_was_put_back_is_backed_up_and_put_back_again(home: Home, tmp_path: Path) -> None:
    """A backup says what it is in a file of its own; that is no file of the home."""
    files = {path.relative_to(home.root) for path in home.root.rglob("*") if path.is_file()}
    count = back_up(home, tmp_path / "1.tar.gz", now=NOW)
    assert put_back(tmp_path / "1.tar.gz", tmp_path / "one") == count
    assert {path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()} <= files
    # one of those that hold it, as earlier versions put it back
    (tmp_path / "one" / "okr-backup.json").write_text("{}")
    assert back_up(Home(tmp_path / "one"), tmp_path / "2.tar.gz", now=NOW) == count
    assert put_back(tmp_path / "2.tar.gz", tmp_path / "two") == count
    twice = tmp_path / "3.tar.gz"
    with tarfile.open(tmp_path / "2.tar.gz") as old, tarfile.open(twice, "w:gz") as tar:
        for entry in old:
            for _ in range(2 if entry.name == "okr-backup.json" else 1):
                tar.addfile(entry, old.extractfile(entry) if entry.isfile() else None)
    assert put_back(twice, tmp_path / "three") == count


def test_nothing_that_is_there_is_written_over(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    back_up(home, file, now=NOW)
    before = file.read_bytes()
    assert run("--home", home.root, "backup", file)[0] == 1
    assert file.read_bytes() == before
    code, told = run("restore", file, "--into", home.root)
    assert (code, "not an empty folder" in told) == (1, True)
    assert run("restore", tmp_path / "none", "--into", tmp_path / "x")[0] == 1


def test_what_a_killed_backup_left_neither_stays_nor_stops_the_next_of_its_number(home: Home, tmp_path: Path) -> None:
    # in a container each backup may be process 7
    ours, other, filled = (tmp_path / f".b[1].tar.gz.okr-{number}" for number in (os.getpid(), 7, 8))
    for path in (ours, other, filled):
        path.write_text("half")
    with filled.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert back_up(home, tmp_path / "b[1].tar.gz", now=NOW) > 5
    assert sorted(path.name for path in tmp_path.iterdir()) == [filled.name, "b[1].tar.gz", "home"]


def test_a_copy_taken_while_a_run_writes_is_one_that_the_run_left(home: Home, tmp_path: Path) -> None:
    stop = threading.Event()
    with closing(connect(home)) as con:
        con.execute("create table raw.pairs (n integer, twice integer)")

    def write() -> None:
        with closing(connect(home)) as con:
            number = 0
            while not stop.is_set():
                number += 1
                con.execute("begin")
                con.execute("insert into raw.pairs select ?, 0 from range(500)", [number])
                con.execute("update raw.pairs set twice = 2 * n where n = ?", [number])
                con.execute("commit")
                if number % 3 == 0:
                    con.execute("checkpoint")
                stop.wait(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            back_up(home, tmp_path / f"b{number}.tar.gz", now=NOW)
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        put_back(tmp_path / f"b{number}.tar.gz", tmp_path / f"h{number}")
        with closing(connect(Home(tmp_path / f"h{number}"))) as con:
            torn = first_row(
                con,
                "select count(*) from (from raw.pairs select n group by n having count(*) <> 500 or min(twice) < n)",
            )
            assert torn == (0,)


def test_a_database_that_never_rests_is_given_up_with_a_word(home: Home, tmp_path: Path) -> None:
    naps: list[float] = []

    def touch(seconds: float) -> None:
        naps.append(seconds)

    (home.database).write_bytes(b"no database " * 1_000)
    with pytest.raises(BackupFailed, match="try again"):
        back_up(home, tmp_path / "b.tar.gz", now=NOW, sleep=touch, patience=1.0)
    assert naps
    assert list(tmp_path.glob("*b.tar.gz*")) == []
    assert not list(home.warehouse.glob(".backup-*"))


@pytest.mark.parametrize("name", ["../out", "/etc/out", "clients/../../out"])
def test_a_file_that_leads_outside_or_is_no_backup_is_refused(name: str, home: Home, tmp_path: Path) -> None:
    file, folder = tmp_path / "b.tar.gz", tmp_path / "new"
    back_up(home, tmp_path / "real.tar.gz", now=NOW)
    with tarfile.open(tmp_path / "real.tar.gz") as real, tarfile.open(file, "w:gz") as bad:
        first = real.next()
        assert first is not None
        bad.addfile(first, real.extractfile(first))
        entry = tarfile.TarInfo(name)
        entry.size = 1
        bad.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(BackupFailed, match="leads outside"):
        put_back(file, folder)
    assert not folder.exists()
    for content in (b"", b"no tar", (tmp_path / "real.tar.gz").read_bytes()[:4_000]):
        file.write_bytes(content)
        with pytest.raises(BackupFailed, match="can't be put back"):
            put_back(file, folder)
        assert not folder.exists()
    assert not list(tmp_path.glob(".new.*"))


def archive(path: Path, *entries: tuple[str, bytes, str], said: object = 1) -> Path:
    """A backup with entries of its own, each a name, a type and where it leads."""
    with tarfile.open(path, "w:gz") as made:
        text = json.dumps({"format": said}).encode()
        first = tarfile.TarInfo("okr-backup.json")
        first.size = len(text)
        made.addfile(first, io.BytesIO(text))
        for name, kind, leads_to in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = kind, leads_to, 0o644
            made.addfile(entry)
    return path


def test_a_link_and_a_folder_of_one_name_change_no_mode_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    before = outside.stat().st_mode
    file = archive(tmp_path / "b.tar.gz", ("data", tarfile.SYMTYPE, str(outside)), ("data", tarfile.DIRTYPE, ""))
    with pytest.raises(BackupFailed, match="'data' twice, once as a link"):
        put_back(file, tmp_path / "new")
    assert outside.stat().st_mode == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("said", [None, "1", [1]])
def test_a_format_that_is_no_number_is_no_backup(said: object, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="no backup that okr backup made"):
        put_back(archive(tmp_path / "b.tar.gz", said=said), tmp_path / "new")


def test_a_second_name_of_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path / "b.tar.gz", ("clients/a.yaml", tarfile.LNKTYPE, "/etc/hostname"))
    with pytest.raises(BackupFailed, match="not in it"):
        put_back(file, tmp_path / "new")


@pytest.mark.parametrize("as_links", [False, True], ids=["as it is written now", "as it was written before"])
def test_a_file_of_two_names_comes_back_under_both(tmp_path: Path, as_links: bool) -> None:
    home, file = Home(tmp_path / "home"), tmp_path / "b.tar.gz"
    home.clients.mkdir(parents=True)
    home.data.mkdir()
    (home.data / "a.csv").write_text("month,kpi,value\n")
    (home.data / "b.csv").hardlink_to(home.data / "a.csv")
    back_up(home, file, now=NOW)
    if as_links:
        with tarfile.open(file) as real, tarfile.open(tmp_path / "old.tar.gz", "w:gz") as old:
            manifest = real.next()
            assert manifest is not None
            old.addfile(manifest, real.extractfile(manifest))
            old.add(home.data / "a.csv", "data/a.csv")
            old.add(home.data / "b.csv", "data/b.csv")
            assert old.getmember("data/b.csv").islnk()
        file = tmp_path / "old.tar.gz"
    put_back(file, tmp_path / "new")
    for name in ("a.csv", "b.csv"):
        assert (tmp_path / "new" / "data" / name).read_text() == "month,kpi,value\n"
