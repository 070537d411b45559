"""The page on scaling holds what the sizing prints from the measured figures, word for word."""

from __future__ import annotations

import json

from benchmarks.sizing import FIGURES, Room, said
from tests.home import PROJECT


def test_the_sizing_stands_there_as_the_command_prints_it() -> None:
    page = (PROJECT / "docs" / "scaling.md").read_text(encoding="utf-8")
    printed = said(json.loads(FIGURES.read_text(encoding="utf-8")), Room())
    assert printed in page, "write it anew: python -m benchmarks.sizing"
