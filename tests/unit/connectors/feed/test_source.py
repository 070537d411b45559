"""RSS and Atom as found in the wild, from a local server: ids, titles, dates, cut-off bodies, pages, and how far back.

Really under test: what a feed proves. Absence from a list of the newest is a deletion only where the post would have to
be in it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import BadReply, Misconfigured, NotFound
from connectors.core.protocol import Batch, Source
from connectors.feed.entries import Entry, reaches_back_to
from connectors.feed.settings import Feed
from connectors.feed.source import FEED, build
from okr_models.client.sources import EnvRef
from tests.fake_vendor import NOW, Asked, Says, Vendor, context, doubts, vendor

POSTS = FEED.stream("blog_posts")
RSS_TYPE = {"Content-Type": "application/rss+xml; charset=UTF-8"}
FIRST = datetime(2026, 11, 12, 10, 55, tzinfo=UTC)


def opened(server: Vendor, *, path: str = "/feed/", **extra: Any) -> Source:
    return build(Feed(id="blog", url=server.url + path, **extra), context())


def item(number: int, *, at: datetime | None = None, title: str = "Hej", extra: str = "") -> str:
    dated = format_datetime(at or FIRST - timedelta(days=number))
    return (
        f"<item><title>{escape(title)}</title><link>https://w.se/blogg/{number}/</link>"
        f'<guid isPermaLink="false">https://w.se/?p={number}</guid><pubDate>{dated}</pubDate>{extra}</item>'
    )


def rss(*items: str, generator: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Bloggen</title>'
        f"<generator>{generator}</generator>{''.join(items)}</channel></rss>"
    )


def entry(number: int, published: str | None, updated: str, *, title: str = "Hej") -> str:
    dated = f"<published>{published}</published>" if published else ""
    return (
        f"<entry><title>{title}</title><link rel='self' href='/x'/><link rel='alternate' href='/blogg/{number}/'/>"
        f"<id>tag:w.se,2026:{number}</id>{dated}<updated>{updated}</updated></entry>"
    )


def atom(*entries: str) -> str:
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>B</title>{"".join(entries)}</feed>'


def read(body: str | bytes, **extra: Any) -> Batch:
    with vendor(lambda asked: Says(body, headers=RSS_TYPE)) as server:
        return opened(server, **extra).read(POSTS, None)


def test_an_rss_feeds_posts_have_their_guid_verbatim_and_the_clients_day() -> None:
    late = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    batch = read(rss(item(12, at=late)))
    (row,) = batch.rows.to_pylist()
    assert row["post_id"] == "https://w.se/?p=12"
    assert row["url"] == "https://w.se/blogg/12/"
    assert (row["published_at"], row["published_on"], row["modified_at"]) == (late, date(2026, 3, 30), None)


def test_an_atom_feeds_posts_have_relative_addresses_made_whole_and_their_last_change() -> None:
    with vendor(lambda asked: Says(atom(entry(3, "2026-10-25T02:30:00+02:00", "2026-11-10T08:00:00Z")))) as server:
        (row,) = opened(server, path="/nyheter/atom.xml").read(POSTS, None).rows.to_pylist()
        assert row["url"] == f"{server.url}/blogg/3/"
    assert row["post_id"] == "tag:w.se,2026:3"
    assert row["published_at"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert row["modified_at"] == datetime(2026, 11, 10, 8, tzinfo=UTC)


def test_without_publication_the_last_change_stands_for_it() -> None:
    (row,) = read(atom(entry(3, None, "2026-11-10T08:00:00Z"))).rows.to_pylist()
    assert row["published_at"] == datetime(2026, 11, 10, 8, tzinfo=UTC)


def test_a_post_without_guid_is_known_by_its_address_and_one_behind_a_counter_by_its_own() -> None:
    bare = "<item><title>x</title><link>https://w.se/a</link><pubDate>Tue, 10 Nov 2026 08:00:00 GMT</pubDate></item>"
    counted = (
        '<item xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><title>y</title><guid>9</guid>'
        "<link>https://feeds.example/~r/9</link><feedburner:origLink>https://w.se/b</feedburner:origLink>"
        "<pubDate>Mon, 09 Nov 2026 08:00:00 GMT</pubDate></item>"
    )
    rows = read(rss(bare, counted)).rows.to_pylist()
    assert [(row["post_id"], row["url"]) for row in rows] == [
        ("https://w.se/a", "https://w.se/a"),
        ("9", "https://w.se/b"),
    ]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Lax & al \u2013 våra bästa", "Lax & al \u2013 våra bästa"),
        ("Lax &#8211; <em>al</em>\n  nu", "Lax \u2013 al nu"),
        ("1 < 2", "1 < 2"),
        ("", "https://w.se/blogg/1/"),
    ],
)
def test_titles_become_plain_text(title: str, shown: str) -> None:
    assert read(rss(item(1, title=title))).rows.column("title").to_pylist() == [shown]


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("Tue, 10 Nov 2026 08:00:00 +0100", "2026-11-10T07:00:00+00:00"),
        ("Tue, 10 Nov 2026 08:00:00 GMT", "2026-11-10T08:00:00+00:00"),
        ("Tue, 10 Nov 2026 08:00:00 CET", "2026-11-10T07:00:00+00:00"),
        ("Fri, 10 Jul 2026 08:00:00 CEST", "2026-07-10T06:00:00+00:00"),
        ("2026-11-10T08:00:00+01:00", "2026-11-10T07:00:00+00:00"),
        ("2026-11-10 08:00", "2026-11-10T07:00:00+00:00"),
        ("2026-07-10T08:00:00", "2026-07-10T06:00:00+00:00"),
        ("2026-11-10", "2026-11-09T23:00:00+00:00"),
        ("10 Nov 2026", "2026-11-09T23:00:00+00:00"),
    ],
)
def test_dates_are_read_as_they_are_written_and_without_a_zone_in_the_clients(written: str, published: str) -> None:
    one = f"<item><title>x</title><link>https://w.se/a</link><pubDate>{written}</pubDate></item>"
    assert read(rss(one)).rows.column("published_at").to_pylist() == [datetime.fromisoformat(published)]


def test_a_post_without_a_date_is_left_out_and_counted_and_a_feed_without_any_is_refused() -> None:
    undated = "<item><title>x</title><link>https://w.se/a</link><pubDate>i g\u00e5r</pubDate></item>"
    batch = read(rss(undated, item(1)))
    assert batch.rows.num_rows == 1
    told = doubts(batch)["entries_left_out"]
    assert (told["quantity"], told["moves"]) == (1, "too_low")
    assert "\u201cx\u201d: its date 'i g\u00e5r'" in str(told["what"])
    assert batch.present == {"https://w.se/a"}
    assert "i g\u00e5r" in str(batch.partly)
    with pytest.raises(BadReply, match="i g\u00e5r"):
        read(rss(undated))


def test_a_publication_that_cannot_be_read_is_not_replaced_by_the_last_change() -> None:
    one = entry(3, "in spring", "2026-11-10T08:00:00Z")
    batch = read(atom(one, entry(4, "2026-11-09T08:00:00Z", "in autumn")))
    assert [(row["post_id"], row["modified_at"]) for row in batch.rows.to_pylist()] == [("tag:w.se,2026:4", None)]
    assert batch.present == {"tag:w.se,2026:3"}


def same_guid(*addresses: str, guid: str = "https://w.se/") -> list[str]:
    return [
        f"<item><title>{address}</title><link>https://w.se{address}</link><guid>{guid}</guid>"
        f"<pubDate>{format_datetime(FIRST - timedelta(days=number))}</pubDate></item>"
        for number, address in enumerate(addresses)
    ]


@pytest.mark.parametrize("guid", ["https://w.se/", "blogg", "https://w.se/?p=1"])
def test_a_guid_that_stands_on_several_posts_identifies_none_of_them(guid: str) -> None:
    batch = read(rss(*same_guid("/a/", "/b/", "/c/", guid=guid), item(9)))
    assert batch.rows.column("post_id").to_pylist() == [
        "https://w.se/a/",
        "https://w.se/b/",
        "https://w.se/c/",
        "https://w.se/?p=9",
    ]


def test_a_guid_that_is_the_sites_own_address_identifies_no_post() -> None:
    site = rss(*same_guid("/a/", guid="https://w.se")).replace("<generator>", "<link>https://w.se/</link><generator>")
    assert read(site).rows.column("post_id").to_pylist() == ["https://w.se/a/"]


def test_a_post_that_stands_twice_is_one() -> None:
    assert read(rss(item(1), item(1), item(2))).rows.num_rows == 2


def test_an_atom_entry_whose_only_address_is_a_document_is_a_post() -> None:
    pdf = (
        "<entry><title>Rapport</title><link rel='alternate' type='application/pdf' href='/filer/rapport.pdf'/>"
        "<id>tag:w.se,2026:7</id><updated>2026-11-10T08:00:00Z</updated></entry>"
    )
    with vendor(lambda asked: Says(atom(pdf))) as server:
        (row,) = opened(server).read(POSTS, None).rows.to_pylist()
        assert row["url"] == f"{server.url}/filer/rapport.pdf"


def test_an_entry_without_a_link_is_found_by_an_id_that_is_an_address_and_one_that_is_none_is_left_out() -> None:
    bare = "<entry><title>a</title><id>https://w.se/a</id><updated>2026-11-10T08:00:00Z</updated></entry>"
    lost = "<entry><title>b</title><id>tag:b</id><updated>2026-11-10T08:00:00Z</updated></entry>"
    broken = "<entry><title>c</title><link href='http://[w.se/c'/><id>tag:c</id><updated>2026-11-10</updated></entry>"
    batch = read(atom(bare, lost, broken))
    assert [row["url"] for row in batch.rows.to_pylist()] == ["https://w.se/a"]
    assert (doubts(batch)["entries_left_out"]["quantity"], batch.present) == (2, {"tag:b", "tag:c"})


def test_an_address_that_is_none_of_the_web_is_left_out() -> None:
    odd = (
        "<item><title>x</title><link>javascript:alert(1)</link><pubDate>Tue, 10 Nov 2026 08:00:00 GMT</pubDate></item>"
    )
    assert read(rss(odd, item(1))).rows.num_rows == 1


def test_sloppy_xml_is_read_and_a_feed_that_is_cut_off_is_not() -> None:
    sloppy = rss(item(1), item(2)).replace("<title>Hej", "<title>R&D <br> Hej", 1)
    assert read(sloppy).rows.num_rows == 2
    assert read(rss(item(1)) + "<!-- cached by example -->\n").rows.num_rows == 1
    whole = rss(item(1), item(2))
    for cut in (len(whole) // 2, len(whole) - 8, len(whole) - 3):
        with vendor(lambda asked, cut=cut: Says(whole[:cut], headers=RSS_TYPE)) as server:
            with pytest.raises(BadReply, match="cut off"):
                opened(server).read(POSTS, None)
            assert len(server.asked) == 2


@given(st.integers(min_value=0, max_value=len(rss(item(1), item(2))) - 1))
def test_no_beginning_of_a_feed_is_taken_for_a_feed(cut: int) -> None:
    from connectors.core.reply import Reply
    from connectors.feed.entries import problem

    whole = rss(item(1), item(2)).encode()
    assert problem(Reply(status=200, headers={}, body=whole, url="https://w.se")) is None
    assert (problem(Reply(status=200, headers={}, body=whole[:cut], url="https://w.se")) is None) == (
        b"</rss>" in whole[:cut]
    )


def test_a_feed_in_another_encoding_is_read() -> None:
    body = rss(item(1, title="Räkor")).replace("UTF-8", "ISO-8859-1").encode("latin-1")
    with vendor(lambda asked: Says(body, headers={"Content-Type": "application/xml"})) as server:
        assert opened(server).read(POSTS, None).rows.column("title").to_pylist() == ["Räkor"]


def test_a_web_page_is_no_feed_and_the_feed_that_it_names_is_the_cure() -> None:
    page = '<!doctype html><link rel="alternate" type="application/rss+xml" href="/blogg/feed/"><p>Hej'
    with vendor(lambda asked: Says(page, headers={"Content-Type": "text/html"})) as server:
        with pytest.raises(BadReply, match=r"its feed is at http://127.0.0.1:\d+/blogg/feed/"):
            opened(server).read(POSTS, None)
        assert len(server.asked) == 1
    with pytest.raises(BadReply, match="address of the feed itself"):
        read("<!doctype html><p>Underhåll")
    with pytest.raises(BadReply, match="empty body"):
        read("")


def test_no_entity_of_a_document_reaches_a_file_or_grows_without_end() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        + rss(item(1)).split("?>", 1)[1].replace("Hej", "x&c;&f;")
    )
    title = str(read(bomb).rows.column("title").to_pylist()[0])
    assert "root:" not in title
    assert len(title) < 2000


def test_a_feed_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.feed.source.LARGEST_BODY_BYTES", 10_000)
    with pytest.raises(BadReply, match="larger than 10000 bytes"):
        read(rss(*(item(number) for number in range(200))))


# --- how far back a reading reaches -----------------------------------------------------------------------------------


def test_a_feed_of_the_newest_reaches_back_to_its_oldest_post() -> None:
    batch = read(rss(item(1), item(2), item(9)))
    assert batch.listed_since == FIRST - timedelta(days=9)
    assert batch.quality["is_whole"] is False


def test_an_empty_feed_proves_nothing() -> None:
    batch = read(rss())
    assert batch.rows.num_rows == 0
    assert batch.listed_since == NOW


def of(published: int, changed: int | None = None) -> Entry:
    """An entry published, and perhaps changed, so many days before now."""
    moments = [NOW - timedelta(days=days) if days is not None else None for days in (published, changed)]
    return Entry(post_id=str(published), url="u", title="t", published_at=moments[0] or NOW, updated_at=moments[1])


def test_an_old_post_that_was_edited_reaches_no_further_back_than_its_edit() -> None:
    by_change = [of(1, 1), of(7, 7), of(700, 9), of(14, 10)]
    assert reaches_back_to(by_change, now=NOW) == NOW - timedelta(days=10)
    trailing = [of(1, 1), of(7, 7), of(700, 9)]
    assert reaches_back_to(trailing, now=NOW) == NOW - timedelta(days=9)


def test_an_order_that_is_neither_proves_nothing() -> None:
    pinned = [of(700), of(1), of(7)]
    assert reaches_back_to(pinned, now=NOW) == NOW
    assert reaches_back_to([of(7), of(1)], now=NOW) == NOW


posts = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=30, unique=True)


@given(posts, st.integers(1, 12), st.booleans())
def test_whatever_was_published_after_the_reach_is_in_the_feed(
    drawn: list[tuple[int, int]], shown: int, by_change: bool
) -> None:
    everything = [of(max(pair), min(pair)) for pair in drawn]
    everything.sort(key=lambda one: one.changed_at if by_change else one.published_at, reverse=True)
    feed = everything[:shown]
    since = reaches_back_to(feed, now=NOW)
    for one in everything[shown:]:
        assert one.published_at <= since


# --- WordPress's pages ------------------------------------------------------------------------------------------------


def wordpress(numbers: list[int], *, size: int = 10) -> Any:
    """A feed in pages, whose generator says WordPress; past the last page is a 404."""

    def answer(asked: Asked) -> Says:
        first = (int(asked.query.get("paged", "1")) - 1) * size
        if first and first >= len(numbers):
            return Says("<html>404</html>", status=404, headers={"Content-Type": "text/html"})
        page = (item(number) for number in numbers[first : first + size])
        return Says(rss(*page, generator="https://wordpress.org/?v=6.8"), headers=RSS_TYPE)

    return answer


def ids(batch: Batch) -> list[int]:
    return [int(str(post_id).rpartition("=")[2]) for post_id in batch.rows.column("post_id").to_pylist()]


def test_a_wordpress_feed_is_read_to_its_end_and_then_is_whole() -> None:
    with vendor(wordpress(list(range(34)))) as server:
        batch = opened(server).read(POSTS, None)
    assert ids(batch) == list(range(34))
    assert batch.listed_since is None
    assert batch.quality["is_whole"] is True
    assert [asked.query.get("paged") for asked in server.asked] == [None, "2", "3", "4", "5"] * 2


@pytest.mark.parametrize("count", [0, 3, 10])
def test_a_single_page_is_the_newest_and_perhaps_not_all(count: int) -> None:
    with vendor(wordpress(list(range(count)))) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.num_rows == count
    assert batch.listed_since is not None
    assert len(server.asked) == (2 if count else 1)


def test_a_full_last_page_may_be_where_a_host_stops() -> None:
    with vendor(wordpress(list(range(30)))) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.num_rows == 30
    assert batch.listed_since == FIRST - timedelta(days=9)


def test_a_site_that_ignores_pages_is_read_once() -> None:
    body = rss(*(item(number) for number in range(10)), generator="https://wordpress.org/?v=6.8")
    with vendor(lambda asked: Says(body, headers=RSS_TYPE)) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.num_rows == 10
    assert batch.listed_since == FIRST - timedelta(days=9)
    assert len(server.asked) == 2


def test_older_pages_that_are_closed_leave_the_first() -> None:
    def answer(asked: Asked) -> Says:
        return Says("no", status=403) if "paged" in asked.query else wordpress(list(range(30)))(asked)

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.num_rows == 10
    assert batch.listed_since == FIRST - timedelta(days=9)


def test_a_page_that_breaks_off_fails_the_reading_rather_than_shortening_it() -> None:
    def answer(asked: Asked) -> Says:
        said = wordpress(list(range(30)))(asked)
        return Says(said.body[:900], headers=RSS_TYPE) if asked.query.get("paged") == "2" else said

    with vendor(answer) as server, pytest.raises(BadReply, match="cut off"):
        opened(server).read(POSTS, None)


def test_a_post_deleted_while_paging_hides_no_other() -> None:
    numbers = list(range(34))

    def answer(asked: Asked) -> Says:
        said = wordpress(numbers)(asked)
        if len(server.asked) == 1:
            numbers.remove(4)
        return said

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    # post 10 slipped to the page that was read already; the second and third walk agree, and see it
    assert ids(batch) == [number for number in range(34) if number != 4]
    assert batch.listed_since is None


def test_a_list_that_never_holds_still_is_not_taken_for_whole() -> None:
    numbers = list(range(34))

    def answer(asked: Asked) -> Says:
        if "paged" not in asked.query:
            numbers.insert(0, numbers[0] - 1)
        return wordpress(numbers)(asked)

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    assert sorted(ids(batch)) == sorted(numbers)
    assert batch.listed_since is not None
    assert batch.quality["is_whole"] is False


# --- its address ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base_url", "asked"),
    [
        ("/feed/", "", "/feed/"),
        ("/feed/?format=rss", "", "/feed/?format=rss"),
        ("https://w.se/nyheter/feed/?type=rss", "/proxy", "/proxy/nyheter/feed/?type=rss"),
    ],
)
def test_base_url_comes_before_the_feeds_own_path(url: str, base_url: str, asked: str) -> None:
    with vendor(lambda asked: Says(rss(item(1)), headers=RSS_TYPE)) as server:
        base = server.url + base_url
        build(Feed(id="blog", url=url, base_url=base), context(base_url=base)).read(POSTS, None)
        assert server.asked[0].target == asked


def test_an_address_may_come_from_the_environment_and_is_then_shown_nowhere() -> None:
    with vendor(lambda asked: Says("gone", status=404)) as server:
        url = f"{server.url}/feed/very-secret-path/"
        source = build(Feed(id="blog", url=EnvRef(env="F")), context(secrets={"url": url}))
        with pytest.raises(NotFound) as raised:
            source.read(POSTS, None)
        assert [one.path for one in server.asked] == ["/feed/very-secret-path/"]
    assert "very-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["not an address", "ftp://w.se/feed", "https://me:secret@w.se/feed", "http://[", "/feed/"]
)
def test_an_address_from_the_environment_that_is_none_is_misconfigured(url: str) -> None:
    with pytest.raises(Misconfigured, match="give the feed's address") as raised:
        build(Feed(id="blog", url=EnvRef(env="F")), context(secrets={"url": url}))
    assert "secret" not in str(raised.value)


def test_the_probe_says_what_is_shown() -> None:
    with vendor(lambda asked: Says(rss(item(2), item(1)), headers=RSS_TYPE)) as server:
        probe = opened(server).probe()
    assert probe.rows == 2
    assert probe.detail == "Bloggen, 2 posts shown, newest of 2026-11-11"


def test_a_feed_says_whose_it_is_where_it_names_its_site() -> None:
    assert read(rss(item(1))).identity.keys() <= {"site"}
    named = rss(item(1)).replace("<channel>", "<channel><link>https://www.acme.se/</link>")
    assert read(named).identity == {"site": {"acme.se"}}
