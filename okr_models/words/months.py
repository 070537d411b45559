"""``kpi_monthly.note_codes`` in the reader's language: what there is to say of a month's figure, by its code.

What belongs here: the codes, and a reader's words for each. What does not: when a code is due (``dbt_like_sql``'s
``note`` macro), and the table's own English sentence (``int_kpi_noted_months``), which is for those who query it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

from okr_models.words.numbers import Language, Speech

MonthCode = Literal[
    "began",
    "begins_later",
    "channel_split",
    "channels_differ",
    "counted_since",
    "counts_hidden",
    "days_observed",
    "doubt_account_moved",
    "doubt_entries_left_out",
    "doubt_fixed_offset",
    "doubt_amounts_missing",
    "doubt_other_currency",
    "doubt_not_key_events",
    "doubt_rate_of_all_events",
    "doubt_history_cut",
    "doubt_imports_skipped",
    "doubt_includes_today",
    "doubt_list_not_whole",
    "doubt_metric_gone",
    "doubt_other_row",
    "doubt_report_not_made",
    "doubt_rows_capped",
    "doubt_rows_folded",
    "doubt_sampled",
    "doubt_thresholded",
    "doubt_undated_rows",
    "followers_reconstructed",
    "given_through",
    "history",
    "median",
    "never_seen",
    "no_csv_row",
    "no_time_on_page",
    "not_observed",
    "not_opened",
    "nothing_to_divide",
    "paused",
    "posts_counted",
    "posts_maturing",
    "rows_differ",
    "same_site",
    "scaled_up",
    "split_at_28_days",
    "dated_by_first_view",
    "split_at_month_end",
]
MONTH_CODES: tuple[str, ...] = get_args(MonthCode)

SWEDISH: dict[MonthCode, str] = {
    "began": "började {day}; skriv opened i kundfilen så räknas den därifrån",
    "begins_later": "inga data före {day}",
    "channel_split": "AI-assistenter är en egen kanal sedan {day}",
    "channels_differ": "kanalerna summerar till {part} av {whole} sessioner",
    "counted_since": "räknas först från {day}",
    "counts_hidden": "utan de tal som plattformen döljer eller utelämnar",
    "days_observed": "{part} av {whole} dagar avlästa",
    "doubt_account_moved": "kontot har flyttat, och följarna med det",
    "doubt_entries_left_out": "poster som inte går att använda är utelämnade",
    "doubt_fixed_offset": "databasens dygn börjar en timme fel halva året",
    "doubt_amounts_missing": "några saknar belopp och räknas som inget",
    "doubt_other_currency": "belopp i annan valuta är inte med",
    "doubt_not_key_events": "namngivna händelser som källan inte räknar är inte med",
    "doubt_rate_of_all_events": "andelen gäller besök med vilken viktig händelse som helst",
    "doubt_history_cut": "källan har inte kvar alla dagar",
    "doubt_imports_skipped": "källan utelämnade importerad statistik",
    "doubt_includes_today": "en del av i dag är redan med",
    "doubt_list_not_whole": "listan kunde inte läsas hel",
    "doubt_metric_gone": "källan ger inte längre alla tal",
    "doubt_other_row": "en del av sidvisningarna har ingen sida (raden other)",
    "doubt_report_not_made": "källan har ingen rapport, fast det fanns något att rapportera",
    "doubt_rows_capped": "rader över källans tak saknar sida",
    "doubt_rows_folded": "källan har slagit ihop små rader till en, (other)",
    "doubt_sampled": "källan har räknat på ett urval",
    "doubt_thresholded": "källan håller inne rader med få personer",
    "doubt_undated_rows": "rader utan dag räknas ingenstans",
    "followers_reconstructed": "följare uträknade ur dagarnas tillskott",
    "given_through": "hittills, till och med {day}",
    "history": "ur egna rapporter",
    "median": "median {value}",
    "never_seen": "inga data på någon avläst dag",
    "no_csv_row": "saknas i egna rapporter",
    "no_time_on_page": "webbkällan mäter inte tid på sidan",
    "not_observed": "inte avläst",
    "not_opened": "kontot fanns inte än",
    "nothing_to_divide": "inget att dela med",
    "paused": "pausad",
    "posts_counted": "{part} av {whole} inlägg hann räknas i tid",
    "posts_maturing": "{part} inlägg yngre än 28 dagar väntar",
    "rows_differ": "rader i csv-filer ger olika värden, så inget gäller",
    "same_site": "räknas ensam, då {name} ser samma webbplats",
    "scaled_up": "uppräknad från {part} av {whole} dagar",
    "split_at_28_days": "fördelat efter dagar över ett glapp vid inläggens 28:e dag",
    "dated_by_first_view": "ett inlägg dateras efter sin första sidvisning",
    "split_at_month_end": "fördelat efter tid över ett glapp vid månadsskiftet",
}
ENGLISH: dict[MonthCode, str] = {
    "began": "began on {day}; say opened in the client file to count from there",
    "begins_later": "no data before {day}",
    "channel_split": "AI assistants are a channel of their own since {day}",
    "channels_differ": "the channels sum to {part} of {whole} sessions",
    "counted_since": "counted only since {day}",
    "counts_hidden": "without counts that the platform hides or left out",
    "days_observed": "{part} of {whole} days read",
    "doubt_account_moved": "the account has moved, and its followers with it",
    "doubt_entries_left_out": "entries that can't be used are left out",
    "doubt_fixed_offset": "the database's days begin an hour off in half the year",
    "doubt_amounts_missing": "some have no amount and count as nothing",
    "doubt_other_currency": "amounts in another currency are not in it",
    "doubt_not_key_events": "named events that the source does not count are not in it",
    "doubt_rate_of_all_events": "the rate is of visits with any key event",
    "doubt_history_cut": "the source no longer keeps all of these days",
    "doubt_imports_skipped": "the source left imported statistics out",
    "doubt_includes_today": "some of today is in it already",
    "doubt_list_not_whole": "the list could not be read whole",
    "doubt_metric_gone": "the source no longer gives all of its counts",
    "doubt_other_row": "a part of the page views has no page (the row other)",
    "doubt_report_not_made": "the source has no report, though there was something to report",
    "doubt_rows_capped": "rows beyond the source's cap have no page",
    "doubt_rows_folded": "the source folded small rows into one, (other)",
    "doubt_sampled": "the source counted a sample",
    "doubt_thresholded": "the source withholds rows of few people",
    "doubt_undated_rows": "rows without a day count nowhere",
    "followers_reconstructed": "followers worked out from daily gains",
    "given_through": "so far, through {day}",
    "history": "from own reports",
    "median": "median {value}",
    "never_seen": "no data on any day read",
    "no_csv_row": "not in own reports",
    "no_time_on_page": "the web source gives no time on page",
    "not_observed": "not read",
    "not_opened": "the account did not exist yet",
    "nothing_to_divide": "nothing to divide by",
    "paused": "paused",
    "posts_counted": "{part} of {whole} posts were counted in time",
    "posts_maturing": "{part} posts younger than 28 days wait",
    "rows_differ": "csv rows give different values, so none counts",
    "same_site": "counts alone, as {name} sees the same site",
    "scaled_up": "scaled up from {part} of {whole} days",
    "split_at_28_days": "split by elapsed days over a gap at the posts' 28th day",
    "dated_by_first_view": "a post is dated by its first page view",
    "split_at_month_end": "split by elapsed time over a gap at the month's end",
}
ENGLISH_OF_ONE: dict[str, str] = {
    "posts_counted": "{part} of 1 post was counted in time",
    "posts_maturing": "1 post younger than 28 days waits",
}
"""Where all that is counted is one; Swedish says one and many posts alike."""
CATALOGUE: dict[Language, dict[MonthCode, str]] = {"sv": SWEDISH, "en": ENGLISH}
ADD_UP: frozenset[str] = frozenset({"posts_counted", "posts_maturing"})
"""Codes whose numbers are of different things in each source, posts: days of two sources would not add up."""


NAMES: frozenset[str] = frozenset({"same_site"})
"""Codes whose sentence names another source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthNote:
    """One thing to say of a month. ``scope``: whose it is, None for the figure as a whole."""

    code: str
    scope: str | None = None
    part: int | None = None
    whole: int | None = None
    value: float | None = None
    day: date | None = None
    name: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, object]) -> MonthNote:
        """The note in a struct of ``note_codes``; a field that only the one or the other has is left out."""
        return cls(**{name: row.get(name) for name in cls.__dataclass_fields__})  # type: ignore[arg-type]


