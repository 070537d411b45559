"""The two gates every reply passes: typed access to JSON, and typed rows; what is wrong is refused, never repaired."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.arrow import build_table, by_cell, by_column
from connectors.core.raw_tables import (
    BLOG_POSTS,
    FOLLOWER_SNAPSHOTS,
    INTERACTIONS_DAILY,
    OWN_METRICS,
    SNAPSHOT_REPLIES,
)
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node, as_instant, as_number, as_whole

ROW: dict[str, Any] = {
    "platform": "linkedin",
    "day": date(2026, 11, 1),
    "likes": 1,
    "comments": None,
    "shares": 3,
    "is_final": True,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_values_are_read_with_their_types_and_their_place_is_named() -> None:
    reply = Node({"a": [{"n": "12", "f": 1.5, "t": "x", "ms": 1_700_000_000_000}], "none": None})
    item = reply.each("a")[0]
    assert (item.whole("n"), item.number("f"), item.text("t")) == (12, 1.5, "x")
    assert item.millis("ms") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (item.whole("gone", None), item.text("gone", "d"), item.number("gone", 0.5)) == (None, "d", 0.5)
    assert "none" not in reply
    with pytest.raises(BadShape, match=r"a\[0\]\.gone should be a whole number, found nothing"):
        item.whole("gone")
    with pytest.raises(BadShape, match="none should be a list"):
        reply.each("none")
    assert reply.each("none", or_empty=True) == []


@given(JSON, st.sampled_from(["whole", "number", "text", "each", "instant", "millis"]))
def test_any_json_is_read_or_refused_as_a_bad_shape(value: Any, reader: str) -> None:
    for node in (Node(value), Node({"x": value})):
        try:
            got = getattr(node, reader)("x")
        except BadShape:
            continue
        assert got is not None


@given(st.integers(-(2**70), 2**70))
def test_whole_numbers_come_back_from_number_and_text(number: int) -> None:
    assert as_whole(Node(number)) == as_whole(Node(str(number))) == as_whole(Node(f"{number}.0")) == number


@pytest.mark.parametrize(
    "value", [True, None, "", "1.5", "1.", "1e3", "--1", "٣", 1.5, float("nan"), float("inf"), [], {}]
)
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(BadShape):
        as_whole(Node(value))


@pytest.mark.parametrize("value", [True, None, "", "many", "nan", "inf", float("nan"), float("-inf"), 10**400, []])
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(BadShape):
        as_number(Node(value))


@pytest.mark.parametrize("text", ["2026-11-01T05:00:00Z", "2026-11-01T05:00:00+0000", "2026-11-01T06:00:00.000+01:00"])
def test_instants_are_read_as_utc(text: str) -> None:
    assert as_instant(text) == datetime(2026, 11, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:30:00-05:00"])
def test_an_instant_at_an_end_of_the_calendar_is_a_bad_shape_and_no_crash(text: str) -> None:
    with pytest.raises(BadShape):
        as_instant(text)


def test_an_instant_without_offset_is_only_taken_where_the_vendor_means_utc() -> None:
    with pytest.raises(BadShape, match="offset"):
        as_instant("2026-11-01T05:00:00")
    assert as_instant("2026-11-01T05:00:00", naive_is_utc=True) == datetime(2026, 11, 1, 5, tzinfo=UTC)


def test_rows_become_the_tables_schema() -> None:
    table = build_table(INTERACTIONS_DAILY, [ROW])
    assert table.schema == INTERACTIONS_DAILY.arrow_schema()
    assert table.to_pylist() == [ROW]
    assert build_table(INTERACTIONS_DAILY, []).schema == INTERACTIONS_DAILY.arrow_schema()


@pytest.mark.parametrize(
    "change",
    [
        {"likes": "1"},
        {"likes": 1.0},
        {"likes": True},
        {"likes": 2**63},
        {"day": datetime(2026, 11, 1, tzinfo=UTC)},
        {"day": "2026-11-01"},
        {"is_final": 1},
        {"is_final": None},
        {"platform": None},
        {"platform": b"x"},
        {"extra": 1},
    ],
)
def test_a_wrong_cell_is_refused_with_its_place(change: dict[str, Any]) -> None:
    with pytest.raises(BadShape, match="interactions_daily row 1"):
        build_table(INTERACTIONS_DAILY, [ROW, ROW | {"day": date(2026, 11, 2)} | change])


def test_a_missing_required_column_is_refused_and_a_nullable_one_is_null() -> None:
    with pytest.raises(BadShape):
        build_table(INTERACTIONS_DAILY, [{name: cell for name, cell in ROW.items() if name != "day"}])
    table = build_table(INTERACTIONS_DAILY, [{name: cell for name, cell in ROW.items() if name != "likes"}])
    assert table.column("likes").to_pylist() == [None]


def test_the_same_row_twice_is_one_and_two_rows_with_one_key_are_refused_or_the_last_wins() -> None:
    assert build_table(INTERACTIONS_DAILY, [ROW, dict(ROW)]).num_rows == 1
    other = ROW | {"likes": 9}
    with pytest.raises(BadShape, match="one row a key"):
        build_table(INTERACTIONS_DAILY, [ROW, other])
    assert build_table(INTERACTIONS_DAILY, [ROW, other], on_conflict="last").to_pylist() == [other]


def test_instants_are_stored_in_utc_and_naive_ones_refused() -> None:
    at = datetime(2026, 11, 1, 6, tzinfo=timezone(timedelta(hours=1)))
    row = {"platform": "linkedin", "taken_at": at, "day": date(2026, 10, 31), "followers": 5}
    assert build_table(FOLLOWER_SNAPSHOTS, [row]).to_pylist()[0]["taken_at"] == at
    with pytest.raises(BadShape):
        build_table(FOLLOWER_SNAPSHOTS, [row | {"taken_at": at.replace(tzinfo=None)}])


def test_numbers_must_be_finite_and_bytes_are_bytes() -> None:
    metric = {"kpi": "nps", "scope": "all", "grain": "day", "period_start": date(2026, 1, 1), "value": 1}
    assert build_table(OWN_METRICS, [metric]).column("value").to_pylist() == [1.0]
    with pytest.raises(BadShape):
        build_table(OWN_METRICS, [metric | {"value": float("nan")}])
    reply = {
        "stream": "s",
        "taken_at": datetime(2026, 1, 1, tzinfo=UTC),
        "part": 0,
        "request": "r",
        "reply": b"\x1f\x8b",
    }
    assert build_table(SNAPSHOT_REPLIES, [reply]).num_rows == 1
    with pytest.raises(BadShape):
        build_table(SNAPSHOT_REPLIES, [reply | {"reply": "text"}])


@given(st.text())
def test_any_text_of_a_reply_can_be_stored(text: str) -> None:
    row = {"kpi": text, "scope": "all", "grain": "day", "period_start": date(2026, 1, 1)}
    assert build_table(OWN_METRICS, [row, row | {"kpi": text + "\ud83d"}]).num_rows == 2


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.integers(0, 3),
    st.floats(),
    st.text(st.characters(), max_size=2),
    st.dates(date(2026, 11, 1), date(2026, 11, 3)),
    st.just(datetime(2026, 11, 1, tzinfo=UTC)),
    st.binary(max_size=1),
)
FLOAT = st.floats(0, 9)
METRIC = {
    "kpi": st.text(st.characters(), max_size=1),
    "scope": st.just("all"),
    "grain": st.sampled_from(["day", "month"]),
    "period_start": st.dates(date(2026, 1, 1), date(2026, 1, 9)),
    "value": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60),
    "numerator": st.none() | st.integers(0, 9),
    "denominator": st.none() | st.floats(0, 9),
}


@given(
    st.lists(st.fixed_dictionaries(METRIC), max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([*METRIC, "extra"]), CELLS), max_size=2),
)
def test_the_quick_way_gives_what_the_thorough_one_gives_or_leaves_it_to_it(
    rows: list[dict[str, Any]], spoiled: list[tuple[int, str, Any]]
) -> None:
    for number, name, cell in spoiled:
        if number < len(rows):
            rows[number][name] = cell
    quick = by_column(OWN_METRICS, rows)
    if quick is None:
        return
    assert quick.equals(by_cell(OWN_METRICS, rows, on_conflict="refuse"))


@given(
    st.lists(
        st.fixed_dictionaries(
            METRIC
            | {"kpi": st.sampled_from(["a", "å"]), "value": st.none() | st.floats(), "numerator": st.none() | FLOAT}
            | {"denominator": st.none() | FLOAT}
        ),
        max_size=6,
    )
)
def test_columns_give_what_their_rows_give(rows: list[dict[str, Any]]) -> None:
    schema = OWN_METRICS.arrow_schema()
    loose = pa.schema([field.with_nullable(True) for field in reversed(list(schema))])
    try:
        wanted = build_table(OWN_METRICS, rows)
    except BadShape:
        with pytest.raises(BadShape):
            build_table(OWN_METRICS, pa.Table.from_pylist(rows, schema=loose))
        return
    assert build_table(OWN_METRICS, pa.Table.from_pylist(rows, schema=loose)).equals(wanted)


def test_columns_of_another_name_or_type_are_refused() -> None:
    row = {"kpi": "a", "scope": "all", "grain": "day", "period_start": date(2026, 1, 1), "value": 1.0}
    whole = pa.table({**{name: [cell] for name, cell in row.items()}, "numerator": [None], "denominator": [None]})
    for spoiled in (
        whole.drop_columns(["grain"]),
        whole.append_column("extra", pa.array([1])),
        whole.set_column(3, "period_start", pa.array(["2026-01-01"])),
        whole.set_column(0, "kpi", pa.nulls(1, pa.string())),
    ):
        with pytest.raises(BadShape):
            build_table(OWN_METRICS, spoiled)


def test_rows_with_which_nothing_is_wrong_take_the_quick_way() -> None:
    assert by_column(INTERACTIONS_DAILY, [ROW, ROW | {"day": date(2026, 11, 2), "likes": None}]) is not None


ZONES = st.none() | st.sampled_from([UTC, ZoneInfo("Europe/Stockholm"), timezone(timedelta(hours=-11, seconds=7))])
INSTANTS = st.datetimes(timezones=ZONES) | st.sampled_from([date(2026, 1, 1), None])


@given(st.lists(st.tuples(st.text(max_size=2), INSTANTS, INSTANTS), max_size=4))
def test_instants_are_the_same_by_column_as_by_cell(given_rows: list[tuple[str, object, object]]) -> None:
    rows = [
        {
            "post_id": name,
            "url": "u",
            "title": "t",
            "published_at": at,
            "published_on": date(2026, 1, 1),
            "modified_at": on,
        }
        for name, at, on in given_rows
    ]
    quick = by_column(BLOG_POSTS, rows)
    if quick is not None:
        assert quick.equals(by_cell(BLOG_POSTS, rows, on_conflict="refuse"))


def test_instants_with_which_nothing_is_wrong_take_the_quick_way_and_others_do_not() -> None:
    at = datetime(2026, 11, 2, 1, tzinfo=ZoneInfo("Europe/Stockholm"))
    row = {"post_id": "a", "url": "u", "title": "t", "published_at": at, "published_on": at.date(), "modified_at": None}
    quick = by_column(BLOG_POSTS, [row])
    assert quick is not None
    assert quick.column("published_at").to_pylist() == [at]
    assert by_column(BLOG_POSTS, [row | {"published_at": at.replace(tzinfo=None)}]) is None
    assert by_column(BLOG_POSTS, [row | {"published_at": datetime.max.replace(tzinfo=UTC)}]) is None


def test_a_reply_is_parsed_once_however_many_look_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    real = json.loads
    monkeypatch.setattr(json, "loads", lambda body: parsed.append(body) or real(body))
    reply = Reply(status=200, headers={}, body=b'{"error": {"message": "no"}}', url="https://w.se")
    assert reply.json_problem() is None
    assert reply.json()["error"].text("message") == reply.excerpt() == "no"
    assert reply.field("error", "message") == "no"
    assert len(parsed) == 1
    null = Reply(status=200, headers={}, body=b"null", url="https://w.se")
    assert null.json_problem() is None
    assert null.json().value is None
