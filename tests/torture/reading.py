"""One reader of the published database, in a process of its own: opens it, reads, closes it, again and again.

``python -m tests.torture.reading HOME READS`` prints a line of JSON: how often it saw which version, in order, and each
thing that was wrong. Half of the reads open the link's own path as an analyst does, half as the program's commands do;
each holds its connection over several statements, some over a publication. No test lives here.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from contextlib import closing
from pathlib import Path

import duckdb

from pipelines.warehouse.db import open_published
from pipelines.warehouse.home import Home

HELD_EVERY, HELD_SECONDS = 40, 0.5
TABLES = ("marts.kpi_monthly", "marts.key_result_progress", "marts.objective_progress", "marts.sources", "ops.loads")


def version_of(con: duckdb.DuckDBPyConnection) -> str:
    """A fingerprint of every cell of the main tables, a statement each."""
    found = hashlib.sha256()
    for table in TABLES:
        answer = con.execute(f"select count(*), sum(hash(t)) from {table} as t").fetchall()
        found.update(repr(answer).encode())
    return found.hexdigest()[:16]


def read(home: Home, number: int) -> tuple[str, str | None]:
    """One read: the version that was seen, and what was wrong."""
    path = str(home.published_database.resolve())
    with closing(duckdb.connect(path, read_only=True) if number % 2 else open_published(home)) as con:
        seen = version_of(con)
        if number % HELD_EVERY == 0:
            time.sleep(HELD_SECONDS)
            if version_of(con) != seen:
                return seen, "one connection saw two versions"
    return seen, None


def main() -> None:
    home, reads = Home(Path(sys.argv[1])), int(sys.argv[2])
    order: list[list[object]] = []
    wrong: list[str] = []
    number = 0
    while number < reads or not (home.root / "stop").exists():
        number += 1
        try:
            seen, why = read(home, number)
        except Exception as error:  # noqa: BLE001 - any error at all is what is looked for
            wrong.append(f"{type(error).__name__}: {error}")
            continue
        wrong += [why] if why else []
        if not order or order[-1][0] != seen:
            order.append([seen, 0])
        order[-1][1] = int(str(order[-1][1])) + 1
        if number == reads:
            (home.root / f"done-{sys.argv[3]}").touch()
    print(json.dumps({"order": order, "reads": number, "wrong": wrong[:20]}))


if __name__ == "__main__":
    main()
