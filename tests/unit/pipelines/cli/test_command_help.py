"""What helps a person at the prompt: an example under each --help, and Tab, for the names of clients too."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipelines.cli.completion import VARIABLE
from pipelines.cli.main import COMMANDS, SAID, okr

OKR = Path(sys.executable).with_name("okr")


def examples(command: str) -> list[list[str]]:
    """The words of each example in a command's help."""
    shown = CliRunner().invoke(okr, [command, "--help"], env={"COLUMNS": "200"}).output
    lines = shown.split("Example")[-1].splitlines() if "Example" in shown else []
    found = [
        line.split("okr ", 1)[1] for line in lines if line.removeprefix("s:").removeprefix(":").strip()[:4] == "okr "
    ]
    return [shlex.split(line.split(" < ")[0].split(" > ")[0]) for line in found]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example_that_it_understands(command: str) -> None:
    given = examples(command)
    assert given
    for words in given:
        context = okr.make_context("okr", list(words))
        name, _found, rest = okr.resolve_command(context, [*context._protected_args, *context.args])
        assert name == command
        okr.get_command(context, command).make_context(command, rest, parent=context)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns(command: str) -> None:
    shown = CliRunner().invoke(okr, [*([command] if command else []), "--help"], env={"COLUMNS": "80"}).output
    assert [line for line in shown.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_okr(shell: str) -> None:
    given = CliRunner().invoke(okr, ["completion", shell], prog_name="okr")
    assert given.exit_code == 0, given.output
    assert f"{VARIABLE}={shell}_complete" in given.output


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("okr --home {home} status --client ", {"fjallglas", "lindhs"}),
        ("okr --home {home} run --client fj", {"fjallglas"}),
        ("okr --home {home} run --client lindhs --client ", {"fjallglas"}),
        ("okr --home {home} doctor ", {"fjallglas", "lindhs"}),
        ("okr --home {home} validate li", {"lindhs"}),
        ("okr st", {"status"}),
        ("okr status --aud", {"--audience"}),
        ("okr status --audience b", {"board"}),
    ],
)
def test_tab_completes_commands_options_and_clients(tmp_path: Path, words: str, expected: set[str]) -> None:
    (tmp_path / "clients").mkdir()
    for name in ("fjallglas", "lindhs"):
        (tmp_path / "clients" / f"{name}.yaml").write_text("not: read", encoding="utf-8")
    line = words.format(home=tmp_path)
    asked = {**os.environ, VARIABLE: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run([OKR], env=asked, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert {answer.split(",")[1] for answer in done.stdout.split()} == expected


def test_completion_is_clicks_own_name_for_it() -> None:
    assert isinstance(okr, click.Group)
    assert VARIABLE == "_OKR_COMPLETE"


def test_the_list_of_commands_says_of_each_what_its_own_help_says() -> None:
    context = click.Context(okr)
    own = {name: okr.get_command(context, name).get_short_help_str(limit=200) for name in COMMANDS}
    assert own == SAID


def test_help_imports_no_command_and_no_database() -> None:
    program = "import sys; from pipelines.cli.main import main; sys.argv = ['okr', '--help']\ntry: main()\nfinally:"
    program += " print(*sorted({'duckdb', 'dagster', 'pydantic', 'yaml', 'pipelines.cli.status'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[-1] == ""
