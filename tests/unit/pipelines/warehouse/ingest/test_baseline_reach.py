"""How far back a baseline can be had: by what one may ask, and once all of it was read by what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.file import parse_client
from pipelines.warehouse.ingest.baseline_reach import Outlook, outlook
from tests.unit.client_files import FILE, GOOD

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
START = date(2024, 1, 1)
READ = {("web", name): START for name in ("web_daily", "web_monthly", "web_pages_daily")}
LATELY = {("web", "web_monthly"): date(2025, 6, 1)}
BORN = {("web", "page_views"): date(2025, 3, 10)}


@pytest.mark.parametrize(
    ("loaded", "begun", "opened", "missing"),
    [
        pytest.param({}, {}, "", [], id="nothing read yet"),
        pytest.param(READ, BORN, "", [1, 2, 3], id="read, and it began in March"),
        pytest.param(READ, BORN, ", opened: 2025-03-10", [], id="the file says that it opened then"),
        pytest.param({**READ, ("web", "web_monthly"): date(2025, 6, 1)}, BORN, "", [], id="not read whole yet"),
        pytest.param(READ, {("web", "page_views"): START}, "", [], id="read, and it was always there"),
    ],
)
def test_what_was_read_says_more_than_how_far_one_may_ask(
    loaded: Mapping[tuple[str, str], date], begun: Mapping[tuple[str, str], date], opened: str, missing: list[int]
) -> None:
    text = GOOD.replace(
        "    start: 2024-01-01\n", "    start: 2024-01-01\n" + opened.replace(", ", "    ") + "\n" * bool(opened)
    )
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    found = outlook(
        client, objective, objective.key_results[0], now=NOW, loaded=loaded, begun=begun, history=frozenset()
    )
    assert [month.month for month in found.missing] == missing
    assert ("web reaches back to 2025-03-10" in found.sentence) == bool(missing)


def reach(
    kpi: str,
    sources: str,
    *,
    loaded: Mapping[tuple[str, str], date] | None = None,
    begun: Mapping[tuple[str, str], date] | None = None,
    target: str = '"+10%"',
) -> tuple[list[int], str]:
    """The months of 2025 that a key result on ``kpi`` lacks, and the sentence."""
    head, _, rest = GOOD.partition("sources:\n")
    kept = rest[rest.index("kpis:\n") :]
    text = f"{head}sources:\n{sources}  - {{id: crm, type: csv, path: data/nps.csv}}\n\n{kept}"
    text = (
        text[: text.index("    key_results:")]
        + f"    key_results: [{{id: kr, title: T, kpi: {kpi}, target: {target}}}]\n"
    )
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    (objective,) = client.objectives
    found = outlook(
        client,
        objective,
        objective.key_results[0],
        now=NOW,
        loaded=loaded or {},
        begun=begun or {},
        history=frozenset(),
    )
    return [month.month for month in found.missing], found.sentence


WEB = "  - {id: web, type: ga4, property_id: '1', credentials: {env: KEY}, start: 2025-01-01%s}\n"
WORDPRESS = "  - {id: blog, type: wordpress, base_url: 'https://example.se'}\n"


def test_a_feed_that_was_read_reaches_back_to_its_oldest_posts_month_and_a_whole_list_for_ever() -> None:
    begun = {("blog", "blog_posts"): date(2025, 3, 1)}
    missing, sentence = reach(
        "blog_posts", "  - {id: blog, type: feed, url: 'https://example.se/feed/'}\n", begun=begun
    )
    assert missing == [1, 2]
    assert "blog reaches back to 2025-03-01" in sentence
    assert reach("blog_posts", WORDPRESS, begun=begun)[0] == []


def test_a_blog_path_tells_of_posts_from_the_91st_day_of_its_history_on() -> None:
    missing, sentence = reach("blog_posts", WEB % ", blog_path: /blogg/")
    assert missing == [1, 2, 3]
    assert "web reaches back to 2025-04-01" in sentence


def test_a_list_of_posts_reaches_back_to_the_first_and_blog_path_is_not_asked() -> None:
    assert reach("blog_posts", WEB % ", blog_path: /blogg/" + WORDPRESS) == (
        [],
        "baseline 2025-01 to 2025-12 from blog",
    )


def test_a_ratio_reaches_back_as_far_as_all_that_it_is_made_from() -> None:
    late = WEB.replace("2025-01-01", "2025-03-01") % ""
    assert reach("page_views_per_blog_post", late + WORDPRESS)[0] == [1, 2]


@pytest.mark.parametrize(
    ("scope", "missing"),
    [("all", []), ("source=web", []), ("source=shop", [*range(1, 13)]), ("platform=mastodon", [*range(1, 13)])],
)
def test_history_counts_for_the_figure_that_it_is_of(scope: str, missing: list[int]) -> None:
    text = GOOD.replace("start: 2024-01-01", "start: 2026-01-01")
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    (kpi, history) = objective.key_results[0].kpi, [date(2025, month, 1) for month in range(1, 13)]
    given = frozenset((str(kpi), scope, month) for month in history)
    found = outlook(client, objective, objective.key_results[0], now=NOW, loaded={}, begun={}, history=given)
    assert [month.month for month in found.missing] == missing


def asked(text: str, *, loaded: Mapping[tuple[str, str], date] | None = None, failing: tuple[str, ...] = ()) -> Outlook:
    """The first key result of a file."""
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    return outlook(
        client,
        objective,
        objective.key_results[0],
        now=NOW,
        loaded=loaded or {},
        begun={},
        history=frozenset(),
        failing=failing,
    )


def test_a_source_that_can_not_be_read_gives_no_baseline_that_was_not_read_of_it_before() -> None:
    never, partly = asked(GOOD, failing=("web",)), asked(GOOD, loaded=READ | LATELY, failing=("web",))
    for found in (never, partly):
        assert (found.can_be_had, found.waits_for, found.csv_rows) == (False, ("web",), ())
        assert found.sentence == "baseline 2025-01 to 2025-12 from web; not read so far back, and can't be now: web"
    assert asked(GOOD, loaded=READ, failing=("web",)).can_be_had, "what was read stays"
    assert asked(GOOD, failing=("linkedin",)).can_be_had


def test_a_number_of_what_adds_up_needs_no_baseline() -> None:
    assert reach("sessions", WEB % "", target="9000") == ([], "counts from zero, no baseline needed")
    late = WEB.replace("2025-01-01", "2026-01-01") % ""
    assert reach("unique_visitors", late, target="9000")[0] == [*range(1, 13)]


def test_a_period_longer_than_a_year_stands_against_months_before_all_of_it() -> None:
    text = GOOD.replace("end: 2026-12-31", "end: 2027-06-30")
    assert text != GOOD
    assert asked(text).sentence == "baseline 2024-01 to 2025-06 from web"


def test_of_a_figure_that_only_csv_gives_no_source_is_said_to_reach_back() -> None:
    assert reach("nps", WEB % "")[1] == "baseline 2025-01 to 2025-12: 12 of 12 months missing"
