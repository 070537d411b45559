"""A feed that would hold a night up for minutes or hours is refused in words before it is parsed."""

from __future__ import annotations

import pytest

from connectors.core.reply import Reply
from connectors.feed.entries import LARGEST_BYTES, problem


def reply(item: str, *, after: str = "") -> Reply:
    body = f"<rss version='2.0'><channel><title>x</title>{item}</channel></rss>{after}".encode()
    return Reply(status=200, headers={}, body=body, url="https://acme.se/feed/")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("value", ["v", "'v'", '"v"', "'>'", '"a>b=c"'])
def test_a_tag_of_thousands_of_attributes_is_refused(value: str) -> None:
    attributes = " ".join(f"a{number}={value}" for number in range(200_000))
    assert "a tag of" in str(problem(reply(f"<item {attributes}><title>t</title></item>")))


@pytest.mark.timeout(30)
def test_quotes_that_never_close_cost_no_time() -> None:
    assert problem(reply('<a "' * 600_000)) is None


def test_long_tags_of_few_attributes_pass() -> None:
    picture = "data:image/png;base64," + "A=" * 50_000
    query = "&amp;".join(f"p{number}=1" for number in range(400))
    item = f"<item><description>&lt;img src='{picture}'></description><link href='https://acme.se/?{query}'/></item>"
    assert problem(reply(item)) is None
    assert problem(reply(f'<item><img src="{picture}" alt="x"/></item>')) is None


def test_a_feed_of_more_than_sixteen_mebibytes_is_refused() -> None:
    assert "more than 16" in str(problem(reply("x" * LARGEST_BYTES)))
