"""Meta's ad insights in their documented wire format from a local server.

Really under test: ``connectors.meta_ads``.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.doubt import not_made_days
from connectors.core.errors import BadReply, PermissionMissing, QuotaExhausted, SourceError
from connectors.core.protocol import Source
from connectors.core.token_store import TokenStore
from connectors.meta_ads.settings import MetaAds
from connectors.meta_ads.source import COSTS, OtherCurrency, build
from okr_models.client.sources import EnvRef, Refresh
from okr_models.periods import Window
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

WEEK = Window(date(2026, 11, 1), date(2026, 11, 7))


def day(number: int, spend: str) -> dict[str, str]:
    return {
        "spend": spend,
        "impressions": "100",
        "clicks": "7",
        "account_currency": "SEK",
        "date_start": f"2026-11-{number:02d}",
        "date_stop": f"2026-11-{number:02d}",
    }


def meta(currency: str = "SEK") -> Any:
    """Two pages, the second asked by the address that the first names."""

    def serve(asked: Asked) -> Says:
        assert asked.headers["Authorization"] == "Bearer EAA-1"
        if asked.path == "/v26.0/act_123":
            return Says({"timezone_name": "Europe/Stockholm", "currency": currency, "id": "act_123"})
        assert asked.path == "/v26.0/act_123/insights"
        if asked.query.get("after"):
            return Says({"data": [day(3, "0.50") | {"account_currency": currency}], "paging": {}})
        following = "https://graph.facebook.com/v26.0/act_123/insights?access_token=EAA-1&fields=spend&after=QQ"
        return Says({"data": [day(1, "12.34") | {"account_currency": currency}], "paging": {"next": following}})

    return serve


def opened(
    server: Vendor, *, currency: str | None = "SEK", home: Path | None = None, naps: Naps | None = None, **settings: Any
) -> Source:
    names = ("refresh.client_id", "refresh.client_secret", "refresh.refresh_token")
    secrets = {"token": "EAA-1", **dict.fromkeys(names, "EAA-1")}
    store = TokenStore(home) if home else None
    inside = context(secrets=secrets, base_url=server.url, sleep=naps or Naps(), tokens=store)
    given = MetaAds(id="ads", account_id="act_123", token=EnvRef(env="T"), **settings)
    return build(given, replace(inside, currency=currency))


def test_costs_come_by_day_over_all_pages_and_a_day_without_a_row_cost_nothing() -> None:
    with vendor(meta()) as server:
        batch = opened(server).read(COSTS, WEEK)
        asked = next(each for each in server.asked if each.path.endswith("/insights"))
    assert {row["day"].day: (row["cost"], row["clicks"]) for row in batch.rows.to_pylist()} == {
        1: (12.34, 7),
        3: (0.5, 7),
    }
    assert batch.covers == WEEK
    assert (asked.query["level"], asked.query["time_increment"]) == ("account", "1")
    assert json.loads(asked.query["time_range"]) == {"since": "2026-11-01", "until": "2026-11-07"}
    assert asked.query["fields"] == "spend,impressions,clicks,account_currency"


@pytest.mark.parametrize(
    "odd", [{"spend": "12,34"}, {"spend": None}, {"impressions": "many"}, {"account_currency": "EUR"}]
)
def test_a_day_whose_costs_cannot_be_read_is_missing_and_not_a_day_without_costs(odd: dict[str, str | None]) -> None:
    def serve(asked: Asked) -> Says:
        if asked.path == "/v26.0/act_123":
            return Says({"timezone_name": "Europe/Stockholm", "currency": "SEK", "id": "act_123"})
        return Says({"data": [day(1, "12.34"), day(2, "5.00") | odd]})

    with vendor(serve) as server:
        batch = opened(server).read(COSTS, WEEK)
    assert {row["day"].day: row["cost"] for row in batch.rows.to_pylist()} == {1: 12.34}
    told = doubts(batch)["report_not_made"]
    assert (told["from"], told["to"], told["moves"]) == ("2026-11-02", "2026-11-02", "no_value")


@pytest.mark.parametrize("date_start", ["", "2 November"])
def test_costs_of_a_day_that_cannot_be_told_leave_no_day_free_of_costs(date_start: str) -> None:
    def serve(asked: Asked) -> Says:
        if asked.path == "/v26.0/act_123":
            return Says({"timezone_name": "Europe/Stockholm", "currency": "SEK", "id": "act_123"})
        return Says({"data": [day(1, "12.34"), day(2, "5.00") | {"date_start": date_start}, day(4, "1.00")]})

    with vendor(serve) as server:
        batch = opened(server).read(COSTS, WEEK)
    assert {row["day"].day: row["cost"] for row in batch.rows.to_pylist()} == {1: 12.34, 4: 1.0}
    assert doubts(batch)["entries_left_out"]["quantity"] == 1
    assert sorted(not_made_days(batch.quality)) == [date(2026, 11, number) for number in (2, 3, 5, 6, 7)]


def test_a_list_of_costs_that_does_not_end_is_refused_and_not_cut() -> None:
    pages = itertools.count()

    def serve(asked: Asked) -> Says:
        if asked.path == "/v26.0/act_123":
            return Says({"timezone_name": "Europe/Stockholm", "currency": "SEK", "id": "act_123"})
        return Says({"data": [], "paging": {"next": f"https://graph.facebook.com/x?after={next(pages)}"}})

    with vendor(serve) as server, pytest.raises(BadReply, match="a list that ends"):
        opened(server).read(COSTS, WEEK)


def test_calls_slow_down_as_the_budget_fills_and_stop_where_it_is_nearly_gone() -> None:
    serve = meta()
    nearly = {"X-Business-Use-Case-Usage": json.dumps({"123": [{"type": "ads_insights", "call_count": 90}]})}
    gone = {"X-Business-Use-Case-Usage": json.dumps({"123": [{"type": "ads_insights", "call_count": 97}]})}
    naps = Naps()
    with vendor(lambda asked: replace(serve(asked), headers=nearly)) as server:
        opened(server, naps=naps).read(COSTS, WEEK)
    assert naps.taken
    with vendor(lambda asked: replace(serve(asked), headers=gone)) as server, pytest.raises(QuotaExhausted):
        opened(server).read(COSTS, WEEK)


def test_a_persons_token_is_exchanged_in_its_last_days_as_that_of_a_page(tmp_path: Path) -> None:
    def serve(asked: Asked) -> Says:
        if asked.path == "/v26.0/oauth/access_token":
            return Says({"access_token": "EAA-2", "token_type": "bearer", "expires_in": 5_184_000})
        if asked.path == "/v26.0/debug_token":
            ends = int((NOW + timedelta(days=5)).timestamp())
            return Says({"data": {"is_valid": True, "issued_at": ends - 60 * 86_400, "expires_at": ends}})
        assert asked.headers["Authorization"] == "Bearer EAA-2"
        return Says(
            {"timezone_name": "Europe/Stockholm", "currency": "SEK"} if "insights" not in asked.path else {"data": []}
        )

    ref = EnvRef(env="R")
    refresh = Refresh(client_id=ref, client_secret=ref, refresh_token=ref)
    with vendor(serve) as server:
        assert opened(server, home=tmp_path, refresh=refresh).read(COSTS, WEEK).rows.num_rows == 0


def test_another_currency_is_refused_unless_its_rate_is_given() -> None:
    with vendor(meta("EUR")) as server:
        with pytest.raises(OtherCurrency, match="give rate: what one EUR is worth in SEK"):
            opened(server).read(COSTS, WEEK)
        rows = opened(server, rate=11.5).read(COSTS, WEEK).rows.to_pylist()
    assert [(row["cost"], row["account_cost"], row["account_currency"]) for row in rows] == [
        (141.91, 12.34, "EUR"),
        (5.75, 0.5, "EUR"),
    ]


@pytest.mark.parametrize(
    ("told", "ends_on"),
    [
        (Says({"data": {"is_valid": True, "expires_at": 1796083200, "data_access_expires_at": 0}}), date(2026, 12, 1)),
        (Says({"data": {"is_valid": True, "expires_at": 0, "data_access_expires_at": 1796169600}}), date(2026, 12, 2)),
        (Says({"data": {"is_valid": True, "expires_at": 0}}), None),
        (Says({"error": {"code": 100, "message": "(#100) You must provide an app access token"}}, status=400), None),
        (Says("Not Found", status=404), None),
    ],
)
def test_a_token_that_ends_says_when_and_one_that_may_not_be_asked_is_well(told: Says, ends_on: date | None) -> None:
    serve = meta()
    with vendor(lambda asked: told if asked.path == "/v26.0/debug_token" else serve(asked)) as server:
        source = opened(server)
        assert (source.access().ends_on, source.probe().token_expires_on) == (ends_on, ends_on)
        assert {asked.query["input_token"] for asked in server.asked if "debug" in asked.path} == {"EAA-1"}


def test_days_of_more_than_37_months_ago_are_not_asked_for() -> None:
    with vendor(meta()) as server, pytest.raises(SourceError) as raised:
        opened(server).read(COSTS, Window(date(2020, 1, 1), date(2020, 1, 31)))
    assert raised.value.error_class == "not_found"


@pytest.mark.parametrize("code", [10, 200, 294])
def test_a_missing_permission_names_the_one_that_ads_need(code: int) -> None:
    body = {"error": {"message": "(#1) Ad account owner has NOT grant ads_management", "code": code}}
    with (
        vendor(lambda _: Says(body, status=403)) as server,
        pytest.raises(PermissionMissing, match="ads_read") as raised,
    ):
        opened(server).read(COSTS, WEEK)
    assert "read_insights" not in str(raised.value)


def test_metas_errors_are_read_as_everywhere() -> None:
    body = {"error": {"message": "Error validating access token", "type": "OAuthException", "code": 190}}
    with vendor(lambda _: Says(body, status=400)) as server, pytest.raises(SourceError) as raised:
        opened(server).read(COSTS, WEEK)
    assert raised.value.error_class == "auth"
