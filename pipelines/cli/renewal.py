"""Whether an access that is refused or about to end is mended by clicks, and then where.

What belongs here: when. What does not: the vendors' menus (``connectors/*/settings.py``).
"""

from __future__ import annotations

from connectors.catalogue import SETTINGS
from connectors.core.errors import ErrorClass
from connectors.core.protocol import Probe

MENDED_BY_CLICKS: frozenset[ErrorClass] = frozenset({"auth", "permission"})


def where_to_click(source_type: str, *, failed: ErrorClass | None, probe: Probe | None, is_near: bool) -> str | None:
    """Where to go; None where nothing is to be clicked, and for sources that have no access to lose."""
    needed = failed in MENDED_BY_CLICKS if failed else is_near or bool(probe and probe.token_trouble)
    return SETTINGS[source_type].facts.where_to_click if needed else None
