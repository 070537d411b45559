"""What a run tells of itself while it goes on: stages, each of so many pieces, and lines worth keeping.

What belongs here: the role, and what one ingest step says in it. What does not: how it looks (``cli/stages.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, Protocol

from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.planning import NOT_ASKED_FOR
from pipelines.warehouse.ingest.read_source import SourceTask, windows_due

Stage = Literal["counters", "sources", "models", "key results", "publish"]
"""In the order of a night."""


class StageListener(Protocol):
    """Told by the run's one thread that writes."""

    def expect(self, stage: Stage, pieces: int) -> None:
        """So many more pieces will come."""

    def done(self, stage: Stage, what: str, pieces: int = 1) -> None:
        """``what`` was done; with 0 pieces it is only what is being done."""

    def line(self, text: str) -> None:
        """Something to be read afterwards too."""


class Unwatched:
    """Nobody watches."""

    def expect(self, stage: Stage, pieces: int) -> None:
        """Nothing."""

    def done(self, stage: Stage, what: str, pieces: int = 1) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""


@dataclass(slots=True)
class _Tally:
    """One source in one step."""

    left: int
    windows: int = 0
    rows: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    lacking: list[str] = field(default_factory=list)
    """Streams that it does not give and nothing rests on."""


@dataclass(slots=True)
class IngestStages:
    """One ingest step as told: a piece for each window or list that is due, a line for each source at its end."""

    listener: StageListener
    stage: Stage
    _sources: dict[tuple[str, str], _Tally] = field(default_factory=dict)
    _started: float = field(default_factory=perf_counter)

    def due(self, tasks: Iterable[SourceTask]) -> None:
        """What the ledger says is due; a source's own zone, not yet known, can change it by a window."""
        for task in tasks:
            pieces = windows_due(task)
            self._sources[(task.client, task.settings.id)] = _Tally(left=pieces)
            self.listener.expect(self.stage, pieces)
        self.listener.done(self.stage, "", 0)

    def happened(self, load: Load, what: str) -> None:
        """One row of the ledger."""
        tally = self._sources.setdefault((load.client, load.source), _Tally(left=0))
        is_lacking = NOT_ASKED_FOR in load.quality
        if load.status == "skipped" and not is_lacking:
            tally.skipped += 1  # days not to be had come on top of what was due
            return
        if is_lacking:
            tally.lacking.append(load.stream)
        elif load.status == "failed":
            tally.failed[str(load.error_class)] += 1
        else:
            tally.windows += 1
            tally.rows += load.rows
        if tally.left == 0:
            self.listener.expect(self.stage, 1)
        tally.left = max(0, tally.left - 1)
        self.listener.done(self.stage, what)

    def through(self, client: str, source: str) -> None:
        """Nothing more comes of this source, whatever was expected."""
        tally = self._sources.get((client, source))
        if tally is None:
            return
        if tally.left:
            self.listener.done(self.stage, f"{client}/{source}", tally.left)
            tally.left = 0
        parts = []
        if tally.windows:
            parts.append(f"{_count(tally.windows, 'read')}, {_count(tally.rows, 'row')}")
        if tally.failed:
            parts.append("failed: " + ", ".join(sorted(tally.failed)))
        if tally.skipped:
            parts.append(_count(tally.skipped, "span") + " not to be had")
        if tally.lacking:
            parts.append(f"does not give {', '.join(sorted(tally.lacking))}")
        if parts:
            self.listener.line(f"{client}/{source}: {'; '.join(parts)}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
