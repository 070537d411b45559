"""The words of statuses, units and KPIs in Swedish and English, and numbers and dates as each language writes them.

What belongs here: what the terminal and the report both say. What does not: the report's own sentences
(``report/messages.py``).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from okr_models.kpis import BUILT_IN

Language = Literal["sv", "en"]
MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
LOCALES: dict[str, str] = {"sv": "sv_SE", "en": "en_GB"}

STATUS_WORDS: dict[str, dict[str, str]] = {
    "sv": {
        "achieved": "uppnått",
        "on_track": "på väg",
        "at_risk": "i riskzonen",
        "off_track": "efter plan",
        "out_of_reach": "utom räckhåll",
        "too_early": "för tidigt",
        "cannot_be_judged": "kan inte bedömas",
    },
    "en": {
        "achieved": "achieved",
        "on_track": "on track",
        "at_risk": "at risk",
        "off_track": "off track",
        "out_of_reach": "out of reach",
        "too_early": "too early",
        "cannot_be_judged": "cannot be judged",
    },
}
STATUS_ICONS: dict[str, str] = {
    "achieved": "★",
    "on_track": "▲",
    "at_risk": "◆",
    "off_track": "▼",
    "out_of_reach": "✕",
    "too_early": "○",
    "cannot_be_judged": "?",
}
WORST_FIRST = ("out_of_reach", "off_track", "at_risk", "cannot_be_judged", "too_early", "on_track", "achieved")

UNITS: dict[str, dict[str, str]] = {
    "sv": {
        "visitors": "besökare",
        "sessions": "sessioner",
        "views": "visningar",
        "followers": "följare",
        "interactions": "interaktioner",
        "posts": "inlägg",
        "seconds": "sekunder",
        "clicks": "klick",
        "impressions": "visningar",
        "position": "placering",
        "points": "poäng",
        "milestones": "delmål",
        "share": "",
    },
    "en": {"share": "", "milestones": "milestones"},
}


def status_word(status: str, language: str) -> str:
    """The status in words; one that this list does not know is shown as it is."""
    return STATUS_WORDS[language].get(status, status.replace("_", " "))


def status_icon(status: str) -> str:
    """A shape of its own for each status, so that no reader needs its colour."""
    return STATUS_ICONS.get(status, "?")


def kpi_title(kpi: str, language: str, own: dict[str, str] | None = None) -> str:
    """The KPI's title: the client's own, the built-in one, else its id."""
    if own and kpi in own:
        return own[kpi]
    known = BUILT_IN.get(kpi)
    if known is None:
        return kpi
    return known.title_sv if language == "sv" else known.title_en


def unit_word(unit: str | None, language: str) -> str:
    """The unit in the reader's language; a client's own unit as the file has it."""
    return UNITS[language].get(unit, unit) if unit else ""


def figure(value: float | None, language: str, *, decimals: int | None = None) -> str:
    """A number as the language writes it, with no more decimals than it can bear; missing is a dash, never 0."""
    if value is None:
        return MISSING
    places = decimals if decimals is not None else (0 if abs(value) >= 100 or value == round(value) else 1)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=pattern, locale=LOCALES[language]).replace("-", MINUS)


def percent(share: float | None, language: str, *, signed: bool = False) -> str:
    """A share as whole per cent; signed puts a plus before what grew."""
    if share is None:
        return MISSING
    text = format_percent(share, locale=LOCALES[language]).replace("-", MINUS)
    return f"+{text}" if signed and share > 0 and not text.startswith("0") else text


def day(value: date | None, language: str, *, style: str = "d MMM y") -> str:
    """A date in words; missing is a dash."""
    return format_date(value, format=style, locale=LOCALES[language]) if value else MISSING


def unit_figure(value: float | None, unit: str | None, language: str) -> str:
    """A figure as its unit is read: shares as per cent."""
    if unit == "share":
        return percent(value, language)
    return figure(value, language)
