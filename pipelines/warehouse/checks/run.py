"""Checks a table that was built: its declared tests as a suite of Great Expectations.

Of a mart of usual size the table's own frame is the batch. Of everything else, and of tests that need other tables,
DuckDB counts the rows that fail, and the batch is one row of counts, each expected to be 0: the frame of a table of
millions of rows would take longer than its making. What belongs here: running and the outcome. What does not: what is
checked (``declared.py``), and what follows from a failed check (``refusals.py`` and the assets). A check that could not
be run is an error of its own, neither passed nor failed. Great Expectations is imported inside, once a run: it takes
seconds, and loading the graph must not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.warehouse.checks.count import count_failing
from pipelines.warehouse.checks.declared import Check, Checked, Severity, checks_of, expectation_of, failing_rows_sql
from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.models.project import Project

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ROWS = 10
FRAME_ROWS = 200_000
"""A table of more rows is never made a frame."""
Expected = tuple[str, dict[str, Any]]
"""A class of Great Expectations and what it is called with."""


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

    @property
    def blocks(self) -> bool:
        """Whether the table may not replace the one before: it failed as an error, or nobody knows."""
        return self.raised is not None or (not self.passed and self.severity == "error")


def check_model(
    con: Connection,
    model: Checked,
    *,
    project: Project,
    table: str,
    previous_catalog: str | None = None,
    previous_schema: str | None = None,
    as_frame: bool = False,
) -> list[CheckOutcome]:
    """The outcome of each check of ``model`` on ``table``, which is quoted, in the order of ``schema.yml``.

    Reads related models as they stand, and the table of the same name it is compared with, in the model's own place
    unless another is given; where there is none, an audit against it passes. ``as_frame``: see above.
    """
    checks = checks_of(model)
    place = (previous_catalog or current_catalog(con), previous_schema or model.schema, model.name)
    before = ".".join(map(quote, place))
    outcomes: dict[str, CheckOutcome] = {}
    if as_frame and _rows(con, table) <= FRAME_ROWS:
        for where in dict.fromkeys(check.test.where for check in checks if check.is_native):
            on_frame = [check for check in checks if check.is_native and check.test.where == where]
            query = f"select * from {table}" + (f" where {where}" if where else "")  # noqa: S608 - the project's own SQL
            outcomes |= _on_frame(con, model, on_frame, query=query, project=project)
    for check in checks:
        if check.is_audit and not _exists(con, place):
            outcomes[check.name] = _outcome(check, passed=True)
    left = [check for check in checks if check.name not in outcomes]
    outcomes |= _by_count(con, left, model=model, project=project, table=table, previous=before)
    return [outcomes[check.name] for check in checks]


def _rows(con: Connection, table: str) -> int:
    """Rows of a table; none where it can't be read, which its checks then say."""
    try:
        return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608 - quoted
    except duckdb.Error:
        return 0


def _on_frame(
    con: Connection, model: Checked, checks: list[Check], *, query: str, project: Project
) -> dict[str, CheckOutcome]:
    def among(name: str, field: str) -> list[object]:
        other = project.model(name)
        place = f"{quote(other.schema)}.{quote(other.name)}"
        rows = con.execute(f"select distinct {quote(field)} from {place}").fetchall()  # noqa: S608 - quoted
        return [value for (value,) in rows if value is not None]

    outcomes: dict[str, CheckOutcome] = {}
    expectations: list[Expected] = []
    by_name = {check.name: check for check in checks}
    try:
        frame = con.execute(query).df()
    except duckdb.Error as error:
        return {check.name: _outcome(check, raised=_reason(error)) for check in checks}
    for check in checks:
        try:
            expectations.append(expectation_of(check, among=among))
        except Exception as error:  # noqa: BLE001 - whatever a check raises is that check's error
            outcomes[check.name] = _outcome(check, raised=_reason(error))
    try:
        results = _validated(frame, expectations, name=model.name)
    except Exception as error:  # noqa: BLE001 - an engine that falls over has checked nothing
        return {check.name: _outcome(check, raised=_reason(error)) for check in checks}
    for result in results:
        check = by_name[result.expectation_config.meta["check"]]
        raised = _raised(result.exception_info)
        rows = list(result.result.get("unexpected_index_list") or ()) if raised is None else []
        columns = list(dict.fromkeys([*model.grain, *([check.column] if check.column else [])]))
        outcomes[check.name] = _outcome(
            check,
            passed=bool(result.success),
            raised=raised,
            unexpected=int(result.result.get("unexpected_count") or 0) if raised is None else 0,
            sample=_records(frame.loc[rows[:SAMPLE_ROWS], [c for c in columns if c in frame.columns]]) if rows else (),
        )
    for check in checks:  # a result that the engine lost is no pass
        outcomes.setdefault(check.name, _outcome(check, raised="Great Expectations gave no result"))
    return outcomes


