"""What both sides of ``benchmarks.ingest`` read: which accounts, of which days. Needs nothing but Python, as dlt's side
runs in an environment of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

PLAUSIBLE_SITE = "skargard.se"
SEARCH_SITE = "sc-domain:fjallglas.se"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """``clients`` are (name, kinds of source), with ``web`` and ``search`` the first and last day of each kind."""

    today: date
    clients: tuple[tuple[str, tuple[str, ...]], ...]
    web: tuple[date, date]
    search: tuple[date, date]

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(
            json.dumps(
                {
                    "today": str(self.today),
                    "clients": self.clients,
                    "web": [str(day) for day in self.web],
                    "search": [str(day) for day in self.search],
                }
            )
        )

    @classmethod
    def read(cls, path: str) -> Asked:
        """What ``write`` wrote."""
        content = json.loads(Path(path).read_text())
        days = {kind: tuple(date.fromisoformat(day) for day in content[kind]) for kind in ("web", "search")}
        return cls(
            today=date.fromisoformat(content["today"]),
            clients=tuple((client, tuple(kinds)) for client, kinds in content["clients"]),
            web=(days["web"][0], days["web"][1]),
            search=(days["search"][0], days["search"][1]),
        )
