"""What changed, in a reader's words: a heading, a line a change, and the rows of ``changes.csv``.

What belongs here: wording. What does not: what changed (``since.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okr_models.changes.model import OTHER, Changed, Part, in_order
from okr_models.words.numbers import Language, Speech
from pipelines.exports.cells import DIALECTS, DialectName, number
from pipelines.exports.plain import plain
from pipelines.exports.reader import Reader
from pipelines.exports.since import Since
from pipelines.exports.words import status_word, unit_word

MOST_LINES = 8
MOST_TITLES = 3
COLUMNS = (
    *("client", "objective_id", "key_result_id", "since", "as_of", "title", "unit", "status_then", "status"),
    *("current_then", "current", "target_then", "target", "progress_then", "progress"),
    *("progress_week_ago", "progress_month_ago", "progress_quarter_ago", "moved_by", "newly_met", "newly_missed"),
)
MEANINGS = {
    "since": "The night it is compared with",
    "status_then": "Status on that night, as it was known then",
    "current_then": "Value on that night, in unit; none where it was in another",
    "target_then": "Target in force on that night, in unit; none where it was in another",
    "progress_then": "Share of the way on that night",
    "progress": "Share of the way now, as it is: may be negative or above 1",
    "progress_week_ago": "Share of the way on the night a week ago, as it was known then",
    "progress_month_ago": "The same 30 days ago",
    "progress_quarter_ago": "The same 91 days ago",
    "moved_by": "What each platform, channel or source adds to the change, in unit; they add up to it",
    "newly_met": "Items that met their condition since",
    "newly_missed": "Items that missed it since",
}
TEXT: dict[Language, dict[str, str]] = {
    "sv": {
        "head": "Vad som hänt sedan {day}",
        "nothing": "Inget nyckelresultat har bytt status eller flyttat sig nämnvärt.",
        "nothing_board": "Inget mål har bytt status.",
        "too_new": "Första natten var {day}; vad som ändrats sägs när det finns en natt att jämföra med.",
        "no_night": "Det finns ingen tidigare natt att jämföra med.",
        "new": "nytt",
        "target": "målet ändrat från {then} till {now}",
        "progress": "framsteg {then} → {now}",
        "moved": "mest av {parts}",
        "other": "övrigt",
        "met": "nådde målet: {titles}",
        "missed": "missade: {titles}",
        "more_titles": "{titles} och {count} till",
        "more": "… och {count} till i changes.csv",
        "ago": "Framsteg för {said}",
        "ago_week": "en vecka sedan {share}",
        "ago_month": "en månad sedan {share}",
        "ago_quarter": "ett kvartal sedan {share}",
    },
    "en": {
        "head": "What has happened since {day}",
        "nothing": "No key result has changed status or moved to speak of.",
        "nothing_board": "No objective has changed status.",
        "too_new": "The first night was {day}; what changed is said once there is a night to compare with.",
        "no_night": "There is no earlier night to compare with.",
        "new": "new",
        "target": "target changed from {then} to {now}",
        "progress": "progress {then} → {now}",
        "moved": "mostly {parts}",
        "other": "other",
        "met": "met: {titles}",
        "missed": "missed: {titles}",
        "more_titles": "{titles} and {count} more",
        "more": "… and {count} more in changes.csv",
        "ago": "Progress {said}",
        "ago_week": "a week ago {share}",
        "ago_month": "a month ago {share}",
        "ago_quarter": "a quarter ago {share}",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One change. ``tone``: ``good``, ``bad`` or none."""

    title: str
    said: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading, lines, and what is said after or instead of them."""

    head: str
    lines: tuple[Line, ...]
    rest: str


def block(since: Since, reader: Reader, *, with_results: bool) -> Block | None:
    """The changes as a block; of the board's audience what became of objectives. None where nothing was computed."""
    speech, text = reader.speech, TEXT[reader.speech.language]
    if since.as_of is None or since.first is None:
        return None
    if since.since is None:
        # said once there are two nights; the first one has nothing to compare with and says nothing
        if since.first >= since.as_of:
            return None
        return Block(head="", lines=(), rest=text["too_new"].format(day=speech.day(since.first)))
    head = text["head"].format(day=speech.day(since.since))
    if not with_results:
        lines = tuple(
            Line(title=plain(title), said=f"{status_word(then, speech)} → {status_word(now, speech)}")
            for title, then, now in since.objectives
        )
        return Block(head=head, lines=lines, rest="" if lines else text["nothing_board"])
    news = in_order(since.changes)
    lines = tuple(_line(each, reader) for each in news[:MOST_LINES])
    left = len(news) - len(lines)
    rest = text["more"].format(count=left) if left else ("" if lines else text["nothing"])
    return Block(head=head, lines=lines, rest=rest)


