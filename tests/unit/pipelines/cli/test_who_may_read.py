"""Who else on the machine may read what is written, and a secret that lies open."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import pipelines.cli.run as run_command
from connectors.catalogue import SETTINGS
from connectors.core.errors import Misconfigured
from connectors.core.protocol import Context, Source
from okr_models.client.file import read_client
from okr_models.client.sources import SourceSettings
from pipelines.cli.main import okr
from pipelines.cli.night import NightEnded
from pipelines.resources import NightResource, opened_night
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema
from tests.agency import write_files

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


def test_a_night_reads_no_secret_that_everybody_may_read_unless_it_is_told_to(tmp_path: Path) -> None:
    home = Home(tmp_path)
    token = tmp_path / "secrets" / "token"
    token.parent.mkdir()
    token.write_text("t0ken-value")
    read = read_client(CLIENT, file_name="acme.yaml", types=SETTINGS).client
    asked: list[str] = []

    def opened(settings: SourceSettings, context: Context) -> Source:
        asked.append(context.secret("token"))
        raise Misconfigured(client="acme", source="li", attempted="stopping here", detail="seen")

    def message(day: date, *, strict: bool) -> str:
        with closing(connect(home)) as con:
            ensure_schema(con)
            night = {"con": con, "clients": [read], "home": home, "environ": {}, "clock": fixed_clock(day)}
            ingest(**night, run_id=str(day), deliveries=("snapshot",), open_source=opened, refuse_open_secrets=strict)
            (load,) = ledger.read(con)[-1:]
        assert load.error_class == "config"
        assert "t0ken" not in str(load.message)
        return str(load.message)

    home.warehouse.mkdir()
    token.chmod(0o644)
    said = message(date(2026, 11, 20), strict=True)
    assert "everybody on this machine may read secrets/token" in said
    assert "chmod 600 secrets/token; okr run --lax-secrets goes on" in said
    assert asked == []
    assert "seen" in message(date(2026, 11, 21), strict=False)
    token.chmod(0o600)
    assert "seen" in message(date(2026, 11, 22), strict=True)
    assert set(asked) == {"t0ken-value"}


def test_okr_run_and_the_schedule_are_strict_and_lax_secrets_reaches_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def run_night(*_: object, lax_secrets: bool, **__: object) -> NightEnded:
        seen.append(lax_secrets)
        return NightEnded(0, ())

    monkeypatch.setattr(run_command, "run_night", run_night)
    for options in ([], ["--lax-secrets"]):
        assert CliRunner().invoke(okr, ["--home", str(tmp_path), "run", *options]).exit_code == 0
    assert seen == [False, True]
    write_files(Home(tmp_path), date(2026, 11, 20))
    for lax in (False, True):
        with opened_night(Home(tmp_path), run_id=f"r{lax}", lax_secrets=lax) as night:
            assert night.lax_secrets is lax
    assert NightResource().lax_secrets is False


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
