"""Client files that are refused: each mistake with its line and words that say what would be right.

Really under test: the whole way from text to message. Line numbers are found by a marker (``#!``) on the bad line, so
that they are right for a reader who opens the file, not for how the code walks it.
"""

from __future__ import annotations

import pytest

from connectors.catalogue import SETTINGS
from tests.unit.client_files import FILE, GOOD, bent, errors_of

VISITORS = 'kpi: unique_visitors, target: "+30%"}'
WEB_START = "    start: 2024-01-01"
LINKEDIN = "{id: linkedin, type: linkedin, "
INITIATIVE_DATES = "    registered: 2026-02-10"

MISTAKES: list[tuple[str, str, tuple[str, ...]]] = [
    # header
    ("client: fjallglas\n", "client: fjallglass #!\n", ('"fjallglass"', "client: fjallglas", "rename")),
    ("client: fjallglas\n", "client: Fjäll #!\n", ("a-z, 0-9 and _",)),
    ("language: sv", "language: se #!", ('"se"', "sv, en")),
    ("timezone: Europe/Stockholm", "timezone: Europe/Stokholm #!", ('did you mean "Europe/Stockholm"?',)),
    ("timezone: Europe/Stockholm", "timezone: #!", ('an IANA name, like "Europe/Stockholm"',)),
    ("currency: SEK", "currency:\tSEK #!", ("a tab where a value should begin",)),
    ("currency: SEK", "currency: SEK\nsend: [{audience: board}] #!", ("to is missing; add to: [name@example.se]",)),
    ("timezone: Europe/Stockholm", "timezone: ../../etc/passwd #!", ("not a time zone",)),
    ("fiscal_year_start: 1", "fiscal_year_start: 13 #!", ("fiscal_year_start", "at most 12")),
    ("fiscal_year_start: 1", "fiscal_year_start: januari #!", ("whole number",)),
    ("currency: SEK", "currency: kr #!", ("three capitals",)),
    ("csv_dialect: standard", "csv_dialect: excel #!", ("standard, excel-sv", "did you mean")),
    ("name: Fjällglas AB", "name: #!", ("name", "empty")),
    ("name: Fjällglas AB", "name: 42 #!", ("name", "put it in quotes")),
    ("name: Fjällglas AB\n", "", ()),
    ("currency: SEK", "curency: SEK #!", ('"curency" is not a known key', 'did you mean "currency"?')),
    ("currency: SEK", "currency: SEK\ncurrency: EUR #!", ('the key "currency" a second time', "first on line 6")),
    ("currency: SEK", "brand:\n  colour: #0a5c36 #!", ("# begins a comment", "in quotes")),
    # sources
    ("type: ga4", "type: ga5 #!", ('"ga5" is not a type of source', 'did you mean "ga4"?')),
    ("    type: ga4\n", "", ()),
    ('property_id: "412345678"', "property_id: G-412345 #!", ("numeric property id", "not G-")),
    ('property_id: "412345678"', 'property: "412345678" #!', ('did you mean "property_id"?',)),
    ("blog_path: /blogg/", "blog_path: blogg #!", ("must begin with /",)),
    (WEB_START, "    start: 2024-02-30 #!", ('"2024-02-30" is not in the calendar', "YYYY-MM-DD")),
    (WEB_START, "    start: 1 januari 2024 #!", ("not a day", "YYYY-MM-DD")),
    (WEB_START, "    start: 0206-01-01 #!", ("out of reach", "1990")),
    (WEB_START, "    start: 20240101 #!", ("not a day",)),
    (
        "paused: [{from: 2025-07-01, to: 2025-07-14, reason: Site rebuild}]",
        "paused: [{from: 2025-07-14, to: 2025-07-01, reason: Site rebuild}] #!",
        ("ends on 2025-07-01, before it starts",),
    ),
    ("reason: New cookie banner}]", "overlap_ratio: 0, reason: x}] #!", ("overlap_ratio", "above 0")),
    ("reason: New cookie banner}]", "overlap_ratio: 0.9}] #!", ("reason is missing",)),
    ('organization_id: "2414183"', 'organization_id: "urn:li:organization:2414183" #!\n      ', ("number alone",)),
    ('page_id: "101234567890123"', 'page_id: "https://facebook.com/x"', ("not its address",)),
    ('"sc-domain:fjallglas.se"', '"https://www.fjallglas.se" #!\n      ', ("with its last /",)),
    ("type: csv, path: data/nps.csv}", "type: csv, path: /etc/passwd} #!", ("absolute path", "inside the home folder")),
    ("type: csv, path: data/nps.csv}", "type: csv, path: data/../../x.csv} #!", ("leads out of the home folder",)),
    ("type: csv, path: data/nps.csv}", 'type: csv, path: "C:\\\\nps.csv"} #!', ("use / between folders",)),
    (LINKEDIN, LINKEDIN.replace("id: linkedin", "id: web #!\n      "), ('another source already has the id "web"',)),
    (LINKEDIN, LINKEDIN.replace("id: linkedin", 'id: " web" #!\n      '), ('another source already has the id "web"',)),
    (LINKEDIN, LINKEDIN + "formerly: [linkedin], #!\n      ", ("the id that this source has now",)),
    (LINKEDIN, LINKEDIN + "formerly: [web], #!\n      ", ("web is a source of this file",)),
    (LINKEDIN, LINKEDIN + "formerly: [li, li], #!\n      ", ("li stands twice here", "by one source")),
    (WEB_START, WEB_START + "\n    formerly: Gammal #!", ("formerly",)),
    (
        "  - {id: crm,",
        '  - {type: mastodon, account: "a@b.se", base_url: "https://b.se"} #!\n  - {id: crm,',
        ("name alone", "base_url"),
    ),
    ("  - {id: crm,", "  - {type: bluesky, actor: fjallglas} #!\n  - {id: crm,", ("handle like example.se",)),
    (
        "  - {id: crm,",
        '  - {type: youtube, channel_id: "@fjallglas", api_key: {env: K}} #!\n  - {id: crm,',
        ("channel id", "not the @handle"),
    ),
    ("  - {id: crm,", "  - {type: wordpress, base_url: fjallglas.se} #!\n  - {id: crm,", ("scheme and host",)),
    ("  - {id: crm,", '  - {type: wordpress, base_url: "ftp://x.se"} #!\n  - {id: crm,', ("scheme and host",)),
    ("  - {id: crm,", '  - {type: wordpress, base_url: "https://x.se:99999"} #!\n  - {id: crm,', ("not an address",)),
    ("  - {id: crm,", "  - {type: wordpress, base_url: } #!\n  - {id: crm,", ("base_url: is empty", "scheme and host")),
    ("path: data/nps.csv}", "url: {env: U, file: f}} #!", ("url: a secret never stands",)),
    ("  - {id: crm,", "  - {type: sheet, spreadsheet: {x: y}} #!\n  - {id: crm,", ("spreadsheet: a secret never",)),
    ("  - {id: crm,", "  - {type: feed} #!\n  - {id: crm,", ("url is missing", "url")),
    ("  - {id: crm,", "  - {type: feed, url: example.se/feed} #!\n  - {id: crm,", ("scheme and host",)),
    ("  - {id: crm,", "  - {type: feed, url: /feed/} #!\n  - {id: crm,", ("whole address", "base_url")),
    ("  - {id: crm,", '  - {type: feed, url: "//x.se/feed"} #!\n  - {id: crm,', ("scheme and host",)),
    ("  - {id: crm,", '  - {type: feed, url: "https://a:b@x.se/feed"} #!\n  - {id: crm,', ("user name or password",)),
    ("  - {id: crm,", "  - {type: feed, url: {file: x}} #!\n  - {id: crm,", ("takes an address",)),
    ("  - {id: crm,", "  - {type: wordpress} #!\n  - {id: crm,", ("base_url is missing", "base_url: https://")),
    (
        "  - {id: crm,",
        '  - {type: wordpress, base_url: "https://x.se", username: a} #!\n  - {id: crm,',
        ("username and password go together",),
    ),
    (
        LINKEDIN,
        LINKEDIN + 'base_url: "http://proxy.example", #!\n      ',
        ("base_url is http", "write https, or allow_http: true"),
    ),
    (LINKEDIN, LINKEDIN + 'allow_http: "ja", #!\n      ', ("allow_http",)),
    ("  - {id: crm,", "  - web #!\n  - {id: crm,", ("mapping of keys",)),
    # secrets
    (
        "token: {file: secrets/meta}",
        "token: EAAGliteral123456 #!\n   ",
        ("never stands in a client file", "{env: NAME}"),
    ),
    ("token: {file: secrets/meta}", "token: {env: $META_TOKEN} #!\n   ", ("without $",)),
    ("token: {file: secrets/meta}", "token: {file: /root/meta} #!\n   ", ("absolute path",)),
    ("token: {file: secrets/meta}", "token: {env: A, file: b} #!\n   ", ("{env: NAME}",)),
    ("token: {file: secrets/meta}", "token: #!\n   ", ("{env: NAME}",)),
    ("token: {file: secrets/meta}}", "api_version: v26.0} #!", ("token is missing", "token: {env:")),
    # own KPIs
    ("source: crm}\n", "source: web} #!\n", ('"web" is not a csv source',)),
    ("source: crm}\n", "source: crmm} #!\n", ('"crmm" is not a source', 'did you mean "crm"?')),
    ("{id: nps,", "{id: followers, #!\n    ", ("built-in KPI", "another id")),
    ("kind: ratio,", "kind: rate, #!\n    ", ("flow, stock, ratio", 'did you mean "ratio"?')),
    ("kind: ratio,", "kind: flow, numerator: a, denominator: b,", ("a flow has no numerator",)),
    ("kind: ratio,", "kind: ratio, numerator: a,", ("go together",)),
    # objectives
    (
        "period: {start: 2026-01-01, end: 2026-12-31}",
        "period: {start: 2026-01-02, end: 2026-12-31} #!",
        ("2026-01-01",),
    ),
    (
        "period: {start: 2026-01-01, end: 2026-12-31}",
        "period: {start: 2026-01-01, end: 2026-12-30} #!",
        ("2026-12-31",),
    ),
    (
        "period: {start: 2026-01-01, end: 2026-12-31}",
        "period: {start: 2026-12-01, end: 2026-01-31} #!",
        ("before it starts on 2026-12-01",),
    ),
    ("period: {start: 2026-01-01, end: 2026-12-31}", "period: 2026 #!", ("must be a mapping",)),
    ("period: {start: 2026-01-01, end: 2026-12-31}", "period: FY26 #!", ("write FY2026",)),
    ("period: {start: 2026-01-01, end: 2026-12-31}", "period: {start: 2026-01-01} #!", ("end is missing",)),
    ("    title: Öka varumärkeskännedom och engagemang online\n", "", ()),
    # key results
    ("{id: followers,", "{id: visitors, #!\n        ", ('another key result already has the id "visitors"',)),
    ("{id: followers,", '{id: "visitors ", #!\n        ', ('another key result already has the id "visitors"',)),
    (VISITORS, "kpi: unique_visitors, target: 2000000000000000} #!", ("too large", "15 digits")),
    (VISITORS, VISITORS.replace("unique_visitors", "unique_visitor") + " #!", ('did you mean "unique_visitors"?',)),
    (VISITORS, 'target: "+30%"} #!', ("nothing says what is measured", "kpi, count or milestones")),
    (VISITORS, "kpi: unique_visitors} #!", ("target is missing",)),
    (VISITORS, 'kpi: unique_visitors, count: blog_posts, target: "+30%"} #!', ("exclude each other",)),
    (VISITORS, 'kpi: unique_visitors, target: "30%"} #!', ("with sign and quotes", '"+15%"')),
    (VISITORS, 'kpi: unique_visitors, target: "-130%"} #!', ("at most -100%",)),
    (VISITORS, 'kpi: unique_visitors, target: "+1,000%"} #!', ("+1.000% and as +1000%", '"+1%" or "+1000%"')),
    (VISITORS, 'kpi: unique_visitors, target: "+1.250 %"} #!', ("+1.250% and as +1250%", '"+1.25%" or "+1250%"')),
    (VISITORS, "kpi: unique_visitors, target: -30} #!", ("can't be below zero", 'write "-30%"')),
    (VISITORS, "kpi: sessions, target: {at_least: -400}} #!", ("can't be below zero",)),
    (VISITORS, "kpi: sessions, target: 0, baseline: {value: 100}} #!", ("already is", "between")),
    (VISITORS, 'kpi: unique_visitors, target: "+0%"} #!', ("no change", "between")),
    (VISITORS, "kpi: unique_visitors, target: +30} #!", ("write 30 without quotes",)),
    (VISITORS, 'kpi: unique_visitors, target: "1 000"} #!', ("not a target",)),
    (VISITORS, "kpi: unique_visitors, target: .nan} #!", ("not a target",)),
    (VISITORS, "kpi: unique_visitors, target: true} #!", ("not a target",)),
    (VISITORS, "kpi: unique_visitors, target: {atleast: 3}} #!", ('did you mean "at_least"?',)),
    (VISITORS, "kpi: unique_visitors, target: {at_least: 3, at_most: 4}} #!", ("keep one",)),
    (VISITORS, 'kpi: unique_visitors, target: {at_least: "3"}} #!', ("takes a number",)),
    (VISITORS, "kpi: unique_visitors, target: {at_least: 3, hold: maybe}} #!", ("true or false",)),
    (VISITORS, "kpi: unique_visitors, target: {between: [90, 60]}} #!", ("lower number first",)),
    (VISITORS, "kpi: unique_visitors, target: {between: [60, 60]}} #!", ("lower number first",)),
    (VISITORS, "kpi: unique_visitors, target: {between: [60]}} #!", ("two numbers",)),
    (VISITORS, "kpi: unique_visitors, target: 800, baseline: {value: 800}} #!", ("already is", "between")),
    (VISITORS, "kpi: sessions, target: 0} #!", ("already is", "between")),
    (VISITORS, "kpi: conversion_rate, target: {at_least: 2.5}} #!", ("is a share", "write 0.025 for 2.5 percent")),
    (VISITORS, "kpi: conversion_rate, target: {at_least: 2.5, hold: true}} #!", ("is a share", "0.025")),
    (VISITORS, "kpi: conversion_rate, target: {between: [2, 3]}} #!", ("is a share", "0.03 for 3 percent")),
    (VISITORS, 'kpi: nps, target: "+30%", scope: {platform: linkdin}} #!', ('did you mean "linkedin"?',)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", baseline: {from: 2025-01-01}} #!', ("add to: 2025-12-31",)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", baseline: {value: 0}} #!', ("give a number",)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", baseline: start_of_period} #!', ("no value at one moment",)),
    (
        VISITORS,
        'kpi: unique_visitors, target: "+30%", baseline: last_year} #!',
        ('did you mean "same_months_last_year"?',),
    ),
    (
        VISITORS,
        'kpi: unique_visitors, target: "+30%", baseline: {from: 2025-01-05, to: 2025-03-31}} #!',
        ("2025-01-01",),
    ),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", baseline: {from: 2025-03-01, to: 2025-01-31}} #!', ("before",)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", weight: 0} #!', ("weight", "above 0")),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", weight: -1} #!', ("above 0",)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", ambition: streched} #!', ('did you mean "stretch"?',)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", scope: {platform: linkedin}} #!', ("not kept by platform",)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", scope: {source: linkedin}} #!', ("does not give", "use web")),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", scope: {source: webb}} #!', ('did you mean "web"?',)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", scope: {source: web, platform: x}} #!', ("keep one",)),
    (VISITORS, 'kpi: unique_visitors, target: "+30%", scope: web} #!', ("must be a mapping",)),
    (VISITORS, 'kpi: interactions, target: "+30%", scope: {platform: linkdin}} #!', ('did you mean "linkedin"?',)),
    (VISITORS, 'kpi: nps, target: "+30%", scope: {source: web}} #!', ('source "crm" only',)),
    (VISITORS, 'kpi: unique_visitors, where: {page_views: {at_least: 1}}, target: "+30%"} #!', ("belongs to a count",)),
    (VISITORS, "milestones: []} #!", ("milestones is empty",)),
    (VISITORS, "milestones: [{title: A, done: later}]} #!", ("not a day",)),
    (VISITORS, "milestones: [{title: A}], target: 3} #!", ("leave target out",)),
    (VISITORS, "milestones: [{title: A}], kpi: sessions} #!", ("exclude each other",)),
    ("count: blog_posts", "count: blog_posts\n        scope: {source: crm} #!", ("no blog_posts to count; use web",)),
    (VISITORS, "count: social_posts, target: 5, scope: {platform: tiktok}} #!", ('on platform "tiktok"',)),
    ("count: blog_posts", "count: blog_post #!", ('did you mean "blog_posts"?',)),
    ("        target: 10", '        target: "+10%" #!', ("a count takes a number", "kpi: blog_posts")),
    ("        target: 10", "        target: 2.5 #!", ("whole number",)),
    ("        target: 10", "        target: 0 #!", ("whole number from 1",)),
    ("        target: 10", "        target: 10\n        baseline: {value: 3} #!", ("start from 0",)),
    ("where: {page_views: {at_least: 500, within_days: 90}}", "where: {views: {at_least: 500}} #!", ('"page_views"?',)),
    ("where: {page_views: {at_least: 500, within_days: 90}}", "where: {page_views: 500} #!", ("takes a mapping",)),
    (
        "where: {page_views: {at_least: 500, within_days: 90}}",
        "where: {page_views: {metric: search_clicks, at_least: 500}} #!",
        ('"metric" is not a known key', "at_least, at_most, within_days"),
    ),
    ("where: {page_views: {at_least: 500, within_days: 90}}", "where: {page_views: {within_days: 90}} #!", ("one of",)),
    ("where: {page_views: {at_least: 500, within_days: 90}}", "where: 500 page views #!", ("takes a metric",)),
    (
        "where: {page_views: {at_least: 500, within_days: 90}}",
        "where: {search_clicks: {at_least: 5, within_days: 90}} #!",
        ("not kept by day",),
    ),
    (
        VISITORS,
        'kpi: sessions, target: "+30%",\n        revisions: [{from: 2027-01-01, target: 3, by: A, why: B}]} #!',
        ("outside the objective's period",),
    ),
    (
        VISITORS,
        'kpi: sessions, target: "+30%",\n        revisions: [{from: 2026-05-01, target: 3, by: A, why: B},\n'
        "                    {from: 2026-04-01, target: 4, by: A, why: B}]} #!",
        ("put them in order",),
    ),
    (
        VISITORS,
        'kpi: sessions, target: "+30%",\n        revisions: [{from: 2026-05-01, target: 3, by: A}]} #!',
        ("why is missing",),
    ),
    (
        VISITORS,
        'kpi: sessions, target: "+30%",\n        revisions: [{from_: 2026-05-01, target: 3, by: A, why: B}]} #!',
        ('"from_" is not a known key; did you mean "from"?',),
    ),
    # initiatives
    ("key_result: awareness/interactions", "key_result: awareness/interaction #!", ('did you mean "awareness/inter',)),
    ("key_result: awareness/interactions", "key_result: interactions #!", ('write "awareness/interactions"',)),
    (INITIATIVE_DATES, "    registered: 2026-03-02 #!", ("not before its start", "move the start")),
    (INITIATIVE_DATES, "    registered: 2026-03-01 #!", ("not before its start",)),
    ("    end: 2026-04-30", "    end: 2026-02-28 #!", ("not after its start",)),
    ('smallest_worthwhile_effect: "+15%"', "smallest_worthwhile_effect: 15 #!", ("with sign and quotes",)),
    ('smallest_worthwhile_effect: "+15%"', 'smallest_worthwhile_effect: "+0%" #!', ("always reached",)),
    ('smallest_worthwhile_effect: "+15%"', 'smallest_worthwhile_effect: "-5%" #!', ("write it with a plus",)),
    ("scope: {platform: facebook}}", "scope: {platform: linkedin}} #!", ("the very figure that is treated",)),
    ("scope: {platform: facebook}}", "scope: {source: linkedin}} #!", ("the very figure that is treated",)),
    (", scope: {platform: facebook}}", "} #!", ("the very figure that is treated",)),
    ("control: {kpi: interactions,", "control: {kpi: interactionz, #!\n     ", ('did you mean "interactions"?',)),
    ("    kpi: interactions\n", "    kpi: revenue #!\n", ("not a known KPI",)),
    ("cost: 40000", "cost: -1 #!", ("cost", "at least 0")),
    ("cost: 40000", "cost: 40 000 #!", ("not a number",)),
    ("cost: 40000", "hypotesis: x #!", ('did you mean "hypothesis"?',)),
    # YAML itself
    ("currency: SEK", "\tcurrency: SEK #!", ("tab", "spaces")),
    ("currency: SEK", "currency: @SEK #!", ("put it in quotes",)),
    ("currency: SEK", "currency: *sek #!", ("nothing in this file defines",)),
    ("currency: SEK", "currency: !!python/object:os.system SEK #!", ("tag",)),
    ("currency: SEK", "currency: SEK: EUR #!", ("colon",)),
    ("currency: SEK", 'currency: "\\UFFFFFFFF" #!', ("not readable",)),
    ("title: Fler följare,", "title: Fler, bättre följare, #!\n        ", ("comma", "quotes")),
]


