"""Every file and every heading that the README and the pages of docs/ name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.home import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")
NAMED = re.compile(r"`((?:docs|dbt_like_sql|connectors|pipelines|okr_models|tests|benchmarks|demo|\.ci)/[^`\s]*)`")
MADE = ("demo/exports/", "demo/published/", "demo/warehouse/", "demo/dagster/", "demo/state/")
"""What a run makes; that it does is tested with whole nights."""


STAND_INS = ("VENDOR", "NAME")
"""For what a reader adds."""


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def headings(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {slug(line.lstrip("#")) for line in text.splitlines() if line.startswith("#")}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_pages_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in headings(found), target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_file_that_a_page_names_is_there(page: Path) -> None:
    for named in NAMED.findall(page.read_text(encoding="utf-8")):
        if named.startswith(MADE) or any(word in named for word in STAND_INS):
            continue
        assert list(PROJECT.glob(named.rstrip("/"))), named
