"""One client's published tables in a file of their own: theirs, whole, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.exports.database import NotHandedOut, hand_out
from tests.unit.published_fixture import build_published


@pytest.fixture
def published(tmp_path: Path) -> Path:
    file = tmp_path / "okr-1.duckdb"
    with build_published() as con:
        con.execute(f"attach '{file}' as publication")
        con.execute("copy from database memory to publication")
        con.execute("detach publication")
    return file


def test_the_file_has_each_table_with_the_clients_rows_and_no_byte_of_another(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "one.duckdb"
    with duckdb.connect(str(published), read_only=True) as con:
        clients = [name for (name,) in con.execute("select distinct client from marts.key_result_progress").fetchall()]
        mine, others = clients[0], clients[1:]
        tables = con.execute(
            "select schema_name, table_name from duckdb_columns() where column_name = 'client' and not internal"
        ).fetchall()
        counted = {
            (schema, name): con.execute(f'select count(*) from {schema}."{name}" where client = ?', [mine]).fetchall()
            for schema, name in tables
        }
    assert others
    assert hand_out(published, mine, target) > 5
    with duckdb.connect(str(target), read_only=True) as con:
        for (schema, name), rows in counted.items():
            assert con.execute(f'select count(*) from {schema}."{name}"').fetchall() == rows, name
    content = target.read_bytes()
    assert not [other for other in others if other.encode() in content]


def test_what_is_there_is_not_written_over_and_nothing_half_stays(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "one.duckdb"
    target.write_text("mine")
    with pytest.raises(NotHandedOut, match="is there already"):
        hand_out(published, "fjallglas", target)
    assert target.read_text() == "mine"
    with pytest.raises(NotHandedOut):
        hand_out(tmp_path / "none.duckdb", "fjallglas", tmp_path / "two.duckdb")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["okr-1.duckdb", "one.duckdb"]


def test_what_a_killed_one_left_half_made_is_removed_by_the_next(published: Path, tmp_path: Path) -> None:
    half = tmp_path / ".one.duckdb.okr-4194305"
    half.mkdir()
    (half / "one.duckdb").write_bytes(b"half")
    hand_out(published, "fjallglas", tmp_path / "one.duckdb")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["okr-1.duckdb", "one.duckdb"]
