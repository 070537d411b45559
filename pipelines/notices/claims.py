"""Which runs were told of: by ``okr run`` itself or by a daemon's sensors, whichever comes first.

What belongs here: the claim. What does not: the words and the ways (``text.py``, ``send.py``).
"""

from __future__ import annotations

import re

from pipelines.warehouse.home import Home

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
