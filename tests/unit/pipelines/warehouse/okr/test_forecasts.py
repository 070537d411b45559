"""A night's forecasts against a real DuckDB file: what is recalled and not fitted again, and which get scored.

Rows of ``key_result_progress`` are written by hand here, as nights would have; scoring reads nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from okr_models.client.model import Change, Client, KeyResult, Objective, Period
from okr_models.forecast.calibration import OWN_LIMIT
from okr_models.forecast.forecast import ForecastJob
from okr_models.forecast.own_widening import own_widening
from okr_models.forecast.path_values import Line, MeanOfMonths
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr import forecasts as forecast_step
from pipelines.warehouse.okr.forecasts import night_forecaster, score_forecasts
from tests.empty_home import connected

CLIENT = Client(
    client="a",
    name="A",
    objectives=(
        Objective(
            id="o",
            title="O",
            period=Period(start=date(2026, 1, 1), end=date(2026, 12, 31)),
            key_results=(KeyResult(id="k", title="K", kpi="sessions", target=Change(share=0.3)),),
        ),
    ),
)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    connection = connected(Home.resolve(str(tmp_path), {}))
    yield connection
    connection.close()


def job(seed: int = 1, *, months: int = 30, line: float = 1000.0) -> ForecastJob:
    history = tuple(1000 * np.exp(0.05 * np.random.default_rng(seed).standard_normal(months)))
    return ForecastJob(history=history, horizon=6, months_in=6, reducer=MeanOfMonths(), success=Line(value=line))


def night(as_of: date, *, known_at: datetime | None = None, **values: Any) -> dict[str, Any]:
    """One row of progress as the night of ``as_of`` writes it: 05:00 in Stockholm, an hour or two less in UTC."""
    plain = {
        "client": "a",
        "objective_id": "o",
        "key_result_id": "k",
        "as_of": as_of,
        "known_at": known_at or datetime(as_of.year, as_of.month, as_of.day, 4, tzinfo=UTC),
        "title": "K",
        "current": 120.0,
        "probability": 0.8,
        "forecast_low": 100.0,
        "forecast_high": 140.0,
        "status": "on_track",
        "is_estimated": False,
        "definition_version": "v1",
        "input_hash": f"{as_of}",
    }
    return plain | values


def write(con: Connection, *rows: dict[str, Any]) -> None:
    for row in rows:
        marks = ", ".join("?" for _ in row)
        con.execute(f"insert into okr.key_result_progress ({', '.join(row)}) values ({marks})", list(row.values()))


def scores(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute(
        "select as_of, probability, outcome, round(brier, 4), is_inside from okr.forecast_scores order by all"
    ).fetchall()


CLOSED = night(date(2027, 1, 6), status="achieved", probability=1.0, current=130.0)


def test_only_jobs_whose_inputs_changed_are_fitted(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[int] = []
    real = forecast_step.forecast_many

    def counting(jobs: list[ForecastJob], *, workers: int) -> Any:
        fitted.append(len(jobs))
        return real(jobs, workers=workers)

    monkeypatch.setattr(forecast_step, "forecast_many", counting)
    forecaster = night_forecaster(con, workers=1)
    first = forecaster([job(1), job(2), job(1)])
    assert first[0] == first[2] != first[1]
    again = night_forecaster(con, workers=1)([job(2), job(1), job(3)])
    assert again[:2] == [first[1], first[0]]
    assert fitted == [2, 1]


def test_what_was_kept_is_never_published(con: Connection) -> None:
    night_forecaster(con, workers=1)([job(1)])
    schemas = con.execute("select schema_name from duckdb_tables() where table_name = 'answers'").fetchall()
    assert schemas == [("cache",)]


def test_each_past_forecast_is_scored_once_its_outcome_is_settled(con: Connection) -> None:
    write(con, night(date(2026, 6, 1)), night(date(2026, 9, 1), probability=0.4, forecast_high=125.0))
    assert score_forecasts(con, [CLIENT]) == 0
    assert scores(con) == []
    write(con, CLOSED)
    assert score_forecasts(con, [CLIENT]) == 2
    assert scores(con) == [
        (date(2026, 6, 1), 0.8, True, 0.04, True),
        (date(2026, 9, 1), 0.4, True, 0.36, False),
    ]


def test_scoring_twice_adds_nothing(con: Connection) -> None:
    write(con, night(date(2026, 6, 1)), CLOSED)
    assert score_forecasts(con, [CLIENT]) == 1
    assert score_forecasts(con, [CLIENT]) == 0
    assert len(scores(con)) == 1


def test_a_restated_outcome_puts_its_scores_right(con: Connection) -> None:
    write(con, night(date(2026, 6, 1)), CLOSED)
    score_forecasts(con, [CLIENT])
    write(con, night(date(2027, 1, 9), status="out_of_reach", probability=0.0, current=90.0))
    assert score_forecasts(con, [CLIENT]) == 1
    assert scores(con) == [(date(2026, 6, 1), 0.8, False, 0.64, False)]


def test_what_was_said_while_a_restatement_had_opened_it_again_is_scored_too(con: Connection) -> None:
    counted_twice = night(date(2026, 9, 1), status="achieved", probability=1.0)
    write(con, night(date(2026, 6, 1)), counted_twice, night(date(2026, 10, 1), probability=0.4), CLOSED)
    score_forecasts(con, [CLIENT])
    assert [row[0] for row in scores(con)] == [date(2026, 6, 1), date(2026, 10, 1)]


def test_what_a_restatement_opened_again_has_no_score_until_it_is_settled(con: Connection) -> None:
    write(con, night(date(2026, 5, 1), definition_version="v0"))
    write(con, night(date(2026, 5, 3), status="achieved", definition_version="v0"))
    score_forecasts(con, [CLIENT])
    before = scores(con)
    write(con, night(date(2026, 6, 1)), night(date(2026, 9, 1), status="achieved", probability=1.0))
    score_forecasts(con, [CLIENT])
    assert [row[0] for row in scores(con)] == [date(2026, 5, 1), date(2026, 6, 1)]
    write(con, night(date(2026, 9, 2), status="cannot_be_judged", probability=None))
    assert score_forecasts(con, [CLIENT]) == 0
    write(con, night(date(2026, 10, 1)))
    assert score_forecasts(con, [CLIENT]) == 1
    assert scores(con) == before, "what an earlier target came to is known"
    assert score_forecasts(con, [CLIENT]) == 0
    write(con, CLOSED)
    assert score_forecasts(con, [CLIENT]) == 2


def test_last_years_objective_keeps_its_scores_when_it_leaves_the_file(con: Connection) -> None:
    write(con, night(date(2026, 6, 1)), CLOSED)
    score_forecasts(con, [CLIENT])
    before = scores(con)
    assert before[0][4] is True
    assert score_forecasts(con, [CLIENT.model_copy(update={"objectives": ()})]) == 0
    assert scores(con) == before


def test_a_restatement_of_a_past_day_is_no_forecast(con: Connection) -> None:
    later = datetime(2026, 8, 1, 3, tzinfo=UTC)
    write(con, night(date(2026, 6, 1), known_at=later), CLOSED)
    assert score_forecasts(con, [CLIENT]) == 0


def test_a_forecast_of_an_earlier_target_is_not_held_against_the_new_ones_outcome(con: Connection) -> None:
    write(con, night(date(2026, 6, 1), definition_version="v0"), CLOSED)
    assert score_forecasts(con, [CLIENT]) == 0


def test_a_row_without_a_probability_is_not_scored(con: Connection) -> None:
    write(con, night(date(2026, 6, 1), probability=None), CLOSED)
    assert score_forecasts(con, [CLIENT]) == 0


def test_one_achieved_before_the_period_ends_has_no_final_value_to_be_inside_of(con: Connection) -> None:
    early = night(date(2026, 10, 1), status="achieved", probability=1.0)
    write(con, night(date(2026, 6, 1)), early)
    score_forecasts(con, [CLIENT])
    assert [row[4] for row in scores(con)] == [None]


def test_a_series_with_twenty_origins_is_widened_by_its_own_misses() -> None:
    short, long = job(months=48), job(months=49)
    assert own_widening(short) == 1.0
    assert own_widening(long) != 1.0
    assert 1 / OWN_LIMIT <= own_widening(long) <= OWN_LIMIT
