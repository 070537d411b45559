"""What a person sees while a night runs: bars on a terminal, plain lines when piped, and the time each stage took."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from pipelines.warehouse.ingest.stages import Stage

STILL_AT_IT_SECONDS = 30.0
"""Piped, a long stage says at most this often how far it is."""


@dataclass(slots=True)
class _Stage:
    total: int = 0
    done: int = 0
    started: float | None = None
    ended: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.started if self.started is not None else 0.0


class StageDisplay:
    """Writes to stderr, so that stdout stays the command's answer. A stderr that has gone stops no night."""

    def __init__(self) -> None:
        self._stages: dict[Stage, _Stage] = {}
        self._bars: Progress | None = None
        self._tasks: dict[Stage, TaskID] = {}
        self._now: Stage | None = None
        self._began = self._told = monotonic()

    def __enter__(self) -> StageDisplay:
        if sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}:
            self._bars = Progress(
                TextColumn("{task.description}", table_column=Column(width=11, no_wrap=True)),
                BarColumn(bar_width=20),
                MofNCompleteColumn(table_column=Column(justify="right", no_wrap=True)),
                TimeElapsedColumn(),
                TextColumn(
                    "{task.fields[what]}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
                ),
                console=Console(stderr=True, highlight=False, markup=False, emoji=False),
                expand=True,
                refresh_per_second=4,
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        on_terminal = self._bars is not None
        if self._bars is not None:
            for task in self._tasks.values():
                self._bars.update(task, what="")
                self._bars.stop_task(task)
            self._bars.stop()
            self._bars = None
        else:
            self._stage_over()
        if on_terminal and self._tasks:
            self._print(f"{_time(monotonic() - self._began)} in all")  # the bars have the rest
        elif kind is None:
            parts = ", ".join(f"{name} {_time(stage.seconds)}" for name, stage in self._in_order())
            if parts:
                self._print(f"{_time(monotonic() - self._began)} in all: {parts}")

    def expect(self, stage: Stage, pieces: int) -> None:
        """So many more pieces will come."""
        known = self._stages.setdefault(stage, _Stage())
        known.total += pieces
        if self._bars is not None and stage in self._tasks:
            self._bars.update(self._tasks[stage], total=known.total)

    def done(self, stage: Stage, what: str, pieces: int = 1) -> None:
        """``what`` was done; with 0 pieces it is what is being done."""
        known, now = self._stages.setdefault(stage, _Stage()), monotonic()
        if not known.total:
            return  # nothing of it is due
        if stage != self._now:
            self._stage_over()
            self._now = stage
        if known.started is None:
            known.started = now
        known.done += pieces
        known.ended = now
        if self._bars is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=known.total, what=what)
            self._bars.update(self._tasks[stage], advance=pieces, total=known.total, what=what)
            if known.done >= known.total:
                self._bars.update(self._tasks[stage], what="")
        elif now - self._told > STILL_AT_IT_SECONDS:
            self._print(f"{stage}: {known.done} of {known.total}, at {what}")

    def line(self, text: str) -> None:
        """On a terminal the bars say it."""
        if self._bars is None:
            self._print(text)

    def _in_order(self) -> list[tuple[Stage, _Stage]]:
        begun = [(name, stage) for name, stage in self._stages.items() if stage.started is not None]
        return sorted(begun, key=lambda one: one[1].started or 0.0)

    def _stage_over(self) -> None:
        stage = self._stages.get(self._now) if self._now else None
        if self._bars is None and stage is not None and stage.total:
            self._print(f"{self._now}: {stage.done} of {stage.total} in {_time(stage.seconds)}")

    def _print(self, text: str) -> None:
        self._told = monotonic()
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