def _by_count(
    con: Connection, checks: list[Check], *, model: Checked, project: Project, table: str, previous: str
) -> dict[str, CheckOutcome]:
    """Outcomes by the number of rows that fail each check, in one suite over one row of numbers."""
    import pandas as pd

    counted = count_failing(con, checks, model=model, project=project, table=table, previous=previous)
    counts, name = counted.rows, model.name
    outcomes = {
        check.name: _outcome(check, raised=_reason(counted.raised[check.name]))
        for check in checks
        if check.name in counted.raised
    }
    by_name = {check.name: check for check in checks}
    none: list[Expected] = [
        ("ExpectColumnMaxToBeBetween", {"column": name, "max_value": 0, "meta": {"check": name}}) for name in counts
    ]
    try:
        for result in _validated(pd.DataFrame([counts]), none, name=name):
            check = by_name[result.expectation_config.meta["check"]]
            raised, passed = _raised(result.exception_info), bool(result.success)
            sample: tuple[Mapping[str, object], ...] = ()
            if raised is None and not passed:
                rows = failing_rows_sql(check, model=model, project=project, table=table, previous=previous)
                sample = _records(con.execute(f"from ({rows}) limit {SAMPLE_ROWS}").df())
            outcomes[check.name] = _outcome(
                check, passed=passed, raised=raised, unexpected=counts[check.name], sample=sample
            )
    except Exception as error:  # noqa: BLE001 - an engine that falls over has checked nothing
        return {check.name: _outcome(check, raised=_reason(error)) for check in checks}
    for check in checks:  # a result that the engine lost is no pass
        outcomes.setdefault(check.name, _outcome(check, raised="Great Expectations gave no result"))
    return outcomes


def _validated(frame: pd.DataFrame, expectations: Iterable[Expected], *, name: str) -> Iterable[Any]:
    gx, source = _engine()
    made = [getattr(gx.expectations, kind)(**asked) for kind, asked in expectations]
    if not made:
        return ()
    suite = gx.ExpectationSuite(name=name, expectations=made)
    batch = source.get_batch({"dataframe": frame})
    results: Iterable[Any] = batch.validate(suite, result_format={"result_format": "COMPLETE"}).results
    return results


@lru_cache(maxsize=1)
def _engine() -> tuple[Any, Any]:
    """Great Expectations with an ephemeral context, and a batch definition of a frame. Nothing is sent anywhere."""
    with _environment("GX_ANALYTICS_ENABLED", "false"):
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("table")
    return gx, asset.add_batch_definition_whole_dataframe("whole")


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set before the import, as that is when it is read; put back after."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _raised(info: Mapping[str, Any] | None) -> str | None:
    """Why an expectation raised; its information is either flat or one entry a metric."""
    for entry in [info or {}, *(value for value in (info or {}).values() if isinstance(value, Mapping))]:
        if entry.get("raised_exception"):
            return " ".join(str(entry.get("exception_message") or "no reason given").split())
    return None


def _records(frame: pd.DataFrame) -> tuple[Mapping[str, object], ...]:
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


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
