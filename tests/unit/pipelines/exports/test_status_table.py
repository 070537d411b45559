"""The status table: what stands in it, at which width, and that no title can steer the terminal.

Really under test: ``pipelines/exports/{published,tables,plain,words}.py``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from okr_models.words.numbers import ENGLISH, SWEDISH
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, LoadUnderWay, notes_of, read_status
from pipelines.exports.reader import Reader, reader_of
from pipelines.exports.report.agency import render_agency
from pipelines.exports.report.client import render_client
from pipelines.exports.status_table import status_table
from pipelines.exports.words import STATUS_ICONS, STATUS_WORDS
from tests.unit.published_clients import CLIENTS
from tests.unit.published_fixture import AS_OF, build_published

READERS = {client.client: reader_of(client) for client in CLIENTS}


def statuses(*, hostile: bool = False) -> list[ClientStatus]:
    with build_published(hostile=hostile) as con:
        return [read_status(con, client.client) for client in CLIENTS]


def shown(*, hostile: bool = False, **options: object) -> str:
    return status_table(statuses(hostile=hostile), readers=READERS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("hostile", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, *, hostile: bool) -> None:
    assert max(cell_len(line) for line in shown(width=width, hostile=hostile).splitlines()) <= width


def test_without_colour_no_escape_reaches_the_pipe_and_with_colour_it_does() -> None:
    assert "\x1b" not in shown()
    assert "\x1b[" in shown(colour=True)


def test_each_client_speaks_its_own_language() -> None:
    text = shown()
    assert "Nyckelresultat" in text
    assert "▼ efter plan" in text
    assert "Key result" in text
    assert "? cannot be judged" in text


def test_a_key_result_without_data_says_so_and_what_cures_it() -> None:
    text = " ".join(shown().split())
    assert "no figure yet" in text
    assert "give them as csv" in text
    assert "– / +20%" in text


def test_a_failed_read_is_named_with_its_class() -> None:
    assert "Senaste läsningen misslyckades: linkedin/interactions (auth, 19 nov)" in shown()


@pytest.mark.parametrize(
    ("nights", "swedish", "english"),
    [
        (4, "240 av 730 dagar inlästa, klart om ungefär 4 nätter", "240 of 730 days loaded, done in about 4 nights"),
        (1, "240 av 730 dagar inlästa, klart om ungefär en natt", "240 of 730 days loaded, done in about one night"),
        (None, "240 av 730 dagar inlästa", "240 of 730 days loaded"),
    ],
)
def test_a_long_first_load_says_how_far_it_is(nights: int | None, swedish: str, english: str) -> None:
    under_way = LoadUnderWay(title="Instagram", loaded_days=240, all_days=730, nights=nights)
    status = replace(statuses()[0], loading=(under_way,))
    for speech, said in ((SWEDISH, swedish), (ENGLISH, english)):
        lines = status_table(
            [status], readers={status.client: Reader(client="x", name="x", speech=speech)}, width=100
        ).splitlines()
        assert f"Instagram: {said}" in lines


def test_a_client_without_a_row_is_told_what_to_do() -> None:
    assert "Inget är beräknat än. Kör okr run" in shown()


@pytest.mark.parametrize("is_past", [False, True])
def test_a_client_whose_file_has_no_objectives_is_told_that(is_past: bool, tmp_path: Path) -> None:
    """Its figures are there, and no night will ever judge anything."""
    bare = Reader(client="bare", name="Bare", has_file=True, speech=ENGLISH)
    status = ClientStatus(
        client="bare", as_of=None, objectives=(), key_results=(), failed_loads=(), is_past=is_past, has_figures=True
    )
    text = status_table([status], readers={"bare": bare}, width=80)
    assert "The client file has no objectives yet" in text
    assert "computed" not in text
    with build_published() as con:
        con.execute("update marts.kpi_monthly set client = 'bare' where client = 'fjallglas' and kpi = 'sessions'")
        page = render_client(con, bare, tmp_path).read_text("utf-8")
        agency = render_agency(con, [bare], tmp_path, link="{client}").read_text("utf-8")
    assert "No objectives are set yet." in page
    assert "When the first night has run" not in page
    assert "no objectives yet" in agency


def test_the_board_sees_objectives_and_no_key_result() -> None:
    text = shown(audience="board")
    assert "Öka varumärkeskännedom" in text
    assert "Fler unika besökare" not in text
    assert "More sessions" not in text


def test_an_earlier_day_gives_that_nights_figures() -> None:
    with build_published() as con:
        status = read_status(con, "fjallglas", as_of=AS_OF - timedelta(days=5))
    assert status.as_of == AS_OF - timedelta(days=30)
    assert {row.as_of for row in status.key_results} == {status.as_of}


def test_no_client_is_no_line() -> None:
    assert status_table([]) == ""


def test_hostile_titles_hold_no_direction_mark_and_no_markup_is_read() -> None:
    text = shown(hostile=True, width=80)
    assert "\u202e" not in text
    assert "<script>" in " ".join(text.split())
    assert plain("\x1b[31mred [bold]x[/bold]\n\u202eabc") == "[31mred [bold]x[/bold] abc"


@given(st.text())
def test_any_text_becomes_one_short_line_without_controls(text: str) -> None:
    line = plain(text)
    assert len(line) <= 140
    assert len(line.splitlines()) <= 1
    assert not any(ord(character) < 32 or character == "\x7f" for character in line)


@pytest.mark.parametrize(
    ("stored", "sentences"),
    [
        (None, ()),
        ("", ()),
        ("One.\nTwo.", ("One.", "Two.")),
        ('["One.", "Two."]', ("One.", "Two.")),
        (["One."], ("One.",)),
        ("[not json", ("[not json",)),
    ],
)
def test_notes_are_read_in_every_form_a_table_may_hold(stored: object, sentences: tuple[str, ...]) -> None:
    assert notes_of(stored) == sentences


def test_every_status_has_a_word_in_both_languages_and_a_shape_of_its_own() -> None:
    assert set(STATUS_WORDS["sv"]) == set(STATUS_WORDS["en"]) == set(STATUS_ICONS)
    assert len(set(STATUS_ICONS.values())) == len(STATUS_ICONS)


def test_a_number_keeps_its_unit_on_the_same_line() -> None:
    assert plain("35\u00a0% av  3\u202f000") == "35\u00a0% av 3\u00a0000"
    assert plain("a \u00a0 b\u00a0") == "a b"


def test_a_day_before_the_first_night_is_not_sent_to_run_again() -> None:
    nothing = ClientStatus(client="x", as_of=None, objectives=(), key_results=(), failed_loads=(), is_past=True)
    text = status_table([nothing], readers={"x": Reader(client="x", name="x", speech=ENGLISH)}, width=120)
    assert "Nothing was computed up to that day." in text
    assert "okr run" not in text
