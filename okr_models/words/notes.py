"""The sentences of notes in Swedish and English.

What belongs here: wording. What does not: when a sentence is due (``progress/measures.py``,
``progress/evaluation.py``), how a figure is said (``numbers.py``), and the words of the report and the terminal
(``pipelines/exports``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from okr_models.words.codes import Note, NoteCode, Part
from okr_models.words.numbers import Language, Speech

SWEDISH: dict[NoteCode, str] = {
    "account_changed": "{label}: ett annat konto sedan {day}",
    "already_inside": "klarade målet redan vid start: räknas som 100 % så länge det gör det",
    "baseline_at_first_observation": "utgångsläget är första mätningen, {day}: ingen finns vid periodens start",
    "baseline_missing": "utgångsläge saknas",
    "baseline_not_positive": "utgångsläget är {value}, och av det går inte att räkna procent",
    "baseline_other_months": "det angivna utgångsläget har ingen av de månader som är avslutade",
    "baseline_restarts": "utgångsläget börjar om {day} ({reason})",
    "baseline_starts": "utgångsläget börjar {day}",
    "baseline_unused": "angivet utgångsläge används inte: en summa räknas från 0",
    "break_bridged": "mätningen ändrades {day} ({reason}): siffrorna före är omräknade med {ratio}",
    "break_inside_sum": "mätningen ändrades {day} ({reason}), mitt i summan",
    "changed_without_revision": "definitionen ändrades {day}",
    "count_unobserved": "{count} inlägg saknar mätdata för delar av sin tid och hålls öppna",
    "count_unseen": "inget av {count} inlägg har setts av någon källa som mäter dem",
    "doubt_account_moved": "{label}: kontot har flyttat, och följarna med det",
    "doubt_entries_left_out": "{label}: poster som inte går att använda är utelämnade",
    "doubt_imports_skipped": "{label}: importerad statistik är utelämnad",
    "doubt_list_empty": "{label}: listan kom tom; den förra gäller tills en andra natt säger detsamma",
    "doubt_list_not_whole": "{label}: listan kunde inte läsas hel",
    "doubt_other_row": "{label}: en del av sidvisningarna har ingen sida (raden other)",
    "doubt_rows_capped": "{label}: rader över källans tak saknar sida",
    "doubt_rows_folded": "{label}: källan har slagit ihop små rader till en, (other)",
    "doubt_sampled": "{label}: källan har räknat på ett urval",
    "doubt_thresholded": "{label}: källan håller inne rader med få personer",
    "doubt_fixed_offset": "{label}: databasens dygn börjar en timme fel halva året",
    "doubt_amounts_missing": "{label}: några saknar belopp och räknas som inget",
    "doubt_rows_fell": "{label}: mindre än hälften av förra veckans rader är kvar",
    "doubt_other_currency": "{label}: belopp i annan valuta är inte med",
    "doubt_not_key_events": "{label}: namngivna händelser som källan inte räknar är inte med",
    "doubt_rate_of_all_events": "{label}: andelen gäller besök med vilken viktig händelse som helst",
    "doubt_history_cut": "{label}: källan har inte kvar alla dagar",
    "doubt_report_not_made": "{label}: källan har ingen rapport, fast det fanns något att rapportera",
    "doubt_undated_rows": "{label}: rader utan dag räknas ingenstans",
    "doubt_metric_gone": "{label}: källan ger inte längre alla tal",
    "doubt_rows_differ": "{label}: rader i csv-filer ger olika värden, så inget gäller",
    "estimated": "uppskattat: {months}",
    "few_months": "bara {count} jämförbara månader, {needed} behövs",
    "fewer_results_shown": "{label}: sedan {month} visar Google färre träffar per sida; färre visningar och bättre "
    "placeringar därefter säger inget om webbplatsen",
    "final_target": "prognosen gäller hela perioden, då målet är {value}",
    "forecast_bounded": "prognosen är försiktig och sannolikheten i tiondelar: modellen gick utanför vad siffran "
    "någonsin har växt",
    "forecast_break": "ingen prognos: mätningen ändrades mitt i historiken",
    "forecast_estimated": "ingen prognos: {estimated_share} av historiken är uppskattad, gränsen är 10 %",
    "forecast_short": "ingen prognos: {count} avslutade månader, 12 behövs",
    "forecast_unfitted": "prognosen är enkel och sannolikheten i tiondelar: modellen gick inte att anpassa till "
    "historiken",
    "full_target_probability": "sannolikheten att nå hela målet är {probability_share}",
    "history": "bygger på siffror ur egna rapporter: {months}",
    "history_jump": "{label}: första egna mätningen {day} ligger {jump_share} från siffrorna ur egna rapporter och "
    "räknas som en ändrad mätning",
    "impressions_miscounted": "{label}: Google räknade visningar fel från {first_day} till {last_day}; de och "
    "placeringarna går inte att jämföra med året före",
    "last_month_missing": "senaste avslutade månaden saknar värde: {month} visas",
    "months_left_out": "utelämnat på båda sidor: {months}",
    "months_left_out_break": "före ändringen {day} ({reason}) och därför utelämnat på båda sidor: {months}",
    "months_paused": "pausat och därför utelämnat: {months}",
    "no_baseline_level": "utgångsläge saknas: 100 % när målet klaras, annars 0 %",
    "no_data": "data saknas för perioden",
    "no_first_month": "ingen månad är avslutad än",
    "platform_left_out": "{label} saknas {side} och räknas inte med ({part_share} av helheten)",
    "platform_partly": "{label} saknas vissa månader och är med i summan de andra ({part_share} av helheten)",
    "platform_partly_unsized": "{label} saknas vissa månader och är med i summan de andra",
    "platform_too_large": "{label} saknas {side}; {part_share} av helheten, gränsen är 20 %",
    "platform_unknown": "{label} saknas på båda sidor och räknas inte med",
    "posts_listed_twice": "inlägg som även {sources} har räknas en gång ({count})",
    "posts_redated": "inlägg som har daterats om räknas efter sin första dag ({count})",
    "posts_unseen": "ingen webbkälla har sett {hosts}, så visningar saknas ({count} inlägg)",
    "probability_tenths": "sannolikheten är grov, i tiondelar: historiken är kort",
    "restated": "ändrat i efterhand: {months} (mest {largest_share})",
    "revised": "målet ändrades {day} av {by}: {why}",
    "running_month_moved": "{moved_share} hittills i {month}",
    "same_site": "{label} och {other} ser samma webbplats: bara {label} räknas",
    "scope_needed": "flera källor kan inte läggas ihop för det här måttet",
    "small_baseline": "lågt utgångsläge ({value}): procent svänger mycket",
    "source_left": "{source} är avläst till {day} men finns inte längre i filen",
    "source_missing": "{label} har inte kunnat läsas sedan {short_day}",
    "source_never_loaded": "{label} har aldrig kunnat läsas",
    "sum_incomplete": "summan är minst så här stor, data saknas: {months}",
    "target_equals_baseline": "målet är lika med utgångsläget",
}
ENGLISH: dict[NoteCode, str] = {
    "account_changed": "{label}: another account since {day}",
    "already_inside": "already inside the target at the start: counts as 100% for as long as it stays there",
    "baseline_at_first_observation": "the baseline is the first observation, {day}: "
    "there is none at the period's start",
    "baseline_missing": "the baseline is missing",
    "baseline_not_positive": "the baseline is {value}, of which no percentage can be taken",
    "baseline_other_months": "the stated baseline has none of the months that are closed",
    "baseline_restarts": "baseline restarts on {day} ({reason})",
    "baseline_starts": "baseline starts on {day}",
    "baseline_unused": "the stated baseline is not used: a sum counts from 0",
    "break_bridged": "the measurement changed on {day} ({reason}): figures before it are multiplied by {ratio}",
    "break_inside_sum": "the measurement changed on {day} ({reason}), inside the sum",
    "changed_without_revision": "the definition was changed on {day}",
    "count_unobserved": "{count} posts lack data for part of their time and are kept open",
    "count_unseen": "none of {count} posts was seen by a source that measures them",
    "doubt_account_moved": "{label}: the account has moved, and its followers with it",
    "doubt_entries_left_out": "{label}: entries that can't be used are left out",
    "doubt_imports_skipped": "{label}: imported statistics are left out",
    "doubt_list_empty": "{label}: the list came back empty; the one before stands until a second night says the same",
    "doubt_list_not_whole": "{label}: the list could not be read whole",
    "doubt_other_row": "{label}: a part of the page views has no page (the row other)",
    "doubt_rows_capped": "{label}: rows beyond the source's cap have no page",
    "doubt_rows_folded": "{label}: the source folded small rows into one, (other)",
    "doubt_sampled": "{label}: the source counted a sample",
    "doubt_thresholded": "{label}: the source withholds rows of few people",
    "doubt_fixed_offset": "{label}: the database's days begin an hour off in half the year",
    "doubt_amounts_missing": "{label}: some have no amount and count as nothing",
    "doubt_rows_fell": "{label}: less than half of last week's rows are left",
    "doubt_other_currency": "{label}: amounts in another currency are not in it",
    "doubt_not_key_events": "{label}: named events that the source does not count are not in it",
    "doubt_rate_of_all_events": "{label}: the rate is of visits with any key event",
    "doubt_history_cut": "{label}: the source no longer keeps all of these days",
    "doubt_report_not_made": "{label}: the source has no report, though there was something to report",
    "doubt_undated_rows": "{label}: rows without a day count nowhere",
    "doubt_metric_gone": "{label}: the source no longer gives all of its counts",
    "doubt_rows_differ": "{label}: csv rows give different values, so none counts",
    "estimated": "estimated: {months}",
    "few_months": "only {count} common months, {needed} are needed",
    "fewer_results_shown": "{label}: since {month} Google shows fewer results a page; fewer impressions and better "
    "positions from then on say nothing of the site",
    "final_target": "the forecast is for the whole period, when the target is {value}",
    "forecast_bounded": "the forecast is cautious and its probability in tenths: the model left what the figure has "
    "ever grown",
    "forecast_break": "no forecast: the measurement changed within the history",
    "forecast_estimated": "no forecast: {estimated_share} of the history is estimated, the limit is 10%",
    "forecast_short": "no forecast: {count} closed months, 12 are needed",
    "forecast_unfitted": "the forecast is simple and its probability in tenths: the model could not be fitted to the "
    "history",
    "full_target_probability": "the probability of the full target is {probability_share}",
    "history": "based on figures from own reports: {months}",
    "history_jump": "{label}: its own first reading on {day} lies {jump_share} from the figures of own reports and "
    "counts as a changed measurement",
    "impressions_miscounted": "{label}: Google counted impressions wrongly from {first_day} to {last_day}; they and "
    "positions do not compare with the year before",
    "last_month_missing": "the last closed month has no value: {month} is shown",
    "months_left_out": "left out on both sides: {months}",
    "months_left_out_break": "before the change on {day} ({reason}) and so left out on both sides: {months}",
    "months_paused": "paused and so left out: {months}",
    "no_baseline_level": "no baseline: 100% inside the target, 0% outside",
    "no_data": "there are no data for the period",
    "no_first_month": "no month is closed yet",
    "platform_left_out": "{label} is missing {side} and left out on both sides ({part_share} of the whole)",
    "platform_partly": "{label} is missing in some months and in the sum in the others ({part_share} of the whole)",
    "platform_partly_unsized": "{label} is missing in some months and in the sum in the others",
    "platform_too_large": "{label} is missing {side}; {part_share} of the whole, the limit is 20%",
    "platform_unknown": "{label} is missing on both sides and left out",
    "posts_listed_twice": "posts that {sources} has too count once ({count})",
    "posts_redated": "posts that were dated anew count from their first day ({count})",
    "posts_unseen": "no web source has seen {hosts}, so that views are missing ({count} posts)",
    "probability_tenths": "the probability is rough, in tenths: the history is short",
    "restated": "restated since: {months} (at most {largest_share})",
    "revised": "the target was changed on {day} by {by}: {why}",
    "running_month_moved": "{moved_share} so far in {month}",
    "same_site": "{label} and {other} see the same site: only {label} counts",
    "scope_needed": "several sources cannot be added up for this figure",
    "small_baseline": "small baseline ({value}): percentages swing widely",
    "source_left": "{source} has readings to {day} and is no longer in the file",
    "source_missing": "{label} has not been readable since {short_day}",
    "source_never_loaded": "{label} could never be read",
    "sum_incomplete": "the sum is at least this large, data are missing: {months}",
    "target_equals_baseline": "the target equals the baseline",
}
CATALOGUE: dict[Language, dict[NoteCode, str]] = {"sv": SWEDISH, "en": ENGLISH}
VARIANTS: dict[Language, dict[tuple[NoteCode, str], str]] = {
    "sv": {
        ("few_months", "one_side"): "bara {count} månader har ett värde, {needed} behövs",
        ("months_left_out", "one_side"): "saknar värde och är utelämnat: {months}",
        ("months_left_out_break", "one_side"): "före ändringen {day} ({reason}) och därför utelämnat: {months}",
        ("no_data", "last_months"): "de senaste avslutade månaderna saknar värde",
        ("no_data", "old"): "senaste mätningen är mer än 35 dagar gammal",
        ("no_data", "parts"): "data saknas från {label}, och därmed för helheten",
        ("no_data", "ratio"): "det fanns inget under perioden att mäta det på",
        ("no_data", "unclosed"): "ingen månad kunde avslutas: inget har lästs sedan dess",
        ("platform_left_out", "break"): "{label} räknas inte med: mätningen ändrades {day} ({reason}) "
        "({part_share} av helheten)",
        ("platform_left_out", "sum"): "{label} saknas {side} och är inte med i summan ({part_share} av helheten)",
        ("platform_too_large", "together"): "{label} saknas {side}; tillsammans {part_share} av helheten, "
        "gränsen är 20 %",
        ("platform_unknown", "sum"): "{label} saknas och är inte med i summan",
        ("sum_incomplete", "may_fall"): "summan är inte hel, data saknas: {months}",
    },
    "en": {
        ("few_months", "one_side"): "only {count} months have a value, {needed} are needed",
        ("months_left_out", "one_side"): "without a value and so left out: {months}",
        ("months_left_out_break", "one_side"): "before the change on {day} ({reason}) and so left out: {months}",
        ("no_data", "last_months"): "the last closed months have no value",
        ("no_data", "old"): "the last reading is more than 35 days old",
        ("no_data", "parts"): "there are no data from {label}, and so none of the whole",
        ("no_data", "ratio"): "there was nothing in the period to measure it on",
        ("no_data", "unclosed"): "no month could be closed: nothing has been read since",
        ("platform_left_out", "break"): "{label} is left out on both sides, as its measurement changed on {day} "
        "({reason}) ({part_share} of the whole)",
        ("platform_left_out", "sum"): "{label} is missing {side} and not in the sum ({part_share} of the whole)",
        ("platform_too_large", "together"): "{label} are missing {side}; together {part_share} of the whole, "
        "the limit is 20%",
        ("platform_unknown", "sum"): "{label} is missing and not in the sum",
        ("sum_incomplete", "may_fall"): "the sum is not whole, data are missing: {months}",
    },
}
"""Other sentences of a code, by its part ``of``."""
OF_ONE: dict[Language, dict[str, str]] = {
    "sv": {
        "bara {count} jämförbara månader": "bara {count} jämförbar månad",
        "bara {count} månader har": "bara {count} månad har",
        "{count} avslutade månader": "{count} avslutad månad",
        "sin tid och hålls öppna": "sin tid och hålls öppet",
        "inget av {count} inlägg har setts": "det enda inlägget har inte setts",
    },
    "en": {
        "{count} common months": "{count} common month",
        "{count} months have": "{count} month has",
        "{count} closed months": "{count} closed month",
        "{count} posts lack data for part of their time and are": "{count} post lacks data for part of its time and is",
        "none of {count} posts was": "the only post was not",
        "({count} posts)": "({count} post)",
    },
}
"""What a sentence says otherwise where its ``count`` is one."""

CURES: dict[Language, dict[NoteCode, str]] = {
    "sv": {
        "baseline_missing": "ge ett tal, eller historik som csv",
        "baseline_not_positive": "ge ett tal, eller historik som csv",
        "baseline_other_months": "ange samma månader ett tidigare år, eller ett tal",
        "baseline_restarts": "ange overlap_ratio, eller vänta på tre jämförbara månader",
        "baseline_starts": "ge ett tal, eller historik som csv",
        "changed_without_revision": "skriv ändringen under revisions",
        "count_unseen": "se efter att källans värdnamn är bloggens",
        "history_jump": "ange breaks med overlap_ratio, 1 om förändringen är verklig",
        "platform_too_large": "ge historik som csv, eller opened om kontot var nytt",
        "scope_needed": "ange scope",
        "source_left": "om den har fått ett annat id, ange formerly där",
        "target_equals_baseline": "ge ett annat tal, eller använd between",
    },
    "en": {
        "baseline_missing": "give a number, or history as csv",
        "baseline_not_positive": "give a number, or history as csv",
        "baseline_other_months": "state the same months of an earlier year, or a number",
        "baseline_restarts": "state overlap_ratio, or wait for three common months",
        "baseline_starts": "give a number, or history as csv",
        "changed_without_revision": "write the change under revisions",
        "count_unseen": "check that its host name is the blog's",
        "history_jump": "give breaks with overlap_ratio, 1 where the change is real",
        "platform_too_large": "give history as csv, or opened where the account was new",
        "scope_needed": "give a scope",
        "source_left": "where it got another id, give formerly there",
        "target_equals_baseline": "give another number, or use between",
    },
}
"""What whoever writes the client file can do about it: for the agency, never in a client's report."""

