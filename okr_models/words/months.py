"""``kpi_monthly.note`` in the reader's language: the table says it in English, once for all who query it.

What belongs here: the sentences that the SQL writes, and what a reader is told in their place. What does not: when the
SQL writes them (``dbt_like_sql/models/intermediate/int_kpi_source_months.sql`` and its neighbours).
"""

from __future__ import annotations

import re

WORDS: dict[str, dict[str, str]] = {
    pattern: {"sv": swedish, "en": english}
    for pattern, swedish, english in (
        (
            r"not yet opened",
            "kontot fanns inte än",
            "the account did not exist yet",
        ),
        (
            r"no data before ([\d-]+)",
            "inga data före {0}",
            "no data before {0}",
        ),
        (
            r"no data on any day read",
            "inga data på någon avläst dag",
            "no data on any day read",
        ),
        (
            r"without counts that the platform hides or left out",
            "utan de antal som plattformen döljer eller utelämnar",
            "without counts that the platform hides or left out",
        ),
        (
            r"paused",
            "pausad",
            "paused",
        ),
        (
            r"not observed",
            "inte avläst",
            "not read",
        ),
        (
            r"nothing to divide by",
            "inget att dela med",
            "nothing to divide by",
        ),
        (
            r"no row in the csv file",
            "ingen rad i csv-filen",
            "no row in the csv file",
        ),
        (
            r"history from csv",
            "historik från csv",
            "history from csv",
        ),
        (
            r"followers reconstructed from daily gains",
            "följare uträknade ur dagarnas tillskott",
            "followers worked out from daily gains",
        ),
        (
            r"split by elapsed time over a gap at a month end",
            "fördelat efter tid över ett glapp vid månadsskiftet",
            "split by elapsed time over a gap at the month's end",
        ),
        (
            r"split by elapsed days over a gap at 28 days",
            "fördelat efter dagar över ett glapp vid inläggens 28:e dag",
            "split by elapsed days over a gap at the posts' 28th day",
        ),
        (
            r"the web source gives no time on page",
            "webbkällan mäter inte tid på sidan",
            "the web source gives no time on page",
        ),
        (
            r"without counts that the platform hides or left out",
            "utan de tal som plattformen döljer eller utelämnar",
            "without counts that the platform hides or left out",
        ),
        (
            r"scaled up from (\d+) of (\d+) days",
            "uppräknad från {0} av {1} dagar",
            "scaled up from {0} of {1} days",
        ),
        (
            r"(\d+) of (\d+) days observed",
            "{0} av {1} dagar avlästa",
            "{0} of {1} days read",
        ),
        (
            r"(\d+) of (\d+) posts were counted in time",
            "{0} av {1} inlägg hann räknas i tid",
            "{0} of {1} posts were counted in time",
        ),
        (
            r"(\d+) posts younger than 28 days left out",
            "{0} inlägg yngre än 28 dagar väntar",
            "{0} posts younger than 28 days wait",
        ),
        (
            r"median (-?[\d.]+)",
            "median {0}",
            "median {0}",
        ),
    )
}
"""What the SQL may write of one source, and the reader's words for it."""
_SOURCE = re.compile(r"(?:source=|platform=)?([^:=;]+): (.+)")


def month_note(note: str | None, language: str) -> str:
    """The note in words of ``language``; a part that isn't known stays as it is, so that nothing is ever hidden.

    Sources of which the same is said share one sentence, their posts added up: days of two sources would not add up.
    """
    said: dict[str, list[str]] = {}
    sources: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in (note or "").split(";"))):
        named = _SOURCE.fullmatch(part)
        source, text = (named[1], named[2]) if named else ("", part)
        pattern, values = _known(text)
        key = pattern if pattern and "posts" in pattern else text
        before = said.get(key)
        said[key] = [str(int(a) + int(b)) for a, b in zip(before, values, strict=True)] if before else values
        sources.setdefault(key, []).append(source)
    return "; ".join(_of(_in_words(key, values, language), sources[key]) for key, values in said.items())


def _of(text: str, sources: list[str]) -> str:
    named = ", ".join(source for source in sources if source)
    return f"{named}: {text}" if named else text


def _known(text: str) -> tuple[str, list[str]]:
    """The pattern that the SQL wrote this with and the figures in it; empty where nothing here knows it."""
    for pattern in WORDS:
        if found := re.fullmatch(pattern, text):
            return pattern, list(found.groups())
    return "", []


def _in_words(key: str, values: list[str], language: str) -> str:
    pattern = key if key in WORDS else _known(key)[0]
    if not pattern:
        return key
    shown = [value.replace(".", ",") if language == "sv" else value for value in values or _known(key)[1]]
    return WORDS[pattern][language].format(*shown)
