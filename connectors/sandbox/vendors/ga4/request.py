"""GA4 report requests: from the wire's JSON to a checked ``Report``, or Google's INVALID_ARGUMENT.

What belongs here: parsing and every check that Google makes before reading data. What does not: reading data.
Limits and messages: developers.google.com/analytics/devguides/reporting/data/v1 and API.md section 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.sandbox.call import Json
from connectors.sandbox.vendors.ga4.names import DIMENSIONS, METRICS
from connectors.sandbox.vendors.google.errors import GoogleError

MOST_DIMENSIONS, MOST_METRICS, MOST_RANGES, MOST_ROWS, USUAL_ROWS = 9, 10, 4, 250_000, 10_000
EARLIEST = date(2015, 8, 14)
_FIELDS = {
    "property", "dimensions", "metrics", "dateRanges", "dimensionFilter", "metricFilter", "offset", "limit",
    "metricAggregations", "orderBys", "currencyCode", "cohortSpec", "keepEmptyRows", "returnPropertyQuota",
    "comparisons",
}  # fmt: skip
ITEM_SCOPED = {"itemName", "itemCategory"}
"""Dimensions that exist, but go with item-scoped metrics only, of which these properties have none."""
AGGREGATIONS = {1: "TOTAL", 4: "COUNT", 5: "MINIMUM", 6: "MAXIMUM"}
ORDER_TYPES = {1: "ALPHANUMERIC", 2: "CASE_INSENSITIVE_ALPHANUMERIC", 3: "NUMERIC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One date range, both days included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sort key: a dimension or a metric."""

    name: str
    is_metric: bool
    descending: bool
    order_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One checked request."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    ranges: tuple[Range, ...]
    dimension_filter: Json | None
    metric_filter: Json | None
    orders: tuple[Order, ...]
    limit: int
    offset: int
    keep_empty_rows: bool
    aggregations: tuple[str, ...]
    wants_quota: bool
    currency: str


def enum(value: object, names: dict[int, str], *, default: str) -> str:
    """An enum given as name, as number (clients with ``enum-encoding=int``) or not at all."""
    if value is None or value == 0:
        return default
    if isinstance(value, int):
        return names.get(value, default)
    return str(value)


def _invalid(message: str) -> GoogleError:
    return GoogleError(400, message)


def _whole(value: object, field: str) -> int:
    """An int64, which the wire writes as a string."""
    try:
        number = int(str(value))
    except ValueError as error:
        raise _invalid(f"Invalid value at '{field}' (TYPE_INT64), \"{value}\"") from error
    if number < 0:
        raise _invalid(f"The {field} must not be negative.")
    return number


def _day(text: object, today: date) -> date:
    words = str(text)
    if words == "today":
        return today
    if words == "yesterday":
        return today - timedelta(days=1)
    if ago := re.fullmatch(r"(\d+)daysAgo", words):
        return today - timedelta(days=int(ago.group(1)))
    try:
        day = date.fromisoformat(words)
    except ValueError as error:
        raise _invalid(f"Invalid date: {words}. Dates should be in the format YYYY-MM-DD.") from error
    if day < EARLIEST:
        raise _invalid(f"The date {words} must be on or after {EARLIEST}.")
    return day


def _ranges(body: Json, today: date) -> tuple[Range, ...]:
    given = body.get("dateRanges") or []
    if not given:
        raise _invalid("A dateRange is required in the request.")
    if len(given) > MOST_RANGES:
        raise _invalid(f"Requests are limited to {MOST_RANGES} dateRanges. This request has {len(given)} dateRanges.")
    ranges = []
    for number, entry in enumerate(given):
        first, last = _day(entry.get("startDate"), today), _day(entry.get("endDate"), today)
        if first > last:
            raise _invalid(f"In dateRanges, startDate must be less than or equal to endDate: {first} > {last}.")
        ranges.append(Range(name=entry.get("name") or f"date_range_{number}", first=first, last=last))
    return tuple(ranges)


def _names(body: Json, field: str, most: int) -> tuple[str, ...]:
    names = tuple(str(entry.get("name", "")) for entry in body.get(field) or [])
    if len(names) > most:
        raise _invalid(f"Requests are limited to {most} {field}. This request has {len(names)} {field}.")
    if len(set(names)) < len(names):
        raise _invalid(f"Found duplicate {field} in the request.")
    return names


def _known(names: tuple[str, ...], known: set[str], sort: str, removed: frozenset[str]) -> None:
    for name in names:
        if name not in known or name in removed:
            raise _invalid(
                f"Field {name} is not a valid {sort}. For a list of valid dimensions and metrics, see"
                " https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema "
            )


def _compatible(dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> None:
    if ITEM_SCOPED & set(dimensions) and metrics:
        raise _invalid(
            f"Please remove {metrics[0]} to make the request compatible. The request's dimensions & metrics are"
            " incompatible. To learn more, see https://ga-dev-tools.google/ga4/dimensions-metrics-explorer/"
        )


def _orders(body: Json, dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> tuple[Order, ...]:
    orders = []
    for entry in body.get("orderBys") or []:
        if "metric" in entry:
            name, is_metric, kind = str(entry["metric"].get("metricName", "")), True, "NUMERIC"
        elif "dimension" in entry:
            name, is_metric = str(entry["dimension"].get("dimensionName", "")), False
            kind = enum(entry["dimension"].get("orderType"), ORDER_TYPES, default="ALPHANUMERIC")
        else:
            raise _invalid("An orderBy requires a dimension or a metric.")
        if name not in (metrics if is_metric else dimensions):
            raise _invalid(f"The orderBy field {name} is not in the request's dimensions or metrics.")
        orders.append(Order(name=name, is_metric=is_metric, descending=bool(entry.get("desc")), order_type=kind))
    return tuple(orders)


def parse(body: Json, *, today: date, removed: frozenset[str]) -> Report:
    """A checked request; raises ``GoogleError`` 400 as Google words it. ``removed``: names that a fault took away."""
    for field in body:
        if field not in _FIELDS:
            raise _invalid(f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.')
    if body.get("cohortSpec") or body.get("comparisons"):
        raise _invalid("Cohorts and comparisons are not available for this property.")
    dimensions = _names(body, "dimensions", MOST_DIMENSIONS)
    metrics = _names(body, "metrics", MOST_METRICS)
    if not dimensions and not metrics:
        raise _invalid("A report requires at least one dimension or metric.")
    _known(dimensions, set(DIMENSIONS) | ITEM_SCOPED, "dimension", removed)
    _known(metrics, set(METRICS), "metric", removed)
    _compatible(dimensions, metrics)
    ranges = _ranges(body, today)
    if len(ranges) > 1:
        dimensions = (*dimensions, "dateRange")
    limit = _whole(body.get("limit") or USUAL_ROWS, "limit")
    if limit > MOST_ROWS:
        raise _invalid(f"The limit must be less than or equal to {MOST_ROWS}. This request's limit is {limit}.")
    aggregations = tuple(enum(a, AGGREGATIONS, default="") for a in body.get("metricAggregations") or [])
    return Report(
        dimensions=dimensions,
        metrics=metrics,
        ranges=ranges,
        dimension_filter=body.get("dimensionFilter") or None,
        metric_filter=body.get("metricFilter") or None,
        orders=_orders(body, dimensions, metrics),
        limit=limit,
        offset=_whole(body.get("offset") or 0, "offset"),
        keep_empty_rows=bool(body.get("keepEmptyRows")),
        aggregations=aggregations,
        wants_quota=bool(body.get("returnPropertyQuota")),
        currency=str(body.get("currencyCode") or "SEK"),
    )
