"""Adding rows to the append-only tables of ``okr``: only what is new, under a key of its own.

What belongs here: which stored row a new one is held against, ``known_at``, and the insert. What does not: figures
(``okr_models/progress/evaluation.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.explanations import explain
from okr_models.progress.notes_due import EarlierVersion
from okr_models.progress.rollup import RollUp
from okr_models.words.codes import to_json
from okr_models.words.notes import with_cures
from okr_models.words.numbers import Speech
from pipelines.warehouse.db import Connection, first_row, quote
from pipelines.warehouse.okr.tables import KEY_RESULT_ITEMS, KEY_RESULT_PROGRESS, OBJECTIVE_PROGRESS
from pipelines.warehouse.tables import Table

ONE_SECOND = timedelta(seconds=1)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The newest row of one key result on one ``as_of``."""

    known_at: datetime
    input_hash: str
    status: str
    progress: float | None
    raw_progress: float | None
    expected_progress: float | None


def newest(con: Connection, *, client: str, objective: str, key_result: str, as_of: date) -> Stored | None:
    """The row that a new one is held against."""
    row = first_row(
        con,
        "select known_at, input_hash, status, progress, raw_progress, expected_progress from okr.key_result_progress"
        " where client = ? and objective_id = ? and key_result_id = ? and as_of = ? order by known_at desc limit 1",
        [client, objective, key_result, as_of],
    )
    if row is None:
        return None
    return Stored(
        known_at=row[0],
        input_hash=row[1],
        status=row[2],
        progress=row[3],
        raw_progress=row[4],
        expected_progress=row[5],
    )


def earlier_versions(
    con: Connection,
    *,
    client: str,
    objective: str,
    key_result: str,
    begins: date,
    as_of: date,
    zone: str,
    restated: bool,
) -> tuple[EarlierVersion, ...]:
    """The definitions that rows carry, one after the other: each time one came to hold, by the day in ``zone`` on which
    it was first known.

    Rows whose data end before the period ``begins`` are of an earlier one under the same id, and no revision of this.
    On a night those of the nights before it. Judged again, a day also has its own, and what later ones know.
    """
    rows = con.execute(
        "with marked as ("
        "  select *,"
        "  definition_version is distinct from lag(definition_version) over (order by known_at, as_of) as turns"
        "  from okr.key_result_progress"
        "  where client = $client and objective_id = $objective and key_result_id = $key_result"
        "  and ($restated or as_of < $as_of) and coalesce(data_through, as_of) >= $begins"
        "), runs as ("
        "  select *, sum(cast(turns as integer)) over (order by known_at, as_of) as run from marked"
        ") select min(cast(known_at at time zone $zone as date)) as since, definition_version,"
        " min(as_of) <= $as_of as stood_before from runs group by run, definition_version order by run",
        {
            "client": client,
            "objective": objective,
            "key_result": key_result,
            "begins": begins,
            "as_of": as_of,
            "zone": zone,
            "restated": restated,
        },
    ).fetchall()
    return tuple(
        EarlierVersion(since=since, version=version, stood_before=stood_before) for since, version, stood_before in rows
    )


def is_stored(con: Connection, *, client: str, objective: str, as_of: date | None = None) -> bool:
    """Whether an objective has any row yet; with ``as_of``, one of that day."""
    found = first_row(
        con,
        "select 1 from okr.objective_progress"
        " where client = $client and objective_id = $objective and as_of = coalesce($as_of, as_of) limit 1",
        {"client": client, "objective": objective, "as_of": as_of},
    )
    return found is not None


def next_known_at(now: datetime, stored: datetime | None) -> datetime:
    """The clock's instant; one second after a row that already has it."""
    moment = now.astimezone(UTC)
    return moment if stored is None or stored < moment else stored.astimezone(UTC) + ONE_SECOND


def add_key_result(con: Connection, result: KeyResultProgress, *, known_at: datetime) -> int:
    """One row of progress, and one for each item behind it; says how many items."""
    key = _key(result, known_at)
    _insert(con, KEY_RESULT_PROGRESS, [key | _progress(result)])
    items = [
        key
        | {
            "item_id": item.item_id,
            "title": item.title,
            "url": item.url,
            "published_at": item.published_at,
            "value": item.value,
            "threshold": item.threshold,
            "outcome": item.outcome,
            "decided_on": item.decided_on,
        }
        for item in result.prepared.items
    ]
    _insert(con, KEY_RESULT_ITEMS, items)
    return len(items)


def add_objective(
    con: Connection, key: Mapping[str, Any], words: Mapping[str, Any], found: RollUp, now: datetime
) -> bool:
    """One row of an objective's progress, unless the newest of that ``as_of`` says the same."""
    row: Row = {
        **key,
        **words,
        "progress": found.progress,
        "progress_low": found.progress_low,
        "progress_high": found.progress_high,
        "expected_progress": found.expected_progress,
        "coverage": found.coverage,
        "status": found.status,
        "weakest_key_result": found.weakest_key_result,
        "deciding_key_result": found.deciding_key_result,
    }
    compared = [name for name in OBJECTIVE_PROGRESS.column_names if name not in OBJECTIVE_PROGRESS.key]
    stored = first_row(
        con,
        f"select known_at, {', '.join(quote(name) for name in compared)} from okr.objective_progress"  # noqa: S608
        " where client = ? and objective_id = ? and as_of = ? order by known_at desc limit 1",
        [key["client"], key["objective_id"], key["as_of"]],
    )
    if stored is not None and list(stored[1:]) == [row[name] for name in compared]:
        return False
    row["known_at"] = next_known_at(now, stored[0] if stored else None)
    _insert(con, OBJECTIVE_PROGRESS, [row])
    return True


def _key(result: KeyResultProgress, known_at: datetime) -> Row:
    ready = result.prepared
    return {
        "client": ready.client.client,
        "objective_id": ready.objective.id,
        "key_result_id": ready.key_result.id,
        "as_of": ready.task.as_of,
        "known_at": known_at,
    }


def _progress(result: KeyResultProgress) -> Row:
    ready, said = result.prepared, result.forecast
    found, speech = ready.measurement, Speech(ready.client.language)
    months = [pair.month for pair in found.pairs]
    return {
        "title": ready.key_result.title,
        "kpi": ready.key_result.kpi or ready.key_result.count,
        "unit": found.unit,
        "kind": found.kind,
        "ambition": ready.key_result.ambition,
        "baseline": found.baseline,
        "first_target": found.first_target,
        "target": found.target,
        "current": found.current,
        "current_growth": result.current_growth,
        "first_month": min(months, default=None),
        "last_month": max(months, default=None),
        "raw_progress": ready.raw,
        "progress": result.progress,
        "expected_progress": ready.expected,
        "forecast": said.mid,
        "forecast_low": said.low,
        "forecast_high": said.high,
        "forecast_target": result.forecast_target,
        "probability": said.probability,
        "probability_full": said.probability_full,
        "status": result.status,
        "data_through": found.data_through,
        "is_estimated": found.is_estimated,
        "notes": "; ".join(with_cures(result.notes, speech)) or None,
        "note_codes": to_json(result.notes),
        "explanation": explain(result, speech),
        "definition_version": ready.definition_version,
        "input_hash": ready.input_hash,
        "position": ready.position,
    }


def _insert(con: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        con.executemany(table.insert_sql, [[row[name] for name in table.column_names] for row in rows])
