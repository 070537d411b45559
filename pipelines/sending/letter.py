"""What is sent: a client's standing and changes as a letter, from which mail and messages are made.

What belongs here: choosing and laying out, in a form that mail programs draw: tables, inline styles, no image, no
script, nothing from outside. What does not: sending (``ways.py``), the report itself (``pipelines/exports/report``).
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.utils import formataddr, parseaddr

import duckdb

from okr_models.words.numbers import MISSING, Language
from pipelines.exports import since_words
from pipelines.exports.checkins import with_checkins
from pipelines.exports.plain import plain
from pipelines.exports.published import read_status
from pipelines.exports.reader import Reader
from pipelines.exports.report import evidence, queries, results
from pipelines.exports.report.kpi_cards import kpi_section
from pipelines.exports.since import changes_since
from pipelines.mail_policy import MAIL

MOST_KPIS = 8
WARNING = "#ad7410"
COLOURS = {
    "achieved": "#1a7f4b",
    "on_track": "#1a7f4b",
    "at_risk": "#9a6700",
    "off_track": "#b42318",
    "out_of_reach": "#b42318",
}
QUIET, INK, PAPER, RULE = "#57534a", "#1c1a17", "#ffffff", "#d9d4c7"
FONT = "font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif"
TEXT: dict[Language, dict[str, str]] = {
    "sv": {
        "subject": "{name}: {headline}",
        "preview": "[Förhandsvisning] {subject}",
        "goes": "Går till {to} den {day}, om du inte stoppar den: okr send --hold --client {client}",
        "kpis": "Siffrorna",
        "way": "framsteg {share}",
        "made": "Framtaget natten till den {day}.",
        "by": "Från {agency}.",
        "attached": "Rapporten är bifogad.",
    },
    "en": {
        "subject": "{name}: {headline}",
        "preview": "[Preview] {subject}",
        "goes": "Goes to {to} on {day} unless you stop it: okr send --hold --client {client}",
        "kpis": "The figures",
        "way": "progress {share}",
        "made": "Made by the night of {day}.",
        "by": "From {agency}.",
        "attached": "The report is attached.",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A key result as a team reads it.

    ``figures``: where it is, of how much. ``said``: what is expected, or why nothing is, and what its owner says.
    """

    title: str
    status: str
    icon: str
    word: str
    figures: str
    progress: str
    said: tuple[str, ...]

    @property
    def line(self) -> str:
        """Everything of it on one line."""
        stands = ", ".join(part for part in (self.figures, self.progress) if part)
        return " ".join((f"{self.icon} {self.title} ({self.word}): {_ended(stands)}", *map(_ended, self.said))).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """``results``: its key results, for a team; none for a board."""

    title: str
    status: str
    icon: str
    word: str
    progress: str
    filled: float
    reason: str
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one edition says.

    ``warning``: what could not be read. ``note``: what only those who get the preview read.
    """

    client: str
    name: str
    language: Language
    night: date
    headline: str
    warning: str
    changes: since_words.Block | None
    objectives: tuple[Objective, ...]
    kpis: tuple[tuple[str, str, str], ...]
    made: str
    note: str = ""

    @property
    def subject(self) -> str:
        text = TEXT[self.language]
        subject = text["subject"].format(name=self.name, headline=self.headline)
        return text["preview"].format(subject=subject) if self.note else subject


def letter_of(
    con: duckdb.DuckDBPyConnection,
    reader: Reader,
    *,
    night: date,
    with_results: bool,
    agency: str | None = None,
    since: date | None = None,
) -> Letter:
    """The letter of one night, as it was known then; changes ``since`` the last edition, else since a week before.

    A team reads its key results (``with_results``), a board its objectives.
    """
    status = with_checkins(con, read_status(con, reader.client, as_of=night), reader.speech, as_of=night)
    months = queries.months_of(con, reader.client, as_of=night)
    items = queries.items_of(con, reader.client, as_of=night, restated=False, zone=reader.timezone)
    sources = queries.sources_of(con, reader.client, as_of=night)
    seen = results.Evidence(months=months, items=items, sources=sources, as_of=status.as_of or night)
    extras = results.Extras(checkins=status.said)
    views = results.objectives(status, reader, seen, with_results=with_results, extras=extras)
    speech = reader.speech
    text = TEXT[speech.language]
    made = [text["made"].format(day=speech.long_day(status.as_of or night))]
    if agency:
        made.append(text["by"].format(agency=plain(agency)))
    return Letter(
        client=reader.client,
        name=plain(reader.name),
        language=speech.language,
        night=night,
        headline=results.headline(status, reader),
        warning=evidence.failures(sources, reader),
        changes=since_words.block(changes_since(con, status, day=since), reader, with_results=with_results),
        objectives=tuple(
            Objective(
                title=view.title,
                status=view.badge.status,
                icon=view.badge.icon,
                word=view.badge.word,
                progress=view.progress,
                filled=view.filled,
                reason=view.reason,
                results=tuple(_result(each, text) for each in view.results),
            )
            for view in views
        ),
        kpis=tuple(
            (f"{card.title} {card.scope}".strip(), f"{card.value} {card.unit}".strip(), card.change)
            for card in kpi_section(months, reader).cards[:MOST_KPIS]
        ),
        made=" ".join(made),
    )


def _result(view: results.ResultView, text: dict[str, str]) -> Result:
    why = view.explanation if view.badge.status in results.UNJUDGED else ""
    return Result(
        title=view.title,
        status=view.badge.status,
        icon=view.badge.icon,
        word=", ".join(part for part in (view.badge.word, view.badge.extra) if part),
        figures=" ".join(part for part in (view.now, view.of) if part not in {"", MISSING}),
        progress="" if view.way == MISSING else text["way"].format(share=view.way),
        said=tuple(part for part in (view.outlook or why, view.checkin) if part),
    )


def goes_note(letter: Letter, reader: Reader, *, to: Sequence[str], day: date) -> str:
    """What stands above a preview."""
    text = TEXT[letter.language]
    return text["goes"].format(to=", ".join(to), day=reader.speech.day(day), client=letter.client)


def as_lines(letter: Letter) -> list[str]:
    """The letter as plain text, a line a thing."""
    lines = [*([letter.note, ""] if letter.note else []), letter.headline, ""]
    lines += [letter.warning, ""] if letter.warning else []
    if letter.changes:
        lines += [letter.changes.head] if letter.changes.head else []
        lines += [f"- {line.title}: {line.said}" for line in letter.changes.lines]
        lines += [letter.changes.rest] if letter.changes.rest else []
        lines.append("")
    for each in letter.objectives:
        reason = f": {each.reason}" if each.reason else ""
        lines.append(f"{each.icon} {each.title} ({each.word}) {each.progress}{reason}".strip())
        lines += [f"- {result.line}" for result in each.results]
    if letter.kpis:
        lines += ["", *(f"{title}: {value}{f' ({change})' if change else ''}" for title, value, change in letter.kpis)]
    return [*lines, "", letter.made]


def as_html(letter: Letter) -> str:
    """The letter as Gmail and Outlook draw it: one table, inline styles, nothing fetched."""
    rows = []
    if letter.note:
        rows.append(_row(f'<p style="{_p()};background:#fff4ce;padding:8px">{_e(letter.note)}</p>'))
    rows.append(_row(f'<h1 style="margin:0 0 4px;font-size:22px;color:{INK};{FONT}">{_e(letter.name)}</h1>'))
    rows.append(_row(f'<p style="{_p(16)}">{_e(letter.headline)}</p>'))
    if letter.warning:
        rows.append(
            _row(f'<p style="{_p()};border-left:3px solid {WARNING};padding-left:8px">{_e(letter.warning)}</p>')
        )
    if letter.changes:
        rows.append(_row(_changes(letter.changes)))
    rows += [_row(_objective(each)) for each in letter.objectives]
    if letter.kpis:
        rows.append(_row(_kpis(letter)))
    rows.append(_row(f'<p style="{_p(12, QUIET)}">{_e(letter.made)}</p>'))
    return (
        f'<!doctype html><html lang="{letter.language}"><head><meta charset="utf-8">'
        f"<title>{_e(letter.subject)}</title></head>"
        f'<body style="margin:0;padding:0;background:{PAPER}">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">'
        '<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"'
        f' style="width:100%;max-width:600px">{"".join(rows)}</table></td></tr></table></body></html>'
    )


def mail(letter: Letter, *, sender: str, to: str, message_id: str, pdf: bytes | None) -> EmailMessage:
    """The letter as a mail: HTML, plain text beside it, and the report's pages where they could be printed."""
    message = EmailMessage(policy=MAIL)
    name, address = parseaddr(sender)
    message["Subject"], message["From"], message["To"] = letter.subject, formataddr((name, address)), to
    # a server that gets the same one twice knows it
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    attached = [TEXT[letter.language]["attached"]] if pdf else []
    message.set_content("\n".join([*as_lines(letter), *attached]), cte="quoted-printable")
    message.add_alternative(as_html(letter), subtype="html", cte="quoted-printable")
    if pdf:
        file = f"{letter.client}-{letter.night}.pdf"
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=file)
    return message


