"""All exports of a night: every client's CSVs and report, and the agency's.

What belongs here: which files go where. What does not: their content (``csvs.py``, ``report/``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from okr_models.client import Client
from pipelines.exports.csvs import Audience, export_agency, export_client
from pipelines.exports.people import readers_of

AGENCY = "_agency"
BOARD = "board"


def export_all(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    clients: Sequence[Client] = (),
    only: Sequence[str] = (),
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
) -> tuple[Path, ...]:
    """Write every export below ``folder`` and return the paths.

    ``clients``: the client files at hand, which say what the charts' target paths are and the CSV dialect. ``only``:
    these clients and no agency page. ``audience="board"``: a folder ``board`` of its own, so that no file with
    key-result detail lies beside the board's.
    """
    # the chart library takes a second to load
    from pipelines.exports.report.agency import render_agency
    from pipelines.exports.report.client import render_client

    readers = readers_of(con, tuple(clients))
    written: list[Path] = []
    for reader in readers:
        if only and reader.client not in only:
            continue
        target = folder / reader.client / BOARD if audience == "board" else folder / reader.client
        written += export_client(
            con, reader.client, target, dialect=reader.dialect, as_of=as_of, restated=restated, audience=audience
        )
        written.append(render_client(con, reader, target, as_of=as_of, restated=restated, audience=audience))
    if not only:
        target = folder / AGENCY / BOARD if audience == "board" else folder / AGENCY
        link = "../../{client}/board/report.html" if audience == "board" else "../{client}/report.html"
        written += export_agency(con, target, as_of=as_of, restated=restated, audience=audience)
        written.append(
            render_agency(con, readers, target, as_of=as_of, restated=restated, link=link, audience=audience)
        )
    return tuple(written)
