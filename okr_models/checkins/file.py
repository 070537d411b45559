"""A client's file of check-ins: its text to rows and back, in either dialect, as a spreadsheet saves it too.

What belongs here: the format, and what is wrong with a row. What does not: where the file lies and how it is written
(``pipelines/warehouse/checkin_files.py``), scoring (``scores.py``).

The columns are ``on, key_result, confidence, by, text, next``, in any order. A bad row costs only itself.
"""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

COLUMNS = ("on", "key_result", "confidence", "by", "text", "next")
REQUIRED = ("on", "key_result", "confidence")
DELIMITERS = ";,\t"
MOST_TEXT = 2000
"""Characters kept of a text: a pasted report is no check-in."""
ENDLESS = (
    "begins a text that is too long for a check-in; look for a quote that is never closed: nothing is read from here on"
)
FORMULA_STARTS = frozenset("=+-@")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """One check-in. ``confidence``: 0..1 that the key result succeeds."""

    objective_id: str
    key_result_id: str
    checked_on: date
    by: str
    confidence: float
    text: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong with a row; ``line``: where it begins in the file, from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file is written, so that a row added to it is written likewise."""

    delimiter: str
    encoding: str
    newline: str
    columns: tuple[str, ...]


LAYOUTS = {
    "standard": Layout(delimiter=",", encoding="utf-8", newline="\r\n", columns=COLUMNS),
    "excel-sv": Layout(delimiter=";", encoding="utf-8-sig", newline="\r\n", columns=COLUMNS),
}
"""How a new file is laid out, by the client's dialect."""


class NotACheckIn(ValueError):
    """A value that can't stand in a check-in; the message says what would be right."""


def read_checkins(
    content: bytes, *, key_results: Collection[str], today: date
) -> tuple[tuple[CheckIn, ...], tuple[RowFault, ...]]:
    """The rows that can be used, and what is wrong with the others. ``key_results``: each as ``objective/key_result``.

    Of one person's check-ins on one key result and day the last in the file counts.
    """
    text, _ = _decoded(content)
    if not text.strip():
        return (), ()
    try:
        layout = layout_of(content)
    except NotACheckIn as error:
        return (), (RowFault(line=1, message=str(error)),)
    rows: dict[tuple[object, ...], CheckIn] = {}
    faults: list[RowFault] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter)
    line = 1
    try:
        for number, cells in enumerate(reader):
            begins, line = line, reader.line_num + 1
            if number == 0 or not any(cell.strip() for cell in cells):
                continue
            named = dict(zip(layout.columns, cells, strict=False))
            try:
                found = _row(named, key_results=key_results, today=today)
            except NotACheckIn as error:
                faults.append(RowFault(line=begins, message=str(error)))
                continue
            key = (found.objective_id, found.key_result_id, found.checked_on, found.by)
            rows.pop(key, None)
            rows[key] = found
    except csv.Error:
        faults.append(RowFault(line=line, message=ENDLESS))
    return tuple(rows.values()), tuple(faults)


def layout_of(content: bytes) -> Layout:
    """How an existing file is written. Raises ``NotACheckIn`` where its first line names no columns of a check-in."""
    text, encoding = _decoded(content)
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(DELIMITERS, key=first.count)
    try:
        columns = tuple(cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), []))
    except csv.Error:
        columns = ()
    if missing := [name for name in REQUIRED if name not in columns]:
        raise NotACheckIn(f"the first line lacks {', '.join(missing)}; it names the columns: {delimiter.join(COLUMNS)}")
    newline = "\r\n" if "\r\n" in text else "\n"
    return Layout(delimiter=delimiter, encoding=encoding, newline=newline, columns=columns)


