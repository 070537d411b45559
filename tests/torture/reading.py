"""One reader of the published database, in a process of its own: opens it, reads, closes it, again and again.

``python -m tests.torture.reading HOME READS NUMBER`` prints a line of JSON: what it saw, in order, and each thing that
was wrong; a byte is added to ``HOME/read-NUMBER`` for each read. Most reads attach the file to a session that stays
open, by the link's own path or by the file's, and read every cell of two of the main tables, in turn; of each fifty one
opens it alone as an analyst does, and one as the program's commands do, and these read all five. Some read twice, with
half a second between. On one thread. No test lives here.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pipelines.warehouse.db import Connection, open_published
from pipelines.warehouse.home import Home

HELD_EVERY, HELD_SECONDS = 41, 0.5
ALONE_EVERY = 50
TABLES = ("marts.kpi_monthly", "marts.key_result_progress", "marts.objective_progress", "marts.sources", "ops.loads")
ATTACHED = "served"
ALL = range(len(TABLES))
Seen = tuple[tuple[int, str], ...]


def seen_in(con: Connection, tables: Collection[int], *, catalog: str = "") -> Seen:
    """A fingerprint of every cell of each of some tables, by its place in ``TABLES``."""
    prefix = f"{catalog}." if catalog else ""
    parts = (f"select {n}, count(*), sum(hash(t))::varchar from {prefix}{TABLES[n]} as t" for n in tables)
    return tuple(
        sorted((n, f"{count}/{hashed}") for n, count, hashed in con.execute(" union all ".join(parts)).fetchall())
    )


@contextmanager
def opened(
    home: Home, session: duckdb.DuckDBPyConnection, number: int
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """The published database in one of the ways in which people open it, and its catalog's name ("": its own)."""
    path = home.published_database
    if number % ALONE_EVERY == 1:
        with closing(duckdb.connect(str(path), read_only=True, config={"threads": 1})) as con:
            yield con, ""
    elif number % ALONE_EVERY == 2:
        with closing(open_published(home)) as con:
            yield con, ""
    else:
        session.execute(f"attach '{path if number % 2 else path.resolve()}' as {ATTACHED} (read_only)")
        try:
            yield session, ATTACHED
        finally:
            session.execute(f"detach {ATTACHED}")


def read(home: Home, session: Connection, number: int) -> tuple[Seen, str | None]:
    """One read: what was seen, and what was wrong."""
    with opened(home, session, number) as (con, catalog):
        tables = (number % len(TABLES), (number + 1) % len(TABLES)) if catalog else ALL
        seen = seen_in(con, tables, catalog=catalog)
        if number % HELD_EVERY == 0:
            time.sleep(HELD_SECONDS)
            if seen_in(con, tables, catalog=catalog) != seen:
                return seen, "one connection saw two versions"
    return seen, None


def main() -> None:
    home, reads = Home(Path(sys.argv[1])), int(sys.argv[2])
    known: dict[Seen, int] = {}
    order: list[int] = []
    wrong: list[str] = []
    number = 0
    session = duckdb.connect(config={"threads": 1, "async_threads": 0})
    with closing(session), (home.root / f"read-{sys.argv[3]}").open("ab", buffering=0) as counted:
        while number < reads or not (home.root / "stop").exists():
            number += 1
            try:
                seen, why = read(home, session, number)
                order.append(known.setdefault(seen, len(known)))
                wrong += [why] if why else []
            except Exception as error:  # noqa: BLE001 - any error at all is what is looked for
                wrong.append(f"{type(error).__name__}: {error}")
            counted.write(b".")
    print(json.dumps({"seen": list(known), "order": order, "reads": number, "wrong": wrong[:20]}))


if __name__ == "__main__":
    main()
