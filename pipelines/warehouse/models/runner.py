"""Runs SQL models: each is built as a table beside the old one, compared with ``schema.yml``, and swapped in.

What belongs here: the statements around a model. What does not: reading the project (``project.py``), bringing an
incremental model up to date (``incremental.py``), any orchestration, and data tests, which a caller puts between
``build_model`` and ``swap_model``. Only tables of models are ever written to; raw and result tables are not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from time import perf_counter

from pipelines.warehouse.db import Connection, first_row, literal, quote, transaction
from pipelines.warehouse.models.incremental import bring_up_to_date, is_made_by_this_sql, note_sql
from pipelines.warehouse.models.project import Model, Project, load_project
from pipelines.warehouse.models.schema_yml import canonical_type

_BESIDE = "__building"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """One model that was run: rows in its table, those of them that were derived this time, seconds it took."""

    model: str
    rows: int
    derived: int
    seconds: float


class ModelShapeMismatch(ValueError):
    """A model's real columns are not those of ``schema.yml``; the old table stays."""

    def __init__(self, *, model: str, documented: list[str], real: list[str]) -> None:
        self.model, self.documented, self.real = model, documented, real
        only_documented = [column for column in documented if column not in real]
        only_real = [column for column in real if column not in documented]
        if only_documented or only_real:
            detail = f"schema.yml has {only_documented or 'nothing'} and the SQL {only_real or 'nothing'} alone"
        else:
            detail = f"the order differs: schema.yml {documented}, the SQL {real}"
        super().__init__(f"{model}: columns are not as documented; {detail}")


def run_project(
    con: Connection,
    select: Collection[str] | None = None,
    *,
    project: Project | None = None,
    full_refresh: bool = False,
) -> tuple[ModelResult, ...]:
    """Run all models, or those in ``select``, in the order of what they read."""
    project = project or load_project()
    models = project.models if select is None else project.select(select)
    return tuple(run_model(con, model, full_refresh=full_refresh) for model in models)


def run_model(con: Connection, model: Model, *, full_refresh: bool = False) -> ModelResult:
    """Run one model in one transaction, which on disk costs one wait for the disk and not one a comment.

    An incremental model is brought up to date where its table was made by the same SQL, and made anew where it was not
    or with ``full_refresh``. Raises ``ModelShapeMismatch``; whatever is raised, the old table is untouched.
    """
    started = perf_counter()
    with transaction(con):
        if model.increment and not full_refresh and is_made_by_this_sql(con, model):
            derived = bring_up_to_date(con, model, model.increment)
            rows = _count(con, model)
        else:
            # in a transaction the old table is there until the end, and after all if that is not reached
            derived = rows = _make(con, model, model.name)
            if model.increment:
                note_sql(con, model)
    return ModelResult(model=model.name, rows=rows, derived=derived, seconds=perf_counter() - started)


def build_model(con: Connection, model: Model) -> str:
    """Make the new table beside the old one, for somebody to look at. Returns its quoted name.

    Raises ``ModelShapeMismatch`` with nothing made.
    """
    with transaction(con):
        _make(con, model, model.name + _BESIDE)
    return _qualified(model, _BESIDE)


def keep_rows(con: Connection, model: Model, clients: Collection[str]) -> None:
    """Put the old table's rows of ``clients``, as far as they have the columns, into what ``build_model`` made."""
    if not clients or "client" not in {column.name for column in model.columns}:
        return
    beside, names = _qualified(model, _BESIDE), sorted(clients)
    before = con.execute(
        "select column_name from duckdb_columns()"
        " where database_name = current_database() and schema_name = ? and table_name = ?",
        [model.schema, model.name],
    ).fetchall()
    kept = ", ".join(quote(c.name) for c in model.columns if (c.name,) in before)
    with transaction(con):
        con.execute(f"delete from {beside} where list_contains(?, client)", [names])  # noqa: S608 - quoted
        if kept:
            con.execute(
                f"insert into {beside} by name select {kept} from {_qualified(model)} where list_contains(?, client)",  # noqa: S608 - quoted
                [names],
            )


def swap_model(con: Connection, model: Model) -> int:
    """Put the table that ``build_model`` made in place of the old one, in one transaction. Returns its rows."""
    with transaction(con):
        con.execute(f"drop table if exists {_qualified(model)}")
        con.execute(f"alter table {_qualified(model, _BESIDE)} rename to {quote(model.name)}")
    return _count(con, model)


def _make(con: Connection, model: Model, name: str) -> int:
    # rows lie in the order of the grain, so that the same rows give the same table whatever the load order
    table = f"{quote(model.schema)}.{quote(name)}"
    grain = ", ".join(quote(column) for column in model.grain)
    statements = (
        f"create schema if not exists {quote(model.schema)}",
        f"create or replace table {table} as select * from (\n{model.sql}\n) order by {grain}",  # noqa: S608 - quoted
    )
    made = con.execute(";\n".join(statements))
    rows = int(made.fetchall()[0][0])
    _require_documented(con, model, table)
    _comment(con, model, table)
    return rows


def _count(con: Connection, model: Model) -> int:
    row = first_row(con, f"select count(*) from {_qualified(model)}")  # noqa: S608 - quoted
    return int(row[0]) if row else 0


def _require_documented(con: Connection, model: Model, table: str) -> None:
    made = con.sql(f"from {table}")  # only bound, not run
    real = [f"{name} {canonical_type(str(kind))}" for name, kind in zip(made.columns, made.types, strict=True)]
    documented = [f"{column.name} {column.data_type}" for column in model.columns]
    if real != documented:
        raise ModelShapeMismatch(model=model.name, documented=documented, real=real)


def _comment(con: Connection, model: Model, table: str) -> None:
    # sent at once: a model has a dozen, and each call has its own cost
    comments = [f"comment on table {table} is {literal(model.description)}"]
    comments += [f"comment on column {table}.{quote(c.name)} is {literal(c.description)}" for c in model.columns]
    con.execute(";\n".join(comments))


def _qualified(model: Model, suffix: str = "") -> str:
    return f"{quote(model.schema)}.{quote(model.name + suffix)}"
