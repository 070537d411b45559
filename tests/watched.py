"""A connection that notices a statement whose answer nobody read to its end. No test lives here.

DuckDB lets such an answer stand until something refuses to go on with it, which may be months later: the first forecast
that was scored met one, and every night from then on failed. Here the next statement already says whose it was.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

NOTHING = pa.table({"nothing": pa.array([], pa.int8())})


class Watched:
    """Passes everything on to the connection it holds."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._last = "nothing"
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        self._expect_nothing_open(sql)
        return self._con.execute(sql, parameters)

    def executemany(self, sql: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        self._expect_nothing_open(sql)
        return self._con.executemany(sql, parameters)

    def close(self) -> None:
        self._expect_nothing_open("close")
        self._con.close()

    def _expect_nothing_open(self, following: str) -> None:
        try:
            self._con.register("watched_for_open_answers", NOTHING)
            self._con.unregister("watched_for_open_answers")
        except duckdb.ResourceInUseException as error:
            raise AssertionError(f"nobody read the whole answer of: {self._last}") from error
        except duckdb.Error:
            pass  # an error has ended the transaction, and that is told to whom it concerns
        self._last = following
        self.statements += 1
