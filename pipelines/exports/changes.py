"""What judging a past day again changed, and by how much, in words.

What belongs here: one row as it was known then against the same row as it comes out now. What does not: reading either
(``published.py``), and which closed months were restated, which is a note of the row itself.
"""

from __future__ import annotations

from okr_models.words.numbers import Language, Speech
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, KeyResultRow
from pipelines.exports.words import status_word

WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "head": "Ändrat sedan {day}",
        "none": "Inget har ändrats sedan {day}.",
        "value": "{name} {then} → {now}",
        "new": "fanns inte då",
        "current": "nu",
        "baseline": "utgångsläge",
        "target": "mål",
        "progress": "framsteg",
        "status": "status",
    },
    "en": {
        "head": "Changed since {day}",
        "none": "Nothing has changed since {day}.",
        "value": "{name} {then} → {now}",
        "new": "was not there then",
        "current": "now",
        "baseline": "baseline",
        "target": "target",
        "progress": "progress",
        "status": "status",
    },
}
SAME = 1e-9


def changes(known: ClientStatus, restated: ClientStatus, speech: Speech) -> tuple[str, ...]:
    """A heading and a line for each key result that comes out otherwise; one line where none does."""
    words = WORDS[speech.language]
    if restated.as_of is None:
        return ()
    then = {(row.objective_id, row.key_result_id): row for row in known.key_results}
    lines = [
        f"- {plain(row.title)}: {what}"
        for row in restated.key_results
        if (what := _change(then.get((row.objective_id, row.key_result_id)), row, speech))
    ]
    when = speech.day(restated.as_of)
    return (words["head"].format(day=when) + ":", *lines) if lines else (words["none"].format(day=when),)


def _change(then: KeyResultRow | None, now: KeyResultRow, speech: Speech) -> str:
    words = WORDS[speech.language]
    if then is None:
        return words["new"]
    figures = [
        (name, speech.figure(before, then.unit, beside=then.target), speech.figure(after, now.unit, beside=now.target))
        for name, before, after in (
            ("current", then.current, now.current),
            ("baseline", then.baseline, now.baseline),
            ("target", then.target, now.target),
        )
        if _differs(before, after)
    ]
    if _differs(then.raw_progress, now.raw_progress):
        figures.append(("progress", speech.percent(then.raw_progress), speech.percent(now.raw_progress)))
    if then.status != now.status:
        figures.append(("status", status_word(then.status, speech), status_word(now.status, speech)))
    return ", ".join(words["value"].format(name=words[name], then=old, now=new) for name, old, new in figures)


def _differs(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > SAME * max(1.0, abs(before))
