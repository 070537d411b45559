"""How an error of a command reaches a person: one line on stderr and an exit code, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli import night
from pipelines.warehouse.home import Home

OKR = str(Path(sys.executable).with_name("okr"))


@pytest.mark.parametrize(
    "command", [["init", "acme"], ["status"], ["validate"], ["doctor"], ["run"], ["sql", "select 1"]]
)
def test_a_home_folder_that_can_not_be_one_is_told_in_one_line(tmp_path: Path, command: list[str]) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("", encoding="utf-8")
    told = subprocess.run(
        [OKR, "--home", str(not_a_folder), *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode in {1, 2}
    assert "Traceback" not in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert told.stderr.startswith("okr: ")


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
