"""The OKR step: reads the marts, judges every key result and objective, and adds what is new.

What belongs here: for which clients and which day, and in what order. What does not: any figure
(``okr_models/progress/evaluation.py``), and how a row is added (``rows.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import duckdb

from okr_models.client.model import Client, KeyResult, Objective
from okr_models.forecast.forecast import ForecastJob
from okr_models.forecast.types import Forecast
from okr_models.periods import local_date
from okr_models.progress.counts import final_on
from okr_models.progress.evaluation import KeyResultProgress, Prepared, finish, prepare, task_of
from okr_models.progress.rollup import Weighed, roll_up
from okr_models.progress.status import Status
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.faults import Faults
from pipelines.warehouse.okr.figures import read_failures, read_figures
from pipelines.warehouse.okr.paths import write_paths
from pipelines.warehouse.okr.restatements import remember_closed_months
from pipelines.warehouse.okr.rows import (
    Stored,
    add_key_result,
    add_objective,
    earlier_versions,
    is_stored,
    newest,
    next_known_at,
)

Forecaster = Callable[[Sequence[ForecastJob]], Sequence[Forecast | None]]
"""All of a night's forecasts at once, so that they can be fitted in parallel; one answer a job, in order."""

JUDGED_AFTER_FINAL = timedelta(days=30)
"""An objective is judged for so long after its last item is final, which is 90 days after its period or later."""


class NotYet(ValueError):
    """A day was asked for that has not come."""

    def __init__(self, *, as_of: date, today: date) -> None:
        super().__init__(f"{as_of} can't be judged: today is {today}; ask for today or a day before it")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedKeyResult:
    """One key result of a night as it stands; ``is_new`` where a row was added for it."""

    client: str
    objective: str
    key_result: str
    as_of: date
    status: Status
    progress: float | None
    raw: float | None
    expected: float | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OkrReport:
    """What a night's OKR step did. ``added``: rows by table."""

    added: dict[str, int] = field(default_factory=dict)
    key_results: tuple[JudgedKeyResult, ...] = ()
    forecasts: int = 0
    paths: int = 0
    """Rows of ``key_result_path``, which stand in place of the last night's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A key result before its forecast, with what is stored of it."""

    prepared: Prepared
    stored: Stored | None

    @property
    def client(self) -> str:
        return self.prepared.client.client

    @property
    def part(self) -> dict[str, str]:
        return {"objective_id": self.prepared.objective.id, "key_result_id": self.prepared.key_result.id}

    @property
    def is_new(self) -> bool:
        return self.stored is None or self.stored.input_hash != self.prepared.input_hash


def evaluate_all(
    con: Connection,
    clients: Iterable[Client],
    clock: Clock,
    *,
    as_of: date | None = None,
    restated: bool = False,
    forecaster: Forecaster | None = None,
) -> OkrReport:
    """Judge ``clients`` on ``as_of`` (the clock's date in each client's zone) over what is known now.

    A day gone by is only judged again where that is asked for (``restated``). The same inputs add no row. All or
    nothing: raises ``ClientFaults`` with nothing added where a client can't be judged.
    """
    now = clock.now()
    faults, clients = Faults(), tuple(clients)
    with transaction(con):
        ready: list[_Ready] = []
        for client in clients:
            with faults.of(client.client):
                ready += _prepare_client(
                    con, client, now, as_of=as_of, restated=restated, forecasts=forecaster is not None, faults=faults
                )
        forecasts = _forecast([each for each in ready if each.is_new], forecaster, faults)
        finished: list[tuple[_Ready, KeyResultProgress | None]] = []
        for each in ready:
            with faults.of(each.client, **each.part):
                finished.append((each, finish(each.prepared, forecasts.get(id(each))) if each.is_new else None))
        faults.raise_any()
        report = _store(con, finished, now, faults, forecasts=len(forecasts))
        # a past day judged again is not where anybody stands now
        return report if as_of is not None else replace(report, paths=_write_paths(con, clients, faults))


def _write_paths(con: Connection, clients: Iterable[Client], faults: Faults) -> int:
    count = 0
    for client in clients:
        with faults.of(client.client):
            count += write_paths(con, [client])
    faults.raise_any()
    return count


def _store(
    con: Connection,
    finished: Sequence[tuple[_Ready, KeyResultProgress | None]],
    now: datetime,
    faults: Faults,
    *,
    forecasts: int,
) -> OkrReport:
    added = {"key_result_progress": 0, "objective_progress": 0, "key_result_items": 0}
    judged: list[JudgedKeyResult] = []
    for each, result in finished:
        with faults.of(each.client, **each.part):
            if result is not None:
                added["key_result_items"] += _add(con, each, result, now)
                added["key_result_progress"] += 1
            judged.append(_standing(each, result))
    faults.raise_any()
    added["objective_progress"] += _add_objectives(con, [each for each, _ in finished], judged, now, faults)
    faults.raise_any()
    return OkrReport(added=added, key_results=tuple(judged), forecasts=forecasts)


