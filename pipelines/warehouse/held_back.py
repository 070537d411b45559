"""Clients that are held back: something failed for one of them alone, so it keeps its last good figures.

The others are published without waiting for it. What belongs here: the record of who is held back and why
(``published/held.json``), which every stage of a night writes its part of, and which publishing, ``okr status``, the
exports and the exit code read. What does not: finding out whose trouble it is (``faults.py``,
``checks/bulkheads.py``) and what is published instead (``publish/tables.py``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pipelines.warehouse.home import Home

CONFIG, PROGRESS, INITIATIVES, SCORES, EXPORTS = "client file", "progress", "initiatives", "scores", "exports"
"""Stages beside the tables of SQL models, which go by their own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a client is held back, in a line; ``place`` is where in its file, as ``acme.yaml:31``."""

    text: str
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One client at one stage of a night. ``at``: ISO 8601, by the program's clock."""

    client: str
    stage: str
    reason: str
    place: str | None
    run_id: str
    at: str

    @property
    def line(self) -> str:
        """What happened, and what is shown instead."""
        where = f" ({self.place})" if self.place else ""
        kept = "its files are those of the night before" if self.stage == EXPORTS else "its last good figures stay"
        return f"{self.client} held back at {self.stage}{where}: {self.reason}; {kept}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """The record, as one run writes it."""

    home: Home
    run_id: str
    now: datetime

    def begin(self) -> None:
        """A whole night begins: what it does not write again is of an earlier one, and ends with ``settle``."""
        self._write(list(held_back(self.home)), night=self.run_id)

    def note(self, stage: str, reasons: Mapping[str, Reason]) -> None:
        """Say of one stage which clients it held back, in place of what was said of it before."""
        night, held = _read(self.home)
        kept = [each for each in held if each.stage != stage]
        at = self.now.isoformat(timespec="seconds")
        new = [
            Held(client=client, stage=stage, reason=why.text, place=why.place, run_id=self.run_id, at=at)
            for client, why in sorted(reasons.items())
        ]
        if new or len(kept) != len(held):
            self._write([*kept, *new], night=night)

    def clients(self, *, but: str = EXPORTS) -> frozenset[str]:
        """Those whose figures are to stay as they are published; ``but``: a stage that is about to say it anew.

        In a whole night what an earlier one said counts no more. Where only some assets are made, it still does.
        """
        night, held = _read(self.home)
        is_whole = night == self.run_id
        return frozenset(
            each.client
            for each in held
            if each.stage not in (but, EXPORTS) and (each.run_id == self.run_id or not is_whole)
        )

    def settle(self) -> None:
        """All stages of the night are through: forget what it had nothing to say of, of stages that are no more."""
        night, held = _read(self.home)
        if night == self.run_id:
            self._write([each for each in held if each.run_id == self.run_id], night=night)

    def _write(self, held: list[Held], *, night: str | None) -> None:
        if not held and not self.home.held_back.exists() and night is None:
            return
        write_held(self.home, held, night=night)


def write_held(home: Home, held: Sequence[Held], *, night: str | None) -> None:
    """Put the record in place whole. ``night``: the run that it is of, while that goes on."""
    home.published.mkdir(parents=True, exist_ok=True)
    building = home.held_back.with_name(f"building-held-{os.getpid()}.json")
    text = json.dumps({"night": night, "held": [asdict(each) for each in held]}, ensure_ascii=False, indent=1)
    building.write_text(text, encoding="utf-8")
    building.replace(home.held_back)


def held_back(home: Home) -> tuple[Held, ...]:
    """Who is held back, in the order in which a night's stages said so."""
    return tuple(_read(home)[1])


def _read(home: Home) -> tuple[str | None, list[Held]]:
    try:
        content = json.loads(home.held_back.read_text("utf-8"))
        return content["night"], [Held(**entry) for entry in content["held"]]
    except FileNotFoundError:
        return None, []
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{home.held_back} can't be read ({error}); the next night makes it anew") from error
