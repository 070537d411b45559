"""A working database with every declared table and no row, made once a process and copied. No test lives here.

For tests of what is done with the tables; how they are made is ``tests/unit/pipelines/warehouse/test_database.py``'s.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.schema import ensure_schema

_FOLDER = TemporaryDirectory(prefix="empty-")
"""Goes when the process ends."""


def with_tables(home: Home) -> Home:
    """The home, with an empty database where it has none."""
    if not home.database.exists():
        home.warehouse.mkdir(parents=True, exist_ok=True)
        shutil.copy(_made(), home.database)
    return home


def connected(home: Home) -> Connection:
    """Its working database, opened for writing, with every table."""
    return connect(with_tables(home))


@cache
def _made() -> Path:
    home = Home(Path(_FOLDER.name))
    with closing(connect(home)) as con:
        ensure_schema(con)
    return home.database
