"""Why an initiative got its verdict, in a plain sentence, in Swedish and English.

What belongs here: words. What does not: any decision, and how a figure is said (``words/numbers.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from okr_models.initiatives.effects import NOT_POSITIVE, TOO_FEW_DAYS, TOO_FEW_SHARED
from okr_models.initiatives.guardrails import GuardrailSeen
from okr_models.initiatives.placebo import TOP_SHARE
from okr_models.initiatives.power import Power
from okr_models.initiatives.verdicts import LIKELY, Evidence
from okr_models.words.numbers import Speech

NEAR = 0.02
"""A loss this near a plain fraction is said as one."""
FRACTIONS: dict[float, tuple[str, str]] = {
    1 / 4: ("a quarter", "en fjärdedel"),
    1 / 3: ("a third", "en tredjedel"),
    1 / 2: ("half", "hälften"),
    2 / 3: ("two thirds", "två tredjedelar"),
    3 / 4: ("three quarters", "tre fjärdedelar"),
}
"""In English and Swedish."""
WHY_SV = {
    NOT_POSITIVE: "det som annars hade kommit är inte över noll, och av det finns ingen andel",
    TOO_FEW_DAYS: "för få dagar har ett värde",
    TOO_FEW_SHARED: "för få dagar har både dess värde och varje kontrolls",
}
NO_FIT_SV = "ingen modell kunde anpassas till dess dagar"
"""For all that can fail inside a fit, which English says more closely."""


def not_aligned(objectives: Sequence[str], speech: Speech) -> str:
    """The "can we do this" list: no key result is named."""
    listed = "; ".join(objectives)
    if speech.is_swedish:
        return f"Inte i linje med årets mål. Målen är: {listed}." if listed else "Inte i linje med årets mål."
    return (
        f"Not in line with this year's goals. They are: {listed}." if listed else "Not in line with this year's goals."
    )


def not_started(start: date | None, speech: Speech) -> str:
    if start is None:
        return "Inget startdatum är satt." if speech.is_swedish else "No start date is set."
    return f"Börjar {speech.day(start)}." if speech.is_swedish else f"Starts on {speech.day(start)}."


def running(end: date, speech: Speech) -> str:
    return f"Pågår till {speech.day(end)}." if speech.is_swedish else f"Runs until {speech.day(end)}."


def awaiting_data(end: date, through: date | None, speech: Speech) -> str:
    """Over, but its last days have not been read yet."""
    reach = speech.day(through) if through else ("ingen dag" if speech.is_swedish else "no day")
    if speech.is_swedish:
        return f"Slutade {speech.day(end)}; data finns till och med {reach}."
    return f"Ended on {speech.day(end)}; data reach {reach}."


def capability(detectable: float | None, worthwhile: float, speech: Speech) -> str:
    """Said at registration: what the history could show."""
    if detectable is None:
        wanted = speech.aim(worthwhile, signed=True)
        if speech.is_swedish:
            return f"Historiken räcker inte för att visa någon effekt, alltså inte heller {wanted}."
        return f"The history is too short to show any effect, so this cannot show an effect of {wanted}."
    shown = speech.percent(detectable, beside=worthwhile, signed=True)
    wanted = speech.percent(worthwhile, beside=detectable, signed=True)
    if abs(detectable) > abs(worthwhile):
        if speech.is_swedish:
            return f"Detta kan inte visa en effekt på {wanted}: minsta påvisbara effekt är {shown}."
        return f"This cannot show an effect of {wanted}: the smallest detectable effect is {shown}."
    if speech.is_swedish:
        return f"Minsta påvisbara effekt är {shown}, så en effekt på {wanted} kan visas."
    return f"The smallest detectable effect is {shown}, so an effect of {wanted} can be shown."


def without_days(worthwhile: float, speech: Speech, *, controls: int) -> str:
    """Said at registration of a figure without any day before its start, as one is that nothing gives by the day."""
    wanted, who = speech.aim(worthwhile, signed=True), _who_lacks_days(speech, controls=controls)
    who = f"{who[:1].upper()}{who[1:]}"
    if speech.is_swedish:
        return f"{who} har inga dagsvärden före starten, så detta kan inte visa en effekt på {wanted}."
    return f"{who} has no daily values before its start, so this cannot show an effect of {wanted}."


def spoilt_ahead(*, on: date | None, title: str | None, speech: Speech) -> str:
    """Said before its end of what will keep it from being judged: a break ``on`` a day, else the other one's title."""
    if on is not None:
        if speech.is_swedish:
            return (
                f" Som det är kommer den inte att kunna bedömas: mätningen ändras {speech.day(on)}, mitt i initiativet."
            )
        return f" As it stands it can never be judged: the measurement changes on {speech.day(on)}, inside it."
    if speech.is_swedish:
        return f" Som det är kommer den inte att kunna bedömas: ”{title}” påverkar samma siffra samtidigt."
    return f" As it stands it can never be judged: “{title}” works on the same figure at the same time."