OWN = "own"
"""The label of what the client reports itself: a csv file, a sheet, its own database."""
_LABELS: dict[Language, dict[str, str]] = {"sv": {OWN: "egna rapporter"}, "en": {OWN: "own reports"}}
_SIDES: dict[Language, dict[str, str]] = {
    "sv": {
        "last_year": "i fjol",
        "before": "i det som jämförs med",
        "now": "i år",
        "some_months": "vissa månader",
        "either": "på den ena sidan",
    },
    "en": {
        "last_year": "last year",
        "before": "in what it is compared with",
        "now": "now",
        "some_months": "in some months",
        "either": "on one side",
    },
}
_LIMITS: dict[NoteCode, float] = {"forecast_estimated": 0.10, "platform_too_large": 0.20}
"""What a share is said to lie above: with decimals where whole per cent would hide it."""

PLATFORM_NAMES = {
    "linkedin": "LinkedIn",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "youtube": "YouTube",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "threads": "Threads",
    "meta": "Meta",
}


def sentence(note: Note, speech: Speech) -> str:
    """The note in words that any reader may see.

    >>> from okr_models.words.codes import note
    >>> print(sentence(note("few_months", count=2, needed=3), Speech("en")))
    only 2 common months, 3 are needed
    >>> print(sentence(note("few_months", count=1, needed=3, of="one_side"), Speech("en")))
    only 1 month has a value, 3 are needed
    """
    said = dict(note.parts)
    plain = CATALOGUE[speech.language][note.code]
    text = VARIANTS[speech.language].get((note.code, str(said.pop("of", ""))), plain)
    if said.get("count") == 1:
        for many, one in OF_ONE[speech.language].items():
            text = text.replace(many, one)
    limit = _LIMITS.get(note.code)
    return text.format(**{name: _part(name, value, speech, beside=limit) for name, value in said.items()})


