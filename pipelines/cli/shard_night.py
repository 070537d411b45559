"""The night of one shard as ``ray_engine.py`` runs it on any machine: ``okr run``'s own, with its words kept.

What belongs here: turning a command's end into a value, since no terminal is there to read it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from datetime import date

import click

from pipelines.cli.night import NightEnded, run_night
from pipelines.warehouse.home import Home


def night_of_shard(
    home: Home,
    environ: Mapping[str, str],
    *,
    start: date | None = None,
    end: date | None = None,
    full_refresh: bool = False,
    clock_is_right: bool = False,
    lax_secrets: bool = False,
    sends: bool = False,
) -> NightEnded:
    """``run_night`` over the home folder of a shard; what would end a command is exit code 1 and its words."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return run_night(
                home,
                environ,
                start=start,
                end=end,
                full_refresh=full_refresh,
                clock_is_right=clock_is_right,
                lax_secrets=lax_secrets,
                sends=sends,
                may_be_empty=True,
            )
    except click.exceptions.Exit:
        lines = [line.removeprefix("okr: ") for line in said.getvalue().splitlines() if line.strip()]
        return NightEnded(1, tuple(lines) or ("the night ended without a reason",))
