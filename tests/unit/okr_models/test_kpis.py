"""The catalogue of KPIs against what it names: raw tables, figures by day, the constants that SQL has too."""

from __future__ import annotations

import pytest

from connectors.core.raw_tables import RAW_TABLES
from okr_models.client.feeds import Feeder, supplied
from okr_models.kpis import BUILT_IN, FULL_SHARE, Kpi, NotAdditive, require_additive, resting_on
from okr_models.kpis.items import COUNT_METRICS
from pipelines.exports.words import UNITS
from pipelines.warehouse.models.project import load_project

KPIS = pytest.mark.parametrize("kpi", BUILT_IN.values(), ids=list(BUILT_IN))


@KPIS
def test_a_kpi_is_read_from_tables_and_begins_with_figures_that_there_are(kpi: Kpi) -> None:
    for feed in kpi.feeds:
        assert {*feed.streams, *feed.also, *feed.past, *feed.by_blog_path} <= RAW_TABLES.keys()
        assert feed.streams
    assert kpi.begins_with is None or BUILT_IN[kpi.begins_with].adds_over_time or kpi.begins_with == "followers"


@KPIS
def test_a_kpi_is_said_in_both_languages(kpi: Kpi) -> None:
    assert all((kpi.title_en, kpi.title_sv, kpi.method_en, kpi.method_sv))
    assert kpi.unit in UNITS["sv"]


def test_what_sql_has_too_is_the_same() -> None:
    said = load_project().variables
    assert said["full_share"] == FULL_SHARE
    blind = {feed.blind_days for kpi in BUILT_IN.values() for feed in kpi.feeds} - {0}
    assert blind == {said["unknown_publication_days"]}


def test_ids_are_met_once_and_every_metric_of_a_count_has_its_kpi() -> None:
    assert [kpi.id for kpi in BUILT_IN.values()] == list(BUILT_IN)
    assert COUNT_METRICS.keys() <= BUILT_IN.keys()
    assert {kpi for metrics in COUNT_METRICS.values() for kpi in metrics.values()} <= BUILT_IN.keys()


def test_a_stream_names_the_kpis_that_rest_on_it() -> None:
    assert resting_on("post_counters") == ("interactions", "interactions_per_post")
    assert resting_on("blog_posts") == (
        "blog_posts",
        "page_views_per_blog_post",
        "seconds_per_blog_post",
        "search_position_new_posts",
    )
    assert resting_on("own_metrics") == ()


def feeder(source: str, category: str, *, blog_path: bool = False) -> Feeder:
    return Feeder(id=source, title=source, category=category, has_blog_path=blog_path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sources", "given"),
    [
        ([feeder("web", "web", blog_path=True)], [("web", ("web_pages_daily",))]),
        ([feeder("web", "web", blog_path=True), feeder("wp", "blog")], [("wp", ("blog_posts",))]),
        ([feeder("web", "web")], []),
    ],
    ids=["blog_path", "a list beside it", "neither"],
)
def test_posts_are_of_the_list_and_of_a_blog_path_where_there_is_none(sources: list[Feeder], given: object) -> None:
    found = supplied(BUILT_IN["blog_posts"], sources)
    assert [(each.source.id, each.streams) for each in found] == given


def test_a_sum_that_means_nothing_is_refused() -> None:
    with pytest.raises(NotAdditive, match="unique_visitors does not add up over sources"):
        require_additive(BUILT_IN["unique_visitors"], over="sources")
    require_additive(BUILT_IN["sessions"], over="time")
