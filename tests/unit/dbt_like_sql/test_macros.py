"""The project's macros on rows of their own: what ``union_all`` makes of relations that lack columns.

Under test: the macro as the runner renders it, and what DuckDB says to a relation that is not as its list says.
"""

from __future__ import annotations

import duckdb
import pytest

from pipelines.warehouse.models.project import PROJECT
from pipelines.warehouse.models.render import Known, macros, render

KNOWN = Known(relations={}, tables=(), macros=macros(PROJECT / "macros"), variables={})
CALL = """
with whole as (select 'w' as id, 1 as a, true as b), part as ({part})
{{% set absent = {{'a': 'cast(null as int)', 'b': 'false'}} %}}
{{{{ union_all(['whole', 'part'], ['id', 'a', 'b'], lacking={lacking}, absent=absent) }}}}
"""


def rows(*, part: str, lacking: str) -> list[tuple[object, ...]]:
    text = CALL.format(part=part, lacking=lacking)
    sql = render(text, known=KNOWN, this="t", where="here", incremental=False).sql
    return sorted(duckdb.connect().execute(sql).fetchall())


def test_columns_that_a_relation_lacks_are_filled() -> None:
    assert rows(part="select 'p' as id", lacking="{'part': ['a', 'b']}") == [("p", None, False), ("w", 1, True)]


def test_relations_that_have_all_columns_need_no_list() -> None:
    assert rows(part="select true as b, 2 as a, 'p' as id", lacking="{}") == [("p", 2, True), ("w", 1, True)]


def test_a_column_that_is_listed_as_lacking_and_has_come_is_not_lost() -> None:
    with pytest.raises(duckdb.BinderException, match='Ambiguous reference to column name "a"'):
        rows(part="select 'p' as id, 2 as a", lacking="{'part': ['a', 'b']}")


def test_a_column_that_is_lacking_and_not_listed_is_not_made_up() -> None:
    with pytest.raises(duckdb.BinderException, match='"b" not found'):
        rows(part="select 'p' as id", lacking="{'part': ['a']}")
