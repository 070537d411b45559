"""What one ingest step did, by client, source and stream.

What belongs here: adding up ledger rows of one step. What does not: deciding anything by them.
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
class StreamReport:
    """One stream of one source. ``failed`` if any of its reads failed; ``windows`` are those written."""

    client: str
    source: str
    stream: str
    status: StreamStatus
    rows: int = 0
    windows: tuple[Window, ...] = ()
    missed: tuple[Window, ...] = ()
    """Days noted as not to be had."""
    error_class: ErrorClass | None = None
    message: str | None = None

    @property
    def window(self) -> Window | None:
        """First to last day written."""
        if not self.windows:
            return None
        return Window(min(w.start for w in self.windows), max(w.end for w in self.windows))


@dataclass(frozen=True, slots=True)
class IngestReport:
    """All streams of one step, ordered by client, source and stream."""

    streams: tuple[StreamReport, ...]

    @property
    def failed(self) -> tuple[StreamReport, ...]:
        """Streams with a failed read."""
        return tuple(stream for stream in self.streams if stream.status == "failed")

    @property
    def rows(self) -> int:
        """Rows written by all of them."""
        return sum(stream.rows for stream in self.streams)


@dataclass(slots=True)
class ReportBuilder:
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

    def build(self) -> IngestReport:
        """The report of everything taken in."""
        return IngestReport(tuple(_stream(key, loads) for key, loads in sorted(self._loads.items())))


def _stream(key: StreamKey, loads: list[Load]) -> StreamReport:
    client, source, stream = key
    loaded = [load for load in loads if load.status == "loaded"]
    failed = next((load for load in loads if load.status == "failed"), None)
    status: StreamStatus = "failed" if failed else "loaded" if loads else "up_to_date"
    return StreamReport(
        client=client,
        source=source,
        stream=stream,
        status=status,
        rows=sum(load.rows for load in loaded),
        windows=tuple(load.window for load in loaded),
        missed=tuple(load.window for load in loads if load.status == "skipped"),
        error_class=failed.error_class if failed else None,
        message=failed.message if failed else None,
    )
