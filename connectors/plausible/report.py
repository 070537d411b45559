"""A reply of Plausible's query API as columns by name, and what else it says: imports, its total, the site's offset.

What belongs here: the reply. What does not: what is asked, and what a figure means (``source.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.core.arrow import column_of, distinct
from connectors.core.columns import Report, ReportShape, days_of, items_of
from connectors.core.shape import BadShape, Node, as_text, as_whole

RESULTS = ReportShape(
    rows="results",
    fields={"dimensions": pa.list_(pa.string()), "metrics": pa.list_(pa.int64())},
    rest={
        "meta": pa.struct([("total_rows", pa.int64()), ("imports_included", pa.bool_())]),
        "query": pa.struct([("date_range", pa.list_(pa.string()))]),
    },
)


def lines(report: Report, dimensions: Sequence[str], metrics: Sequence[str]) -> pa.Table:
    """A column for each dimension (text) and metric (count), by the names asked for: Plausible gives them by position.

    Raises ``BadShape`` with the place.
    """
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
    every = pa.concat_tables(pages)
    return distinct(every, dimensions) < int(every.num_rows)


def has_imports(reply: Node) -> bool:
    """Whether the reply says that imported statistics are in it."""
    return "meta" in reply and reply["meta"]["imports_included"].value is True


def as_days(texts: pa.ChunkedArray) -> pa.Array:
    """A column of ``time:day`` or ``time:month`` as days."""
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