def power(curve: Sequence[Power], speech: Speech) -> str:
    """Said at registration: how likely it is to be kept, by what it truly does."""
    if not curve:
        return ""
    cases = [
        (speech.percent(each.effect, beside=round(each.effect * 100) / 100, signed=True), speech.percent(each.keep))
        for each in curve
    ]
    if speech.is_swedish:
        listed = ", ".join(f"{chance} om effekten är {effect}" for effect, chance in cases)
        return f" Sannolikheten att den blir ”behåll” är {listed}."
    listed = ", ".join(f"{chance} if the effect is {effect}" for effect, chance in cases)
    return f" The probability that it will be “keep” is {listed}."


def missing_definition(speech: Speech) -> str:
    if speech.is_swedish:
        return "Kan inte bedömas: slutdatum, minsta värdefulla effekt eller KPI saknas i klientfilen."
    return "Cannot be judged: the end, the smallest worthwhile effect or the KPI is missing in the client file."


def registered_late(registered: date, start: date, speech: Speech) -> str:
    if speech.is_swedish:
        return f"Kan inte bedömas: registrerad {speech.day(registered)}, inte före starten {speech.day(start)}."
    return f"Cannot be judged: registered on {speech.day(registered)}, not before its start on {speech.day(start)}."


def no_data(speech: Speech, *, controls: int) -> str:
    who = _who_lacks_days(speech, controls=controls)
    if speech.is_swedish:
        return f"Kan inte bedömas: {who} har inga dagsvärden till och med dess slut."
    return f"Cannot be judged: {who} has no daily values up to its end."


def _who_lacks_days(speech: Speech, *, controls: int) -> str:
    if speech.is_swedish:
        return "dess KPI eller en kontroll" if controls else "dess KPI"
    return "its KPI or a control" if controls else "its KPI"


def broken(on: date, speech: Speech) -> str:
    if speech.is_swedish:
        return f"Kan inte bedömas: mätningen ändrades {speech.day(on)}, mitt i initiativet."
    return f"Cannot be judged: the measurement changed on {speech.day(on)}, inside the initiative."


def outage(first: date, days: int, speech: Speech) -> str:
    if speech.is_swedish:
        return f"Kan inte bedömas: data saknas för {days} av dess dagar, från {speech.day(first)}."
    return f"Cannot be judged: data are missing for {days} of its days, from {speech.day(first)}."


def paused(first: date, days: int, speech: Speech) -> str:
    """The file says that its source was silent, for most of it."""
    if speech.is_swedish:
        return f"Kan inte bedömas: källan var pausad {days} av dess dagar, från {speech.day(first)}."
    return f"Cannot be judged: its source was paused for {days} of its days, from {speech.day(first)}."


