"""docs/bi.md: its data sets, asked as a BI tool asks them, by a reader of the published file alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.home import PROJECT
from tests.unit.published_fixture import build_published

PAGE = (PROJECT / "docs" / "bi.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    file: Path = tmp_path_factory.mktemp("published") / "okr.duckdb"
    with build_published() as con:
        con.execute(f"attach '{file}' as publication")
        con.execute("copy from database memory to publication")
        con.execute("detach publication")
    with duckdb.connect(str(file), read_only=True) as reader:
        yield reader


@pytest.mark.parametrize("number", range(3))
def test_a_data_set_has_one_row_a_point(published: duckdb.DuckDBPyConnection, number: int) -> None:
    assert len(QUERIES) == 3
    found = published.execute(QUERIES[number])
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    if number < 2:
        assert rows
    key = [names.index(name) for name in ("client", "objective_id", "key_result_id", "kpi", "month") if name in names]
    assert len({tuple(row[place] for place in key) for row in rows}) == len(rows)
    assert "client" in names


def test_every_column_of_the_path_that_the_page_names_is_published(published: duckdb.DuckDBPyConnection) -> None:
    names = {row[0] for row in published.execute("describe marts.key_result_path").fetchall()}
    assert {"target_path", "expected", "low", "high"} <= names


def test_a_reader_can_not_write(published: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        published.execute("create table marts.mine as select 1")
