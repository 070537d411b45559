"""docs/sources/ against the registry it is made from, and the registry itself: complete, cheap, and honest."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connectors.catalogue import SETTINGS
from connectors.core.errors import Misconfigured
from connectors.core.protocol import SourceType
from connectors.core.raw_tables import RAW_TABLES
from connectors.documentation import overview_page, source_page, source_pages
from connectors.registry import SOURCE_TYPES, open_source
from okr_models.client.sources import SourceSettings
from okr_models.client.yaml import load_yaml
from tests.fake_vendor import context
from tests.home import PROJECT

FOLDER = PROJECT / "docs" / "sources"
TYPES = pytest.mark.parametrize("source_type", SOURCE_TYPES.values(), ids=lambda source_type: source_type.type)


def test_the_committed_pages_are_what_the_code_says() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == source_pages(), "write them anew: python -m connectors.documentation docs/sources"


def test_the_table_has_a_line_for_every_source_with_all_of_its_facts() -> None:
    lines = overview_page(SOURCE_TYPES.values()).splitlines()
    for source_type in SOURCE_TYPES.values():
        (line,) = [line for line in lines if line.startswith(f"| [{source_type.facts.title}]({source_type.type}.md) |")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 8
        assert all(cells)
        assert cells[2] == ", ".join(f"`{stream.name}`" for stream in source_type.streams)
        assert cells[-2:] == [source_type.limits, source_type.library]


@TYPES
def test_a_sources_page_names_every_stream_and_every_setting(source_type: SourceType) -> None:
    page = source_page(source_type)
    for stream in source_type.streams:
        assert f"| `{stream.name}` |" in page
    for name in set(source_type.settings.model_fields) | set(SourceSettings.model_fields):
        assert f"`{name}`" in page


@TYPES
def test_the_example_on_a_page_is_a_line_that_a_client_file_takes(source_type: SourceType) -> None:
    written = load_yaml(source_type.facts.example).data
    assert isinstance(written, dict)
    read = source_type.settings.model_validate({"id": written["type"], **written})
    assert read.type == source_type.type
    assert bool(read.secrets()) <= bool(source_type.facts.steps)


@TYPES
def test_a_sources_facts_agree_with_its_tables(source_type: SourceType) -> None:
    assert SETTINGS[source_type.type] is source_type.settings
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
