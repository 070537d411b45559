"""Rows of a GA4 report, taken out of the reply before Google's client makes protobuf messages of them.

The client parses JSON into messages in Python, value by value, which took most of the time of a first load by page.
Rows that are exactly as documented are kept beside, read by Arrow where every one has as many values as the others and
by Python's own reader else; of any other reply the client gets every byte, and judges it as it always did. What belongs
here: that. What does not: everything else in a reply (``client.py``).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import requests

from connectors.core.columns import items_of
from connectors.core.shape import Json

Row = tuple[tuple[str, ...], tuple[str, ...]]
"""Dimension values and metric values, as Google sends them."""
_ROW = frozenset({"dimensionValues", "metricValues"})
_NAME = b'"rows"'
_ROWS = re.compile(_NAME + rb"\s*:\s*\[")
_MOST_LISTS_AFTER = 12
"""Lists end behind the rows too, each of which is tried: of headers, samples, reasons why days are missing."""
_HALF_A_LETTER = b"\\ud"
"""How an escape begins that may be no letter; the client knows which."""


class RowsAside:
    """A response hook of ``requests``. ``rows`` are those of the last reply; None: they are in the reply itself."""

    def __init__(self) -> None:
        self.rows: Sequence[Row] | None = None

    def __call__(self, response: requests.Response, *_: object, **__: object) -> requests.Response:
        self.rows = None
        taken = taken_out(response.content) if response.status_code == HTTPStatus.OK else None
        if taken is None:
            return response
        self.rows, rest = taken
        return _with_body(response, rest)


def taken_out(body: bytes) -> tuple[list[Row], bytes] | None:
    """The rows of a report, and the reply without them; None unless there are rows and each is as documented."""
    if _HALF_A_LETTER in body.lower():
        return None
    cut = cut_out(body)
    if cut is not None and (rows := by_column(cut[0])):
        return rows, cut[1]
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = document.pop("rows", None) if isinstance(document, dict) else None
    if not found or not isinstance(found, list):
        return None
    try:
        rows = [(_values(row, "dimensionValues"), _values(row, "metricValues")) for row in found]
    except _Odd:
        return None
    return rows, json.dumps(document).encode()


def cut_out(body: bytes) -> tuple[bytes, bytes] | None:
    """The bytes of the list of rows, if it is one list, and the reply without them; None where they are not found.

    The rest is JSON with null in the list's place, and ``by_column`` takes the list only if it is one JSON value: so it
    is what JSON's own reader would have found there, without reading a hundred thousand values to know where it ends.
    """
    key = _ROWS.search(body)
    if key is None:
        return None
    end = len(body)
    for _ in range(_MOST_LISTS_AFTER):
        end = body.rfind(b"]", key.end(), end) + 1
        if not end:
            return None
        before, after = body[: key.start()], body[end:]
        end -= 1
        if _NAME in after:
            return None
        try:
            rest = json.loads(before + b'"rows":null' + after)
        except (ValueError, RecursionError):
            continue
        if isinstance(rest, dict) and rest.pop("rows", _NAME) is None:
            return body[key.end() - 1 : end + 1], json.dumps(rest).encode()
    return None


def by_column(listed: bytes) -> list[Row] | None:
    """The rows in a JSON list, whose values are read by whole columns; None where any of them is not as the others."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    values = pa.list_(pa.struct([("value", pa.string())]))
    row = pa.struct([(name, values) for name in ("dimensionValues", "metricValues")])
    one = b'{"lists":[' + listed + b"]}"
    try:
        one.decode()  # Arrow takes any bytes for text
        table = arrow_json.read_json(
            pa.BufferReader(one),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(one) + 1),
            parse_options=arrow_json.ParseOptions(
                explicit_schema=pa.schema([("lists", pa.list_(pa.list_(row)))]),
                unexpected_field_behavior="error",
                newlines_in_values=True,
            ),
        )
    except (UnicodeDecodeError, pa.ArrowException):
        return None
    lists = table.column("lists").combine_chunks().flatten()
    if table.num_rows != 1 or len(lists) != 1:
        return None
    rows = lists.flatten()
    columns = []
    for side in rows.flatten() if len(rows) and not rows.null_count else []:
        width = len(side[0]) if side[0].is_valid else 0
        items = items_of(side, width) if width else None
        if items is None or any(item.null_count or item.field("value").null_count for item in items):
            return None
        columns.append(zip(*(item.field("value").to_pylist() for item in items), strict=True))
    return list(zip(*columns, strict=True)) if columns else None


class _Odd(Exception):
    """A row is not as documented."""


def _values(row: Json, name: str) -> tuple[str, ...]:
    if not isinstance(row, dict) or not row.keys() <= _ROW:
        raise _Odd
    values: Any = row.get(name, ())
    try:
        texts = tuple([value["value"] for value in values if len(value) == 1])
    except (KeyError, TypeError):
        raise _Odd from None
    # an empty text may be left out, and then so is its place among the others here
    if len(texts) != len(values) or not all(type(text) is str for text in texts):
        raise _Odd
    return texts


def _with_body(response: requests.Response, body: bytes) -> requests.Response:
    """The same response with another body."""
    other = requests.Response()
    for name in ("status_code", "headers", "url", "reason", "encoding", "request", "elapsed", "history", "cookies"):
        setattr(other, name, getattr(response, name))
    other.raw = io.BytesIO(body)
    return other
