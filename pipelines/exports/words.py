"""The words of statuses, units and KPIs in Swedish and English.

What belongs here: what the terminal and the report both say. What does not: how a figure or a date is said
(``okr_models/words/numbers.py``), the report's own sentences (``report/messages.py``).
"""

from __future__ import annotations

from okr_models.kpis import BUILT_IN
from okr_models.words.numbers import Language, Speech, is_money

STATUS_WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "achieved": "uppnått",
        "on_track": "enligt plan",
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

UNITS: dict[Language, dict[str, str]] = {
    "sv": {
        "visitors": "besökare",
        "sessions": "sessioner",
        "views": "visningar",
        "followers": "följare",
        "conversions": "konverteringar",
        "contacts": "kontakter",
        "deals": "affärer",
        "tickets": "ärenden",
        "hours": "timmar",
        "subscribers": "prenumeranter",
        "money": "",
        "interactions": "interaktioner",
        "posts": "inlägg",
        "seconds": "sekunder",
        "clicks": "klick",
        "impressions": "visningar",
        "position": "",
        "points": "poäng",
        "milestones": "delmål",
        "share": "",
    },
    "en": {"share": "", "position": "", "money": "", "milestones": "milestones"},
}
ONE: dict[Language, dict[str, str]] = {
    "sv": {
        "sessions": "session",
        "views": "visning",
        "conversions": "konvertering",
        "contacts": "kontakt",
        "deals": "affär",
        "tickets": "ärende",
        "hours": "timme",
        "subscribers": "prenumerant",
        "interactions": "interaktion",
        "seconds": "sekund",
        "impressions": "visning",
    },
    "en": {
        "visitors": "visitor",
        "sessions": "session",
        "views": "view",
        "followers": "follower",
        "conversions": "conversion",
        "contacts": "contact",
        "deals": "deal",
        "tickets": "ticket",
        "hours": "hour",
        "subscribers": "subscriber",
        "interactions": "interaction",
        "posts": "post",
        "seconds": "second",
        "clicks": "click",
        "impressions": "impression",
        "points": "point",
        "milestones": "milestone",
    },
}
"""Units whose word is another one of one: a client's own unit is as the file has it."""


def status_word(status: str, speech: Speech) -> str:
    """The status in words; one that this list does not know is shown as it is."""
    return STATUS_WORDS[speech.language].get(status, status.replace("_", " "))


def status_icon(status: str) -> str:
    """A shape of its own for each status, so that no reader needs its colour."""
    return STATUS_ICONS.get(status, "?")


def kpi_title(kpi: str, speech: Speech, own: dict[str, str] | None = None) -> str:
    """The KPI's title: the client's own, the built-in one, else its id."""
    if own and kpi in own:
        return own[kpi]
    known = BUILT_IN.get(kpi)
    if known is None:
        return kpi
    return known.title_sv if speech.is_swedish else known.title_en


def unit_word(unit: str | None, speech: Speech, *, of: str = "") -> str:
    """The unit in the reader's language; a client's own unit as the file has it, a currency in the figure.

    ``of``: the figure as it is shown, after which the word stands: "1 post", "8 posts".
    """
    if of == "1" and unit in ONE[speech.language]:
        return ONE[speech.language][unit]
    return UNITS[speech.language].get(unit, unit) if unit and not is_money(unit) else ""
