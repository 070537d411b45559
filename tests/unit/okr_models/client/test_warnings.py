"""What is allowed but may surprise: warnings with lines.

Really under test: ``client_warnings`` on parsed files, given a mapping in place of the environment.
"""

from __future__ import annotations

from connectors.catalogue import SETTINGS
from okr_models.client.file import read_client
from okr_models.client.warnings import client_warnings
from tests.unit.client_files import FILE, GOOD, bent

SET = {"FJALLGLAS_GOOGLE_KEY": "{}", "FJALLGLAS_LINKEDIN_TOKEN": "t"}


def _warnings(text: str, environ: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """(the file's line, message) of each warning."""
    parsed = read_client(text, file_name=FILE, types=SETTINGS)
    lines = text.splitlines()
    return [
        (lines[w.line - 1].strip(), w.message) for w in client_warnings(parsed, SET if environ is None else environ)
    ]


def test_a_file_with_everything_set_has_no_warning() -> None:
    assert _warnings(GOOD) == []


def test_an_unset_secret_is_a_warning_on_its_own_line_and_an_empty_one_is_unset() -> None:
    found = _warnings(GOOD, {"FJALLGLAS_GOOGLE_KEY": "", "FJALLGLAS_LINKEDIN_TOKEN": "t"})
    assert [line for line, _ in found] == [
        "credentials: {env: FJALLGLAS_GOOGLE_KEY}",
        '- {type: search_console, site_url: "sc-domain:fjallglas.se", credentials: {env: FJALLGLAS_GOOGLE_KEY}}',
    ]
    assert "FJALLGLAS_GOOGLE_KEY is not set" in found[0][1]


def test_an_address_from_the_environment_is_looked_for_too() -> None:
    text = bent("  - {id: crm,", "  - {type: wordpress, base_url: {env: SITE}}\n  - {id: crm,")
    assert ["SITE" in message for _, message in _warnings(text)] == [True]
    assert _warnings(text, SET | {"SITE": "https://x.se"}) == []


def test_an_unset_address_of_a_webhook_is_looked_for_too() -> None:
    text = GOOD + "send:\n  - to:\n      - {env: HOOK}\n    via: slack\n    preview_to: {env: FIRST}\n"
    found = _warnings(text)
    assert [line for line, _ in found] == ["- {env: HOOK}", "preview_to: {env: FIRST}"]
    assert found[0][1] == "HOOK is not set in this environment; nothing can be sent there until it is"
    assert _warnings(text, SET | {"HOOK": "https://hooks.example/x", "FIRST": "https://hooks.example/y"}) == []


def test_a_variable_with_an_address_over_which_a_token_would_go_in_clear_is_warned_of() -> None:
    text = bent("{id: linkedin, type: linkedin, ", "{id: linkedin, type: linkedin, base_url: {env: PROXY}, ")
    [(line, message)] = _warnings(text, SET | {"PROXY": "http://proxy.example"})
    assert "type: linkedin" in line
    assert "PROXY is http" in message
    assert "allow_http: true" in message
    for fine in ("https://proxy.example", "http://127.0.0.1:8099", "http://[::1"):
        assert _warnings(text, SET | {"PROXY": fine}) == []
    allowed = text.replace("base_url: {env: PROXY}", "base_url: {env: PROXY}, allow_http: true")
    assert _warnings(allowed, SET | {"PROXY": "http://proxy.example"}) == []


def test_a_kpi_that_only_csv_can_give_is_a_warning_where_there_is_csv() -> None:
    text = "\n".join(line for line in GOOD.splitlines() if "search_console" not in line)
    [(line, message)] = _warnings(text)
    assert "kpi: search_position_new_posts" in line
    assert "only csv rows" in message
    assert "search_console" in message


def test_growth_of_a_figure_that_should_fall_is_asked_about() -> None:
    text = bent("kpi: search_position_new_posts, target: {at_most: 10}", 'kpi: search_position, target: "+10%"')
    [(_, message)] = _warnings(text)
    assert message.startswith("lower search_position is better")
    assert _warnings(text.replace("+10%", "-10%")) == []


def test_an_initiative_that_would_be_kept_for_making_its_figure_worse_is_asked_about() -> None:
    base = "    kpi: interactions\n    scope: {platform: linkedin}\n"
    control = "    control: {kpi: interactions, scope: {platform: facebook}}\n"
    text = bent(base, "    kpi: search_position\n").replace(control, "")
    [(line, message)] = _warnings(text)
    assert line == 'smallest_worthwhile_effect: "+15%"'
    assert message == "lower search_position is better, and this effect is the opposite; turn its sign if unmeant"
    assert _warnings(text.replace('effect: "+15%"', 'effect: "-15%"')) == []
    own = text.replace("kpi: search_position\n", "kpi: nps\n").replace('effect: "+15%"', 'effect: "-15%"')
    assert ["higher nps is better" in message for _, message in _warnings(own)] == [True]
    inherited = text.replace("    kpi: search_position\n", "").replace('effect: "+15%"', 'effect: "-15%"')
    assert ["higher interactions is better" in message for _, message in _warnings(inherited)] == [True]


def test_a_source_read_from_too_late_to_compare_with_last_year_is_named() -> None:
    [(line, message)] = _warnings(bent("start: 2024-01-01", "start: 2025-06-01"))
    assert "id: visitors" in line
    assert "web is read from 2025-06-01 only" in message
    assert "2025-01-01" in message


def test_a_file_without_objectives_gathers_figures_and_says_so() -> None:
    text = GOOD[: GOOD.index("objectives:")]
    [(_, message)] = _warnings(text)
    assert message.startswith("no objectives yet")


def test_a_title_that_names_a_target_which_was_changed_is_asked_about() -> None:
    visits = (
        'title: "{}", kpi: page_views, target: 92000, revisions: [{{from: 2026-06-01, target: 96000, by: B, why: W}}]'
    )
    at = "kpi: search_position_new_posts, target: {at_most: 10}"
    text = bent(f"title: Nya inlägg på första sidan, {at}", visits.format("92 000 besök"))
    [(line, message)] = _warnings(text)
    assert "92 000 besök" in line
    assert message == "the title names a target of before; it is 96000 now: write that instead"
    assert _warnings(text.replace("92 000 besök", "96 000 besök")) == []
    assert _warnings(text.replace("92 000 besök", "Fler besök")) == []


def test_a_search_property_within_another_is_warned_of_as_no_part_of_a_sum() -> None:
    def found(*addresses: str) -> list[str]:
        more = "".join(
            f'  - {{id: s{n}, type: search_console, site_url: "{each}", credentials: {{env: FJALLGLAS_GOOGLE_KEY}}}}\n'
            for n, each in enumerate(addresses)
        )
        return [message for _, message in _warnings(bent("  - {id: crm,", f"{more}  - {{id: crm,"))]

    (told,) = found("https://www.fjallglas.se/")  # beside sc-domain:fjallglas.se
    assert told.startswith("search_console counts all that s0 does")
    assert "leave one out" in told
    assert len(found("sc-domain:shop.fjallglas.se")) == 1
    assert len(found("https://x.se/", "https://x.se/blogg/", "http://x.se/blogg/")) == 1
    assert found("https://www.notfjallglas.se/", "sc-domain:glas.se") == []


def test_an_event_that_no_web_source_is_asked_for_is_warned_of() -> None:
    asked = "    events: [generate_lead]\n    start: 2024-01-01\n"
    leads = 'kpi: unique_visitors, target: "+30%"}'
    text = bent("    start: 2024-01-01\n", asked).replace(
        leads, 'kpi: conversions, target: "+5%", scope: {event: lead}}'
    )
    [(line, message)] = _warnings(text)
    assert "scope: {event: lead}" in line
    assert message.startswith('"lead" is none of the events that the web sources are asked for (generate_lead)')
    assert _warnings(text.replace("{event: lead}", "{event: generate_lead}")) == []
    assert _warnings(text.replace("    events: [generate_lead]\n", "")) == []


def test_a_baseline_inside_the_period_is_warned_of_where_months_meet_themselves() -> None:
    def found(kpi: str, last: str) -> list[str]:
        stated = f'kpi: {kpi}, target: "+5%", baseline: {{from: 2025-07-01, to: {last}}}}}'
        return [message for _, message in _warnings(bent('kpi: unique_visitors, target: "+30%"}', stated))]

    assert found("sessions", "2025-12-31") == []
    [told] = found("sessions", "2026-01-31")
    assert told == "months of the period (2026-01-01 to 2026-12-31) would be compared with themselves"
    assert found("followers", "2026-01-31") == []


def test_a_limit_or_a_sum_on_the_wrong_side_of_its_figure_is_warned_of() -> None:
    hubspot = "  - {type: hubspot, token: {env: FJALLGLAS_LINKEDIN_TOKEN}}\n"
    text = bent("  - {id: crm,", hubspot + "  - {id: crm,")

    def found(measure: str) -> list[str]:
        changed = text.replace('kpi: unique_visitors, target: "+30%"}', measure + "}")
        return [message for _, message in _warnings(changed)]

    [told] = found("kpi: sessions, target: {at_most: 900}")
    assert told == "higher sessions is better, and at_most asks for the opposite; turn it round if unmeant"
    [told] = found("kpi: first_response_hours, target: {at_least: 4}")
    assert told.startswith("lower first_response_hours is better, and at_least asks")
    [told] = found("kpi: tickets, target: 100")
    assert "a number is a sum to reach; for months of at most that write {at_most: x}" in told
    assert found("kpi: tickets, target: {at_most: 100}") == found("kpi: sessions, target: 100") == []
    assert found("kpi: first_response_hours, target: 4") == []
