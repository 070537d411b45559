"""What several commands share: the home folder, the published database, errors in one line.

Every command imports it, ``okr --help`` too: it loads no database until one is opened.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click
from click.shell_completion import CompletionItem

from pipelines.warehouse.home import HOME_VARIABLE, Home

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

P = ParamSpec("P")
R = TypeVar("R")


def home_of(context: click.Context) -> Home:
    """The home folder that ``--home``, OKR_HOME or the current folder names; of a bucket, a copy as it is now."""
    given = _given(context)
    if "://" in given:
        return _brought(context, given)
    return Home.resolve(context.find_root().params.get("home"), os.environ)


def store_of(context: click.Context) -> str:
    """The address of the store that ``--home`` or OKR_HOME names: a folder's path, or a bucket's."""
    given = _given(context)
    return given if "://" in given else str(home_of(context).root)


def _given(context: click.Context) -> str:
    given = str(context.find_root().params.get("home") or os.environ.get(HOME_VARIABLE, ""))
    return given.removeprefix("file://")


READS = frozenset({"status", "sql", "export", "doctor", "validate", "suggest", "mcp"})
"""Commands that put nothing into a home which would have to go back into its bucket."""


def _brought(context: click.Context, address: str) -> Home:
    from pipelines.shards.address import opened
    from pipelines.shards.files import take_tokens
    from pipelines.shards.mirror import brought
    from pipelines.shards.store import StoreUnavailable

    if context.info_name not in READS:
        raise fail(f"okr {context.info_name} needs the home as a folder; with a bucket, change its files there")
    try:
        store = opened(address)
        home = brought(store, os.environ)
    except StoreUnavailable as error:
        raise fail(one_line(error)) from error
    # a token that was renewed meanwhile may be the only one that is good
    context.call_on_close(lambda: take_tokens(store, home))
    return home


def complete_client(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The home folder's clients, for a shell that completes a name. Reads no file, so that Tab answers at once."""
    if "://" in _given(context):
        return []
    names = sorted(path.stem for path in home_of(context).clients.glob("[!.]*.yaml"))
    given = {*(context.params.get("clients") or ()), context.params.get("client")}
    return [CompletionItem(name) for name in names if name.startswith(incomplete) and name not in given]


def client_option(function: Callable[P, R]) -> Callable[P, R]:
    """``--client C``, as often as wanted."""
    option = click.option(
        "--client",
        "clients",
        multiple=True,
        metavar="C",
        shell_complete=complete_client,
        help="Only this client; may be given again.",
    )
    return option(function)


def fail(message: str, *, code: int = 1) -> click.exceptions.Exit:
    """Print one line to stderr; raise what this returns."""
    click.echo(f"okr: {message}", err=True)
    return click.exceptions.Exit(code)


def one_line(error: BaseException) -> str:
    """An exception's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__


def readable_errors(*kinds: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn the named exceptions of a command into one line on stderr and exit 1."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except kinds as error:
                raise fail(one_line(error)) from error

        return wrapper

    return decorate


@contextmanager
def published(home: Home) -> Generator[DuckDBPyConnection, None, None]:
    """A read-only connection to what was published last."""
    from pipelines.warehouse.db import DatabaseUnusable, open_published

    if not home.published_database.exists():
        raise fail(f"nothing is published in {home.root} yet; okr run makes {home.published_database.name}")
    try:
        con = open_published(home)
    except DatabaseUnusable as error:
        raise fail(one_line(error)) from error
    try:
        yield con
    finally:
        con.close()


class Place(click.Path):
    """A path that is given: an empty one, of a variable that is not set, would be the current folder."""

    def __init__(self, *, is_file: bool = False) -> None:
        super().__init__(dir_okay=not is_file, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("the path is empty; name one, such as . for the current folder", param, ctx)
        return super().convert(value, param, ctx)


class Day(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as 2026-11-20", param, ctx)


DAY = Day()


class Since(click.ParamType[date | timedelta]):
    """A span back from the night shown, as 7d or 4w, or a day."""

    name = "7d|4w|YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | timedelta:
        if isinstance(value, date | timedelta):
            return value
        text = str(value).strip().lower()
        number, unit = text[:-1], text[-1:]
        if number.isascii() and number.isdigit() and unit in "dw" and 0 < int(number) <= MOST_BACK:
            return timedelta(days=int(number) * (7 if unit == "w" else 1))
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fail(f"{value!r} is no span and no day; write 7d, 4w or 2026-11-13", param, ctx)


MOST_BACK = 5000
SINCE = Since()
