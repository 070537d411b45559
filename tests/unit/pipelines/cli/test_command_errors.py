"""How an error of a command reaches a person: one line on stderr and an exit code, never a traceback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import duckdb
import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.template import client_template
from pipelines.cli import main as command
from pipelines.cli import night
from pipelines.warehouse.home import Home
from tests.unit.published_fixture import copy_published

OKR = str(Path(sys.executable).with_name("okr"))
EVERY = (
    ["init", "acme"],
    ["validate"],
    ["checkin", "acme", "a/b", "--confidence", "1", "--text", "x"],
    ["doctor"],
    ["run"],
    ["replay", "--source", "acme/web", "--from", "2026-01-01", "--to", "2026-01-02"],
    ["status"],
    ["export"],
    ["sql", "select 1"],
    ["backtest"],
)


def told_by(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object) -> tuple[int, str]:
    """Exit code and the one line on stderr of ``okr`` as the console script runs it."""
    monkeypatch.setattr(sys, "argv", ["okr", *map(str, arguments)])
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        command.main()
    told = capfd.readouterr().err
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1, told
    assert told.startswith("okr: ")
    return int(str(ended.value.code)), told


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with one client and something published."""
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "acme.yaml").write_text(client_template("acme", types=SETTINGS), encoding="utf-8")
    (tmp_path / "published").mkdir()
    file = tmp_path / "published" / "okr-1.duckdb"
    copy_published(file)
    (tmp_path / "published" / "okr.duckdb").symlink_to(file.name)
    return tmp_path


