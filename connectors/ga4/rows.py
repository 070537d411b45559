"""Rows of a GA4 report, taken out of the reply before Google's client makes protobuf messages of them.

The client parses JSON into messages in Python, value by value, which took most of the time of a first load by page.
Rows that are exactly as documented are kept beside; of any other reply the client gets every byte, and judges it as it
always did. What belongs here: that. What does not: everything else in a reply (``client.py``).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import requests

from connectors.core.shape import Json

Row = tuple[tuple[str, ...], tuple[str, ...]]
"""Dimension values and metric values, as Google sends them."""
_ROW = frozenset({"dimensionValues", "metricValues"})
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
