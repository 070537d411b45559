"""Which runs were told of: by ``okr run`` itself or by a daemon's sensors, whichever comes first.

What belongs here: the claim, and whether it is news. What does not: the words and the ways (``text.py``, ``send.py``).
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

from pipelines.warehouse.home import Home

SILENT_NIGHTS = 6
"""So many nights that have no trouble but the one before's are not told of; the next one is, as a reminder."""
KEPT = 500
"""Claims kept: a run is told of within days or not at all."""


def claim(home: Home, run_id: str) -> bool:
    """True for the first process that asks for a run; where the folder can't be written for all: better twice."""
    folder = home.root / "state" / "told"
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    claims = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in claims[:-KEPT]:
        path.unlink(missing_ok=True)
    return True


def is_news(home: Home, key: str) -> bool:
    """Whether a night has a trouble that the last one did not have, or has said nothing for a week.

    ``key``: ``Notice.key``, an event a line; empty is always news and changes nothing of what is known, and all is news
    that follows ``forget_last``. A trouble that is over is forgotten.
    """
    if not key:
        return True
    path = home.root / "state" / "last_notice.json"
    said, before = _last(path)
    repeated = before + 1 if set(key.splitlines()) <= set(said.splitlines()) else 0
    told = repeated % (SILENT_NIGHTS + 1) == 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"key": key, "repeated": repeated}), encoding="utf-8")
    except OSError:
        return True
    return told


def _last(path: Path) -> tuple[str, int]:
    """What the last notice said and how many nights had said it before; nothing where the file is not as written."""
    try:
        last = json.loads(path.read_text("utf-8"))
        return str(last["key"]), int(last["repeated"])
    except (OSError, ValueError, TypeError, KeyError):
        return "", 0


def forget_last(home: Home) -> None:
    """A night had nothing to tell, or its notice went nowhere: the next one is news whatever it says."""
    with suppress(OSError):
        (home.root / "state" / "last_notice.json").unlink(missing_ok=True)
