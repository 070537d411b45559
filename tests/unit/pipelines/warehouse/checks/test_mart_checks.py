"""The marts' declared tests, and what follows when one fails: the new mart is refused and the old one still served.

Under test: ``declared``, ``run``, ``expectations`` and ``refusals`` over a small warehouse, with real models and Great
Expectations.
Marts are spoiled as a faulty model would spoil them: its SQL is wrapped, so that the tables it reads stay sound.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.warehouse.checks import expectations, run
from pipelines.warehouse.checks.count import Counted
from pipelines.warehouse.checks.declared import Check, checks_of
from pipelines.warehouse.checks.expectations import expectation_of
from pipelines.warehouse.checks.refusals import (
    audit_model,
    reason,
)
from pipelines.warehouse.checks.run import CheckOutcome, check_model
from pipelines.warehouse.home import Home
from pipelines.warehouse.models.project import Model, Project, SqlProjectError, load_project
from pipelines.warehouse.models.schema_yml import DataTest
from pipelines.warehouse.refused import forget_refusals, record_refusal, standing_refusals
from tests.unit.sql_story import Story, at, copy_of_built, days

PROJECT = load_project()
MARTS = [model for model in PROJECT.models if model.layer == "marts"]
AS_OF = date(2026, 11, 20)
WEB_DAYS = days(date(2026, 7, 1), date(2026, 11, 19))


def story() -> Story:
    """One client with every kind of source that a mart is fed by."""
    told = Story("acme", as_of=AS_OF)
    told.source("web", "ga4", blog_path="/blogg/").web("web", WEB_DAYS, sessions=100, page_views=200)
    told.daily("web", "web_pages_daily", WEB_DAYS, host="acme.se", path="/blogg/ett/", page_views=7)
    for month, over in ((date(2026, 9, 1), date(2026, 9, 30)), (date(2026, 10, 1), date(2026, 10, 31))):
        told.raw("web", "web_monthly", [{"month": month, "asked_through": over, "visitors": 1_000}])
        told.loaded("web", "web_monthly", month, over)
    told.source("blog", "wordpress")
    told.reading("blog", "blog_posts", at(AS_OF), [_post("1", "/blogg/ett/"), _post("2", "/blogg/tva/")])
    told.source("page", "facebook")
    for number in range(4):
        taken = at(date(2026, 11, 16) + timedelta(days=number))
        told.reading("page", "follower_snapshots", taken, [{"followers": 500 + number}])
        told.reading(
            "page", "post_counters", taken, [{"post_id": "p", "likes": 5 + number, "comments": 1, "shares": 0}]
        )
        told.loaded("page", "social_posts", taken.date(), taken.date(), on=taken)
    told.raw("page", "social_posts", [{"post_id": "p", "published_at": at(date(2026, 11, 15), 12)}])
    return told


def _post(post_id: str, path: str) -> dict[str, Any]:
    return {
        "post_id": post_id,
        "url": f"https://acme.se{path}",
        "title": post_id,
        "published_at": at(date(2026, 8, 3), 12),
        "published_on": date(2026, 8, 3),
    }


@pytest.fixture(scope="module")
def built() -> duckdb.DuckDBPyConnection:
    con = copy_of_built(story)
    con.execute("create schema kept")
    for model in MARTS:
        con.execute(f"create table kept.{model.name} as select * from marts.{model.name}")
    return con


@pytest.fixture
def con(built: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The shared warehouse; what a test does to a mart is put back."""
    yield built
    for model in MARTS:
        built.execute(f"create or replace table marts.{model.name} as select * from kept.{model.name}")


def mart(name: str) -> Model:
    return PROJECT.model(name)


def spoiled(model: Model, sql: str) -> Model:
    """The model with its SQL wrapped; ``{mart}`` stands for what it would have given."""
    return dataclasses.replace(model, sql=sql.format(mart=f"({model.sql})"))


