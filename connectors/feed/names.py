"""Words in the dates of feeds: zones by their short names, months and weekdays in the languages of Europe.

What belongs here: which word means what. What does not: how a date is put together (``dates.py``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

ENGLISH = ("en",)
_LANGUAGES = """
    en sv da nb nn fi is et lv lt de nl fr es pt it ca gl eu ro el tr pl cs sk hu sl hr bs sr_Latn sr mk bg ru uk
    be sq cy
"""
_OFFSETS = """
    0: UTC GMT UT Z WET
    60: CET MEZ MET WEST BST
    120: CEST MESZ MEST EET SAST CAT
    180: EEST MSK TRT EAT IDT
    240: GST
    300: PKT UZT
    420: ICT WIB
    480: HKT SGT AWST PHT
    540: JST KST
    600: AEST
    660: AEDT
    720: NZST
    780: NZDT
    -150: NDT
    -180: ADT BRT ART
    -210: NST
    -240: EDT AST
    -300: EST CDT
    -360: CST MDT
    -420: MST PDT
    -480: PST AKDT
    -540: AKST
    -600: HST
    60 120 330: IST
"""
_FILLERS = """
    t at on of the kl klo klockan klokken kello um uhr den der am \u00e0 a las le el il la alle ore o om ob u godz de
    del di d do dne h hs clock os \u00e0s v \u0432 \u0433 \u0433\u043e\u0434\u0430 \u0440 saat kell plkst
"""

LANGUAGES = tuple(_LANGUAGES.split())


def _offsets() -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for line in _OFFSETS.strip().splitlines():
        minutes, _, names = line.partition(":")
        found |= dict.fromkeys(names.split(), tuple(map(int, minutes.split())))
    return MappingProxyType(found)


OFFSETS = _offsets()
"""Minutes from UTC; several where one name is used in several places, as IST is in Ireland, Israel and India."""

FILLERS = frozenset(_FILLERS.split())
"""Words beside a date or a time that say nothing."""


def plain(word: str) -> str:
    """A word as the tables have it: small, without full stops around it."""
    return unicodedata.normalize("NFKC", word).casefold().strip(".")


def month_numbers(word: str) -> Mapping[int, frozenset[str]]:
    """The months that a word is a name of, each with the languages that call it so; none where it is no month.

    What English calls a month no other language calls another one, and most dates are in English.
    """
    name = plain(word)
    return _months(ENGLISH).get(name) or _months(LANGUAGES).get(name, {})


def is_weekday(word: str) -> bool:
    """Whether it is a day of the week."""
    name = plain(word)
    return name in _weekdays(ENGLISH) or name in _weekdays(LANGUAGES)


@cache
def _months(languages: tuple[str, ...]) -> Mapping[str, Mapping[int, frozenset[str]]]:
    found: dict[str, dict[int, set[str]]] = {}
    for language, number, name in [*_named("get_month_names", languages), ("en", 9, "sept")]:
        for word in _spellings(name):
            found.setdefault(word, {}).setdefault(number, set()).add(language)
    return {word: {number: frozenset(names) for number, names in numbers.items()} for word, numbers in found.items()}


@cache
def _weekdays(languages: tuple[str, ...]) -> frozenset[str]:
    names = {word for _, _, name in _named("get_day_names", languages) for word in _spellings(name)}
    return frozenset(names | {"tues", "weds", "thur", "thurs"})


def _named(which: str, languages: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    """Language, number and name. Babel's tables take a second to load, and only for a date that needs them."""
    from babel import dates

    for language in languages:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in getattr(dates, which)(width, context, locale=language).items():
                    yield language.partition("_")[0], number, name


def _spellings(name: str) -> Iterator[str]:
    """A name without the little words before it, with its accents and without."""
    word = plain(name.replace("\u2019", "'"))
    for before in ("de ", "d'"):
        word = word.removeprefix(before)
    yield word
    yield "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
