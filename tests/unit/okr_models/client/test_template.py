"""The file that ``okr init`` writes. Under test: that it loads at once, and also with every comment's offer taken."""

from __future__ import annotations

import re

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.file import ParsedClient, read_client
from okr_models.client.template import client_template
from okr_models.kpis import BUILT_IN


def _read(text: str, slug: str) -> ParsedClient:
    return read_client(text, file_name=f"clients/{slug}.yaml", types=SETTINGS)


@pytest.mark.parametrize("slug", ["acme", "a", "7_eleven", "_", "007", "null", "true", "x" * 40])
def test_it_loads_as_it_is_for_every_allowed_slug(slug: str) -> None:
    client = _read(client_template(slug, types=SETTINGS), slug).client
    assert client.client == slug
    assert [key_result.id for key_result in client.objectives[0].key_results] == ["visitors"]


def test_with_every_comment_taken_up_it_loads_too_and_shows_every_type_of_source() -> None:
    text = re.sub(r"^(\s+)# (?=[ \-a-z])", r"\1", client_template("acme", types=SETTINGS), flags=re.MULTILINE)
    client = _read(text, "acme").client
    assert {source.type for source in client.sources} == set(SETTINGS)
    assert len(client.objectives[0].key_results) == 7
    assert client.initiatives[0].key_result == "awareness/visitors"
    assert client.kpis[0].id == "nps"


def test_it_names_every_built_in_kpi_within_the_width_of_a_terminal_twice_over() -> None:
    text = client_template("acme", types=SETTINGS)
    goals = text[text.index("# Goals.") : text.index("\nobjectives:")]
    assert set(re.findall(r"[a-z_]{4,}", goals.partition("KPIs:")[2])) == set(BUILT_IN)
    assert all(line.startswith("# ") and len(line) <= 120 for line in goals.splitlines())


def test_the_year_asked_for_is_the_objectives() -> None:
    client = _read(client_template("acme", year=2031, types=SETTINGS), "acme").client
    assert client.objectives[0].period.start.year == 2031


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "å", "x" * 41, "../etc", "_agency"])
def test_a_wrong_slug_is_refused(slug: str) -> None:
    with pytest.raises(ValueError, match="a-z, 0-9 and _"):
        client_template(slug, types=SETTINGS)
