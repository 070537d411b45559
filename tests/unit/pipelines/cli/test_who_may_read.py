"""Who else on the machine may read what is written, and a secret that lies open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr

CLIENT = """\
client: acme
name: Acme AB
sources:
  - {id: li, type: linkedin, organization_id: "1", token: {file: secrets/token}}
"""


@pytest.mark.parametrize(
    ("umask", "file", "folder"), [(0o022, 0o640, 0o750), (0o000, 0o640, 0o750), (0o077, 0o600, 0o700)]
)
def test_what_the_command_writes_is_not_for_everybody(umask: int, file: int, folder: int, tmp_path: Path) -> None:
    code = f"import os; os.umask({umask}); from pipelines.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--home", str(tmp_path / "home"), "init", "acme"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = tmp_path / "home" / "clients" / "acme.yaml"
    assert (written.stat().st_mode & 0o777, written.parent.stat().st_mode & 0o777) == (file, folder)


@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o640, False), (0o600, False)])
def test_a_secret_that_everybody_may_read_is_warned_of(mode: int, warned: bool, tmp_path: Path) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "acme.yaml").write_text(CLIENT)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("t0ken-value")
    (tmp_path / "secrets" / "token").chmod(mode)
    done = CliRunner().invoke(okr, ["--home", str(tmp_path), "validate"], env={**os.environ}, catch_exceptions=False)
    assert done.exit_code == 0
    assert ("chmod 600 secrets/token" in done.output) is warned
    assert "t0ken" not in done.output
