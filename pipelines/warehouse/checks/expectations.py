"""What Great Expectations says of checks that failed on a table that people read: which values, how many, of how many.

DuckDB has counted before, and its count decides: that takes milliseconds, where importing the library costs more than
all SQL of a small night. So a sound night never imports it; one that is held up, or warned of, gets its suite of the
failing expectations on the table's own frame (docs/adr/0008-the-price-of-a-night.md). What belongs here: the
translation of a declared test, and the validation. What does not: whether a check fails (``run.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.warehouse.checks.declared import Check, Checked, Explanation, model_named
from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.faults import reason_of
from pipelines.warehouse.models.project import Project, SqlProjectError

if TYPE_CHECKING:
    import pandas as pd

FRAME_ROWS = 200_000
"""A table of more rows is never made a frame."""
Expected = tuple[str, dict[str, Any]]
"""A class of Great Expectations and what it is called with."""


def explain(
    con: Connection, model: Checked, checks: Sequence[Check], *, table: str, project: Project
) -> dict[str, Explanation]:
    """By name what is found of each of ``checks`` that is about the table's own frame. Raises nothing.

    What the library can't do is said in its place: a refusal is never lost to its explanation.
    """
    about: dict[str, Explanation] = {}
    native = [check for check in checks if check.is_native]
    for where in dict.fromkeys(check.test.where for check in native):
        some = [check for check in native if check.test.where == where]
        try:
            about |= _on_frame(con, model, some, table=table, where=where, project=project)
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the check failed all the same
            about |= {check.name: {"not_explained": reason_of(error)} for check in some}
    return about


def _on_frame(
    con: Connection, model: Checked, checks: list[Check], *, table: str, where: str | None, project: Project
) -> dict[str, Explanation]:
    def among(name: str, field: str) -> list[object]:
        other = project.model(name)
        place = f"{quote(other.schema)}.{quote(other.name)}"
        rows = con.execute(f"select distinct {quote(field)} from {place}").fetchall()  # noqa: S608 - quoted
        return [value for (value,) in rows if value is not None]

    query = f"select * from {table}" + (f" where {where}" if where else "")  # noqa: S608 - the project's own SQL
    rows = int(con.execute(f"select count(*) from ({query})").fetchall()[0][0])  # noqa: S608 - the same
    if rows > FRAME_ROWS:
        raise ValueError(f"{rows} rows are more than the {FRAME_ROWS} that are made a frame")
    frame = con.execute(query).df()
    results = _validated(frame, [expectation_of(check, among=among) for check in checks], name=model.name)
    return {found["meta"]: found["about"] for found in map(_plain, results)}


def _plain(result: Any) -> dict[str, Any]:
    """One result as plain values: the check it is about, and what it says."""
    found = result.to_json_dict()
    config = found["expectation_config"]
    about = {"expectation": config["type"], "success": found["success"], **found["result"]}
    raised = _raised(result.exception_info)
    return {"meta": config["meta"]["check"], "about": about if raised is None else {"not_explained": raised}}


def expectation_of(check: Check, *, among: Callable[[str, str], list[object]]) -> Expected:
    """The expectation of a native check: its class in Great Expectations, and what that is called with.

    ``among(model, field)`` gives a related table's values. Pure, so that no suite needs the library to be read.
    """
    arguments: dict[str, Any] = dict(check.test.arguments)
    of_column: dict[str, Any] = {"column": check.column}
    asked: dict[str, Any]
    match check.test.name:
        case "not_null":
            kind, asked = "ExpectColumnValuesToNotBeNull", of_column
        case "unique":
            kind, asked = "ExpectColumnValuesToBeUnique", of_column
        case "accepted_values":
            kind, asked = "ExpectColumnValuesToBeInSet", {**of_column, "value_set": arguments["values"]}
        case "relationships":
            values = among(model_named(arguments["to"]), str(arguments["field"]))
            kind, asked = "ExpectColumnValuesToBeInSet", {**of_column, "value_set": values}
        case "grain":
            columns = list(arguments["columns"])
            kind, asked = "ExpectCompoundColumnsToBeUnique", {"column_list": columns, "ignore_row_if": "never"}
            if len(columns) == 1:
                kind, asked = "ExpectColumnValuesToBeUnique", {"column": columns[0]}
        case "non_negative":
            kind, asked = "ExpectColumnValuesToBeBetween", {**of_column, "min_value": 0}
        case "accepted_range":
            kind, asked = "ExpectColumnValuesToBeBetween", {**of_column, **arguments}
        case "not_above":
            kind = "ExpectColumnPairValuesAToBeGreaterThanB"
            asked = {"column_A": arguments["total"], "column_B": check.column, "or_equal": True}
            asked["ignore_row_if"] = "either_value_is_missing"
        case other:
            raise SqlProjectError(where=check.model, problem=f"there is no expectation for {other}")
    return kind, {**asked, "meta": {"check": check.name}}


def _validated(frame: pd.DataFrame, expectations: Sequence[Expected], *, name: str) -> Sequence[Any]:
    gx, source = _engine()
    made = [getattr(gx.expectations, kind)(**asked) for kind, asked in expectations]
    suite = gx.ExpectationSuite(name=name, expectations=made)
    batch = source.get_batch({"dataframe": frame})
    results: Sequence[Any] = batch.validate(suite, result_format={"result_format": "SUMMARY"}).results
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
