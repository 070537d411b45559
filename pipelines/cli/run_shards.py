"""``okr run --engine ray``: the nights of all shards, what each came to, and what is published of all together.

What belongs here: the command's words. What does not: what a run does (``pipelines/shards_run.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from datetime import date
from typing import TextIO

import click

from pipelines.cli.common import fail, one_line
from pipelines.cli.night import NightEnded
from pipelines.shards.night import Outcome
from pipelines.shards_run import FORESEEN, WRONG_USAGE, run_all
from pipelines.warehouse.clock import BadToday

MEGABYTE = 1024 * 1024


def run_on_ray(
    address: str,
    environ: Mapping[str, str],
    *,
    shards: int | None = None,
    only: Collection[int] = (),
    start: date | None = None,
    end: date | None = None,
    full_refresh: bool = False,
    clock_is_right: bool = False,
    lax_secrets: bool = False,
) -> NightEnded:
    """Run every shard's night and publish; a line a shard on stdout. What is foreseen ends the command in words."""
    ours = sys.stdout
    try:
        # Ray prints its own news, of a machine that died, by whatever is the standard output
        with redirect_stdout(sys.stderr):
            ended = run_all(
                address,
                environ,
                shards=shards,
                only=only,
                start=start,
                end=end,
                full_refresh=full_refresh,
                clock_is_right=clock_is_right,
                lax_secrets=lax_secrets,
                told=lambda outcome: _tell(outcome, ours),
            )
    except (BadToday, *WRONG_USAGE) as error:
        raise fail(one_line(error), code=2) from error
    except FORESEEN as error:
        raise fail(one_line(error)) from error
    return NightEnded(ended.exit_code, ended.problems, ended.notes)


def _tell(outcome: Outcome, out: TextIO) -> None:
    what = "done" if outcome.exit_code == 0 else "done, with failures" if outcome.exit_code != 1 else "FAILED"
    count = len(outcome.clients)
    click.echo(
        f"shard {outcome.shard}: {what}; {count} client{'' if count == 1 else 's'}, {outcome.seconds:.1f} s,"
        f" {outcome.processor_seconds:.1f} s of processor, {outcome.peak_bytes / MEGABYTE:.0f} MB, on {outcome.where}",
        file=out,
    )
