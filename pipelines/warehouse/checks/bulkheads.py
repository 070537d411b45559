"""Whose rows fail a check. One client's refused row is no reason to publish nothing of the others.

What belongs here: from failing checks to clients; and when it is the whole that is wrong after all, because a row is
nobody's, because rows that were published are gone, or because every client fails. What does not: what a check asks
(``declared.py``), and what is done about it (``refusals.py``, ``by_client.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from pipelines.warehouse.checks.run import CheckOutcome
from pipelines.warehouse.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Why one client is held back, and the ids of the row or part that shows where in its file."""

    text: str
    part: Mapping[str, object]


def blamed(con: Connection, outcomes: Iterable[CheckOutcome]) -> Mapping[str, Blame] | None:
    """Of each client whose rows fail a blocking check the first reason; None where it is the whole that is wrong."""
    blames: dict[str, Blame] = {}
    for outcome in outcomes:
        if not outcome.blocks:
            continue
        if not outcome.clients:
            return None
        for client, row in outcome.clients.items():
            values = ", ".join(f"{name} {shown(value)}" for name, value in row.items() if value is not None)
            blames.setdefault(client, Blame(text=f"{outcome.model}: check {outcome.name} failed ({values})", part=row))
    return None if blames and blames.keys() >= everyone(con) else blames


def without(outcomes: Iterable[CheckOutcome], clients: Collection[str]) -> tuple[CheckOutcome, ...]:
    """The outcomes, of which those that only ``clients`` fail block nothing: their rows stay as they were published."""
    return tuple(
        replace(outcome, is_held_back=True) if outcome.clients and outcome.clients.keys() <= set(clients) else outcome
        for outcome in outcomes
    )


def everyone(con: Connection) -> frozenset[str]:
    """All clients of the installation, by what the last nights knew of their files."""
    return frozenset(client for (client,) in con.execute("select client from config.clients").fetchall())


def shown(value: object) -> str:
    """A value of a failing row; a frame has days as midnights."""
    return str(value).removesuffix(" 00:00:00")
