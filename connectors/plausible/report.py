"""A reply of Plausible's query API as columns by name, and what else it says: imports, its total, the site's offset.

What belongs here: the reply. What does not: what is asked, and what a figure means (``source.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.core.arrow import column_of, distinct
from connectors.core.columns import Report, ReportShape, days_of, items_of
from connectors.core.doubt import Doubt
from connectors.core.shape import BadShape, Node, as_text, as_whole
from okr_models.periods import Window

if TYPE_CHECKING:
    import pyarrow as pa


NOTHING_SKIPPED = frozenset({None, "", "no_imported_data", "out_of_range"})
"""Reasons for which there was nothing to leave out."""


@cache
def shape_of_results() -> ReportShape:
    """A row of the reply, and what else is read of it."""
    import pyarrow as pa

    return ReportShape(
        rows="results",
        fields={"dimensions": pa.list_(pa.string()), "metrics": pa.list_(pa.int64())},
        rest={
            "meta": pa.struct(
                [("total_rows", pa.int64()), ("imports_included", pa.bool_()), ("imports_skip_reason", pa.string())]
            ),
            "query": pa.struct([("date_range", pa.list_(pa.string()))]),
        },
    )


def lines(report: Report, dimensions: Sequence[str], metrics: Sequence[str]) -> pa.Table:
    """A column for each dimension (text) and metric (count), by the names asked for: Plausible gives them by position.

    Raises ``BadShape`` with the place.
    """
    import pyarrow as pa

    if report.columns is None:
        return lines_by_node(report.document, dimensions, metrics)
    names = items_of(report.columns["dimensions"], len(dimensions))
    counts = items_of(report.columns["metrics"], len(metrics))
    if names is None or counts is None:
        wanted = f"rows of {len(dimensions)} dimensions and {len(metrics)} metrics"
        raise BadShape(path="results", wanted=wanted, found="others")
    return pa.table(dict(zip((*dimensions, *metrics), (*names, *counts), strict=True)))


def lines_by_node(reply: Node, dimensions: Sequence[str], metrics: Sequence[str]) -> pa.Table:
    """The same of any reply."""
    import pyarrow as pa

    texts: list[tuple[str, ...]] = []
    counts: list[tuple[int, ...]] = []
    for row in reply["results"]:
        names, values = list(row["dimensions"]), list(row["metrics"])
        if (len(names), len(values)) != (len(dimensions), len(metrics)):
            wanted = f"{len(dimensions)} dimensions, {len(metrics)} metrics"
            raise BadShape(path=row.path, wanted=wanted, found=row.value)
        texts.append(tuple(map(as_text, names)))
        counts.append(tuple(map(as_whole, values)))
    columns = {name: column_of("VARCHAR", name, [text[at] for text in texts]) for at, name in enumerate(dimensions)}
    columns |= {name: column_of("BIGINT", name, [count[at] for count in counts]) for at, name in enumerate(metrics)}
    return pa.table(columns)


def has_repeats(pages: Sequence[pa.Table], dimensions: Sequence[str]) -> bool:
    """Whether a row came twice."""
    import pyarrow as pa

    every = pa.concat_tables(pages)
    return distinct(every, dimensions) < int(every.num_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What replies say of statistics imported from another tool. ``skipped``: why they are left out, though there."""

    included: bool = False
    skipped: str | None = None

    def __or__(self, other: Imports) -> Imports:
        return Imports(included=self.included or other.included, skipped=self.skipped or other.skipped)

    def doubts(self, days: Window) -> list[Doubt]:
        """What a figure of these days has to be taken with."""
        found = [Doubt(code="imports_included", days=days)] if self.included else []
        return [*found, Doubt(code="imports_skipped", what=self.skipped, days=days)] if self.skipped else found


def imports_of(reply: Node) -> Imports:
    """What one reply says. A site without imports, or with none of these days, has nothing left out."""
    if "meta" not in reply:
        return Imports()
    reason = reply["meta"].text("imports_skip_reason", None)
    return Imports(
        included=reply["meta"]["imports_included"].value is True,
        skipped=None if reason in NOTHING_SKIPPED else reason,
    )


def as_days(texts: pa.ChunkedArray) -> pa.Array:
    """A column of ``time:day`` or ``time:month`` as days."""
    import pyarrow as pa

    column = texts.combine_chunks()
    days = days_of(column)
    return days if days is not None else pa.array([as_day(text) for text in column.to_pylist()], pa.date32())


def as_day(text: str) -> date:
    """A ``time:day`` value."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadShape(path="time:day", wanted="a day as 2026-11-01", found=text) from error


def resolved_end(reply: Node) -> datetime | None:
    """The end of the ``date_range`` as the reply resolved it, with the site's offset; None where it gives none."""
    asked = reply["query"]["date_range"].value if "query" in reply else None
    text = asked[-1] if isinstance(asked, list) and asked else None
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    return moment if moment is not None and moment.tzinfo is not None else None


def zone_at(moment: datetime | None, *, usual: ZoneInfo) -> ZoneInfo:
    """``usual`` where its offset at that moment is the site's, else the zone of the site's own whole hours."""
    if moment is None:
        return usual
    offset = moment.utcoffset() or timedelta(0)
    hours, rest = divmod(offset, timedelta(hours=1))
    if rest or moment.astimezone(UTC).astimezone(usual).utcoffset() == offset:
        return usual
    return ZoneInfo(f"Etc/GMT{-hours:+d}") if hours else ZoneInfo("UTC")  # POSIX counts the other way round
