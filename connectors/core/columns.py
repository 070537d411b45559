"""A report of many thousand rows from its JSON straight into Arrow columns, with no Python object for a value.

Only what is exactly as documented goes this way: one type a field, no value missing. Of anything else there are no
columns, and a reader goes through nodes (``shape.py``), which know every other spelling and say what is wrong where.
What belongs here: bytes to columns, and columns of texts to days. What does not: HTTP, or what a field means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from connectors.core.shape import Node

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportShape:
    """The list ``rows`` of a reply, the Arrow type of each field that a row must have, and of what else is read."""

    rows: str
    fields: Mapping[str, Any]
    rest: Mapping[str, Any] = field(default_factory=dict)

    def schema(self) -> pa.Schema:
        """One row: the reply."""
        import pyarrow as pa

        row = pa.struct([pa.field(name, kind) for name, kind in self.fields.items()])
        return pa.schema([(self.rows, pa.list_(row)), *self.rest.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A reply. With ``columns``, an array a field, ``document`` holds what else was asked of it; without, all of it."""

    document: Node
    columns: Mapping[str, pa.Array] | None = None


def columns_of(body: bytes, shape: ReportShape) -> Report | None:
    """``body`` by columns; None where a row or a field is not exactly so, or where there is no row."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    if not _OBJECT.match(body):
        return None  # Arrow's reader does not survive a bare null
    try:
        body.decode()  # Arrow takes any bytes for text
        table = arrow_json.read_json(
            pa.BufferReader(body),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=arrow_json.ParseOptions(
                explicit_schema=shape.schema(), unexpected_field_behavior="ignore", newlines_in_values=True
            ),
        )
    except (UnicodeDecodeError, pa.ArrowException):
        return None
    if table.num_rows != 1:
        return None
    reply = table.combine_chunks()
    rows = reply.column(shape.rows).chunk(0).flatten()
    columns = dict(zip(shape.fields, rows.flatten(), strict=True))
    if not len(rows) or rows.null_count or not all(map(_is_whole, columns.values())):
        return None
    rest = {name: reply.column(name)[0].as_py() for name in shape.rest}
    return Report(document=Node(rest), columns=columns)


def _is_whole(column: pa.Array) -> bool:
    """Whether no value is missing or, as Arrow and Python take it for a number, NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_double = pa.types.is_floating(column.type)
    return not column.null_count and (not is_double or pc.all(pc.is_finite(column)).as_py() is True)


def items_of(lists: pa.ListArray, count: int) -> list[pa.Array] | None:
    """The first, second, ... items of lists as columns; None unless each list has ``count`` and no item is missing."""
    import pyarrow.compute as pc

    if pc.unique(pc.list_value_length(lists)).to_pylist() != [count] or lists.flatten().null_count:
        return None
    return [pc.list_element(lists, place) for place in range(count)]


def counts_of(numbers: pa.Array) -> pa.Array | None:
    """Doubles that are whole numbers, as such; None where one is not, or is too large for a double to tell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        whole = numbers.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    return whole if pc.max(pc.abs(numbers)).as_py() <= _LARGEST_WHOLE else None


def days_of(texts: pa.Array) -> pa.Array | None:
    """``2026-11-01`` as days; None where one is written otherwise or is no day of the calendar."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        days = texts.cast(pa.date32())
    except pa.ArrowInvalid:
        return None
    return days if len(days) and pc.min(days).cast(pa.int32()).as_py() >= _FIRST_DAY else None


_OBJECT = re.compile(rb"\s*\{.*\}\s*\Z", re.DOTALL)
_LARGEST_WHOLE = 2**53
_FIRST_DAY = (date.min - date(1970, 1, 1)).days
"""Arrow knows a year 0, Python does not."""