@pytest.mark.parametrize(
    ("old", "new", "fragments"), MISTAKES, ids=[f"{i}: {m[1][:50]}" for i, m in enumerate(MISTAKES)]
)
def test_a_mistake_is_named_with_its_line_and_its_cure(old: str, new: str, fragments: tuple[str, ...]) -> None:
    text = bent(old, new)
    errors = errors_of(text)
    assert errors
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "#!" in line]
    if marked:
        assert {line for line, _ in errors} == set(marked), errors
    assert len(errors) == 1 or not fragments, errors
    for fragment in fragments:
        assert fragment in errors[0][1]


def test_a_missing_key_is_named_on_the_line_of_the_mapping_it_belongs_in() -> None:
    assert errors_of(bent("name: Fjällglas AB\n", "")) == [(1, "name is missing; add name: Fjällglas AB")]
    [(line, message)] = errors_of(bent("    type: ga4\n", ""))
    assert (line, message.startswith("type is missing")) == (10, True)
    title = "    title: Öka varumärkeskännedom och engagemang online\n"
    objective = GOOD.splitlines().index("  - id: awareness") + 1
    assert errors_of(bent(title, "")) == [(objective, "title is missing; add title: what it is, in words")]


def test_every_error_of_a_file_comes_in_one_go_sorted_by_line() -> None:
    text = (
        bent("language: sv", "language: se")
        .replace("timezone: Europe/Stockholm", "timezone: Stockholm")
        .replace('target: "+25%"', 'target: "25%", colour: blue')
        .replace("kpi: search_position_new_posts", "kpi: search_positions")
        .replace("registered: 2026-02-10", "registered: 2026-05-10")
        .replace("cost: 40000", "costs: 40000")
        .replace("currency: SEK", "currency: SEK\ncurrency: SEK")
    )
    errors = errors_of(text)
    lines = [line for line, _ in errors]
    assert lines == sorted(lines)
    assert len(errors) == 8
    for fragment in (
        "sv, en",
        "time zone",
        "25%",
        '"colour"',
        "search_positions",
        "not before",
        '"costs"',
        "second time",
    ):
        assert any(fragment in message for _, message in errors), fragment


