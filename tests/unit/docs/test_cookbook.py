"""docs/cookbook.md: each of its queries, run by ``okr sql`` itself over a published database in a home folder."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli.main import okr
from tests.home import PROJECT
from tests.unit.published_fixture import build_published

COOKBOOK = PROJECT / "docs" / "cookbook.md"
QUESTION = re.compile(r"^## (?P<number>\d+)\. (?P<title>.+?\?)$(?P<body>.*?)(?=^## |\Z)", re.M | re.S)


@dataclass(frozen=True)
class Recipe:
    """One question, its query, and the columns that the text promises."""

    number: int
    title: str
    sql: str
    columns: tuple[str, ...]


def _recipes() -> tuple[Recipe, ...]:
    found = []
    for match in QUESTION.finditer(COOKBOOK.read_text(encoding="utf-8")):
        (sql,) = re.findall(r"^```sql\n(.*?)^```$", match["body"], re.M | re.S)
        (gives,) = re.findall(r"^Gives: (.+)$", match["body"], re.M)
        found.append(Recipe(int(match["number"]), match["title"], sql, tuple(gives.split(", "))))
    return tuple(found)


RECIPES = _recipes()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    (root / "published").mkdir()
    file = root / "published" / "okr-1.duckdb"
    with build_published() as con:
        con.execute(f"attach '{file}' as publication")
        con.execute("copy from database memory to publication")
        con.execute("detach publication")
    (root / "published" / "okr.duckdb").symlink_to(file.name)
    return root


def ask(home: Path, sql: str) -> Result:
    return CliRunner().invoke(okr, ["--home", str(home), "sql", "--csv", sql])


def rows_of(home: Path, number: int) -> list[dict[str, str]]:
    result = ask(home, RECIPES[number - 1].sql)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_there_are_ten_questions_in_order() -> None:
    assert [recipe.number for recipe in RECIPES] == list(range(1, 11))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.number}")
def test_a_query_returns_rows_and_the_columns_that_the_text_promises(recipe: Recipe, home: Path) -> None:
    result = ask(home, recipe.sql)
    assert result.exit_code == 0, f"{recipe.title}: {result.output}"
    header, *rows = csv.reader(io.StringIO(result.stdout))
    assert tuple(header) == recipe.columns
    assert rows, f"{recipe.title} returned no row"


def test_a_column_that_does_not_exist_fails_in_one_line(home: Path) -> None:
    result = ask(home, "select no_such_column from marts.kpi_monthly")
    assert result.exit_code == 1
    assert "no_such_column" in result.stderr
    assert "Traceback" not in result.stderr


def test_objectives_in_danger_leave_out_those_on_track(home: Path) -> None:
    found = {row["status"] for row in rows_of(home, 2)}
    assert found
    assert found <= {"out_of_reach", "off_track", "at_risk"}


def test_a_year_is_compared_with_the_same_month_a_year_before(home: Path) -> None:
    first = rows_of(home, 3)[0]
    assert first["month"] == "2026-10-01"
    change = 100 * (float(first["value"]) / float(first["a_year_before"]) - 1)
    assert float(first["change_pct"]) == pytest.approx(change, abs=0.051)


def test_a_missing_month_is_shown_empty_and_with_its_reason(home: Path) -> None:
    missing = [row for row in rows_of(home, 4) if row["kpi"] == "search_clicks" and not row["value"]]
    assert [row["note"] for row in missing] == ["web: 12 of 30 days observed"]


def test_posts_still_maturing_are_not_in_the_comparison_of_platforms(home: Path) -> None:
    assert sum(int(row["posts"]) for row in rows_of(home, 7)) == 22


def test_only_streams_whose_newest_read_failed_are_named(home: Path) -> None:
    assert [(row["source"], row["stream"]) for row in rows_of(home, 10)] == [("linkedin", "interactions")]


def test_the_readme_leads_to_both_pages() -> None:
    part = (PROJECT / "README.md").read_text(encoding="utf-8").split("## Where to query")[1].split("\n## ")[0]
    assert "(docs/models.md)" in part
    assert "(docs/cookbook.md)" in part
