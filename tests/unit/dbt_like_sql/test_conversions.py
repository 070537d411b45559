"""MEASURES.md's conversions and channels: an event marked late has no past, rates are of sums, gaps are said.

Under test: the SQL models from raw rows and ledger to ``marts.kpi_monthly``; every story is a client of one database.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from tests.unit.sql_story import Story, at, build, days, month_of, value_of

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
THREE = days(AUGUST, date(2026, 10, 31))


def site(client: str, *events: tuple[str, date | None], has_past: bool = False) -> Story:
    """A site with ten sessions a day, of which three from email; events with the day from which each counts."""
    story = Story(client).source("web", "ga4_with_goals").web("web", THREE)
    rows = [{"event": name, "has_past": has_past, "counted_from": since} for name, since in events]
    story.reading("web", "web_key_events", at(story.as_of), rows)
    story.daily("web", "web_channels_daily", THREE, label="Email", channel="email", sessions=3, conversions=0.5)
    for day in THREE:
        story.raw(
            "web",
            "web_channels_daily",
            [{"day": day, "label": "Direct", "channel": "direct", "sessions": 7, "conversions": 0.0}],
        )
    story.daily("web", "web_conversions_daily", THREE, visits=10, converted_visits=1)
    return story


def converting(story: Story, event: str, *, conversions: float = 0.5) -> Story:
    return story.daily("web", "web_events_daily", THREE, event=event, conversions=conversions)


def withheld(client: str) -> Story:
    """A site of whose sessions a tenth is in no channel."""
    story = Story(client).source("web", "ga4_with_goals").web("web", THREE)
    return story.daily("web", "web_channels_daily", THREE, label="Direct", channel="direct", sessions=9)


def assisted(client: str) -> Story:
    """AI assistants are told apart from 13 September on."""
    story = site(client, ("lead", None))
    on = days(date(2026, 9, 13), date(2026, 10, 31))
    row = {"label": "AI Assistant", "channel": "ai_assistants", "sessions": 2, "conversions": 0.0}
    story.raw("web", "web_channels_daily", [{"day": day, **row} for day in on])
    referral = {"label": "Referral", "channel": "referral", "sessions": 1, "conversions": 0.0}
    return story.raw("web", "web_channels_daily", [{"day": day, **referral} for day in THREE])


def stories() -> list[Story]:
    late = site("late", ("lead", date(2026, 9, 20)), ("purchase", date(2024, 1, 1)))
    return [
        converting(site("early", ("lead", date(2024, 1, 1))), "lead"),
        converting(converting(late, "lead"), "purchase", conversions=1.0),
        site("none").loaded("web", "web_events_daily", AUGUST, date(2026, 10, 31)),
        site("quiet", ("Visit /tack", None), has_past=True).loaded(
            "web", "web_events_daily", AUGUST, date(2026, 10, 31)
        ),
        withheld("withheld"),
        assisted("assisted"),
    ]


@pytest.fixture(scope="module")
def marts() -> duckdb.DuckDBPyConnection:
    return build(stories())


def test_conversions_keep_their_decimals_and_add_up_over_days(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "early", "conversions", SEPTEMBER) == 15.0
    assert value_of(marts, "early", "conversions", SEPTEMBER, scope="event=lead") == 15.0
    assert value_of(marts, "early", "conversions", SEPTEMBER, scope="source=web") == 15.0


def test_a_key_event_marked_late_has_no_past_and_says_since_when(marts: duckdb.DuckDBPyConnection) -> None:
    august = month_of(marts, "late", "conversions", AUGUST, scope="event=lead")
    assert august["value"] is None
    assert august["note"] == "web: not counted before 2026-09-20"
    assert value_of(marts, "late", "conversions", SEPTEMBER, scope="event=lead") is None
    assert value_of(marts, "late", "conversions", OCTOBER, scope="event=lead") == 15.5


def test_all_events_have_a_past_only_as_far_as_each_has_one(marts: duckdb.DuckDBPyConnection) -> None:
    assert month_of(marts, "late", "conversions", AUGUST)["value"] is None
    assert value_of(marts, "late", "conversions", OCTOBER) == 46.5
    assert value_of(marts, "late", "conversions", AUGUST, scope="event=purchase") == 31.0


def test_where_nothing_is_called_a_conversion_there_are_not_zero_of_them(marts: duckdb.DuckDBPyConnection) -> None:
    assert month_of(marts, "none", "conversions", SEPTEMBER)["value"] is None


def test_a_named_goal_that_nobody_reached_is_zero(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "quiet", "conversions", SEPTEMBER) == 0.0
    assert value_of(marts, "quiet", "conversions", SEPTEMBER, scope="event=Visit /tack") == 0.0


def test_a_conversion_rate_is_of_sums(marts: duckdb.DuckDBPyConnection) -> None:
    row = month_of(marts, "early", "conversion_rate", SEPTEMBER)
    assert (row["value"], row["numerator"], row["denominator"]) == (0.1, 30.0, 300.0)


def test_a_rate_of_all_events_has_no_past_either(marts: duckdb.DuckDBPyConnection) -> None:
    august = month_of(marts, "late", "conversion_rate", AUGUST)
    assert (august["value"], august["note"]) == (None, "web: not counted before 2026-09-20")
    assert value_of(marts, "late", "conversion_rate", OCTOBER) == 0.1


@pytest.mark.parametrize(("client", "first"), [("late", date(2026, 9, 20)), ("early", AUGUST)])
def test_a_days_rate_begins_when_every_event_counts(marts: duckdb.DuckDBPyConnection, client: str, first: date) -> None:
    found = marts.execute(
        "select scope, min(day) from marts.kpi_daily where client = ? and kpi = 'conversion_rate' group by scope",
        [client],
    ).fetchall()
    assert found
    assert {day for _, day in found} == {first}


def test_channels_sum_to_all_or_the_month_says_what_they_sum_to(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "early", "sessions", SEPTEMBER, scope="channel=email") == 90.0
    assert value_of(marts, "early", "conversions", SEPTEMBER, scope="channel=email") == 15.0
    assert month_of(marts, "early", "sessions", SEPTEMBER)["note"] is None
    for scope in ("all", "channel=direct"):
        row = month_of(marts, "withheld", "sessions", SEPTEMBER, scope=scope)
        assert row["note"] == "web: channels sum to 270 of 300 sessions"


def test_a_channel_that_began_later_is_no_zero_before_and_is_told_in_referral(marts: duckdb.DuckDBPyConnection) -> None:
    assert month_of(marts, "assisted", "sessions", AUGUST, scope="channel=ai_assistants")["value"] is None
    assert value_of(marts, "assisted", "sessions", OCTOBER, scope="channel=ai_assistants") == 62.0
    note = month_of(marts, "assisted", "sessions", SEPTEMBER, scope="channel=referral")["note"]
    assert "AI assistants are a channel of their own since 2026-09-13" in note


@pytest.mark.parametrize(
    ("month", "channels", "sessions"), [(AUGUST, 341, 310), (SEPTEMBER, 366, 300), (OCTOBER, 403, 310)]
)
def test_a_channel_that_began_later_hides_no_gap(
    marts: duckdb.DuckDBPyConnection, month: date, channels: int, sessions: int
) -> None:
    note = month_of(marts, "assisted", "sessions", month)["note"]
    assert note == f"web: channels sum to {channels} of {sessions} sessions"


def test_days_of_parts_are_kept_by_day_too(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select value from marts.kpi_daily"
        " where client = 'early' and kpi = 'sessions' and scope = 'channel=email' and day = '2026-09-03'"
    ).fetchall()
    assert found == [(3.0,)]
