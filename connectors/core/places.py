"""Where in a home folder a client file may name a file of figures, so that a slip shows nobody a secret.

What belongs here: the rule, and the home's settings (``okr.yaml``) that widen it. What does not: reading the file
(``connectors/csv``), and secrets, which may lie anywhere in the home folder (``secrets.py``).
"""

from __future__ import annotations

from pathlib import Path

import yaml

from connectors.core.secrets import inside_home

SETTINGS_FILE = "okr.yaml"
CSV_ROOTS = "csv_roots"
DATA = "data"
OURS = ("secrets", "state", "warehouse", "published", "dagster", "exports")
"""Folders of secrets and of what this program writes; no figures are read from them."""


class Misplaced(ValueError):
    """A file lies where none may be named; ``cure`` says what to do. Never says what is in it."""

    def __init__(self, problem: str, *, cure: str) -> None:
        self.cure = cure
        super().__init__(problem)


def file_of_figures(path: str, *, home: Path) -> Path:
    """The real path of a csv file below ``data/`` or a folder of ``csv_roots``. Raises ``Misplaced``."""
    found = inside_home(path, home=home)
    if found is None:
        raise Misplaced("the path leads outside the home folder", cure="move the file into data/")
    if (place := place_of_ours(found, home=home)) is not None:
        raise Misplaced(f"the path leads into {place}/, which holds no figures", cure="move the file into data/")
    roots = csv_roots(home)
    if not any(found.is_relative_to((home / root).resolve()) for root in roots):
        named = " or ".join(f"{root}/" for root in roots)
        raise Misplaced(
            f"the path does not lie below {named}",
            cure=f"move the file into data/, or name its folder in {SETTINGS_FILE} of the home folder, as {CSV_ROOTS}",
        )
    return found


def place_of_ours(found: Path, *, home: Path) -> str | None:
    """Which of our own folders a real path lies in, also where that folder is a link; None where in none."""
    return next((name for name in OURS if found.is_relative_to((home / name).resolve())), None)


def csv_roots(home: Path) -> tuple[str, ...]:
    """``data`` and the folders that the home's settings add. Raises ``Misplaced`` where they can't be read."""
    try:
        text = (home / SETTINGS_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return (DATA,)
    except (OSError, UnicodeDecodeError):
        raise Misplaced(f"{SETTINGS_FILE} of the home folder can't be read", cure="mend or remove it") from None
    try:
        # an error of YAML's own would quote the line it stands on
        settings = yaml.safe_load(text)
    except yaml.YAMLError:
        raise Misplaced(f"{SETTINGS_FILE} of the home folder is no YAML", cure="mend or remove it") from None
    roots = settings.get(CSV_ROOTS, []) if isinstance(settings, dict) else [] if settings is None else None
    if not isinstance(roots, list) or not all(isinstance(root, str) and root.strip("/. ") for root in roots):
        raise Misplaced(
            f"{CSV_ROOTS} in {SETTINGS_FILE} is no list of folders", cure=f"write {CSV_ROOTS}: [data, history]"
        )
    return tuple(dict.fromkeys((DATA, *(root.strip().rstrip("/") for root in roots))))
