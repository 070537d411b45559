"""Answers about the published figures as plain values, each with how far its data reach and what it means.

What belongs here: reading and shaping. What does not: the protocol (``server.py``), any figure of its own.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.asking.questions import ask
from pipelines.exports.published import AS_EACH_NIGHT_KNEW, columns_of, read_status, zone_of
from pipelines.exports.since import changes_since

Answer = dict[str, Any]
MOST_ROWS = 200
MOST_NIGHTS = 60
MOST_CHARACTERS = 4000
"""Of one cell of an answer to ``sql``, which a model reads whole."""
STATUSES = (
    "achieved: reached for good; on_track; at_risk; off_track; out_of_reach: can no longer be reached; too_early;"
    " cannot_be_judged: data are missing, and why is in notes"
)


class Unknown(ValueError):
    """Something that was asked for by name is not there; the message names what is."""


def objectives(con: duckdb.DuckDBPyConnection, client: str | None = None) -> Answer:
    """Every objective with its key results, on each client's newest night."""
    clients = [_known(client, _clients(con), what="client")] if client else _clients(con)
    found = []
    for slug in clients:
        status = read_status(con, slug)
        for row in status.objectives:
            results = [
                {
                    "key_result": f"{each.objective_id}/{each.key_result_id}",
                    "title": each.title,
                    "status": each.status,
                    "progress": each.raw_progress,
                    "probability": each.probability,
                    "data_through": each.data_through,
                }
                for each in status.of(row.objective_id)
            ]
            through = [each["data_through"] for each in results if each["data_through"]]
            found.append({**asdict(row), "key_results": results, "data_through": min(through, default=None)})
    return _answer(
        {
            "objectives": found,
            "data_through": min((each["data_through"] for each in found if each["data_through"]), default=None),
            "coverage": "coverage is the weight of key results that could be judged over all weight, 0 to 1",
            "definition": "progress: weighted mean of the key results' progress, each clipped to 0..1. status: that of"
            f" the worst key results that make up a quarter of the weight. Statuses: {STATUSES}",
        }
    )


def key_result(con: duckdb.DuckDBPyConnection, client: str, key_result: str) -> Answer:
    """One key result with its explanation, its definition, its nights, its items and its check-ins."""
    slug = _known(client, _clients(con), what="client")
    status = read_status(con, slug)
    rows = {f"{row.objective_id}/{row.key_result_id}": row for row in status.key_results}
    name = _known(key_result, sorted(rows), what="key result")
    row = rows[name]
    key = {"client": slug, "objective": row.objective_id, "key_result": row.key_result_id}
    where = "client = $client and objective_id = $objective and key_result_id = $key_result"
    history = _records(
        con,
        f"""
        select as_of, raw_progress as progress, status, current, target, probability from marts.key_result_progress
        where {where} qualify row_number() over (partition by as_of order by {AS_EACH_NIGHT_KNEW}) = 1
        order by as_of desc limit {MOST_NIGHTS}
        """,  # noqa: S608 - bound values
        {**key, "zone": zone_of(con, slug).key},
    )
    items = _records(
        con,
        f"""
        select title, url, published_at, value, threshold, outcome from marts.key_result_items_latest
        where {where} order by published_at desc limit {MOST_ROWS}
        """,  # noqa: S608 - bound values
        key,
    )
    checkins: list[Answer] = []
    if columns := columns_of(con, "checkins"):
        place = ", position desc nulls last" if "position" in columns else ""
        checkins = _records(
            con,
            f'select checked_on, "by", confidence, text, next from marts.checkins where {where}'  # noqa: S608
            f" order by checked_on desc, known_at desc{place} limit 20",
            key,
        )
    defined = _records(con, f"select * from marts.key_results where {where}", key)  # noqa: S608 - bound values
    objective = next((each for each in status.objectives if each.objective_id == row.objective_id), None)
    return _answer(
        {
            **{name: value for name, value in asdict(row).items() if name != "note_codes"},
            "data_through": row.data_through,
            "coverage": {"is_estimated": row.is_estimated, "of_objective": objective.coverage if objective else None},
            "definition": defined[0] if defined else None,
            "statuses": STATUSES,
            "history": history,
            "items": items,
            "checkins": checkins,
        }
    )


def kpi_series(
    con: duckdb.DuckDBPyConnection, client: str, kpi: str, *, scope: str = "all", months: int = 24
) -> Answer:
    """A KPI's months, the newest last; a month without a value says why."""
    slug = _known(client, _clients(con), what="client")
    scopes = con.execute(
        "select kpi, scope from marts.kpi_monthly where client = ? group by all order by all", [slug]
    ).fetchall()
    name = _known(kpi, sorted({each for each, _ in scopes}), what="KPI")
    mine = [where for each, where in scopes if each == name]
    if scope == "all" and "all" not in mine and len(mine) == 1:
        scope = mine[0]
    chosen = _known(scope, mine, what=f"scope of {name}")
    rows = _records(
        con,
        """
        select month, value, unit, is_closed, is_estimated, observed_share, note, data_through from marts.kpi_monthly
        where client = $client and kpi = $kpi and scope = $scope order by month desc limit $most
        """,
        {"client": slug, "kpi": name, "scope": chosen, "most": max(1, min(months, MOST_ROWS))},
    )
    defined = _records(
        con, "select * from marts.kpis where client = $client and kpi = $kpi", {"client": slug, "kpi": name}
    )
    through = [row["data_through"] for row in rows if row["data_through"]]
    return _answer(
        {
            "client": slug,
            "kpi": name,
            "scope": chosen,
            "months": rows[::-1],
            "data_through": max(through, default=None),
            "coverage": "observed_share is the share of the month's days that were observed. value null: missing, never"
            " zero; note says why. is_closed false: the month still fills up; it is not compared with a whole one",
            "definition": defined[0] if defined else None,
            "other_scopes": mine,
        }
    )


