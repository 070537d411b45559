"""Sending what is due of a home folder: previews, editions, holds, each message once.

What belongs here: the order of things, and the record of them. What does not: what is due (``due.py``), what is said
(``letter.py``), how it goes (``ways.py``).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from okr_models.changes.model import in_order
from okr_models.client.model import Client
from okr_models.client.sending import Sending, Target
from okr_models.client.sources import EnvRef, FileRef
from okr_models.periods import local_date
from pipelines.exports.published import read_status
from pipelines.exports.reader import Reader, reader_of
from pipelines.exports.report.client import render_client
from pipelines.exports.since import MONTH, WEEK, changes_since, closed_months, nights_of
from pipelines.sending import letter as letters
from pipelines.sending.due import PREVIEW, Due, due, name_of, pending
from pipelines.sending.ledger import OVER, Entry, Event, Ledger, opened
from pipelines.sending.pdf import printed
from pipelines.sending.ways import MaybeSent, NotSent, by_mail, by_webhook, carried, sender_of
from pipelines.warehouse.faults import reason_of
from pipelines.warehouse.home import Home, OutsideHome
from pipelines.warehouse.open_secrets import is_open, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one message. ``what``: ``sent``, ``previewed``, ``would send``, ``failed``, ``unknown``, …"""

    client: str
    edition: str
    to: str
    what: str
    why: str = ""

    @property
    def line(self) -> str:
        return f"{self.client} {self.edition} to {self.to}: {self.what}{f', {self.why}' if self.why else ''}"

    @property
    def is_trouble(self) -> bool:
        return self.what in {"failed", "unknown", "begun"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One entry of one client's ``send`` on one day."""

    home: Home
    client: Client
    reader: Reader
    sending: Sending
    environ: Mapping[str, str]
    now: datetime
    ledger: Ledger
    refuse_open_secrets: bool

    @property
    def name(self) -> str:
        return name_of(self.sending)

    @property
    def today(self) -> date:
        return local_date(self.now, ZoneInfo(self.client.timezone))

    def note(self, edition: Due, target: str, event: Event, why: str = "") -> None:
        self.ledger.add(
            Entry(
                client=self.client.client,
                sending=self.name,
                edition=edition.edition,
                target=target,
                event=event,
                as_of=edition.night.isoformat(),
                at=f"{self.today.isoformat()}T{self.now:%H:%M:%SZ}",
                why=why,
            )
        )


def send_due(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    clients: Sequence[Client],
    *,
    environ: Mapping[str, str],
    now: datetime,
    dry_run: bool = False,
    refuse_open_secrets: bool = False,
) -> tuple[Done, ...]:
    """Send everything that is due of ``clients``. What can't go out is in the answer and stops nothing else.

    Raises ``AlreadySending``.
    """
    asking = [client for client in clients if client.send]
    if not asking:
        return ()
    done: list[Done] = []
    with opened(home) as ledger:
        for client in asking:
            for sending in client.send:
                turn = _Turn(
                    home=home,
                    client=client,
                    reader=reader_of(client),
                    sending=sending,
                    environ=environ,
                    now=now,
                    ledger=ledger,
                    refuse_open_secrets=refuse_open_secrets,
                )
                done += _begun(turn, dry_run=dry_run)
                for edition in _due(con, turn):
                    try:
                        done += _send(con, turn, edition, dry_run=dry_run)
                    except Exception as error:  # noqa: BLE001 - one letter that can't be written keeps no other
                        done.append(_unwritten(turn, edition, error))
    return tuple(done)


def hold(home: Home, clients: Sequence[Client], *, now: datetime, dry_run: bool = False) -> tuple[Done, ...]:
    """Stop every edition of ``clients`` that was previewed and has not gone to the others; ``dry_run``: name them."""
    done: list[Done] = []
    with opened(home) as ledger:
        for client in clients:
            for sending in client.send:
                for each in pending(ledger.of(client.client, name_of(sending))):
                    if not dry_run:
                        ledger.add(replace(each, event="held", target="", at=f"{now:%Y-%m-%dT%H:%M:%SZ}"))
                    what = "would hold" if dry_run else "held"
                    done.append(Done(client=client.client, edition=each.edition, to=_all(sending.to), what=what))
    return tuple(done)


def _begun(turn: _Turn, *, dry_run: bool) -> Iterator[Done]:
    """Messages that an earlier process began and never ended: they may have arrived, and that is said once.

    A dry run says so and notes nothing, so that the night that sends says it too.
    """
    for each in list(turn.ledger.of(turn.client.client, turn.name)):
        if (
            each.event == "sending"
            and turn.ledger.last(each.client, each.sending, each.edition, each.target) == "sending"
        ):
            if not dry_run:
                turn.ledger.add(replace(each, event="unknown", why="an earlier run ended while sending it"))
            why = "an earlier run ended while sending it; it is not sent again"
            to = each.target.removeprefix(PREVIEW)
            yield Done(client=each.client, edition=each.edition, to=to, what="unknown", why=why)


def _due(con: duckdb.DuckDBPyConnection, turn: _Turn) -> tuple[Due, ...]:
    slug = turn.client.client
    nights = nights_of(con, slug, until=turn.today)
    months = closed_months(con, slug, as_of=nights[-1]) if nights else ()
    sent = turn.ledger.of(slug, turn.name)
    return due(turn.sending, today=turn.today, nights=nights, months=months, sent=sent)


def _send(con: duckdb.DuckDBPyConnection, turn: _Turn, edition: Due, *, dry_run: bool) -> list[Done]:
    slug, sending = turn.client.client, turn.sending
    prefix = PREVIEW if edition.preview else ""
    # one that stands there twice gets it once
    asked = dict.fromkeys(sending.preview_to if edition.preview else sending.to)
    targets = [(target, f"{prefix}{_shown(target)}") for target in asked]
    left = [
        (target, name)
        for target, name in targets
        if turn.ledger.last(slug, turn.name, edition.edition, name) not in OVER
    ]
    if not left:
        return []
    last = _last_sent(turn, edition)
    if sending.only_if_changed and last is not None and not _changed(con, slug, edition.night, since=last):
        if not dry_run:
            turn.note(edition, "", "skipped", "nothing has changed")
        return [
            Done(client=slug, edition=edition.edition, to=_all(sending.to), what="skipped", why="nothing has changed")
        ]
    since = last or _first_compared(con, turn, edition)
    letter = letters.letter_of(
        con,
        turn.reader,
        night=edition.night,
        with_results=sending.audience == "team",
        agency=turn.client.brand.agency if turn.client.brand else None,
        since=since,
    )
    if edition.goes_on:
        to = [_shown(target) for target in sending.to]
        letter = replace(letter, note=letters.goes_note(letter, turn.reader, to=to, day=edition.goes_on))
    if dry_run:
        what = "would preview" if edition.preview else "would send"
        return [
            Done(client=slug, edition=edition.edition, to=_shown(target), what=what, why=letter.subject)
            for target, _ in left
        ]
    pdf = _pages(con, turn, edition, since=since) if sending.via == "mail" else None
    return [_one(turn, edition, letter, target=target, name=name, pdf=pdf) for target, name in left]


def _unwritten(turn: _Turn, edition: Due, error: Exception) -> Done:
    """What has gone of the edition is in the ledger; the rest is due again."""
    to = _all(turn.sending.preview_to if edition.preview else turn.sending.to)
    return Done(client=turn.client.client, edition=edition.edition, to=to, what="failed", why=reason_of(error))


def _one(turn: _Turn, edition: Due, letter: letters.Letter, *, target: Target, name: str, pdf: bytes | None) -> Done:
    slug, to = turn.client.client, _shown(target)
    try:
        # what is wrong before anything is handed over is found before it is noted as begun
        address = target if isinstance(target, str) else _secret(turn, target)
        if turn.sending.via == "mail":
            address, sender = carried(address), sender_of(turn.environ)
            said = _message_id(turn, edition, name)
            message = letters.mail(letter, sender=sender, to=address, message_id=said, pdf=pdf)
            turn.note(edition, name, "sending")
            by_mail(message, to=address, environ=turn.environ)
        else:
            body = _body(turn, letter, edition)
            turn.note(edition, name, "sending")
            by_webhook(address, body)
    except NotSent as error:
        turn.note(edition, name, "failed", str(error))
        return Done(client=slug, edition=edition.edition, to=to, what="failed", why=str(error))
    except MaybeSent as error:
        turn.note(edition, name, "unknown", str(error))
        why = f"{error}; it is not sent again"
        return Done(client=slug, edition=edition.edition, to=to, what="unknown", why=why)
    event: Event = "previewed" if edition.preview else "sent"
    turn.note(edition, name, event)
    return Done(client=slug, edition=edition.edition, to=to, what=event)


def _body(turn: _Turn, letter: letters.Letter, edition: Due) -> Mapping[str, object]:
    match turn.sending.via:
        case "slack":
            return letters.slack(letter)
        case "teams":
            return letters.teams(letter)
        case _:
            return letters.webhook(letter, edition=edition.edition)


def _pages(con: duckdb.DuckDBPyConnection, turn: _Turn, edition: Due, *, since: date | None) -> bytes | None:
    """The report printed; what has happened is since the same night as in the letter."""
    with tempfile.TemporaryDirectory() as folder:
        page = render_client(
            con,
            turn.reader,
            Path(folder),
            as_of=edition.night,
            audience=turn.sending.audience,
            root=turn.home.root,
            changed=changes_since(con, read_status(con, turn.client.client, as_of=edition.night), day=since),
        )
        return printed(page, turn.environ)


def _last_sent(turn: _Turn, edition: Due) -> date | None:
    """The night that the last edition before this one showed which went to anybody it is for.

    One that went to some of them already is not its own past: the others read the same.
    """
    night = edition.night.isoformat()
    sent = [
        each.as_of
        for each in turn.ledger.of(turn.client.client, turn.name)
        if each.event in ("sent", "unknown")
        and not each.target.startswith(PREVIEW)
        and each.edition != edition.edition
        and each.as_of < night
    ]
    return date.fromisoformat(max(sent)) if sent else None


def _first_compared(con: duckdb.DuckDBPyConnection, turn: _Turn, edition: Due) -> date | None:
    """What the first edition is compared with: a week or a month before, or the first night where none is that old."""
    nights = nights_of(con, turn.client.client, until=edition.night)
    before = edition.night - (MONTH if turn.sending.every == "month" else WEEK)
    return max(before, nights[0]) if nights else None


def _changed(con: duckdb.DuckDBPyConnection, client: str, night: date, *, since: date) -> bool:
    found = changes_since(con, read_status(con, client, as_of=night), day=since)
    return bool(found.objectives or in_order(found.changes))


def _message_id(turn: _Turn, edition: Due, name: str) -> str:
    said = f"{turn.client.client} {turn.name} {edition.edition} {name}"
    domain = sender_of(turn.environ).rpartition("@")[2].strip("> ") or "localhost"
    return f"<okr-{hashlib.sha256(said.encode()).hexdigest()[:32]}@{domain}>"


def _secret(turn: _Turn, target: EnvRef | FileRef) -> str:
    if isinstance(target, EnvRef):
        value = turn.environ.get(target.env, "").strip()
        if not value:
            raise NotSent(f"the environment variable {target.env} is not set")
        return value
    if turn.refuse_open_secrets and is_open(target, home=turn.home):
        raise NotSent(told(target.file))
    try:
        return turn.home.inside(target.file).read_text("utf-8").strip()
    except (OSError, OutsideHome, UnicodeDecodeError):
        raise NotSent(f"{target.file} can't be read") from None


def _shown(target: Target) -> str:
    """A target by what it is called, never by a webhook's address."""
    if isinstance(target, str):
        return target
    return target.env if isinstance(target, EnvRef) else target.file


def _all(targets: Sequence[Target]) -> str:
    return ", ".join(map(_shown, targets))
