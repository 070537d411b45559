"""Keys that a client file names and leaves empty, numbers beyond measure, and lines of what stands without a list.

Really under test: the whole way from text to message. A file that ``okr validate`` calls valid is judged at night: each
of these held its client's figures back there, or was read as something that nobody meant.
"""

from __future__ import annotations

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.errors import ClientFileErrors
from okr_models.client.file import read_client

FILE = """\
client: acme
name: Acme
send:
  - {to: [a@acme.se], preview_to: [b@acme.se], preview_days: 3}
sources:
  - {id: web, type: ga4, property_id: "1", credentials: {env: K}, blog_path: /blog/}
objectives:
  - id: sales
    title: Sell more
    period: FY2026
    key_results:
      - {id: visitors, title: Visitors, kpi: unique_visitors, target: "+10%"}
      - {id: pages, title: Pages, kpi: page_views, target: {at_least: 100}}
      - {id: posts, title: Posts, count: blog_posts, where: {page_views: {at_least: 500, within_days: 90}}, target: 10}
initiatives:
  - id: push
    title: Push
    key_result: sales/visitors
    kpi: sessions
    registered: 2026-02-01
    start: 2026-03-01
    end: 2026-04-01
    smallest_worthwhile_effect: "+15%"
    control:
      kpi: page_views
"""


def errors(text: str) -> list[str]:
    try:
        read_client(text, file_name="acme.yaml", types=SETTINGS)
    except ClientFileErrors as found:
        return str(found).splitlines()
    return []


def test_the_file_itself_is_right() -> None:
    assert errors(FILE) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ("{at_least: 500, ", "{at_least: , ", 14, "takes one of at_least and at_most"),
        ("{at_least: 500, ", "{at_least: ~, at_most: null, ", 14, "takes one of at_least and at_most"),
        ("kpi: unique_visitors, ", "kpi: , ", 12, "nothing says what is measured"),
        ("count: blog_posts, where: {page_views: {at_least: 500, within_days: 90}}, ", "count: , ", 14, "nothing says"),
        ("registered: 2026-02-01", "registered:", 20, "registered is missing"),
        ("end: 2026-04-01", "end:", 22, "end is missing"),
        ('effect: "+15%"', "effect:", 23, "smallest_worthwhile_effect is missing"),
        (
            'effect: "+15%"',
            "effect: 15.0",
            23,
            '15 would be +1500%; write it in percent with sign and quotes, like "+15%"',
        ),
        ("kpi: page_views, ", "kpi: page_views, scope: {source: }, ", 13, "source: is empty; write a name"),
        ("kpi: page_views, ", "kpi: page_views, scope: {}, ", 13, "name one part, like {platform: linkedin}"),
        ("kpi: sessions\n", "kpi: sessions\n    scope: {platform: web, source: ~}\n", 20, "source: is empty"),
        ("      kpi: page_views\n", "      kpi: page_views\n      scope:\n        source:\n", 27, "source: is empty"),
        ("{at_least: 100}", "{at_least: 1e99}", 13, "too large; a figure has at most 15 digits"),
        ("{at_least: 100}", "{at_most: 1000000000000000}", 13, "too large; a figure has at most 15 digits"),
        ("{at_least: 100}", "{between: [1, 1e20]}", 13, "too large; a figure has at most 15 digits"),
        ("preview_days: 3", "preview_days: soon", 4, "not a whole number; write it in digits"),
        ("preview_days: 3", "preview_days: true", 4, "not a whole number; write it in digits"),
        ("      kpi: page_views\n", "      kpi: [a]\n", 25, "kpi must be text"),
        ("      kpi: page_views\n", "      kpi: page_views\n      scop: {source: web}\n", 26, 'did you mean "scope"?'),
        ("      kpi: page_views\n", "      kpi: page_views\n      scope:\n        platform: 3\n", 27, "must be text"),
    ],
)
def test_is_refused_on_its_own_line_with_a_cure(before: str, after: str, line: int, told: str) -> None:
    assert FILE.count(before) == 1
    found = errors(FILE.replace(before, after))
    assert len(found) == 1
    assert found[0].startswith(f"acme.yaml:{line}: ")
    assert told in found[0]
