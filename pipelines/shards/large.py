"""Which published tables are kept as Parquet by shard: those with a row a day or a post.

What belongs here: which, and writing them. What does not: the views over them (``join.py``).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import duckdb

from pipelines.warehouse.db import configured, literal, quote, spilling_in

LARGE = ("kpi_daily", "blog_post_daily", "blog_posts", "social_post_daily", "social_posts")
"""Tables of schema ``marts`` with a row a day or a post; the others have a row a month or fewer."""


def write_parts(published: Path, folder: Path, *, clients: Collection[str]) -> tuple[Path, ...]:
    """The rows of ``clients`` in each large mart of a shard's published database, as ``NAME.parquet``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    path = published.resolve()
    config = spilling_in(path.parent.parent / "warehouse", path)
    with closing(configured(duckdb.connect(str(path), read_only=True, config=config))) as con:
        there = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        for name in LARGE:
            if (name,) in there:
                path = folder / f"{name}.parquet"
                con.execute("create or replace temporary table whose as select unnest($clients) as client", {
                    "clients": sorted(clients)
                })  # fmt: skip
                con.execute(
                    f"copy (select * from marts.{quote(name)} where client in (select client from whose) order by all)"  # noqa: S608
                    f" to {literal(str(path))} (format parquet, compression zstd)"
                )
                written.append(path)
    return tuple(written)