def _prepare_client(
    con: Connection,
    client: Client,
    now: datetime,
    *,
    as_of: date | None,
    restated: bool,
    forecasts: bool,
    faults: Faults,
) -> list[_Ready]:
    today = local_date(now, ZoneInfo(client.timezone))
    day = as_of or today
    if day > today:
        raise NotYet(as_of=day, today=today)
    if day < today and not restated:
        raise ValueError(f"{day} is past: it is judged again only as a restatement")
    wanted = [objective for objective in client.objectives if _is_due(con, client, objective, day, restated=restated)]
    if not wanted:
        return []
    remember_closed_months(con, client.client, now=now)
    kpis = {kpi for objective in wanted for each in objective.key_results for kpi in (each.kpi, each.count) if kpi}
    figures, failures = read_figures(con, client.client, kpis=kpis), read_failures(con, client.client)
    ready: list[_Ready] = []
    for objective in wanted:
        for key_result in objective.key_results:
            where = {"client": client.client, "objective": objective.id, "key_result": key_result.id}
            with faults.of(client.client, objective_id=objective.id, key_result_id=key_result.id):
                prepared = prepare(
                    client,
                    objective,
                    key_result,
                    figures,
                    as_of=day,
                    failures=failures,
                    earlier=earlier_versions(
                        con,
                        **where,
                        begins=objective.period.start,
                        as_of=day,
                        zone=client.timezone,
                        restated=restated,
                    ),
                    judged_on=today,
                    with_forecast=forecasts,
                )
                ready.append(_Ready(prepared=prepared, stored=newest(con, **where, as_of=day)))
    return ready


def _is_due(con: Connection, client: Client, objective: Objective, day: date, *, restated: bool) -> bool:
    """Long after its close an objective is judged no more, once it has been; what was said that day may be restated."""
    final = max(final_on(task_of(objective, key_result, as_of=day)) for key_result in objective.key_results)
    if day <= final + JUDGED_AFTER_FINAL:
        return True
    if restated and is_stored(con, client=client.client, objective=objective.id, as_of=day):
        return True
    return not is_stored(con, client=client.client, objective=objective.id)


def _forecast(ready: Sequence[_Ready], forecaster: Forecaster | None, faults: Faults) -> dict[int, Forecast | None]:
    """Forecasts by the identity of what they are for. Where not all can be had, each is asked for alone."""
    asked = [(each, each.prepared.job) for each in ready if each.prepared.job is not None]
    if forecaster is None or not asked:
        return {}
    answers: dict[int, Forecast | None] = {}
    try:
        found = forecaster([job for _, job in asked])
    except duckdb.Error:
        raise  # what was answered before could not be read, or the new answers not kept
    except Exception:  # noqa: BLE001 - whose it is shows when each is asked for alone
        for each, job in asked:
            with faults.of(each.client, **each.part):
                answers[id(each)] = forecaster([job])[0]
        return answers
    return {id(each): answer for (each, _), answer in zip(asked, found, strict=True)}


def _add(con: Connection, each: _Ready, result: KeyResultProgress, now: datetime) -> int:
    known_at = next_known_at(now, each.stored.known_at if each.stored else None)
    return add_key_result(con, result, known_at=known_at)


def _standing(each: _Ready, result: KeyResultProgress | None) -> JudgedKeyResult:
    """The new row's verdict, or the stored one's."""
    ready = each.prepared
    if result is not None:
        status, progress, raw, expected = result.status, result.progress, ready.raw, ready.expected
    elif (stored := each.stored) is not None:
        status, progress = cast("Status", stored.status), stored.progress
        raw, expected = stored.raw_progress, stored.expected_progress
    else:
        raise ValueError("a key result is either new or stored")
    return JudgedKeyResult(
        client=ready.client.client,
        objective=ready.objective.id,
        key_result=ready.key_result.id,
        as_of=ready.task.as_of,
        status=status,
        progress=progress,
        raw=raw,
        expected=expected,
        is_new=result is not None,
    )


def _add_objectives(
    con: Connection, ready: Sequence[_Ready], judged: Sequence[JudgedKeyResult], now: datetime, faults: Faults
) -> int:
    groups: dict[tuple[str, str], list[tuple[Prepared, JudgedKeyResult]]] = {}
    for each, standing in zip(ready, judged, strict=True):
        groups.setdefault((standing.client, standing.objective), []).append((each.prepared, standing))
    added = 0
    for (client, _), members in groups.items():
        objective, as_of = members[0][0].objective, members[0][1].as_of
        with faults.of(client, objective_id=objective.id):
            found = roll_up([_weighed(prepared.key_result, standing) for prepared, standing in members])
            key = {"client": client, "objective_id": objective.id, "as_of": as_of}
            words = {
                "title": objective.title,
                "team": objective.team,
                "owner": objective.owner,
                "position": members[0][0].client.objectives.index(objective) + 1,
            }
            added += add_objective(con, key, words, found, now)
    return added


def _weighed(key_result: KeyResult, standing: JudgedKeyResult) -> Weighed:
    return Weighed(
        id=key_result.id,
        weight=key_result.weight,
        progress=standing.progress,
        status=standing.status,
        raw=standing.raw,
        expected=standing.expected,
    )