@pytest.mark.parametrize("arguments", EVERY, ids=lambda words: words[0])
def test_a_home_folder_that_can_not_be_one_is_told_in_one_line(
    tmp_path: Path, arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("", encoding="utf-8")
    code, told = told_by(capfd, monkeypatch, "--home", not_a_folder, *arguments)
    assert code == 2
    assert str(not_a_folder) in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--from", "2026-13-01"], "2026-13-01"),
        (["run", "--from", "2026-11-10", "--to", "2026-11-01"], "ends before it starts"),
        (["run", "--to", "2026-11-01"], "--from"),
        (["run", "--client", "acmee"], "did you mean acme"),
        (["run", "extra"], "extra"),
        (["status", "--as-of", "yesterday"], "yesterday"),
        (["status", "--restated"], "--as-of"),
        (["status", "--audience", "ceo"], "ceo"),
        (["nosuch"], "nosuch"),
        (["init"], "CLIENT"),
        (["init", "Acme"], "Acme"),
        (["init", "acme"], "left as it is"),
        (["init", "_agency"], "can't be a client's name"),
        (["ui", "--port", "99999"], "99999"),
        (["replay", "--source", "acme/nosuch", "--from", "2026-01-01", "--to", "2026-01-02"], "acme/web"),
        (["completion", "tcsh"], "tcsh"),
        (["export", "--out", ""], "the path is empty"),
        (["export", "--client", "acme", "--database", ""], "the path is empty"),
        (["restore", "file", "--into", ""], "the path is empty"),
        (["backup", ""], "the path is empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_exit_2(
    home: Path, arguments: list[str], words: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    code, told = told_by(capfd, monkeypatch, "--home", home, *arguments)
    assert code == 2
    assert words in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["suggest", "acme"],
        ["doctor"],
        ["status", "--as-of", "2026-01-01", "--restated"],
        ["validate"],
        ["backup", "new.tar.gz"],
        ["sandbox"],
        ["run"],
        ["send"],
    ],
)
def test_a_clock_that_is_set_to_no_day_is_wrong_usage(
    home: Path, arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKR_TODAY", "2026-13-01")
    code, told = told_by(capfd, monkeypatch, "--home", home, *arguments)
    assert code == 2
    assert "is not a date; write it as 2026-11-20" in told
    assert "not foreseen" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validate", "nosuch"], "nosuch"),
        (["suggest", "acme", "--period", "FY0000"], "'FY0000' is not a period"),
        (["suggest", "acme", "--period", ""], "'' is not a period"),
        (["status", "--client", "nosuch", "--as-of", "2026-01-01", "--restated"], "no client file for 'nosuch'"),
        (["doctor", "nosuch"], "nosuch"),
        (["status", "--client", "nosuch"], "fjallglas"),
        (["export", "--client", "nosuch"], "fjallglas"),
        (["backtest", "--client", "nosuch"], "acme"),
        (["sql", ""], "one question"),
        (["sql", "-- nothing but a comment"], "one question"),
        (["sql", "select 1; select 2"], "one question"),
        (["sql", "selekt 1"], "selekt"),
        (["sql", "select '\udcff'"], "not UTF-8"),
        (["export", "--out", "/dev/null/folder"], "/dev/null/folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_not_be_done_is_one_line_and_exit_1(
    home: Path, arguments: list[str], words: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = told_by(capfd, monkeypatch, "--home", home, *arguments)
    assert code == 1
    assert words in told


@pytest.mark.parametrize(
    "query",
    [
        "drop table marts.kpi_monthly",
        "create temp table mine as select 1",
        "insert into ops.loads select * from ops.loads",
        "explain analyze delete from marts.kpi_monthly",
        "attach '{home}/other.duckdb' as other",
        "copy (select 1) to '{home}/stolen.csv'",
        "copy marts.kpi_monthly from '{home}/clients/acme.yaml'",
        "export database '{home}/all'",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{home}/clients/acme.yaml')",
        "select * from '/etc/passwd'",
        "select * from glob('{home}/*')",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "pragma database_list",
        "call pragma_version()",
        "select * from duckdb_secrets()",
        "prepare it as select 1",
    ],
)
def test_sql_reads_the_published_tables_and_nothing_else(
    home: Path, query: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    code, _told = told_by(capfd, monkeypatch, "--home", home, "sql", query.format(home=home))
    assert code == 1
    assert sorted(path.relative_to(home) for path in home.rglob("*")) == before


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("select count(*) as clients from (select distinct client from marts.kpi_monthly)", "clients"),
        ("-- a comment first\nselect 1 as one;", "one"),
        ("from key_result_latest select count(*) as key_results", "key_results"),
        ("show tables", "name"),
        ("describe marts.kpi_monthly", "column_name"),
        ("summarize ops.loads", "column_name"),
        ("explain select 1", "explain_key"),
        ("pivot (select 'a' as k, 1 as v) on k using sum(v)", "a"),
    ],
)
def test_sql_answers_every_kind_of_question(
    home: Path, query: str, first: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for given, typed in (([query], ""), (["-"], query)):
        monkeypatch.setattr(sys, "argv", ["okr", "--home", str(home), "sql", "--csv", *given])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert ended.value.code == 0
        assert capfd.readouterr().out.split(",")[0].splitlines()[0] == first


@pytest.mark.parametrize("arguments", [["status"], ["sql", "select 1"], ["export"], ["backtest"]])
def test_a_damaged_published_database_is_told_with_its_cure(
    home: Path, arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "published" / "okr-1.duckdb"
    file.chmod(0o644)
    file.write_bytes(b"no database " * 1_000)
    code, told = told_by(capfd, monkeypatch, "--home", home, *arguments)
    assert code == 1
    assert "okr run publishes it anew" in told


def test_doctor_goes_on_without_a_published_database_that_is_damaged(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "published" / "okr-1.duckdb").chmod(0o644)
    (home / "published" / "okr-1.duckdb").write_bytes(b"no database " * 1_000)
    code, told = told_by(capfd, monkeypatch, "--home", home, "doctor")
    assert code == 1
    assert "damaged" in told


def test_a_damaged_working_database_ends_the_run_with_its_cure_and_leaves_what_is_published(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "warehouse").mkdir()
    (home / "warehouse" / "okr.duckdb").write_bytes(b"no database " * 1_000)
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    ended = night.run_night(Home(home), {"OKR_TODAY": "2026-11-20"})
    assert ended.exit_code == 1
    assert ["put back a backup" in line for line in ended.problems] == [True]
    assert (home / "published" / "okr.duckdb").resolve().name == "okr-1.duckdb"


@pytest.mark.parametrize("has_published", [True, False])
def test_damage_that_is_met_in_the_middle_of_a_night_has_its_cure(home: Path, has_published: bool) -> None:
    where = Home(home if has_published else home / "elsewhere")
    met = "staging failed: IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2"
    told = night._with_cure(met, where)
    assert told.startswith(met)
    assert ("over from published/" in told) == has_published
    assert night._with_cure("staging failed: no space left", where) == "staging failed: no space left"


def test_a_night_with_too_little_memory_says_where_more_is_given(home: Path) -> None:
    with (
        duckdb.connect(config={"memory_limit": "4MB", "temp_directory": ""}) as con,
        pytest.raises(duckdb.Error) as met,
    ):
        con.execute("create table large as select hash(range) as a from range(10000000)")
    told = night._with_cure(f"marts failed: {' '.join(str(met.value).split())}", Home(home))
    assert "OKR_MEMORY=4GB" in told
    assert "Possible solutions" not in told


def test_an_event_log_that_can_not_be_written_ends_the_run_in_one_line(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    runs = home / "dagster" / "history" / "runs"
    runs.mkdir(parents=True)
    (runs / "index.db").mkdir()
    code, told = told_by(capfd, monkeypatch, "--home", home, "run")
    assert code == 1
    assert "Dagster's folder" in told
    assert "is the disk full" in told


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("dagster.yaml", "telemetry: [\n"),
        ("dagster.yaml", "telemetri:\n  enabled: false\n"),
        ("dagster.yaml", "- a list\n"),
        ("history/runs/index.db", "no database " * 1_000),
        ("history/runs.db", "no database " * 1_000),
    ],
)
def test_a_dagster_folder_that_is_damaged_may_be_moved_away_and_the_line_says_so(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: str, content: str
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    path = home / "dagster" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    code, told = told_by(capfd, monkeypatch, "--home", home, "run")
    assert code == 1
    assert "move the folder away" in told
    assert ("dagster.yaml" in told) == (file == "dagster.yaml")


@pytest.mark.parametrize(
    "content",
    [
        "storage:\n  postgres:\n    url: postgres://okr:hunter2secret@db: x\n",
        "storage:\n  postgres:\n    postgres_db: hunter2secret\n",
        "storage: hunter2secret\n",
        "schedules: {module: hunter2secret, class: x}\n",
    ],
)
def test_no_value_of_dagsters_settings_is_shown(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    (home / "dagster").mkdir()
    (home / "dagster" / "dagster.yaml").write_text(content, encoding="utf-8")
    code, told = told_by(capfd, monkeypatch, "--home", home, "run")
    assert code == 1
    assert "dagster.yaml is not understood" in told
    assert "hunter2secret" not in told


def test_a_night_whose_only_client_file_is_broken_names_it_and_ends_with_3(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "clients" / "acme.yaml").write_text("client: acme\n", encoding="utf-8")
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    code, told = told_by(capfd, monkeypatch, "--home", home, "run")
    assert code == 3
    assert "acme.yaml:1" in told


@pytest.mark.parametrize("arguments", [["run"], ["export"], ["init", "other"]])
def test_a_folder_that_this_user_may_not_use_is_told_in_one_line(home: Path, arguments: list[str]) -> None:
    for path in (home / "clients" / "acme.yaml", home / "clients", home / "published"):
        path.chmod(0o500 if path.is_dir() else 0o400)
    home.chmod(0o500)
    # root may do everything, so it gives that up first
    humbly = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*humbly, OKR, "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "OKR_TODAY": "2026-11-20"},
    )
    for path in (home, home / "clients", home / "published"):
        path.chmod(0o700)
    assert done.returncode in {1, 2, 3}
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.parametrize("arguments", [["validate"], ["status"], ["sql", "from range(10000)"], ["status", "--help"]])
def test_a_reader_that_has_had_enough_is_no_failure(home: Path, arguments: list[str]) -> None:
    with subprocess.Popen(
        [OKR, "--home", str(home), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        told = running.stderr.read()
    assert running.returncode == 0, told
    assert "Broken pipe" not in told
    assert "Traceback" not in told


def test_a_full_disk_under_the_output_is_told_in_one_line(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [OKR, "--home", str(home), "status"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["okr: writing the output: No space left on device"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_letters_gets_a_question_mark_for_them(home: Path, encoding: str) -> None:
    done = subprocess.run(
        [OKR, "--home", str(home), "status"],
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0, done.stderr
    assert b"?" in done.stdout


def test_an_error_that_nobody_foresaw_is_one_line_and_its_place_is_shown_when_asked_for(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError("two\nlines")

    monkeypatch.setattr("pipelines.cli.status.status_text", broken)
    code, told = told_by(capfd, monkeypatch, "--home", home, "status")
    assert code == 1
    assert "LookupError: two lines" in told
    monkeypatch.setenv(command.TRACEBACK, "1")
    with pytest.raises(LookupError):
        command.main()


def test_what_failed_is_read_while_the_run_still_holds_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.warehouse.run_lock import RunInProgress, run_lock

    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "acme.yaml").write_text("client: acme\nname: Acme\n", encoding="utf-8")
    home, seen = Home(tmp_path), []
    real = night.failed_sources

    def watched(home: Home, run_id: str) -> list[str]:
        from datetime import UTC, datetime

        with pytest.raises(RunInProgress), run_lock(home, run_id="another", now=datetime(2026, 11, 20, tzinfo=UTC)):
            pass
        seen.append(run_id)
        return real(home, run_id)

    monkeypatch.setattr(night, "failed_sources", watched)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))  # the night sets it; given back afterwards
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    ended = night.run_night(home, {"OKR_TODAY": "2026-11-20"})
    assert ended.exit_code == 0, ended.problems
    assert len(seen) == 1


def test_what_google_says_of_old_pythons_is_no_line_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["okr", "--version"])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(SystemExit):
            command.main()
        for library in ("google.api_core._python_version_support", "pandas"):
            warnings.warn_explicit("goes soon", FutureWarning, f"{library}.py", 1, module=library)
    assert [warning.filename for warning in said] == ["pandas.py"]


def test_a_day_far_off_is_asked_for_like_any_other(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for day in ("2026-11-20", "9999-12-31"):
        monkeypatch.setattr(sys, "argv", ["okr", "--home", str(home), "status", "--as-of", day])
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert ended.value.code == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != ""


def test_a_client_that_can_not_be_leaves_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["okr", "--home", str(home), "init", "_agency"])
    with pytest.raises(SystemExit):
        command.main()
    assert [path.name for path in (home / "clients").iterdir()] == ["acme.yaml"]


@pytest.mark.parametrize("encoding", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LANG": "C", "PYTHONCOERCECLOCALE": "0"}])
def test_a_home_folder_with_letters_beyond_ascii_is_found_whatever_the_locale(
    home: Path, encoding: dict[str, str]
) -> None:
    folder = home.rename(home.with_name(f"{home.name} å"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [OKR, "--home", str(folder), "sql", "--csv", "select 'ä' as ä"],
        env={**kept, **encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.decode()) == (0, "ä\nä\n"), done.stderr


def test_nothing_is_judged_anew_in_a_folder_that_is_no_home(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = told_by(capfd, monkeypatch, "--home", tmp_path, "status", "--as-of", "2026-01-01", "--restated")
    assert code == 1
    assert "no day can be judged anew" in told
    assert list(tmp_path.iterdir()) == []