def test_a_broken_source_does_not_make_its_key_results_look_wrong() -> None:
    errors = errors_of(
        bent("credentials: {env: FJALLGLAS_GOOGLE_KEY}\n    start", "credentials: oops-a-literal\n    start")
    )
    assert [line for line, _ in errors] == [13]
    assert len(errors_of(bent("type: ga4", "type: gaa4"))) == 1


def test_a_kpi_that_no_source_feeds_names_the_source_that_would() -> None:
    lines = [line for line in GOOD.splitlines() if "search_console" not in line and "id: crm" not in line]
    text = "\n".join(line for line in lines if "source: crm" not in line)
    [(line, message)] = errors_of(text)
    assert "search_position_new_posts" in text.splitlines()[line - 1]
    assert "add a search_console source" in message


def test_visitors_of_two_web_sources_are_never_added_up() -> None:
    second = "  - {id: shop, type: plausible, site_id: shop.se, token: {env: T}}\n  - {id: crm,"
    [(line, message)] = errors_of(bent("  - {id: crm,", second))
    assert "unique_visitors" in bent("  - {id: crm,", second).splitlines()[line - 1]
    assert "web, shop" in message
    assert "scope: {source: web}" in message
    scoped = bent("  - {id: crm,", second).replace(
        VISITORS, VISITORS.replace("target", "scope: {source: shop}, target")
    )
    assert errors_of(scoped) == []


