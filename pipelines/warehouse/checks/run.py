"""Checks a table that was built: DuckDB counts the rows that fail each of its declared tests, in one statement.

What belongs here: running and the outcome. What does not: what is checked (``declared.py``), what Great Expectations
adds where something failed at a gate (``expectations.py``), and what follows from it (``refusals.py``, the assets). A
check that could not be run is an error of its own, neither passed nor failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.warehouse.checks.count import count_failing
from pipelines.warehouse.checks.declared import Check, Checked, Explanation, Severity, checks_of, failing_rows_sql
from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.faults import reason_of
from pipelines.warehouse.models.project import Project

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What became of one check. ``raised`` says why it could not be run; then it neither passed nor failed."""

    model: str
    name: str
    severity: Severity
    passed: bool
    raised: str | None = None
    unexpected: int = 0
    sample: tuple[Mapping[str, object], ...] = ()
    explanation: Explanation | None = None
    clients: Mapping[str, Mapping[str, object]] | None = None
    """Of each client that fails a test of severity error, its first row that does; None where rows are nobody's."""
    is_held_back: bool = False
    """Only clients fail it whose rows are not published tonight."""

    @property
    def blocks(self) -> bool:
        """Whether the table may not replace the one before: it failed as an error, or nobody knows."""
        failed = not self.passed and self.severity == "error" and not self.is_held_back
        return self.raised is not None or failed


def check_model(
    con: Connection,
    model: Checked,
    *,
    project: Project,
    table: str,
    previous_catalog: str | None = None,
    previous_schema: str | None = None,
    at_gate: bool = False,
) -> list[CheckOutcome]:
    """The outcome of each check of ``model`` on ``table``, which is quoted, in the order of ``schema.yml``.

    Reads related models as they stand, and the table of the same name it is compared with, in the model's own place
    unless another is given; where there is none, an audit against it passes. ``at_gate``: people will read what this
    table holds, so that what fails is explained.
    """
    checks = checks_of(model)
    before, first = "", set[str]()
    if audits := [check.name for check in checks if check.is_audit]:  # else nobody asks where it would be
        place = (previous_catalog or current_catalog(con), previous_schema or model.schema, model.name)
        before = ".".join(map(quote, place))
        first = set() if _exists(con, place) else set(audits)
    asked = [check for check in checks if check.name not in first]
    counted = count_failing(con, asked, model=model, project=project, table=table, previous=before)

    def outcome(check: Check) -> CheckOutcome:
        if check.name in first:
            return _outcome(check, passed=True)
        if check.name in counted.raised:
            return _outcome(check, raised=reason_of(counted.raised[check.name]))
        if check.name not in counted.rows:  # what was not counted is no pass
            return _outcome(check, raised="DuckDB gave no count")
        rows = counted.rows[check.name]
        if rows == 0:
            return _outcome(check, passed=True)
        try:
            failing = failing_rows_sql(check, model=model, project=project, table=table, previous=before)
            sample = records(con.execute(f"from ({failing}) limit {SAMPLE_ROWS}").df())
            clients = _clients(con, failing) if check.severity == "error" and not check.is_of_the_whole else None
        except Exception as error:  # noqa: BLE001 - whatever a check raises is that check's error
            return _outcome(check, raised=reason_of(error))
        return replace(_outcome(check, unexpected=rows, sample=sample), clients=clients)

    outcomes = [outcome(check) for check in checks]
    failed = {o.name for o in outcomes if not o.passed and o.raised is None}
    if not (at_gate and failed):
        return outcomes

    from pipelines.warehouse.checks.expectations import explain

    about = explain(con, model, [check for check in checks if check.name in failed], table=table, project=project)
    return [replace(each, explanation=about.get(each.name)) for each in outcomes]


def _clients(con: Connection, failing: str) -> Mapping[str, Mapping[str, object]] | None:
    """The first failing row of each client; None where the rows say no client."""
    if "client" not in con.sql(failing).columns:  # only bound, not run
        return None
    # put in order first, as a window can't be ordered by all columns: the same rows give the same first one
    ordered = f"(select *, row_number() over () as place from (from ({failing}) order by all))"  # noqa: S608 - the project's own SQL
    firsts = (
        f"select * exclude (place) from {ordered} qualify row_number() over (partition by client order by place) = 1"  # noqa: S608 - the same
    )
    rows = records(con.execute(firsts).df())
    return None if any(row["client"] is None for row in rows) else {str(row["client"]): row for row in rows}


def records(frame: pd.DataFrame) -> tuple[Mapping[str, object], ...]:
    """A frame's rows, with None for what is missing."""
    shown = frame.astype(object).where(frame.notna(), None)
    return tuple({str(name): value for name, value in row.items()} for row in shown.to_dict("records"))


def _exists(con: Connection, place: tuple[str, str, str]) -> bool:
    # asked of the catalog: a failing query would end the transaction that this may run in
    found = con.execute(
        "select 1 from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?", list(place)
    ).fetchall()
    return bool(found)


def current_catalog(con: Connection) -> str:
    """The catalog that unqualified names are looked up in."""
    return str(con.execute("select current_database()").fetchall()[0][0])


def _outcome(
    check: Check,
    *,
    passed: bool = False,
    raised: str | None = None,
    unexpected: int = 0,
    sample: tuple[Mapping[str, object], ...] = (),
) -> CheckOutcome:
    return CheckOutcome(
        model=check.model,
        name=check.name,
        severity=check.severity,
        passed=passed and raised is None,
        raised=raised,
        unexpected=unexpected,
        sample=sample,
    )
