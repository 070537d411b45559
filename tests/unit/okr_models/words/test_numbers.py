"""How figures are said: digits decided once, one minus, one form of money, and no two figures that differ read alike.

The examples in the docstrings of ``numbers.py`` are run by ``tests/unit/test_doctests.py``; here is what holds for all.
"""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from okr_models.words.numbers import MINUS, MISSING, Language, Speech

SV, EN = Speech("sv"), Speech("en")
LANGUAGES: tuple[Language, ...] = ("sv", "en")
FIGURES = st.floats(-1e9, 1e9, allow_nan=False)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("share", "swedish", "english"),
    [
        (0.12, "+12 %", "+12%"),
        (-0.125, f"{MINUS}12 %", f"{MINUS}12%"),
        (0.0, "0 %", "0%"),
        (0.004, "+0,4 %", "+0.4%"),
        (-0.0003, "0 %", "0%"),
        (11.0, "+1 100 %", "+1,100%"),
    ],
)
def test_shares_are_written_as_each_language_does(share: float, swedish: str, english: str) -> None:
    assert plain(SV.percent(share, signed=True)) == swedish
    assert EN.percent(share, signed=True) == english


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1234567.8, "1 234 568"),
        (118.4, "118"),
        (12.34, "12,3"),
        (4.256, "4,26"),
        (6.5, "6,5"),
        (0.034, "0,034"),
        (0.5, "0,5"),
        (-3.456, f"{MINUS}3,46"),
        (-3.0, f"{MINUS}3"),
        (0.0, "0"),
    ],
)
def test_a_figure_has_the_decimals_that_its_size_can_bear(value: float, said: str) -> None:
    assert plain(SV.figure(value)) == said


def test_a_figure_beside_a_target_has_the_targets_decimals() -> None:
    assert SV.figure(6.5849, beside=6.33) == "6,58"
    assert SV.figure(12.3456, beside=6.33) == "12,35"
    assert SV.figure(0.0342, beside=0.04) == "0,034"
    assert SV.figure(0.0042, beside=0.04) == "0,0042", "its own digits are never lost"


def test_more_than_a_year_of_months_has_its_years() -> None:
    year = [date(2025, month, 1) for month in range(1, 13)]
    assert EN.months(year, short=True) == "Jan–Dec"
    assert EN.months([*year, date(2026, 1, 1)], short=True) == "Jan 25–Jan 26"


def test_a_target_that_is_nearly_reached_never_reads_reached() -> None:
    assert EN.pair(99.7, 100) == ("99.7", "100")
    assert EN.pair(9692.8, 9693.4) == ("9,692.8", "9,693.4")
    assert EN.percents(0.297, 0.3, signed=True) == ("+29.7%", "+30%")
    assert EN.percent(0.996, beside=1.0) == "99.6%"
    assert EN.percents(0.8, 0.8) == ("80%", "80%")


@pytest.mark.parametrize(
    ("amount", "currency", "swedish", "english"),
    [
        (40000, "SEK", "40 000 kr", "SEK 40,000"),
        (38.3, "SEK", "38,30 kr", "SEK 38.30"),
        (30.82, "EUR", "30,82 €", "€30.82"),
        (40000.4, "EUR", "40 000 €", "€40,000"),
        (-1500, "GBP", f"{MINUS}1 500 GBP", f"{MINUS}£1,500"),
    ],
)
def test_money_has_one_form(amount: float, currency: str, swedish: str, english: str) -> None:
    assert plain(SV.money(amount, currency)) == swedish == plain(SV.figure(amount, currency))
    assert plain(EN.money(amount, currency)) == english


def test_what_is_missing_is_a_dash_in_every_form() -> None:
    for speech in (SV, EN):
        said = {speech.figure(None), speech.figure(None, "share"), speech.percent(None), speech.money(None, "SEK")}
        assert said | {speech.day(None), *speech.pair(None, None)} == {MISSING}


@given(FIGURES, st.sampled_from(LANGUAGES), st.none() | FIGURES, st.booleans())
def test_there_is_one_minus_and_none_before_a_zero(
    value: float, language: Language, beside: float | None, signed: bool
) -> None:
    speech = Speech(language)
    for text in (
        speech.figure(value, beside=beside, signed=signed),
        speech.percent(value, beside=beside, signed=signed),
        speech.money(value, "EUR"),
    ):
        assert "-" not in text
        if text.startswith((MINUS, "+")):
            assert any(digit in text for digit in "123456789"), text


@given(st.floats(1e-6, 1e9), st.floats(1e-6, 1e9), st.sampled_from(LANGUAGES))
def test_a_positive_figure_never_reads_zero(value: float, target: float, language: Language) -> None:
    assert any(digit in Speech(language).figure(value, beside=target) for digit in "123456789")
    assert any(digit in Speech(language).pair(value, target)[0] for digit in "123456789")


@given(st.floats(0.001, 1e6), st.floats(0.001, 1e6))
def test_two_figures_a_thousandth_apart_never_read_alike(value: float, target: float) -> None:
    assume(abs(value - target) > 0.001 * max(value, target))
    assert len(set(EN.pair(value, target))) == 2


@given(st.floats(0.001, 1e6))
def test_the_same_figure_reads_the_same_alone_and_in_a_pair(value: float) -> None:
    assert EN.pair(value, value) == (EN.figure(value), EN.figure(value))
    assert math.isclose(float(EN.figure(value).replace(",", "")), value, rel_tol=0.051)