PAGE = 'type: linkedin, organization_id: "7", token: {env: T}'
PROPERTY = 'type: ga4, property_id: "7", credentials: {env: K}'
SEARCHES = "type: search_console, site_url: 'sc-domain:a.se', credentials: {env: K}"


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        (PAGE, PAGE.replace("env: T", "env: U"), True),
        (PAGE, PAGE.replace("7", "8"), False),
        (SEARCHES, SEARCHES.replace("a.se", "A.se"), True),
        ("type: hubspot, token: {env: T}", "type: hubspot, token: {env: T}", True),
        ("type: hubspot, token: {env: T}", "type: hubspot, token: {env: U}", False),
        ("type: hubspot, token: {env: T}, base_url: 'https://a.se'", "type: hubspot, token: {env: T}", False),
        (PROPERTY, PROPERTY, False),
    ],
)
def test_one_account_is_one_source_unless_its_figures_tell_so_themselves(
    first: str, second: str, is_refused: bool
) -> None:
    again = f"  - {{id: here, {first}}}\n  - {{id: there, {second}}}\n"
    found = [error for error in errors_of(bent("sources:\n", "sources:\n" + again)) if "count twice" in error[1]]
    assert [(line, message.split()[0]) for line, message in found] == (
        [(GOOD.splitlines().index("sources:") + 3, "here")] if is_refused else []
    )


