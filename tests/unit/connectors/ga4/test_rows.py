"""Rows taken out of a GA4 reply: the same ones that Google's client finds in it, and of an odd reply none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.analytics.data_v1beta.services.beta_analytics_data.transports import rest

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
