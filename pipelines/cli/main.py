"""The ``okr`` command: which commands there are, and how an error reaches a person.

What belongs here: the group, its shared options, the last resort for errors. What does not: what a command does
(one module each beside this one, imported only when it is called, so that ``okr status`` loads no dagster).
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
import warnings
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from pipelines.cli.common import one_line

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("pipelines.cli.client_files", "init"),
    "validate": ("pipelines.cli.client_files", "validate"),
    "doctor": ("pipelines.cli.doctor", "doctor"),
    "run": ("pipelines.cli.run", "run"),
    "replay": ("pipelines.cli.replay", "replay"),
    "ledger": ("pipelines.cli.ledger", "ledger"),
    "status": ("pipelines.cli.status", "status"),
    "suggest": ("pipelines.cli.suggest", "suggest"),
    "checkin": ("pipelines.cli.checkin", "checkin"),
    "export": ("pipelines.cli.export", "export"),
    "send": ("pipelines.cli.send", "send"),
    "sql": ("pipelines.cli.sql", "sql"),
    "mcp": ("pipelines.cli.mcp", "mcp"),
    "shard": ("pipelines.cli.shard", "shard"),
    "backtest": ("pipelines.cli.backtest", "backtest"),
    "backup": ("pipelines.cli.backup", "backup"),
    "restore": ("pipelines.cli.backup", "restore"),
    "sandbox": ("pipelines.cli.sandbox", "sandbox"),
    "demo": ("pipelines.cli.demo", "demo"),
    "ui": ("pipelines.cli.ui", "ui"),
    "completion": ("pipelines.cli.completion", "completion"),
}
SAID: dict[str, str] = {
    "init": "Write a commented clients/CLIENT.yaml to fill in.",
    "validate": "Check client files: every error, each as file:line with what would be right.",
    "doctor": "Ask every source whether it can be read, and tell what each key result's baseline rests on.",
    "run": "Run the night: read every source, build the figures, publish.",
    "replay": "Parse the kept replies of followers and post counters anew, and put what they give in place of those"
    " rows.",
    "ledger": "The record of what was read when.",
    "status": "Show the progress of each objective and key result.",
    "suggest": "Say which target is realistic: how likely each is, from the client's own months.",
    "checkin": "Say how sure you are that a key result succeeds, why, and what you do next.",
    "export": "Write the CSVs and the report again.",
    "send": "Send what the client files' send asks for and is due; each message once.",
    "sql": 'Ask the published database one question; "-" reads it from standard input.',
    "mcp": "Serve read-only tools over the published figures to an assistant, over stdio.",
    "shard": "Spread the clients over more or fewer shards, move one, or check where each is.",
    "backtest": "Replay history: Brier score and interval coverage of the forecasts it would have made.",
    "backup": "Copy the home folder into FILE, also while a run goes on.",
    "restore": "Put what okr backup wrote into an empty folder, which is a home folder then.",
    "sandbox": "Serve the vendors' APIs over a simulated world, until stopped.",
    "demo": "Run the night on the bundled demo clients and show what came of it.",
    "ui": "Open Dagster: lineage, reruns, and the nightly schedule while it runs.",
    "completion": "Print the completion script for a shell: commands, options and the names of clients.",
}
"""Each command's first sentence, as its own help begins, so that the list of them need not import them all."""
OTHERS = 0o027
"""Taken from what is written: everything of others, and writing of the group."""
TRACEBACK = "OKR_TRACEBACK"
"""Set to anything: an error that this program did not foresee is shown with where it arose."""


class _ReaderGone(Exception):
    """Whoever read the output has closed the pipe, as ``head`` does."""


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            said = {name: click.Command(name, help=SAID[name]).get_short_help_str(room) for name in COMMANDS}
            formatter.write_dl(list(said.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            answer = super().invoke(ctx)
            # now, while an error still has somebody to catch it
            sys.stdout.flush()
        except BrokenPipeError as error:
            # click would end with code 1 and "a reader had enough" is no failure
            raise _ReaderGone from error
        return answer


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: okr --home okr-home status",
)
@click.option(
    "--home",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Home folder; default OKR_HOME, else the current folder.",
)
@click.version_option(package_name="marketing-okr")
@click.pass_context
def okr(context: click.Context, home: str | None) -> None:
    """Marketing KPIs every night, rolled up into progress against each key result."""
    context.obj = home


def main() -> None:
    """Entry point of the console script. One readable line for each error; a traceback is a bug."""
    _speak_utf8()
    for name in ("DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    # what imports make stays; garbage collection going through it again and again took a fifth of their time
    gc.set_threshold(20_000, 10, 10)
    # Google's libraries announce years ahead on stderr which Python they will leave; the user can't act on it here
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a terminal that can't show a letter shows "?" in its place
            stream.reconfigure(errors="replace")
    # figures of clients are nobody else's: files 0640, folders 0750, or tighter where the user has it so
    before = os.umask(0o077)
    os.umask(before | OTHERS)
    try:
        code = _ended()
    finally:
        os.umask(before)
    sys.exit(code)


def _speak_utf8() -> None:
    """Begin anew in Python's UTF-8 mode where the locale has another encoding: DuckDB takes every path for UTF-8."""
    given = sys.argv[1:]
    is_ours = sys.orig_argv[len(sys.orig_argv) - len(given) :] == given  # and no test's or other program's
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode and is_ours:
        environ = {**os.environ, "PYTHONUTF8": "1"}
        os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environ)  # noqa: S606 - ourselves


def _ended() -> int:  # noqa: PLR0911 - one return for each way to end
    """Run the command that was asked for; its exit code."""
    try:
        # click returns the code of an Exit here, and None where a command simply ended
        return okr(standalone_mode=False) or 0
    except click.Abort:
        _tell("stopped")
        return 130
    except NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "okr"
        _tell(f"{one_line(ValueError(error.format_message())).rstrip('.')}; {asked} --help shows how it is used")
        return error.exit_code
    except _ReaderGone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if os.environ.get(TRACEBACK):
            raise
        _tell(f"{error.filename or 'writing the output'}: {error.strerror or one_line(error)}")
        _drop_output()
        return 1
    except Exception as error:
        from pipelines.warehouse.clock import BadToday

        if isinstance(error, BadToday):
            _tell(one_line(error))
            return 2
        if os.environ.get(TRACEBACK):
            raise
        what = f"{type(error).__name__}: {one_line(error)}"
        _tell(f"{what} (not foreseen: {TRACEBACK}=1 shows where it arose)")
        return 1


def _tell(line: str) -> None:
    click.echo(f"okr: {line}", err=True)


def _drop_output() -> None:
    """What can't be written now can't be when Python closes the stream either, and it would say so at length."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
