"""What all shards published as one database: small tables joined, large ones behind views over Parquet by shard.

What belongs here: reading shards' published files, of each only the clients that are its own, and the one file that
analysts open. What does not: any figure, and when this is done (``engine.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from pipelines.shards.files import PARTS, PUBLISHED, bring_file
from pipelines.shards.large import LARGE
from pipelines.shards.plan import Plan
from pipelines.shards.state import Version
from pipelines.shards.store import Store
from pipelines.warehouse.db import Connection, configured, literal, quote, spilling_in
from pipelines.warehouse.home import Home
from pipelines.warehouse.publish.publish import put_in_place
from pipelines.warehouse.publish.tables import (
    Published,
    PublishedColumn,
    comment_on,
    make_table,
    make_view,
    published_tables,
)
from pipelines.warehouse.publish.views import VIEWS
from pipelines.warehouse.tables import names

PARTS_TABLE = "published_parts"
_SHARD, _JOINED = "shard", "joined"
_SCHEMAS = ("marts", "ops")

Place = Callable[[int, str], str]
"""Where a reader of the published database finds a shard's file, by its digest."""


@dataclass(frozen=True, slots=True)
class _Part:
    shard: int
    table: str
    digest: str
    strangers: tuple[str, ...]
    """Clients in the file that belong to another shard by now."""


def join(
    store: Store,
    home: Home,
    plan: Plan,
    versions: Mapping[int, Version],
    *,
    run_id: str,
    scratch: Path,
    place: Place,
) -> Path | None:
    """Publish the newest versions of all shards as one database; its path. None where no shard published anything."""
    ready = {shard: version for shard, version in sorted(versions.items()) if PUBLISHED in version.files}
    if not ready:
        return None
    home.published.mkdir(parents=True, exist_ok=True)
    building = home.published / f"building-{os.getpid()}.duckdb"
    building.unlink(missing_ok=True)
    try:
        gathered = scratch / "gathered.duckdb"
        with closing(configured(duckdb.connect(str(gathered), config=spilling_in(scratch, gathered)))) as con:
            tables = _Tables(con)
            for shard, version in ready.items():
                path = scratch / f"shard-{shard:04}.duckdb"
                bring_file(store, shard, version.files[PUBLISHED], path)
                tables.add(path, [client for client in version.clients if plan.shard_of(client) == shard])
                path.unlink()
            con.execute(f"attach {literal(str(building))} as {_JOINED}")
            for schema in _SCHEMAS:
                con.execute(f"create schema {_JOINED}.{schema}")
            tables.write()
            parts = list(_parts(plan, ready))
            _write_parts(con, tables, parts, place=place)
            there = {(each.schema, each.name): each for each in tables.all()}
            for view in VIEWS:
                if of := there.get((view.schema, view.table)):
                    make_view(con, view, of, target=_JOINED)
            con.execute(f"checkpoint {_JOINED}")
            con.execute(f"detach {_JOINED}")
        return put_in_place(building, home, run_id=run_id)
    finally:
        building.unlink(missing_ok=True)
        building.with_name(f"{building.name}.wal").unlink(missing_ok=True)