def definitions(con: duckdb.DuckDBPyConnection, table: str | None = None) -> Answer:
    """What the tables and columns mean, and the KPIs that there are."""
    tables = _records(
        con,
        """
        select schema_name || '.' || table_name as name, comment as meaning from duckdb_tables() where not internal
        union all
        select schema_name || '.' || view_name, comment from duckdb_views() where not internal order by all
        """,
        {},
    )
    found: Answer = {"tables": tables, "kpis": _records(con, "select distinct kpi, title, kind, unit, better,"
        " adds_over_time, adds_over_sources from marts.kpis order by all", {})}  # fmt: skip
    if table:
        names = sorted({each["name"].partition(".")[2] for each in tables})
        name = _known(table.rpartition(".")[2], names, what="table")
        found = {
            "table": name,
            "columns": _records(
                con,
                "select column_name as name, data_type as type, comment as meaning from duckdb_columns()"
                " where not internal and table_name = $table order by column_index",
                {"table": name},
            ),
        }
    return _answer({**found, **_reach(con), "definition": "each meaning is the published database's own comment"})


def what_changed(con: duckdb.DuckDBPyConnection, client: str, *, days: int = 7) -> Answer:
    """Each key result now and on the newest night at least so many days ago, and what moved it."""
    slug = _known(client, _clients(con), what="client")
    found = changes_since(con, read_status(con, slug), before=timedelta(days=max(1, min(days, 5000))))
    status = read_status(con, slug)
    through = [row.data_through for row in status.key_results if row.data_through]
    return _answer(
        {
            "client": slug,
            "since": found.since,
            "as_of": found.as_of,
            "changes": [{**asdict(each), "is_news": each.is_news} for each in found.changes],
            "objectives": [
                {"title": title, "status_then": then, "status": now} for title, then, now in found.objectives
            ],
            "data_through": min(through, default=None),
            "coverage": "since null: no night is old enough to compare with",
            "definition": "both nights as each was known then. parts add up to current - current_then; other is what no"
            f" platform, channel or source accounts for. Statuses: {STATUSES}",
        }
    )


def sql(con: duckdb.DuckDBPyConnection, query: str) -> Answer:
    """One read-only question in DuckDB's SQL over schemas marts and ops.

    At most ``MOST_ROWS`` rows, of each cell ``MOST_CHARACTERS``; what was cut is said.
    """
    reach = _reach(con)
    answered = ask(con, query, most=MOST_ROWS)
    names = _told_apart([name for name, _ in answered.columns])
    rows = [[_cut(_plain(value)) for value in row] for row in answered.rows]
    cut = {name for row in rows for name, (_, is_cut) in zip(names, row, strict=True) if is_cut}
    return _answer(
        {
            "columns": [{"name": name, "type": kind} for name, (_, kind) in zip(names, answered.columns, strict=True)],
            "rows": [dict(zip(names, [value for value, _ in row], strict=True)) for row in rows],
            "more_rows": answered.more,
            "cut_columns": [name for name in names if name in cut],
            **reach,
            "definition": "definitions(table) says what each column means",
        }
    )


def _told_apart(names: Sequence[str]) -> list[str]:
    """Columns of one name, as those of two tables beside each other, by the names that DuckDB gives them in a table."""
    found: list[str] = []
    for name in names:
        other, number = name, 0
        while other in found or (number and other in names):
            number += 1
            other = f"{name}_{number}"
        found.append(other)
    return found


def _reach(con: duckdb.DuckDBPyConnection) -> Answer:
    rows = _records(
        con,
        "select client, max(as_of) as night, min(data_through) as data_through from marts.key_result_latest"
        " group by client order by client",
        {},
    )
    return {
        "data_through": min((row["data_through"] for row in rows if row["data_through"]), default=None),
        "coverage": rows,
    }


def _clients(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every client with figures: also one that has no objectives, as far as what was published says."""
    known = "union select client from marts.clients" if columns_of(con, "clients") else ""
    rows = con.execute(f"select client from marts.objective_progress {known} order by client").fetchall()  # noqa: S608
    return list(dict.fromkeys(row[0] for row in rows))


def _known(name: str, known: Sequence[str], *, what: str) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
    raise Unknown(f"{name!r} is no {what} here; {hint}")


def _records(con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object]) -> list[Answer]:
    result = con.execute(query, dict(values)) if values else con.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _answer(value: Mapping[str, Any]) -> Answer:
    return {name: _plain(each) for name, each in value.items()}


def _cut(value: Any) -> tuple[Any, bool]:
    """A plain value, the beginning of its text where it is too long, and whether it was."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (f"{text[:MOST_CHARACTERS]}…", True) if len(text) > MOST_CHARACTERS else (value, False)


def _plain(value: Any) -> Any:
    """Only what JSON has: days and instants as ISO text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None  # noqa: PLR0124 - NaN
    return value if value is None or isinstance(value, str | int | bool) else str(value)
