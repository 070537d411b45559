"""MEASURES.md's KPIs of web sources: what is observed counts, what is missing is scaled or missing, never zero.

Under test: the SQL models from raw rows and ledger to ``marts.kpi_monthly``; every story is a client of one database.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from connectors.core.doubt import Doubt
from okr_models.periods import Window
from tests.unit.sql_story import Story, at, build, days, days_of, month_of, value_of

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
SEPTEMBER_DAYS = days(SEPTEMBER, date(2026, 9, 30))


def site(client: str, **settings: object) -> Story:
    return Story(client).source("web", "ga4", **settings)  # type: ignore[arg-type]


def observed(client: str, count: int) -> Story:
    """So many of September's thirty days, the last ones missing; a week day has 10 sessions, a weekend day 70.

    October was read, so that what is missing of September is not what is yet to be given.
    """
    story = site(client).loaded("web", "web_daily", OCTOBER, OCTOBER)
    for day in SEPTEMBER_DAYS[:count]:
        weekend = day.isoweekday() > 5
        story.web("web", [day], sessions=70 if weekend else 10, page_views=100)
    return story


def visitors(client: str, count: int, *, asked_through: date = date(2026, 9, 30)) -> Story:
    story = observed(client, count)
    row = {"month": SEPTEMBER, "asked_through": asked_through, "visitors": 400}
    story.raw("web", "web_monthly", [row]).loaded("web", "web_monthly", SEPTEMBER, asked_through)
    return story.loaded("web", "web_monthly", OCTOBER, date(2026, 10, 10))


def not_given_since(client: str) -> Story:
    """Read on 11 September, and never since."""
    story = site(client).raw(
        "web", "web_monthly", [{"month": SEPTEMBER, "asked_through": date(2026, 9, 10), "visitors": 70}]
    )
    story.web("web", days(SEPTEMBER, date(2026, 9, 10)))
    return story.loaded("web", "web_monthly", SEPTEMBER, date(2026, 9, 10))


def stories() -> list[Story]:
    return [
        observed("whole", 30),
        observed("share_90", 27),
        observed("share_87", 26),
        observed("share_60", 18),
        observed("share_57", 17),
        site("silent").web("web", [SEPTEMBER]).loaded("web", "web_daily", SEPTEMBER, date(2026, 9, 30)),
        site("never_read"),
        site("failed").loaded("web", "web_daily", SEPTEMBER, date(2026, 9, 30), status="failed"),
        site("no_weekend")
        .web("web", [day for day in SEPTEMBER_DAYS if day.isoweekday() < 6], sessions=10)
        .web("web", [], sessions=70),
        site("opened_since", opened=date(2026, 9, 16)).web("web", SEPTEMBER_DAYS),
        site("opened_later", opened=date(2026, 9, 16)).web("web", days(date(2026, 9, 16), date(2026, 9, 30))),
        site("opened_with_gap", opened=date(2026, 9, 16)).web("web", days(date(2026, 9, 22), date(2026, 9, 30))),
        site("opened_and_never_read", opened=date(2026, 9, 16)).source("shop", "ga4").web("shop", SEPTEMBER_DAYS),
        site("paused")
        .pause("web", date(2026, 9, 1), date(2026, 9, 14))
        .web("web", days(date(2026, 9, 15), date(2026, 9, 30))),
        site("paused_throughout").pause("web", SEPTEMBER, date(2026, 9, 30)),
        site("running").web("web", days(OCTOBER, date(2026, 11, 17))).web("web", [date(2026, 11, 19)]),
        not_given_since("not_given_since"),
        visitors("visitors_whole", 30),
        visitors("visitors_26", 26),
        visitors("visitors_17", 17),
        visitors("visitors_asked_early", 30, asked_through=date(2026, 9, 15)),
        site("two_sites")
        .source("shop", "ga4")
        .web("web", SEPTEMBER_DAYS)
        .web("shop", SEPTEMBER_DAYS)
        .raw("web", "web_monthly", [{"month": SEPTEMBER, "asked_through": date(2026, 9, 30), "visitors": 200}])
        .raw("shop", "web_monthly", [{"month": SEPTEMBER, "asked_through": date(2026, 9, 30), "visitors": 300}])
        .source("shop_old", "ga4", opened=date(2030, 1, 1)),
        site("shop_missing").source("shop", "ga4").web("web", SEPTEMBER_DAYS),
    ]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def test_a_whole_month_is_the_sum_of_its_days(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "whole", "sessions", SEPTEMBER)
    assert row["value"] == 22 * 10 + 8 * 70
    assert (row["observed_share"], row["is_estimated"], row["note"]) == (1.0, False, None)
    assert row["data_through"] == date(2026, 9, 30)


def test_from_90_percent_on_a_month_counts_as_it_is(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "share_90", "sessions", SEPTEMBER)
    assert (row["value"], row["is_estimated"]) == (19 * 10 + 8 * 70, False)
    assert row["observed_share"] == pytest.approx(0.9)


def test_below_90_percent_a_month_is_scaled_up_with_each_weekdays_own_mean(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "share_87", "sessions", SEPTEMBER)
    # 27 to 30 September 2026: a Sunday and three week days
    assert (row["value"], row["is_estimated"]) == (22 * 10 + 8 * 70, True)
    assert "26 of 30 days" in row["note"]


def test_60_percent_is_still_scaled_and_less_has_no_value(con: duckdb.DuckDBPyConnection) -> None:
    assert month_of(con, "share_60", "sessions", SEPTEMBER)["value"] == 22 * 10 + 8 * 70
    row = month_of(con, "share_57", "sessions", SEPTEMBER)
    assert (row["value"], row["is_estimated"]) == (None, False)
    assert row["note"] == "web: 17 of 30 days observed"


def test_a_weekday_never_observed_takes_the_months_mean(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "no_weekend", "sessions", SEPTEMBER)
    assert (row["value"], row["is_estimated"]) == (300, True)


def test_days_read_without_a_row_are_zero_and_days_not_read_are_missing(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "silent", "sessions", SEPTEMBER) == 10
    assert len(days_of(con, "silent", "sessions")) == 30
    assert value_of(con, "never_read", "sessions", SEPTEMBER) is None
    assert value_of(con, "failed", "sessions", SEPTEMBER) is None
    assert days_of(con, "failed", "sessions") == {}


def test_days_that_were_read_before_the_file_said_opened_are_those_of_a_file_that_always_did(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for kpi in ("sessions", "page_views"):
        late, always = (days_of(con, client, kpi) for client in ("opened_since", "opened_later"))
        assert late[date(2026, 9, 15)] == 0
        assert {day: late[day] for day in SEPTEMBER_DAYS} == {day: always[day] for day in SEPTEMBER_DAYS}
        assert value_of(con, "opened_since", kpi, SEPTEMBER) == sum(late[day] for day in SEPTEMBER_DAYS) > 0


def test_days_before_the_account_opened_are_true_zeros(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "opened_later", "sessions", SEPTEMBER)
    assert (row["value"], row["observed_share"], row["is_estimated"]) == (150, 1.0, False)
    august = month_of(con, "opened_later", "sessions", date(2026, 8, 1))
    assert (august["value"], august["observed_share"], august["is_closed"]) == (0, 1.0, True)
    assert value_of(con, "opened_later", "unique_visitors", date(2026, 8, 1)) == 0


def test_days_before_opening_do_not_pull_the_scaling_down(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "opened_with_gap", "sessions", SEPTEMBER)
    # 15 zeros, 9 days with 10, and 6 missing days at 10
    assert (row["value"], row["is_estimated"]) == (150, True)


def test_an_account_that_opened_and_was_never_read_is_no_zero_from_its_first_month_on(
    con: duckdb.DuckDBPyConnection,
) -> None:
    row = month_of(con, "opened_and_never_read", "sessions", SEPTEMBER, scope="source=web")
    assert (row["value"], row["is_estimated"]) == (None, False)
    assert value_of(con, "opened_and_never_read", "sessions", SEPTEMBER) is None
    august = month_of(con, "opened_and_never_read", "sessions", date(2026, 8, 1), scope="source=web")
    assert (august["value"], august["note"]) == (0, "web: not yet opened")


def test_expected_silence_is_no_missing_day(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "paused", "sessions", SEPTEMBER)
    assert (row["value"], row["observed_share"], row["is_estimated"]) == (160, 1.0, False)
    paused = month_of(con, "paused_throughout", "sessions", SEPTEMBER)
    assert (paused["value"], paused["note"]) == (None, "web: paused")


def test_the_running_month_is_what_was_observed_so_far(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "running", "sessions", NOVEMBER)
    assert (row["value"], row["is_closed"], row["is_estimated"]) == (18 * 10, False, False)
    assert row["observed_share"] == pytest.approx(18 / 19, abs=1e-6)
    assert row["data_through"] == date(2026, 11, 19)


@pytest.mark.parametrize(("kpi", "value"), [("sessions", 100), ("unique_visitors", 70)])
def test_days_that_are_not_yet_given_take_nothing_from_a_month_that_is_over(
    con: duckdb.DuckDBPyConnection, kpi: str, value: float
) -> None:
    row = month_of(con, "not_given_since", kpi, SEPTEMBER)
    # a third of the month is neither scaled up nor taken away: it is what was known on the last good night
    assert (row["value"], row["is_closed"], row["is_estimated"]) == (value, False, False)
    assert row["observed_share"] == pytest.approx(10 / 30, abs=1e-6)
    assert row["note"] == "web: so far, through 2026-09-10"
    assert value_of(con, "not_given_since", kpi, OCTOBER) is None


def test_unique_visitors_are_the_months_own_count(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "visitors_whole", "unique_visitors", SEPTEMBER)
    assert (row["value"], row["observed_share"], row["is_estimated"]) == (400, 1.0, False)


def test_unique_visitors_are_never_scaled(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "visitors_26", "unique_visitors", SEPTEMBER)
    assert (row["value"], row["is_estimated"]) == (400, True)
    assert row["observed_share"] == pytest.approx(26 / 30, abs=1e-6)
    assert value_of(con, "visitors_17", "unique_visitors", SEPTEMBER) is None


def test_a_month_asked_for_before_it_was_over_is_not_the_whole_month(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "visitors_asked_early", "unique_visitors", SEPTEMBER)
    assert (row["value"], row["observed_share"]) == (None, 0.5)


def test_several_web_sources_have_no_visitors_of_all_but_sessions_that_add_up(con: duckdb.DuckDBPyConnection) -> None:
    scopes = con.execute(
        "select distinct scope from marts.kpi_monthly where client = 'two_sites' and kpi = 'unique_visitors'"
    ).fetchall()
    assert {scope for (scope,) in scopes} == {"source=web", "source=shop", "source=shop_old"}
    assert value_of(con, "two_sites", "sessions", SEPTEMBER) == 600
    assert value_of(con, "two_sites", "unique_visitors", SEPTEMBER, scope="source=shop") == 300


def test_all_has_no_value_where_an_open_source_has_none(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "shop_missing", "sessions", SEPTEMBER)
    assert row["value"] is None
    assert "shop: 0 of 30 days observed" in row["note"]
    assert value_of(con, "shop_missing", "sessions", SEPTEMBER, scope="source=web") == 300
    assert days_of(con, "shop_missing", "sessions") == {}


def closing(client: str, as_of: date, *loads: tuple[date, date, date]) -> Story:
    """Loads as (first day, last day, the morning they were read)."""
    story = Story(client, as_of=as_of).source("web", "ga4", opened=date(2020, 1, 1))
    for start, end, morning in loads:
        story.loaded("web", "web_daily", start, end, on=at(morning))
    return story


def test_a_month_closes_with_a_successful_load_at_or_after_its_closing_day() -> None:
    october_31, fifth = date(2026, 10, 31), date(2026, 11, 5)
    fourth = date(2026, 11, 4)
    con = build(
        [
            closing("before", fourth, (OCTOBER, date(2026, 11, 3), fourth)),
            closing("on", fifth, (OCTOBER, fourth, fifth)),
            closing("late_nights", fifth, (OCTOBER, october_31, fourth), (date(2026, 11, 2), fourth, fifth)),
            closing("not_settled", fifth, (OCTOBER, october_31, NOVEMBER), (date(2026, 11, 2), fourth, fifth)),
            closing("off_since", date(2026, 11, 20), (OCTOBER, october_31, NOVEMBER)),
        ]
    )
    closed = {
        client: month_of(con, client, "sessions", OCTOBER)["is_closed"]
        for client in ("before", "on", "late_nights", "not_settled", "off_since")
    }
    assert closed == {"before": False, "on": True, "late_nights": True, "not_settled": False, "off_since": False}
    assert month_of(con, "on", "sessions", OCTOBER)["closes_on"] == fifth


def test_unique_visitors_close_when_their_own_month_was_asked_for_again() -> None:
    fifth = date(2026, 11, 5)

    def asked(client: str, morning: date) -> Story:
        story = Story(client, as_of=fifth).source("web", "ga4").web("web", days(OCTOBER, date(2026, 11, 4)))
        row = {"month": OCTOBER, "asked_through": date(2026, 10, 31), "visitors": 400}
        story.raw("web", "web_monthly", [row])
        story.loaded("web", "web_monthly", OCTOBER, date(2026, 10, 31), on=at(morning))
        return story.loaded("web", "web_monthly", NOVEMBER, date(2026, 11, 4), on=at(fifth))

    con = build([asked("again", fifth), asked("on_the_first", NOVEMBER)])
    assert month_of(con, "again", "unique_visitors", OCTOBER)["is_closed"]
    assert not month_of(con, "on_the_first", "unique_visitors", OCTOBER)["is_closed"]


def doubted(client: str, *doubts: Doubt, stream: str = "web_daily") -> Story:
    """September read whole, every day with visits, with what the source says against it."""
    story = Story(client).source("web", "ga4", opened=date(2020, 1, 1))
    story.raw("web", "web_daily", [{"day": day, "sessions": 10, "page_views": 20} for day in SEPTEMBER_DAYS])
    for name in ("web_daily", "web_monthly"):
        said = doubts if name == stream else ()
        story.loaded("web", name, SEPTEMBER_DAYS[0], SEPTEMBER_DAYS[-1], doubts=said)
    return story


def test_what_a_source_says_against_its_figures_stands_on_their_month() -> None:
    whole = Window(SEPTEMBER_DAYS[0], SEPTEMBER_DAYS[-1])
    con = build(
        [
            doubted("sampled", Doubt(code="sampled", quantity=5, of=10, days=whole)),
            doubted("day", Doubt(code="report_not_made", days=Window(SEPTEMBER_DAYS[3], SEPTEMBER_DAYS[3]))),
            doubted("skipped", Doubt(code="imports_skipped", days=Window(SEPTEMBER_DAYS[0], SEPTEMBER_DAYS[19]))),
            doubted("not_made", Doubt(code="report_not_made", days=whole), stream="web_monthly"),
            doubted("silent"),
        ]
    )
    sampled = month_of(con, "sampled", "sessions", SEPTEMBER)
    assert (sampled["value"], sampled["is_estimated"]) == (300, True)
    assert sampled["note"] == "web: the source counted a sample"
    skipped = month_of(con, "skipped", "sessions", SEPTEMBER)
    assert (skipped["value"], skipped["is_estimated"]) == (None, False)
    assert skipped["note"].endswith("the source left imported statistics out")
    not_made = month_of(con, "not_made", "unique_visitors", SEPTEMBER)
    assert not_made["value"] is None
    assert not_made["note"] == "web: the source has no report, though there was something to report"
    assert value_of(con, "silent", "unique_visitors", SEPTEMBER) is None, "no row, and 300 sessions"
    day = month_of(con, "day", "sessions", SEPTEMBER)
    assert (round(day["observed_share"], 3), day["is_estimated"]) == (0.967, False)