def slack(letter: Letter) -> dict[str, object]:
    """The body of a Slack incoming webhook. Nothing in it is a mention or a link of somebody else's."""
    head, *lines = [f"{letter.subject}", *as_lines(letter)]
    safe = "\n".join([f"*{_slack(head)}*", *(_slack(line) for line in lines if line != letter.headline)])
    return {"text": safe, "mrkdwn": True, "unfurl_links": False, "unfurl_media": False}


def teams(letter: Letter) -> dict[str, object]:
    """The body of a Teams workflow's webhook: one adaptive card."""
    lines = [line for line in as_lines(letter) if line]
    blocks: list[dict[str, object]] = [
        {"type": "TextBlock", "text": _card(letter.subject), "weight": "Bolder", "size": "Medium", "wrap": True}
    ]
    blocks += [{"type": "TextBlock", "text": _card(line), "wrap": True, "spacing": "Small"} for line in lines]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def webhook(letter: Letter, *, edition: str) -> dict[str, object]:
    """The body for anybody's own webhook."""
    return {
        "client": letter.client,
        "name": letter.name,
        "edition": edition,
        "as_of": letter.night.isoformat(),
        "is_preview": bool(letter.note),
        "headline": letter.headline,
        "warning": letter.warning,
        "changes": [
            {"title": line.title, "said": line.said} for line in (letter.changes.lines if letter.changes else ())
        ],
        "objectives": [
            {
                "title": each.title,
                "status": each.status,
                "progress": each.progress,
                "reason": each.reason,
                "key_results": [_body_of(result) for result in each.results],
            }
            for each in letter.objectives
        ],
        "text": "\n".join(as_lines(letter)),
    }


