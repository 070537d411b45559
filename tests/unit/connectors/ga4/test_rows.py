"""Rows taken out of a GA4 reply: the same ones that Google's client finds in it, and of an odd reply none."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from google.analytics.data_v1beta.services.beta_analytics_data.transports import rest

from connectors.ga4 import rows
from connectors.ga4.rows import taken_out
from connectors.ga4.source import PAGES as STREAM
from tests.fake_vendor import vendor
from tests.unit.ga4_replies import WEEK, answer_all, google, report, source

PAGES = report(["date", "pagePath"], ["screenPageViews"], [["20261101", "/å", "3"], ["20261102", "", "0"]])


def body(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def test_rows_come_out_and_the_rest_stays() -> None:
    taken = taken_out(body(PAGES))
    assert taken is not None
    assert taken[0] == [(("20261101", "/å"), ("3",)), (("20261102", ""), ("0",))]
    assert json.loads(taken[1]) == {name: value for name, value in PAGES.items() if name != "rows"}


def test_a_row_without_dimensions_has_its_figures() -> None:
    taken = taken_out(b'{"rows": [{"metricValues": [{"value": "7"}]}], "rowCount": 1}')
    assert taken is not None
    assert taken[0] == [((), ("7",))]


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"rowCount": 0}',
        b'{"rows": []}',
        b'{"rows": {"a": 1}}',
        b'{"rows": [null]}',
        b'{"rows": [{"dimensionValues": [{"value": 7}]}]}',
        b'{"rows": [{"dimensionValues": [{}]}]}',
        b'{"rows": [{"dimensionValues": [{"value": "a", "oneValue": "b"}]}]}',
        b'{"rows": [{"dimensionValues": ["a"]}]}',
        b'{"rows": [{"dimensionValues": "ab"}]}',
        b'{"rows": [{"dimensionValues": null}]}',
        b'{"rows": [{"dimension_values": [{"value": "a"}]}]}',
        b'{"rows": [{"dimensionValues": [{"value": "\\uD800"}]}]}',
    ],
)
def test_of_an_odd_reply_google_s_client_gets_every_byte(odd: bytes) -> None:
    assert taken_out(odd) is None


def test_rows_as_documented_are_read_by_column_and_python_reads_only_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [["20261101", f'/[{number}]"], "rows": [', str(number)] for number in range(500)]
    content = report(["date", "pagePath"], ["screenPageViews"], many)
    content |= {"metadata": {"samplingMetadatas": [{"samplesReadCount": "1"}], "dataTruncationReasons": []}}
    read = list[int]()

    def counting(text: bytes) -> Any:
        read.append(len(text))
        return loads(text)

    loads = json.loads
    monkeypatch.setattr(rows.json, "loads", counting)
    taken = taken_out(body(content))
    monkeypatch.undo()
    assert taken is not None
    assert taken[0] == [((day, path), (views,)) for day, path, views in many]
    assert json.loads(taken[1]) == {name: value for name, value in content.items() if name != "rows"}
    assert sum(read) < 5_000 < len(body(content))


NOISE = [
    *(b'"rows":[]', b'],"rows":[', b"null", b",", b"[]", b'"rows":null,', b'"x":1,', b'"value":"y",', b"\xff"),
    *(b"NaN", b'"value":null', b'{"value":"z"},', b"]", b"}", b'"', b" ", b"\\"),
]


@pytest.mark.parametrize("seed", range(20))
def test_however_a_reply_is_broken_both_readers_find_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        broken = bytearray(body(PAGES))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(broken))
            broken[at : at + chance.choice([0, 0, 1, 9])] = chance.choice([*NOISE, bytes(broken[at : at + 30]), b""])
        by_column = taken_out(bytes(broken))
        with monkeypatch.context() as patch:
            patch.setattr(rows, "cut_out", lambda _body: None)
            by_value = taken_out(bytes(broken))
        assert (by_column is None) == (by_value is None), bytes(broken)
        if by_column and by_value:
            assert by_column[0] == by_value[0], bytes(broken)
            assert json.loads(by_column[1]) == json.loads(by_value[1]), bytes(broken)


def test_google_s_client_makes_no_message_of_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    parse = rest.json_format.Parse

    def counted(text: bytes, message: Any, **options: Any) -> Any:
        parsed.append(text)
        return parse(text, message, **options)

    monkeypatch.setattr(rest.json_format, "Parse", counted)
    with vendor(google(answer_all)) as server:
        batch = source(server).read(STREAM, WEEK)
    assert batch.rows.num_rows > 0
    assert parsed
    assert not any(b"dimensionValues" in text for text in parsed)
