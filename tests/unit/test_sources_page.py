"""docs/sources.md against the registry it is made from, and the registry itself: complete, cheap, and honest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.documentation import sources_markdown
from connectors.errors import Misconfigured
from connectors.raw_tables import RAW_TABLES
from connectors.registry import SOURCE_TYPES, open_source
from okr_models.sources import SETTINGS, SourceSettings
from tests.fake_vendor import context

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


def test_the_committed_page_is_what_the_code_says() -> None:
    message = "write it anew: python -m connectors.documentation > docs/sources.md"
    assert PAGE.read_text(encoding="utf-8") == sources_markdown(), message


def test_the_page_names_every_source_and_every_stream() -> None:
    page = sources_markdown()
    for source_type in SOURCE_TYPES.values():
        assert f"\n## {source_type.type}\n" in page
        for stream in source_type.streams:
            assert f"| `{stream.name}` |" in page


@pytest.mark.parametrize("source_type", SOURCE_TYPES.values(), ids=lambda source_type: source_type.type)
def test_a_sources_facts_agree_with_its_tables(source_type: object) -> None:
    from connectors.protocol import SourceType

    assert isinstance(source_type, SourceType)
    assert source_type.type in SETTINGS
    names = [stream.name for stream in source_type.streams]
    assert len(set(names)) == len(names)
    for stream in source_type.streams:
        assert RAW_TABLES[stream.name] is stream.table
        assert (stream.delivery == "snapshot") == stream.table.append_only
        assert (stream.delivery == "listing") == (stream.table.time_column is None)
        assert stream.api
        if stream.delivery == "window":
            assert stream.grain == ("month" if stream.table.time_column == "month" else "day")


def test_a_type_without_connector_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match=r"csv.*ga4"):
        open_source(SourceSettings(id="x", type="myspace"), context())


def test_the_registry_loads_no_google_library() -> None:
    code = (
        "import sys, connectors.registry, connectors.documentation; "
        "print(sorted(name for name in sys.modules if name.startswith(('google', 'grpc'))))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
