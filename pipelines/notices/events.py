"""Which troubles a night has, each one event until it is over: what a notice is news by.

What belongs here: when two nights have the same trouble. What does not: the words (``text.py``) and what was told
before (``claims.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

FRESHNESS = "freshness"
"""The test that each source told some of the last days: of one that is not read it tells the same again."""
_SCOPE = "source="


def event_of_unread(source: str, kind: str) -> str:
    """A source that is not read, by what kind of failure it is: its words may differ every night."""
    return f"not read: {source} ({kind})"


def events_of_test(
    asset: str, test: str, sample: str, *, unexpected: int | None, unread: Sequence[str]
) -> frozenset[str]:
    """Events of a test that fails: one for each client and scope of the rows that it shows, where it shows all.

    ``unread``: sources (``client/id``) of which the night tells anyway.
    """
    whole = f"{asset} {test}"
    shown = _subjects(sample)
    if not shown or (unexpected is not None and unexpected > len(shown)):
        return frozenset({whole})
    silent = {(client, f"{_SCOPE}{source}") for client, _, source in (name.partition("/") for name in unread)}
    left = [each for each in shown if test != FRESHNESS or each not in silent]
    return frozenset(f"{whole}: {client} {scope}".rstrip() for client, scope in left)


def _subjects(detail: str) -> list[tuple[str, str]]:
    """Client and scope of each row of the Markdown table in a sample; none where it has no such column."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in detail.splitlines() if "|" in line
    ]
    head = next((number for number, row in enumerate(rows) if "client" in row), None)
    if head is None:
        return []
    names = rows[head]
    found = []
    for row in rows[head + 2 :]:
        cells = dict(zip(names, row, strict=False))
        scope = cells.get("scope", "") or (f"{_SCOPE}{cells['source']}" if cells.get("source") else "")
        found.append((cells["client"], scope))
    return found
