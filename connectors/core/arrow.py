"""Rows as a connector makes them into a typed Arrow table, checked cell by cell: the last gate before the raw layer.

What belongs here: types, nulls, keys and duplicates. What does not: SQL, HTTP, or the meaning of a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import NoneType
from typing import TYPE_CHECKING, Literal

from connectors.core.raw_tables import Column, RawTable, Type, arrow_types
from connectors.core.shape import BadShape

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, object]
OnConflict = Literal["refuse", "last"]
_BIGINT_BOUND = 2**63


def build_table(table: RawTable, rows: Iterable[Row] | pa.Table, *, on_conflict: OnConflict = "refuse") -> pa.Table:
    """``rows`` as ``table.arrow_schema()``. Identical rows that came twice are kept once.

    Rows that a reader has as columns anyway (``columns.py``) may be an Arrow table of ``table``'s columns in any order.
    ``on_conflict``: two different rows with one key are refused, or the last one wins (a list that moves while it is
    paged). Raises ``BadShape`` for a missing, unknown or wrongly typed cell.
    """
    import pyarrow as pa

    if isinstance(rows, pa.Table):
        plain = as_it_is(table, rows)
        rows = [] if plain is not None else rows.to_pylist()
    else:
        rows = list(rows)
        plain = by_column(table, rows)
    return plain if plain is not None else by_cell(table, rows, on_conflict=on_conflict)


def distinct(rows: pa.Table, names: Iterable[str]) -> int:
    """How many different rows there are, by the columns ``names``."""
    names = list(names)
    return int(rows.select(names).group_by(names, use_threads=False).aggregate([]).num_rows)


def column_of(kind: Type, name: str, values: Iterable[object]) -> pa.Array:
    """One column of values that are all there. Raises ``BadShape`` for one of another type."""
    import pyarrow as pa

    check, cells = _CHECKS[kind], []
    for value in values:
        try:
            cells.append(check(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise BadShape(path=name, wanted=f"a {kind}", found=value) from error
    return pa.array(cells, type=arrow_types()[kind])


def as_it_is(table: RawTable, rows: pa.Table) -> pa.Table | None:
    """Columns with which nothing is wrong. None: each cell must be looked at."""
    import pyarrow.compute as pc

    schema = table.arrow_schema()
    if sorted(rows.column_names) != sorted(schema.names) or not rows.num_rows:
        return None
    rows = rows.select(schema.names)
    if rows.schema.types != schema.types:
        return None
    for column in table.columns:
        values = rows.column(column.name)
        if values.null_count and not column.nullable:
            return None
        if column.type == "DOUBLE" and not pc.all(pc.is_finite(values), min_count=0).as_py():
            return None
    key = [name for name in table.key if name in schema.names]
    return rows.cast(schema) if distinct(rows, key) == rows.num_rows else None


def by_column(table: RawTable, rows: Sequence[Row]) -> pa.Table | None:
    """Rows with which nothing is wrong, by whole columns, several times as fast. None: each cell must be looked at."""
    import pyarrow as pa
    import pyarrow.compute as pc

    width = len(table.columns)
    if not rows or any(len(row) != width for row in rows):
        return None
    arrays: list[pa.Array] = []
    schema = table.arrow_schema()
    try:
        for column in table.columns:
            values = [row[column.name] for row in rows]
            known = set(map(type, values))
            if column.nullable:
                known.discard(NoneType)
            if not known <= _PLAIN[column.type]:
                return None
            if column.type == "TIMESTAMPTZ" and not all(map(_is_instant, values)):
                return None
            array = pa.array(values, type=schema.field(column.name).type)
            if column.type == "DOUBLE" and not pc.all(pc.is_finite(array), min_count=0).as_py():
                return None
            arrays.append(array)
    except (KeyError, ValueError, OverflowError, pa.ArrowException):
        return None
    found = pa.Table.from_arrays(arrays, schema=schema)
    return found if distinct(found, [name for name in table.key if name in schema.names]) == len(rows) else None


def _is_instant(value: object) -> bool:
    """Whether Arrow and Python take it for one instant, or it is none: without a zone it is UTC's to Arrow, and around
    the years 1 and 9999 it has no UTC in Python."""
    return value is None or (isinstance(value, datetime) and value.utcoffset() is not None and 1 < value.year < 9999)


def by_cell(table: RawTable, rows: Iterable[Row], *, on_conflict: OnConflict) -> pa.Table:
    """Any rows, cell by cell; says which one is wrong and how, and settles what came twice."""
    import pyarrow as pa

    names = [column.name for column in table.columns]
    key = [names.index(name) for name in table.key if name in names]
    checks = [(column, _CHECKS[column.type]) for column in table.columns]
    kept: dict[tuple[object, ...], tuple[object, ...]] = {}
    for number, row in enumerate(rows):
        if len(row) != len(names):
            unknown = sorted(set(row) - set(names))
            missing = [column.name for column in table.columns if column.name not in row and not column.nullable]
            if unknown or missing:
                raise BadShape(path=f"{table.name} row {number}", wanted=f"columns {names}", found=sorted(row))
        cells = tuple(_cell(table, column, check, row, number) for column, check in checks)
        identity = tuple(cells[index] for index in key)
        before = kept.get(identity)
        if before is not None and before != cells and on_conflict == "refuse":
            raise BadShape(path=f"{table.name} {identity}", wanted="one row a key", found=(before, cells))
        kept[identity] = cells
    columns = list(zip(*kept.values(), strict=True)) if kept else [() for _ in names]
    schema = table.arrow_schema()
    arrays = [pa.array(cells, type=schema.field(index).type) for index, cells in enumerate(columns)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _cell(table: RawTable, column: Column, check: Callable[[object], object], row: Row, number: int) -> object:
    value = row.get(column.name)
    if value is None:
        if column.nullable:
            return None
        raise BadShape(path=f"{table.name} row {number} {column.name}", wanted=f"a {column.type}", found=None)
    try:
        return check(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadShape(
            path=f"{table.name} row {number} {column.name}", wanted=f"a {column.type}", found=value
        ) from error


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise TypeError
    return value.encode("utf-8", "replace").decode("utf-8")


def _day(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return value


def _instant(value: object) -> object:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError
    return value.astimezone(UTC)


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if not -_BIGINT_BOUND <= value < _BIGINT_BOUND:
        raise OverflowError
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not math.isfinite(value):
        raise ValueError
    return float(value)


def _truth(value: object) -> object:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _bytes(value: object) -> object:
    if not isinstance(value, bytes):
        raise TypeError
    return value


_CHECKS: dict[Type, Callable[[object], object]] = {
    "VARCHAR": _text,
    "DATE": _day,
    "TIMESTAMPTZ": _instant,
    "BIGINT": _whole,
    "DOUBLE": _number,
    "BOOLEAN": _truth,
    "BLOB": _bytes,
}

_PLAIN: dict[Type, frozenset[type]] = {
    "VARCHAR": frozenset({str}),
    "DATE": frozenset({date}),
    "TIMESTAMPTZ": frozenset({datetime}),
    "BIGINT": frozenset({int}),
    "DOUBLE": frozenset({float, int}),
    "BOOLEAN": frozenset({bool}),
    "BLOB": frozenset({bytes}),
}
