"""What faults came to, noted cell by cell and printed as a matrix when a test module is done.

What belongs here: the matrix. What does not: any fault (``tests/integration/test_fault_matrix.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.registry import SOURCE_TYPES
from pipelines.warehouse.ingest.ledger import Load


class Matrix:
    """What was observed, by fault and source."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str], str] = {}

    def note(self, title: str, kind: str, *, loads: tuple[Load, ...], calls: int, clean: int, healed: bool) -> None:
        """One cell, from a night's ledger."""
        classes = sorted({load.error_class for load in loads if load.error_class})
        attempts = max(load.attempts for load in loads)
        said = "+".join(classes) or "loaded"
        self.say(title, kind, f"{said} {attempts}x {'healed' if healed else 'BROKEN'}")
        assert calls or not clean

    def say(self, title: str, kind: str, words: str) -> None:
        """One cell, in words."""
        self.cells[title, kind] = words

    def lines(self) -> Iterator[str]:
        """A table of the sources, some faults at a time."""
        titles = list(dict.fromkeys(title for title, _ in self.cells))
        for first in range(0, len(titles), 3):
            part = titles[first : first + 3]
            yield ""
            yield f"{'source':15}" + "".join(f"{title:34}" for title in part).rstrip()
            for kind in SOURCE_TYPES:
                if any((title, kind) in self.cells for title in part):
                    yield f"{kind:15}" + "".join(f"{self.cells.get((title, kind), '-'):34}" for title in part).rstrip()


@contextmanager
def printed(config: pytest.Config, heading: str) -> Iterator[Matrix]:
    """A matrix that is printed past pytest's capture at the end of the block."""
    noted = Matrix()
    yield noted
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or capture is None or not noted.cells:
        return
    with capture.global_and_fixture_disabled():
        reporter.write_line("")
        reporter.write_line(heading)
        for line in noted.lines():
            reporter.write_line(line)
