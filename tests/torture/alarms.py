"""Which alarms of simulated nights had nothing behind them: no fault, no edit, no lost day and no kill of late.

``Watch`` is kept with a seed's story; ``told`` is what the command prints. No test lives here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

SHADOW_DAYS = 14
"""So long a trouble is taken to be behind alarms: the checks look back ten days, and sources settle theirs in four."""
_NAMED = re.compile(r"\bcheck (\w+)")


@dataclass
class Watch:
    """Nights and sources watched, and the alarms of those that nothing was behind."""

    nights: int = 0
    source_nights: int = 0
    false: Counter[str] = field(default_factory=Counter)
    """Nights on which each check cried with nothing behind it."""

    def hear(self, failed: dict[tuple[str, str], str], *, day: date, sources: int, last_trouble: date | None) -> bool:
        """One night's failed checks, by table and check with their text; whether the night counted as quiet."""
        if last_trouble is not None and day - last_trouble <= timedelta(days=SHADOW_DAYS):
            return False
        self.nights += 1
        self.source_nights += sources
        self.false.update({name for (table, check), text in failed.items() for name in _names(table, check, text)})
        return True

    def add(self, other: Watch) -> None:
        """Another seed's nights too."""
        self.nights += other.nights
        self.source_nights += other.source_nights
        self.false.update(other.false)

    def told(self) -> str:
        """As the command prints it."""
        each = ", ".join(
            f"{name} {1_000 * nights / self.source_nights:.1f} ({nights} nights)"
            for name, nights in sorted(self.false.items())
        )
        return f"alarms with nothing behind them, of 1,000 of {self.source_nights:,} source-nights: {each or 'none'}"


def _names(table: str, check: str, text: str) -> list[str]:
    """A table's tests stand in one check: which of them failed stands in its text."""
    return [f"{table} {name}" for name in _NAMED.findall(text)] or [f"{table} {check}"]
