"""Where the public series of the tests lie, beside the project; tests skip, saying so, where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def public_data() -> Path:
    """The folder, or a skip with the reason."""
    if not DATA.is_dir():
        pytest.skip(f"the public series are not at {DATA}")
    return DATA
