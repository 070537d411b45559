"""What ``schema.yml`` and ``sources.yml`` say of tables: columns, types, descriptions, data tests.

What belongs here: dbt's YAML as frozen values. What does not: models themselves (``project.py``) and running the
tests (they become asset checks).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Yaml = dict[str, Any]
"""A mapping as YAML gives it, before anything is known of its shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTest:
    """One data test by dbt's name, with its arguments: ``accepted_values`` with ``values``, and so on."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    severity: str = "error"
    where: str | None = None
    """Only rows of which this SQL condition holds are tested."""
    title: str | None = None
    """dbt's own ``name`` of the test, where two of a table would else be called the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One documented column. ``data_type`` is DuckDB's name for it, in upper case."""

    name: str
    data_type: str
    description: str
    tests: tuple[DataTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """A table outside the project that models read."""

    schema: str
    name: str
    description: str
    columns: tuple[Column, ...]


def columns_of(entry: Yaml) -> tuple[Column, ...]:
    """The documented columns of a model or source table, in their order."""
    return tuple(
        Column(
            name=str(column["name"]),
            data_type=canonical_type(str(column["data_type"])),
            description=_one_line(column.get("description", "")),
            tests=tests_of(column),
        )
        for column in entry.get("columns") or ()
    )


def tests_of(entry: Yaml) -> tuple[DataTest, ...]:
    """The data tests listed under ``data_tests`` of a model or column."""
    return tuple(_test(item) for item in entry.get("data_tests") or ())


def audits_of(entry: Yaml) -> tuple[DataTest, ...]:
    """The tests under ``config.meta.audits``: those that need the table that is to be replaced."""
    meta = (entry.get("config") or {}).get("meta") or {}
    return tuple(_test(item) for item in meta.get("audits") or ())


def source_tables(content: Yaml) -> Iterator[SourceTable]:
    """The tables under ``sources`` of one YAML file."""
    for source in content.get("sources") or ():
        for table in source["tables"]:
            yield SourceTable(
                schema=str(source.get("schema", source["name"])),
                name=str(table["name"]),
                description=_one_line(table.get("description", "")),
                columns=columns_of(table),
            )


def canonical_type(name: str) -> str:
    """DuckDB's own spelling of a type, so that ``timestamptz`` equals what the database reports.

    It puts those fields of a struct in quotation marks whose name is a word of SQL; here none are.
    """
    upper = name.strip().upper().replace('"', "")
    return {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "TEXT": "VARCHAR", "INT": "INTEGER"}.get(upper, upper)


def _test(item: str | Yaml) -> DataTest:
    if isinstance(item, str):
        return DataTest(name=item)
    ((name, body),) = item.items()
    body = dict(body or {})
    config = dict(body.get("config") or {})
    return DataTest(
        name=name,
        arguments=dict(body.get("arguments") or {}),
        severity=str(config.get("severity", "error")),
        where=config.get("where"),
        title=body.get("name"),
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
