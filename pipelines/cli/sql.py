"""``okr sql``: one read-only question to the published database."""

from __future__ import annotations

import csv
import sys
from datetime import date, datetime
from typing import Any

import click
import duckdb
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import fail, home_of, one_line, published

NUMERIC = {"BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "SMALLINT", "TINYINT", "UBIGINT", "FLOAT"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)


@click.command()
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values, for another program.")
@click.pass_context
def sql(context: click.Context, query: str, as_csv: bool) -> None:
    """Ask the published database: okr sql "select * from marts.key_result_latest"."""
    with published(home_of(context)) as con:
        try:
            # A question may not reach outside the database it asks.
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
            result = con.execute(query)
            columns = [(name, str(kind)) for name, kind, *_ in result.description or []]
            rows = result.fetchall()
        except duckdb.Error as error:
            raise fail(one_line(error)) from error
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([name for name, _ in columns])
        writer.writerows([_text(value) for value in row] for row in rows)
        return
    table = Table(show_edge=False, pad_edge=False)
    for name, kind in columns:
        table.add_column(name, justify="right" if kind.split("(")[0] in NUMERIC else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    console = Console(width=None if sys.stdout.isatty() else 10_000, markup=False, highlight=False, emoji=False)
    console.print(table)
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", err=True)
