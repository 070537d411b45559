"""``okr status``: the progress table."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from os import environ
from typing import Literal

import click
import duckdb

from connectors.registry import SOURCE_TYPES
from okr_models.client.model import Client
from okr_models.words.numbers import Language
from pipelines.cli.common import DAY, SINCE, client_option, fail, home_of, one_line, published
from pipelines.exports import since_words
from pipelines.exports.changes import changes
from pipelines.exports.checkins import with_checkins
from pipelines.exports.file_order import in_file_order
from pipelines.exports.plain import plain
from pipelines.exports.published import LoadUnderWay, next_night, read_status, zone_of
from pipelines.exports.reader import readers_of, told_apart
from pipelines.exports.since import changes_since
from pipelines.exports.status_table import status_table
from pipelines.warehouse.checkin_files import bad_rows
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import BadToday, clock_from
from pipelines.warehouse.held_back import EXPORTS, held_back
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.first_load import loading_of
from pipelines.warehouse.refused import standing_refusals

OLDER: dict[Language, str] = {
    "sv": "Det här är de siffror som publicerades förut. Natten {day} publicerades inte:",
    "en": "These are the figures published before. The night of {day} was not published:",
}
HELD_BACK: dict[Language, str] = {
    "sv": "Natten kunde inte slutföras för dessa kunder, vars senast godkända siffror och filer står kvar:",
    "en": "The night could not be finished for these clients, whose last good figures and files stay:",
}
UNWRITTEN: dict[Language, str] = {
    "sv": "Filerna kunde inte skrivas för dessa kunder. Deras siffror är nattens, och rapport och filer äldre:",
    "en": "The files of these clients could not be written. Their figures are the night's, report and files older:",
}
REASONS_IN_SWEDISH = (
    (re.compile(r"^(\S+): check (\S+) failed \("), r"\1: kontrollen \2 slog fel ("),
    (re.compile(r"^check (\S+) failed \(1 row\b"), r"kontrollen \1 slog fel (1 rad"),
    (re.compile(r"^check (\S+) failed \((\d+) rows"), r"kontrollen \1 slog fel (\2 rader"),
    (re.compile(r"^check (\S+) failed \((\d+) window\(s\)"), r"kontrollen \1 slog fel (\2 fönster"),
    (re.compile(r"^check (\S+) could not be run"), r"kontrollen \1 gick inte att köra"),
    (re.compile(r", first "), ", först "),
    (
        re.compile(r"if an older warehouse/ was put back, okr ledger take-over brings its missing results back from"),
        "om en äldre warehouse/ lagts tillbaka hämtar okr ledger take-over de resultat som saknas ur",
    ),
    (re.compile(r"okr run --from reads them again"), "okr run --from läser dem igen"),
)


@click.command(epilog="Example: okr --home okr-home status --client acme --as-of 2026-10-01")
@client_option
@click.option("--audience", type=click.Choice(["board", "team"]), default="team", show_default=True)
@click.option("--as-of", type=DAY, help="What was known that day.")
@click.option("--since", type=SINCE, help="What changed since then, first: 7d, 4w, or a day.")
@click.option("--restated", is_flag=True, help="With --as-of: that day again, over what is known now.")
@click.pass_context
def status(
    context: click.Context,
    /,
    *,
    clients: tuple[str, ...],
    audience: Literal["board", "team"],
    as_of: date | None,
    since: date | timedelta | None,
    restated: bool,
) -> None:
    """Show the progress of each objective and key result."""
    if restated and as_of is None:
        raise click.UsageError("--restated needs --as-of")
    home = home_of(context)
    if restated and as_of is not None:
        from pipelines.cli.restate import restate

        restate(home, as_of, only=clients)
    files = load_clients(home).clients
    if held_up := held_up_text(home, language=one_language(files), clients=clients):
        click.echo(held_up)
    if since is not None:
        click.echo(since_text(home, files, clients=clients, audience=audience, as_of=as_of, since=since))
    click.echo(status_text(home, files, clients=clients, audience=audience, as_of=as_of, restated=restated), nl=False)
    if as_of is None:
        for line in bad_rows_of(home, files, clients=clients):
            click.echo(f"okr: {line}", err=True)
    if restated and as_of is not None and audience == "team":
        click.echo(changes_text(home, files, clients=clients, as_of=as_of), nl=False)


def status_text(
    home: Home,
    files: tuple[Client, ...] | None = None,
    *,
    clients: tuple[str, ...] = (),
    audience: Literal["board", "team"] = "team",
    as_of: date | None = None,
    restated: bool = False,
) -> str:
    """The progress table over the published database. ``files``: the client files, where they are read already."""
    if files is None:
        files = load_clients(home).clients
    colour = sys.stdout.isatty() and not environ.get("NO_COLOR")
    with published(home) as con:
        readers = {reader.client: reader for reader in told_apart(readers_of(con, files))}
        if unknown := sorted(set(clients) - readers.keys()):
            raise fail(f"nothing is known of {', '.join(unknown)}; there are: {', '.join(readers) or 'none'}")
        statuses = [
            replace(
                with_checkins(
                    con,
                    in_file_order(read_status(con, client, as_of=as_of, restated=restated), readers[client]),
                    readers[client].speech,
                    as_of=as_of,
                ),
                loading=_loading(con, client, files, as_of=as_of),
            )
            for client in clients or readers
        ]
    return status_table(
        statuses,
        readers=readers,
        audience=audience,
        width=shutil.get_terminal_size((80, 24)).columns,
        colour=colour,
    )


def bad_rows_of(home: Home, files: tuple[Client, ...], *, clients: Collection[str]) -> tuple[str, ...]:
    """Rows of the check-in files that say nothing in the table above, with their file and line."""
    asked = [file for file in files if not clients or file.client in clients]
    try:
        return bad_rows(home, asked, now=clock_from(environ).now())
    except BadToday as error:
        raise fail(one_line(error), code=2) from error


def changes_text(home: Home, files: tuple[Client, ...], *, clients: tuple[str, ...] = (), as_of: date) -> str:
    """What each client's key results were on ``as_of`` as known then, and are now, where the two differ."""
    with published(home) as con:
        readers = {reader.client: reader for reader in told_apart(readers_of(con, files))}
        found = {
            client: changes(
                read_status(con, client, as_of=as_of),
                in_file_order(read_status(con, client, as_of=as_of, restated=True), readers[client]),
                readers[client].speech,
            )
            for client in clients or readers
        }
    width = shutil.get_terminal_size((80, 24)).columns
    blocks = [
        "\n".join(
            textwrap.fill(line, width, subsequent_indent="  " if line[0] == "-" else "")
            for line in (readers[client].name, *lines)
        )
        for client, lines in found.items()
        if lines
    ]
    return "".join(f"\n{block}\n" for block in blocks)


