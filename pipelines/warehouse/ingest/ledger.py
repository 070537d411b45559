"""The ledger ``ops.loads``: what was read, when, with what outcome. Only ever added to.

What belongs here: writing and reading its rows. What does not: what they mean for the next night (``planning.py``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal, cast

from connectors.core.errors import ErrorClass
from connectors.core.protocol import Quality
from okr_models.periods import Window
from pipelines.warehouse.db import Connection, first_row
from pipelines.warehouse.schema import LOADS
from pipelines.warehouse.tables import names

LoadStatus = Literal["loaded", "failed", "skipped"]
StreamKey = tuple[str, str, str]
"""Client, source, stream."""

LONGEST_MESSAGE = 2_000
_SAME_INSTANT = timedelta(seconds=1)
_LAST_DOUBT = """
    select max(finished_at) + interval 1 microsecond from ops.loads
    where client = ? and source = ? and stream = ? and run_id <> ? and finished_at between ? and ?
        and json_extract(quality, '$.doubts') is not null
"""
_ENDED = f"coalesce(({_LAST_DOUBT}), ?)"
"""When a read ended: later than one with doubts that it may lift, whatever a fixed clock says."""
_INTO = f"insert into {LOADS.qualified} ({names(LOADS.column_names)})"
_APPEND = f"{_INTO} select " + ", ".join(_ENDED if column == "finished_at" else "?" for column in LOADS.column_names)
_MARKS = f"({', '.join('?' for _ in LOADS.column_names)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One row of the ledger. ``zone`` is the source's, kept in ``quality``."""

    client: str
    source: str
    stream: str
    window: Window
    rows: int
    status: LoadStatus
    attempts: int
    started_at: datetime
    finished_at: datetime
    run_id: str
    error_class: ErrorClass | None = None
    message: str | None = None
    quality: Quality = field(default_factory=dict)

    @property
    def key(self) -> StreamKey:
        return (self.client, self.source, self.stream)


def last_doubt(con: Connection, *, run_id: str) -> datetime | None:
    """When the newest read with doubts of another run ended."""
    row = first_row(
        con,
        "select max(finished_at) from ops.loads where run_id <> ? and json_extract(quality, '$.doubts') is not null",
        [run_id],
    )
    return row[0] if row else None


def append(con: Connection, load: Load, *, after_doubts: bool = False) -> None:
    """Add one row, in whatever transaction is open. ``after_doubts``: it ended after every ``last_doubt``, as it does
    by any clock that goes, so that nothing need be asked."""
    append_all(con, [(load, after_doubts)])


def append_all(con: Connection, loads: Sequence[tuple[Load, bool]]) -> None:
    """Add rows in their order, each with its ``after_doubts`` (as of ``append``)."""
    for after_doubts, together in groupby(loads, key=lambda each: each[1]):
        rows = [load for load, _ in together]
        if after_doubts:
            con.execute(
                f"{_INTO} values {', '.join([_MARKS] * len(rows))}",
                [value for load in rows for value in _values(load, ended=(load.finished_at,))],
            )
            continue
        for load in rows:
            asked = (*load.key, load.run_id, load.finished_at, load.finished_at + _SAME_INSTANT, load.finished_at)
            con.execute(_APPEND, _values(load, ended=asked))


def _values(load: Load, *, ended: tuple[object, ...]) -> list[object]:
    """A row's values in the table's order, with ``ended`` for when it ended."""
    quality = json.dumps(dict(load.quality), ensure_ascii=False, sort_keys=True) if load.quality else None
    return [
        load.client,
        load.source,
        load.stream,
        load.window.start,
        load.window.end,
        load.rows,
        load.status,
        load.attempts,
        load.error_class,
        load.message[:LONGEST_MESSAGE] if load.message else None,
        load.started_at,
        *ended,
        load.run_id,
        quality,
    ]


def read(
    con: Connection, *, client: str | None = None, sources: Collection[str] | None = None, run_id: str | None = None
) -> tuple[Load, ...]:
    """Rows in the order they were added, of one client, of some sources and of one run where asked."""
    rows = con.execute(
        LOADS.select_sql + " where ($client is null or client = $client)"
        " and ($sources is null or list_contains($sources, source))"
        " and ($run_id is null or run_id = $run_id) order by rowid",
        {"client": client, "sources": None if sources is None else sorted(sources), "run_id": run_id},
    ).fetchall()
    return tuple(_load(row) for row in rows)


def is_loaded(con: Connection, key: StreamKey, *, day: date) -> bool:
    """Whether a stream was ever loaded for a day."""
    found = first_row(
        con,
        "select count(*) from ops.loads where client = ? and source = ? and stream = ? and status = 'loaded'"
        " and ? between window_start and window_end",
        [*key, day],
    )
    return found is not None and found[0] > 0


def by_stream(loads: Iterable[Load]) -> dict[StreamKey, tuple[Load, ...]]:
    """The rows of each stream, in order."""
    grouped: dict[StreamKey, list[Load]] = {}
    for load in loads:
        grouped.setdefault(load.key, []).append(load)
    return {key: tuple(rows) for key, rows in grouped.items()}


def learned_zones(con: Connection, *, client: str | None = None) -> dict[tuple[str, str], str]:
    """The zone each source last said its days begin in, by client and source."""
    rows = con.execute(
        "select client, source, arg_max(quality ->> 'zone', (finished_at, rowid)) from ops.loads"
        " where status = 'loaded' and quality ->> 'zone' is not null and ($client is null or client = $client)"
        " group by client, source",
        {"client": client},
    ).fetchall()
    return {(client, source): zone for client, source, zone in rows}


def _load(row: tuple[object, ...]) -> Load:
    values = dict(zip(LOADS.column_names, row, strict=True))
    start, end = cast("date", values.pop("window_start")), cast("date", values.pop("window_end"))
    quality = json.loads(str(values.pop("quality") or "{}"))
    return Load(window=Window(start, end), quality=quality, **values)  # type: ignore[arg-type]
