"""The SQL models against a second reading of the same definitions, month by month, over clients drawn at random.

``kpi_oracle`` was written from the definitions before its author had read any of the SQL. Where the two differ, the
definitions decide which is wrong. One build serves all the clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from tests.unit.kpi_oracle import KPIS, Figure, kpi_monthly
from tests.unit.random_clients import random_client
from tests.unit.sql_story import build

SEEDS = range(25)
Key = tuple[str, str, str, date]
"""Client, KPI, scope, month."""
Told = tuple[object, ...]
"""Value, estimated, closed, history from csv; the last is told only of a value."""


@pytest.fixture(scope="module")
def both() -> tuple[Mapping[Key, Told], Mapping[Key, Told]]:
    """Months by the models, and by the definitions."""
    stories = [random_client(seed) for seed in SEEDS]
    rows = build(stories).execute(
        "select client, kpi, scope, month, value, is_estimated, is_closed, value is not null and origin = 'history'"
        " from marts.kpi_monthly"
    )
    modelled = {row[:4]: row[4:] for row in rows.fetchall()}
    defined = {
        (story.client, *key): told(figure) for story in stories for key, figure in kpi_monthly(story.rows).items()
    }
    return modelled, defined


def told(figure: Figure) -> Told:
    # stored to six decimals
    value = None if figure.value is None else pytest.approx(figure.value, rel=1e-6, abs=2e-6)
    return value, figure.is_estimated, figure.is_closed, figure.value is not None and figure.is_history


@pytest.mark.parametrize("kpi", KPIS)
def test_every_month_is_what_its_definition_says(both: tuple[Mapping[Key, Told], Mapping[Key, Told]], kpi: str) -> None:
    modelled, defined = both
    expected = {key: figure for key, figure in defined.items() if key[1] == kpi}
    different = [(*key, modelled.get(key), figure) for key, figure in expected.items() if modelled.get(key) != figure]
    assert not different, f"{len(different)} of {len(expected)} months, such as {different[:5]}"
    assert sum(figure[0] is not None for figure in expected.values()) > 50, "a comparison of nothing"


def test_no_source_has_a_figure_that_the_definitions_do_not_give(
    both: tuple[Mapping[Key, Told], Mapping[Key, Told]],
) -> None:
    modelled, defined = both
    more = [key for key, (value, *_, is_history) in modelled.items() if value is not None and not is_history]
    assert not [key for key in more if key[1] in KPIS and key not in defined]
