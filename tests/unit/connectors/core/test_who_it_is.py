"""Every type of source says which account, property or site it is: two of them must never become one series."""

from __future__ import annotations

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.yaml import load_yaml


@pytest.mark.parametrize("name", [name for name, kind in SETTINGS.items() if kind.facts.category != "own"])
def test_a_source_is_named_by_its_file_or_says_itself_who_it_is(name: str) -> None:
    written = load_yaml(SETTINGS[name].facts.example).data
    assert isinstance(written, dict)
    settings = SETTINGS[name].model_validate({"id": name, **written})
    assert settings.named() or settings.is_told, f"{name}: set named_by, or is_told and call tell in its source"
