"""Files that are no code and that an installed wheel carries along: the demo's home folder and Dagster's workspace.

What belongs here: where they are, in a checkout and in a wheel. What does not: the SQL, a package of its own.
"""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
_IN_WHEEL = Path(__file__).resolve().with_name("carried_files")


def carried(name: str) -> Path:
    """``demo`` or ``workspace.yaml`` as this installation has it."""
    return CHECKOUT / name if is_checkout() else _IN_WHEEL / name


def is_checkout() -> bool:
    """Whether this runs from the project's own folder, where the demo may write beside its client files."""
    return (CHECKOUT / "workspace.yaml").is_file()
