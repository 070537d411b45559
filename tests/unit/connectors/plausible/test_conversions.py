"""Plausible's goals and channels in their documented wire format from a local server.

Really under test: ``connectors.plausible.conversions``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from connectors.plausible.conversions import CHANNELS, EVENTS, KEY_EVENTS, RATES
from connectors.plausible.settings import Plausible
from connectors.plausible.source import DAILY, build
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, doubts, vendor

WEEK = Window(date(2026, 11, 12), date(2026, 11, 18))
FILTER = [["is", "event:goal", ["Kontakt", "Visit /tack"]]]


def reply(rows: list[tuple[list[str], list[int]]]) -> dict[str, Any]:
    return {
        "results": [{"dimensions": names, "metrics": values} for names, values in rows],
        "meta": {"total_rows": len(rows)},
        "query": {"date_range": ["2016-11-12T00:00:00+01:00", "2026-11-20T23:59:59+01:00"]},
    }


def plausible(asked: Asked) -> Says:
    """A site since March 2024 with two goals."""
    body = asked.json()
    dimensions, filters = body["dimensions"], body.get("filters")
    if body["date_range"] == "all":
        return Says(reply([(["Kontakt"], [40]), (["Visit /tack"], [9])]))
    if body["date_range"][0] < "2020":
        return Says(reply([(["2024-03-05"], [4])]))
    if dimensions == ["time:day", "event:goal"]:
        return Says(reply([(["2026-11-12", "Kontakt"], [3, 4]), (["2026-11-12", "Visit /tack"], [1, 1])]))
    if dimensions == ["time:day", "visit:channel"]:
        found = [["AI Assistants", 2], ["Organic Search", 8], ["Nytt", 1]]
        if filters:
            return Says(reply([(["2026-11-12", "Organic Search"], [4])]))
        return Says(reply([(["2026-11-12", str(name)], [int(visits), 2]) for name, visits in found]))
    return Says(reply([(["2026-11-12"], [2 if filters else 11])]))


def opened(server: Vendor, *events: str) -> Any:
    settings = Plausible(id="web", site_id="skargard.se", token=EnvRef(env="T"), events=events or ())
    return build(settings, context(secrets={"token": "key-1"}, base_url=server.url, sleep=Naps()))


def test_conversions_are_the_events_of_each_goal_and_not_its_visitors() -> None:
    with vendor(plausible) as server:
        rows = opened(server).read(EVENTS, WEEK).rows.to_pylist()
        asked = server.asked[-1].json()
    assert {row["event"]: row["conversions"] for row in rows} == {"Kontakt": 4.0, "Visit /tack": 1.0}
    assert (asked["metrics"], asked["dimensions"]) == (["visitors", "events"], ["time:day", "event:goal"])
    assert "filters" not in asked


def test_goals_are_those_ever_reached_or_those_named() -> None:
    with vendor(plausible) as server:
        found = opened(server).read(KEY_EVENTS, None).rows.to_pylist()
        named = opened(server, "Aldrig").read(KEY_EVENTS, None).rows.to_pylist()
    assert [(row["event"], row["has_past"]) for row in found] == [("Kontakt", True), ("Visit /tack", True)]
    assert [row["event"] for row in named] == ["Aldrig"]


def test_a_goal_made_since_has_a_past_which_is_read_unless_the_file_names_goals() -> None:
    with vendor(plausible) as server:
        since = {"since": "2024-03-05"}
        assert opened(server).counts(EVENTS) == since | {"goals": {"Kontakt": True, "Visit /tack": True}}
        assert opened(server, "Kontakt").counts(EVENTS) == since
        assert opened(server).counts(DAILY) == since, "an import makes it earlier"


def test_the_named_goals_only_are_asked_for() -> None:
    with vendor(plausible) as server:
        opened(server, "Kontakt").read(EVENTS, WEEK)
        assert server.asked[-1].json()["filters"] == [["is", "event:goal", ["Kontakt"]]]


def test_a_rate_is_of_visits_with_and_without_the_goals() -> None:
    with vendor(plausible) as server:
        rows = opened(server).read(RATES, WEEK).rows.to_pylist()
        assert server.asked[-1].json()["filters"] == FILTER
    assert [(row["visits"], row["converted_visits"]) for row in rows] == [(11, 2)]


def test_channels_come_in_our_words_in_singular_and_plural() -> None:
    with vendor(plausible) as server:
        batch = opened(server).read(CHANNELS, WEEK)
    found = {row["label"]: (row["channel"], row["sessions"], row["conversions"]) for row in batch.rows.to_pylist()}
    assert found == {
        "AI Assistants": ("ai_assistants", 2, 0.0),
        "Organic Search": ("organic_search", 8, 4.0),
        "Nytt": ("other", 1, 0.0),
    }
    assert doubts(batch)["channel_unknown"]["what"] == "Nytt"
