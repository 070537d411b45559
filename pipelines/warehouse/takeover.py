"""What a lost working database can have back from what is published: past results, and the ledger of what was read.

What belongs here: which rows, and as what. What does not: when (``opening.py`` for a new database, ``okr ledger
take-over`` for one that an older backup was put back for). Raw rows are published nowhere: their days are due again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.warehouse.db import Connection, first_row, literal, quote, transaction
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.tables import CHECKINS, OKR_TABLES
from pipelines.warehouse.schema import OPS_TABLES
from pipelines.warehouse.served import SERVED, served_beside
from pipelines.warehouse.tables import Column, Table, names

LOST = (
    "it was read, but the working database was lost since; what the source still gives is read again, and counters of"
    " days gone by can't be"
)
_LEDGER = "loads"
_INSTEAD = {"BOOLEAN": "false", "VARCHAR": "''"}
"""Of a column that must have a value and that an older version did not publish."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many results and ledger rows came from which published file."""

    file: str
    results: int
    loads: int

    def __str__(self) -> str:
        return (
            f"the working database is new: it took {self.results} past results and {self.loads} rows of the ledger over"
            f" from published/{self.file}; sources are read again as far as they go back, and counters of days gone by"
            " are lost unless a backup of warehouse/ has them"
        )


def take_over(con: Connection, home: Home) -> TakenOver | None:
    """Fill a database that has neither ledger nor results from the published one; None where there is nothing to do."""
    if not home.published_database.exists() or not _is_empty(con):
        return None
    with served_beside(con, home) as served, transaction(con):
        results = _results(con, served)
        for table in OPS_TABLES.values():
            if table.name != _LEDGER:
                _all_of(con, served, table)
        loads = _ledger(con, served)
    return TakenOver(home.published_database.resolve().name, results, loads) if results or loads else None


def take_over_results(con: Connection, home: Home) -> int:
    """Add the results that are published and that this database lacks; how many."""
    with served_beside(con, home) as served, transaction(con):
        return _results(con, served)


def _is_empty(con: Connection) -> bool:
    tables = [OPS_TABLES[_LEDGER], *OKR_TABLES.values()]
    counted = " union all ".join(f"select 1 from {table.qualified}" for table in tables)  # noqa: S608
    return first_row(con, f"select 1 from ({counted}) limit 1") is None  # noqa: S608 - quoted


def _results(con: Connection, served: str) -> int:
    # since when a check-in was known is in no file
    return sum(_all_of(con, served, table) for table in (*OKR_TABLES.values(), CHECKINS))


def _all_of(con: Connection, served: str, table: Table) -> int:
    """Add the served rows of a table whose keys it lacks."""
    place = f"{quote(served)}.{quote('marts' if table.schema == 'okr' else table.schema)}.{quote(table.name)}"
    there = _columns(con, served, table)
    # a column that came into the key later has one value in all that an older version published
    since = {column.name: literal(column.before) for column in table.columns if column.before is not None}
    if not set(table.key) <= there | since.keys():
        return 0
    values = ", ".join(
        f"served.{quote(column.name)}"
        if column.name in there
        else f"{since.get(column.name) or _instead(column)} as {quote(column.name)}"
        for column in table.columns
    )
    same = " and ".join(
        f"{f'served.{quote(key)}' if key in there else since[key]} = mine.{quote(key)}" for key in table.key
    )
    done = con.execute(
        f"insert into {table.qualified} ({names(table.column_names)}) select {values} from {place} as served"  # noqa: S608
        f" where not exists (select 1 from {table.qualified} as mine where {same})"
    ).fetchall()
    return int(done[0][0])


def _instead(column: Column) -> str:
    return "null" if column.nullable else _INSTEAD.get(column.type, "0")


def _ledger(con: Connection, served: str) -> int:
    """The ledger's rows, those that were loaded as failed: their rows are gone, and so their days are due again."""
    table = OPS_TABLES[_LEDGER]
    there = _columns(con, served, table)
    if "status" not in there:
        return 0
    instead = {
        "status": "case when served.status = 'loaded' then 'failed' else served.status end",
        "error_class": "case when served.status = 'loaded' then 'not_found' else served.error_class end",
        "message": "case when served.status = 'loaded' then $lost else served.message end",
        "rows": "case when served.status = 'loaded' then 0 else served.rows end",
    }
    values = ", ".join(
        instead.get(column.name) or (f"served.{quote(column.name)}" if column.name in there else "null")
        for column in table.columns
    )
    done = con.execute(
        f"insert into {table.qualified} ({names(table.column_names)})"  # noqa: S608 - quoted
        f" select {values} from {quote(served)}.ops.loads as served order by served.rowid",
        {"lost": LOST},
    ).fetchall()
    return int(done[0][0])


def _columns(con: Connection, served: str, table: Table) -> frozenset[str]:
    schema = "marts" if table.schema == "okr" else table.schema
    rows = con.execute(
        "select column_name from duckdb_columns() where database_name = ? and schema_name = ? and table_name = ?",
        [served or SERVED, schema, table.name],
    ).fetchall()
    return frozenset(name for (name,) in rows)