def shared_with(title: str, speech: Speech) -> str:
    if speech.is_swedish:
        return f"Kan inte bedömas: ”{title}” påverkade samma siffra samtidigt."
    return f"Cannot be judged: “{title}” worked on the same figure at the same time."


def too_little_before(*, have: int, need: int, possible_from: date, speech: Speech) -> str:
    """Too few days before; ``possible_from``: the first start that could have been judged."""
    since = speech.day(possible_from)
    if speech.is_swedish:
        days = "1 dag" if have == 1 else f"{have} dagar"
        return f"Kan inte bedömas: {days} med data före starten, {need} behövs. Möjligt för en start från {since}."
    days = "1 day" if have == 1 else f"{have} days"
    return f"Cannot be judged: {days} of data before its start, {need} are needed. Possible for a start from {since}."


def too_few_placebos(*, have: int, need: int, possible_from: date, speech: Speech) -> str:
    since = speech.day(possible_from)
    if speech.is_swedish:
        fit = "1 placebostart" if have == 1 else f"{have} placebostarter"
        return f"Kan inte bedömas: {fit} får plats, {need} behövs. Möjligt för en start från {since}."
    fit = "1 placebo start fits" if have == 1 else f"{have} placebo starts fit"
    return f"Cannot be judged: {fit}, {need} are needed. Possible for a start from {since}."


def no_estimate(why: str, speech: Speech) -> str:
    """``why`` is in English: what can be mended is said in Swedish too, what failed inside in general."""
    if speech.is_swedish:
        return f"Kan inte bedömas: ingen uppskattning kunde göras ({WHY_SV.get(why, NO_FIT_SV)})."
    return f"Cannot be judged: no estimate ({why})."


def keep(evidence: Evidence, speech: Speech) -> str:
    chance = speech.percent(evidence.probability_worthwhile)
    if speech.is_swedish:
        return (
            f"{estimate(evidence, speech)} Sannolikheten för minst {speech.aim(evidence.worthwhile, signed=True)} "
            f"är {chance}, och få placebostarter visar lika mycket."
        )
    return (
        f"{estimate(evidence, speech)} The probability of at least {speech.aim(evidence.worthwhile, signed=True)} "
        f"is {chance}, and few placebo starts show as much."
    )


def guardrails(worse: Sequence[GuardrailSeen], unknown: Sequence[GuardrailSeen], speech: Speech) -> str:
    """Which figures that must not get worse did, and of which nothing can be said."""
    said = []
    for each in worse:
        if each.effect is not None:
            effect = _with_span(each.effect.effect, each.effect.low, each.effect.high, speech)
            head = (
                "men det som inte fick försämras gjorde det" if speech.is_swedish else "but what must not get worse did"
            )
            said.append(f"{head[:1].upper()}{head[1:]}: {each.name} {effect}.")
    if unknown:
        names = ", ".join(each.name for each in unknown)
        said.append(f"Går inte att avgöra: {names}." if speech.is_swedish else f"Cannot be told: {names}.")
    return " ".join(said)


def _harm(evidence: Evidence, speech: Speech) -> str:
    """What it cost: in a plain fraction where one is near."""
    span = _with_span(evidence.effect, evidence.low, evidence.high, speech)
    if not evidence.upward:
        return (
            f"Den skadade: siffran steg i stället för att falla, {span}."
            if speech.is_swedish
            else f"It did harm: the figure rose instead of falling, {span}."
        )
    lost = abs(evidence.effect)
    near = min(FRACTIONS, key=lambda share: abs(share - lost))
    words = FRACTIONS[near][speech.is_swedish] if abs(near - lost) <= NEAR else speech.percent(lost)
    return (
        f"Den skadade: den kostade {words}, {span}." if speech.is_swedish else f"It did harm: it cost {words}, {span}."
    )


