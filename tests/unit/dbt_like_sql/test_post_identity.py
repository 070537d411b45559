"""A post is every address, host, slug and id it ever had, and counts once (MEASURES.md, "Identity").

Under test: the SQL models from pages, lists and what lists said before, to the marts; every story is a client of one
database.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.unit.sql_story import Story, at, build, days, month_of, value_of

HISTORY, YESTERDAY = date(2026, 1, 1), date(2026, 11, 19)
AUGUST, OCTOBER, NOVEMBER = date(2026, 8, 1), date(2026, 10, 1), date(2026, 11, 1)
PUBLISHED = date(2026, 8, 3)


def site(client: str, *sources: str, **settings: Any) -> Story:
    """Web sources that were read every day of the year."""
    story = Story(client, start_on=HISTORY)
    for source in sources or ("web",):
        story.source(source, "ga4", **settings)
        story.loaded(source, "web_pages_daily", HISTORY, YESTERDAY)
        story.web(source, days(HISTORY, YESTERDAY))
    return story


def views(
    story: Story, path: str, count: int, *, on: date = date(2026, 8, 10), host: str = "www.tall.se", source: str = "web"
) -> Story:
    return story.raw(
        source, "web_pages_daily", [{"day": on, "host": host, "path": path, "page_views": count, "is_final": True}]
    )


def listed(story: Story, source: str, *posts: tuple[str, str, date]) -> Story:
    """What the list of a source says now: id, address and publication day of each post."""
    rows = [
        {"post_id": name, "url": url, "title": name, "published_at": at(day, 12), "published_on": day}
        for name, url, day in posts
    ]
    return story.raw(source, "blog_posts", rows).loaded(source, "blog_posts", YESTERDAY, YESTERDAY)


def wordpress(story: Story, *posts: tuple[str, str, date]) -> Story:
    return listed(story.source("blog", "wordpress"), "blog", *posts)


def renamed() -> Story:
    """Slug, host and publication changed in November; the id stayed."""
    story = wordpress(site("renamed"), ("7", "https://www.tall.se/ny/", NOVEMBER))
    story.known("blog", "7", "https://gamla.se/gammal/", PUBLISHED, first_seen=at(PUBLISHED), last_seen=at(OCTOBER))
    story.known("blog", "7", "https://www.tall.se/ny/", NOVEMBER, first_seen=at(NOVEMBER), last_seen=at(YESTERDAY))
    views(story, "/gammal", 600, host="gamla.se")
    return views(story, "/ny/", 30, on=date(2026, 11, 5))


def taken_over() -> Story:
    """Post 1 left /a in October for /b; post 2, which is as old, took /a."""
    story = wordpress(
        site("taken_over"), ("1", "https://tall.se/b/", PUBLISHED), ("2", "https://tall.se/a/", date(2026, 7, 1))
    )
    for name, url, since, until in (
        ("1", "https://tall.se/a/", PUBLISHED, date(2026, 10, 9)),
        ("1", "https://tall.se/b/", date(2026, 10, 10), YESTERDAY),
        ("2", "https://tall.se/c/", date(2026, 7, 1), date(2026, 10, 9)),
        ("2", "https://tall.se/a/", date(2026, 10, 10), YESTERDAY),
    ):
        day = PUBLISHED if name == "1" else date(2026, 7, 1)
        story.known("blog", name, url, day, first_seen=at(since), last_seen=at(until))
    views(story, "/a", 100)
    views(story, "/c", 10)
    views(story, "/a", 5, on=date(2026, 10, 20))
    return views(story, "/b", 1, on=date(2026, 10, 20))


def taken_over_in_a_feed() -> Story:
    """The slug that post 1 had is post 2's since; a feed that was read after WordPress says so of its own two."""
    story = wordpress(
        site("taken_over_in_a_feed"), ("1", "https://tall.se/b/", PUBLISHED), ("2", "https://tall.se/a/", OCTOBER)
    )
    listed(
        story.source("rss", "feed"),
        "rss",
        ("one", "https://tall.se/b/", PUBLISHED),
        ("two", "https://tall.se/a/", OCTOBER),
    )
    for hour, source, first, second in ((5, "blog", "1", "2"), (6, "rss", "one", "two")):
        for name, url, day, since, until in (
            (first, "https://tall.se/a/", PUBLISHED, PUBLISHED, date(2026, 9, 1)),
            (first, "https://tall.se/b/", PUBLISHED, date(2026, 9, 2), YESTERDAY),
            (second, "https://tall.se/a/", OCTOBER, OCTOBER, YESTERDAY),
        ):
            story.known(source, name, url, day, first_seen=at(since, hour), last_seen=at(until, hour))
    views(story, "/a", 100)
    return views(story, "/a", 5, on=date(2026, 10, 20))


