"""When an entry of a feed was published, from whatever is written there: placed in time, or refused with the reason.

Nothing here asks the machine's clock or guesses: a date that can be read in two ways is not read. What has no zone is
in the client's, and so is a day without a clock. What belongs here: how a date is put together. What does not: which
word is which month or zone (``names.py``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.feed.names import FILLERS, OFFSETS, is_weekday, month_numbers, plain

FIRST_YEAR, LAST_YEAR = 1971, 2100
LONGEST = 100
_WORD = r"[^\W\d_]{2,}"
_LITTLE = r"(?:(?:de|del|den|of|di)\s+|d['\u2019])?"
_SECONDS = re.compile(r"(\d{9,10})(?:\.\d+)?")
_MILLISECONDS = re.compile(r"\d{13}")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(?=$|[Z+\-\s])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-./])\s?(\d{1,2})\2\s?(\d{1,2})(?!\d)\.?")
_EAST_ASIAN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})([-./])\s?(\d{1,2})\2\s?(\d{4})(?!\d)")
_NAMED_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|[.º°])?[\s\-/]*{_LITTLE}({_WORD})\.?,?[\s\-/]*{_LITTLE}(\d{{4}}(?!\d)|\d\d(?![\d:.h]))",
    re.IGNORECASE,
)
_NAMED_MONTH_FIRST = re.compile(rf"({_WORD})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)", re.IGNORECASE)
_NAMED_YEAR_FIRST = re.compile(
    rf"(?<!\d)(\d{{4}})\.?,?[\s\-]+({_WORD})\.?[\s\-]+(\d{{1,2}})(?![\d:])\.?", re.IGNORECASE
)
_YEAR_AT_THE_END = re.compile(rf"({_WORD})\.?\s+(\d{{1,2}})(?=\s+\d{{1,2}}:)(.*?)\s(\d{{4}})$", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?<![\d+\-])T?(\d{1,2})(?:[:.]|\s?h\s?)(\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?:\s*([ap])\.?m\b\.?)?", re.IGNORECASE
)
_OFFSET = re.compile(r"(?:\b(?:UTC|GMT|UT)\s*)?(?<![\w:])?([+\-\u2212])\s?(\d{1,2})(?::?(\d\d))?(?::?00)?(?!\d)")
_COMMENT = re.compile(r"\(([^()]*)\)\s*$")
_MIDNIGHT_AFTER = 24


class Unplaced(ValueError):
    """A date that can't be placed in time; its message says why."""


def place(text: str, *, zone: ZoneInfo, language: str = "") -> datetime:
    """The instant, in UTC. ``zone``: for a date that names none; ``language``: the feed's own, for names of months.

    Raises ``Unplaced``.
    """
    plain_text = " ".join(unicodedata.normalize("NFKC", text).split())
    if not plain_text:
        raise Unplaced("is empty")
    if len(plain_text) > LONGEST:
        raise Unplaced("is no date")
    if _SECONDS.fullmatch(plain_text) or _MILLISECONDS.fullmatch(plain_text):
        seconds = float(plain_text) / (1 if len(plain_text.partition(".")[0]) < 13 else 1000)
        return _within(datetime.fromtimestamp(seconds, UTC))
    day, rest = _day(plain_text, language)
    clock, rest = _clock(rest)
    moment = day + clock
    where = _zone(rest, moment, zone)
    try:
        return _within(moment.replace(tzinfo=where).astimezone(UTC))
    except OverflowError as error:
        raise Unplaced("is out of range") from error


