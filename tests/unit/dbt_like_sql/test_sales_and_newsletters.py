"""MEASURES.md's KPIs of sales, support, newsletters and advertising, from raw rows to ``marts.kpi_monthly``."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from connectors.core.doubt import Doubt
from okr_models.periods import Window
from tests.unit.sql_story import Story, at, build, days, month_of, value_of

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
THREE = days(AUGUST, date(2026, 10, 31))


def sales(client: str) -> Story:
    """A contact a day; a deal on two days of September; two tickets a day of which one is answered in three hours."""
    story = Story(client).source("crm", "hubspot").daily("crm", "contacts_daily", THREE, new_contacts=1)
    story.daily("crm", "tickets_daily", THREE, tickets=2, answered=1, response_hours=3.0)
    story.loaded("crm", "deals_daily", AUGUST, date(2026, 10, 31))
    won = [{"day": date(2026, 9, day), "deals_won": 1, "amount": 1000.5} for day in (3, 30)]
    return story.raw("crm", "deals_daily", won)


def newsletters(client: str) -> Story:
    """A newsletter on the first of each month, and subscribers of two past months and one reading."""
    story = Story(client).source("news", "mailchimp").loaded("news", "newsletters_daily", AUGUST, date(2026, 10, 31))
    sent = [
        {"day": month, "campaigns": 1, "delivered": 100, "clicks": 9, "unique_clicks": 5}
        for month in (AUGUST, SEPTEMBER, OCTOBER)
    ]
    story.raw("news", "newsletters_daily", [*sent, {**sent[1], "day": date(2026, 9, 15), "delivered": 300}])
    ends = [{"month": AUGUST, "subscribers": 500}, {"month": SEPTEMBER, "subscribers": 510}]
    story.reading("news", "subscriber_months", at(story.as_of), ends)
    return story.reading("news", "subscriber_snapshots", at(date(2026, 11, 1)), [{"subscribers": 525}])


def other_currency(client: str) -> Story:
    """A deal whose amount is not known in the client's currency."""
    august = Window(AUGUST, date(2026, 8, 31))
    unknown = Doubt(code="other_currency", what="EUR, not SEK", kpis=("deals_won_amount",), days=august)
    story = Story(client).source("crm", "hubspot")
    story.loaded("crm", "deals_daily", AUGUST, date(2026, 10, 31), doubts=[unknown])
    return story.raw("crm", "deals_daily", [{"day": day, "deals_won": int(day.day == 2)} for day in august])


def ads(client: str) -> Story:
    story = Story(client).source("ads", "meta_ads").loaded("ads", "ad_cost_daily", AUGUST, date(2026, 10, 31))
    row = {"day": date(2026, 8, 2), "cost": 120.5, "account_cost": 120.5, "account_currency": "SEK"}
    return story.raw("ads", "ad_cost_daily", [row, {**row, "day": date(2026, 9, 2), "cost": 10.25}])


def stories() -> list[Story]:
    return [sales("sales"), newsletters("news"), other_currency("other"), ads("ads")]


@pytest.fixture(scope="module")
def marts() -> duckdb.DuckDBPyConnection:
    return build(stories())


def test_contacts_deals_and_tickets_add_up_over_days(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "sales", "new_contacts", SEPTEMBER) == 30.0
    assert value_of(marts, "sales", "deals_won", SEPTEMBER) == 2.0
    assert value_of(marts, "sales", "deals_won_amount", SEPTEMBER) == 2001.0
    assert value_of(marts, "sales", "deals_won", OCTOBER) == 0.0
    assert value_of(marts, "sales", "tickets", SEPTEMBER, scope="source=crm") == 60.0


def test_hours_to_the_first_answer_are_of_those_that_were_answered(marts: duckdb.DuckDBPyConnection) -> None:
    row = month_of(marts, "sales", "first_response_hours", SEPTEMBER)
    assert (row["value"], row["numerator"], row["denominator"]) == (3.0, 90.0, 30.0)


def test_an_amount_in_another_currency_is_no_zero(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "other", "deals_won", AUGUST) == 1.0
    amount = month_of(marts, "other", "deals_won_amount", AUGUST)
    assert amount["value"] is None
    assert "amounts in another currency are not in it" in amount["note"]
    assert value_of(marts, "other", "deals_won_amount", SEPTEMBER) == 0.0


def test_subscribers_are_those_at_the_months_end(marts: duckdb.DuckDBPyConnection) -> None:
    found = [value_of(marts, "news", "newsletter_subscribers", month) for month in (AUGUST, SEPTEMBER, OCTOBER)]
    assert found == [500.0, 510.0, 525.0]


def test_clicks_are_of_the_day_of_sending_and_rates_of_sums(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "news", "newsletter_clicks", SEPTEMBER) == 18.0
    assert value_of(marts, "news", "newsletter_click_rate", SEPTEMBER) == pytest.approx(10 / 400)


def test_cost_adds_up_and_a_month_without_is_zero(marts: duckdb.DuckDBPyConnection) -> None:
    assert value_of(marts, "ads", "ad_cost", SEPTEMBER) == 10.25
    assert value_of(marts, "ads", "ad_cost", OCTOBER) == 0.0
