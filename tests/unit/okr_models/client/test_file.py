"""Client files that load: what each way of writing comes to. Really under test: text to frozen values, no stand-ins."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.catalogue import SETTINGS
from connectors.feed.settings import Feed
from connectors.ga4.settings import Ga4
from connectors.meta.settings import FacebookPage
from okr_models.client.file import parse_client
from okr_models.client.model import (
    AtLeast,
    AtMost,
    BaselinePeriod,
    BaselineValue,
    Between,
    Change,
    Condition,
    KeyResult,
    Milestone,
    Milestones,
    Number,
    Period,
    Scope,
    Target,
)
from okr_models.client.sources import EnvRef
from tests.unit.client_files import FILE, GOOD, bent


def _visitors(text: str) -> KeyResult:
    return parse_client(text, file_name=FILE, types=SETTINGS).objectives[0].key_results[0]


def test_the_interfaces_example_loads_with_every_value_in_its_place() -> None:
    client = parse_client(GOOD, file_name=FILE, types=SETTINGS)
    assert (client.client, client.name, client.language) == ("fjallglas", "Fjällglas AB", "sv")
    web = client.source("web")
    assert isinstance(web, Ga4)
    assert web.property_id == "412345678"
    assert web.secrets() == {"credentials": EnvRef(env="FJALLGLAS_GOOGLE_KEY")}
    assert web.paused[0].to == date(2025, 7, 14)
    assert [source.id for source in client.sources] == ["web", "linkedin", "facebook_page", "search_console", "crm"]
    visitors, followers, posts, interactions, position = client.objectives[0].key_results
    assert (visitors.target, followers.target) == (Change(share=0.3), Change(share=0.25))
    assert posts.where == (Condition(metric="page_views", at_least=500, within_days=90),)
    assert (posts.count, posts.target) == ("blog_posts", Number(value=10))
    assert (interactions.weight, interactions.ambition) == (2, "stretch")
    assert position.target == AtMost(at_most=10)
    initiative = client.initiatives[0]
    assert initiative.smallest_worthwhile_effect == 0.15
    assert initiative.control[0].scope == Scope(platform="facebook")
    assert client.start_of(web) == date(2024, 1, 1)
    assert client.start_of(client.source("linkedin")) == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"+30%"', Change(share=0.3)),
        ('"-10 %"', Change(share=-0.1)),
        ('"\u221210%"', Change(share=-0.1)),
        ('"+30,5%"', Change(share=0.305)),
        ('"+0,125%"', Change(share=0.00125)),
        ('"+1250.125%"', Change(share=12.50125)),
        ('"+1.2500%"', Change(share=0.0125)),
        ('"-12,345%"', Change(share=-0.12345)),
        ('"+30.5\u00a0%"', Change(share=0.305)),
        ("+30%", Change(share=0.3)),
        ("1200", Number(value=1200)),
        ("12.5", Number(value=12.5)),
        ("{at_least: 5}", AtLeast(at_least=5)),
        ("{at_most: 5, hold: true}", AtMost(at_most=5, hold=True)),
        ("{between: [60, 90.5]}", Between(between=(60, 90.5))),
    ],
)
def test_every_form_of_target_is_read(written: str, meant: Target) -> None:
    assert (
        _visitors(bent('kpi: unique_visitors, target: "+30%"', f"kpi: unique_visitors, target: {written}")).target
        == meant
    )


def test_milestones_stand_in_place_of_kpi_and_target() -> None:
    text = bent(
        'kpi: unique_visitors, target: "+30%"',
        "milestones: [{title: Upphandlat, done: 2026-02-01}, {title: Lanserat, done: null}]",
    )
    assert _visitors(text).target == Milestones(
        milestones=(Milestone(title="Upphandlat", done=date(2026, 2, 1)), Milestone(title="Lanserat"))
    )


def test_a_fiscal_year_is_the_one_that_starts_in_that_year() -> None:
    text = bent("period: {start: 2026-01-01, end: 2026-12-31}", "period: FY2026").replace(
        "fiscal_year_start: 1", "fiscal_year_start: 7"
    )
    objective = parse_client(text, file_name=FILE, types=SETTINGS).objectives[0]
    assert objective.period == Period(start=date(2026, 7, 1), end=date(2027, 6, 30))


def test_every_form_of_baseline_is_read() -> None:
    def baseline(written: str) -> object:
        return _visitors(
            bent('kpi: unique_visitors, target: "+30%"', f'kpi: unique_visitors, target: "+30%", baseline: {written}')
        ).baseline

    assert baseline("same_months_last_year") == "same_months_last_year"
    assert baseline("{value: 800}") == BaselineValue(value=800)
    assert baseline("{from: 2025-02-01, to: 2025-04-30}") == BaselinePeriod.model_validate(
        {"from": "2025-02-01", "to": "2025-04-30"}
    )


def test_a_revision_changes_the_target_from_its_day_and_keeps_the_first() -> None:
    visitors = _visitors(
        bent(
            'kpi: unique_visitors, target: "+30%"',
            'kpi: unique_visitors, target: "+30%", '
            "revisions: [{from: 2026-06-01, target: '+20%', by: Board, why: New owner}]",
        )
    )
    assert visitors.target_on(date(2026, 5, 31)) == Change(share=0.3)
    assert visitors.target_on(date(2026, 6, 1)) == Change(share=0.2)


def test_words_that_yaml_1_1_takes_for_booleans_stay_words() -> None:
    assert _visitors(bent("title: Fler unika besökare", "title: No")).title == "No"


def test_an_id_without_quotes_is_read_digit_by_digit() -> None:
    client = parse_client(
        bent('page_id: "101234567890123"', "page_id: 101234567890123"), file_name=FILE, types=SETTINGS
    )
    page = client.source("facebook_page")
    assert isinstance(page, FacebookPage)
    assert page.page_id == "101234567890123"


def test_an_anchor_and_a_merge_are_followed() -> None:
    text = bent(
        "credentials: {env: FJALLGLAS_GOOGLE_KEY}\n    start",
        "credentials: &key {env: FJALLGLAS_GOOGLE_KEY}\n    start",
    )
    text = text.replace(
        '"sc-domain:fjallglas.se", credentials: {env: FJALLGLAS_GOOGLE_KEY}',
        '"sc-domain:fjallglas.se", credentials: {<<: *key}',
    )
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    assert client.source("search_console").secrets() == client.source("web").secrets()


def test_bytes_with_a_byte_order_mark_and_windows_line_ends_are_read_alike() -> None:
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert parse_client(raw, file_name=FILE, types=SETTINGS) == parse_client(GOOD, file_name=FILE, types=SETTINGS)


def test_a_feeds_address_may_be_whole_from_the_environment_or_a_path_below_base_url() -> None:
    def url(text: str) -> object:
        feed = parse_client(
            bent("  - {id: crm,", f"  - {{id: rss, type: feed, {text}}}\n  - {{id: crm,"),
            file_name=FILE,
            types=SETTINGS,
        ).source("rss")
        assert isinstance(feed, Feed)
        return feed.url

    assert url('url: "https://example.se/feed/?format=rss"') == "https://example.se/feed/?format=rss"
    assert url("url: {env: SKARGARD_FEED}") == EnvRef(env="SKARGARD_FEED")
    assert url('url: /feed/, base_url: "https://example.se"') == "/feed/"
