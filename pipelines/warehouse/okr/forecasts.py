"""A night's forecasts, fitted only where inputs changed, and the scores of those whose outcome is known.

What belongs here: recalling, fitting and keeping answers; which stored forecasts have an outcome. What does not: the
forecast (``okr_models/forecast/forecast.py``), the arithmetic of a score (``okr_models/forecast/scores.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from okr_models.client.model import Client
from okr_models.forecast.forecast import ForecastJob
from okr_models.forecast.jobs import forecast_many, from_json, job_hash, to_json
from okr_models.forecast.scores import score_outcomes
from okr_models.forecast.types import Forecast
from okr_models.periods import ONE_DAY
from pipelines.warehouse.cache import keep, recall
from pipelines.warehouse.db import CORES_VARIABLE, Connection, afterwards, first_row, registered, transaction
from pipelines.warehouse.faults import Faults
from pipelines.warehouse.okr.checkins import owners_scored
from pipelines.warehouse.okr.tables import FORECAST_SCORES
from pipelines.warehouse.tables import names

MOST_WORKERS = 8
PROGRAM = "program"
OUTCOMES = {"achieved": True, "out_of_reach": False}
_OF_AN_OUTCOME = (
    *("client", "objective_id", "key_result_id"),
    *("outcome", "settled_on", "final_value", "definition_version"),
)


def night_workers() -> int:
    """Processes to fit in: one a core, up to eight; ``OKR_CORES`` where other nights share the machine."""
    cores = os.environ.get(CORES_VARIABLE, "")
    return max(1, min(MOST_WORKERS, int(cores) if cores.isdecimal() else os.cpu_count() or 1))


def night_forecaster(con: Connection, *, workers: int) -> Callable[[Sequence[ForecastJob]], list[Forecast]]:
    """A forecaster of many jobs at once, in their order; what was answered on an earlier night is not fitted again."""

    def forecaster(jobs: Sequence[ForecastJob]) -> list[Forecast]:
        wanted = [job_hash(job) for job in jobs]
        known = {key: from_json(text) for key, text in recall(con, "forecast", wanted).items()}
        missing = {key: job for key, job in zip(wanted, jobs, strict=True) if key not in known}
        fitted = dict(zip(missing, forecast_many(list(missing.values()), workers=workers), strict=True))
        if fitted:
            keep(con, "forecast", {key: to_json(answer) for key, answer in fitted.items()})
        return [known.get(key) or fitted[key] for key in wanted]

    return forecaster


def score_forecasts(con: Connection, clients: Iterable[Client]) -> int:
    """Score every past forecast of ``clients`` whose outcome is settled; says how many rows are new or changed.

    A row whose outcome a restatement changed is put right, and one that it opened again is taken back until that is
    settled, so that the table says what is known now. All or nothing: raises ``ClientFaults``, nothing changed, where
    a client's forecasts can't be scored.
    """
    changed, faults = 0, Faults()
    with transaction(con):
        for client in clients:
            with faults.of(client.client):
                rows, ends = _judged(con, client), {each.id: each.period.end for each in client.objectives}
                if not (opened := _opened(con, rows, ends)).empty:
                    changed += _take_back(con, _scored(con, client, rows, opened))
                changed += _store(con, _scored(con, client, rows, _outcomes(rows, ends)))
        faults.raise_any()
    return changed


def _judged(con: Connection, client: Client) -> pd.DataFrame:
    rows: pd.DataFrame = con.execute(
        """
        select client, objective_id, key_result_id, as_of, known_at, probability, forecast_low, forecast_high,
            current, status, definition_version
        from okr.key_result_progress where client = ? order by all
        """,
        [client.client],
    ).df()
    rows["as_of"] = pd.to_datetime(rows["as_of"]).dt.date
    return rows


def _scored(con: Connection, client: Client, rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """What the program and the owners said of ``outcomes``, each with its score."""
    both = [_forecasts_scored(client, rows, outcomes), owners_scored(con, client, rows, outcomes)]
    scored = [each for each in both if not each.empty]
    return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()


def _forecasts_scored(client: Client, rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    said = _said_at_the_time(rows, ZoneInfo(client.timezone))
    if outcomes.empty or said.empty:
        return pd.DataFrame()
    # a forecast of an earlier target is no forecast of the outcome of this one
    version = outcomes[["objective_id", "key_result_id", "definition_version"]]
    same = said.merge(version, on=["objective_id", "key_result_id", "definition_version"])
    scored = score_outcomes(same.drop(columns=["current", "status"]), outcomes.drop(columns="definition_version"))
    return scored.assign(said_by=PROGRAM)


def _outcomes(rows: pd.DataFrame, ends: dict[str, date]) -> pd.DataFrame:
    """A row a settled key result: its outcome by the newest row, since when it stood so, its final value.

    One whose objective left the file, as last year's do, was scored while it stood there: whether that row is of after
    its period can't be told any more.
    """
    found: list[dict[str, object]] = []
    for (client, objective, key_result), history in rows.groupby(["client", "objective_id", "key_result_id"]):
        ordered = history.sort_values(["as_of", "known_at"], kind="stable")
        last, end = ordered.iloc[-1], ends.get(str(objective))
        if last["status"] not in OUTCOMES or end is None:
            continue
        # what an earlier definition came to, such as last year's under the same id, settles nothing of this one
        same = ordered[ordered["definition_version"] == last["definition_version"]]
        # one that a restatement opened again was not settled while it was open
        is_settled = same["status"] == last["status"]
        opened = same.loc[~is_settled & (same["status"] != "cannot_be_judged"), "as_of"]
        open_until = date.min if opened.empty else opened.max()
        found.append(
            {
                "client": client,
                "objective_id": objective,
                "key_result_id": key_result,
                "outcome": OUTCOMES[str(last["status"])],
                "settled_on": same.loc[is_settled & (same["as_of"] >= open_until), "as_of"].min(),
                "final_value": last["current"] if last["as_of"] > end else None,
                "definition_version": last["definition_version"],
            }
        )
    return pd.DataFrame(found, columns=list(_OF_AN_OUTCOME))


def _opened(con: Connection, rows: pd.DataFrame, ends: dict[str, date]) -> pd.DataFrame:
    """The same of key results that were scored and are not settled by their newest row, as if they were on the day
    after: what was said of them so far has no score."""
    scored = set(con.execute("select distinct client, objective_id, key_result_id from okr.forecast_scores").fetchall())
    found: list[tuple[object, ...]] = []
    for whose, history in rows.groupby(["client", "objective_id", "key_result_id"]):
        last = history.sort_values(["as_of", "known_at"], kind="stable").iloc[-1]
        is_open = last["status"] not in {*OUTCOMES, "cannot_be_judged"}
        if whose in scored and str(whose[1]) in ends and is_open:
            found.append((*whose, False, last["as_of"] + ONE_DAY, None, last["definition_version"]))
    return pd.DataFrame(found, columns=list(_OF_AN_OUTCOME))


def _said_at_the_time(rows: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Rows of their own night; a restatement of a past day knew more than a forecast may."""
    nights = rows["known_at"].dt.tz_convert(zone).dt.date
    said: pd.DataFrame = rows[(nights == rows["as_of"]) & ~rows["status"].isin(list(OUTCOMES))]
    return said