def with_row(content: bytes, checkin: CheckIn, *, layout: Layout) -> bytes:
    """The file's bytes as they were, and one row after them; a file without any begins with the columns' names.

    Raises ``NotACheckIn`` where the file has no column for something that is said, or no sign for a letter of it.
    """
    said = {
        "on": checkin.checked_on.isoformat(),
        "key_result": f"{checkin.objective_id}/{checkin.key_result_id}",
        "confidence": f"{100 * checkin.confidence:.6g}".replace(".", "," if layout.delimiter == ";" else "."),
        "by": _harmless(checkin.by),
        "text": _harmless(checkin.text),
        "next": _harmless(checkin.next),
    }
    if lost := [name for name, value in said.items() if value and name not in layout.columns]:
        raise NotACheckIn(f"the file has no column {lost[0]}; add it to its first line")
    rows = [[said.get(name, "") for name in layout.columns]]
    begins = not content.strip(b"\xef\xbb\xbf \r\n")
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=layout.delimiter, lineterminator=layout.newline)
    writer.writerows([list(layout.columns), *rows] if begins else rows)
    plain = layout.encoding.removesuffix("-sig")
    try:
        added = out.getvalue().encode(layout.encoding if begins else plain)
    except UnicodeEncodeError as error:
        raise NotACheckIn(
            f"the file is in {layout.encoding}, which has no {error.object[error.start]!r}; save it as UTF-8"
        ) from error
    if begins:
        return added
    ending = layout.newline.encode(plain)
    return content + (b"" if content.endswith((b"\n", b"\r")) else ending) + added


def confidence_of(text: str) -> float:
    """``60``, ``60 %``, ``62,5``: 0..1. Raises ``NotACheckIn``."""
    plain = text.replace("\u00a0", " ").strip().removesuffix("%").strip().replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        raise NotACheckIn(f"confidence {text.strip()!r} is no number; write 0 to 100, how sure you are") from None
    if not 0 <= value <= 100:
        raise NotACheckIn(f"confidence {text.strip()!r} lies outside 0 to 100")
    return value / 100


def key_result_of(text: str, key_results: Collection[str]) -> tuple[str, str]:
    """Objective and key result out of ``objective/key_result``. Raises ``NotACheckIn`` where there is none."""
    named = text.strip()
    if named not in key_results:
        near = difflib.get_close_matches(named, list(key_results), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(key_results)) or 'none'}"
        raise NotACheckIn(f"{named!r} is no key result of this client (objective/key_result); {hint}")
    objective, _, key_result = named.partition("/")
    return objective, key_result


def _row(named: dict[str, str], *, key_results: Collection[str], today: date) -> CheckIn:
    said = named.get("on", "").strip()
    try:
        day = date.fromisoformat(said[:10])
    except ValueError:
        raise NotACheckIn(f"on {said!r} is no day; write it as 2026-11-03") from None
    if day > today:
        raise NotACheckIn(f"on {said!r} has not come yet; today is {today}")
    objective, key_result = key_result_of(named.get("key_result", ""), key_results)
    return CheckIn(
        objective_id=objective,
        key_result_id=key_result,
        checked_on=day,
        by=_text(named.get("by", "")),
        confidence=confidence_of(named.get("confidence", "")),
        text=_text(named.get("text", "")),
        next=_text(named.get("next", "")),
    )


def _text(cell: str) -> str:
    """On one line, and without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    text = " ".join(cell.split())[:MOST_TEXT]
    return text[1:] if text[:1] == "'" and _is_formula(text[1:]) else text


def _harmless(text: str) -> str:
    plain = " ".join(text.split())[:MOST_TEXT]
    return f"'{plain}" if _is_formula(plain) else plain


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1])[:1] in FORMULA_STARTS if text else False


def _decoded(content: bytes) -> tuple[str, str]:
    """Text and encoding: UTF-8 with or without its mark, else what Excel's plain CSV is saved in."""
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig", errors="replace"), "utf-8-sig"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"


def newest_of(checkins: Sequence[CheckIn]) -> CheckIn | None:
    """The last of the newest day, in the order given."""
    return max(enumerate(checkins), key=lambda each: (each[1].checked_on, each[0]))[1] if checkins else None
