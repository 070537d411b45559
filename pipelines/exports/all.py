"""All exports of a night: every client's CSVs and report, and the agency's.

What belongs here: which files go where. What does not: their content (``csvs.py``, ``report/``).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from okr_models.client.model import Client
from okr_models.words.numbers import Language
from pipelines.exports.csvs import Audience, export_agency, export_client
from pipelines.exports.reader import readers_of

AGENCY = "_agency"
BOARD = "board"
REPORT = "report.html"
_SLUG = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


def export_all(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    clients: Sequence[Client] = (),
    only: Sequence[str] = (),
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
    board_apart: bool = True,
    held: Mapping[str, str] | None = None,
    on_fault: Callable[[str, Exception], None] | None = None,
    language: Language | None = None,
) -> tuple[Path, ...]:
    """Write every export below ``folder`` and return the paths.

    ``clients``: the client files at hand, which say what the charts' target paths are and the CSV dialect. ``only``:
    these clients and no agency page. ``audience="board"``: a folder ``board`` of its own, so that no file with
    key-result detail lies beside the board's; not where ``board_apart`` is false, since ``folder`` is one already.
    ``language``: the agency page's; without it that of most clients.

    A client whose file is gone or broken tonight has nothing new, and without the file its language, dialect and target
    paths are unknown: what was exported of it before stays as it is. So does that of the clients ``held`` back, whose
    reason the agency's page gives. What goes wrong for one client is told to ``on_fault``, its files stay as they were
    and the others are written; without ``on_fault`` it is raised.
    """
    # the chart library takes a second to load
    from pipelines.exports.report.agency import render_agency
    from pipelines.exports.report.client import render_client

    is_board = audience == "board"
    below = BOARD if is_board and board_apart else ""
    readers = readers_of(con, tuple(clients))
    written: list[Path] = []
    troubles = dict(held or {})

    def failed(client: str, error: Exception) -> None:
        if on_fault is None:
            raise error
        troubles.setdefault(client, f"{type(error).__name__}: {error}")
        on_fault(client, error)

    for reader in readers:
        try:
            target = folder / folder_name(reader.client) / below
            stands = not reader.has_file or reader.client in troubles
            if reader.client not in only if only else stands and as_of is None and (target / REPORT).exists():
                continue
            with _made_aside(target) as aside:
                export_client(
                    con, reader.client, aside, dialect=reader.dialect, as_of=as_of, restated=restated, audience=audience
                )
                render_client(con, reader, aside, as_of=as_of, restated=restated, audience=audience)
                written += _put_in_place(aside, target)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other clients' files are not to wait for it
            failed(reader.client, error)
    if not only:
        target = folder / AGENCY / below
        link = f"../../{{client}}/{BOARD}/{REPORT}" if below else f"../{{client}}/{REPORT}"
        try:
            with _made_aside(target) as aside:
                export_agency(con, aside, as_of=as_of, restated=restated, audience=audience)
                render_agency(
                    con,
                    readers,
                    aside,
                    language=language,
                    as_of=as_of,
                    restated=restated,
                    link=link,
                    audience=audience,
                    held=troubles,
                )
                written += _put_in_place(aside, target)
        except Exception as error:  # noqa: BLE001 - the clients' own files are written
            failed(AGENCY, error)
    return tuple(written)


@contextmanager
def _made_aside(target: Path) -> Iterator[Path]:
    """A folder beside ``target``, so that a client's files are of one night even where the making of one fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # the process in its name, so that a night and an export by hand don't write into each other's
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put_in_place(aside: Path, target: Path) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    return [path.replace(target / path.name) for path in sorted(aside.iterdir())]


class NotAFolder(ValueError):
    """A client's slug that would lead out of the exports, or into the agency's folder."""

    def __init__(self, *, client: str) -> None:
        super().__init__(f"client {client!r} can't be a folder of its own in the exports; its slug is a-z, 0-9 and _")


def folder_name(client: str) -> str:
    """A client's folder. Files are only ever written below it, whatever the database says the client is called."""
    if not _SLUG.fullmatch(client) or client == AGENCY:
        raise NotAFolder(client=client)
    return client
