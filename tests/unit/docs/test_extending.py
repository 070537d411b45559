"""docs/extending.md: a toy source made of just the files that the page names is read by a whole night of csv steps.

Really under test: that a package of settings and source, and two lines in two lists, are all that a source needs: the
client file takes it, the template shows it, the night reads it, and the KPI it feeds has its value.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pytest

from connectors import catalogue, registry
from connectors.core.arrow import build_table
from connectors.core.protocol import Access, Batch, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import RAW_TABLES
from connectors.documentation import source_page
from okr_models.client.sources import SourceFacts, SourceSettings
from okr_models.client.template import client_template
from okr_models.periods import Window
from tests.csv_home import CsvHome
from tests.home import PROJECT

PAGE = PROJECT / "docs" / "extending.md"


class Abacus(SourceSettings):
    """A shop's abacus, counted by hand."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Abacus", category="web", example="{type: abacus, beads: 7}", where_to_click="the shop's counter"
    )

    type: Literal["abacus"] = "abacus"
    beads: int


SESSIONS = Stream(table=RAW_TABLES["web_daily"], delivery="window", api="beads moved")


class AbacusSource:
    """As many sessions a day as it has beads."""

    def __init__(self, settings: Abacus, context: Context) -> None:
        self._settings, self._context = settings, context

    def zone(self) -> ZoneInfo:
        return self._context.client_zone

    def read(self, stream: Stream, window: Window | None) -> Batch:
        assert window is not None
        beads = self._settings.beads
        filled = {"sessions": beads, "page_views": 2 * beads, "visitors": 1, "is_final": True}
        empty: dict[str, Any] = {column.name: None for column in stream.table.columns}
        rows = [empty | filled | {"day": day} for day in window]
        return Batch(rows=build_table(stream.table, rows), covers=window)

    def probe(self) -> Probe:
        return Probe(reachable=True, detail="on the counter")

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        return ()

    def access(self) -> Access:
        return Access()

    def close(self) -> None:
        """Nothing is open."""


def build(settings: SourceSettings, context: Context) -> Source:
    assert isinstance(settings, Abacus)
    return AbacusSource(settings, context)


ABACUS = SourceType(
    settings=Abacus,
    streams=(SESSIONS,),
    build=build,
    day_boundary="the client's",
    vendor_url=None,
    docs="All that was counted.",
    limits="Ten fingers.",
)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two lines."""
    monkeypatch.setitem(catalogue.MODELS, "abacus", (__name__, "Abacus"))  # type: ignore[arg-type]
    monkeypatch.setitem(registry.MODULES, "abacus", (__name__, "ABACUS"))  # type: ignore[arg-type]


@pytest.mark.usefixtures("listed")
def test_two_files_and_two_lines_are_a_source(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    home.client["sources"] = [{"type": "abacus", "beads": 7, "start": "2026-01-01"}]
    home.result("visits", kpi="sessions", target=2000)
    row = home.night("2026-11-20")["visits"]
    days = (date(2026, 11, 20) - date(2026, 1, 1)).days
    assert row["current"] == 7 * days
    assert home.query("select title, category from marts.sources") == [{"title": "Abacus", "category": "web"}]


@pytest.mark.usefixtures("listed")
def test_the_template_and_the_docs_show_it_by_its_own_facts() -> None:
    assert "# - {type: abacus, beads: 7}" in client_template("acme", types=catalogue.SETTINGS)
    assert "# Abacus" in source_page(ABACUS)


def test_every_file_that_the_page_names_is_there() -> None:
    for name in re.findall(
        r"`((?:connectors|okr_models|pipelines|dbt_like_sql|tests)/[\w./]+\.(?:py|sql|yml))`", PAGE.read_text("utf-8")
    ):
        assert "VENDOR" in name or "NAME" in name or (PROJECT / name).exists(), name
