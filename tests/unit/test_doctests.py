"""The examples in docstrings are run: what a function's example shows is what the function gives."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("okr_models", "connectors", "pipelines")
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


class _HardSpacesAsSpaces(doctest.OutputChecker):
    """Figures hold no-break spaces, which a docstring writes as plain ones."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got.replace("\N{NO-BREAK SPACE}", " "), optionflags)


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_of_a_module_give_what_they_show(module: str) -> None:
    runner = doctest.DocTestRunner(checker=_HardSpacesAsSpaces(), optionflags=doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder().find(importlib.import_module(module)):
        runner.run(example)
    assert runner.tries > 0, f"{module} has >>> outside of any docstring that is run"
    assert runner.failures == 0


def test_the_way_figures_are_said_is_shown_by_examples() -> None:
    assert "okr_models.words.numbers" in WITH_EXAMPLES