def test_an_objective_without_key_results_is_refused() -> None:
    start, end = GOOD.index("    key_results:"), GOOD.index("initiatives:")
    text = GOOD[:start] + "    key_results: []\n\n" + GOOD[end:].replace("    key_result: awareness/interactions\n", "")
    [(line, message)] = errors_of(text)
    assert text.splitlines()[line - 1] == "    key_results: []"
    assert "add at least one" in message


@pytest.mark.parametrize("reference", ["awareness/interactions", "interactions"])
def test_an_objective_without_an_id_is_no_ones_hint(reference: str) -> None:
    """The initiative may be right: what lacks is the objective's id, and nothing is called None."""
    text = bent("  - id: awareness\n    title", "  - title").replace(
        "key_result: awareness/interactions", f"key_result: {reference}"
    )
    said = [message for _, message in errors_of(text)]
    assert any("id is missing" in message or "id:" in message for message in said), said
    assert not any("None" in message or "did you mean" in message for message in said), said


def test_an_initiative_with_a_start_needs_what_its_judgement_rests_on() -> None:
    text = bent('    smallest_worthwhile_effect: "+15%"\n', "").replace("    registered: 2026-02-10\n", "")
    messages = [message for _, message in errors_of(text)]
    assert len(messages) == 2
    assert any(message.startswith("registered is missing") for message in messages)
    assert any(message.startswith("smallest_worthwhile_effect is missing") for message in messages)


