"""A reply of Search Console's query as columns by name, and what else it says: how fresh it is and how Google counted.

What belongs here: the reply. What does not: what is asked, and which days it answers (``source.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from connectors.core.arrow import column_of
from connectors.core.columns import Report, ReportShape, counts_of, days_of, items_of
from connectors.core.doubt import Doubt
from connectors.core.shape import BadShape, Node, as_day

if TYPE_CHECKING:
    import pyarrow as pa


@cache
def shape_of_rows() -> ReportShape:
    """A row of the report, and what else is read of it."""
    import pyarrow as pa

    return ReportShape(
        rows="rows",
        fields={
            "keys": pa.list_(pa.string()),
            # a number in Google's schema: 3 and 3.0 are the same
            "clicks": pa.float64(),
            "impressions": pa.float64(),
            "position": pa.float64(),
        },
        rest={
            "responseAggregationType": pa.string(),
            "metadata": pa.struct([("first_incomplete_date", pa.string()), ("firstIncompleteDate", pa.string())]),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """Rows of one query (dimensions as text, clicks, impressions, position_sum), the first day that Google has not
    processed whole, and how it counted.
    """

    rows: pa.Table
    first_incomplete: date | None
    aggregation: str | None
    doubts: tuple[Doubt, ...] = ()


def lines(report: Report, dimensions: Sequence[str]) -> pa.Table:
    """A column for each dimension, clicks, impressions, and the position in a form that adds up.

    Raises ``BadShape`` with the place.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = report.columns
    if columns is None:
        return lines_by_node(report.document, dimensions)
    keys = items_of(columns["keys"], len(dimensions))
    if keys is None:
        raise BadShape(path="rows", wanted=f"rows of {len(dimensions)} keys", found="others")
    clicks, impressions = counts_of(columns["clicks"]), counts_of(columns["impressions"])
    if clicks is None or impressions is None:
        raise BadShape(path="rows", wanted="whole numbers of clicks and impressions", found="others")
    position_sum = pc.multiply(columns["position"], columns["impressions"])
    figures = {"clicks": clicks, "impressions": impressions, "position_sum": position_sum}
    return pa.table({**dict(zip(dimensions, keys, strict=True)), **figures})


def lines_by_node(reply: Node, dimensions: Sequence[str]) -> pa.Table:
    """The same of any reply."""
    import pyarrow as pa

    rows = reply.each("rows", or_empty=True)
    keys = [keys_of(row, len(dimensions)) for row in rows]
    clicks, impressions = [row.whole("clicks") for row in rows], [row.whole("impressions") for row in rows]
    sums = [row.number("position") * count for row, count in zip(rows, impressions, strict=True)]
    columns = {name: column_of("VARCHAR", name, [key[at] for key in keys]) for at, name in enumerate(dimensions)}
    columns |= {"clicks": column_of("BIGINT", "clicks", clicks)}
    columns |= {"impressions": column_of("BIGINT", "impressions", impressions)}
    return pa.table({**columns, "position_sum": column_of("DOUBLE", "position_sum", sums)})


def keys_of(row: Node, count: int) -> list[str]:
    """The row's dimension values, as many as were asked for."""
    keys = [key.value for key in row["keys"]]
    texts = [key for key in keys if isinstance(key, str)]
    if len(keys) != count or len(texts) != count:
        raise BadShape(path=row["keys"].path, wanted=f"{count} texts", found=keys)
    return texts


def days_in(rows: pa.Table) -> pa.Array:
    """The dimension ``date`` as days."""
    texts = rows.column("date").combine_chunks()
    days = days_of(texts)
    if days is None:
        days = column_of("DATE", "date", [as_day(Node(text, "rows.keys[0]")) for text in texts.to_pylist()])
    return days


def searches_of(rows: pa.Table, report: Report) -> Searches:
    """``rows`` with what the reply says of them."""
    document = report.document
    return Searches(rows=rows, first_incomplete=first_incomplete(document), aggregation=aggregation(document))


def aggregation(reply: Node) -> str | None:
    """How Google counted, ``byPage`` or ``byProperty``; None where it does not say."""
    return reply.text("responseAggregationType", None)


def first_incomplete(reply: Node) -> date | None:
    """The first day that is not processed whole; the schema and the live API spell its name differently."""
    if "metadata" not in reply:
        return None
    metadata = reply["metadata"]
    for name in ("first_incomplete_date", "firstIncompleteDate"):
        if name in metadata:
            return as_day(metadata[name])
    return None
