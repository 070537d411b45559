"""Check-ins as people write them: by the command, in a spreadsheet, in either dialect, with slips."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_models.checkins.file import (
    LAYOUTS,
    CheckIn,
    NotACheckIn,
    confidence_of,
    layout_of,
    newest_of,
    read_checkins,
    with_row,
)

TODAY = date(2026, 11, 20)
KEYS = {"awareness/followers", "awareness/visitors"}
SAID = CheckIn(
    objective_id="awareness",
    key_result_id="followers",
    checked_on=date(2026, 11, 3),
    by="anna@fjallglas.se",
    confidence=0.6,
    text="Två inlägg i veckan",
    next="Fråga butikerna",
)


def read(content: bytes) -> tuple[tuple[CheckIn, ...], list[tuple[int, str]]]:
    rows, faults = read_checkins(content, key_results=KEYS, today=TODAY)
    return rows, [(fault.line, fault.message) for fault in faults]


@pytest.mark.parametrize("dialect", ["standard", "excel-sv"])
def test_what_the_command_writes_is_what_a_night_reads(dialect: str) -> None:
    first = with_row(b"", SAID, layout=LAYOUTS[dialect])
    other = replace(SAID, checked_on=TODAY, confidence=0.625, text='Sa "kanske"; och, sedan\nnej')
    both = with_row(first, other, layout=layout_of(first))
    assert both.startswith(first)
    assert read(both) == ((SAID, replace(other, text='Sa "kanske"; och, sedan nej')), [])


def test_a_swedish_spreadsheet_opens_it_and_may_save_it_in_its_own_way() -> None:
    ours = with_row(b"", SAID, layout=LAYOUTS["excel-sv"])
    assert ours.startswith(b"\xef\xbb\xbfon;key_result;confidence;by;text;next\r\n")
    saved = ours.decode("utf-8-sig").replace(";60;", ";60,5 %;").encode("cp1252")
    rows, faults = read(saved)
    assert (rows[0].text, rows[0].confidence, faults) == ("Två inlägg i veckan", 0.605, [])
    again = with_row(saved, replace(SAID, text="Åter"), layout=layout_of(saved))
    assert again.startswith(saved)
    assert read(again)[0][-1].text == "Åter"


def test_a_bad_row_costs_only_itself_and_is_named_by_its_line() -> None:
    content = (
        b'on,key_result,confidence,text\n2026-11-03,awareness/followers,60,"two\nlines"\n'
        b"03/11/2026,awareness/followers,60,x\n2026-12-24,awareness/visitors,60,x\n\n"
        b"2026-11-03,awareness/visitor,60,x\n2026-11-03,awareness/visitors,160,x\n2026-11-04,awareness/visitors,70,x\n"
    )
    rows, faults = read(content)
    assert [(row.key_result_id, row.confidence) for row in rows] == [("followers", 0.6), ("visitors", 0.7)]
    assert [line for line, _ in faults] == [4, 5, 7, 8]
    assert [part in text for part, (_, text) in zip(
        ("is no day", "has not come", "did you mean awareness/visitors?", "outside 0 to 100"), faults, strict=True
    )] == [True] * 4  # fmt: skip


def test_the_last_of_one_persons_check_ins_of_a_day_counts() -> None:
    lines = b"on,key_result,confidence,by\n" + b"".join(
        b"2026-11-03,awareness/followers,%d,%s\n" % (share, who) for share, who in ((60, b"a"), (20, b"b"), (80, b"a"))
    )
    assert [(row.by, row.confidence) for row in read(lines)[0]] == [("b", 0.2), ("a", 0.8)]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_an_empty_file_has_no_check_in_and_no_fault(content: bytes) -> None:
    assert read(content) == ((), [])
    assert read(with_row(content, SAID, layout=LAYOUTS["standard"]))[0] == (SAID,)


def test_a_file_without_the_columns_is_one_fault_that_names_them() -> None:
    rows, faults = read(b"date,kr\n2026-11-03,awareness/followers\n")
    assert (rows, len(faults)) == ((), 1)
    assert "lacks on, key_result, confidence" in faults[0][1]
    assert "on,key_result,confidence,by,text,next" in faults[0][1]


def test_what_the_file_has_no_column_or_letter_for_is_refused_rather_than_lost() -> None:
    with pytest.raises(NotACheckIn, match="no column by"):
        with_row(b"on,key_result,confidence\n", SAID, layout=layout_of(b"on,key_result,confidence\n"))
    latin = "on;key_result;confidence;by;text;next\n2026-11-03;awareness/followers;60;å;;\n".encode("cp1252")
    with pytest.raises(NotACheckIn, match="save it as UTF-8"):
        with_row(latin, replace(SAID, text="→"), layout=layout_of(latin))


def test_a_last_line_without_its_end_is_not_run_into() -> None:
    content = b"on,key_result,confidence,by,text,next\n2026-11-03,awareness/followers,60,,,"
    rows, faults = read(with_row(content, replace(SAID, checked_on=TODAY), layout=layout_of(content)))
    assert (len(rows), faults) == (2, [])


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1 %", "@x", "＝1"])
def test_no_spreadsheet_takes_a_text_for_a_formula_and_a_night_reads_it_as_it_was(text: str) -> None:
    content = with_row(b"", replace(SAID, text=text, next=text), layout=LAYOUTS["excel-sv"])
    assert f";'{text};'{text}\r\n" in content.decode("utf-8-sig")
    rows, _ = read(content)
    assert (rows[0].text, rows[0].next) == (text, text)


@pytest.mark.parametrize("text", ["", "sure", "101", "-1", "nan", "60/100"])
def test_a_confidence_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NotACheckIn):
        confidence_of(text)


def test_the_newest_is_the_last_of_the_newest_day() -> None:
    older, first, last = replace(SAID, by="o"), replace(SAID, checked_on=TODAY, by="f"), replace(SAID, checked_on=TODAY)
    assert newest_of([last, older, first]) == first
    assert newest_of([]) is None


@given(st.binary(max_size=300))
def test_no_file_whatever_it_holds_ends_the_night(content: bytes) -> None:
    read(content)


def test_a_quote_that_is_never_closed_costs_what_follows_it_and_is_named() -> None:
    good = with_row(b"", SAID, layout=LAYOUTS["standard"])
    rows, faults = read(good + b'2026-11-03,awareness/posts,60,x,"' + b"y" * 140_000 + b"\r\n")
    assert rows == (SAID,)
    ((line, message),) = faults
    assert line == 3
    assert "a quote that is never closed" in message
    assert read(b'on,key_result,"' + b"y" * 140_000)[1][0][0] == 1