def republished() -> Story:
    """A new id at an address that another post had: the source says that it was published anew."""
    story = wordpress(site("republished"), ("8", "https://tall.se/a/", NOVEMBER))
    story.known("blog", "7", "https://tall.se/a/", PUBLISHED, first_seen=at(PUBLISHED), last_seen=at(OCTOBER))
    story.known("blog", "8", "https://tall.se/a/", NOVEMBER, first_seen=at(NOVEMBER), last_seen=at(YESTERDAY))
    views(story, "/a", 600)
    return views(story, "/a", 20, on=date(2026, 11, 5))


def deleted() -> Story:
    """Post 2 was deleted on 5 November, and has the address of post 3 since; a feed that named it left with it."""
    later = date(2026, 11, 10)
    story = wordpress(
        site("deleted"),
        ("1", "https://tall.se/a/", PUBLISHED),
        ("3", "https://tall.se/b/", later),
        ("4", "https://gamla.se/c/", later),
    )
    listed(story.source("rss", "feed"), "rss", ("tag:a", "https://tall.se/a", PUBLISHED))
    story.known("blog", "2", "https://tall.se/gammal/", PUBLISHED, first_seen=at(PUBLISHED), last_seen=at(OCTOBER))
    for source, name in (("blog", "2"), ("rss", "tag:b")):
        url, first, last = "https://tall.se/b/", at(date(2026, 9, 20)), at(date(2026, 11, 4))
        story.known(source, name, url, PUBLISHED, first_seen=first, last_seen=last)
    # the ids that post 1 had in another system, and on another host
    for name, host in (("91", "tall.se"), ("92", "gamla.se")):
        story.known("blog", name, f"https://{host}/a/", PUBLISHED, first_seen=at(PUBLISHED), last_seen=at(OCTOBER))
    views(story, "/a", 100, on=date(2026, 10, 3))
    views(story, "/", 1, host="gamla.se")
    views(story, "/gammal", 20, on=date(2026, 10, 3))
    views(story, "/b/amp/", 40, on=date(2026, 10, 3))
    views(story, "/b", 10, on=date(2026, 11, 2))
    views(story, "/b", 1, on=date(2026, 11, 7))
    return views(story, "/b", 6, on=date(2026, 11, 12))


def faces() -> Story:
    """Other faces of one text, and a post whose slug is a number."""
    story = wordpress(
        site("faces"),
        ("a", "https://www.tall.se/blogg/a/", PUBLISHED),
        ("2", "https://www.tall.se/blogg/a/2/", PUBLISHED),
        ("index", "https://www.tall.se/sida/index.php", PUBLISHED),
    )
    for path in (
        "/blogg/a/amp/",
        "/amp/blogg/a/",
        "/blogg/a/3/",
        "/blogg/a/page/12/",
        "/blogg/a/3/amp",
        "/blogg/a/amp/3/",
        "/blogg/a/print/",
        "/blogg/a/index.html",
        "/blogg/a/feed/",
        "/blogg/a/feed/atom/",
        "/blogg/a/comment-page-4/",
        "/blogg/a/&utm_source=brev",
        "/blogg/a&utm_source=brev&utm_medium=x",
        "/blogg/a/;jsessionid=12",
        "/blogg/a.amp",
    ):
        views(story, path, 1)
    views(story, "/blogg/a/2/", 100)
    views(story, "/blogg/a/2/amp/", 100)
    views(story, "/sida/", 7)
    for path in ("/blogg/", "/blogg/2/", "/blogg/a/1234/", "/blogg/ab/", "/a/"):
        views(story, path, 1000)
    return views(story, "/blogg/a/amp/", 1000, host="shop.tall.se")


