"""A home in a bucket as a folder of this machine: what its commands read, brought there before they begin.

What belongs here: bringing client files, what these name, and what is published; taking back what a run made. What does
not: the shards' own databases (``night.py``), which no command reads.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from pipelines.shards.files import bring_inputs, clients_of, take_exports
from pipelines.shards.join import PARTS_TABLE
from pipelines.shards.publication import read_publications
from pipelines.shards.state import file_key
from pipelines.shards.store import Store
from pipelines.warehouse.db import configured, literal, quote, spilling_in
from pipelines.warehouse.home import Home
from pipelines.warehouse.publish.publish import put_in_place

AGENCY = "_agency"
SENT = "state/sent.jsonl"
HELD = "published/held.json"


def mirror_of(address: str, environ: Mapping[str, str]) -> Home:
    """Where the copy of a bucket's home lies: in this user's own folder for what can be made again."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".cache")
    return Home(cache / "okr" / f"home-{hashlib.sha256(address.rstrip('/').encode()).hexdigest()[:16]}")


def brought(store: Store, environ: Mapping[str, str]) -> Home:
    """The home as it is in the bucket now."""
    home = mirror_of(store.address, environ)
    home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    # by which a command that needs the one database of a home knows that there is none
    (home.root / "shards" / "plan.state").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(home.clients, ignore_errors=True)
    bring_inputs(store, home, clients_of(store))
    for key in (SENT, HELD):
        (home.root / key).unlink(missing_ok=True)
        if store.has_file(key):
            store.get_file(key, home.root / key)
    _bring_published(store, home)
    return home


def taken_back(store: Store, home: Home) -> None:
    """Put what a run made beside the shards into the bucket: the agency's page, who is held back, what was sent."""
    take_exports(store, home, [AGENCY])
    for key in (HELD, SENT):
        if (home.root / key).exists():
            store.put_file(key, home.root / key)


def _bring_published(store: Store, home: Home) -> None:
    publications = read_publications(store)[0].kept
    if not publications:
        return
    newest = publications[-1]
    path = home.published / newest.file
    if not path.exists():
        building = home.published / f"building-{newest.file}"
        building.unlink(missing_ok=True)
        store.get_file(f"published/{newest.file}", building)
        _bring_parts(store, home, building)
        put_in_place(building, home, run_id=newest.run_id)
    used = {digest for each in publications for digest in each.parts}
    for old in (home.root / "shards").glob("*/files/*"):
        if old.name not in used:
            old.unlink()


def _bring_parts(store: Store, home: Home, published: Path) -> None:
    """The Parquet files behind the views, and the views looking for them in this folder."""
    published.chmod(0o600)
    with closing(configured(duckdb.connect(str(published), config=spilling_in(home.warehouse, published)))) as con:
        parts = con.execute(f"select distinct shard, path from ops.{PARTS_TABLE}").fetchall()  # noqa: S608
        views = con.execute(
            "select schema_name, view_name, sql from duckdb_views() where contains(sql, 'read_parquet(')"
        ).fetchall()
        comments = con.execute(
            "select schema_name, table_name, column_name, comment from duckdb_columns() where comment is not null"
        ).fetchall()
        views_said = con.execute(
            "select schema_name, view_name, comment from duckdb_views() where comment is not null"
        ).fetchall()
        said = {(schema, name): comment for schema, name, comment in views_said}
        here = {path: str(home.root / file_key(shard, Path(path).name)) for shard, path in parts}
        for shard, path in parts:
            if not Path(here[path]).exists():
                store.get_file(file_key(shard, Path(path).name), Path(here[path]))
        for schema, name, sql in views:
            _point(con, sql, here)
            place = f"{quote(schema)}.{quote(name)}"
            if text := said.get((schema, name)):
                con.execute(f"comment on view {place} is {literal(text)}")
            for of_schema, table, column, meaning in comments:
                if (of_schema, table) == (schema, name):
                    con.execute(f"comment on column {place}.{quote(column)} is {literal(meaning)}")
        moved = f"update ops.{PARTS_TABLE} set path = $now where path = $before"  # noqa: S608 - a constant
        for before, now in here.items():
            con.execute(moved, {"now": now, "before": before})


def _point(con: duckdb.DuckDBPyConnection, sql: str, here: Mapping[str, str]) -> None:
    """The same view over the same files where they are here."""
    for before, now in here.items():
        sql = sql.replace(literal(before), literal(now))
    con.execute(sql.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
