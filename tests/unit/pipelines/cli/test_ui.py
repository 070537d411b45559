"""What ``okr ui`` starts; Dagster is not started here (``tests/integration/test_dagster_on_postgres.py`` does)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr


@pytest.mark.parametrize("part", ["webserver", "daemon", None])
def test_a_home_in_shards_is_shown_its_own_job_and_any_other_the_nightly_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str | None
) -> None:
    started = list[Sequence[str]]()

    def instead(_path: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        assert environ["OKR_HOME"] == str(tmp_path)
        started.append(command)

    monkeypatch.setattr(os, "execvpe", instead)
    monkeypatch.chdir(tmp_path)
    asked = ["--home", str(tmp_path), "ui", *(["--part", part] if part else [])]
    assert CliRunner().invoke(okr, asked).exit_code == 0
    (tmp_path / "shards" / "plan.state").mkdir(parents=True)
    assert CliRunner().invoke(okr, asked).exit_code == 0
    one, sharded = started
    assert one[one.index("-w") + 1].endswith("workspace.yaml")
    assert sharded[sharded.index("-m") + 1] == "pipelines.sharded_definitions"
    assert "-w" not in sharded