def by_path() -> Story:
    """No list: of what lies below the path, its archives are no posts, and another face of a post is that post."""
    story = site("by_path", blog_path="/nyheter/")
    for path in (
        "/nyheter/granar/",
        "/nyheter/granar/amp/",
        "/nyheter/granar/comment-page-1/",
        "/nyheter/granar/2/",
        "/nyheter/granar/amp/2/",
        "/nyheter/granar/print/",
        "/nyheter/granar/sida/2/",
        "/nyheter/granar/&utm_source=brev",
        "/nyheter/2026/08/03/kottar/",
        "/nyheter/bara-amp/amp/",
        "/nyheter/12345/",
    ):
        views(story, path, 3)
    for path in (
        "/nyheter/",
        "/nyheter/2/",
        "/nyheter/page/2/",
        "/nyheter/feed/",
        "/nyheter/kategori/skog/",
        "/nyheter/category/skog/page/3/",
        "/nyheter/kategori/skog/feed/",
        "/nyheter/tag/seo/",
        "/nyheter/etikett/seo/",
        "/nyheter/author/anna/",
        "/nyheter/författare/anna/",
        "/nyheter/2026/",
        "/nyheter/2026/08/",
        "/nyheter/2026/08/03/",
        "/nyheter/2026/08/page/2/",
        "/nyheter/search/gran/",
        "/nyheter/sida/2/",
        "/nyheter/kategori/skog/sida/3/",
        "/nyheter/topic/skog",
        "/nyheter/tagged/skog/",
        "/nyheter/hashtags/skog",
        "/nyheter/ämne/skog/",
        "/nyheter/date/2026/08/",
        "/nyheter/avainsana/metsa/",
        "/nyheter/schlagwort/wald/",
        "/nyheter/rss.xml",
        "/nyheter/kategori-lista/feed.xml",
    ):
        views(story, path, 3)
    return story


def headless() -> Story:
    """The list names a host that no web source has ever seen; another post's host is seen."""
    story = wordpress(
        site("headless"),
        ("unseen", "https://cms.tall.se/blogg/a/", PUBLISHED),
        ("seen", "https://www.tall.se/blogg/b/", PUBLISHED),
    )
    views(story, "/blogg/a", 900)
    return views(story, "/blogg/b", 30)


def all_unseen() -> Story:
    return views(wordpress(site("all_unseen"), ("a", "https://cms.tall.se/blogg/a/", PUBLISHED)), "/blogg/a", 900)


def idna() -> Story:
    story = wordpress(site("idna"), ("a", "https://www.skärgård.se/a/", PUBLISHED))
    story.host("skärgård.se", "xn--skrgrd-cuak.se")
    views(story, "/a/", 20, host="xn--skrgrd-cuak.se")
    return views(story, "/a/", 3, host="WWW.Skärgård.se:443")


