"""Units in the reader's words: one of a thing is said as one. Under test: ``pipelines/exports/words.py``."""

from __future__ import annotations

import pytest

from okr_models.kpis import BUILT_IN, MONEY
from okr_models.words.numbers import ENGLISH, SWEDISH, Speech
from pipelines.exports.words import unit_word

SAME_OF_ONE = {"sv": {"visitors", "followers", "posts", "clicks"}, "en": set[str]()}
WITHOUT_A_WORD = {"share", "position", MONEY}


@pytest.mark.parametrize("speech", [SWEDISH, ENGLISH], ids=["sv", "en"])
@pytest.mark.parametrize("unit", sorted({kpi.unit for kpi in BUILT_IN.values()} - WITHOUT_A_WORD))
def test_a_unit_of_the_catalogue_has_its_word_for_one_and_for_several(unit: str, speech: Speech) -> None:
    one, several = unit_word(unit, speech, of="1"), unit_word(unit, speech, of="8")
    assert one
    assert several
    assert (one == several) == (unit in SAME_OF_ONE[speech.language])
    assert speech.is_swedish == (several != unit)


def test_one_ticket_is_not_one_tickets() -> None:
    assert unit_word("tickets", ENGLISH, of="1") == "ticket"
    assert unit_word("deals", SWEDISH, of="1") == "affär"
    assert unit_word("contacts", SWEDISH, of="12") == "kontakter"
