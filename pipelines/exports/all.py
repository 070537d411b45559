"""All exports of a night: every client's CSVs and report, and the agency's.

What belongs here: which files go where. What does not: their content (``csvs.py``, ``report/``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb

from okr_models.client.model import Client
from okr_models.words.numbers import Language
from pipelines.exports import since_words
from pipelines.exports.aside import made_aside, remove_leftovers
from pipelines.exports.cells import DialectName
from pipelines.exports.csvs import Audience, client_rows, export_agency, write_files, write_rows
from pipelines.exports.files import ExportFile
from pipelines.exports.published import read_status
from pipelines.exports.reader import Reader, readers_of
from pipelines.exports.report.agency import render_agency
from pipelines.exports.report.client import render_client
from pipelines.exports.since import changes_since, closed_months
from pipelines.exports.workbook import WORKBOOK, Sheet, meanings, write_workbook

AGENCY = "_agency"
BOARD = "board"
REPORT = "report.html"
CHANGES = "changes.csv"
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
    root: Path | None = None,
) -> tuple[Path, ...]:
    """Write every export below ``folder`` and return the paths.

    ``clients``: the client files at hand, which say what the charts' target paths are and the CSV dialect. ``only``:
    these clients and no agency page. ``audience="board"``: a folder ``board`` of its own, so that no file with
    key-result detail lies beside the board's; not where ``board_apart`` is false, since ``folder`` is one already.
    ``root``: the home folder, where logos lie. ``language``: the agency page's; without it that of most clients.

    A client whose file is gone or broken tonight has nothing new, and without the file its language, dialect and target
    paths are unknown: what was exported of it before stays as it is. So does that of the clients ``held`` back, whose
    reason the agency's page gives. What goes wrong for one client is told to ``on_fault``, its files stay as they were
    and the others are written; without ``on_fault`` it is raised.
    """
    is_board = audience == "board"
    below = BOARD if is_board and board_apart else ""
    remove_leftovers(folder)
    readers = readers_of(con, tuple(clients))
    written: list[Path] = []
    troubles = dict(held or {})
    notes = meanings(con)

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
            with made_aside(target) as aside:
                rows = client_rows(con, reader.client, as_of=as_of, restated=restated, audience=audience)
                write_files(rows, aside, dialect=reader.dialect)
                sheets = [_sheet(file, found, notes.get(file.table, {})) for file, found in rows]
                changed = changes_since(con, read_status(con, reader.client, as_of=as_of, restated=restated))
                if not is_board:
                    since = since_words.rows(changed, dialect=reader.dialect)
                    write_rows(aside / CHANGES, since_words.COLUMNS, since, dialect=reader.dialect)
                    sheets.append(_changes_sheet(since, notes.get("key_result_progress", {})))
                write_workbook(aside / WORKBOOK, sheets)
                kept = keep_months(con, reader, target, as_of=as_of, root=root) if audience is None else ()
                render_client(
                    con,
                    reader,
                    aside,
                    as_of=as_of,
                    restated=restated,
                    audience=audience,
                    months=months_kept(target, as_of),
                    changed=changed,
                    root=root,
                )
                written += [*kept, *_put_in_place(aside, target)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the other clients' files are not to wait for it
            failed(reader.client, error)
    if not only:
        try:
            written += export_agency_page(
                con,
                folder,
                clients=clients,
                as_of=as_of,
                restated=restated,
                audience=audience,
                board_apart=board_apart,
                language=language,
                troubles=troubles,
                unwritten=troubles.keys() - (held or {}).keys(),
            )
        except Exception as error:  # noqa: BLE001 - the clients' own files are written
            failed(AGENCY, error)
    return tuple(written)


def export_agency_page(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    clients: Sequence[Client] = (),
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
    board_apart: bool = True,
    language: Language | None = None,
    troubles: Mapping[str, str] | None = None,
    unwritten: Collection[str] = (),
) -> list[Path]:
    """The agency's page and CSVs over all clients, all of them or none. Parameters as of ``export_all``.

    ``troubles``: why a client's figures are not tonight's; of those ``unwritten`` its files are not.
    """
    readers = readers_of(con, tuple(clients))
    below = BOARD if audience == "board" and board_apart else ""
    target = folder / AGENCY / below
    link = f"../../{{client}}/{BOARD}/{REPORT}" if below else f"../{{client}}/{REPORT}"
    with made_aside(target) as aside:
        export_agency(con, aside, dialect=_agency_dialect(readers), as_of=as_of, restated=restated, audience=audience)
        render_agency(
            con,
            readers,
            aside,
            language=language,
            as_of=as_of,
            restated=restated,
            link=link,
            audience=audience,
            held=dict(troubles or {}),
            unwritten=unwritten,
        )
        return _put_in_place(aside, target)


def _agency_dialect(readers: Sequence[Reader]) -> DialectName:
    """That of most clients; the standard one where as many have either."""
    spoken = [reader.dialect for reader in readers if reader.has_file]
    return "excel-sv" if 2 * spoken.count("excel-sv") > len(spoken) else "standard"


def _sheet(file: ExportFile, rows: Sequence[tuple[object, ...]], notes: Mapping[str, str]) -> Sheet:
    instants = [place for place, name in enumerate(file.columns) if name.endswith("_at")]
    typed = [
        tuple(_instant(value) if place in instants else value for place, value in enumerate(row)) if instants else row
        for row in rows
    ]
    return Sheet(name=file.name.removesuffix(".csv"), columns=file.columns, rows=tuple(typed), notes=notes)


def _instant(value: object) -> object:
    """What ``csvs.py`` writes as text is an instant again."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _changes_sheet(rows: Sequence[tuple[object, ...]], notes: Mapping[str, str]) -> Sheet:
    said = {**notes, **since_words.MEANINGS}
    return Sheet(name=CHANGES.removesuffix(".csv"), columns=since_words.COLUMNS, rows=tuple(rows), notes=said)


def keep_months(
    con: duckdb.DuckDBPyConnection,
    reader: Reader,
    target: Path,
    *,
    as_of: date | None = None,
    root: Path | None = None,
) -> tuple[Path, ...]:
    """The report of each closed month as the first night had it that knew it whole; one that is kept stays as it is."""
    status = read_status(con, reader.client, as_of=as_of)
    if status.as_of is None:
        return ()
    written: list[Path] = []
    for month, night in closed_months(con, reader.client, as_of=status.as_of):
        place = target / f"{month:%Y-%m}"
        if (place / REPORT).exists():
            continue
        earlier = tuple(name for name in months_kept(target) if name < place.name)
        with made_aside(place) as aside:
            render_client(con, reader, aside, as_of=night, months=earlier, is_kept=True, root=root)
            written += _put_in_place(aside, place)
    return tuple(written)


def months_kept(target: Path, as_of: date | None = None) -> tuple[str, ...]:
    """The months before ``as_of`` whose report lies in a client's folder, oldest first, as ``2026-10``."""
    found = (path.parent.name for path in target.glob(f"[0-9][0-9][0-9][0-9]-[0-9][0-9]/{REPORT}"))
    return tuple(sorted(name for name in found if as_of is None or name < f"{as_of:%Y-%m}"))


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
