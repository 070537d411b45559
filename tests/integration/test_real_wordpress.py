"""The ``wordpress`` connector against WordPress itself, as Debian packages it, started by the test.

Really under test: what the sandbox can only claim of WordPress: REST roots with and without permalinks, headers of a
list, what is public, times in UTC beside the site's own zone, titles with entities, edits and deletions.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import SourceError
from connectors.core.protocol import Source
from connectors.core.secrets import build_context
from connectors.registry import open_source
from connectors.wordpress.settings import WordPress
from connectors.wordpress.source import POSTS
from tests.fake_vendor import NOW, STOCKHOLM
from tests.real_wordpress import WordPressSite, why_not, wordpress_site

LATE = {"post_title": "Sent på kvällen & över midnatt", "post_date_gmt": "2026-03-28 23:30:00"}
SUMMER = {"post_title": "Sommartid", "post_date_gmt": "2026-06-30 22:30:00"}
HIDDEN = [
    {"post_title": "Utkast", "post_status": "draft"},
    {"post_title": "Privat", "post_status": "private"},
    {"post_title": "Framtid", "post_status": "future", "post_date_gmt": "2099-01-01 12:00:00"},
    {"post_title": "Sida", "post_type": "page"},
]


@pytest.fixture(scope="module")
def site() -> Iterator[WordPressSite]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="wp-"))
    try:
        with wordpress_site(folder) as running:
            running.change(options={"timezone_string": "Europe/Stockholm"})
            running.change(posts=[{**post, "post_date": local(post)} for post in (LATE, SUMMER)] + HIDDEN)
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def local(post: dict[str, str]) -> str:
    at = datetime.fromisoformat(post["post_date_gmt"]).replace(tzinfo=UTC)
    return at.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


def opened(site: WordPressSite) -> Source:
    settings = WordPress(id="blog", base_url=site.url)
    context = build_context(settings, client="prov", client_zone=STOCKHOLM, now=NOW, home=site.folder, environ={})
    return open_source(settings, context)


def read(site: WordPressSite) -> dict[str, dict[str, Any]]:
    source = opened(site)
    try:
        return {row["title"]: row for row in source.read(POSTS, None).rows.to_pylist()}
    finally:
        source.close()


@pytest.mark.parametrize("permalinks", ["", "/%year%/%postname%/"])
def test_posts_are_read_with_and_without_permalinks_and_only_what_is_public(
    permalinks: str, site: WordPressSite
) -> None:
    site.change(permalinks=permalinks)
    rows = read(site)
    assert set(rows) == {LATE["post_title"], SUMMER["post_title"]}
    late = rows[LATE["post_title"]]
    assert late["published_at"] == datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert late["published_on"] == date(2026, 3, 29)
    assert rows["Sommartid"]["published_on"] == date(2026, 7, 1)
    assert late["url"].startswith(site.url)
    assert ("/2026/" in late["url"]) == bool(permalinks)


def test_the_zone_and_the_probe_are_the_sites_own(site: WordPressSite) -> None:
    source = opened(site)
    assert source.zone().key == "Europe/Stockholm"
    assert source.probe().rows == 2
    source.close()


def test_pages_of_a_list_give_each_post_once_and_a_deleted_post_is_gone(
    site: WordPressSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.wordpress.source.PAGE_POSTS", 3)
    made = site.change(posts=[{"post_title": f"Inlägg {n}", "post_content": "Text"} for n in range(8)])
    assert set(read(site)) == {*made, LATE["post_title"], SUMMER["post_title"]}
    site.change(deleted=list(made.values()))
    assert set(read(site)) == {LATE["post_title"], SUMMER["post_title"]}


def test_what_is_no_wordpress_is_an_error_and_never_an_empty_list(site: WordPressSite) -> None:
    elsewhere = WordPressSite(site.folder, f"{site.host}/wp-includes/css")
    with pytest.raises(SourceError) as raised:
        read(elsewhere)
    assert raised.value.error_class in {"not_found", "bad_reply"}
