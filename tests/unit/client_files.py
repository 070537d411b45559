"""A client file for tests to bend: INTERFACE's example, completed so that it loads."""

from __future__ import annotations

from connectors.catalogue import SETTINGS
from okr_models.client.errors import ClientFileErrors
from okr_models.client.file import read_client

FILE = "clients/fjallglas.yaml"

GOOD = """\
client: fjallglas
name: Fjällglas AB
language: sv
timezone: Europe/Stockholm
fiscal_year_start: 1
currency: SEK
csv_dialect: standard

sources:
  - id: web
    type: ga4
    property_id: "412345678"
    credentials: {env: FJALLGLAS_GOOGLE_KEY}
    start: 2024-01-01
    blog_path: /blogg/
    breaks: [{date: 2025-03-06, reason: New cookie banner}]
    paused: [{from: 2025-07-01, to: 2025-07-14, reason: Site rebuild}]
  - {id: linkedin, type: linkedin, organization_id: "2414183", token: {env: FJALLGLAS_LINKEDIN_TOKEN}}
  - {type: facebook_page, page_id: "101234567890123", token: {file: secrets/meta}}
  - {type: search_console, site_url: "sc-domain:fjallglas.se", credentials: {env: FJALLGLAS_GOOGLE_KEY}}
  - {id: crm, type: csv, path: data/nps.csv}

kpis:
  - {id: nps, title: Kundnöjdhet (NPS), kind: ratio, unit: points, better: higher, source: crm}

objectives:
  - id: awareness
    title: Öka varumärkeskännedom och engagemang online
    team: marketing
    owner: marketing@fjallglas.se
    period: {start: 2026-01-01, end: 2026-12-31}
    key_results:
      - {id: visitors, title: Fler unika besökare, kpi: unique_visitors, target: "+30%"}
      - {id: followers, title: Fler följare, kpi: followers, target: "+25%"}
      - id: posts
        title: 10 nya blogginlägg med minst 500 sidvisningar vardera
        count: blog_posts
        where: {page_views: {at_least: 500, within_days: 90}}
        target: 10
      - {id: interactions, title: Fler interaktioner, kpi: interactions, target: "+40%", weight: 2, ambition: stretch}
      - {id: position, title: Nya inlägg på första sidan, kpi: search_position_new_posts, target: {at_most: 10}}

initiatives:
  - id: linkedin_weekly
    title: Veckovis LinkedIn-serie
    hypothesis: A weekly series lifts interactions on LinkedIn
    key_result: awareness/interactions
    kpi: interactions
    scope: {platform: linkedin}
    registered: 2026-02-10
    start: 2026-03-01
    end: 2026-04-30
    smallest_worthwhile_effect: "+15%"
    control: {kpi: interactions, scope: {platform: facebook}}
    cost: 40000
"""


def bent(old: str, new: str) -> str:
    """The good file with one passage changed; the passage must be there once."""
    assert GOOD.count(old) == 1, f"{GOOD.count(old)} times: {old}"
    return GOOD.replace(old, new)


def errors_of(text: str | bytes, *, file_name: str = FILE) -> list[tuple[int, str]]:
    """(line, message) of each error; none where the file loads."""
    try:
        read_client(text, file_name=file_name, types=SETTINGS)
    except ClientFileErrors as errors:
        return [(error.line, error.message) for error in errors.errors]
    return []
