"""The data tests of the result tables, in the words of ``schema.yml``, and their run in the transaction that adds rows.

What belongs here: which values a result may have, and that rows are only ever added, by comparing with what is
published. What does not: how a check runs (``run.py``), any figure, and Dagster (``pipelines/assets/okr.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from okr_models.initiatives.verdicts import Verdict
from okr_models.progress.status import Status
from pipelines.warehouse.checks.bulkheads import without
from pipelines.warehouse.checks.refusals import audit_change
from pipelines.warehouse.checks.run import CheckOutcome, check_model
from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.home import Home
from pipelines.warehouse.models.project import Project, load_project
from pipelines.warehouse.models.schema_yml import Column, DataTest, canonical_type
from pipelines.warehouse.okr.tables import OKR_TABLES
from pipelines.warehouse.served import columns_served, served_beside
from pipelines.warehouse.tables import Table

T = TypeVar("T")
PROGRESS_TABLES = ("key_result_items", "key_result_progress", "objective_progress")
"""What judging a day adds rows to."""
_SHARE = DataTest(name="accepted_range", arguments={"min_value": 0, "max_value": 1})


def _among(*values: str) -> DataTest:
    return DataTest(name="accepted_values", arguments={"values": list(values)})


_STATUS = _among(*get_args(Status))


def _at_most(total: str) -> DataTest:
    return DataTest(name="not_above", arguments={"total": total})


VALUES: dict[str, dict[str, tuple[DataTest, ...]]] = {
    "key_result_progress": {
        "kind": (_among("flow", "stock", "ratio", "count", "milestones"),),
        "ambition": (_among("committed", "stretch"),),
        "progress": (_SHARE,),
        "expected_progress": (_SHARE,),
        "probability": (_SHARE,),
        "probability_full": (_SHARE,),
        "forecast_low": (_at_most("forecast_high"),),
        "status": (_STATUS,),
    },
    "objective_progress": {
        "progress": (_SHARE, _at_most("progress_high")),
        "progress_low": (_SHARE, _at_most("progress")),
        "progress_high": (_SHARE,),
        "expected_progress": (_SHARE,),
        "coverage": (_SHARE,),
        "status": (_STATUS,),
    },
    "key_result_items": {"outcome": (_among("met", "open", "missed"),)},
    "initiative_results": {
        "verdict": (_among(*get_args(Verdict)),),
        "effect_low": (_at_most("effect_high"),),
        # negative where a fall is hoped for; nothing falls by more than all of it
        "detectable_effect": (DataTest(name="accepted_range", arguments={"min_value": -1}),),
        "probability_worthwhile": (_SHARE,),
        "cost": (DataTest(name="non_negative"),),
    },
    "forecast_scores": {"probability": (_SHARE,), "brier": (_SHARE,)},
}
"""What is asked of a column beyond what its type and its nullability say."""

APPEND_ONLY: dict[str, DataTest] = {
    "key_result_progress": DataTest(name="append_only"),
    "objective_progress": DataTest(name="append_only"),
    "key_result_items": DataTest(name="append_only"),
    # the night's own day is judged anew by a second run
    "initiative_results": DataTest(
        name="append_only", arguments={"where": "as_of < (select max(as_of) from okr.initiative_results)"}
    ),
    # a restatement may put an outcome right; the forecast stays what it was
    "forecast_scores": DataTest(
        name="append_only",
        arguments={
            "columns": ["client", "objective_id", "key_result_id", "as_of", "known_at", "said_by", "probability"]
        },
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """A result table with its tests, as a model of the SQL project has them."""

    name: str
    schema: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    tests: tuple[DataTest, ...]
    audits: tuple[DataTest, ...]


def _result_table(table: Table) -> ResultTable:
    values = VALUES[table.name]
    columns = []
    for column in table.columns:
        tests = [] if column.nullable else [DataTest(name="not_null")]
        tests += [DataTest(name="finite")] if column.type == "DOUBLE" else []
        columns.append(
            Column(
                name=column.name,
                data_type=canonical_type(column.type),
                description=column.meaning,
                tests=(*tests, *values.get(column.name, ())),
            )
        )
    return ResultTable(
        name=table.name,
        schema=table.schema,
        grain=table.key,
        columns=tuple(columns),
        tests=(DataTest(name="grain", arguments={"columns": list(table.key)}),),
        audits=(APPEND_ONLY[table.name],),
    )


RESULT_TABLES = {name: _result_table(table) for name, table in OKR_TABLES.items()}


def audit_results(
    con: Connection, home: Home, change: Callable[[], T], *, tables: Collection[str], held: Collection[str] = ()
) -> tuple[T | None, dict[str, tuple[CheckOutcome, ...]]]:
    """Make a change to ``tables`` and check them, in one transaction; None where a check blocks: nothing changed.

    What only clients fail that are ``held`` blocks nothing.
    """
    project = load_project()
    outcomes: dict[str, tuple[CheckOutcome, ...]] = {}

    def check() -> Iterator[CheckOutcome]:
        for name in tables:
            outcomes[name] = without(_checked(con, RESULT_TABLES[name], project=project, served=served), held)
            yield from outcomes[name]

    with served_beside(con, home) as served:
        result, _ = audit_change(con, change, check)
    return result, outcomes


def _checked(con: Connection, table: ResultTable, *, project: Project, served: str) -> list[CheckOutcome]:
    place = f"{quote(table.schema)}.{quote(table.name)}"
    known = columns_served(con, table.name)
    audits = []
    for audit in table.audits:
        asked = audit.arguments.get("columns")
        columns = asked if isinstance(asked, list) else [column.name for column in table.columns]
        kept = [name for name in columns if name in known] or columns
        audits.append(replace(audit, arguments={**audit.arguments, "columns": kept}))
    return check_model(
        con,
        replace(table, audits=tuple(audits)),
        project=project,
        table=place,
        previous_catalog=served,
        previous_schema="marts",
        at_gate=True,
    )