def _take_back(con: Connection, said: pd.DataFrame) -> int:
    if said.empty:
        return 0
    key = names(FORECAST_SCORES.key)
    with registered(con, "not_known", said[list(FORECAST_SCORES.key)]):
        count = first_row(
            con,
            f"delete from okr.forecast_scores where ({key}) in (select ({key}) from not_known)",  # noqa: S608 - our names
        )
    return int(count[0]) if count else 0


def _store(con: Connection, scored: pd.DataFrame) -> int:
    if scored.empty:
        return 0
    columns = FORECAST_SCORES.column_names
    table = scored[list(columns)]
    key = names(FORECAST_SCORES.key)
    changed = f"select {names(columns)} from new_scores except select {names(columns)} from okr.forecast_scores"  # noqa: S608
    with registered(con, "new_scores", table), afterwards(con, "drop table if exists changed_scores"), transaction(con):
        con.execute(f"create or replace temp table changed_scores as {changed}")
        con.execute(f"delete from okr.forecast_scores where ({key}) in (select ({key}) from changed_scores)")  # noqa: S608
        con.execute(
            f"insert into okr.forecast_scores ({names(columns)}) select {names(columns)} from changed_scores"  # noqa: S608
        )
        count = first_row(con, "select count(*) from changed_scores")
    return int(count[0]) if count else 0