def listed_twice() -> Story:
    """WordPress and two feeds name the same posts; one feed has one of its own, and a stale address."""
    story = site("listed_twice")
    story.source("rss", "feed")
    story.source("rss2", "feed")
    wordpress(story, ("1", "https://www.tall.se/a/", PUBLISHED), ("2", "https://www.tall.se/b/", date(2026, 9, 1)))
    story.known("blog", "2", "https://www.tall.se/b-gammal/", date(2026, 9, 1), first_seen=at(date(2026, 9, 1)),
                last_seen=at(OCTOBER))  # fmt: skip
    listed(
        story,
        "rss",
        ("https://www.tall.se/?p=1", "http://tall.se/a?utm_source=rss", date(2026, 8, 4)),
        ("https://www.tall.se/?p=2", "https://www.tall.se/b-gammal/", date(2026, 9, 1)),
        ("own", "https://www.tall.se/c/", OCTOBER),
    )
    listed(story, "rss2", ("x", "https://www.tall.se/a/index.html", PUBLISHED))
    views(story, "/a/", 500)
    views(story, "/b-gammal/", 40, on=date(2026, 9, 2))
    return views(story, "/b/", 2, on=date(2026, 11, 2))


def plain_twice() -> Story:
    """Plain permalinks are told apart by their query, also between two lists."""
    story = site("plain_twice").source("rss", "feed")
    wordpress(story, ("1", "https://tall.se/?p=1", PUBLISHED), ("2", "https://tall.se/?p=2", PUBLISHED))
    return listed(story, "rss", ("https://tall.se/?p=1", "https://www.tall.se/?p=1&utm_source=rss", PUBLISHED))


def told_by_query() -> Story:
    """Posts of one path, told apart by their queries, in two lists; one more path is the same post with and without."""
    story = site("told_by_query").source("rss", "feed").source("news", "feed")
    at_one = "https://tall.se/nyhet.asp?{}"
    listed(story, "rss", *((f"g{n}", at_one.format(f"id={n}&utm_source=rss"), PUBLISHED) for n in (7, 8)))
    listed(story, "news", ("x7", at_one.format("utm_medium=feed&id=7"), PUBLISHED))
    wordpress(story, *((str(n), f"https://tall.se/blogg/?p={n}", PUBLISHED) for n in (1, 2)))
    story.source("twice", "feed")
    tagged = ((f"t{n}", f"https://tall.se/a/?utm_source={n}&fbclid={n}", PUBLISHED) for n in (1, 2))
    listed(story, "twice", *tagged)
    views(story, "/nyhet.asp", 500)
    views(story, "/a/", 30)
    return views(story, "/blogg/", 70)


def asks() -> Story:
    """A slug with a question mark of its own, which web sources write in several ways."""
    story = wordpress(site("asks"), ("1", "https://tall.se/varf%C3%B6r%3F-ja/?utm_source=rss", PUBLISHED))
    return views(views(story, "/varf%C3%B6r%3F-ja/", 500), "/varf%c3%b6r%3f-ja", 20)


def source_left() -> Story:
    """WordPress left the file, and the feed that stands in its place dates every post anew."""
    story = site("source_left").source("rss", "feed")
    listed(story, "blog", ("1", "https://www.tall.se/a/", PUBLISHED), ("2", "https://www.tall.se/gone/", PUBLISHED))
    story.known("blog", "1", "https://www.tall.se/a-gammal/", PUBLISHED, first_seen=at(PUBLISHED), last_seen=at(AUGUST))
    story.known("blog", "1", "https://www.tall.se/a/", PUBLISHED, first_seen=at(OCTOBER), last_seen=at(OCTOBER))
    listed(story, "rss", ("tag:a", "https://www.tall.se/a/", NOVEMBER))
    story.known("rss", "tag:a", "https://www.tall.se/a/", NOVEMBER, first_seen=at(NOVEMBER), last_seen=at(YESTERDAY))
    views(story, "/a-gammal/", 400)
    return views(story, "/a/", 200, on=date(2026, 8, 20))


def two_sources(client: str, *order: str) -> Story:
    """Two web sources see one site, and count it in their own ways."""
    story = wordpress(site(client, *order), ("a", "https://www.tall.se/a/", PUBLISHED))
    views(story, "/a/", 500, source="ga")
    views(story, "/a/", 700, source="matomo", host="tall.se")
    return views(story, "/kassa/", 50, source="matomo", host="shop.tall.se")


