"""The README and the pages of docs/ as a newcomer follows them: every command is run, in order, in fresh folders.

``make run`` and ``make test`` themselves are what CI and this test run are made of; here it is checked that they
stand for ``okr demo`` and ``pytest``. What can't be run here is in ``NOT_RUN`` with its reason; anything else runs
for real, as the page has it, by bash. The pages share the demo's night. Queries of the cookbook:
``tests/unit/docs/test_cookbook.py``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from connectors.sandbox.server import SandboxServer
from pipelines.cli.main import COMMANDS, okr
from tests.home import PROJECT, Installation, copy_demo

TODAY = date(2026, 11, 20)
README = (PROJECT / "README.md").read_text(encoding="utf-8")
FIRST_CLIENT = (PROJECT / "docs" / "first-client.md").read_text(encoding="utf-8")
OPERATIONS = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
NOT_RUN = {
    "make": "what CI itself runs; its targets are looked at below",
    "source .venv/bin/activate": "the environment that runs this test is active",
    "export": "the test gives the sandbox's key instead of a file in Downloads",
    "sudo": "changes the machine; the unit files are verified below",
    "systemctl": "needs a machine that systemd runs",
    "journalctl": "needs a machine that systemd runs",
    "git": "needs a remote",
}


def lines_of(page: str) -> list[str]:
    """The commands of a page's shell blocks, in their order, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def is_run(line: str) -> bool:
    return not any(line == never or line.startswith(f"{never} ") for never in NOT_RUN)


LINES = lines_of(README)


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


@pytest.mark.parametrize(("never", "reason"), NOT_RUN.items())
def test_what_is_not_run_stands_on_a_page_and_has_a_reason(never: str, reason: str) -> None:
    every = [line for page in (README, FIRST_CLIENT, OPERATIONS) for line in lines_of(page)]
    assert any(line == never or line.startswith(f"{never} ") for line in every)
    assert reason


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as running:
        yield running


