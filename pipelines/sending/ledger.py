"""``state/sent.jsonl``: the record of what was sent, so that nothing goes out twice, not after a crash either.

What belongs here: reading and adding to it. What does not: what is due (``due.py``), sending (``ways.py``).

A line is written before a message goes (``sending``) and another when the other side took it (``sent``). One that was
begun and never ended may have arrived: it is not sent again, and is named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock, Timeout

from pipelines.warehouse.home import Home

Event = Literal["sending", "sent", "failed", "unknown", "previewed", "held", "skipped"]
OVER: frozenset[str] = frozenset({"sent", "unknown", "held", "skipped", "sending", "previewed"})
"""After these a message is not tried again."""


class AlreadySending(RuntimeError):
    """Another process is sending from this home folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event. ``edition``: the night, week or month it is of; ``target``: to whom, as a fingerprint or address.

    ``as_of`` and ``at``: ISO days and instants, the night shown and the clock.
    """

    client: str
    sending: str
    edition: str
    target: str
    event: Event
    as_of: str
    at: str
    why: str = ""


class Ledger:
    """The record of one home folder; use inside ``opened``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.entries: list[Entry] = list(_read(path))

    def add(self, entry: Entry) -> None:
        """Write one line through to the disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        if self._path.exists() and not self._path.read_bytes().endswith(b"\n") and self._path.stat().st_size:
            text = "\n" + text  # a line that a crash cut off stays apart
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, text.encode("utf-8"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.entries.append(entry)

    def of(self, client: str, sending: str, edition: str | None = None) -> list[Entry]:
        """Everything recorded of one entry of a client's ``send``, and of one edition of it."""
        return [
            each
            for each in self.entries
            if each.client == client and each.sending == sending and edition in (None, each.edition)
        ]

    def last(self, client: str, sending: str, edition: str, target: str) -> Event | None:
        """What last became of one message; None where it was never begun."""
        found = [each.event for each in self.of(client, sending, edition) if each.target == target]
        return found[-1] if found else None


@contextmanager
def opened(home: Home) -> Iterator[Ledger]:
    """The ledger, while no other process sends. Raises ``AlreadySending``."""
    path = home.root / "state" / "sent.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            yield Ledger(path)
    except Timeout as error:
        raise AlreadySending("another okr is sending from this home folder; what is due is sent by it") from error


def _read(path: Path) -> Iterator[Entry]:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError):
            continue  # cut off by a crash: what it would have said was not done yet, or is named as begun
        if entry.event in get_args(Event):
            yield entry