def since_text(
    home: Home,
    files: tuple[Client, ...],
    *,
    clients: tuple[str, ...],
    audience: Literal["board", "team"],
    as_of: date | None,
    since: date | timedelta,
) -> str:
    """What changed of each client, a line a change."""
    width, lines = shutil.get_terminal_size((80, 24)).columns, []
    with published(home) as con:
        readers = {reader.client: reader for reader in told_apart(readers_of(con, files))}
        for client in [each for each in clients or readers if each in readers]:
            status, reader = read_status(con, client, as_of=as_of), readers[client]
            found = (
                changes_since(con, status, before=since)
                if isinstance(since, timedelta)
                else changes_since(con, status, day=since)
            )
            lines.append(plain(reader.name))
            changed = since_words.block(found, reader, with_results=audience == "team")
            if changed is None:
                lines += [since_words.nothing_yet(reader.speech), ""]
                continue
            lines += [f"{changed.head}:"] if changed.head else []
            lines += [
                textwrap.fill(f"- {line.title}: {line.said}", width, subsequent_indent="  ", break_on_hyphens=False)
                for line in changed.lines
            ]
            lines += [changed.rest, ""] if changed.rest else [""]
    return "\n".join(lines)


def one_language(files: tuple[Client, ...]) -> Language:
    """Swedish where every client's reports are in Swedish; else English, which the program itself speaks."""
    spoken = {client.language for client in files}
    return "sv" if spoken == {"sv"} else "en"


def _loading(
    con: duckdb.DuckDBPyConnection, client: str, files: tuple[Client, ...], *, as_of: date | None
) -> tuple[LoadUnderWay, ...]:
    """How far long first loads were after the last night, with ``as_of`` that one; none of a client without a file."""
    file = next((file for file in files if file.client == client), None)
    before = next_night(as_of, zone_of(con, client))
    loads = [load for load in ledger.read(con, client=client) if before is None or load.started_at < before]
    if file is None or not loads:
        return ()
    night = max(load.started_at for load in loads)
    found = loading_of(file, loads=loads, now=night, source_types=SOURCE_TYPES)
    return tuple(
        LoadUnderWay(title=load.title, loaded_days=load.loaded_days, all_days=load.all_days, nights=load.nights)
        for load in found
    )


def held_up_text(home: Home, *, language: Language = "en", clients: Collection[str] = ()) -> str:
    """Why figures or files are of an earlier night than the last one; empty where none is. ``clients``: none but these.

    What is wrong with the whole comes first, then what holds single clients back.
    """
    refusals, lines = standing_refusals(home), []
    if refusals:
        lines.append(OLDER[language].format(day=refusals[0].refused_at[:10]))
    lines += [f"- {refusal.table}: {_reason(reason, language)}" for refusal in refusals for reason in refusal.reasons]
    held = [each for each in held_back(home) if not clients or each.client in clients]
    whole = [each for each in held if each.stage != EXPORTS]
    for heading, those in ((HELD_BACK, whole), (UNWRITTEN, [each for each in held if each.stage == EXPORTS])):
        if those:
            lines.append(heading[language])
        for each in those:
            where = f" ({each.place})" if each.place else ""
            lines.append(f"- {each.client}, {each.at[:10]}, {each.stage}{where}: {_reason(each.reason, language)}")
    if not lines:
        return ""
    width = shutil.get_terminal_size((80, 24)).columns
    wrapped = (textwrap.fill(line, width, subsequent_indent="  " if line[0] == "-" else "") for line in lines)
    return "\n".join([*wrapped, ""])


def _reason(reason: str, language: Language) -> str:
    """A refusal as it was recorded, in the reader's language; the rows in it are data and stay as they are."""
    if language == "sv":
        for english, swedish in REASONS_IN_SWEDISH:
            reason = english.sub(swedish, reason)
    return reason
