"""What changed of a client since an earlier night, from the published database.

What belongs here: which night is compared, and reading both. What does not: what a change is (``okr_models/changes``),
its words (``since_words.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from okr_models.changes.model import Changed, Part, parts_of
from okr_models.periods import month_end, month_start
from pipelines.exports.published import (
    AS_EACH_NIGHT_KNEW,
    ClientStatus,
    KeyResultRow,
    next_night,
    read_key_results,
    read_status,
    zone_of,
)

WEEK, MONTH, QUARTER = timedelta(days=7), timedelta(days=30), timedelta(days=91)
DIMENSIONS = ("platform", "channel", "event", "source")
"""By what a figure is split, the first of these that has more than one part."""
MOST_PARTS = 4
STALE_DAYS = 35
"""A stock's reading stands for a day at most so many days after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """A client's changes. ``since`` None: no night is old enough to compare with; ``first``: its first night."""

    client: str
    as_of: date | None
    since: date | None
    first: date | None
    changes: tuple[Changed, ...] = ()
    objectives: tuple[tuple[str, str, str], ...] = ()
    """Title, status then and now of each objective whose status is another one."""


def changes_since(
    con: duckdb.DuckDBPyConnection, status: ClientStatus, *, day: date | None = None, before: timedelta = WEEK
) -> Since:
    """To the night of ``status``, from the newest up to ``day``; without one from so long ``before`` it."""
    if status.as_of is None:
        return Since(client=status.client, as_of=None, since=None, first=None)
    nights = nights_of(con, status.client, until=status.as_of)
    first = nights[0] if nights else None
    since = _newest(nights, day or status.as_of - before)
    if since is None or since >= status.as_of:
        return Since(client=status.client, as_of=status.as_of, since=None, first=first)
    then = read_status(con, status.client, as_of=since)
    begun = _begun(con, status.client, as_of=status.as_of)
    earlier = {(row.objective_id, row.key_result_id): row for row in then.key_results if _is_of(row, begun)}
    ago = {
        name: _progress(con, status.client, _newest(nights, status.as_of - span), begun)
        for name, span in (("week", WEEK), ("month", MONTH), ("quarter", QUARTER))
    }
    decided = _decided(con, status, since=since)
    changes = tuple(
        _changed(con, row, earlier.get((row.objective_id, row.key_result_id)), since=since, ago=ago, decided=decided)
        for row in status.key_results
    )
    before_of = {row.objective_id: row.status for row in then.objectives}
    flips = tuple(
        (row.title, before_of[row.objective_id], row.status)
        for row in status.objectives
        if before_of.get(row.objective_id, row.status) != row.status
    )
    return Since(client=status.client, as_of=status.as_of, since=since, first=first, changes=changes, objectives=flips)


def progress_by_night(
    con: duckdb.DuckDBPyConnection, client: str, *, as_of: date
) -> Mapping[tuple[str, str], tuple[tuple[date, float], ...]]:
    """Each key result's progress night by night, as each night knew it, oldest first; of its period alone."""
    begun = _begun(con, client, as_of=as_of)
    rows = con.execute(
        f"""
        select objective_id, key_result_id, as_of, raw_progress, coalesce(data_through, as_of)
        from marts.key_result_progress
        where client = $client and as_of <= $as_of and raw_progress is not null
        qualify row_number() over (partition by objective_id, key_result_id, as_of order by {AS_EACH_NIGHT_KNEW}) = 1
        order by objective_id, key_result_id, as_of
        """,  # noqa: S608 - a constant order
        {"client": client, "as_of": as_of, "zone": zone_of(con, client).key},
    ).fetchall()
    found: dict[tuple[str, str], list[tuple[date, float]]] = {}
    for objective, key_result, day, raw, through in rows:
        if through >= begun.get(objective, date.min):
            found.setdefault((objective, key_result), []).append((day, raw))
    return {key: tuple(points) for key, points in found.items()}


def nights_of(con: duckdb.DuckDBPyConnection, client: str, *, until: date) -> list[date]:
    """Nights that were known at the time; a past day judged again later is no night."""
    rows = con.execute(
        """
        select as_of from marts.key_result_progress where client = ? and as_of <= ?
        group by as_of having min(known_at) < (as_of + 2)::timestamptz order by as_of
        """,
        [client, until],
    ).fetchall()
    return [row[0] for row in rows]


def _newest(nights: Sequence[date], until: date) -> date | None:
    return max((night for night in nights if night <= until), default=None)


def _begun(con: duckdb.DuckDBPyConnection, client: str, *, as_of: date) -> Mapping[str, date]:
    """By objective when its period began: last quarter's rows under the same id are of another one."""
    rows = con.execute(
        "select objective_id, period_start_on from marts.objectives where client = ? and period_start_on <= ?",
        [client, as_of],
    ).fetchall()
    return dict(rows)


def _is_of(row: KeyResultRow, begun: Mapping[str, date]) -> bool:
    return (row.data_through or row.as_of) >= begun.get(row.objective_id, date.min)


def _progress(
    con: duckdb.DuckDBPyConnection, client: str, night: date | None, begun: Mapping[str, date]
) -> Mapping[tuple[str, str], float | None]:
    if night is None:
        return {}
    rows = read_key_results(con, client, as_of=night)
    return {(row.objective_id, row.key_result_id): row.raw_progress for row in rows if _is_of(row, begun)}


