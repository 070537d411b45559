"""Secrets in every spelling are hidden, and their spellings are worked out once however often a secret is named."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from connectors.core import redaction
from connectors.core.redaction import HIDDEN, Redactor


def test_a_secret_that_each_call_names_again_is_spelt_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spelt = list[str]()

    def counting(value: str, **how: Any) -> str:
        spelt.append(value)
        return quote(value, **how)

    redaction._forms_of.cache_clear()
    monkeypatch.setattr(redaction, "quote", counting)
    for redact in (Redactor(), Redactor()):
        for _ in range(100):
            redact.add("a proof/of it")
        assert redact("it was a%20proof%2Fof%20it, a+proof%2Fof+it or YSBwcm9vZi9vZiBpdA==") == (
            f"it was {HIDDEN}, {HIDDEN} or {HIDDEN}"
        )
    assert len(spelt) == 2


def test_one_redactor_knows_nothing_of_what_another_was_told() -> None:
    Redactor(["another secret"])
    assert Redactor(["my own"])("my own and another secret") == f"{HIDDEN} and another secret"
