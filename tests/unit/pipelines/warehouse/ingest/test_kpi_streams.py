"""``config.kpi_streams``: by which rows SQL knows what gives which KPI, from files and from what was kept of them."""

from __future__ import annotations

import duckdb

from okr_models.client.feeds import Feeder
from okr_models.kpis import Category
from pipelines.warehouse.ingest.kpi_streams import fill_left_out, kpi_stream_rows
from pipelines.warehouse.schema import ensure_schema

PAGES = ["web_daily", "web_pages_daily"]


def feeder(source: str, category: Category, *, blog_path: bool = False) -> Feeder:
    return Feeder(id=source, title=source, category=category, has_blog_path=blog_path)


def rows(*given: tuple[Feeder, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """(source, stream, preference) by KPI."""
    found: dict[str, list[tuple[object, ...]]] = {}
    streams = {source.id: names for source, names in given}
    for _, kpi, *rest in kpi_stream_rows("acme", [source for source, _ in given], streams):
        found.setdefault(str(kpi), []).append(tuple(rest))
    return found


def test_a_figure_is_of_its_source_in_the_order_of_preference_and_the_rest_it_only_rests_on() -> None:
    page = (feeder("page", "social"), ["interactions_daily", "post_counters", "social_posts"])
    found = rows(page)
    assert found["interactions"] == [
        ("page", "interactions_daily", 1),
        ("page", "post_counters", 2),
        ("page", "social_posts", None),
    ]
    assert found["interactions_per_post"] == [("page", "post_counters", 1), ("page", "social_posts", None)]
    assert "followers" not in found, "this account has none of its streams"


def test_what_a_blogs_figures_rest_on_stands_beside_what_lists_its_posts() -> None:
    found = rows((feeder("blog", "blog"), ["blog_posts"]), (feeder("web", "web", blog_path=True), PAGES))
    assert found["blog_posts"] == [("blog", "blog_posts", 1)]
    assert found["page_views_per_blog_post"] == [("blog", "blog_posts", 1), ("web", "web_pages_daily", None)]


def test_a_blog_path_stands_in_where_nothing_lists_posts() -> None:
    found = rows((feeder("web", "web", blog_path=True), PAGES))
    assert found["blog_posts"] == found["page_views_per_blog_post"] == [("web", "web_pages_daily", 1)]


def test_a_ratio_whose_other_half_nobody_gives_has_months_that_say_so_but_no_search_without_posts() -> None:
    found = rows((feeder("blog", "blog"), ["blog_posts"]))
    assert found["page_views_per_blog_post"] == [("blog", "blog_posts", 1)]
    assert "search_position_new_posts" not in rows((feeder("search", "search"), ["search_daily", "search_pages_daily"]))


def test_a_client_that_an_earlier_version_kept_has_its_figures_before_its_file_is_read_again() -> None:
    con = duckdb.connect()
    ensure_schema(con)
    con.execute(
        "insert into config.sources by name select 'acme' as client, 'web' as source, 'ga4' as source_type,"
        " 'GA4' as title, 1 as position, 'web' as category, 'UTC' as zone, '/blogg/' as blog_path"
    )
    con.execute(
        "insert into config.streams by name select 'acme' as client, 'web' as source, 'web_pages_daily' as stream,"
        " 'window' as delivery, 'day' as grain, true as zero_by_absence, 0 as lag_days, 3 as settle_days"
    )
    fill_left_out(con)
    fill_left_out(con)
    found = con.execute("select kpi, source, stream, preference from config.kpi_streams order by kpi").fetchall()
    assert found == [
        (kpi, "web", "web_pages_daily", 1)
        for kpi in ("blog_posts", "page_views_per_blog_post", "seconds_per_blog_post")
    ]
