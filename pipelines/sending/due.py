"""Which messages are due: pure rules over the night, the entry of the client file, and what was sent before.

What belongs here: editions, previews and holds. What does not: reading files or sending (``send.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okr_models.client.sending import Sending
from pipelines.sending.ledger import OVER, Entry

PREVIEW = "preview:"
"""Before the name of a target that gets it to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One edition to be sent. ``night``: which one it shows. ``preview``: to ``preview_to`` and not to the others yet.

    ``goes_on``: of a preview, the day the others get it.
    """

    edition: str
    night: date
    preview: bool = False
    goes_on: date | None = None


def name_of(sending: Sending) -> str:
    """By which an entry is known in the ledger: who gets what how often; other settings may change under it."""
    said = sending.model_dump(mode="json", include={"to", "audience", "every", "via"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def due(
    sending: Sending, *, today: date, nights: Sequence[date], months: Sequence[tuple[date, date]], sent: Sequence[Entry]
) -> tuple[Due, ...]:
    """What is to go out today. ``nights``: those published, oldest first; ``months``: closed ones and whose night shows
    each; ``sent``: the ledger of this entry.

    Nothing is due of a night that is older than the entry's turn: a machine that was off sends the newest edition, not
    all that it missed.
    """
    if not nights:
        return ()
    found = list(_ripe(sending, today=today, sent=sent))
    edition = _edition(sending, today=today, nights=nights, months=months, sent=sent)
    if edition is None or edition[0] in _stopped(sent):
        return tuple(found)
    name, night = edition
    mine = [each for each in sent if each.edition == name and each.event in OVER]
    has_gone = any(not each.target.startswith(PREVIEW) for each in mine)
    seen = [each for each in mine if _is_seen(each)]
    if seen and (has_gone or any(name == each.edition for each in found)):
        return tuple(found)
    # previews that the file asks for since somebody has it already begin with the next one
    if has_gone or not sending.preview_to:
        return (*found, Due(edition=name, night=night))
    begun = today
    if seen:  # whoever gets it at a second try is shown what the others were
        first = min(seen, key=lambda each: each.at)
        begun, night = date.fromisoformat(first.at[:10]), date.fromisoformat(first.as_of)
    goes_on = begun + timedelta(days=sending.preview_days)
    return (*found, Due(edition=name, night=night, preview=True, goes_on=goes_on))


def pending(sent: Sequence[Entry]) -> tuple[Entry, ...]:
    """Editions of an entry that were previewed and wait: what ``okr send --hold`` stops."""
    gone = {each.edition for each in sent if each.event in OVER and not each.target.startswith(PREVIEW)}
    waiting = {each.edition: each for each in sent if _is_seen(each)}
    return tuple(each for edition, each in waiting.items() if edition not in gone | _stopped(sent))


def _is_seen(entry: Entry) -> bool:
    """A preview that went, or that may have: as everywhere it is taken for arrived, and was named when it was not."""
    return entry.target.startswith(PREVIEW) and entry.event in ("previewed", "unknown")


def _stopped(sent: Sequence[Entry]) -> frozenset[str]:
    return frozenset(each.edition for each in sent if each.event in ("held", "skipped"))


def _ripe(sending: Sending, *, today: date, sent: Sequence[Entry]) -> tuple[Due, ...]:
    """The newest previewed edition whose days have gone by; whoever has it is left out when it is sent."""
    wait = timedelta(days=sending.preview_days)
    found = [
        each
        for each in sent
        if _is_seen(each) and each.edition not in _stopped(sent) and today >= date.fromisoformat(each.at[:10]) + wait
    ]
    if not found:
        return ()
    newest = max(found, key=lambda each: (each.as_of, each.edition))
    return (Due(edition=newest.edition, night=date.fromisoformat(newest.as_of)),)


def _edition(
    sending: Sending, *, today: date, nights: Sequence[date], months: Sequence[tuple[date, date]], sent: Sequence[Entry]
) -> tuple[str, date] | None:
    night = nights[-1]
    if sending.every == "night":
        return night.isoformat(), night
    if sending.every == "month":
        return (f"{months[-1][0]:%Y-%m}", months[-1][1]) if months else None
    monday = today - timedelta(days=today.weekday())
    # a Monday that was missed is made good later in the week, by one who has had a Monday before
    if night < monday or (today != monday and not sent):
        return None
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}", night
