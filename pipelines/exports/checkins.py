"""Check-ins beside what is measured: the newest of each key result in words, and which have none.

What belongs here: reading them from the published database, and their line. What does not: the file they are written in
(``okr_models/checkins/file.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb

from okr_models.words.numbers import Language, Speech
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, columns_of

STALE = timedelta(days=14)
"""A check-in older than this is named as missing: people meet every week or two."""
OPEN = frozenset({"on_track", "at_risk", "off_track", "too_early", "cannot_be_judged"})
TEXT: dict[Language, dict[str, str]] = {
    "sv": {
        "said": "Avstämning {day}{by}: {share} säker. {text}",
        "next": "Nästa steg: {next}",
        "since": "Ingen avstämning sedan {day}.",
        "never": "Ingen avstämning än.",
    },
    "en": {
        "said": "Check-in {day}{by}: {share} confident. {text}",
        "next": "Next: {next}",
        "since": "No check-in since {day}.",
        "never": "No check-in yet.",
    },
}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The newest check-in of a key result."""

    checked_on: date
    by: str
    confidence: float
    text: str
    next: str


def checkins_of(con: duckdb.DuckDBPyConnection, client: str, *, as_of: date | None) -> Mapping[Key, Said]:
    """The newest of each key result up to ``as_of``; empty where the client's people do not check in.

    Of one day the one that was read last, and of one reading the one that stands last in the file.
    """
    columns = columns_of(con, "checkins")
    if not columns:  # an older version published none
        return {}
    place = "position desc nulls last, " if "position" in columns else ""
    rows = con.execute(
        f"""
        select objective_id, key_result_id, checked_on, "by", confidence, text, next from marts.checkins
        where client = $client and ($as_of is null or checked_on <= $as_of)
        qualify row_number() over (
            partition by objective_id, key_result_id order by checked_on desc, known_at desc, {place}"by"
        ) = 1
        """,  # noqa: S608 - a fixed name
        {"client": client, "as_of": as_of},
    ).fetchall()
    return {
        (row[0], row[1]): Said(checked_on=row[2], by=row[3], confidence=row[4], text=row[5], next=row[6])
        for row in rows
    }


def checkin_line(
    found: Mapping[Key, Said], *, objective: str, key_result: str, status: str, as_of: date, speech: Speech
) -> str:
    """What was said of a key result, and that nothing was for long where it is still open.

    Nothing at all of a client that has no check-ins: they are not asked of anybody.
    """
    if not found:
        return ""
    text, said = TEXT[speech.language], found.get((objective, key_result))
    if said is None:
        return text["never"] if status in OPEN else ""
    parts = [
        text["said"].format(
            day=speech.short_day(said.checked_on),
            by=f" ({plain(said.by, limit=60)})" if said.by else "",
            share=speech.percent(said.confidence),
            text=_sentence(said.text),
        )
    ]
    if said.next:
        parts.append(_sentence(text["next"].format(next=plain(said.next, limit=300))))
    if status in OPEN and as_of - said.checked_on > STALE:
        parts.append(text["since"].format(day=speech.short_day(said.checked_on)))
    return " ".join(part.strip() for part in parts if part.strip())


def _sentence(text: str) -> str:
    said = plain(text, limit=300).strip()
    return said if not said or said[-1] in ".!?…" else f"{said}."


def with_checkins(
    con: duckdb.DuckDBPyConnection, status: ClientStatus, speech: Speech, *, as_of: date | None
) -> ClientStatus:
    """A client's status with what people say of each key result."""
    if status.as_of is None:
        return status
    found = checkins_of(con, status.client, as_of=as_of)
    said = {
        (row.objective_id, row.key_result_id): checkin_line(
            found,
            objective=row.objective_id,
            key_result=row.key_result_id,
            status=row.status,
            as_of=status.as_of,
            speech=speech,
        )
        for row in status.key_results
    }
    return replace(status, said={key: line for key, line in said.items() if line})