def two_paths() -> Story:
    story = site("two_paths", "ga", "matomo", blog_path="/blogg")
    views(story, "/blogg/a/", 5, source="ga")
    views(story, "/blogg/a/", 7, source="matomo")
    return views(story, "/blogg/b/", 7, source="matomo")


def same_ids() -> Story:
    """Two WordPress sites that both have a post 1."""
    story = site("same_ids").source("shop", "wordpress")
    wordpress(story, ("1", "https://www.tall.se/a/", PUBLISHED))
    listed(story, "shop", ("1", "https://www.tall.se/butik/a/", PUBLISHED))
    views(story, "/a/", 5)
    return views(story, "/butik/a/", 7)


def second_list() -> Story:
    """A feed of WordPress's only post, and a shop on a host of its own that is read since October."""
    story = wordpress(site("second_list"), ("7", "https://www.tall.se/a/", PUBLISHED))
    listed(story.source("rss", "feed"), "rss", ("tag:a", "https://tall.se/a", PUBLISHED))
    story.source("shop", "ga4").loaded("shop", "web_pages_daily", OCTOBER, YESTERDAY)
    story.web("shop", days(OCTOBER, YESTERDAY))
    views(story, "/", 9, host="shop.tall.se", source="shop", on=OCTOBER)
    return views(story, "/a/", 40)


def stories() -> list[Story]:
    return [
        second_list(),
        renamed(),
        taken_over(),
        taken_over_in_a_feed(),
        republished(),
        deleted(),
        faces(),
        by_path(),
        headless(),
        all_unseen(),
        idna(),
        listed_twice(),
        plain_twice(),
        told_by_query(),
        asks(),
        source_left(),
        two_sources("ga_first", "ga", "matomo"),
        two_sources("matomo_first", "matomo", "ga"),
        two_paths(),
        same_ids(),
    ]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def posts(con: duckdb.DuckDBPyConnection, client: str, *columns: str) -> list[tuple[Any, ...]]:
    """The posts of a client in the order of their ids: id, then ``columns``."""
    names = ", ".join(["post_id", *columns])
    return con.execute(
        f"select {names} from marts.blog_posts where client = ? order by source, post_id", [client]
    ).fetchall()


