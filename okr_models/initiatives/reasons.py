"""Why an initiative got its verdict, in a plain sentence, in Swedish and English.

What belongs here: words, with numbers and dates as the language writes them. What does not: any decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from okr_models.initiatives.verdicts import Evidence

Language = Literal["sv", "en"]
_LOCALE: dict[Language, str] = {"sv": "sv_SE", "en": "en_GB"}


def percent(share: float, language: Language) -> str:
    """A signed share: ``+12 %`` in Swedish, ``+12%`` in English."""
    pattern = "+#,##0\u00a0%;\u2212#,##0\u00a0%" if language == "sv" else "+#,##0%;\u2212#,##0%"
    return str(format_percent(share, format=pattern, locale=_LOCALE[language]))


def plain_percent(share: float, language: Language) -> str:
    """The same without a plus: for probabilities and shares."""
    return str(format_percent(share, locale=_LOCALE[language]))


def day(value: date, language: Language) -> str:
    """``3 nov. 2026``, ``3 Nov 2026``."""
    return str(format_date(value, format="medium", locale=_LOCALE[language]))


def number(value: float, language: Language) -> str:
    """At most two decimals, grouped."""
    return str(format_decimal(value, format="#,##0.##", locale=_LOCALE[language]))


def not_aligned(objectives: Sequence[str], language: Language) -> str:
    """The "can we do this" list: no key result is named."""
    listed = "; ".join(objectives)
    if language == "sv":
        return f"Inte i linje med årets mål. Målen är: {listed}." if listed else "Inte i linje med årets mål."
    return (
        f"Not in line with this year's goals. They are: {listed}." if listed else "Not in line with this year's goals."
    )


def not_started(start: date | None, language: Language) -> str:
    if start is None:
        return "Inget startdatum är satt." if language == "sv" else "No start date is set."
    return f"Börjar {day(start, language)}." if language == "sv" else f"Starts on {day(start, language)}."


def running(end: date, language: Language) -> str:
    return f"Pågår till {day(end, language)}." if language == "sv" else f"Runs until {day(end, language)}."


def awaiting_data(end: date, through: date | None, language: Language) -> str:
    """Over, but its last days have not been read yet."""
    reach = day(through, language) if through else ("ingen dag" if language == "sv" else "no day")
    if language == "sv":
        return f"Slutade {day(end, language)}; data finns till och med {reach}."
    return f"Ended on {day(end, language)}; data reach {reach}."


def capability(detectable: float | None, worthwhile: float, language: Language) -> str:
    """Said at registration: what the history could show."""
    wanted = percent(worthwhile, language)
    if detectable is None:
        if language == "sv":
            return f"Historiken räcker inte för att visa någon effekt, alltså inte heller {wanted}."
        return f"The history is too short to show any effect, so this cannot show an effect of {wanted}."
    shown = percent(detectable, language)
    if abs(detectable) > abs(worthwhile):
        if language == "sv":
            return f"Detta kan inte visa en effekt på {wanted}: minsta påvisbara effekt är {shown}."
        return f"This cannot show an effect of {wanted}: the smallest detectable effect is {shown}."
    if language == "sv":
        return f"Minsta påvisbara effekt är {shown}, så en effekt på {wanted} kan visas."
    return f"The smallest detectable effect is {shown}, so an effect of {wanted} can be shown."


def missing_definition(language: Language) -> str:
    if language == "sv":
        return "Kan inte bedömas: slutdatum, minsta värdefulla effekt eller KPI saknas i klientfilen."
    return "Cannot be judged: the end, the smallest worthwhile effect or the KPI is missing in the client file."


def registered_late(registered: date, start: date, language: Language) -> str:
    if language == "sv":
        return f"Kan inte bedömas: registrerad {day(registered, language)}, inte före starten {day(start, language)}."
    return (
        f"Cannot be judged: registered on {day(registered, language)}, not before its start on {day(start, language)}."
    )


def no_data(language: Language) -> str:
    if language == "sv":
        return "Kan inte bedömas: det finns inga dagsvärden för dess KPI."
    return "Cannot be judged: its KPI has no daily values."


def broken(on: date, language: Language) -> str:
    if language == "sv":
        return f"Kan inte bedömas: mätningen ändrades {day(on, language)}, mitt i initiativet."
    return f"Cannot be judged: the measurement changed on {day(on, language)}, inside the initiative."


def outage(first: date, days: int, language: Language) -> str:
    if language == "sv":
        return f"Kan inte bedömas: data saknas för {days} av dess dagar, från {day(first, language)}."
    return f"Cannot be judged: data are missing for {days} of its days, from {day(first, language)}."


def shared_with(title: str, language: Language) -> str:
    if language == "sv":
        return f"Kan inte bedömas: ”{title}” påverkade samma siffra samtidigt."
    return f"Cannot be judged: “{title}” worked on the same figure at the same time."


def too_little_before(*, have: int, need: int, possible_from: date, language: Language) -> str:
    """Too few days before; ``possible_from``: the first start that could have been judged."""
    since = day(possible_from, language)
    if language == "sv":
        return (
            f"Kan inte bedömas: {have} dagar med data före starten, {need} behövs. Möjligt för en start från {since}."
        )
    return (
        f"Cannot be judged: {have} days of data before its start, {need} are needed. Possible for a start from {since}."
    )


def too_few_placebos(*, have: int, need: int, possible_from: date, language: Language) -> str:
    since = day(possible_from, language)
    if language == "sv":
        return f"Kan inte bedömas: {have} placebostarter får plats, {need} behövs. Möjligt för en start från {since}."
    return f"Cannot be judged: {have} placebo starts fit, {need} are needed. Possible for a start from {since}."


def no_estimate(why: str, language: Language) -> str:
    """``why`` is a technical reason, in English."""
    head = "Kan inte bedömas: ingen skattning kunde göras" if language == "sv" else "Cannot be judged: no estimate"
    return f"{head} ({why})."


def keep(evidence: Evidence, language: Language) -> str:
    chance = plain_percent(evidence.probability_worthwhile, language)
    if language == "sv":
        return (
            f"{estimate(evidence, language)} Sannolikheten för minst {percent(evidence.worthwhile, language)} "
            f"är {chance}, och få placebostarter visar lika mycket."
        )
    return (
        f"{estimate(evidence, language)} The probability of at least {percent(evidence.worthwhile, language)} "
        f"is {chance}, and few placebo starts show as much."
    )


def kill(evidence: Evidence, language: Language) -> str:
    chance = plain_percent(evidence.probability_worthwhile, language)
    if language == "sv":
        return (
            f"{estimate(evidence, language)} Sannolikheten för minst {percent(evidence.worthwhile, language)} "
            f"är bara {chance}, och en sådan effekt hade synts."
        )
    return (
        f"{estimate(evidence, language)} The probability of at least {percent(evidence.worthwhile, language)} "
        f"is only {chance}, and such an effect would have been seen."
    )


def undecided(evidence: Evidence, language: Language) -> str:
    """What was found, what was lacking, and what it would take."""
    lacking = _lacking(evidence, language)
    return f"{estimate(evidence, language)} {lacking} {_would_take(evidence, language)}"


def estimate(evidence: Evidence, language: Language) -> str:
    low = percent(evidence.low, language)
    if evidence.high is None:
        high = "utan övre gräns" if language == "sv" else "no upper bound"
        span = f"{low}, {high}"
    else:
        high = percent(evidence.high, language)
        span = f"{low} till {high}" if language == "sv" else f"{low} to {high}"
    head = "Effekten skattas till" if language == "sv" else "The effect is estimated at"
    return f"{head} {percent(evidence.effect, language)} ({span})."


def tested(count: int, language: Language) -> str:
    """How many were tested: with many, some look good by chance."""
    if language == "sv":
        return f"Ett av {count} prövade initiativ." if count != 1 else "Det enda prövade initiativet."
    return f"One of {count} initiatives tested." if count != 1 else "The only initiative tested."


def cost_per_unit(amount: float, *, currency: str, unit: str, language: Language) -> str:
    figure = number(amount, language)
    if language == "sv":
        return f"Kostnad per enhet ({unit}): {figure} {currency}."
    return f"Cost per unit ({unit}): {currency} {figure}."


def _lacking(evidence: Evidence, language: Language) -> str:
    chance = plain_percent(evidence.probability_worthwhile, language)
    wanted = percent(evidence.worthwhile, language)
    if not evidence.is_clear_of_zero:
        if language == "sv":
            return f"Det kan vara slump; sannolikheten för minst {wanted} är {chance}."
        return f"It may be chance; the probability of at least {wanted} is {chance}."
    if not evidence.stands_out:
        share = plain_percent(evidence.share_of_placebos_beyond, language)
        if language == "sv":
            return f"{share} av placebostarterna visar lika mycket."
        return f"{share} of placebo starts show as much."
    if language == "sv":
        return f"Sannolikheten för minst {wanted} är {chance}."
    return f"The probability of at least {wanted} is {chance}."


def _would_take(evidence: Evidence, language: Language) -> str:
    if evidence.could_show_it:
        return (
            "För ett besked krävs längre tid eller en kontroll."
            if language == "sv"
            else "To decide it would take a longer time or a control."
        )
    if evidence.detectable is None:
        return (
            "Inget av dess data kan visa en effekt; en kontroll krävs."
            if language == "sv"
            else "Its data can show no effect; it would take a control."
        )
    shown = percent(evidence.detectable, language)
    if language == "sv":
        return f"Data kan bara visa effekter från {shown}; för mindre krävs en kontroll eller längre tid."
    return f"Its data can only show effects from {shown}; smaller ones would take a control or a longer time."
