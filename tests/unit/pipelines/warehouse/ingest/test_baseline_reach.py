"""How far back a baseline can be had: by what one may ask, and once all of it was read by what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.file import parse_client
from pipelines.warehouse.ingest.baseline_reach import outlook
from tests.unit.client_files import FILE, GOOD

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
START = date(2024, 1, 1)
READ = {("web", name): START for name in ("web_daily", "web_monthly", "web_pages_daily")}
BORN = {("web", "page_views"): date(2025, 3, 10)}


@pytest.mark.parametrize(
    ("loaded", "begun", "opened", "missing"),
    [
        pytest.param({}, {}, "", [], id="nothing read yet"),
        pytest.param(READ, BORN, "", [1, 2, 3], id="read, and it began in March"),
        pytest.param(READ, BORN, ", opened: 2025-03-10", [], id="the file says that it opened then"),
        pytest.param({**READ, ("web", "web_monthly"): date(2025, 6, 1)}, BORN, "", [], id="not read whole yet"),
        pytest.param(READ, {("web", "page_views"): START}, "", [], id="read, and it was always there"),
    ],
)
def test_what_was_read_says_more_than_how_far_one_may_ask(
    loaded: Mapping[tuple[str, str], date], begun: Mapping[tuple[str, str], date], opened: str, missing: list[int]
) -> None:
    text = GOOD.replace(
        "    start: 2024-01-01\n", "    start: 2024-01-01\n" + opened.replace(", ", "    ") + "\n" * bool(opened)
    )
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    found = outlook(
        client, objective, objective.key_results[0], now=NOW, loaded=loaded, begun=begun, history=frozenset()
    )
    assert [month.month for month in found.missing] == missing
    assert ("web reaches back to 2025-03-10" in found.sentence) == bool(missing)
