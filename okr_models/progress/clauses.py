"""The clauses of an explanation in Swedish and English.

What belongs here: wording. What does not: when a clause is due (``explanations.py``).
"""

from __future__ import annotations

from okr_models.words.numbers import Language

WORDS: dict[Language, dict[str, str]] = {
    "sv": {
        "growth": "{now} mot {goal}",
        "of": "{now} av {goal}",
        "count": "{now} av {goal} klara",
        "milestones": "{now} av {goal} delmål klara",
        "hold": "{now} av {goal} månader innanför",
        "at_least": "{now}, ska vara minst {goal}",
        "at_most": "{now}, ska vara högst {goal}",
        "too_early": "för tidigt att säga",
        "achieved": "målet är nått",
        "out_of_reach": "målet går inte längre att nå",
        "season_down": "{month} drar ner som väntat",
        "season_up": "{month} drar upp som väntat",
        "last_month": "senaste månaden, {month}, {now}",
        "open": "{count} till kan ännu nå dit",
        "course": "{now} av vägen, väntat nu {expected}",
        "chance": "sannolikhet {share}",
        "growth_so_far": "{now} hittills",
        "growth_needed": "för {goal} krävs {needed} i snitt resten av {period}",
        "level_needed": "för {goal} krävs {needed} i snitt resten av {period}",
        "pace_needed": "för {goal} krävs {needed} i månaden resten av {period}, hittills {now}",
        "year": "året",
        "period": "perioden",
    },
    "en": {
        "growth": "{now} against {goal}",
        "of": "{now} of {goal}",
        "count": "{now} of {goal} done",
        "milestones": "{now} of {goal} milestones done",
        "hold": "{now} of {goal} months inside",
        "at_least": "{now}, to be at least {goal}",
        "at_most": "{now}, to be at most {goal}",
        "too_early": "too early to say",
        "achieved": "the target is reached",
        "out_of_reach": "the target can no longer be reached",
        "season_down": "{month} pulls down as expected",
        "season_up": "{month} pulls up as expected",
        "last_month": "the last month, {month}, {now}",
        "open": "{count} more can still get there",
        "course": "{now} of the way, {expected} expected by now",
        "chance": "probability {share}",
        "growth_so_far": "{now} so far",
        "growth_needed": "{goal} takes {needed} on average for the rest of the {period}",
        "level_needed": "{goal} takes {needed} on average for the rest of the {period}",
        "pace_needed": "{goal} takes {needed} a month for the rest of the {period}, {now} so far",
        "year": "year",
        "period": "period",
    },
}
