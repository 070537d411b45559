"""Events, channels and costs in a client file: what is taken, and what is refused with a cure.

Under test: ``okr_models.client`` with the real types of source.
"""

from __future__ import annotations

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.errors import ClientFileErrors
from okr_models.client.file import read_client
from okr_models.client.template import client_template

FILE = """\
client: acme
name: Acme
sources:
  - {id: web, type: ga4, property_id: "1", credentials: {env: K}, events: [generate_lead], leads: event_count}
  - {id: ads, type: meta_ads, account_id: act_12, token: {env: T}}
  - {id: crm, type: hubspot, token: {env: H}}
objectives:
  - id: sales
    title: Sell more
    team: sales
    owner: a@acme.se
    period: FY2026
    key_results:
      - {id: leads, title: Leads, kpi: conversions, scope: {event: generate_lead}, target: "+10%"}
      - {id: mail, title: Mail, kpi: sessions, scope: {channel: email}, target: "+10%"}
      - {id: won, title: Won, kpi: deals_won_amount, target: 100000}
initiatives:
  - id: push
    title: Push
    key_result: sales/leads
    kpi: conversions
    registered: 2026-02-01
    start: 2026-03-01
    end: 2026-04-01
    smallest_worthwhile_effect: "+15%"
    cost: {kpi: ad_cost, scope: {source: ads}}
"""


def errors(text: str) -> list[str]:
    try:
        read_client(text, file_name="acme.yaml", types=SETTINGS)
    except ClientFileErrors as found:
        return str(found).splitlines()
    return []


def test_events_channels_and_a_figure_as_cost_are_taken() -> None:
    assert errors(FILE) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{channel: email}", "{channel: e-mail}", 'did you mean "email"?'),
        ("{channel: email}", "{event: lead}", "sessions is not kept by event"),
        ("{channel: email}", "{channel: email, source: web}", "keep one of them"),
        ("kpi: ad_cost", "kpi: sessions", "no amount of money"),
        ("cost: {kpi: ad_cost, scope: {source: ads}}", "cost: -1", "at least 0"),
        (", events: [generate_lead]", "", "counts events by their names"),
        ("events: [generate_lead]", "events: []", "names no event"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_cure(before: str, after: str, told: str) -> None:
    assert before in FILE
    found = errors(FILE.replace(before, after))
    assert any(told in error for error in found), found


@pytest.mark.parametrize("kind", ["sql", "hubspot", "sheet"])
def test_a_file_with_a_type_of_source_written_out_is_valid_at_once(kind: str) -> None:
    text = client_template("acme", types=SETTINGS, shown_type=kind)
    assert f"\n  - {SETTINGS[kind].facts.example}" in text
    assert errors(text) == []
