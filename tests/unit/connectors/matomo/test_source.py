"""Matomo in its documented wire format from a local server: errors with HTTP 200, empty days, months, addresses.

Really under test: ``connectors.matomo.source`` and ``connectors.matomo.errors``. Figures against a truth are
``tests/integration/test_matomo_against_sandbox.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import NotYet, SourceError
from connectors.core.protocol import Source
from connectors.core.shape import BadShape
from connectors.matomo.settings import Matomo
from connectors.matomo.source import DAILY, MONTHLY, OTHER, PAGES, build, site_zone, split_url
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

TOKEN = "f00dbabe-matomo-token-0001112223"
SITE = {
    "idsite": "3",
    "name": "Lindhs",
    "main_url": "https://www.lindhscykel.se",
    "ts_created": "2023-12-31 23:00:00",
    "timezone": "Europe/Stockholm",
}
TWO = Window(date(2026, 11, 1), date(2026, 11, 2))
Reports = dict[str, Any]
NO_VIEWS: Reports = {"Actions.get": {"2026-11-01": [], "2026-11-02": []}}


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def answers(reports: Reports, *, site: Any = SITE) -> Callable[[Asked], Says]:
    """Replies by method; a report may be a function of the form."""

    def answer(asked: Asked) -> Says:
        given = form(asked)
        if given["method"] == "SitesManager.getSiteFromId":
            return Says(site)
        report = reports[given["method"]]
        return Says(report(given) if callable(report) else report)

    return answer


def opened(server: Vendor, *, now: datetime = NOW, suffix: str = "") -> Source:
    settings = Matomo(id="web", site_id="3", token=EnvRef(env="T"), base_url=server.url)
    inside = context(secrets={"token": TOKEN}, base_url=server.url + suffix, now=now, sleep=Naps())
    return build(settings, inside)


def summary(visits: int, visitors: int) -> dict[str, Any]:
    return {"nb_uniq_visitors": visitors, "nb_visits": visits, "nb_actions": 99, "sum_visit_length": 5}


def failing(message: str, *, status: int = 200) -> SourceError:
    with vendor(lambda _: Says({"result": "error", "message": message}, status=status)) as server:
        with pytest.raises(SourceError) as raised:
            opened(server).read(DAILY, TWO)
        raised.value.requests = len(server.asked)  # type: ignore[attr-defined]
    return raised.value


def test_the_token_is_in_the_body_of_a_post_and_in_no_address_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with vendor(answers({"VisitsSummary.get": summary(7, 5)})) as server:
        assert opened(server).probe().rows == 7
        assert server.asked
        for asked in server.asked:
            assert (asked.method, asked.target) == ("POST", "/index.php")
            assert form(asked)["token_auth"] == TOKEN
            assert {"format": "JSON", "format_metrics": "0", "filter_limit": "-1"}.items() <= form(asked).items()
    assert TOKEN not in caplog.text


def test_an_address_that_ends_in_index_php_is_taken_as_meant() -> None:
    with vendor(answers({"VisitsSummary.get": []})) as server:
        assert opened(server, suffix="/index.php").probe().rows == 0
        assert {asked.target for asked in server.asked} == {"/index.php"}


@pytest.mark.parametrize("stream", [DAILY, PAGES])
def test_a_site_that_was_set_up_today_has_no_day_yet_and_has_not_failed(stream: Any) -> None:
    week = Window(date(2026, 11, 13), date(2026, 11, 19))
    site = SITE | {"ts_created": "2026-11-20 01:00:00"}
    with vendor(answers({}, site=site)) as server, pytest.raises(NotYet, match="began on 2026-11-20"):
        opened(server).read(stream, week)


def test_page_views_come_from_the_actions_report_and_not_from_nb_actions() -> None:
    reports: Reports = {
        "VisitsSummary.get": {"2026-11-01": summary(7, 5), "2026-11-02": []},
        "Actions.get": {"2026-11-01": {"nb_pageviews": 12, "nb_outlinks": 4}, "2026-11-02": []},
    }
    with vendor(answers(reports)) as server:
        batch = opened(server).read(DAILY, TWO)
    first, second = batch.rows.to_pylist()
    assert (first["sessions"], first["page_views"], first["visitors"]) == (7, 12, 5)
    assert (second["sessions"], second["page_views"], second["visitors"]) == (0, 0, 0)
    assert first["engagement_seconds"] is None


@pytest.mark.parametrize(
    "refused",
    [
        {"result": "error", "message": "The method 'get' does not exist or is not available in the module 'Actions'."},
        {"result": "error", "message": "Unknown method Actions.get"},
    ],
)
def test_where_there_is_no_actions_report_page_views_are_those_of_all_pages(refused: dict[str, str]) -> None:
    pages = [{"label": "/a", "nb_hits": 5}, {"label": "/b", "nb_hits": 4}, {"label": "Others", "nb_hits": 3}]
    reports: Reports = {
        "VisitsSummary.get": {"2026-11-01": summary(7, 5), "2026-11-02": []},
        "Actions.get": refused,
        "Actions.getPageUrls": {"2026-11-01": pages, "2026-11-02": []},
    }
    with vendor(answers(reports)) as server:
        rows = opened(server).read(DAILY, TWO).rows.to_pylist()
    assert [row["page_views"] for row in rows] == [12, 0]


def test_an_actions_report_that_fails_for_the_moment_fails_the_read() -> None:
    reports: Reports = {"VisitsSummary.get": {}, "Actions.get": {"result": "error", "message": "maintenance"}}
    with vendor(answers(reports)) as server, pytest.raises(SourceError) as raised:
        opened(server).read(DAILY, TWO)
    assert raised.value.error_class == "unavailable"


@pytest.mark.parametrize("site", [{"timezone": "Europe/Stockholm"}, [{"idsite": 3, "timezone": "Europe/Stockholm"}]])
def test_a_site_that_says_its_zone_only_is_read_whole(site: Any) -> None:
    visits: Reports = {"VisitsSummary.get": lambda given: summary(3, 2) if given["period"] == "month" else {}}
    with vendor(answers(visits, site=site)) as server:
        source = opened(server)
        assert source.zone().key == "Europe/Stockholm"
        assert source.read(MONTHLY, Window(date(2020, 1, 1), date(2020, 1, 31))).rows.num_rows == 1


def test_a_page_without_address_is_known_by_its_label_if_that_is_a_path() -> None:
    pages = [{"label": "/blogg/a", "nb_hits": 5}, {"label": " /", "nb_hits": 4}, {"label": "Others", "nb_hits": 3}]
    with vendor(answers({"Actions.getPageUrls": {"2026-11-01": pages, "2026-11-02": []}, **NO_VIEWS})) as server:
        batch = opened(server).read(PAGES, TWO)
    host = "www.lindhscykel.se"
    assert [(row["host"], row["path"], row["page_views"]) for row in batch.rows.to_pylist()] == [
        (host, "/blogg/a", 5),
        (host, "/", 4),
        (host, OTHER, 3),
    ]


def test_a_day_that_the_reply_leaves_out_is_no_empty_day() -> None:
    reports: Reports = {"VisitsSummary.get": {"2026-11-01": []}, "Actions.get": {"2026-11-01": []}}
    with vendor(answers(reports)) as server:
        batch = opened(server).read(DAILY, TWO)
    assert batch.rows.column("day").to_pylist() == [date(2026, 11, 1)]
    told = doubts(batch)["report_not_made"]
    assert (told["moves"], told["from"], told["to"]) == ("no_value", "2026-11-02", "2026-11-02")


@pytest.mark.parametrize("said", [None, {"result": "error", "message": "this day is being archived"}])
def test_a_day_without_visits_whose_pages_were_viewed_is_one_that_matomo_has_not_made(said: Any) -> None:
    visits: Any = [] if said is None else said
    reports: Reports = {
        "VisitsSummary.get": {"2026-11-01": visits, "2026-11-02": summary(7, 5)},
        "Actions.get": {"2026-11-01": {"nb_pageviews": 12}, "2026-11-02": {"nb_pageviews": 12}},
    }
    with vendor(answers(reports)) as server:
        batch = opened(server).read(DAILY, TWO)
    assert batch.rows.column("day").to_pylist() == [date(2026, 11, 2)]
    assert doubts(batch)["report_not_made"]["quantity"] == 12


@pytest.mark.parametrize("said", [[], {}, {"2026-11-01": {"result": "error", "message": "being archived"}}])
def test_a_day_asked_for_alone_that_has_no_report_is_not_made_like_one_among_others(said: Any) -> None:
    """It failed its source each night, and three of them kept all days before them from being asked for."""
    reports: Reports = {"Actions.getPageUrls": said}
    with vendor(answers(reports)) as server:
        batch = opened(server).read(PAGES, Window(TWO.start, TWO.start))
    assert batch.rows.num_rows == 0
    assert doubts(batch)["report_not_made"]["from"] == "2026-11-01"


def test_a_reply_without_any_day_is_no_report() -> None:
    nothing: Reports = {"VisitsSummary.get": {}, "Actions.get": {}, "Actions.getPageUrls": {}}
    with vendor(answers(nothing)) as server, pytest.raises(SourceError, match="2026-11-01") as raised:
        opened(server).read(DAILY, TWO)
    assert raised.value.error_class == "bad_reply"


def test_a_page_of_another_shape_costs_itself() -> None:
    pages = [{"label": "/a", "nb_hits": 5}, {"label": "/b", "nb_hits": "many"}]
    with vendor(answers({"Actions.getPageUrls": {"2026-11-01": pages, "2026-11-02": []}, **NO_VIEWS})) as server:
        batch = opened(server).read(PAGES, TWO)
    assert batch.rows.column("path").to_pylist() == ["/a"]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_an_odd_page_alone_on_its_day_costs_itself() -> None:
    reports: Reports = {
        "Actions.getPageUrls": {"2026-11-01": [{"label": "/a", "nb_hits": 5}], "2026-11-02": [{"label": "/b"}]}
    }
    with vendor(answers(reports)) as server:
        batch = opened(server).read(PAGES, TWO)
    assert batch.rows.column("path").to_pylist() == ["/a"]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


@pytest.mark.parametrize("label", ["/blogg/ - Others", "/blogg/ - Andra", "/blogg/Others"])
def test_the_rest_of_a_folder_is_no_page(label: str) -> None:
    """It became a blog post of its own where a path says what is one."""
    pages = [{"label": "/blogg/a", "url": "https://x.se/blogg/a", "nb_hits": 5}, {"label": label, "nb_hits": 3}]
    with vendor(answers({"Actions.getPageUrls": {"2026-11-01": pages, "2026-11-02": pages}})) as server:
        batch = opened(server).read(PAGES, TWO)
    assert set(batch.rows.column("path").to_pylist()) == {"/blogg/a", OTHER}
    assert doubts(batch)["other_row"]["quantity"] == 6


def test_a_day_with_page_views_and_no_pages_is_one_whose_pages_were_not_made() -> None:
    reports: Reports = {
        "Actions.getPageUrls": {"2026-11-01": [{"label": "/a", "nb_hits": 5}], "2026-11-02": []},
        "Actions.get": {"2026-11-02": {"nb_pageviews": 12}},
    }
    with vendor(answers(reports)) as server:
        told = doubts(opened(server).read(PAGES, TWO))["report_not_made"]
    assert (told["from"], told["to"], told["quantity"]) == ("2026-11-02", "2026-11-02", 12)


def test_a_day_with_visits_that_did_something_and_an_empty_report_of_what_was_not_made() -> None:
    reports: Reports = {
        "VisitsSummary.get": {"2026-11-01": summary(7, 5), "2026-11-02": summary(6, 5)},
        "Actions.get": {"2026-11-01": {"nb_pageviews": 0, "nb_outlinks": 2}, "2026-11-02": []},
    }
    with vendor(answers(reports)) as server:
        batch = opened(server).read(DAILY, TWO)
    assert [(row["day"].day, row["page_views"]) for row in batch.rows.to_pylist()] == [(1, 0)]
    assert doubts(batch)["report_not_made"]["from"] == "2026-11-02"


def test_a_day_whose_visitors_are_not_counted_has_its_visits_all_the_same() -> None:
    reports: Reports = {
        "VisitsSummary.get": {"2026-11-01": {"nb_visits": 7}, "2026-11-02": []},
        "Actions.get": {"2026-11-01": {"nb_pageviews": 12}, "2026-11-02": []},
    }
    with vendor(answers(reports)) as server:
        rows = opened(server).read(DAILY, TWO).rows.to_pylist()
    assert [(row["sessions"], row["visitors"]) for row in rows] == [(7, None), (0, 0)]


def test_days_before_the_site_was_set_up_are_not_answered() -> None:
    def report(given: dict[str, str]) -> Any:
        first, last = (date.fromisoformat(text) for text in given["date"].split(","))
        return {str(day): [] for day in Window(first, last)}

    with vendor(answers({"VisitsSummary.get": report, "Actions.get": report})) as server:
        source = opened(server)
        assert source.read(DAILY, Window(date(2023, 12, 1), date(2024, 1, 31))).covers == Window(
            date(2024, 1, 1), date(2024, 1, 31)
        )
        with pytest.raises(SourceError, match="csv") as raised:
            source.read(DAILY, Window(date(2023, 1, 1), date(2023, 12, 31)))
    assert raised.value.error_class == "not_found"


def test_each_month_is_asked_whole_and_the_running_one_says_that_it_holds_some_of_today() -> None:
    with vendor(answers({"VisitsSummary.get": summary(30, 20)})) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 9, 1), date(2026, 11, 19)))
        asked = [(form(a)["period"], form(a)["date"]) for a in server.asked[1:]]
    assert asked == [("month", "2026-09-01"), ("month", "2026-10-01"), ("month", "2026-11-01")]
    rows = batch.rows.to_pylist()
    assert [row["asked_through"] for row in rows] == [date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 19)]
    assert [row["is_final"] for row in rows] == [True, True, False]
    assert doubts(batch)["includes_today"]["from"] == "2026-11-01"
    assert batch.covers == Window(date(2026, 9, 1), date(2026, 11, 19))


@pytest.mark.parametrize(("today", "final"), [(2, False), (4, False), (5, True)])
def test_a_month_is_final_once_it_has_closed(today: int, final: bool) -> None:
    now = datetime(2026, 11, today, 4, 0, tzinfo=UTC)
    with vendor(answers({"VisitsSummary.get": summary(3, 2)})) as server:
        batch = opened(server, now=now).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert [row["is_final"] for row in batch.rows.to_pylist()] == [final]
    assert "doubts" not in batch.quality


def test_a_server_that_counts_no_visitors_of_a_month_is_an_error_with_its_cure_and_not_a_zero() -> None:
    without = {"nb_visits": 30, "nb_actions": 60}
    with vendor(answers({"VisitsSummary.get": without})) as server, pytest.raises(SourceError) as raised:
        opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert raised.value.error_class == "config"
    assert "enable_processing_unique_visitors" in str(raised.value)
    assert raised.value.concerns_whole_source is False


def by_period(month: Any, day: Any) -> Callable[[dict[str, str]], Any]:
    """A report of a month, or one of each day."""

    def report(given: dict[str, str]) -> Any:
        if given["period"] == "month":
            return month(given) if callable(month) else month
        first, last = (date.fromisoformat(text) for text in given["date"].split(","))
        return {str(one): day for one in Window(first, last)}

    return report


def test_a_months_report_that_is_empty_like_its_days_had_nobody() -> None:
    with vendor(answers({"VisitsSummary.get": by_period([], [])})) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert (batch.rows.num_rows, batch.covers, "doubts" in batch.quality) == (
        0,
        Window(date(2026, 10, 1), date(2026, 10, 31)),
        False,
    )


@pytest.mark.parametrize("month", [summary(0, 0), {"nb_visits": 0}])
def test_a_months_report_of_zeros_like_its_days_had_nobody(month: Any) -> None:
    with vendor(answers({"VisitsSummary.get": by_period(month, [])})) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert [row["visitors"] for row in batch.rows.to_pylist()] == [0]
    assert "doubts" not in batch.quality


@pytest.mark.parametrize("october", [[], summary(0, 0), {"nb_visits": 310}, {"nb_visits": 310, "nb_uniq_visitors": 0}])
def test_a_month_that_was_not_made_though_its_days_have_visits_costs_itself(october: Any) -> None:
    def month(given: dict[str, str]) -> Any:
        return october if given["date"] == "2026-10-01" else summary(30, 20)

    with vendor(answers({"VisitsSummary.get": by_period(month, summary(10, 8))})) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 9, 1), date(2026, 10, 31)))
    assert [(row["month"].month, row["visitors"]) for row in batch.rows.to_pylist()] == [(9, 20)]
    told = doubts(batch)["report_not_made"]
    assert (told["from"], told["to"], told["quantity"]) == ("2026-10-01", "2026-10-31", 310)
    assert "2026-10" in str(batch.partly)


def test_where_no_month_was_made_none_is_zero() -> None:
    with vendor(answers({"VisitsSummary.get": by_period([], summary(10, 8))})) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert batch.rows.num_rows == 0
    assert "2026-10" in str(batch.partly)


def test_pages_keep_their_address_and_rows_without_one_are_kept_as_other() -> None:
    def page(url: str | None, hits: int, seconds: int | None) -> dict[str, Any]:
        row: dict[str, Any] = {"label": "x", "nb_hits": hits, "nb_visits": 1}
        return row | ({"url": url} if url else {}) | ({} if seconds is None else {"sum_time_spent": seconds})

    pages = [
        page("https://www.lindhscykel.se/d%C3%A4ck/?visa=alla", 5, 60),
        page("https://www.lindhscykel.se", 4, 0),
        page("http://www.lindhscykel.se/verkstad/", 3, 10),
        page("https://www.lindhscykel.se/verkstad/", 2, 5),
        page(None, 7, 70),
        page(None, 1, 10),
        page("https://www.lindhscykel.se/utan-tid", 1, None),
    ]
    with vendor(answers({"Actions.getPageUrls": {"2026-11-01": pages, "2026-11-02": []}, **NO_VIEWS})) as server:
        batch = opened(server).read(PAGES, TWO)
        (asked,) = [given for one in server.asked if (given := form(one))["method"] == "Actions.getPageUrls"]
        assert {"flat": "1", "expanded": "0", "period": "day"}.items() <= asked.items()
    found = {row["path"]: (row["host"], row["page_views"], row["engagement_seconds"]) for row in batch.rows.to_pylist()}
    host = "www.lindhscykel.se"
    assert found == {
        "/d%C3%A4ck/?visa=alla": (host, 5, 60.0),
        "/": (host, 4, 0.0),
        "/verkstad/": (host, 5, 15.0),
        OTHER: (host, 8, 80.0),
        "/utan-tid": (host, 1, None),
    }
    told = doubts(batch)["other_row"]
    assert (told["quantity"], told["of"], told["moves"]) == (8, 23, "too_low")


@pytest.mark.parametrize("status", [200, 401, 500])
def test_the_sentence_decides_and_not_the_status(status: int) -> None:
    error = failing("Unable to authenticate with the provided token. It is either invalid, expired or", status=status)
    assert error.error_class == "auth"
    assert error.requests == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("message", "error_class"),
    [
        ("You can't access this resource as it requires 'view' access for the website id = 3.", "permission"),
        ("You can&#039;t access this resource as it requires &#039;view&#039; access.", "permission"),
        ("An unexpected website was found in the request: website id was set to '3' .", "not_found"),
        ("The method 'get' does not exist or is not available in the module '\\Piwik\\Plugins\\X\\API'.", "not_found"),
        ("The metric nb_uniq_visitors is not enabled for the requested period.", "config"),
        ("Authentication failed", "auth"),
        ("Something that nobody has seen before", "bad_reply"),
    ],
)
def test_each_sentence_has_its_class_and_is_not_asked_twice(message: str, error_class: str) -> None:
    error = failing(message)
    assert error.error_class == error_class
    assert error.requests == 1  # type: ignore[attr-defined]


def test_a_database_that_is_gone_for_a_moment_is_asked_again() -> None:
    replies = [
        Says({"result": "error", "message": "Mysql server has gone away"}),
        Says(SITE),
        Says({"nb_visits": 3, "nb_uniq_visitors": 2}),
    ]
    with vendor(replies) as server:
        assert opened(server).probe().rows == 3


def test_no_message_shows_the_token() -> None:
    assert TOKEN not in str(failing(f"token_auth {TOKEN} is not valid"))


@pytest.mark.parametrize(
    ("name", "key"),
    [("Europe/Stockholm", "Europe/Stockholm"), ("UTC", "UTC"), ("UTC+2", "Etc/GMT-2"), ("UTC-5", "Etc/GMT+5")],
)
def test_a_sites_zone_may_be_an_offset(name: str, key: str) -> None:
    assert site_zone(name).key == key


@pytest.mark.parametrize("name", ["UTC+5.5", "Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadShape):
        site_zone(name)


def test_a_list_of_one_site_is_read_as_older_versions_write_it() -> None:
    with vendor(answers({}, site=[SITE | {"timezone": "America/New_York"}])) as server:
        assert opened(server).zone().key == "America/New_York"


@given(st.text())
def test_any_text_as_an_address_is_a_host_and_a_path_or_nothing(text: str) -> None:
    found = split_url(text)
    assert found is None or (found[0] and found[1].startswith("/"))


def test_a_site_says_its_host_and_since_when_it_is_there() -> None:
    with vendor(
        answers({"VisitsSummary.get": summary(7, 5)}, site=SITE | {"ts_created": "2024-01-01 00:00:00"})
    ) as server:
        assert opened(server).probe().identity == {"server": {"lindhscykel.se since 2024-01-01 00:00:00"}}