def test_an_idea_that_serves_no_goal_needs_nothing_but_a_title() -> None:
    start = GOOD.index("    hypothesis:")
    assert errors_of(GOOD[:start]) == []


@pytest.mark.parametrize(
    ("text", "line", "fragment"),
    [
        ("", 1, "okr init fjallglas"),
        ("# only a comment\n", 1, "okr init fjallglas"),
        ("- a\n- b\n", 1, "must be a mapping"),
        ("just text", 1, "must be a mapping"),
        ("client: fjallglas\n---\nclient: x\n", 2, "one document"),
        ("client: fjallglas\nname: a\x07b\n", 2, "control character"),
        ("client: fjallglas\nname: " + "[" * 500, 2, "levels deep"),
        ("a: " + "x" * 300_000, 1, "KiB"),
        ("a: &a [" + "x, " * 90 + "]\nb: &b [" + "*a, " * 90 + "]\nc: [" + "*b, " * 90 + "]\n", 1, "anchors"),
        ("client: fjallglas\nname: &a [*a]\n", 2, "contains itself"),
    ],
)
def test_what_is_no_client_file_at_all_is_said_in_one_line(text: str, line: int, fragment: str) -> None:
    [(found, message)] = errors_of(text)
    assert (found, fragment in message) == (line, True), message


