"""Rest.li 2.0 query values: that structure is read from raw characters only, and that anything else is refused.

Really under test: ``connectors.sandbox.vendors.restli``.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.vendors.restli import RestliSyntaxError, Value, parse_query, parse_value

words = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable())
values = st.recursive(
    words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def written(value: Value) -> str:
    """A value as Rest.li 2.0 writes it."""
    if isinstance(value, list):
        return f"List({','.join(written(item) for item in value)})"
    if isinstance(value, dict):
        pairs = [quote(key, safe="") + ":" + written(item) for key, item in value.items()]
        return f"({','.join(pairs)})"
    return quote(value, safe="")


@given(values)
def test_what_is_written_is_read_again(value: Value) -> None:
    assert parse_value(written(value)) == value


def test_linkedins_own_examples_are_read() -> None:
    intervals = "(timeRange:(start:1,end:2),timeGranularityType:DAY)"
    raw = f"q=author&author=urn%3Ali%3Aorganization%3A2414183&timeIntervals={intervals}"
    assert parse_query(raw) == {
        "q": "author",
        "author": "urn:li:organization:2414183",
        "timeIntervals": {"timeRange": {"start": "1", "end": "2"}, "timeGranularityType": "DAY"},
    }
    assert parse_value("List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Ashare%3A2)") == ["urn:li:share:1", "urn:li:share:2"]
    assert parse_value("List()") == []


@pytest.mark.parametrize(
    "raw",
    [
        "urn:li:organization:1",
        "List(urn:li:share:1)",
        "List(a,b",
        "(a:b",
        "(ab)",
        "List(a))",
        "a,b",
        "it's",
    ],
)
def test_unencoded_or_unbalanced_values_are_refused(raw: str) -> None:
    with pytest.raises(RestliSyntaxError):
        parse_value(raw)


def test_encoded_brackets_are_text_and_no_list() -> None:
    assert parse_value("List%28a%2Cb%29") == "List(a,b)"
