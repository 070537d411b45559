"""The bundled demo clients: they load, and the first carries the seed's objective and key results as written."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from connectors.catalogue import SETTINGS
from connectors.csv.settings import Csv
from connectors.feed.settings import Feed
from okr_models.client.file import parse_client, read_client
from okr_models.client.model import AtLeast, Change, Client, Condition, Number
from okr_models.client.sources import EnvRef
from okr_models.client.warnings import client_warnings
from okr_models.kpis import BUILT_IN
from okr_models.periods import add_months
from tests.home import PROJECT

DEMO = PROJECT / "demo"
FILES = sorted((DEMO / "clients").glob("*.yaml"))


def _demo(name: str) -> Client:
    return parse_client((DEMO / "clients" / f"{name}.yaml").read_bytes(), file_name=f"{name}.yaml", types=SETTINGS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_demo_client_loads_and_warns_of_nothing_but_the_sandboxs_variables(path: Path) -> None:
    parsed = read_client(path.read_bytes(), file_name=path.name, types=SETTINGS)
    named = {
        ref.env for source in parsed.client.sources for ref in source.secrets().values() if isinstance(ref, EnvRef)
    }
    named |= {source.base_url.env for source in parsed.client.sources if isinstance(source.base_url, EnvRef)}
    named |= {
        source.url.env
        for source in parsed.client.sources
        if isinstance(source, Feed) and isinstance(source.url, EnvRef)
    }
    assert all(name.startswith(("OKR_DEMO_", "OKR_SANDBOX_")) for name in named)
    said = [warning.message for warning in client_warnings(parsed, dict.fromkeys(named, "set"))]
    # its target was raised in the year and its title left, as happens
    assert [
        message for message in said if not message.startswith("the title names a target of before; it is 96000")
    ] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_csv_of_a_demo_client_is_there_and_names_known_figures(path: Path) -> None:
    client = parse_client(path.read_bytes(), file_name=path.name, types=SETTINGS)
    known = {*BUILT_IN, *(kpi.id for kpi in client.kpis)}
    scopes = {"", "all", *(f"source={source.id}" for source in client.sources)}
    for source in client.sources:
        if not isinstance(source, Csv):
            continue
        delimiter = ";" if client.csv_dialect == "excel-sv" else ","
        with (DEMO / source.path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=delimiter))
        assert rows
        for row in rows:
            assert row["kpi"] in known
            assert (row.get("scope") or "") in scopes
            assert date.fromisoformat(f"{row['month']}-01") < date(2026, 11, 1)
            float(row["value"].replace(",", ".") if delimiter == ";" else row["value"])


def test_the_first_client_carries_the_seeds_objective_and_its_four_key_results() -> None:
    client = parse_client(
        (DEMO / "clients" / "fjallglas.yaml").read_bytes(), file_name="fjallglas.yaml", types=SETTINGS
    )
    [objective] = client.objectives
    assert objective.title == "Öka varumärkeskännedom och engagemang online"
    visitors, followers, posts, interactions = objective.key_results
    assert (visitors.kpi, visitors.target) == ("unique_visitors", Change(share=0.3))
    assert (followers.kpi, followers.target) == ("followers", Change(share=0.25))
    assert (posts.count, posts.target) == ("blog_posts", Number(value=10))
    assert posts.where == (Condition(metric="page_views", at_least=500, within_days=90),)
    assert (interactions.kpi, interactions.target) == ("interactions", Change(share=0.4))
    aligned, idea = client.initiatives
    assert (aligned.kpi, aligned.key_result) == ("sessions", "awareness/visitors")
    assert aligned.hypothesis
    assert idea.key_result is None


def test_the_first_client_reads_every_platform_that_the_agency_runs_for_it() -> None:
    client = parse_client(
        (DEMO / "clients" / "fjallglas.yaml").read_bytes(), file_name="fjallglas.yaml", types=SETTINGS
    )
    assert [source.type for source in client.sources if not isinstance(source, Csv)] == [
        "ga4",
        "search_console",
        "facebook_page",
        "instagram",
        "linkedin",
        "youtube",
        "wordpress",
    ]


@pytest.mark.parametrize(
    ("file", "source", "kpi", "first", "last"),
    [
        ("fjallglas_linkedin_history.csv", "linkedin", "interactions", (2025, 1), (2025, 11)),
        ("fjallglas_meta_history.csv", "facebook", "interactions", (2025, 1), (2026, 10)),
        ("fjallglas_meta_history.csv", "instagram", "interactions", (2025, 1), (2026, 10)),
        ("fjallglas_meta_history.csv", "instagram", "followers", (2025, 12), (2025, 12)),
    ],
)
def test_its_history_supplies_the_months_that_a_platform_does_not_give(
    file: str, source: str, kpi: str, first: tuple[int, int], last: tuple[int, int]
) -> None:
    with (DEMO / "data" / file).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    months = {row["month"] for row in rows if row["kpi"] == kpi and row["scope"] == f"source={source}"}
    needed, month = set(), date(*first, 1)
    while month <= date(*last, 1):
        needed.add(f"{month:%Y-%m}")
        month = add_months(month, 1)
    assert needed <= months


def test_the_second_client_has_a_fiscal_year_from_july_and_nothing_of_last_year_for_its_social_media() -> None:
    client = _demo("skargard")
    assert [source.type for source in client.sources] == ["plausible", "mastodon", "bluesky", "feed", "csv", "csv"]
    assert {(o.period.start, o.period.end) for o in client.objectives} == {(date(2026, 7, 1), date(2027, 6, 30))}
    assert {"interactions", "followers"} <= {key_result.id for key_result in client.objectives[0].key_results}
    with (DEMO / "data" / "skargard_sociala_medier.csv").open(encoding="utf-8-sig", newline="") as file:
        noted = {(row["kpi"], row["month"] >= "2026-07") for row in csv.DictReader(file, delimiter=";")}
    assert noted == {("interactions", True)}


def test_the_third_client_reads_matomo_and_shows_the_targets_that_the_others_do_not() -> None:
    client = _demo("lindhs")
    assert [source.type for source in client.sources] == ["matomo", "csv", "csv", "hubspot", "sql"]
    by_id = {key_result.id: key_result for objective in client.objectives for key_result in objective.key_results}
    assert by_id["booked_online"].target == AtLeast(at_least=60)
    assert by_id["steady"].target == AtLeast(at_least=4300, hold=True)
    assert [by_id["packages"].target_on(date(2026, month, 15)) for month in (4, 5, 9)] == [
        Number(value=1350),
        Number(value=1450),
        Number(value=1500),
    ]
    assert (by_id["wait"].target, by_id["wait"].weight) == (Change(share=-0.25), 2)
    assert by_id["visitors"].ambition == "stretch"


def test_the_third_clients_sales_and_support_rest_on_a_crm_and_a_database_beside_marketing() -> None:
    client = _demo("lindhs")
    own = {kpi.id: kpi.source for kpi in client.kpis}
    sources = {
        objective.team: {own.get(str(key_result.kpi), "crm") for key_result in objective.key_results}
        for objective in client.objectives
        if objective.team in {"försäljning", "kundtjänst"} and objective.period.end == date(2026, 12, 31)
    }
    assert sources == {"försäljning": {"crm", "till"}, "kundtjänst": {"crm", "till"}}
    assert "marketing" in {objective.team for objective in client.objectives}
