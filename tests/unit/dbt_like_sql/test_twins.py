"""Two web sources that see the same site count once for all sources together: the one listed first in the file.

Under test: ``int_web_twins`` and what takes it, from pages to the marts; each story is a client of one database.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.unit.dbt_like_sql.test_post_identity import HISTORY, YESTERDAY, site, views, wordpress
from tests.unit.sql_story import Story, at, build, days, value_of

OCTOBER, A_DAY = date(2026, 10, 1), date(2026, 10, 8)


def same_site() -> Story:
    story = wordpress(site("same", "first", "second"), ("1", "https://tall.se/a/", A_DAY))
    views(story, "/", 70, source="first", on=A_DAY)
    return views(story, "/", 90, source="second", host="TALL.se", on=A_DAY)


def two_sites() -> Story:
    story = site("two", "first", "second")
    views(story, "/", 70, source="first", on=A_DAY)
    return views(story, "/", 90, source="second", host="shop.tall.se", on=A_DAY)


def part_of_one(client: str, count: int) -> Story:
    """The first sees two hosts, of which the second has one, with a blog."""
    story = wordpress(site(client, "first", "second"), ("1", "https://shop.tall.se/a/", A_DAY))
    views(story, "/", 70, source="first", on=A_DAY)
    views(story, "/a/", count, source="first", host="shop.tall.se", on=A_DAY)
    return views(story, "/a/", 90, source="second", host="shop.tall.se", on=A_DAY)


def hostless() -> Story:
    """Nobody knows which site a source is of that gives no host."""
    story = site("hostless", "first", "second")
    views(story, "/", 70, source="first", host="", on=A_DAY)
    return views(story, "/", 90, source="second", host="", on=A_DAY)


def parted() -> Story:
    """What a post is says only the second's blog_path; each calls something of its own a conversion."""
    story = Story("parted", start_on=HISTORY)
    read = ("web_pages_daily", "web_events_daily", "web_channels_daily")
    for source, blog_path, events in (("first", None, ("lead", "order")), ("second", "/blogg", ("order", "Kontakt"))):
        story.source(source, "ga4", blog_path=blog_path, streams=("web_daily", "web_key_events", *read))
        for stream in read:
            story.loaded(source, stream, HISTORY, YESTERDAY)
        story.web(source, days(HISTORY, YESTERDAY))
        story.reading(source, "web_key_events", at(story.as_of), [{"event": e, "has_past": True} for e in events])
        story.raw(source, "web_events_daily", [{"day": A_DAY, "event": event, "conversions": 4} for event in events])
        story.raw(source, "web_channels_daily", [{"day": A_DAY, "label": "x", "channel": source, "sessions": 1}])
        views(story, "/", 70, source=source, on=HISTORY)
    return views(story, "/blogg/a", 5, source="second", on=A_DAY)


def properties() -> Story:
    """A Search Console property by address, and after it that of the whole domain."""
    story = Story("properties", start_on=HISTORY)
    for source, clicks, held_by in (("blog", 2, "domain"), ("domain", 5, None), ("other", 1, None)):
        story.source(source, "search_console", zone="America/Los_Angeles", held_by=held_by)
        story.loaded(source, "search_daily", HISTORY, YESTERDAY)
        read = [
            {"day": day, "clicks": clicks, "impressions": 10 * clicks, "position_sum": 10.0 * clicks**2}
            for day in days(HISTORY, YESTERDAY)
        ]
        story.raw(source, "search_daily", read)
    return story


def stories() -> Iterable[Story]:
    return [
        same_site(),
        two_sites(),
        part_of_one("part", 60),
        part_of_one("stray", 6),
        hostless(),
        parted(),
        properties(),
    ]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def months(con: duckdb.DuckDBPyConnection, client: str, kpi: str) -> list[tuple[Any, ...]]:
    return con.execute(
        "select scope, value, note from marts.kpi_monthly where client = ? and kpi = ? and month = ? order by scope",
        [client, kpi, OCTOBER],
    ).fetchall()


