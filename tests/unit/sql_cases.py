"""Unit tests of SQL models as YAML: rows in, rows out, in dbt's form for unit tests.

A file has ``defaults`` (values of columns that a given row leaves out, where its table has them) and ``unit_tests``,
each with ``name``, ``model``, ``given`` (``input`` as ``ref('…')`` or ``source('…', '…')``, ``rows`` as a list, or with
``format: sql`` as a query) and ``expect.rows``. Inputs left out are empty. Columns left out of all expected rows are
not compared; the order of rows never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.warehouse.db import quote
from pipelines.warehouse.models.project import Model, Project
from pipelines.warehouse.models.schema_yml import Column

FOLDER = Path(__file__).parent / "sql"
_REF = re.compile(r"ref\('(\w+)'\)")
_SOURCE = re.compile(r"source\('(\w+)',\s*'(\w+)'\)")
Row = Mapping[str, Any]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C where it was built: in Python the cases are a second of every worker's collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One unit test of one model."""

    name: str
    model: str
    given: tuple[Mapping[str, Any], ...]
    expected: tuple[Row, ...]
    defaults: Row

    def __str__(self) -> str:
        return f"{self.model}: {self.name}"


def cases() -> Iterator[Case]:
    """Every case of every file."""
    for path in sorted(FOLDER.glob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
        for test in content["unit_tests"]:
            yield Case(
                name=test["name"],
                model=test["model"],
                given=tuple(test["given"]),
                expected=tuple(test["expect"]["rows"]),
                defaults=content.get("defaults", {}),
            )


def prepare(con: duckdb.DuckDBPyConnection, project: Project) -> None:
    """Empty tables of every source and model, with their documented types."""
    con.execute("set timezone = 'UTC'")
    for schema, name, columns in _tables(project):
        con.execute(f"create schema if not exists {schema}")
        types = ", ".join(f"{quote(column.name)} {column.data_type}" for column in columns)
        con.execute(f"create table {schema}.{name} ({types})")


def run(con: duckdb.DuckDBPyConnection, project: Project, case: Case) -> tuple[list[Row], list[Row]]:
    """(real, expected) rows in the compared columns, sorted; what was given is rolled back."""
    model = project.model(case.model)
    con.execute("begin transaction")
    try:
        for given in case.given:
            _fill(con, project, model, given, case.defaults)
        cursor = con.execute(model.sql)
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        con.execute("rollback")
    compared = list(dict.fromkeys(name for row in case.expected for name in row))
    unknown = set(compared) - set(names)
    assert not unknown, f"{case}: {case.model} has no {sorted(unknown)}"
    real = [{name: _plain(row[name]) for name in compared} for row in rows]
    expected = [{name: _plain(row.get(name)) for name in compared} for row in case.expected]
    return sorted(real, key=repr), sorted(expected, key=repr)


def _fill(
    con: duckdb.DuckDBPyConnection, project: Project, model: Model, given: Mapping[str, Any], defaults: Row
) -> None:
    schema, name, columns = _input(project, model, given["input"])
    types = {column.name: column.data_type for column in columns}
    if given.get("format") == "sql":
        con.execute(f"insert into {schema}.{name} by name {given['rows']}")
        return
    for row in given["rows"]:
        unknown = row.keys() - types.keys()
        assert not unknown, f"{name} has no {sorted(unknown)}"
        values = {column: row.get(column, defaults.get(column)) for column in types}
        casts = ", ".join(f"cast(${column} as {data_type})" for column, data_type in types.items())
        con.execute(f"insert into {schema}.{name} select {casts}", values)


def _input(project: Project, model: Model, text: str) -> tuple[str, str, tuple[Column, ...]]:
    if found := _REF.fullmatch(text):
        read = project.model(found.group(1))
        assert read.name in model.refs, f"{model.name} does not read {read.name}"
        return read.schema, read.name, read.columns
    found = _SOURCE.fullmatch(text)
    assert found, f"{text} is neither ref('…') nor source('…', '…')"
    assert found.groups() in model.sources, f"{model.name} does not read {text}"
    source = project.source(*found.groups())
    return source.schema, source.name, source.columns


def _tables(project: Project) -> Iterator[tuple[str, str, tuple[Column, ...]]]:
    for source in project.sources:
        yield source.schema, source.name, source.columns
    for model in project.models:
        yield model.schema, model.name, model.columns


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        # fields of a struct that are left out are empty
        return {name.lower(): _plain(each) for name, each in sorted(value.items()) if each is not None}
    return round(float(value), 6) if isinstance(value, int | float) else str(value)
