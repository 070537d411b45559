"""The client file that ``okr init`` writes: valid at once, every source type shown.

What belongs here: its text. What does not: writing it to disk.
"""

from __future__ import annotations

import re
from textwrap import wrap

from okr_models.client.file import AGENCY
from okr_models.client.sources import SourceFacts, SourceTypes
from okr_models.client.yaml import load_yaml, shown
from okr_models.kpis import BUILT_IN

_TEMPLATE = """\
# One client. Check it with: okr validate @slug@
client: @written@                 # the same as this file's name; a-z, 0-9 and _
name: "@name@"                 # as it stands in reports
language: sv                   # language of the report: sv or en
timezone: Europe/Stockholm
fiscal_year_start: 1           # month in which the fiscal year begins
currency: SEK
csv_dialect: excel-sv          # excel-sv (semicolon, decimal comma, BOM) or standard (comma, decimal point)

# Where figures come from. Remove the # in front of what the client has.
# A secret never stands here itself: {env: NAME} names an environment variable, {file: PATH} a file in the home folder.
sources:
  - id: web                    # any name, unique in this file; left out: the type
    type: ga4
    property_id: "123456789"   # the number under Admin, Property details; not G-...
    credentials: {env: @env@_GOOGLE_KEY}       # the service account's JSON key; add its address as Viewer
    # start: @history@-01-01             # first day to load; left out: two years before the earliest objective
    # blog_path: /blogg/                 # which pages are blog posts, where no wordpress or feed source says so
    # breaks: [{date: @last@-03-06, reason: New cookie banner}]                  # figures mean something else from here
    # paused: [{from: @last@-07-01, to: @last@-07-14, reason: Site rebuild}]     # expected silence
@sources@
# Who gets the report, and how often: night, monday or month. Mail needs OKR_MAIL_SMTP and OKR_MAIL_FROM.
send:
  # - {to: [ceo@example.se], audience: board, every: monday, preview_to: [me@agency.se], preview_days: 4}
  # - {to: [{env: ACME_SLACK_WEBHOOK}], via: slack, audience: team, every: monday, only_if_changed: true}

# KPIs of the client's own, from a csv source: flow (adds up), stock (a level) or ratio.
kpis:
  # - {id: nps, title: Customer satisfaction (NPS), kind: ratio, unit: points, better: higher, source: crm}

@kpis@
objectives:
  - id: awareness
    title: More people know and like us
    team: marketing
    owner: marketing@example.se
    period: FY@year@             # the fiscal year that starts in @year@; or {start: @year@-01-01, end: @year@-12-31}
    key_results:
      - {id: visitors, title: 30 % more unique visitors, kpi: unique_visitors, scope: {source: web}, target: "+30%"}
      # - {id: followers, title: 25 % more followers, kpi: followers, target: "+25%"}
      # - id: posts
      #   title: 10 new posts with at least 500 views each
      #   count: blog_posts
      #   where: {page_views: {at_least: 500, within_days: 90}}
      #   target: 10
      # - {id: likes, title: 40 % more interactions, kpi: interactions, target: "+40%", weight: 2, ambition: stretch}
      # - {id: found, title: New posts on the first page, kpi: search_position_new_posts, target: {at_most: 10}}
      # - {id: steady, title: Sessions stay steady, kpi: sessions, target: {between: [9000, 12000]}}
      # - {id: site, title: The new site is live, milestones: [{title: Bought, done: @year@-02-01}, {title: Live}]}

# What is tried to reach the goals, written down before it starts. Without key_result: "not in line with the goals".
initiatives:
  # - id: weekly_series
  #   title: A weekly series
  #   hypothesis: A weekly series brings people back
  #   key_result: awareness/visitors
  #   kpi: sessions
  #   scope: {source: web}
  #   registered: @year@-02-10
  #   start: @year@-03-01
  #   end: @year@-04-30
  #   smallest_worthwhile_effect: "+15%"
  #   guardrails: [unique_visitors]
  #   cost: 40000
"""

_FIRST = "ga4"
"""The type that the template writes out with all that a source may have."""
_SLUG = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


def client_template(slug: str, *, types: SourceTypes, year: int = 2026, shown_type: str | None = None) -> str:
    """A commented client file for ``slug`` with an objective for fiscal ``year``; every one of ``types`` is shown.

    ``shown_type``: a type of source that is written out, with the way to its credentials.

    Raises ``ValueError`` for a wrong slug.
    """
    if not _SLUG.fullmatch(slug) or slug == AGENCY:
        raise ValueError(f"{shown(slug)} can't be a client's name here; use a-z, 0-9 and _, at most 40 of them")
    words = {
        "slug": slug,
        "written": slug if load_yaml(slug).data == slug else f'"{slug}"',
        "name": slug.replace("_", " ").strip().title() or slug,
        "env": slug.upper() if slug[0].isalpha() else f"CLIENT_{slug.upper()}",
        "year": str(year),
        "last": str(year - 1),
        "history": str(year - 2),
    }
    lines = [
        *([_written_out(types[shown_type].facts)] if shown_type and shown_type != _FIRST else []),
        *(f"  # - {model.facts.example}\n" for name, model in types.items() if name not in {_FIRST, shown_type}),
    ]
    goals = wrap(f"Goals. Built-in KPIs: {', '.join(BUILT_IN)}.", 118)
    text = _TEMPLATE.replace("@sources@", "".join(lines)).replace("@kpis@", "\n".join(f"# {line}" for line in goals))
    text = text.replace("ACME_", "@env@_").replace("acme", "@slug@")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _written_out(facts: SourceFacts) -> str:
    """A source's example without its #, below what is to be known of it."""
    paragraphs = [facts.note, *facts.steps]
    comments = [line for text in paragraphs if text for line in wrap(text, 112)]
    return "".join(f"  # {line}\n" for line in comments) + f"  - {facts.example}\n"
