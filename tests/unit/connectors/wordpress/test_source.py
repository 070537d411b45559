"""WordPress in its documented wire format from a local server: discovery, paging, time zones, titles, closed APIs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    SourceError,
    Unavailable,
)
from connectors.core.protocol import Source
from connectors.core.text import plain
from connectors.wordpress.settings import WordPress
from connectors.wordpress.source import POSTS, build
from okr_models.client.sources import EnvRef
from tests.fake_vendor import NOW, Asked, Says, Vendor, context, doubts, vendor

SITE = {"name": "Blogg", "namespaces": ["oembed/1.0", "wp/v2"], "timezone_string": "Europe/Stockholm", "gmt_offset": 1}
NO_ROUTE = Says({"code": "rest_no_route", "message": "No route", "data": {"status": 404}}, status=404)


def opened(server: Vendor, *, prefix: str = "", **extra: Any) -> Source:
    settings = WordPress(id="blog", base_url=server.url + prefix, **extra)
    return build(settings, context(secrets={"password": "abcd EFGH ijkl MNOP"}, base_url=server.url + prefix))


def post(number: int, *, gmt: str = "2026-10-05T07:30:00", title: str = "Hej", **extra: Any) -> dict[str, Any]:
    return {
        "id": number,
        "date": gmt,
        "date_gmt": gmt,
        "modified_gmt": "2026-10-06T00:00:00",
        "link": f"https://w.se/blogg/{number}/",
        "title": {"rendered": title},
        "status": "publish",
        "type": "post",
    } | extra


def blog(posts: list[dict[str, Any]], site: Any = None) -> Any:
    """A WordPress whose root is ``/wp-json/``."""

    def answer(asked: Asked) -> Says:
        if asked.path.endswith("/wp-json/"):
            return Says(site or SITE)
        assert asked.path.endswith("/wp-json/wp/v2/posts")
        return listed(posts, asked)

    return answer


def listed(posts: list[dict[str, Any]], asked: Asked) -> Says:
    size, page = int(asked.query["per_page"]), int(asked.query["page"])
    pages = -(-len(posts) // size)
    if page > 1 and page > pages:
        return Says({"code": "rest_post_invalid_page_number", "message": "too large"}, status=400)
    headers = {"X-WP-Total": str(len(posts)), "X-WP-TotalPages": str(pages)}
    return Says(posts[(page - 1) * size : page * size], headers=headers)


def test_all_posts_come_over_all_pages_in_order_of_id() -> None:
    with vendor(blog([post(number) for number in range(1, 251)])) as server:
        batch = opened(server, prefix="/sites/w").read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == [str(number) for number in range(1, 251)]
    assert [asked.path for asked in server.asked] == ["/sites/w/wp-json/", *["/sites/w/wp-json/wp/v2/posts"] * 3]
    query = server.asked[1].query
    assert (query["orderby"], query["order"], query["per_page"], query["status"]) == ("id", "asc", "100", "publish")
    assert "title" in query["_fields"]
    assert batch.quality["list_moved"] is False
    assert batch.covers is None


def test_json_under_a_web_pages_label_is_no_web_page() -> None:
    html = {"Content-Type": "text/html; charset=UTF-8"}
    with vendor(lambda asked: Says((said := blog([post(1)])(asked)).body, headers={**said.headers, **html})) as server:
        assert "doubts" not in opened(server).read(POSTS, None).quality


@pytest.mark.parametrize("count", [0, 1, 100, 200])
def test_a_full_last_page_is_not_followed_by_one_too_many(count: int) -> None:
    with vendor(blog([post(number) for number in range(1, count + 1)])) as server:
        assert opened(server).read(POSTS, None).rows.num_rows == count
    assert len(server.asked) == 1 + max(1, count // 100)


@pytest.mark.parametrize(
    ("site", "gmt", "published_on"),
    [
        (SITE, "2026-10-05T22:30:00", date(2026, 10, 6)),
        (SITE, "2026-10-31T23:30:00", date(2026, 11, 1)),
        (SITE, "2026-10-25T22:59:00", date(2026, 10, 25)),
        (SITE | {"timezone_string": "", "gmt_offset": 5.5}, "2026-10-05T18:30:00", date(2026, 10, 6)),
        (SITE | {"timezone_string": "", "gmt_offset": -3}, "2026-10-05T02:59:00", date(2026, 10, 4)),
        (SITE | {"timezone_string": "", "gmt_offset": "0"}, "2026-10-05T23:59:00", date(2026, 10, 5)),
    ],
)
def test_the_publication_day_is_the_sites_own(site: dict[str, Any], gmt: str, published_on: date) -> None:
    with vendor(blog([post(1, gmt=gmt)], site)) as server:
        row = opened(server).read(POSTS, None).rows.to_pylist()[0]
    assert row["published_on"] == published_on
    assert row["published_at"] == datetime.fromisoformat(gmt).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rendered", "title"),
    [
        ("Glas &#038; keramik &#8211; v&aring;ra b&auml;sta", "Glas & keramik \u2013 våra bästa"),
        ("<em>Nytt</em>\n  i butiken", "Nytt i butiken"),
        ("a &lt; b &amp;amp; c", "a < b &amp; c"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_titles_become_plain_text(rendered: str, title: str) -> None:
    assert plain(rendered) == title


@given(st.text())
def test_no_title_breaks_it(text: str) -> None:
    assert "\n" not in plain(text)


def test_plain_permalinks_are_found_by_rest_route() -> None:
    def answer(asked: Asked) -> Says:
        route = asked.query.get("rest_route")
        if route == "/":
            return Says(SITE)
        if route == "/wp/v2/posts":
            return listed([post(1)], asked)
        return Says("<html>404</html>", status=404, headers={"Content-Type": "text/html"})

    with vendor(answer) as server:
        assert opened(server).read(POSTS, None).rows.num_rows == 1


def test_a_root_elsewhere_is_found_by_the_sites_link_header() -> None:
    def answer(asked: Asked) -> Says:
        if asked.path == "/api/":
            return Says(SITE)
        if asked.path == "/api/wp/v2/posts":
            return listed([post(1)], asked)
        if asked.path == "/" and "rest_route" not in asked.query:
            links = f'<http://{asked.headers["Host"]}/api/>; rel="https://api.w.org/", <https://w.se/>; rel=shortlink'
            return Says("<html></html>", headers={"Link": links, "Content-Type": "text/html"})
        return Says("<html>404</html>", status=404, headers={"Content-Type": "text/html"})

    with vendor(answer) as server:
        assert opened(server).read(POSTS, None).rows.num_rows == 1


CLOSED = Says({"code": "rest_not_logged_in", "message": "You are not currently logged in."}, status=401)
FORBIDDEN = Says({"code": "rest_forbidden", "message": "REST API restricted"}, status=403)
WALL = Says("<html>blocked</html>", status=403, headers={"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(CLOSED, AuthFailed), (FORBIDDEN, PermissionMissing), (WALL, PermissionMissing), (NO_ROUTE, NotFound)],
)
def test_a_closed_api_names_the_feed_as_the_way_out(reply: Says, kind: type[SourceError]) -> None:
    with vendor(lambda asked: reply) as server, pytest.raises(kind, match="source of type feed"):
        opened(server).read(POSTS, None)


def test_an_api_that_shows_its_root_but_not_its_posts_names_the_feed_too() -> None:
    def answer(asked: Asked) -> Says:
        return Says(SITE) if asked.path == "/wp-json/" else CLOSED

    with vendor(answer) as server, pytest.raises(AuthFailed, match="source of type feed"):
        opened(server).read(POSTS, None)


def xml_feed(numbers: list[int]) -> Says:
    """One page of a feed, published a day apart at half past eleven at night UTC."""
    first = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    items = "".join(
        f"<item><title>Nr {number}</title><link>https://w.se/blogg/{number}/</link>"
        f'<guid isPermaLink="false">https://w.se/?p={number}</guid>'
        f"<pubDate>{format_datetime(first + timedelta(days=number))}</pubDate></item>"
        for number in numbers
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Blogg</title>{items}</channel></rss>'
    return Says(body, headers={"Content-Type": "application/rss+xml"})


def closed_with_feed(reply: Says, numbers: list[int], *, path: str = "/feed/", of_site: Says | None = None) -> Any:
    """A site whose REST API gives ``reply`` everywhere, and whose feed has pages of ten."""

    def answer(asked: Asked) -> Says:
        given = asked.path + (f"?feed={asked.query['feed']}" if "feed" in asked.query else "")
        if given.endswith(path):
            first = (int(asked.query.get("paged", "1")) - 1) * 10
            page = sorted(numbers, reverse=True)[first : first + 10]
            return xml_feed(page) if page else Says("<html></html>", status=404, headers={"Content-Type": "text/html"})
        if of_site is not None and asked.path.endswith("/wp-json/"):
            return of_site
        return reply

    return answer


AWAY = Says("<html>Start</html>", headers={"Content-Type": "text/html"})
"""What a plugin that sends every visitor of the API to the front page answers."""


@pytest.mark.parametrize("path", ["/feed/", "/?feed=rss2", "/feed/atom/"])
@pytest.mark.parametrize("reply", [CLOSED, FORBIDDEN, WALL, NO_ROUTE, AWAY], ids=["401", "403", "wall", "404", "away"])
def test_of_a_closed_api_the_posts_are_read_from_the_feed_with_the_same_ids(reply: Says, path: str) -> None:
    numbers = list(range(1, 25))
    with vendor(closed_with_feed(reply, numbers, path=path)) as server:
        source = opened(server, prefix="/blog")
        batch = source.read(POSTS, None)
        seen = source.probe()
    rows = {row["post_id"]: row for row in batch.rows.to_pylist()}
    assert sorted(rows, key=int) == [str(number) for number in numbers]
    assert (rows["5"]["url"], rows["5"]["title"]) == ("https://w.se/blogg/5/", "Nr 5")
    assert rows["5"]["published_on"] == date(2026, 1, 7)
    assert (batch.quality["read_from"], batch.quality["is_whole"]) == ("feed", True)
    assert "feed" in seen.detail


def test_where_only_the_posts_are_closed_the_feeds_days_are_the_sites_own() -> None:
    site = Says(SITE | {"timezone_string": "America/New_York"})
    with vendor(closed_with_feed(CLOSED, [5], of_site=site)) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("published_on").to_pylist() == [date(2026, 1, 6)]


@pytest.mark.parametrize(("status", "kind"), [(503, Unavailable), (404, AuthFailed), (401, AuthFailed)])
def test_a_feed_that_fails_for_the_moment_says_so_and_where_there_is_none_the_closed_api_does(
    status: int, kind: type[SourceError]
) -> None:
    def answer(asked: Asked) -> Says:
        return Says({}, status=status) if "feed" in asked.target else CLOSED

    with vendor(answer) as server, pytest.raises(kind):
        opened(server).read(POSTS, None)


@pytest.mark.parametrize("reply", [Says({}, status=503), Says({"code": "incorrect_password"}, status=401)])
def test_an_api_that_is_not_closed_but_fails_is_never_replaced_by_the_feed(reply: Says) -> None:
    with vendor(closed_with_feed(reply, [1, 2])) as server, pytest.raises((Unavailable, AuthFailed)):
        opened(server).read(POSTS, None)
    assert not [asked for asked in server.asked if "feed" in asked.target]


def test_an_application_password_goes_along_and_a_wrong_one_is_an_auth_error_that_hides_it() -> None:
    wrong = Says({"code": "incorrect_password", "message": "abcd EFGH ijkl MNOP is invalid"}, status=401)
    with vendor(lambda asked: wrong) as server, pytest.raises(AuthFailed, match="application password") as raised:
        opened(server, username="red", password=EnvRef(env="P")).read(POSTS, None)
    assert server.asked[0].headers["Authorization"] == "Basic cmVkOmFiY2QgRUZHSCBpamtsIE1OT1A="
    assert "EFGH" not in str(raised.value)


def test_a_user_without_password_is_misconfigured() -> None:
    settings = WordPress.model_construct(id="blog", base_url="https://w.se", username="red", password=None)
    with pytest.raises(Misconfigured, match="both or neither"):
        build(settings, context(base_url="https://w.se"))


@pytest.mark.parametrize(
    "broken",
    [
        Says({"posts": []}, headers={"X-WP-Total": "1", "X-WP-TotalPages": "1"}),
        Says([post(1, gmt="yesterday")], headers={"X-WP-Total": "1", "X-WP-TotalPages": "1"}),
        Says([post(1) | {"date_gmt": None, "date": None}], headers={"X-WP-Total": "1", "X-WP-TotalPages": "1"}),
    ],
)
def test_a_list_that_is_not_as_documented_is_refused(broken: Says) -> None:
    with vendor(lambda asked: Says(SITE) if asked.path == "/wp-json/" else broken) as server, pytest.raises(BadReply):
        opened(server).read(POSTS, None)


def rest(posts: list[dict[str, Any]], *, hidden: tuple[int, ...] = (), counts: bool = True, size: int = 100,
         broken: dict[int, Says] | None = None) -> Any:  # fmt: skip
    """A list in pages of ``size``, that leaves out what is hidden, drops its counts, or breaks at a page."""

    def answer(asked: Asked) -> Says:
        if "feed" in asked.target:
            return xml_feed(list(range(30, 20, -1))) if broken and "paged" not in asked.query else NO_ROUTE
        if not asked.path.endswith("/posts"):
            return Says(SITE)
        page = int(asked.query["page"])
        if broken and page in broken:
            return broken[page]
        said = listed(posts, Asked(asked.method, asked.target.replace("per_page=", f"per_page={size}&x="), {}, b""))
        if said.status == 200:
            said = Says([one for one in said.body if one["id"] not in hidden], headers=said.headers)
        return said if counts else Says(said.body, status=said.status)

    return answer


def test_posts_that_the_site_counts_and_shows_nobody_are_said_and_cost_no_other() -> None:
    with vendor(rest([post(number) for number in range(1, 6)], hidden=(2, 5))) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == ["1", "3", "4"]
    told = doubts(batch)["list_not_whole"]
    assert (told["quantity"], told["of"], batch.quality["partial"]) == (3, 5, True)
    assert batch.listed_since is None


@pytest.mark.parametrize("number", [0, 1, 3, 10, 25])
def test_a_list_whose_counts_a_proxy_dropped_is_read_to_the_page_that_is_not_there(number: int) -> None:
    with vendor(rest([post(n) for n in range(1, number + 1)], counts=False, size=10)) as server:
        source = opened(server)
        batch, probe = source.read(POSTS, None), source.probe()
    assert batch.rows.num_rows == number
    assert (batch.listed_since, "doubts" in batch.quality) == (None, False)
    assert probe.rows == min(number, 10)


def test_a_site_that_ignores_pages_and_counts_nothing_deletes_nothing() -> None:
    def answer(asked: Asked) -> Says:
        if "feed" in asked.target:
            return NO_ROUTE
        return Says([post(1), post(2)]) if asked.path.endswith("/posts") else Says(SITE)

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since) == (2, NOW)
    assert "list_moved" in doubts(batch)


@pytest.mark.parametrize("has_feed", [True, False])
def test_a_cache_that_gives_one_page_for_all_is_not_a_site_that_hides_its_newest_posts(has_feed: bool) -> None:
    def answer(asked: Asked) -> Says:
        if "feed" in asked.target:
            return xml_feed([5, 4]) if has_feed and "paged" not in asked.query else NO_ROUTE
        counts = {"X-WP-Total": "5", "X-WP-TotalPages": "3"}
        return Says([post(1), post(2)], headers=counts) if asked.path.endswith("/posts") else Says(SITE)

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    ids = sorted(row["post_id"] for row in batch.rows.to_pylist())
    assert ids == (["1", "2", "4", "5"] if has_feed else ["1", "2"])
    assert batch.listed_since is not None
    assert doubts(batch).keys() & {"read_from_feed", "list_moved"}


@pytest.mark.parametrize("said", [Says("<p>Fatal error", headers={"Content-Type": "text/html"}), Says({}, status=500)])
def test_a_list_that_breaks_off_is_completed_from_the_feed_with_the_same_ids(said: Says) -> None:
    posts = [post(number) for number in range(1, 41)]
    with vendor(rest(posts, size=10, broken={3: said})) as server:
        batch = opened(server).read(POSTS, None)
    assert {int(row["post_id"]) for row in batch.rows.to_pylist()} == set(range(1, 31))
    assert batch.listed_since is not None
    assert doubts(batch)["read_from_feed"]["what"]
    assert (batch.quality["read_from"], batch.quality["is_whole"]) == ("feed", False)


def test_without_a_feed_a_list_that_breaks_off_gives_what_it_gave_and_deletes_nothing() -> None:
    posts = [post(number) for number in range(1, 41)]

    def answer(asked: Asked) -> Says:
        return NO_ROUTE if "feed" in asked.target else rest(posts, size=10, broken={3: Says([None, 7])})(asked)

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since) == (20, NOW)
    assert "breaks off" in str(batch.partly)


def test_a_list_that_a_plugin_made_an_object_of_is_a_list() -> None:
    page = Says({"0": post(1), "2": post(3), "3": None}, headers={"X-WP-Total": "3", "X-WP-TotalPages": "1"})
    with vendor(lambda asked: page if asked.path.endswith("/posts") else Says(SITE)) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == ["1", "3"]
    assert (doubts(batch)["list_not_whole"]["quantity"], doubts(batch)["list_not_whole"]["of"]) == (2, 3)


@pytest.mark.parametrize(
    "odd",
    [
        {"date_gmt": "0000-00-00T00:00:00", "date": "0000-00-00T00:00:00"},
        {"date_gmt": "-0001-11-30T00:00:00", "date": "igår"},
        {"link": None},
    ],
)
def test_a_post_that_cannot_be_used_costs_itself_is_named_and_not_taken_for_deleted(odd: dict[str, Any]) -> None:
    with vendor(blog([post(1), post(2, **odd), post(3)])) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == ["1", "3"]
    assert (batch.present, batch.listed_since) == ({"2"}, None)
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_a_post_without_title_or_last_change_is_one_all_the_same() -> None:
    bare = post(1) | {"title": None, "modified_gmt": "0000-00-00T00:00:00", "date_gmt": "0000-00-00T00:00:00"}
    with vendor(blog([bare | {"date": "2026-10-05T09:30:00"}])) as server:
        (row,) = opened(server).read(POSTS, None).rows.to_pylist()
    assert (row["title"], row["modified_at"]) == ("https://w.se/blogg/1/", None)
    assert row["published_at"] == datetime(2026, 10, 5, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("offset", ["", None, "no number"])
def test_an_offset_that_is_empty_or_no_number_is_utc_as_it_is_for_wordpress(offset: Any) -> None:
    site = SITE | {"timezone_string": "", "gmt_offset": offset}
    with vendor(blog([post(1, gmt="2026-10-05T23:59:00")], site)) as server:
        (row,) = opened(server).read(POSTS, None).rows.to_pylist()
    assert row["published_on"] == date(2026, 10, 5)


def test_a_root_that_is_open_and_wrong_is_named_and_not_the_one_that_is_missing() -> None:
    def answer(asked: Asked) -> Says:
        return Says({"namespaces": "none"}) if asked.path == "/wp-json/" else NO_ROUTE

    with vendor(answer) as server, pytest.raises(BadReply, match="namespaces"):
        opened(server).read(POSTS, None)


def test_a_post_that_came_while_paging_is_read_the_second_time() -> None:
    posts = [post(number) for number in range(1, 151)]

    def answer(asked: Asked) -> Says:
        said = blog(posts)(asked)
        if len(server.asked) == 2:
            posts.append(post(151))
        return said

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.num_rows == 151
    assert batch.quality["list_moved"] is True


def test_a_last_page_that_went_while_paging_is_a_list_that_moved_and_no_error() -> None:
    posts = [post(number) for number in range(1, 102)]

    def answer(asked: Asked) -> Says:
        if asked.query.get("page") == "2":
            del posts[100:]
        return blog(posts)(asked)

    with vendor(answer) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.num_rows == 100
    assert batch.quality["list_moved"] is True
    assert "101" not in batch.rows.column("post_id").to_pylist()


@pytest.mark.parametrize(
    ("site", "local", "published_at"),
    [
        (SITE, "2026-10-05T00:30:00", datetime(2026, 10, 4, 22, 30, tzinfo=UTC)),
        (SITE, "2026-11-05T00:30:00", datetime(2026, 11, 4, 23, 30, tzinfo=UTC)),
        (
            SITE | {"timezone_string": "", "gmt_offset": -3},
            "2026-10-05T00:30:00",
            datetime(2026, 10, 5, 3, 30, tzinfo=UTC),
        ),
    ],
)
def test_a_post_that_an_import_left_without_gmt_is_dated_by_the_sites_own_time(
    site: dict[str, Any], local: str, published_at: datetime
) -> None:
    with vendor(blog([post(1) | {"date_gmt": None, "date": local}], site)) as server:
        (row,) = opened(server).read(POSTS, None).rows.to_pylist()
    assert (row["published_at"], row["published_on"]) == (published_at, date.fromisoformat(local[:10]))


def test_a_deleted_post_is_gone_from_the_next_list() -> None:
    posts = [post(1), post(2)]
    with vendor(blog(posts)) as server:
        source = opened(server)
        source.read(POSTS, None)
        del posts[0]
        assert source.read(POSTS, None).rows.column("post_id").to_pylist() == ["2"]


def test_the_probe_counts_the_posts_and_names_the_zone() -> None:
    with vendor(blog([post(number) for number in range(1, 42)])) as server:
        probe = opened(server).probe()
    assert probe.rows == 41
    assert "Europe/Stockholm" in probe.detail
    assert opened_zone(SITE) == "Europe/Stockholm"


def opened_zone(site: dict[str, Any]) -> str:
    with vendor(blog([], site)) as server:
        return opened(server).zone().key


def test_a_site_says_every_address_that_it_has() -> None:
    site = SITE | {"home": "https://www.acme.se", "url": "https://cms.acme.se/wp"}
    with vendor(blog([post(1)], site)) as server:
        source = opened(server)
        assert source.read(POSTS, None).identity == source.probe().identity == {"site": {"acme.se", "cms.acme.se/wp"}}