def _within(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Unplaced(f"is of the year {moment.year}")
    return moment


def _day(text: str, language: str) -> tuple[datetime, str]:
    """The day, and the text without it."""
    if found := _COMPACT.match(text):
        year, month, day, hour, minute, second = found.groups()
        clock = f" {hour}:{minute}:{second or '00'}" if hour else ""
        return _calendar(year, month, day), clock + " " + text[found.end() :]
    for pattern, order in ((_YEAR_FIRST, (1, 3, 4)), (_EAST_ASIAN, (1, 2, 3))):
        if found := pattern.search(text):
            return _calendar(*(found.group(place) for place in order)), _without(text, found)
    if found := _YEAR_LAST.search(text):
        return _year_last(found), _without(text, found)
    for found, day, name, year in _named(text):
        if not month_numbers(name):
            continue
        rest = f"{text[: found.start()]} {found.group(3)}" if found.re is _YEAR_AT_THE_END else _without(text, found)
        return _calendar(_century(year), str(_month(name, language)), day), rest
    raise Unplaced("has no day, month and year that can be told")


def _named(text: str) -> Iterator[tuple[re.Match[str], str, str, str]]:
    """Each way in which the text may name a month: the match, day, name and year."""
    orders = (
        (_NAMED_DAY_FIRST, (1, 2, 3)),
        (_NAMED_YEAR_FIRST, (3, 2, 1)),
        (_NAMED_MONTH_FIRST, (2, 1, 3)),
        (_YEAR_AT_THE_END, (2, 1, 4)),
    )
    for pattern, (day, name, year) in orders:
        for found in pattern.finditer(text):
            yield found, found.group(day), found.group(name), found.group(year)


def _month(name: str, language: str) -> int:
    """The month of a name, in the feed's own language where others use the word for another month."""
    numbers = month_numbers(name)
    own = [number for number, languages in numbers.items() if language.lower()[:2] in languages]
    if len(numbers) > 1 and len(own) != 1:
        raise Unplaced(f"can be read in two ways: {name} is month {' or '.join(map(str, sorted(numbers)))}")
    return own[0] if len(numbers) > 1 else next(iter(numbers))


def _year_last(found: re.Match[str]) -> datetime:
    """``31.3.2026``; with slashes or dashes the month may stand first, and where both can be it is not told."""
    first, sign, second, year = found.groups()
    readings: list[datetime] = []
    for day, month in ((first, second), (second, first)) if sign != "." and first != second else ((first, second),):
        try:
            readings.append(_calendar(year, month, day))
        except Unplaced:
            continue
    if len(readings) > 1:
        raise Unplaced(f"can be read in two ways: {readings[0]:%Y-%m-%d} or {readings[1]:%Y-%m-%d}")
    if not readings:
        raise Unplaced("is no day of the calendar")
    return readings[0]


def _calendar(year: str, month: str, day: str) -> datetime:
    try:
        return datetime(int(year), int(month), int(day))  # noqa: DTZ001 - its zone is found out later
    except ValueError as error:
        raise Unplaced("is no day of the calendar") from error


def _century(year: str) -> str:
    """Two figures as RFC 2822 reads them."""
    return year if len(year) == 4 else f"{'20' if int(year) < 50 else '19'}{year}"


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _clock(text: str) -> tuple[timedelta, str]:
    """The time of day, midnight where there is none, and the text without it."""
    found = _CLOCK.search(text)
    if found is None:
        return timedelta(0), text
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    if half := found.group(4):
        if not 1 <= hour <= 12:
            raise Unplaced(f"has no such hour: {found.group(0).strip()}")
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    if hour > _MIDNIGHT_AFTER or minute > 59 or second > 60 or (hour == _MIDNIGHT_AFTER and minute + second):
        raise Unplaced(f"has no such time: {found.group(0).strip()}")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59)), _without(text, found)


def _zone(text: str, moment: datetime, usual: ZoneInfo) -> tzinfo:
    """The zone that the rest of the text names, ``usual`` where it names none."""
    if (found := _OFFSET.search(text)) and "/" not in text[: found.start() + 1]:
        sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset > timedelta(hours=14):
            raise Unplaced(f"has no such zone: {found.group(0).strip()}")
        _names(_without(_COMMENT.sub("", text), found) if found.start() < len(_COMMENT.sub("", text)) else "")
        return timezone(offset if sign == "+" else -offset)
    names = _names(text)
    if not names:
        return usual
    if len(names) > 1:
        raise Unplaced(f"has words that are not known: {' '.join(names)}")
    return _named_zone(names[0], moment, usual)


def _names(text: str) -> list[str]:
    """Words that are neither a day of the week nor one of those that say nothing: a zone, or not known."""
    words = [word for word in re.split(r"[\s,;()|·\u2013]+", text) if plain(word).strip("-/:'\u2019")]
    return [word for word in words if plain(word) not in FILLERS and (word in OFFSETS or not is_weekday(word))]


def _named_zone(name: str, moment: datetime, usual: ZoneInfo) -> tzinfo:
    if name.upper() == moment.replace(tzinfo=usual).tzname():
        return usual
    offsets = OFFSETS.get(name.upper(), ())
    if len(offsets) > 1:
        hours = " or ".join(f"UTC{minutes / 60:+g}" for minutes in offsets)
        raise Unplaced(f"can be read in two ways: {name} is {hours}")
    if offsets:
        return timezone(timedelta(minutes=offsets[0]))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unplaced(f"has a word that is neither a day, a month nor a zone: {name}") from error
