"""The README as a newcomer follows it: every command in it is run, in its order, in a fresh folder.

``make run`` and ``make test`` themselves are what CI and this test run are made of; here it is checked that they stand
for ``okr demo`` and ``pytest``, and the rest is run for real.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from datetime import date
from pathlib import Path

import pytest

from connectors.sandbox.server import SandboxServer
from pipelines.cli.main import COMMANDS
from tests.home import PROJECT, Installation, copy_demo

README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
LINES = [line.split("  #")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]


def test_the_make_targets_stand_for_what_the_readme_says() -> None:
    for target, means in (("run", "okr demo"), ("test", "python -m pytest"), ("ui", "okr --home demo ui")):
        assert f"make {target}" in README
        planned = subprocess.run(["make", "-n", target], cwd=PROJECT, capture_output=True, text=True, check=True)
        assert means in planned.stdout


def test_every_command_of_the_readme_is_one_that_exists() -> None:
    assert LINES
    for line in LINES:
        words = shlex.split(line)
        assert words[0] in {"make", "okr", "mkdir"}, line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy_demo_to = tmp_path / "demo"
    copy_demo_to.mkdir()
    copy_demo(copy_demo_to)
    return tmp_path


def test_the_commands_work_in_the_readmes_order(folder: Path) -> None:
    with SandboxServer(today=date(2026, 11, 20)) as server:
        demo = Installation(folder / "demo", server, date(2026, 11, 20))
        made = demo.okr("demo")
        assert made.returncode == 0, made.stderr
        assert str(folder / "demo" / "published" / "okr.duckdb") in made.stdout
        new = Installation(folder / "okr-home", server, date(2026, 11, 20))
        for line in LINES:
            words = shlex.split(line)
            if words[0] == "mkdir":
                (folder / words[1]).mkdir()
            elif words[0] == "okr":
                home = demo if words[2] == "demo" else new
                done = home.okr(*words[3:])
                # the new client's key is not set here, which is named and stops nothing else
                expected = {"doctor": 1, "run": 3}.get(words[3], 0) if home is new else 0
                assert done.returncode == expected, (line, done.stderr)
                assert "Traceback" not in done.stderr
                if expected:
                    assert "ACME_GOOGLE_KEY" in done.stdout + done.stderr


def test_every_command_has_help_and_is_documented(tmp_path: Path) -> None:
    with SandboxServer(today=date(2026, 11, 20)) as server:
        home = Installation(tmp_path, server, date(2026, 11, 20))
        documented = README + "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "docs").glob("*.md"))
        for command in COMMANDS:
            shown = home.okr(command, "--help")
            assert shown.returncode == 0
            assert "Usage:" in shown.stdout
            assert f"okr {command}" in documented or re.search(rf"okr (--home \S+ )?{command}", documented), command
