"""What there is to say of a month's figure, by its code: each in both languages, and no code that nobody writes.

Really under test: ``okr_models/words/months.py``, against the codes that the SQL writes and its own English sentence.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from okr_models.words.months import CATALOGUE, MONTH_CODES, MonthNote, month_note
from okr_models.words.numbers import ENGLISH, SWEDISH
from pipelines.warehouse.models.project import PROJECT

SQL = {
    path.stem: path.read_text("utf-8") for folder in ("models", "macros") for path in (PROJECT / folder).rglob("*.sql")
}


def test_every_code_has_words_in_both_languages_with_the_same_things_in_them() -> None:
    assert all(set(words) == set(MONTH_CODES) for words in CATALOGUE.values())
    swedish, english = (
        {code: re.findall(r"{(\w+)}", text) for code, text in words.items()}
        for words in (CATALOGUE["sv"], CATALOGUE["en"])
    )
    assert swedish == english


def test_the_codes_are_those_that_the_sql_writes() -> None:
    written = {code for text in SQL.values() for code in re.findall(r"\bnote\(\s*'(\w+)'", text)}
    assert written == set(MONTH_CODES)


def test_the_table_says_every_code_as_a_sentence_of_its_own() -> None:
    said = re.findall(r"when '(\w+)' then", SQL["int_kpi_noted_months"])
    assert sorted(said) == sorted(MONTH_CODES)


def n(code: str, scope: str | None = None, **fields: object) -> MonthNote:
    return MonthNote.of({"code": code, "scope": scope, **fields})


@pytest.mark.parametrize(
    ("notes", "swedish", "english"),
    [
        ((), "", ""),
        ([n("not_observed", "source=bluesky")], "bluesky: inte avläst", "bluesky: not read"),
        (
            [n("history", "source=facebook", name="old"), n("history", "source=instagram", name="older")],
            "facebook, instagram: ur egna rapporter",
            "facebook, instagram: from own reports",
        ),
        (
            [n("days_observed", "source=web", part=19, whole=31)],
            "web: 19 av 31 dagar avlästa",
            "web: 19 of 31 days read",
        ),
        (
            [n("posts_counted", "source=a", part=0, whole=8), n("posts_counted", "source=b", part=1, whole=9)],
            "a, b: 1 av 17 inlägg hann räknas i tid",
            "a, b: 1 of 17 posts were counted in time",
        ),
        (
            [n("posts_maturing", "source=a", part=2), n("posts_maturing", "platform=b", part=2)],
            "a, b: 4 inlägg yngre än 28 dagar väntar",
            "a, b: 4 posts younger than 28 days wait",
        ),
        (
            [n("days_observed", "source=a", part=0, whole=8), n("days_observed", "source=b", part=1, whole=8)],
            "a: 0 av 8 dagar avlästa; b: 1 av 8 dagar avlästa",
            "a: 0 of 8 days read; b: 1 of 8 days read",
        ),
        (
            [n("scaled_up", "source=a", part=24, whole=30), n("counts_hidden", "source=a")],
            "a: uppräknad från 24 av 30 dagar; a: utan de tal som plattformen döljer eller utelämnar",
            "a: scaled up from 24 of 30 days; a: without counts that the platform hides or left out",
        ),
        (
            [n("begins_later", "source=web", day=date(2026, 3, 10))],
            "web: inga data före 10 mars 2026",
            "web: no data before 10 Mar 2026",
        ),
        ([n("median", value=12.5)], "median 12,5", "median 12.5"),
        ([n("no_csv_row")], "saknas i egna rapporter", "not in own reports"),
        ([n("something_new", "source=web")], "web: something_new", "web: something_new"),
    ],
)
def test_a_note_is_said_in_the_readers_language(notes: list[MonthNote], swedish: str, english: str) -> None:
    assert month_note(notes, SWEDISH) == swedish
    assert month_note(notes, ENGLISH) == english


def test_a_field_that_only_a_newer_table_has_is_left_out() -> None:
    assert MonthNote.of({"code": "paused", "mood": "good"}) == MonthNote(code="paused")


def test_one_post_is_said_as_one_and_no_reader_is_told_of_csv() -> None:
    one, two = (MonthNote(code="posts_maturing", part=count) for count in (1, 2))
    assert month_note([one], ENGLISH) == "1 post younger than 28 days waits"
    assert month_note([two], ENGLISH) == "2 posts younger than 28 days wait"
    both = [replace(one, scope="a"), replace(one, scope="b")]
    assert month_note(both, ENGLISH) == "a, b: 2 posts younger than 28 days wait"
    assert month_note([MonthNote(code="posts_counted", part=0, whole=1)], ENGLISH) == "0 of 1 post was counted in time"
    for code in ("history", "no_csv_row"):
        assert "csv" not in month_note([MonthNote(code=code)], SWEDISH) + month_note([MonthNote(code=code)], ENGLISH)
