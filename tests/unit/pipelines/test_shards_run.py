"""What is wrong with a whole run over shards, as ``okr run`` says it: before any shard begins, as no failure of one.

No shard's night is run here: who would run them is made up, and fails the test where it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from pipelines.cli.main import okr
from pipelines.shards.engine import RunEnded
from pipelines.shards.night import Outcome
from tests.shard_home import write_clients


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("OKR_TODAY", "2026-05-10")

    def executor(*_: object, **__: object) -> Any:
        return lambda *_: pytest.fail("a shard was begun")

    monkeypatch.setattr("pipelines.shards_run.executor", executor)

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(okr, ["--home", str(tmp_path), "run", "--engine", "ray", "--shards", "2", *arguments])

    return go


def published(root: Path, *, newest: str) -> None:
    (root / "published").mkdir(parents=True)
    with duckdb.connect(str(root / "published" / "okr.duckdb")) as con:
        con.execute("create schema ops; create table ops.loads (finished_at timestamptz)")
        con.execute(f"insert into ops.loads values ('{newest} 05:00:00+02')")


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_date_that_the_ledger_contradicts_is_refused_in_one_line_and_holds_no_client_back(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    write_clients(tmp_path)
    published(tmp_path, newest="2026-05-14")
    before = files(tmp_path)
    ended = run()
    assert ended.exit_code == 1
    assert ended.stderr == (
        "okr: OKR_TODAY says 2026-05-10, but the newest night of this home folder is of 2026-05-14: set the clock"
        " right; was that night's wrong, a backup of before it, put back, undoes it; --clock-is-right goes on all the"
        " same\n"
    )
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (("2026-05-08", "2026-05-01"), "the range ends before it starts"),
        (("2026-05-10", "2026-05-10"), "none of it is over yet"),
    ],
)
def test_days_that_make_no_sense_are_wrong_usage_and_no_failure_of_a_shard(
    tmp_path: Path, run: Callable[..., Result], days: tuple[str, str], why: str
) -> None:
    write_clients(tmp_path)
    ended = run("--from", days[0], "--to", days[1])
    assert ended.exit_code == 2
    assert why in ended.stderr
    assert not (tmp_path / "shards").exists()


def test_a_home_without_a_client_file_is_named_as_such(tmp_path: Path, run: Callable[..., Result]) -> None:
    ended = run()
    assert ended.exit_code == 2
    assert ended.stderr == f"okr: no client file in {tmp_path}/clients; okr init CLIENT writes one\n"
    assert files(tmp_path) == {}


def test_what_ray_prints_of_its_own_is_no_part_of_what_a_run_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_all(*_: object, told: Callable[[Outcome], None], **__: object) -> RunEnded:
        print("(raylet) The node with IP address: 10.0.0.7 has been marked dead")
        told(Outcome(shard=0, kind="done", clients=("acme",), exit_code=0, where="here"))
        noted = Outcome(shard=0, kind="done", clients=("acme",), exit_code=0, notes=("checkins/acme.csv:2: no day",))
        return RunEnded(exit_code=0, problems=(), outcomes=(noted,), published=None)

    monkeypatch.setattr("pipelines.cli.run_shards.run_all", run_all)
    result = CliRunner().invoke(okr, ["--home", str(tmp_path), "run", "--engine", "ray"])
    assert result.stdout == "shard 0: done; 1 client, 0.0 s, 0.0 s of processor, 0 MB, on here\n"
    assert "marked dead" in result.stderr
    assert (result.exit_code, "okr: checkins/acme.csv:2: no day" in result.stderr) == (0, True)
