"""okr doctor names the menu in which an access is mended: for every source with a secret, and only where it helps."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.catalogue import SETTINGS
from connectors.core.protocol import Probe
from connectors.registry import SOURCE_TYPES
from okr_models.client.yaml import load_yaml
from pipelines.cli.renewal import where_to_click


def test_every_source_with_a_secret_has_its_menu() -> None:
    for name in SOURCE_TYPES:
        written = load_yaml(SETTINGS[name].facts.example).data
        assert isinstance(written, dict)
        if SETTINGS[name].model_validate({"id": name, **written}).secrets():
            assert SETTINGS[name].facts.where_to_click


@pytest.mark.parametrize(
    ("failed", "told"), [("auth", True), ("permission", True), ("timeout", False), ("quota", False)]
)
def test_a_refusal_is_mended_by_clicks_and_an_outage_is_not(failed: str, told: bool) -> None:
    where = where_to_click("linkedin", failed=failed, probe=None, is_near=False)  # type: ignore[arg-type]
    assert (where is not None) is told


def test_a_token_about_to_end_and_a_refused_renewal_are_mended_before_they_fail() -> None:
    sound = Probe(reachable=True, detail="", token_expires_on=date(2027, 1, 1))
    refused = Probe(reachable=True, detail="", token_trouble="refused")
    assert where_to_click("instagram", failed=None, probe=sound, is_near=False) is None
    assert (
        where_to_click("instagram", failed=None, probe=sound, is_near=True)
        == SETTINGS["instagram"].facts.where_to_click
    )
    assert (
        where_to_click("instagram", failed=None, probe=refused, is_near=False)
        == SETTINGS["instagram"].facts.where_to_click
    )
    assert where_to_click("csv", failed="permission", probe=None, is_near=False) is None
