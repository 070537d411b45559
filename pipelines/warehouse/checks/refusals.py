"""Write, audit, publish: a table is made, checked, and only then put in its place, or else undone.

What belongs here: that order. What does not: the checks (``run.py``), the record of a refusal that ``okr status`` reads
(``pipelines/warehouse/refused.py``) and what Dagster is told (``pipelines/checks.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

from pipelines.warehouse.checks.bulkheads import Blame, blamed, shown, without
from pipelines.warehouse.checks.run import CheckOutcome, check_model
from pipelines.warehouse.db import Connection, afterwards, quote, transaction
from pipelines.warehouse.models.project import Model, Project
from pipelines.warehouse.models.runner import ModelResult, build_model, keep_rows, swap_model

T = TypeVar("T")
GONE = "; if an older warehouse/ was put back, okr ledger take-over brings its missing results back from published/"
"""What to do where results are published and gone from the working database."""


class TableRefused(RuntimeError):
    """A blocking check failed, or could not be run; what is published stays as it was."""

    def __init__(self, *, table: str, reasons: Iterable[str]) -> None:
        self.table, self.reasons = table, tuple(reasons)
        super().__init__(f"{table} refused: {'; '.join(self.reasons)}; what was published before stays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A model that was built and checked. ``result`` is None where it was refused."""

    outcomes: tuple[CheckOutcome, ...]
    result: ModelResult | None
    held: Mapping[str, Blame] = field(default_factory=dict)
    """Clients whose rows alone were refused: the table stands without what was new of them."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused, one line per check; empty where it was not."""
        return tuple(reason(outcome) for outcome in self.outcomes if outcome.blocks)


def reason(outcome: CheckOutcome) -> str:
    """One line on a check that failed or could not be run."""
    if outcome.raised is not None:
        return f"check {outcome.name} could not be run ({outcome.raised})"
    rows = f"{outcome.unexpected} row{'' if outcome.unexpected == 1 else 's'}"
    cure = GONE if outcome.name.startswith("append_only") else ""
    return f"check {outcome.name} failed ({rows}{first_row(outcome.sample)}){cure}"


def first_row(rows: Sequence[Mapping[str, object]]) -> str:
    """ ", first client acme, day 2026-11-19, …" of rows that fail; nothing where there is none."""
    for row in rows:
        values = {name: shown(value) for name, value in row.items() if value is not None}
        return f", first {', '.join(f'{name} {value}' for name, value in values.items())}"
    return ""


def audit_model(con: Connection, model: Model, *, project: Project, held: Collection[str] = ()) -> Audit:
    """Build beside, check, and swap where nothing blocks; else the old table stays and the new one is dropped.

    Of clients that are ``held`` already, and of those whose rows alone fail here, the rows of the old table stay.
    """
    started = perf_counter()
    beside = build_model(con, model)
    with afterwards(con, f"drop table if exists {beside}"):
        keep_rows(con, model, held)
        outcomes = without(check_model(con, model, project=project, table=beside, at_gate=True), held)
        blames = blamed(con, outcomes)
        if blames is None:
            return Audit(outcomes=outcomes, result=None)
        keep_rows(con, model, blames.keys())
        rows = swap_model(con, model)
    result = ModelResult(model=model.name, rows=rows, derived=rows, seconds=perf_counter() - started)
    return Audit(outcomes=without(outcomes, blames.keys()), result=result, held=blames)


def audit_in_place(con: Connection, model: Model, build: Callable[[], ModelResult], *, project: Project) -> Audit:
    """``build`` and check; a refused table is as it was before. For tables that nobody outside reads.

    Rows that only some clients are to blame for stay in it: what is served of those clients is not made of them.
    """
    table, blames = f"{quote(model.schema)}.{quote(model.name)}", dict[str, Blame]()

    def check() -> tuple[CheckOutcome, ...]:
        outcomes = tuple(check_model(con, model, project=project, table=table))
        blames.update(blamed(con, outcomes) or {})
        return without(outcomes, blames.keys())

    result, outcomes = audit_change(con, build, check)
    return Audit(outcomes=outcomes, result=result, held=blames)


class _Undone(Exception):
    """A change is undone; nobody outside sees this."""


def audit_change(
    con: Connection, change: Callable[[], T], check: Callable[[], Iterable[CheckOutcome]]
) -> tuple[T | None, tuple[CheckOutcome, ...]]:
    """Make a change and check what came of it, in one transaction, which is undone where a check blocks: then None."""
    outcomes: tuple[CheckOutcome, ...] = ()
    try:
        with transaction(con):
            result = change()
            outcomes = tuple(check())
            if any(outcome.blocks for outcome in outcomes):
                raise _Undone
    except _Undone:
        return None, outcomes
    return result, outcomes
