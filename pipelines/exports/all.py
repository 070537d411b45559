"""All exports of a night: every client's CSVs and report, and the agency's.

What belongs here: which files go where. What does not: their content (``csvs.py``, ``report/``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from okr_models.client.model import Client
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
) -> tuple[Path, ...]:
    """Write every export below ``folder`` and return the paths.

    ``clients``: the client files at hand, which say what the charts' target paths are and the CSV dialect. ``only``:
    these clients and no agency page. ``audience="board"``: a folder ``board`` of its own, so that no file with
    key-result detail lies beside the board's; not where ``board_apart`` is false, since ``folder`` is one already.

    A client whose file is gone or broken tonight has nothing new, and without the file its language, dialect and target
    paths are unknown: what was exported of it before stays as it is.
    """
    # the chart library takes a second to load
    from pipelines.exports.report.agency import render_agency
    from pipelines.exports.report.client import render_client

    is_board = audience == "board"
    below = BOARD if is_board and board_apart else ""
    readers = readers_of(con, tuple(clients))
    written: list[Path] = []
    for reader in readers:
        target = folder / folder_name(reader.client) / below
        stands = not reader.has_file and as_of is None and (target / REPORT).exists()
        if reader.client not in only if only else stands:
            continue
        written += export_client(
            con, reader.client, target, dialect=reader.dialect, as_of=as_of, restated=restated, audience=audience
        )
        written.append(render_client(con, reader, target, as_of=as_of, restated=restated, audience=audience))
    if not only:
        target = folder / AGENCY / below
        link = f"../../{{client}}/{BOARD}/{REPORT}" if below else f"../{{client}}/{REPORT}"
        written += export_agency(con, target, as_of=as_of, restated=restated, audience=audience)
        page = render_agency(con, readers, target, as_of=as_of, restated=restated, link=link, audience=audience)
        written.append(page)
    return tuple(written)


class NotAFolder(ValueError):
    """A client's slug that would lead out of the exports, or into the agency's folder."""

    def __init__(self, *, client: str) -> None:
        super().__init__(f"client {client!r} can't be a folder of its own in the exports; its slug is a-z, 0-9 and _")


def folder_name(client: str) -> str:
    """A client's folder. Files are only ever written below it, whatever the database says the client is called."""
    if not _SLUG.fullmatch(client) or client == AGENCY:
        raise NotAFolder(client=client)
    return client