class _Tables:
    """The shards' tables gathered in a database on disk, before they are written in their order."""

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._tables: dict[tuple[str, str], Published] = {}
        self._own = (con.execute("select current_database()").fetchall())[0][0]
        for schema in _SCHEMAS:
            con.execute(f"create schema {schema}")

    def all(self) -> Iterable[Published]:
        return [self._tables[key] for key in sorted(self._tables)]

    def add(self, path: Path, owned: Sequence[str]) -> None:
        """Rows of the clients ``owned``, of each table that is in the file."""
        self._con.execute(f"attach {literal(str(path))} as {_SHARD} (read_only)")
        self._con.execute(f"use {_SHARD}")
        views = {view.name for view in VIEWS}
        found = [each for each in published_tables(self._con) if each.name not in views]
        self._con.execute(f"use {quote(self._own)}")
        for table in found:
            self._know(table)
            if table.name in LARGE:
                continue
            has_client = any(column.name == "client" for column in table.columns)
            condition = "where list_contains($owned, client)" if has_client else ""
            order = "order by rowid" if table.schema == "ops" else ""
            self._con.execute(
                f"insert into {table.source} by name "  # noqa: S608 - quoted
                f"select * from {_SHARD}.{table.source} {condition} {order}",
                {"owned": list(owned)} if has_client else {},
            )
        self._con.execute(f"detach {_SHARD}")

    def _know(self, table: Published) -> None:
        """A shard that an older version published last may lack columns, which then may be without a value."""
        key = (table.schema, table.name)
        known = self._tables.get(key)
        if known is None:
            self._tables[key] = table
            columns = ", ".join(f"{quote(column.name)} {column.type}" for column in table.columns)
            self._con.execute(f"create table {table.source} ({columns})")
            return
        had, there = {each.name for each in known.columns}, {each.name for each in table.columns}
        new = tuple(column for column in table.columns if column.name not in had)
        for column in new:
            self._con.execute(f"alter table {table.source} add column {quote(column.name)} {column.type}")
        if new or had - there:
            columns_now = tuple(
                replace(column, nullable=column.nullable or column.name not in had & there)
                for column in (*known.columns, *new)
            )
            self._tables[key] = replace(known, columns=columns_now, key=())

    def write(self) -> None:
        """Every small table into the joined database, in the order that a night writes it."""
        for table in self.all():
            if table.name in LARGE:
                continue
            make_table(self._con, table, target=_JOINED)
            columns = names(column.name for column in table.columns)
            has_client = any(column.name == "client" for column in table.columns)
            order = "rowid" if table.schema == "ops" else "all"
            self._con.execute(
                f"insert into {table.target(_JOINED)} ({columns})"  # noqa: S608 - quoted
                f" select {'' if has_client else 'distinct'} {columns} from {table.source}"
                f"{f' order by {order}' if has_client else ''}"
            )


def _parts(plan: Plan, versions: Mapping[int, Version]) -> Iterable[_Part]:
    for shard, version in versions.items():
        strangers = tuple(client for client in version.clients if plan.shard_of(client) != shard)
        for name in LARGE:
            if digest := version.files.get(f"{PARTS}/{name}.parquet"):
                yield _Part(shard, name, digest, strangers)


_PART_COLUMNS = (
    PublishedColumn("shard", "INTEGER", False, "The shard whose rows they are"),
    PublishedColumn("table_name", "VARCHAR", False, "The view of schema marts that reads the file"),
    PublishedColumn("path", "VARCHAR", False, "The Parquet file"),
    PublishedColumn("strangers", "VARCHAR[]", False, "Clients in the file whose rows are another shard's by now"),
)


def _write_parts(con: Connection, tables: _Tables, parts: Sequence[_Part], *, place: Place) -> None:
    table = Published(
        "ops", PARTS_TABLE, "Which Parquet files hold the large marts, shard by shard.", _PART_COLUMNS, ()
    )
    make_table(con, table, target=_JOINED)
    if parts:
        con.executemany(
            f"insert into {table.target(_JOINED)} values (?, ?, ?, ?)",  # noqa: S608 - quoted
            [[each.shard, each.table, place(each.shard, each.digest), list(each.strangers)] for each in parts],
        )
    for each in tables.all():
        if each.name in LARGE:
            view = each.target(_JOINED)
            con.execute(f"create view {view} as {_view_sql(each, parts, place=place)}")
            comment_on(con, "view", view, each.comment, each.columns)


def _view_sql(table: Published, parts: Sequence[_Part], *, place: Place) -> str:
    """Every shard's file; of one that a move left strangers in, without those."""
    columns = ", ".join(f"cast({quote(each.name)} as {each.type}) as {quote(each.name)}" for each in table.columns)
    mine = [part for part in parts if part.table == table.name]
    groups: dict[tuple[str, ...], list[str]] = {}
    for part in mine:
        groups.setdefault(part.strangers, []).append(literal(place(part.shard, part.digest)))
    if not groups:
        nothing = ", ".join(f"cast(null as {each.type}) as {quote(each.name)}" for each in table.columns)
        return f"select {nothing} where false"
    return " union all ".join(
        f"select {columns} from read_parquet([{', '.join(paths)}], union_by_name = true)"  # noqa: S608 - quoted
        + (f" where client not in ({', '.join(map(literal, strangers))})" if strangers else "")
        for strangers, paths in groups.items()
    )