def _changed(
    con: duckdb.DuckDBPyConnection,
    now: KeyResultRow,
    then: KeyResultRow | None,
    *,
    since: date,
    ago: Mapping[str, Mapping[tuple[str, str], float | None]],
    decided: Mapping[tuple[str, str, str], tuple[str, ...]],
) -> Changed:
    key = (now.objective_id, now.key_result_id)
    # figures of another unit are no earlier ones of this: share of months now, points then
    alike = then if then is not None and then.unit == now.unit else None
    return Changed(
        objective_id=now.objective_id,
        key_result_id=now.key_result_id,
        title=now.title,
        unit=now.unit,
        since=since,
        as_of=now.as_of,
        status_then=then.status if then else None,
        status=now.status,
        current_then=alike.current if alike else None,
        current=now.current,
        target_then=alike.target if alike else None,
        target=now.target,
        baseline_then=alike.baseline if alike else None,
        baseline=now.baseline,
        progress_then=then.raw_progress if then else None,
        progress=now.raw_progress,
        progress_week_ago=ago["week"].get(key),
        progress_month_ago=ago["month"].get(key),
        progress_quarter_ago=ago["quarter"].get(key),
        parts=_parts(con, alike, now) if alike else (),
        met=decided.get((*key, "met"), ()),
        missed=decided.get((*key, "missed"), ()),
    )


def _parts(con: duckdb.DuckDBPyConnection, then: KeyResultRow, now: KeyResultRow) -> tuple[Part, ...]:
    if now.kpi is None or now.kind not in {"flow", "stock"} or then.current is None or now.current is None:
        return ()
    before, after = (_by_scope(con, row) for row in (then, now))
    return parts_of(before, after, change=now.current - then.current, most=MOST_PARTS)


def _by_scope(con: duckdb.DuckDBPyConnection, row: KeyResultRow) -> dict[str, float]:
    """What each scope's own figure was, taken as the key result's is: a mean of months, a reading, or a sum of days."""
    found: dict[str, dict[str, float]] = {}
    for kind, scope, value in _figures(con, row):
        found.setdefault(kind, {})[scope] = value
    return next((found[kind] for kind in DIMENSIONS if len(found.get(kind, {})) > 1), {})


def _figures(con: duckdb.DuckDBPyConnection, row: KeyResultRow) -> list[tuple[Any, ...]]:
    values: dict[str, object] = {"client": row.client, "kpi": row.kpi}
    if row.first_month and row.last_month:
        return con.execute(
            """
            select scope_kind, scope, avg(value) from marts.kpi_monthly
            where client = $client and kpi = $kpi and scope_kind <> 'all' and month between $first and $last
            group by all having count(value) = datediff('month', $first, $last) + 1
            """,
            values | {"first": month_start(row.first_month), "last": month_start(row.last_month)},
        ).fetchall()
    if row.data_through is None:
        return []
    if row.kind == "stock":
        return con.execute(
            """
            select split_part(scope, '=', 1), scope, max_by(value, day) from marts.kpi_daily
            where client = $client and kpi = $kpi and scope <> 'all' and value is not null
              and day between $oldest and $through
            group by all
            """,
            values | {"through": row.data_through, "oldest": row.data_through - timedelta(days=STALE_DAYS)},
        ).fetchall()
    # a sum since the period began: what both nights have in common cancels out
    return con.execute(
        """
        select split_part(scope, '=', 1), scope, sum(value) from marts.kpi_daily
        where client = $client and kpi = $kpi and scope <> 'all' and day <= $through
        group by all
        """,
        values | {"through": row.data_through},
    ).fetchall()


def _decided(
    con: duckdb.DuckDBPyConnection, status: ClientStatus, *, since: date
) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    """Titles of the items that were met or missed after the night of ``since``."""
    rows = con.execute(
        """
        with judged as (
            select objective_id, key_result_id, as_of, known_at, item_id, outcome,
                coalesce(title, url, item_id) as title
            from marts.key_result_items where client = $client
        ),
        nights as (
            select objective_id, key_result_id, as_of, max(known_at) as known_at from marts.key_result_progress
            where client = $client and (as_of = $now or as_of = $since and known_at < $before) group by all
        ),
        seen as (
            select judged.* from judged join nights using (objective_id, key_result_id, as_of, known_at)
        )
        select now.objective_id, now.key_result_id, now.outcome, list(now.title order by now.title)
        from seen as now
        left join seen as earlier on earlier.as_of = $since and earlier.objective_id = now.objective_id
            and earlier.key_result_id = now.key_result_id and earlier.item_id = now.item_id
        where now.as_of = $now and now.outcome in ('met', 'missed') and earlier.outcome is distinct from now.outcome
        group by all
        """,
        {
            "client": status.client,
            "now": status.as_of,
            "since": since,
            "before": next_night(since, zone_of(con, status.client)),
        },
    ).fetchall()
    return {(row[0], row[1], row[2]): tuple(row[3]) for row in rows}


def closed_months(con: duckdb.DuckDBPyConnection, client: str, *, as_of: date) -> tuple[tuple[date, date], ...]:
    """Each month that had closed by ``as_of`` with the night whose report is its own: the first that knew it whole.

    That is after the last of its figures' closing days: those of a search console close later than others. A month that
    closed before the client's first night has no report.
    """
    nights = nights_of(con, client, until=as_of)
    rows = con.execute(
        """
        select month, max(coalesce(closes_on, last_day(month) + 1)) from marts.kpi_monthly
        where client = ? group by month having bool_or(is_closed) order by month
        """,
        [client],
    ).fetchall()
    found = []
    for month, closes_on in rows:
        day = max(closes_on, month_end(month) + timedelta(days=1))
        night = next((each for each in nights if each >= day), None)
        if night is not None and nights[0] <= day:
            found.append((month, night))
    return tuple(found)
