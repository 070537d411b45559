"""What a model's SQL itself says: the tables it reads, and the columns each of its columns is made of.

What belongs here: parsing rendered SQL with sqlglot. What does not: ``ref()`` and ``source()`` (``project.py``); a
test holds the two accounts of the same thing together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipelines.warehouse.cache import keep, recall
from pipelines.warehouse.db import Connection
from pipelines.warehouse.models.project import Model, Project

if TYPE_CHECKING:
    from sqlglot.lineage import Node

DIALECT = "duckdb"


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
    """``column_lineage`` by model, parsed once for each text of a model and of what it reads, and kept."""
    by_fingerprint = {_fingerprint(project, model): model for model in models}
    kept = recall(con, "lineage", list(by_fingerprint))
    found: dict[str, Origins] = {
        model.name: _read(kept[each]) for each, model in by_fingerprint.items() if each in kept
    }
    new = {each: column_lineage(project, model) for each, model in by_fingerprint.items() if each not in kept}
    if new:
        keep(con, "lineage", {each: _written(origins) for each, origins in new.items()})
    return found | {by_fingerprint[each].name: origins for each, origins in new.items()}


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


def _written(origins: Origins) -> str:
    return json.dumps({column: [astuple(each) for each in some] for column, some in origins.items()})


def _read(kept: str) -> Origins:
    return {column: tuple(ColumnOf(*each) for each in origins) for column, origins in json.loads(kept).items()}


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
