"""A client's rows brought from one file into another, and what the notes about the models' tables are worth then."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.shards.rows import bring


def warehouse(path: Path, client: str, builds: dict[str, str]) -> Path:
    """A working database with one model's table, and by which SQL each was made."""
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as made; create schema made.marts; create schema made.cache")
        con.execute(f"create table made.marts.kpis as select '{client}' as client, 1 as value")
        con.execute(
            "create table made.cache.model_builds (schema_name varchar not null, table_name varchar not null,"
            " fingerprint varchar not null, primary key (schema_name, table_name))"
        )
        for model, fingerprint in builds.items():
            con.execute("insert into made.cache.model_builds values ('marts', ?, ?)", [model, fingerprint])
    return path


def test_a_table_with_rows_that_other_sql_made_is_made_anew(tmp_path: Path) -> None:
    mine = warehouse(tmp_path / "mine.duckdb", "acme", {"kpis": "new", "posts": "same"})
    other = warehouse(tmp_path / "other.duckdb", "beta", {"kpis": "old", "posts": "same"})
    bring(mine, other, ["beta"])
    with duckdb.connect(str(mine)) as con:
        assert con.execute("select client from marts.kpis order by all").fetchall() == [("acme",), ("beta",)]
        assert con.execute("select table_name from cache.model_builds").fetchall() == [("posts",)]
        con.execute("drop schema cache cascade")
    bring(other, mine, ["acme"])
    with duckdb.connect(str(other)) as con:
        assert con.execute("select table_name from cache.model_builds").fetchall() == []