def sentences(notes: Iterable[Note], speech: Speech) -> tuple[str, ...]:
    """Each note once, in the order given."""
    return tuple(dict.fromkeys(sentence(note, speech) for note in notes))


def cure(note: Note, speech: Speech) -> str | None:
    """What can be done about it in the client file, where something can.

    >>> from okr_models.words.codes import note
    >>> print(cure(note("baseline_missing"), Speech("en")))
    give a number, or history as csv
    """
    return CURES[speech.language].get(note.code)


def with_cures(notes: Iterable[Note], speech: Speech) -> tuple[str, ...]:
    """Each note once with its cure behind a colon: what an analyst reads in the tables."""
    said = ((sentence(note, speech), cure(note, speech)) for note in notes)
    return tuple(dict.fromkeys(f"{text}: {what}" if what else text for text, what in said))


def label_in(label: str, speech: Speech) -> str:
    """A source's label, or several of them, as the language says it."""
    return ", ".join(_LABELS[speech.language].get(each, each) for each in label.split(", "))


def _part(name: str, value: Part, speech: Speech, *, beside: float | None) -> str:
    if isinstance(value, tuple):
        return speech.months(value)
    if isinstance(value, date):
        if name == "month":
            return speech.month(value)
        return speech.short_day(value) if name.startswith("short_") else speech.day(value)
    if isinstance(value, float | int):
        is_change = name in {"jump_share", "moved_share"}
        is_share = name.endswith("share")
        return speech.percent(value, beside=beside, signed=is_change) if is_share else speech.figure(value)
    if name == "side":
        return _SIDES[speech.language].get(value, value)
    return label_in(value, speech) if name == "label" else value