def test_the_first_of_two_that_see_one_site_counts_for_all_and_the_note_says_so(con: duckdb.DuckDBPyConnection) -> None:
    (whole, first, second) = months(con, "same", "page_views")
    assert (whole[0], first[0], second[0]) == ("all", "source=first", "source=second")
    assert whole[1] == first[1]
    assert "first: counts alone, as second sees the same site" in whole[2]
    assert "same site" not in str(first[2]) + str(second[2])


def test_their_days_count_once_too(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select client, scope, value from marts.kpi_daily where kpi = 'sessions' and day = ? order by all", [A_DAY]
    ).fetchall()
    by_scope = {(client, scope): value for client, scope, value in found}
    assert by_scope["same", "all"] == by_scope["same", "source=first"]
    assert by_scope["two", "all"] == by_scope["two", "source=first"] + by_scope["two", "source=second"]


@pytest.mark.parametrize("kpi", ["page_views_per_blog_post", "seconds_per_blog_post"])
def test_the_figures_of_a_blog_on_a_site_that_two_see_say_which_counts(
    con: duckdb.DuckDBPyConnection, kpi: str
) -> None:
    whole = next(note for scope, _, note in months(con, "same", kpi) if scope == "all")
    assert "first: counts alone, as second sees the same site" in str(whole)
    assert "same site" not in str(months(con, "parted", kpi)), "only one of the two says what a post is"


def test_a_site_that_the_first_sees_beside_its_main_one_counts_once(con: duckdb.DuckDBPyConnection) -> None:
    by_scope = {scope: (value, note) for scope, value, note in months(con, "part", "page_views")}
    assert by_scope["all"][0] == by_scope["source=first"][0]
    assert "first: counts alone, as second sees the same site" in by_scope["all"][1]


@pytest.mark.parametrize(("client", "views_of_post"), [("part", 60), ("stray", 90)])
def test_a_blog_is_told_of_by_the_first_that_sees_a_good_part_of_its_host(
    con: duckdb.DuckDBPyConnection, client: str, views_of_post: int
) -> None:
    assert con.execute("select page_views from marts.blog_posts where client = ?", [client]).fetchall() == [
        (views_of_post,)
    ]
    notes = str(months(con, client, "page_views_per_blog_post"))
    assert ("same site" in notes) == (client == "part"), "what went astray is no second counter"


@pytest.mark.parametrize("client", ["two", "stray", "hostless"])
def test_two_sites_and_sites_nobody_knows_add_up(con: duckdb.DuckDBPyConnection, client: str) -> None:
    by_scope = {scope: value for scope, value, _ in months(con, client, "page_views")}
    assert by_scope["all"] == by_scope["source=first"] + by_scope["source=second"]


def test_what_only_the_second_gives_counts_for_all(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "parted", "blog_posts", OCTOBER) == 1.0
    assert value_of(con, "parted", "page_views_per_blog_post", OCTOBER) == 5.0


def test_an_event_that_only_the_second_names_has_its_scope(con: duckdb.DuckDBPyConnection) -> None:
    by_scope = {scope: value for scope, value, _ in months(con, "parted", "conversions")}
    assert by_scope["all"] == 8.0
    assert (by_scope["event=lead"], by_scope["event=order"], by_scope["event=Kontakt"]) == (4.0, 4.0, 4.0)
    # the channels of one source add up to its sessions, those of two would not
    channels = {scope for scope, _, _ in months(con, "parted", "sessions") if scope.startswith("channel=")}
    assert channels == {"channel=first"}


def test_a_search_property_within_another_counts_in_its_own_scope_alone(con: duckdb.DuckDBPyConnection) -> None:
    by_scope = {scope: (value, str(note)) for scope, value, note in months(con, "properties", "search_clicks")}
    assert {scope: value for scope, (value, _) in by_scope.items()} == {
        "all": 6 * 31.0,
        "source=blog": 2 * 31.0,
        "source=domain": 5 * 31.0,
        "source=other": 31.0,
    }
    assert "domain: counts alone, as blog sees the same site" in by_scope["all"][1]
    assert value_of(con, "properties", "search_position", OCTOBER) == pytest.approx(26 / 6)
