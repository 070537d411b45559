"""Judging a client's initiatives from a real DuckDB file: which days are read, what is written, what is not done twice.

``marts.kpi_daily`` is made by hand, with only the columns that the step reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connectors.linkedin.settings import LinkedIn
from okr_models.client.model import (
    AtLeast,
    Between,
    Change,
    Client,
    Initiative,
    KeyResult,
    Number,
    Objective,
    Period,
    Scope,
    Target,
)
from okr_models.client.sources import EnvRef, Pause
from okr_models.progress.components import measured
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr import initiatives as initiative_step
from pipelines.warehouse.okr.initiatives import judge_initiatives
from tests.empty_home import connected
from tests.unit.okr_figures import source

START, END = date(2026, 3, 1), date(2026, 3, 28)
AFTER = date(2026, 4, 20)

WEEKLY = Initiative(
    id="weekly",
    title="Weekly series",
    key_result="awareness/interactions",
    scope=Scope(platform="linkedin"),
    registered=date(2026, 2, 10),
    start=START,
    end=END,
    smallest_worthwhile_effect=0.15,
    cost=40_000.0,
)
PODCAST = Initiative(id="podcast", title="A podcast")


def client(*initiatives: Initiative, paused: tuple[Pause, ...] = ()) -> Client:
    key_result = KeyResult(id="interactions", title="More", kpi="interactions", target=Change(share=0.4))
    period = Period(start=date(2026, 1, 1), end=date(2026, 12, 31))
    return Client(
        client="fjallglas",
        name="Fjällglas AB",
        language="en",
        sources=(LinkedIn(id="linkedin", organization_id="1", token=EnvRef(env="T"), paused=paused),),
        objectives=(Objective(id="awareness", title="Be known", period=period, key_results=(key_result,)),),
        initiatives=initiatives,
    )


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    connection = connected(Home.resolve(str(tmp_path), {}))
    connection.execute(
        "create table marts.kpi_daily (client varchar, kpi varchar, scope varchar, day date, value double)"
    )
    rng = np.random.default_rng(3)
    first = date(2025, 10, 1)
    for step in range((AFTER + timedelta(days=60) - first).days):
        day = first + timedelta(days=step)
        value = 500 * (1.35 if START <= day <= END else 1.0) * float(np.exp(0.05 * rng.standard_normal()))
        add_day(connection, day, value)
    yield connection
    connection.close()


def add_day(con: Connection, day: date, value: float) -> None:
    con.execute(
        "insert into marts.kpi_daily values ('fjallglas', 'interactions', 'platform=linkedin', ?, ?)", [day, value]
    )


def rows(con: Connection) -> list[dict[str, Any]]:
    found = con.execute("select * from okr.initiative_results order by initiative_id, as_of")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_a_finished_initiative_is_judged_from_the_daily_marts_and_written(con: Connection) -> None:
    judge_initiatives(con, [client(WEEKLY)], fixed_clock(AFTER), workers=1)
    (row,) = rows(con)
    assert (row["verdict"], row["as_of"], row["kpi"]) == ("keep", AFTER, "interactions")
    assert row["effect"] == pytest.approx(0.35, abs=0.06)
    assert row["cost"] == 40_000
    assert row["effect_share"] is None
    assert "The only initiative tested." in row["reason"]


def stand(con: Connection, *, baseline: float, target: float) -> None:
    """Its key result as a night left it."""
    con.execute(
        "insert into okr.key_result_progress (client, objective_id, key_result_id, as_of, known_at, title, baseline,"
        " target, status, is_estimated, definition_version, input_hash)"
        " values ('fjallglas', 'awareness', 'interactions', ?, now(), 't', ?, ?, 'on_track', false, 'v', 'h')",
        [AFTER, baseline, target],
    )


@pytest.mark.parametrize(
    ("target", "stands", "gap"),
    [
        (AtLeast(at_least=21_000.0), (15_000.0, 21_000.0), 6000 * 28 / (365.25 / 12)),
        (AtLeast(at_least=12_000.0), (15_000.0, 12_000.0), None),
        (AtLeast(at_least=21_000.0, hold=True), (0.0, 1.0), None),
        (Between(between=(15_000.0, 21_000.0)), (0.0, 1.0), None),
        (Number(value=200_000.0), (0.0, 200_000.0), 200_000.0),
    ],
    ids=["a month's sum", "inside from the start", "hold", "between", "a sum"],
)
def test_its_share_is_of_a_gap_in_the_figures_own_unit_or_of_none(
    con: Connection, target: Target, stands: tuple[float, float], gap: float | None
) -> None:
    """Of a year of twelve months inside bounds an initiative gave no 3,000 times as many."""
    stand(con, baseline=stands[0], target=stands[1])
    plain = client(WEEKLY)
    asked = plain.objectives[0].key_results[0].model_copy(update={"target": target})
    objective = plain.objectives[0].model_copy(update={"key_results": (asked,)})
    (result,) = judge_initiatives(
        con, [plain.model_copy(update={"objectives": (objective,)})], fixed_clock(AFTER), workers=1
    )
    assert result.response is not None
    assert result.effect_share == (None if gap is None else pytest.approx(result.response / gap))


def test_its_share_of_the_key_results_gap_counts_every_month_of_the_period(con: Connection) -> None:
    stand(con, baseline=15_000, target=21_000)
    (result,) = judge_initiatives(con, [client(WEEKLY)], fixed_clock(AFTER), workers=1)
    assert result.response is not None
    assert rows(con)[0]["effect_share"] == pytest.approx(result.response / (6000 * 12))


@pytest.mark.parametrize(
    ("scope", "has_share"),
    [(Scope(), True), (Scope(source="linkedin"), True), (Scope(platform="facebook"), False)],
    ids=str,
)
def test_what_it_gave_elsewhere_is_no_share_of_the_key_results_gap(
    con: Connection, scope: Scope, has_share: bool
) -> None:
    stand(con, baseline=15_000, target=21_000)
    plain = client(WEEKLY)
    asked = plain.objectives[0].key_results[0].model_copy(update={"scope": scope})
    objective = plain.objectives[0].model_copy(update={"key_results": (asked,)})
    elsewhere = plain.model_copy(update={"objectives": (objective,)})
    (result,) = judge_initiatives(con, [elsewhere], fixed_clock(AFTER), workers=1)
    assert (result.effect_share is not None) is has_share


@pytest.mark.parametrize(
    ("kpi", "part", "whole", "is_part"),
    [
        ("sessions", Scope(channel="email"), Scope(), True),
        ("sessions", Scope(), Scope(channel="email"), False),
        ("sessions", Scope(source="shop"), Scope(), True),
        ("conversion_rate", Scope(source="shop"), Scope(), False),
        ("conversion_rate", Scope(source="shop"), Scope(source="shop"), True),
    ],
)
def test_a_part_of_a_sum_is_in_the_whole_and_a_parts_rate_is_another_rate(
    kpi: str, part: Scope, whole: Scope, is_part: bool
) -> None:
    both = client().model_copy(update={"sources": (source("ga4", "web"), source("ga4", "shop"))})
    assert initiative_step.lies_within(part, whole, facts=measured(both, kpi), client=both) is is_part


def test_the_same_day_again_replaces_its_rows_and_leaves_other_days_alone(con: Connection) -> None:
    judge_initiatives(con, [client(WEEKLY, PODCAST)], fixed_clock(AFTER), workers=1)
    before = rows(con)
    judge_initiatives(con, [client(WEEKLY, PODCAST)], fixed_clock(AFTER), workers=1)
    assert rows(con) == before
    judge_initiatives(con, [client(PODCAST)], fixed_clock(AFTER + timedelta(days=1)), workers=1)
    assert [(row["initiative_id"], row["as_of"]) for row in rows(con)] == [
        ("podcast", AFTER),
        ("podcast", AFTER + timedelta(days=1)),
        ("weekly", AFTER),
    ]


def test_a_new_nights_days_do_not_make_a_finished_one_be_judged_again(
    con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []
    real = initiative_step.in_parallel

    def counting(work: Any, cases: list[Any], *, workers: int) -> Any:
        judged.append(len(cases))
        return real(work, cases, workers=workers)

    monkeypatch.setattr(initiative_step, "in_parallel", counting)
    for step in range(3):
        judge_initiatives(con, [client(WEEKLY)], fixed_clock(AFTER + timedelta(days=step)), workers=1)
    con.execute("update marts.kpi_daily set value = value * 1.1 where day = ?", [START])
    judge_initiatives(con, [client(WEEKLY)], fixed_clock(AFTER + timedelta(days=3)), workers=1)
    assert judged == [1, 0, 0, 1]


def test_a_running_one_rests_on_the_days_before_its_start_only(con: Connection) -> None:
    for day in (date(2026, 3, 5), date(2026, 3, 20)):
        judge_initiatives(con, [client(WEEKLY)], fixed_clock(day), workers=1)
    first, second = rows(con)
    assert first["verdict"] == second["verdict"] == "running"
    assert first["detectable_effect"] == second["detectable_effect"] is not None


def test_one_without_a_key_result_is_not_aligned_and_reads_no_days(con: Connection) -> None:
    con.execute("delete from marts.kpi_daily")
    judge_initiatives(con, [client(PODCAST)], fixed_clock(AFTER), workers=1)
    assert [(row["verdict"], row["effect"]) for row in rows(con)] == [("not_aligned", None)]


def test_the_goals_of_this_year_are_those_of_the_night_and_not_of_a_year_that_is_over(con: Connection) -> None:
    plain = client(PODCAST)
    after = Period(start=date(2027, 1, 1), end=date(2027, 12, 31))
    following = plain.objectives[0].model_copy(update={"id": "trust", "title": "Be trusted", "period": after})
    both = plain.model_copy(update={"objectives": (*plain.objectives, following)})
    for night in (date(2026, 12, 31), date(2027, 1, 1)):
        judge_initiatives(con, [both], fixed_clock(night), workers=1)
    head = "Not in line with this year's goals. They are:"
    assert [row["reason"] for row in rows(con)] == [f"{head} Be known.", f"{head} Be trusted."]


def test_a_pause_of_its_source_spoils_nothing_where_its_days_are_there(con: Connection) -> None:
    pause = Pause.model_validate({"from": date(2026, 3, 10), "to": date(2026, 3, 12), "reason": "rebuild"})
    judge_initiatives(con, [client(WEEKLY, paused=(pause,))], fixed_clock(AFTER), workers=1)
    assert rows(con)[0]["verdict"] != "cannot_be_judged"
    assert rows(con)[0]["effect"] is not None


def test_zeros_before_its_account_opened_are_no_history(con: Connection) -> None:
    opened = date(2026, 2, 1)
    con.execute("update marts.kpi_daily set value = 0 where day < ?", [opened])
    plain = client(WEEKLY)
    young = plain.model_copy(update={"sources": (plain.sources[0].model_copy(update={"opened": opened}),)})
    judge_initiatives(con, [young], fixed_clock(AFTER), workers=1)
    (row,) = rows(con)
    assert (row["verdict"], row["effect"]) == ("cannot_be_judged", None)
    assert "28 days" in row["reason"]
    assert "84" in row["reason"]


def test_no_daily_figures_cannot_be_judged_and_are_no_zeros(con: Connection) -> None:
    con.execute("delete from marts.kpi_daily")
    judge_initiatives(con, [client(WEEKLY)], fixed_clock(AFTER), workers=1)
    (row,) = rows(con)
    assert (row["verdict"], row["effect"]) == ("cannot_be_judged", None)
    assert "no daily values" in row["reason"]


def test_a_guardrail_whose_measure_changed_inside_cannot_be_told(con: Connection) -> None:
    """A cookie banner took a third of the visits that were counted: nothing got worse that anybody knows of."""
    for step in range((AFTER - date(2025, 10, 1)).days):
        day = date(2025, 10, 1) + timedelta(days=step)
        value = (1000.0 if day < date(2026, 3, 10) else 600.0) + step % 7
        con.execute("insert into marts.kpi_daily values ('fjallglas', 'sessions', 'all', ?, ?)", [day, value])
    watched = client(WEEKLY.model_copy(update={"guardrails": ("sessions",)}))
    plain = source("ga4", "web")
    banner = source("ga4", "web", breaks=[{"date": date(2026, 3, 10), "reason": "Banner"}])
    before = source("ga4", "web", breaks=[{"date": date(2026, 2, 20), "reason": "Banner"}])
    said = []
    for web in (plain, banner, before):
        judged = watched.model_copy(update={"sources": (*watched.sources, web)})
        judge_initiatives(con, [judged], fixed_clock(AFTER), workers=1)
        said.append((rows(con)[0]["verdict"], rows(con)[0]["reason"]))
    assert said[0][0] == "undecided"
    assert "But what must not get worse did" in said[0][1]
    assert said[1][0] == said[2][0] == "keep"
    assert "Cannot be told: Sessions." in said[1][1]
    assert "Cannot be told: Sessions." in said[2][1], "nine days after the change are too few"
