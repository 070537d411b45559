"""A change to the result tables, made without the clients that it can't be made for.

DuckDB has no savepoints: what fails for one client undoes the change, and it is made again without that client. That
costs the judging of the others once more, in the rare night in which something fails. What does not belong here: whose
fault it is (``faults.py``, ``bulkheads.py``), and the record of it (``held_back.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pipelines.warehouse.checks.bulkheads import Blame, blamed, everyone
from pipelines.warehouse.checks.results import audit_results
from pipelines.warehouse.checks.run import CheckOutcome
from pipelines.warehouse.db import Connection
from pipelines.warehouse.faults import ClientFaults
from pipelines.warehouse.home import Home

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ByClient(Generic[T]):
    """What came of a change. ``result`` is None where the whole was refused: then nothing was changed for anybody.

    ``outcomes`` by table: of a check that some client failed, those of when it did.
    """

    result: T | None
    outcomes: Mapping[str, tuple[CheckOutcome, ...]]
    held: Mapping[str, Blame]


def audit_by_client(
    con: Connection, home: Home, change: Callable[[frozenset[str]], T], *, tables: Collection[str]
) -> ByClient[T]:
    """Make ``change(left_out)`` and check it, until it holds for all who are not left out.

    Raises ``ClientFaults`` where nobody can be judged: then it is no client's trouble.
    """
    left_out: dict[str, Blame] = {}
    failed: dict[tuple[str, str], CheckOutcome] = {}
    while True:
        names = frozenset(left_out)
        try:
            result, outcomes = audit_results(con, home, lambda: change(names), tables=tables, held=names)  # noqa: B023
        except ClientFaults as error:
            new = {client: Blame(text=fault.reason, part=fault.part) for client, fault in error.faults.items()}
            if not new.keys() - names or new.keys() | names >= everyone(con):
                raise
        else:
            found = [outcome for each in outcomes.values() for outcome in each]
            if result is not None:
                return ByClient(result=result, outcomes=_shown(outcomes, failed), held=left_out)
            blames = blamed(con, found)
            if not blames or not blames.keys() - names or blames.keys() | names >= everyone(con):
                return ByClient(result=None, outcomes=outcomes, held={})
            new = dict(blames)
            failed |= {(each.model, each.name): each for each in found if each.blocks}
        left_out |= {client: blame for client, blame in new.items() if client not in left_out}


def _shown(
    outcomes: Mapping[str, tuple[CheckOutcome, ...]], failed: Mapping[tuple[str, str], CheckOutcome]
) -> Mapping[str, tuple[CheckOutcome, ...]]:
    return {
        table: tuple(
            replace(failed[each.model, each.name], is_held_back=True) if (each.model, each.name) in failed else each
            for each in found
        )
        for table, found in outcomes.items()
    }