def month_note(notes: Iterable[MonthNote], speech: Speech) -> str:
    """The notes as one sentence. Sources of which the same is said share one, their posts added up.

    A code of a newer version's table, for which there are no words here, is said as it is: nothing is ever hidden.

    >>> print(month_note([MonthNote(code="days_observed", scope="source=web", part=19, whole=31)], Speech("sv")))
    web: 19 av 31 dagar avlästa
    """
    said: dict[MonthNote, MonthNote] = {}
    whose: dict[MonthNote, list[str]] = {}
    for note in notes:
        plain = replace(note, scope=None, name=note.name if note.code in NAMES else None)
        key = MonthNote(code=note.code) if note.code in ADD_UP else plain
        said[key] = _added(said[key], plain) if key in said and note.code in ADD_UP else plain
        whose.setdefault(key, [])
        if note.scope:
            whose[key].append(note.scope.split("=", 1)[-1])
    return "; ".join(_of(_sentence(note, speech), whose[key]) for key, note in said.items())


def _added(one: MonthNote, other: MonthNote) -> MonthNote:
    return replace(
        one,
        part=(one.part or 0) + (other.part or 0),
        whole=None if one.whole is None else one.whole + (other.whole or 0),
    )


def _of(text: str, whose: list[str]) -> str:
    return f"{', '.join(whose)}: {text}" if whose else text


def _sentence(note: MonthNote, speech: Speech) -> str:
    words = {str(code): text for code, text in CATALOGUE[speech.language].items()}
    if not speech.is_swedish and (note.part if note.whole is None else note.whole) == 1:
        words |= ENGLISH_OF_ONE
    return words.get(note.code, note.code).format(
        part=note.part,
        whole=note.whole,
        name=note.name,
        value=None if note.value is None else speech.figure(note.value),
        day=None if note.day is None else speech.day(note.day),
    )
