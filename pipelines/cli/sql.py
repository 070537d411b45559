"""``okr sql``: one read-only question to the published database, and to nothing else."""

from __future__ import annotations

import csv
import io
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import click
import duckdb
from rich.console import Console
from rich.table import Table

from pipelines.asking.questions import NotAQuestion, ask
from pipelines.cli.common import fail, home_of, one_line, published

NUMERIC = {"BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "SMALLINT", "TINYINT", "UBIGINT", "FLOAT"}
ANY_WIDTH = 10_000


def _text(value: Any) -> str:  # noqa: PLR0911 - one return a type
    """A cell as DuckDB's own shell writes it, but for a missing value, which is empty unless it is in a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inside, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_inside(each)}' for name, each in value.items())}}}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)


def _inside(value: Any) -> str:
    return "NULL" if value is None else _text(value)


def _shown(value: Any) -> str:
    """A cell at a terminal: what would move its cursor or change its colours stands there as what it is."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) != "Cc" else sign.encode("unicode_escape").decode()
        for sign in _text(value).replace("\t", " ")
    )


@click.command(
    # so that a query may begin with a comment
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples: okr sql "select * from marts.key_result_latest"
          okr sql --csv - < question.sql > answer.csv""",
)
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values, for another program.")
@click.pass_context
def sql(context: click.Context, query: str, as_csv: bool) -> None:
    """Ask the published database one question; "-" reads it from standard input.

    At a terminal, rows too wide for it stand upright, a line a column.

    Nothing can be changed, and nothing but schemas marts and ops can be read: no file, no other database, no network.
    """
    columns, rows = _answer(context, _from_stdin() if query == "-" else query)
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([name for name, _ in columns])
        writer.writerows([_text(value) for value in row] for row in rows)
        return
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None
    click.echo(laid_out(columns, rows, width=width), nl=False)
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", err=True)


def _from_stdin() -> str:
    """What the house asks of every text: UTF-8, whatever the terminal speaks."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    return sys.stdin.read()


def laid_out(columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]], *, width: int | None) -> str:
    """A line a row; where lines would be wider than ``width``, each row upright, a line a column. None: any width."""
    table = Table(show_edge=False, pad_edge=False)
    for name, kind in columns:
        table.add_column(name, justify="right" if kind.split("(")[0] in NUMERIC else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_shown(value) for value in row))
    # into text first: a console of rich's own ends the program with 1 where the reader has had enough
    console = Console(file=io.StringIO(), width=width or ANY_WIDTH, markup=False, highlight=False, emoji=False)
    with console.capture() as shown:
        wide = Console(file=io.StringIO(), width=ANY_WIDTH).measure(table).maximum
        if width is None or wide <= width or not rows:
            console.print(table)
        else:
            for number, row in enumerate(rows, start=1):
                console.print(f"row {number}".ljust(width, "-") if width > len(f"row {number}") else f"row {number}")
                console.print(_upright([name for name, _ in columns], row))
    return shown.get()


def _upright(names: Sequence[str], row: tuple[Any, ...]) -> Table:
    table = Table(show_edge=False, show_header=False, pad_edge=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in zip(names, row, strict=True):
        table.add_row(name, _shown(value))
    return table


def _answer(context: click.Context, query: str) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
    """Columns with their types, and rows."""
    with published(home_of(context)) as con:
        try:
            answered = ask(con, query)
            return list(answered.columns), answered.rows
        except NotAQuestion as error:
            raise fail(one_line(error)) from error
        except duckdb.InterruptException as error:
            raise click.Abort from error
        except duckdb.Error as error:
            raise fail(one_line(error)) from error