def test_a_file_that_is_not_utf_8_names_the_line_of_the_first_wrong_byte() -> None:
    assert errors_of(GOOD.encode("latin-1")) == [
        (2, "is not UTF-8; save the file as UTF-8, so that å, ä and ö are read right")
    ]


def test_an_error_reads_as_file_line_and_message() -> None:
    from okr_models.client.file import ClientFileErrors, parse_client

    with pytest.raises(ClientFileErrors) as caught:
        parse_client(bent("language: sv", "language: se"), file_name=FILE, types=SETTINGS)
    assert str(caught.value).startswith("clients/fjallglas.yaml:3: language ")


def test_the_figures_of_a_blog_are_of_the_source_that_lists_its_posts() -> None:
    listed = GOOD.replace("sources:\n", "sources:\n  - {id: blog, type: wordpress, base_url: 'https://example.se'}\n")
    asked = 'kpi: page_views_per_blog_post, target: "+30%", scope: {source: '
    assert errors_of(listed.replace('kpi: unique_visitors, target: "+30%"', asked + "blog}")) == []
    [(_, message)] = errors_of(listed.replace('kpi: unique_visitors, target: "+30%"', asked + "web}"))
    assert "does not give page_views_per_blog_post; use blog" in message
    assert errors_of(GOOD.replace('kpi: unique_visitors, target: "+30%"', asked + "web}")) == []
