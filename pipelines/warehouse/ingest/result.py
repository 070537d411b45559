"""What one ingest step did: its ledger rows by client, source and stream.

What belongs here: reading ledger rows of one step together. What does not: deciding anything by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from connectors.core.errors import ErrorClass
from okr_models.periods import Window
from pipelines.warehouse.ingest.ledger import Load, StreamKey

StreamStatus = Literal["loaded", "failed", "up_to_date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLoads:
    """The ledger rows that one stream of one source got; none where nothing was due."""

    client: str
    source: str
    stream: str
    loads: tuple[Load, ...] = ()

    @property
    def failure(self) -> Load | None:
        """The first read that failed."""
        return next((load for load in self.loads if load.status == "failed"), None)

    @property
    def status(self) -> StreamStatus:
        """``failed`` if any read failed."""
        return "failed" if self.failure else "loaded" if self.loads else "up_to_date"

    @property
    def rows(self) -> int:
        """Rows written."""
        return sum(load.rows for load in self.loads if load.status == "loaded")

    @property
    def windows(self) -> tuple[Window, ...]:
        """What was written."""
        return tuple(load.window for load in self.loads if load.status == "loaded")

    @property
    def missed(self) -> tuple[Window, ...]:
        """Days noted as not to be had."""
        return tuple(load.window for load in self.loads if load.status == "skipped")

    @property
    def window(self) -> Window | None:
        """First to last day written."""
        if not self.windows:
            return None
        return Window(min(w.start for w in self.windows), max(w.end for w in self.windows))

    @property
    def error_class(self) -> ErrorClass | None:
        """Of the first failed read."""
        return self.failure.error_class if self.failure else None

    @property
    def message(self) -> str | None:
        """Of the first failed read."""
        return self.failure.message if self.failure else None


@dataclass(frozen=True, slots=True)
class IngestResult:
    """All streams of one step, ordered by client, source and stream."""

    streams: tuple[StreamLoads, ...]

    @property
    def failed(self) -> tuple[StreamLoads, ...]:
        """Streams with a failed read."""
        return tuple(stream for stream in self.streams if stream.status == "failed")

    @property
    def rows(self) -> int:
        """Rows written by all of them."""
        return sum(stream.rows for stream in self.streams)


@dataclass(slots=True)
class ResultBuilder:
    """Collects the rows of one step."""

    _loads: dict[StreamKey, list[Load]] = field(default_factory=dict)

    def expect(self, client: str, source: str, streams: Iterable[str]) -> None:
        """Streams that were looked at, also where nothing was due."""
        for stream in streams:
            self._loads.setdefault((client, source, stream), [])

    def add(self, load: Load) -> str:
        """Take in one row; returns it as a line for people."""
        self._loads.setdefault(load.key, []).append(load)
        what = f"{load.client}/{load.source} {load.stream}"
        days = f"{load.window.start} to {load.window.end}" if load.window.days > 1 else str(load.window.start)
        match load.status:
            case "loaded":
                partly = f", partly: {load.message}" if load.message else ""
                return f"{what}: {load.rows} rows, {days}{partly}"
            case "skipped":
                return f"{what}: {days} skipped: {load.message}"
            case "failed":
                return f"{what}: failed ({load.error_class}): {load.message}"

    def build(self) -> IngestResult:
        """Everything taken in."""
        return IngestResult(
            tuple(
                StreamLoads(client=client, source=source, stream=stream, loads=tuple(loads))
                for (client, source, stream), loads in sorted(self._loads.items())
            )
        )