def _with_span(effect: float, low: float, high: float | None, speech: Speech) -> str:
    if high is None:
        span = f"{speech.percent(low, signed=True)}, {'utan övre gräns' if speech.is_swedish else 'no upper bound'}"
    else:
        span = speech.percent_range(low, high)
    return f"{speech.percent(effect, signed=True)} ({span})"


def kill(evidence: Evidence, speech: Speech) -> str:
    if evidence.is_harm:
        return _harm(evidence, speech)
    chance = speech.percent(evidence.probability_worthwhile)
    if speech.is_swedish:
        return (
            f"{estimate(evidence, speech)} Sannolikheten för minst {speech.aim(evidence.worthwhile, signed=True)} "
            f"är bara {chance}, och en sådan effekt hade synts."
        )
    return (
        f"{estimate(evidence, speech)} The probability of at least {speech.aim(evidence.worthwhile, signed=True)} "
        f"is only {chance}, and such an effect would have been seen."
    )


def undecided(evidence: Evidence, speech: Speech) -> str:
    """What was found, what was lacking, and what it would take."""
    lacking = _lacking(evidence, speech)
    return f"{estimate(evidence, speech)} {lacking} {_would_take(evidence, speech)}"


def estimate(evidence: Evidence, speech: Speech) -> str:
    head = "Effekten uppskattas till" if speech.is_swedish else "The effect is estimated at"
    return f"{head} {_with_span(evidence.effect, evidence.low, evidence.high, speech)}."


def tested(count: int, speech: Speech) -> str:
    """How many were tested: with many, some look good by chance."""
    if speech.is_swedish:
        return f"Ett av {count} prövade initiativ." if count != 1 else "Det enda prövade initiativet."
    return f"One of {count} initiatives tested." if count != 1 else "The only initiative tested."


def cost_per_unit(amount: float, *, currency: str, unit: str, speech: Speech) -> str:
    price = speech.money(amount, currency)
    return f"Kostnad per enhet ({unit}): {price}." if speech.is_swedish else f"Cost per unit ({unit}): {price}."


def _lacking(evidence: Evidence, speech: Speech) -> str:
    chance = speech.percents(evidence.probability_worthwhile, LIKELY)[0]
    wanted = speech.aim(evidence.worthwhile, signed=True)
    if not evidence.is_clear_of_zero:
        if speech.is_swedish:
            return f"Det kan vara slump; sannolikheten för minst {wanted} är {chance}."
        return f"It may be chance; the probability of at least {wanted} is {chance}."
    if not evidence.stands_out:
        share = speech.percent(evidence.share_of_placebos_beyond, beside=TOP_SHARE)
        if speech.is_swedish:
            return f"{share} av placebostarterna visar lika mycket."
        return f"{share} of placebo starts show as much."
    if speech.is_swedish:
        return f"Sannolikheten för minst {wanted} är {chance}."
    return f"The probability of at least {wanted} is {chance}."


def _would_take(evidence: Evidence, speech: Speech) -> str:
    """A control is asked for only where there is none."""
    longer = "längre tid" if speech.is_swedish else "a longer time"
    control = (
        ("bättre kontroller" if evidence.controls else "en kontroll")
        if speech.is_swedish
        else ("better controls" if evidence.controls else "a control")
    )
    if evidence.could_show_it:
        way = f"{longer} {'eller' if speech.is_swedish else 'or'} {control}"
        return f"För ett besked krävs {way}." if speech.is_swedish else f"To decide it would take {way}."
    if evidence.detectable is None:
        return (
            f"Inget av dess data kan visa en effekt; det kräver {control}."
            if speech.is_swedish
            else f"Its data can show no effect; it would take {control}."
        )
    shown = speech.percent(evidence.detectable, beside=evidence.worthwhile, signed=True)
    if speech.is_swedish:
        return f"Data kan bara visa effekter från {shown}; för mindre krävs {control} eller {longer}."
    return f"Its data can only show effects from {shown}; smaller ones would take {control} or {longer}."
