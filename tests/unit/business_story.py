"""Leads, channels, sales, support, newsletters and advertising of one made-up client, with holes in their days."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from connectors.core.doubt import Doubt
from tests.unit.sql_story import Story, at, days

BY_DAY = {
    "leads": ("web_events_daily", "web_conversions_daily", "web_channels_daily"),
    "crm": ("contacts_daily", "deals_daily", "tickets_daily"),
    "news": ("newsletters_daily",),
    "ads": ("ad_cost_daily",),
}


def add_business(
    story: Story, chance: random.Random, window: Callable[[str, str, date, date], None], *, start: date, end: date
) -> Story:
    """A web source that tells leads and channels, and a source of each kind that money is read from.

    ``window`` notes a read of one stream from a day to a day; ``start`` and ``end`` are all days.
    """
    story.source("leads", "ga4_with_goals").source("crm", "hubspot").source("news", "mailchimp").source(
        "ads", "meta_ads"
    )
    hole = start + timedelta(days=chance.randrange(20, 80))
    for source, streams in BY_DAY.items():
        for stream in streams:
            window(source, stream, start, hole)
            window(source, stream, hole + timedelta(days=chance.randrange(1, 12)), end)
    listed = [{"event": event, "has_past": event == "lead"} for event in ("lead", "order")]
    story.reading("leads", "web_key_events", at(end), [{**row, "counted_from": start} for row in listed])
    for day in days(start, end):
        for event in ("lead", "order"):
            if chance.random() < 0.6:
                row = {"day": day, "event": event, "conversions": chance.randrange(40) / 8}
                story.raw("leads", "web_events_daily", [row])
        visits = chance.randrange(1, 50)
        row = {"day": day, "visits": visits, "converted_visits": chance.randrange(visits)}
        story.raw("leads", "web_conversions_daily", [row])
        for label, channel in (("Email", "email"), ("Direct", "direct")):
            row = {"day": day, "label": label, "channel": channel, "conversions": chance.randrange(9) / 4}
            story.raw("leads", "web_channels_daily", [{**row, "sessions": chance.randrange(20)}])
        story.raw("crm", "contacts_daily", [{"day": day, "new_contacts": chance.randrange(5)}])
        won = chance.randrange(3)
        story.raw("crm", "deals_daily", [{"day": day, "deals_won": won, "amount": won * chance.randrange(1, 900) / 4}])
        tickets = chance.randrange(4)
        row = {"day": day, "tickets": tickets, "answered": tickets // 2, "response_hours": tickets // 2 * 1.5}
        story.raw("crm", "tickets_daily", [row])
        if day.day in {1, 15}:
            row = {"day": day, "campaigns": 1, "delivered": chance.randrange(50, 99), "clicks": chance.randrange(20)}
            story.raw("news", "newsletters_daily", [{**row, "unique_clicks": chance.randrange(10)}])
        cost = chance.randrange(400) / 4
        row = {"day": day, "cost": cost, "account_cost": cost, "account_currency": "SEK"}
        story.raw("ads", "ad_cost_daily", [row])
    ends = [{"month": date(2026, month, 1), "subscribers": chance.randrange(400, 500)} for month in (8, 9)]
    story.reading("news", "subscriber_months", at(end), ends)
    for morning in days(start, end):
        if chance.random() < 0.5:
            story.reading("news", "subscriber_snapshots", at(morning), [{"subscribers": chance.randrange(500, 600)}])
    # its web days are sampled, which is said on each of their months
    sampled = [Doubt(code="sampled", quantity=9, of=10)]
    story.loaded("leads", "web_daily", start, end, doubts=sampled)
    return story.web("leads", days(start, end), sessions=20)
