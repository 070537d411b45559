"""What a model's SQL itself says: the tables it reads, and the columns each of its columns is made of.

What belongs here: parsing rendered SQL with sqlglot. What does not: ``ref()`` and ``source()`` (``project.py``); a
test holds the two accounts of the same thing together.

Parsing all models takes as long as importing Dagster, so what comes of it is carried along, by each text's fingerprint.
``python -m pipelines.warehouse.models.lineage > pipelines/warehouse/models/lineage.json`` writes it, which a test
compares. With another sqlglot, or other models, a home folder parses and keeps its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.warehouse.cache import keep, recall
from pipelines.warehouse.db import Connection
from pipelines.warehouse.models.project import Model, Project, load_project

if TYPE_CHECKING:
    from sqlglot.lineage import Node

DIALECT = "duckdb"
CARRIED = Path(__file__).with_name("lineage.json")


@dataclass(frozen=True, slots=True, order=True)
class ColumnOf:
    """A column of a table outside the model."""

    schema: str
    table: str
    column: str


Origins = Mapping[str, tuple[ColumnOf, ...]]
"""Of each column of a model those of other tables that it is made of; none for a constant or a count."""


def tables_read(model: Model) -> tuple[tuple[str, str], ...]:
    """(schema, table) of every table named in the SQL, CTEs aside, in alphabetical order."""
    from sqlglot import exp, parse_one

    tree = parse_one(model.sql, dialect=DIALECT)
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = {(table.db, table.name) for table in tree.find_all(exp.Table) if table.db or table.name not in ctes}
    return tuple(sorted(pair for pair in found if pair[1]))


def column_lineage(project: Project, model: Model) -> dict[str, tuple[ColumnOf, ...]]:
    """For each of the model's columns those of other tables that its values come from; empty for constants."""
    from sqlglot import parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema = _schema(project, model)
    tree = qualify(
        parse_one(model.sql, dialect=DIALECT), dialect=DIALECT, schema=schema, validate_qualify_columns=False
    )
    scope = build_scope(tree)
    if scope is None:
        return {}
    found = {}
    for column in model.columns:
        node = lineage(column.name, tree, schema=schema, dialect=DIALECT, scope=scope, copy=False, trim_selects=False)
        found[column.name] = tuple(sorted(set(_leaves(node))))
    return found


def kept_column_lineage(con: Connection, project: Project, models: Iterable[Model]) -> dict[str, Origins]:
    """``column_lineage`` by model: the carried one, or parsed once for each text of a model and of what it reads."""
    models, carried = list(models), _carried()
    prints = {model.name: _fingerprint(project, model) for model in models}
    found = {name: carried[each] for name, each in prints.items() if each in carried}
    if left := [model for model in models if model.name not in found]:
        found |= _recalled(con, project, {prints[model.name]: model for model in left})
    return found


def _recalled(con: Connection, project: Project, by_fingerprint: Mapping[str, Model]) -> dict[str, Origins]:
    kept = recall(con, "lineage", list(by_fingerprint))
    found: dict[str, Origins] = {
        model.name: _read(json.loads(kept[each])) for each, model in by_fingerprint.items() if each in kept
    }
    new = {each: column_lineage(project, model) for each, model in by_fingerprint.items() if each not in kept}
    if new:
        keep(con, "lineage", {each: json.dumps(_written(origins)) for each, origins in new.items()})
    return found | {by_fingerprint[each].name: origins for each, origins in new.items()}


@cache
def _carried() -> Mapping[str, Origins]:
    """By fingerprint."""
    written = json.loads(CARRIED.read_text(encoding="utf-8"))
    return {fingerprint: _read(columns) for fingerprint, columns in written.values()}


def carried_text() -> str:
    """The carried file as it should be: a line a model, with its fingerprint."""
    project = load_project()
    lines = [
        f"{json.dumps(model.name)}: "
        + json.dumps([_fingerprint(project, model), _written(column_lineage(project, model))])
        for model in sorted(project.models, key=lambda model: model.name)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _fingerprint(project: Project, model: Model) -> str:
    inputs = [
        _parser(),
        f"{model.schema}.{model.name}",
        model.sql,
        [c.name for c in model.columns],
        _schema(project, model),
    ]
    return sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


@cache
def _parser() -> str:
    return version("sqlglot")


def _written(origins: Origins) -> dict[str, list[tuple[str, str, str]]]:
    return {column: [astuple(each) for each in some] for column, some in origins.items()}


def _read(written: Mapping[str, Iterable[Iterable[str]]]) -> Origins:
    return {column: tuple(ColumnOf(*each) for each in some) for column, some in written.items()}


def _leaves(node: Node) -> Iterator[ColumnOf]:
    from sqlglot import exp

    if not node.downstream and isinstance(node.expression, exp.Table) and node.expression.db:
        yield ColumnOf(node.expression.db, node.expression.name, node.name.split(".")[-1].strip('"'))
    for child in node.downstream:
        yield from _leaves(child)


def _schema(project: Project, model: Model) -> dict[str, object]:
    columns: dict[str, dict[str, dict[str, str]]] = {}
    for name in model.refs:
        read = project.model(name)
        columns.setdefault(read.schema, {})[read.name] = {c.name: c.data_type for c in read.columns}
    for source_schema, table in model.sources:
        source = project.source(source_schema, table)
        columns.setdefault(source_schema, {})[table] = {c.name: c.data_type for c in source.columns}
    return dict(columns)


if __name__ == "__main__":
    print(carried_text(), end="")
