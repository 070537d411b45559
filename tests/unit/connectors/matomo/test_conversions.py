"""Matomo's goals and referrer types in their documented wire format from a local server.

Really under test: ``connectors.matomo.conversions``.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qs

from connectors.matomo.conversions import CHANNELS, EVENTS, KEY_EVENTS, RATES
from connectors.matomo.settings import Matomo
from connectors.matomo.source import build
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, doubts, vendor

SITE = {"timezone": "Europe/Stockholm", "ts_created": "2023-12-31 23:00:00", "ecommerce": 1}
TWO = Window(date(2026, 11, 1), date(2026, 11, 2))
GOALS = {
    "1": {"idsite": "3", "idgoal": "1", "name": "Kontaktformulär", "allow_multiple": "0", "deleted": "0"},
    "2": {"idsite": "3", "idgoal": "2", "name": "Kontaktformulär", "allow_multiple": "0", "deleted": "0"},
}
ONE_DAY = {
    "nb_conversions": 6,
    "nb_visits": 220,
    "nb_visits_converted": 4,
    "revenue": 0,
    "conversion_rate": 0.0182,
    "goal_1_nb_conversions": 3,
    "goal_1_nb_visits_converted": 3,
    "goal_1_revenue": 0,
    "goal_2_nb_conversions": 1,
    "goal_2_nb_visits_converted": 1,
}
"""Six in all: four of goals and two orders."""
EMPTY: dict[str, list[object]] = {"2026-11-01": [], "2026-11-02": []}


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def matomo(**reports: Any) -> Any:
    known = {"SitesManager.getSiteFromId": SITE, "Goals.getGoals": GOALS} | {
        name.replace("__", "."): reply for name, reply in reports.items()
    }
    return lambda asked: Says(known[form(asked)["method"]])


def opened(server: Vendor, *events: str) -> Any:
    settings = Matomo(id="web", site_id="3", token=EnvRef(env="T"), base_url=server.url, events=events or ())
    return build(settings, context(secrets={"token": "f00dbabe-1"}, base_url=server.url, sleep=Naps()))


def test_all_goals_come_in_one_request_and_orders_are_what_no_goal_converted() -> None:
    with vendor(matomo(Goals__get={"2026-11-01": ONE_DAY, "2026-11-02": []}, VisitsSummary__get=EMPTY)) as server:
        rows = opened(server).read(EVENTS, TWO).rows.to_pylist()
    assert {row["event"]: row["conversions"] for row in rows} == {
        "Kontaktformulär": 3.0,
        "Kontaktformulär (2)": 1.0,
        "ecommerceOrder": 2.0,
    }
    (asked,) = [form(each) for each in server.asked if form(each)["method"] == "Goals.get"]
    assert asked["showAllGoalSpecificMetrics"] == "1"
    assert "idGoal" not in asked


def test_orders_that_are_told_apart_are_counted_once_and_abandoned_carts_never() -> None:
    day = ONE_DAY | {"goal_ecommerceOrder_nb_conversions": 2, "goal_ecommerceAbandonedCart_nb_conversions": 9}
    with vendor(matomo(Goals__get={"2026-11-01": day, "2026-11-02": day})) as server:
        rows = opened(server).read(EVENTS, TWO).rows.to_pylist()
    assert sum(row["conversions"] for row in rows) == 12.0
    assert "ecommerceAbandonedCart" not in {row["event"] for row in rows}


def test_only_the_named_goals_count() -> None:
    with vendor(matomo(Goals__get={"2026-11-01": ONE_DAY, "2026-11-02": ONE_DAY})) as server:
        under = opened(server, "Kontaktformulär", "Ingen")
        assert {row["event"] for row in under.read(EVENTS, TWO).rows.to_pylist()} == {"Kontaktformulär"}
        listed = under.read(KEY_EVENTS, None)
    assert [row["event"] for row in listed.rows.to_pylist()] == ["Kontaktformulär"]
    assert doubts(listed)["not_key_events"]["what"] == "Ingen"


def test_an_empty_report_of_a_day_with_visits_was_not_made() -> None:
    visits = {"2026-11-01": {"nb_visits": 5}, "2026-11-02": {"nb_visits": 7}}
    with vendor(matomo(Goals__get={"2026-11-01": ONE_DAY, "2026-11-02": []}, VisitsSummary__get=visits)) as server:
        batch = opened(server).read(RATES, TWO)
    assert [(row["visits"], row["converted_visits"]) for row in batch.rows.to_pylist()] == [(220, 4)]
    assert doubts(batch)["report_not_made"]["quantity"] == 7


def test_the_rate_of_one_named_goal_is_its_own() -> None:
    with vendor(matomo(Goals__get={"2026-11-01": ONE_DAY, "2026-11-02": ONE_DAY})) as server:
        rows = opened(server, "Kontaktformulär (2)").read(RATES, TWO).rows.to_pylist()
    assert [row["converted_visits"] for row in rows] == [1, 1]


def test_referrers_are_read_by_number_and_not_by_their_translated_label() -> None:
    rows = [
        {"label": "Direktinträde", "referrer_type": 1, "nb_visits": 3, "goals": {"idgoal=1": {"nb_conversions": 2}}},
        {"label": "Kampanjer", "referrer_type": 6, "nb_visits": 2},
        {"label": "AI-assistenter", "referrer_type": 8, "nb_visits": 1},
        {"label": "Något nytt", "referrer_type": 9, "nb_visits": 4},
    ]
    rows[1]["goals"] = {"idgoal=ecommerceAbandonedCart": {"nb_conversions": 5}}
    reports = {"2026-11-01": rows, "2026-11-02": []}
    with vendor(matomo(Referrers__getReferrerType=reports, VisitsSummary__get=EMPTY)) as server:
        batch = opened(server).read(CHANNELS, TWO)
    found = {
        row["channel"]: (row["sessions"], row["conversions"]) for row in batch.rows.to_pylist() if row["label"] != "9"
    }
    assert found == {"direct": (3, 2.0), "other": (2, 0.0), "ai_assistants": (1, 0.0)}
    assert doubts(batch)["channel_unknown"]["what"] == "9"


def test_an_empty_list_of_referrers_of_a_day_with_visits_was_not_made() -> None:
    reports = {"2026-11-01": [{"referrer_type": 1, "nb_visits": 3}], "2026-11-02": []}
    visits = {"2026-11-02": {"nb_visits": 7}}
    with vendor(matomo(Referrers__getReferrerType=reports, VisitsSummary__get=visits)) as server:
        told = doubts(opened(server).read(CHANNELS, TWO))["report_not_made"]
    assert (told["from"], told["quantity"]) == ("2026-11-02", 7)


def test_a_referrer_that_cannot_be_read_costs_itself_and_two_of_one_type_are_added_up() -> None:
    goals = {"idgoal=1": {"nb_conversions": 2}}
    first = [
        {"referrer_type": "1", "nb_visits": 3, "goals": goals},
        {"referrer_type": 1, "nb_visits": 2, "goals": goals},
    ]
    reports = {"2026-11-01": first, "2026-11-02": [{"label": "Webbplatser", "nb_visits": 4}]}
    with vendor(matomo(Referrers__getReferrerType=reports)) as server:
        batch = opened(server).read(CHANNELS, TWO)
    assert [(row["sessions"], row["conversions"]) for row in batch.rows.to_pylist()] == [(5, 4.0)]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_referrers_whose_visits_converted_without_saying_in_what_have_no_conversions_and_not_none() -> None:
    first = [
        {"referrer_type": 1, "nb_visits": 3, "nb_visits_converted": 2},
        {"referrer_type": 2, "nb_visits": 2, "nb_visits_converted": "0", "goals": []},
        {"referrer_type": 3, "nb_visits": 2, "nb_visits_converted": 1, "goals": []},
    ]
    reports = {"2026-11-01": first, "2026-11-02": []}
    with vendor(matomo(Referrers__getReferrerType=reports, VisitsSummary__get=EMPTY)) as server:
        rows = opened(server).read(CHANNELS, TWO).rows.to_pylist()
    assert {row["channel"]: row["conversions"] for row in rows} == {
        "direct": None,
        "organic_search": 0.0,
        "referral": None,
    }


def test_a_goal_that_cannot_be_read_costs_itself() -> None:
    with vendor(matomo(Goals__getGoals=GOALS | {"9": {"name": "Utan nummer"}})) as server:
        listed = opened(server).read(KEY_EVENTS, None)
    assert listed.rows.num_rows == 2
    assert doubts(listed)["entries_left_out"]["quantity"] == 1


def test_a_goal_goes_by_its_id_so_that_a_new_name_has_its_past_read_again() -> None:
    with vendor(matomo()) as server:
        assert opened(server).counts(EVENTS) == {"goal 1": "Kontaktformulär", "goal 2": "Kontaktformulär (2)"}


def test_a_site_without_goals_has_none() -> None:
    with vendor(matomo(Goals__getGoals=[])) as server:
        assert opened(server).read(KEY_EVENTS, None).rows.num_rows == 0
