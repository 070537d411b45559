"""``connectors.core.columns``: which bytes become columns, and that all others are left to the thorough way,
unharmed."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.columns import ReportShape, columns_of, counts_of, days_of, items_of
from connectors.core.reply import Reply

SHAPE = ReportShape(
    rows="rows",
    fields={"names": pa.list_(pa.string()), "count": pa.int64(), "mean": pa.float64()},
    rest={"total": pa.int64()},
)
ROW = {"names": ["a", "å"], "count": 3, "mean": 1.5}


def body(*rows: Any, **rest: Any) -> bytes:
    return json.dumps({"rows": rows, **rest}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def test_each_field_is_a_column_and_the_rest_is_told_beside_it() -> None:
    report = columns_of(body(ROW, ROW | {"count": 4, "more": {"x": [1]}}, total=2, other=None), SHAPE)
    assert report is not None
    assert report.columns is not None
    assert {name: column.to_pylist() for name, column in report.columns.items()} == {
        "names": [["a", "å"], ["a", "å"]],
        "count": [3, 4],
        "mean": [1.5, 1.5],
    }
    assert report.document.value == {"total": 2}


@pytest.mark.parametrize(
    "raw",
    [
        body(),
        body(ROW, None),
        body(ROW, 5),
        body(ROW | {"count": None}),
        body(ROW | {"count": 3.5}),
        body(ROW | {"count": "3"}),
        body(ROW | {"count": True}),
        body(ROW | {"count": 2**63}),
        body(ROW | {"mean": float("nan")}),
        body(ROW | {"names": "a"}),
        body(ROW | {"names": ["\ud83d"]}),
        body({"names": ["a"], "count": 1}),
        body(ROW, total="many"),
        body(ROW)[:-1],
        body(ROW) + body(ROW),
        body(ROW) + b"x",
        body(ROW).replace(b'"count"', b'"count": 1, "count"'),
        body(ROW).replace("å".encode(), b"\xff"),
        body(ROW).decode().encode("utf-16"),
        b'{"rows": 1}',
        b'{"rows": {}}',
        b"{}",
        b"[]",
        b"null",
        b"",
        b"<html></html>",
        b'{"rows":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
)
def test_whatever_is_not_exactly_so_has_no_columns(raw: bytes) -> None:
    assert columns_of(raw, SHAPE) is None


@given(st.binary(max_size=40) | st.builds(lambda cut, byte: body(ROW)[:cut] + byte + body(ROW)[cut:],
                                          st.integers(0, 60), st.binary(min_size=1, max_size=2)))  # fmt: skip
def test_bytes_that_give_columns_are_json_and_say_the_same(raw: bytes) -> None:
    report = columns_of(raw, SHAPE)
    if report is not None and report.columns is not None:
        rows = json.loads(raw)["rows"]
        assert [{name: row[name] for name in SHAPE.fields} for row in rows] == pa.table(report.columns).to_pylist()


def test_a_report_is_not_parsed_into_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    real = json.loads
    monkeypatch.setattr(json, "loads", lambda raw: parsed.append(raw) or real(raw))
    good = Reply(status=200, headers={}, body=body(ROW), url="https://w.se", shape=SHAPE)
    assert good.json_problem() is None
    assert good.report().columns is not None
    assert parsed == []
    odd = Reply(status=200, headers={}, body=body(ROW | {"count": "3"}), url="https://w.se", shape=SHAPE)
    assert odd.json_problem() is None
    assert odd.report().columns is None
    assert odd.report().document["rows"].value == [ROW | {"count": "3"}]


def test_lists_become_columns_where_all_are_as_long_and_whole() -> None:
    assert [column.to_pylist() for column in items_of(pa.array([["a", "b"], ["c", "d"]]), 2) or []] == [
        ["a", "c"],
        ["b", "d"],
    ]
    for lists in ([["a", "b"], ["c"]], [["a", "b"], ["c", None]], [["a", "b", "c"]]):
        assert items_of(pa.array(lists, pa.list_(pa.string())), 2) is None


def test_whole_numbers_are_told_from_others() -> None:
    found = counts_of(pa.array([0.0, 3.0, -2.0]))
    assert found is not None
    assert found.to_pylist() == [0, 3, -2]
    for number in (0.5, 1e300, float(2**53 + 2), float("nan"), float("inf")):
        assert counts_of(pa.array([1.0, number])) is None


@pytest.mark.parametrize(
    "text", ["", "x", "2026-2-1", "20260201", "2026-02-30", "2026-02-01 ", "0000-01-01", "10000-01-01"]
)
def test_what_is_no_day_as_documented_gives_no_days(text: str) -> None:
    assert days_of(pa.array(["2026-02-01", text])) is None


@given(st.dates())
def test_a_day_is_read_as_python_reads_it(day: date) -> None:
    found = days_of(pa.array([day.isoformat()]))
    assert found is not None
    assert found.to_pylist() == [day]