def nothing_yet(speech: Speech) -> str:
    """What is said where there is no earlier night at all."""
    return TEXT[speech.language]["no_night"]


def ago(changed: Changed, speech: Speech) -> str:
    """Progress a week, a month and a quarter ago; empty where no night is a week old."""
    if changed.progress_week_ago is None:
        return ""
    text = TEXT[speech.language]
    said = [
        text[f"ago_{name}"].format(share=speech.percent(value))
        for name, value in (
            ("week", changed.progress_week_ago),
            ("month", changed.progress_month_ago),
            ("quarter", changed.progress_quarter_ago),
        )
        if value is not None
    ]
    return text["ago"].format(said=", ".join(said))


def rows(since: Since, *, dialect: DialectName = "standard") -> list[tuple[object, ...]]:
    """The rows of ``changes.csv``: every key result's; none where no night is old enough.

    ``dialect``: how numbers inside a text are written; the others are the file's own business.
    """
    point = DIALECTS[dialect].decimal
    return [
        (
            *(since.client, each.objective_id, each.key_result_id, each.since, each.as_of, each.title, each.unit),
            *(each.status_then, each.status, each.current_then, each.current, each.target_then, each.target),
            *(each.progress_then, each.progress),
            *(each.progress_week_ago, each.progress_month_ago, each.progress_quarter_ago),
            " · ".join(f"{part.scope} {_signed(part.change, point)}" for part in each.parts) or None,
            " · ".join(each.met) or None,
            " · ".join(each.missed) or None,
        )
        for each in since.changes
    ]


def _signed(change: float, point: str) -> str:
    said = number(change, column="moved_by").replace(".", point)
    return said if said.startswith("-") else f"+{said}"


def _line(each: Changed, reader: Reader) -> Line:
    speech, text, said = reader.speech, TEXT[reader.speech.language], []
    if each.status_then is None:
        said.append(f"{text['new']}, {status_word(each.status, speech)}")
    elif each.flipped:
        said.append(f"{status_word(each.status_then, speech)} → {status_word(each.status, speech)}")
    if each.target_then is not None and each.target is not None and each.has_other_target:
        then, now = speech.pair(each.target_then, each.target, each.unit)
        said.append(text["target"].format(then=then, now=now))
    if each.step and each.progress is not None and each.progress_then is not None:
        then, now = speech.percents(each.progress_then, each.progress)
        if then != now:
            said.append(text["progress"].format(then=then, now=now) + _moved(each.parts, each.unit, reader))
    for key, titles in (("met", each.met), ("missed", each.missed)):
        if titles:
            said.append(text[key].format(titles=_titles(titles, speech)))
    tone = "" if each.is_better is None else "good" if each.is_better else "bad"
    return Line(title=plain(each.title), said="; ".join(said), tone=tone)


def _moved(parts: Sequence[Part], unit: str | None, reader: Reader) -> str:
    if not parts:
        return ""
    speech, text = reader.speech, TEXT[reader.speech.language]
    names = [text["other"] if part.scope == OTHER else plain(reader.scope_name(part.scope)) for part in parts]
    signs = ["+" if part.change >= 0 else "\u2212" for part in parts]
    shown = [
        f"{name} {sign}{speech.figure(abs(part.change), unit)}"
        for name, sign, part in zip(names, signs, parts, strict=True)
    ]
    return f" ({', '.join(shown)} {unit_word(unit, speech)})".replace("  ", " ").replace(" )", ")")


def _titles(titles: Sequence[str], speech: Speech) -> str:
    shown = ", ".join(f"”{plain(title, limit=60)}”" for title in titles[:MOST_TITLES])
    left = len(titles) - MOST_TITLES
    return TEXT[speech.language]["more_titles"].format(titles=shown, count=left) if left > 0 else shown