@pytest.fixture(scope="module")
def folder(server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's reader stands after ``make run``."""
    root = tmp_path_factory.mktemp("clone")
    (root / "demo").mkdir()
    copy_demo(root / "demo", only=("fjallglas",))  # the whole demo's night is tests/e2e/test_demo_night.py
    demo = Installation(root / "demo", server, TODAY)
    made = demo.okr("demo")
    assert made.returncode == 0, made.stderr
    assert str(root / "demo" / "published" / "okr.duckdb") in made.stdout
    return root


class Reader:
    """Types what a page says, in one folder."""

    def __init__(self, folder: Path, server: SandboxServer, **environ: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in {"DAGSTER_HOME", "OKR_HOME"}}
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.folder = folder
        self.environ = {**kept, **server.environment(), "OKR_TODAY": TODAY.isoformat(), "COLUMNS": "80", **environ}
        self.environ["PATH"] = binaries

    def types(self, line: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert "Traceback" not in done.stderr, (line, done.stderr)
        return done


def test_the_demo_has_six_weeks_of_nights_behind_it(folder: Path, server: SandboxServer) -> None:
    demo = Installation(folder / "demo", server, TODAY)
    nights = demo.query("select distinct as_of from marts.key_result_progress order by as_of")
    assert [str(night) for (night,) in nights] == ["2026-10-09", "2026-11-13", "2026-11-20"]
    read = demo.query(
        "select count(distinct window_end) from ops.loads where source = 'instagram' and stream = 'post_counters'"
        " and status = 'loaded'"
    )
    assert read == [(43,)]
    of_posts = demo.query(
        "select count(value) from marts.kpi_monthly where kpi = 'interactions_per_post' and scope <> 'all'"
        " and month = '2026-10-01'"
    )
    assert of_posts != [(0,)]
    assert demo.query("select count(*) from marts.checkins where client = 'fjallglas'") != [(0,)]
    assert "2026-11-13" in (folder / "demo" / "exports" / "fjallglas" / "changes.csv").read_text(encoding="utf-8")


def test_the_readmes_commands_work_in_its_order(folder: Path, server: SandboxServer) -> None:
    reader = Reader(folder, server)
    for line in filter(is_run, LINES):
        done = reader.types(line)
        # the new client's key is not set here, which is named and stops nothing else
        words = shlex.split(line)
        is_new = words[0] == "okr" and words[2] == "okr-home"
        expected = {"doctor": 1, "run": 3}.get(words[3], 0) if is_new else 0
        assert done.returncode == expected, (line, done.stderr)
        if expected:
            assert "ACME_GOOGLE_KEY" in done.stdout + done.stderr


@pytest.mark.timeout(1_800)  # six nights of one small client
def test_a_first_client_comes_to_its_report_and_is_backed_up_restored_and_run_again(
    folder: Path, server: SandboxServer, tmp_path: Path
) -> None:
    (tmp_path / "demo").symlink_to(folder / "demo")
    reader = Reader(tmp_path, server, ACME_GOOGLE_KEY=server.environment()["OKR_DEMO_GOOGLE_KEY"])
    for line in filter(is_run, lines_of(FIRST_CLIENT)):
        done = reader.types(line)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if line.endswith("init acme"):
            fill_in(tmp_path / "okr-home" / "clients" / "acme.yaml")
    for report in re.findall(r"`(\S+report\.html)`", FIRST_CLIENT):
        assert (tmp_path / report).is_file(), report
    statuses = {}
    for line in filter(is_run, lines_of(OPERATIONS)):
        done = reader.types(line)
        # from the moment that a second client stands there with no key of its own, it is named
        is_second = (tmp_path / "okr-home" / "clients" / "second.yaml").exists()
        expected = (1,) if line.endswith("doctor second") else (0, 3) if is_second else (0,)
        assert done.returncode in expected, (line, done.stdout, done.stderr)
        if done.returncode:
            assert "SECOND_GOOGLE_KEY" in done.stdout + done.stderr
        if line.startswith("okr --home okr-home backup"):
            statuses["backed up"] = reader.types("okr --home okr-home status").stdout
        if line.endswith("okr-restored status"):
            statuses["restored"] = done.stdout
    assert statuses["backed up"] == statuses["restored"]
    assert "%" in statuses["restored"]


def fill_in(file: Path) -> None:
    """What the page asks a reader to change in the client's file; the sandbox stands for Google."""
    text = file.read_text(encoding="utf-8")
    assert 'property_id: "123456789"' in text
    text = text.replace('property_id: "123456789"', 'property_id: "412345678"\n    base_url: {env: OKR_SANDBOX_URL}')
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("unit", sorted((PROJECT / "docs" / "systemd").iterdir()), ids=lambda path: path.name)
def test_systemd_takes_the_unit_files(unit: Path, tmp_path: Path) -> None:
    installed = "/opt/marketing-okr/.venv/bin/okr"
    okr = Path(sys.executable).with_name("okr")
    for each in unit.parent.iterdir():
        text = each.read_text(encoding="utf-8")
        assert each.suffix == ".timer" or each.name == "okr-tell.service" or installed in text
        (tmp_path / each.name).write_text(text.replace(installed, str(okr)), encoding="utf-8")
    try:
        looked = subprocess.run(
            ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    assert (looked.returncode, looked.stderr) == (0, "")


@pytest.mark.parametrize(("unit", "most"), [("okr-nightly", 25), ("okr-dagster", 25), ("okr-tell", 50)])
def test_a_unit_is_exposed_no_more_than_so_many_tenths(unit: str, most: int) -> None:
    """By systemd's own count: 0 nothing of the machine, 100 all of it."""
    file = PROJECT / "docs" / "systemd" / f"{unit}.service"
    try:
        looked = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", f"--threshold={most}", "--no-pager", str(file)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    if "unrecognized option" in looked.stderr:
        pytest.skip("this systemd-analyze judges no files")
    assert looked.returncode == 0, looked.stdout[-200:]


def test_every_command_has_help_and_is_documented() -> None:
    documented = README + "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "docs").rglob("*.md"))
    for command in COMMANDS:
        shown = CliRunner().invoke(okr, [command, "--help"], catch_exceptions=False)
        assert shown.exit_code == 0
        assert "Usage:" in shown.output
        assert f"okr {command}" in documented or re.search(rf"okr (--home \S+ )?{command}", documented), command