def first(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    return [row[0] for row in rows]


def test_a_post_keeps_its_views_and_its_publication_when_slug_host_and_date_change(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert posts(con, "renamed", "url", "published_on", "page_views_90d", "page_views", "redated_on") == [
        ("7", "https://www.tall.se/ny/", PUBLISHED, 600, 630, NOVEMBER)
    ]
    assert value_of(con, "renamed", "blog_posts", AUGUST) == 1
    assert value_of(con, "renamed", "blog_posts", NOVEMBER) == 0


def test_an_address_that_another_post_took_over_was_the_formers_before(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "taken_over", "page_views") == [("1", 101), ("2", 15)]


def test_a_second_lists_post_at_an_address_taken_over_is_the_one_that_took_it(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "taken_over_in_a_feed", "page_views", "also_listed_by") == [("1", 100, "rss"), ("2", 5, "rss")]


def test_a_new_id_at_an_old_address_is_published_anew(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "republished", "published_on", "page_views") == [("8", NOVEMBER, 20)]


def test_a_post_deleted_later_stood_at_the_end_of_the_months_before_and_keeps_what_it_received(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert posts(con, "deleted", "page_views") == [("1", 100), ("3", 6), ("4", 0)]
    assert [value_of(con, "deleted", "blog_posts", month) for month in (AUGUST, NOVEMBER)] == [1, 2]
    found = [month_of(con, "deleted", "page_views_per_blog_post", month) for month in (AUGUST, OCTOBER, NOVEMBER)]
    assert [(row["numerator"], row["denominator"]) for row in found] == [(0, 2), (160, 2), (6, 3)]


def test_amp_index_files_feeds_second_pages_and_campaign_litter_are_the_listed_post(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert posts(con, "faces", "page_views") == [("2", 200), ("a", 15), ("index", 7)]


def test_below_a_path_archives_are_no_posts_and_other_faces_are_the_post(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "by_path", "page_views") == [
        ("/nyheter/12345", 3),
        ("/nyheter/2026/08/03/kottar", 3),
        ("/nyheter/bara-amp", 3),
        ("/nyheter/granar", 24),
    ]
    assert value_of(con, "by_path", "blog_posts", AUGUST) == 4


def test_a_post_on_a_host_that_nobody_has_seen_is_not_observed(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "headless", "page_views", "unseen_host") == [
        ("seen", 30, None),
        ("unseen", None, "cms.tall.se"),
    ]
    observed = con.execute("select distinct post_id from marts.blog_post_daily where client = 'headless'").fetchall()
    assert observed == [("seen",)]
    assert value_of(con, "headless", "page_views_per_blog_post", AUGUST) == 30


def test_a_blog_whose_hosts_nobody_has_seen_has_no_views_a_post(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "all_unseen", "page_views", "unseen_host") == [("a", None, "cms.tall.se")]
    assert value_of(con, "all_unseen", "page_views_per_blog_post", AUGUST) is None
    assert value_of(con, "all_unseen", "blog_posts", AUGUST) == 1


def test_hosts_are_one_in_letters_and_as_idna(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "idna", "page_views") == [("a", 23)]


def test_a_post_that_two_lists_name_counts_once_and_wordpress_tells_of_it(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "listed_twice", "published_on", "page_views", "also_listed_by") == [
        ("1", PUBLISHED, 500, "rss, rss2"),
        ("2", date(2026, 9, 1), 42, "rss"),
        ("own", OCTOBER, 0, None),
    ]
    counted = [value_of(con, "listed_twice", "blog_posts", month) for month in (AUGUST, date(2026, 9, 1), OCTOBER)]
    assert counted == [1, 1, 1]


def test_a_list_whose_posts_are_anothers_rests_on_what_tells_of_those(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "second_list", "page_views_per_blog_post", AUGUST) == 40
    assert month_of(con, "second_list", "page_views_per_blog_post", AUGUST)["observed_share"] == 1.0


def test_plain_permalinks_are_told_apart_by_their_query(con: duckdb.DuckDBPyConnection) -> None:
    assert first(posts(con, "plain_twice")) == ["1", "2"]


def test_posts_of_one_path_are_told_apart_by_what_their_queries_name(con: duckdb.DuckDBPyConnection) -> None:
    found = posts(con, "told_by_query", "also_listed_by", "page_views")
    assert found == [("1", None, None), ("2", None, None), ("g7", "news", None), ("g8", None, None), ("t1", None, 30)]


def test_a_question_mark_in_a_path_is_no_query(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "asks", "page_views") == [("1", 520)]


def test_what_a_source_knew_that_left_the_file_is_not_forgotten(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "source_left", "published_on", "page_views_90d", "redated_on") == [
        ("tag:a", PUBLISHED, 600, NOVEMBER)
    ]


@pytest.mark.parametrize(("client", "page_views"), [("ga_first", 500), ("matomo_first", 700)])
def test_of_two_web_sources_on_one_site_the_first_in_the_file_tells_of_its_posts(
    con: duckdb.DuckDBPyConnection, client: str, page_views: int
) -> None:
    assert posts(con, client, "page_views") == [("a", page_views)]


def test_of_two_web_sources_with_one_blog_path_the_first_says_what_a_post_is(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "two_paths", "source", "page_views") == [("/blogg/a", "ga", 5)]


def test_two_blogs_with_a_post_of_one_id_have_two(con: duckdb.DuckDBPyConnection) -> None:
    assert posts(con, "same_ids", "source", "page_views") == [("1", "blog", 5), ("1", "shop", 7)]
