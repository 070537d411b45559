"""What a night saw of the days that their source still settles, kept with the load in the ledger.

From it is learnt how much of a day is usually there at its age (``own_history.sql``), so that a day which is only half
counted is not taken for an outage. What belongs here: which figures and days. What does not: the write (``writer.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from connectors.core.protocol import Stream
from connectors.core.shape import Json

if TYPE_CHECKING:
    import pyarrow as pa

SEEN = "seen"
"""In a load's ``quality``: a list of day, age in days, KPI and what it was."""
FIGURES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "web_daily": {"sessions": ("sessions",), "page_views": ("page_views",)},
    "interactions_daily": {"interactions": ("likes", "comments", "shares")},
}
"""Of each table, the KPIs that are compared with their own history, as sums of columns."""


def seen_days(stream: Stream, rows: pa.Table, *, today: date) -> list[Json]:
    """A row for each KPI and day that is not settled, or was settled by this read."""
    figures = FIGURES.get(stream.name, {})
    if not figures or not stream.settle_days:
        return []
    columns = sorted({column for parts in figures.values() for column in parts})
    found: list[Json] = []
    for row in rows.select(["day", *columns]).to_pylist():
        age = (today - row["day"]).days
        if age > stream.settle_days + 1:
            continue
        for kpi, parts in figures.items():
            known = [row[part] for part in parts if row[part] is not None]
            if known:
                found.append({"day": row["day"].isoformat(), "age": age, "kpi": kpi, "value": sum(known)})
    return found
