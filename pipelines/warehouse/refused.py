"""Which table held a night up, and why: ``published/refused.json``, beside what is still served.

What belongs here: writing and reading that record. What does not: when a table is refused (``checks/refusals.py``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from pipelines.warehouse.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One table that held a night up. ``serving`` is the published file at the time, if there was one."""

    run_id: str
    refused_at: str
    table: str
    reasons: tuple[str, ...]
    serving: str | None


def record_refusal(home: Home, *, table: str, reasons: Iterable[str], run_id: str, at: datetime) -> None:
    """Add a refusal to those of its run; those of earlier runs are forgotten."""
    refusal = Refusal(
        run_id=run_id,
        refused_at=at.isoformat(timespec="seconds"),
        table=table,
        reasons=tuple(reasons),
        serving=_serving(home),
    )
    kept = [other for other in _read(home) if other.run_id == run_id and other.table != table]
    home.published.mkdir(parents=True, exist_ok=True)
    building = home.refusal.with_name(f"building-{os.getpid()}.json")
    building.write_text(json.dumps([asdict(one) for one in (*kept, refusal)], ensure_ascii=False, indent=1), "utf-8")
    building.replace(home.refusal)


def standing_refusals(home: Home) -> tuple[Refusal, ...]:
    """The refusals because of which what is published is older than the last night; empty once a newer one is out."""
    serving = _serving(home)
    return tuple(refusal for refusal in _read(home) if refusal.serving == serving)


def forget_refusals(home: Home) -> None:
    """A night was published whole."""
    home.refusal.unlink(missing_ok=True)


def _read(home: Home) -> tuple[Refusal, ...]:
    try:
        entries = json.loads(home.refusal.read_text("utf-8"))
        return tuple(Refusal(**{**entry, "reasons": tuple(entry["reasons"])}) for entry in entries)
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{home.refusal} can't be read ({error}); the next night writes it anew") from error


def _serving(home: Home) -> str | None:
    return home.published_database.resolve().name if home.published_database.exists() else None
