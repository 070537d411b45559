"""The ``okr`` command: which commands there are, and how an error reaches a person.

What belongs here: the group, its shared options, the last resort for errors. What does not: what a command does
(one module each beside this one, imported only when it is called, so that ``okr status`` loads no dagster).
"""

from __future__ import annotations

import importlib
import os
import sys

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("pipelines.cli.client_files", "init"),
    "validate": ("pipelines.cli.client_files", "validate"),
    "doctor": ("pipelines.cli.doctor", "doctor"),
    "run": ("pipelines.cli.run", "run"),
    "replay": ("pipelines.cli.replay", "replay"),
    "status": ("pipelines.cli.status", "status"),
    "export": ("pipelines.cli.export", "export"),
    "sql": ("pipelines.cli.sql", "sql"),
    "backtest": ("pipelines.cli.backtest", "backtest"),
    "sandbox": ("pipelines.cli.sandbox", "sandbox"),
    "demo": ("pipelines.cli.demo", "demo"),
    "ui": ("pipelines.cli.ui", "ui"),
}


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


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--home", metavar="DIR", help="Home folder; default OKR_HOME, else the current folder.")
@click.version_option(package_name="marketing-okr")
@click.pass_context
def okr(context: click.Context, home: str | None) -> None:
    """Marketing KPIs every night, rolled up into progress against each key result."""
    context.obj = home


def main() -> None:
    """Entry point of the console script. One readable line for each error; a traceback is a bug."""
    for name in ("DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    try:
        # click returns the code of an Exit here, and None where a command simply ended
        sys.exit(okr(standalone_mode=False) or 0)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(f"okr: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        sys.exit(1)