def _body_of(each: Result) -> dict[str, object]:
    said = {"figures": each.figures, "progress": each.progress, "said": " ".join(map(_ended, each.said))}
    return {"title": each.title, "status": each.status, **said}


def _row(inner: str) -> str:
    return f'<tr><td style="padding:8px 16px">{inner}</td></tr>'


def _p(size: int = 14, colour: str = INK) -> str:
    return f"margin:0;font-size:{size}px;line-height:1.45;color:{colour};{FONT}"


def _changes(block: since_words.Block) -> str:
    head = f'<p style="{_p(15)};font-weight:bold">{_e(block.head)}</p>' if block.head else ""
    items = "".join(f'<li style="{_p()}"><b>{_e(line.title)}</b>: {_e(line.said)}</li>' for line in block.lines)
    items = f'<ul style="margin:4px 0;padding-left:20px">{items}</ul>' if items else ""
    rest = f'<p style="{_p(13, QUIET)}">{_e(block.rest)}</p>' if block.rest else ""
    return head + items + rest


def _objective(each: Objective) -> str:
    colour = COLOURS.get(each.status, QUIET)
    filled = max(0, min(100, round(each.filled)))
    cells = (f'<td width="{filled}%" bgcolor="{colour}" style="height:10px;line-height:10px;font-size:1px">&nbsp;</td>'
             if filled else "")  # fmt: skip
    if filled < 100:
        cells += f'<td bgcolor="{RULE}" style="height:10px;line-height:10px;font-size:1px">&nbsp;</td>'
    reason = f": {_e(each.reason)}." if each.reason else ""
    return (
        f'<p style="{_p(16)};font-weight:bold">{_e(each.title)}: {_e(each.progress) or "–"}</p>'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
        f' style="margin:4px 0"><tr>{cells}</tr></table>'
        f'<p style="{_p()}"><b style="color:{colour}">{_e(each.icon)} {_e(each.word)}</b>'
        f"{reason}</p>{_results(each.results)}"
    )


def _results(results: Sequence[Result]) -> str:
    items = []
    for each in results:
        badge = f'<b style="color:{COLOURS.get(each.status, QUIET)}">{_e(each.icon)} {_e(each.word)}</b>'
        stands = ", ".join(_e(part) for part in (each.figures, each.progress) if part)
        said = "".join(f'<br><span style="color:{QUIET}">{_e(_ended(part))}</span>' for part in each.said)
        items.append(f'<li style="{_p()};margin:0 0 6px"><b>{_e(each.title)}</b>: {stands} {badge}{said}</li>')
    return f'<ul style="margin:6px 0 0;padding-left:20px">{"".join(items)}</ul>' if items else ""


def _kpis(letter: Letter) -> str:
    cell = f"padding:4px 8px 4px 0;border-bottom:1px solid {RULE};{_p(13)}"
    rows = "".join(
        f'<tr><td style="{cell}">{_e(title)}</td><td align="right" style="{cell}">{_e(value)}</td>'
        f'<td align="right" style="{cell};color:{QUIET}">{_e(change)}</td></tr>'
        for title, value, change in letter.kpis
    )
    head = TEXT[letter.language]["kpis"]
    return (
        f'<p style="{_p(15)};font-weight:bold">{head}</p>'
        f'<table width="100%" cellpadding="0" cellspacing="0" border="0">{rows}</table>'
    )


def _ended(sentence: str) -> str:
    return sentence if not sentence or sentence[-1] in ".!?…" else f"{sentence}."


def _e(text: str) -> str:
    return html.escape(text)


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card(text: str) -> str:
    """Adaptive cards read Markdown: a link in a title stays text."""
    return text.replace("[", "\\[").replace("]", "\\]")