def outcomes(con: duckdb.DuckDBPyConnection, model: Model, table: str | None = None) -> dict[str, CheckOutcome]:
    found = check_model(con, model, project=PROJECT, table=table or f"marts.{model.name}")
    return {outcome.name: outcome for outcome in found}


def contents(con: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[Any, ...]]:
    return con.execute(f"select * from marts.{model.name} order by all").fetchall()


@pytest.mark.parametrize("model", MARTS, ids=lambda model: model.name)
def test_a_sound_mart_is_not_empty_and_passes_every_check(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    assert contents(con, model)
    assert [outcome for outcome in outcomes(con, model).values() if not outcome.passed] == []


@pytest.mark.parametrize("model", MARTS, ids=lambda model: model.name)
def test_every_declared_test_of_a_mart_is_a_check_with_a_sentence(model: Model) -> None:
    checks = checks_of(model)
    declared = len(model.tests) + len(model.audits) + sum(len(column.tests) for column in model.columns)
    assert len(checks) == declared
    assert all(check.description.strip() and "{" not in check.description for check in checks)
    asked = {check.test.name for check in checks}
    assert {"grain", "not_null"} <= asked
    if model.name not in DIMENSIONS:
        assert {"relationships", "has_rows_for"} <= asked
    for check in checks:
        if check.is_native:
            kind, arguments = expectation_of(check, among=lambda _model, _field: ["acme"])
            assert kind.startswith("Expect")
            assert arguments["meta"] == {"check": check.name}


DIMENSIONS = {"clients", "kpis", "sources", "objectives", "key_results"}
"""What the client files say: of nothing that was read, and of no client but their own."""
SPOILED = [
    ("blog_post_daily", "grain", "select * from {mart} union all select * from {mart}"),
    ("blog_post_daily", "non_negative__page_views", "select * replace (-page_views as page_views) from {mart}"),
    ("blog_posts", "grain", "select * from {mart} union all select * from {mart}"),
    ("blog_posts", "not_above__page_views_90d", "select * replace (page_views - 1 as page_views) from {mart}"),
    ("kpi_daily", "not_null__value", "select * replace (nullif(value, 200) as value) from {mart}"),
    ("kpi_daily", "non_negative__value", "select * replace (-value as value) from {mart}"),
    ("kpi_daily", "accepted_values__origin", "select * replace ('guess' as origin) from {mart}"),
    ("kpi_daily", "sources_within_all", "select * replace (case when scope = 'all' then value / 2 else value end as value) from {mart}"),  # noqa: E501
    ("kpi_daily", "platforms_within_all", "select * replace (case when scope like 'platform=%' then value * 1.01 else value end as value) from {mart}"),  # noqa: E501
    ("kpi_daily", "relationships__client", "select * replace ('nobody' as client) from {mart}"),
    ("kpi_daily", "has_rows_for", "select * from {mart} where false"),
    ("kpi_monthly", "grain", "select * from {mart} union all select * from {mart}"),
    ("kpi_monthly", "sources_within_all", "select * replace (case when scope like 'source=%' then value * 1.01 else value end as value) from {mart}"),  # noqa: E501
    ("kpi_monthly", "platforms_within_all", "select * replace (case when scope like 'platform=%' then value * 1.01 else value end as value) from {mart}"),  # noqa: E501
    ("kpi_monthly", "accepted_range__observed_share", "select * replace (observed_share + 1 as observed_share) from {mart}"),  # noqa: E501
    ("kpi_monthly", "relationships__kpi", "select * replace ('clicks' as kpi) from {mart}"),
    ("kpi_monthly", "has_rows_for", "select * from {mart} where false"),
    ("social_post_daily", "not_null__is_estimated", "select * replace (cast(null as boolean) as is_estimated) from {mart}"),  # noqa: E501
    ("social_post_daily", "has_rows_for", "select * from {mart} where false"),
    ("social_posts", "finite__interactions_28d", "select * replace ('nan'::double as interactions_28d) from {mart}"),
    ("social_posts", "has_rows_for", "select * from {mart} where false"),
    ("clients", "grain", "select * from {mart} union all select * from {mart}"),
    ("kpis", "not_null__title", "select * replace (null::varchar as title) from {mart}"),
    ("sources", "grain", "select * from {mart} union all select * from {mart}"),
    ("objectives", "grain", "select * from {mart} union all select * from {mart}"),
    ("key_results", "grain", "select * from {mart} union all select * from {mart}"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "check", "sql"), SPOILED, ids=[f"{mart}-{check}" for mart, check, _ in SPOILED])
def test_a_spoiled_mart_is_refused_by_name_and_the_previous_one_still_served(
    con: duckdb.DuckDBPyConnection, name: str, check: str, sql: str
) -> None:
    before = contents(con, mart(name))
    audit = audit_model(con, spoiled(mart(name), sql), project=PROJECT)
    assert audit.result is None
    assert any(f"check {check} failed" in line for line in audit.reasons)
    assert contents(con, mart(name)) == before
    assert con.execute("select table_name from duckdb_tables() where table_name like '%building'").fetchall() == []


def test_every_mart_is_spoiled_in_turn() -> None:
    assert {name for name, _, _ in SPOILED} == {model.name for model in MARTS}


def test_a_sound_mart_takes_the_old_ones_place(con: duckdb.DuckDBPyConnection) -> None:
    before = contents(con, mart("kpi_daily"))
    con.execute("delete from marts.kpi_daily")
    audit = audit_model(con, mart("kpi_daily"), project=PROJECT)
    assert audit.result is not None
    assert audit.result.rows == len(before)
    assert contents(con, mart("kpi_daily")) == before


def test_failing_rows_are_counted_and_at_most_ten_are_shown_with_their_key(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.kpi_daily set value = -value where kpi = 'sessions'")
    outcome = outcomes(con, mart("kpi_daily"))["non_negative__value"]
    assert outcome.blocks
    assert outcome.unexpected == 2 * len(WEB_DAYS)
    assert len(outcome.sample) == 10
    assert set(outcome.sample[0]) == {"client", "kpi", "scope", "day", "value"}
    assert outcome.sample[0]["kpi"] == "sessions"
    assert outcome.sample[0]["value"] == -100
    said = reason(outcome)
    assert f"failed ({outcome.unexpected} rows, first client acme" in said
    assert "00:00:00" not in said


def test_a_check_of_some_rows_leaves_the_others_alone(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into marts.kpi_daily by name select * replace ('new_followers' as kpi, -3 as value)"
                " from marts.kpi_daily where kpi = 'sessions'")  # fmt: skip
    assert outcomes(con, mart("kpi_daily"))["non_negative__value"].passed


def test_a_key_with_nulls_twice_is_no_key(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.social_post_daily set post_id = null, day = null")
    found = outcomes(con, mart("social_post_daily"))
    assert found["not_null__post_id"].blocks
    assert not found["grain"].passed


def test_a_warning_does_not_keep_a_mart_back(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.kpi_monthly set value = value * 2 where is_closed and kpi = 'sessions'")
    audit = audit_model(con, mart("kpi_monthly"), project=PROJECT)
    warned = [outcome for outcome in audit.outcomes if not outcome.passed]
    assert [(outcome.name, outcome.severity) for outcome in warned] == [("restatement", "warn")]
    assert warned[0].sample[0]["old_value"] == 2 * float(str(warned[0].sample[0]["new_value"]))
    assert audit.result is not None


def test_the_first_mart_has_nothing_to_be_a_restatement_of(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop table marts.kpi_monthly")
    assert audit_model(con, mart("kpi_monthly"), project=PROJECT).result is not None


@pytest.mark.parametrize("visitors", [99, 3_300])
def test_a_months_visitors_beyond_its_days_or_below_the_largest_are_warned_of(
    con: duckdb.DuckDBPyConnection, visitors: int
) -> None:
    con.execute(
        "update marts.kpi_monthly set value = ? where kpi = 'unique_visitors' and month = date '2026-10-01'", [visitors]
    )
    outcome = outcomes(con, mart("kpi_monthly"))["visitors_within_days"]
    allowed = visitors == 99  # of 100 on the largest day: within what a source rounds
    assert outcome.passed is allowed
    assert not outcome.blocks


def test_a_source_that_fell_silent_is_warned_of_unless_it_is_paused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.kpi_daily where scope = 'source=web' and day > date '2026-11-10'")
    outcome = outcomes(con, mart("kpi_daily"))["freshness"]
    assert [(row["scope"], row["age_days"]) for row in outcome.sample] == [("source=web", 10)]
    assert not outcome.blocks
    con.execute("begin transaction")
    try:
        con.execute(
            "insert into staging.stg_config__pauses by name select 'acme' as client, 'web' as source,"
            " date '2026-11-11' as from_on, date '2026-11-30' as to_on"
        )
        assert outcomes(con, mart("kpi_daily"))["freshness"].passed
    finally:
        con.execute("rollback")


@pytest.mark.parametrize(
    ("share", "noticed"), [(0.0, True), (0.4, True), (0.8, False), (1.0, False), (1.3, False), (2.5, True)]
)
def test_a_tracking_outage_or_double_counting_is_seen_the_next_morning(
    con: duckdb.DuckDBPyConnection, share: float, noticed: bool
) -> None:
    # a site that has quiet weekends and is never twice the same
    con.execute(
        """update marts.kpi_daily set value = 1000 * (case when isodow(day) > 5 then 0.4 else 1 end)
           * (1 + 0.05 * sin(epoch(day) / 86400.0 * 7)) where kpi = 'sessions'"""
    )
    con.execute(
        "update marts.kpi_daily set value = value * ? where kpi = 'sessions' and day = ?", [share, WEB_DAYS[-1]]
    )
    outcome = outcomes(con, mart("kpi_daily"))["traffic_like_its_history"]
    assert [row["day"].date() for row in outcome.sample] == ([WEB_DAYS[-1]] if noticed else [])  # type: ignore[attr-defined]
    assert not outcome.blocks
    if noticed:
        z_score = float(str(outcome.sample[0]["z_score"]))
        assert math.copysign(1, z_score) == (1 if share > 1 else -1)


def test_a_young_series_is_not_judged_by_its_history(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.kpi_daily where day < date '2026-10-01'")
    con.execute("update marts.kpi_daily set value = 0 where day = ? and kpi = 'sessions'", [WEB_DAYS[-1]])
    assert outcomes(con, mart("kpi_daily"))["traffic_like_its_history"].passed


def without_column(con: duckdb.DuckDBPyConnection) -> str:
    con.execute("create or replace temp table lacking as select * exclude (value) from marts.kpi_daily")
    return "temp.lacking"


def test_a_check_that_raised_has_neither_passed_nor_failed_and_blocks(con: duckdb.DuckDBPyConnection) -> None:
    found = outcomes(con, mart("kpi_daily"), table=without_column(con))
    for name in ("not_null__value", "non_negative__value", "sources_within_all", "traffic_like_its_history"):
        outcome = found[name]
        assert outcome.raised, name
        assert not outcome.passed
        assert outcome.blocks
        assert "could not be run" in reason(outcome)
    assert found["grain"].passed, "other checks of the same table still ran"


def test_a_library_that_falls_over_takes_no_refusal_away(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(expectations, "_validated", fall_over)
    audit = audit_model(con, spoiled(mart("blog_posts"), "select * from {mart} union all from {mart}"), project=PROJECT)
    assert audit.result is None
    (grain,) = [outcome for outcome in audit.outcomes if outcome.name == "grain"]
    assert (grain.blocks, grain.explanation) == (True, {"not_explained": "MemoryError: no room"})


def test_a_count_that_was_lost_is_no_pass(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "count_failing", lambda *_, **__: Counted())
    found = outcomes(con, mart("social_posts"))
    assert len(found) == len(checks_of(mart("social_posts")))
    assert all(outcome.raised and outcome.blocks for outcome in found.values() if outcome.name != "restatement")


def test_a_mart_that_fails_is_validated_once_and_told_of_by_its_values(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    validations: list[str] = []
    real = expectations._validated

    def counted(*args: Any, **kwargs: Any) -> Any:
        validations.append(kwargs["name"])
        return real(*args, **kwargs)

    monkeypatch.setattr(expectations, "_validated", counted)
    for model in MARTS:
        audit_model(con, model, project=PROJECT)
    assert validations == [], "a sound night needs no library"
    guess = "select * replace ('guess' as origin, null::date as day) from {mart}"
    audit = audit_model(con, spoiled(mart("kpi_daily"), guess), project=PROJECT)
    assert validations == ["kpi_daily"]
    about = {outcome.name: outcome.explanation for outcome in audit.outcomes if outcome.explanation}
    assert {"accepted_values__origin", "not_null__day", "grain"} <= about.keys()
    found = about["accepted_values__origin"]
    assert found is not None
    assert (found["success"], found["unexpected_percent"], found["partial_unexpected_list"][0]) == (False, 100, "guess")


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ((DataTest(name="not_nul"),), "there is no test not_nul"),
        ((DataTest(name="grain"), DataTest(name="grain")), "two tests are called grain"),
        ((DataTest(name="grain", severity="fatal"),), "error or warn"),
        ((DataTest(name="restatement"),), "there is no test restatement"),
    ],
)
def test_a_test_that_nobody_knows_is_refused_when_the_graph_is_loaded(tests: tuple[DataTest, ...], said: str) -> None:
    with pytest.raises(SqlProjectError, match=said):
        checks_of(dataclasses.replace(mart("social_posts"), tests=tests))


def test_a_check_of_another_model_is_read_from_the_project() -> None:
    lost = dataclasses.replace(
        mart("social_posts"), tests=(DataTest(name="has_rows_for", arguments={"of": "ref('x')"}),)
    )
    (check, *_) = checks_of(lost)
    assert isinstance(check, Check)
    assert check.refs == ("x",)


class Served:
    """A home folder that serves a published file."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.published.mkdir()
        self.publish("okr-first.duckdb")

    def publish(self, name: str) -> None:
        (self.home.published / name).touch()
        self.home.published_database.unlink(missing_ok=True)
        self.home.published_database.symlink_to(name)

    def refuse(self, table: str, run_id: str) -> None:
        now = datetime(2026, 11, 20, 4, tzinfo=UTC)
        record_refusal(self.home, table=table, reasons=["check grain failed (1 row)"], run_id=run_id, at=now)


def test_refusals_of_one_run_stand_together_until_something_newer_is_published(tmp_path: Path) -> None:
    served = Served(tmp_path)
    assert standing_refusals(served.home) == ()
    served.refuse("marts.kpi_daily", "one")
    served.refuse("marts.blog_posts", "two")
    served.refuse("marts.kpi_monthly", "two")
    served.refuse("marts.kpi_monthly", "two")
    assert [refusal.table for refusal in standing_refusals(served.home)] == ["marts.blog_posts", "marts.kpi_monthly"]
    served.publish("okr-later.duckdb")  # by a run that was killed before it could forget
    assert standing_refusals(served.home) == ()
    forget_refusals(served.home)
    forget_refusals(served.home)
    assert not served.home.refusal.exists()


def test_a_refusal_before_anything_was_published_stands_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    record_refusal(home, table="marts.x", reasons=["r"], run_id="one", at=datetime(2026, 11, 20, tzinfo=UTC))
    assert [refusal.serving for refusal in standing_refusals(home)] == [None]


def test_the_project_is_the_one_that_the_night_runs() -> None:
    assert isinstance(PROJECT, Project)
    folder = Path(__file__).parents[5] / "dbt_like_sql" / "models" / "marts"
    assert {model.name for model in MARTS} == {file.stem for file in folder.rglob("*.sql")}
