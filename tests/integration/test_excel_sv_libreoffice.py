"""The ``excel-sv`` files as a Swedish spreadsheet reads them: numbers are numbers, dates dates, titles only text.

Really under test: the written bytes in headless LibreOffice Calc with a Swedish locale. Skipped where it is absent.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipelines.exports.csvs import export_client
from tests.unit.published_fixture import build_published

SOFFICE = shutil.which("soffice") or shutil.which("localc")
pytestmark = pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice: apt-get install libreoffice-calc-nogui")

SWEDISH = "Text - txt - csv (StarCalc):59,34,76,1,,1053,false,true"
"""Semicolon, double quote, UTF-8, from line 1, Swedish, quoted fields are not all text, special numbers detected."""
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
FORMULA = '=HYPERLINK("http://x";"klicka")'


class Cell:
    """What the spreadsheet took one cell to be."""

    def __init__(self, node: ElementTree.Element) -> None:
        self.kind = node.get(f"{OFFICE}value-type")
        self.number = node.get(f"{OFFICE}value")
        self.day = node.get(f"{OFFICE}date-value")
        self.formula = node.get(f"{TABLE}formula")
        self.text = "\n".join("".join(line.itertext()) for line in node.iter(f"{TEXT}p"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Cell]]]:
    """Every exported file, opened and saved as flat OpenDocument, by file name."""
    folder = tmp_path_factory.mktemp("excel")
    with build_published() as con:
        con.execute("update marts.blog_posts set title = ? where post_id = '1200'", [FORMULA])
        con.execute("update marts.blog_posts set title = ? where post_id = '1201'", ['Åäö; "citat" på\ntvå rader'])
        written = export_client(con, "fjallglas", folder, dialect="excel-sv")
    assert SOFFICE is not None
    subprocess.run(
        [
            SOFFICE,
            "--headless",
            "--norestore",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            f"--infilter={SWEDISH}",
            "--convert-to",
            "fods",
            "--outdir",
            str(folder),
            *map(str, written),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return {path.name: rows_of(folder / f"{path.stem}.fods") for path in written}


def rows_of(path: Path) -> list[dict[str, Cell]]:
    rows = []
    for row in ElementTree.parse(path).getroot().iter(f"{TABLE}table-row"):
        cells: list[Cell] = []
        for node in row.iter(f"{TABLE}table-cell"):
            cells += [Cell(node)] * min(int(node.get(f"{TABLE}number-columns-repeated", "1")), 60)
        rows += [cells]
    header = [cell.text for cell in rows[0] if cell.text]
    return [dict(zip(header, row, strict=False)) for row in rows[1:] if row and row[0].text]


def test_columns_are_columns_and_numbers_with_a_decimal_comma_are_numbers(
    opened: dict[str, list[dict[str, Cell]]],
) -> None:
    followers = next(row for row in opened["key_results.csv"] if row["key_result_id"].text == "followers")
    assert (followers["progress"].kind, followers["progress"].number) == ("float", "0.853")
    assert (followers["target"].kind, followers["target"].number) == ("float", "8350")
    assert followers["title"].text == "Fler följare"


def test_days_are_days_and_missing_is_an_empty_cell(opened: dict[str, list[dict[str, Cell]]]) -> None:
    row = opened["key_results.csv"][0]
    assert (row["as_of"].kind, row["as_of"].day) == ("date", "2026-11-20")
    position = next(row for row in opened["key_results.csv"] if row["key_result_id"].text == "position")
    assert position["baseline"].kind is None
    assert position["baseline"].text == ""


def test_no_cell_of_any_file_is_a_formula(opened: dict[str, list[dict[str, Cell]]]) -> None:
    without_rows = {name for name, rows in opened.items() if not rows}
    assert without_rows <= {"changes.csv", "checkins.csv"}, "nothing to look at"
    for rows in opened.values():
        assert [cell.formula for row in rows for cell in row.values() if cell.formula] == []
    titles = [row["title"] for row in opened["blog_posts.csv"] if row["post_id"].text == "1200"]
    assert [(cell.kind, cell.text) for cell in titles] == [("string", f"'{FORMULA}")]


def test_quotes_semicolons_and_line_breaks_stay_inside_their_cell(opened: dict[str, list[dict[str, Cell]]]) -> None:
    titles = [row["title"].text for row in opened["blog_posts.csv"] if row["post_id"].text == "1201"]
    assert titles == ['Åäö; "citat" på\ntvå rader']


def test_an_id_of_seventeen_digits_keeps_every_digit(opened: dict[str, list[dict[str, Cell]]]) -> None:
    ids = {cell.text: cell.kind for row in opened["social_posts.csv"] for cell in [row["post_id"]]}
    assert ids["'17841400000000001"] == "string"
