"""GA4 reports over the event log: selects views known by now, groups them, sorts, pages and words the answer.

What belongs here: ``run``, from a checked request to the response's JSON. What does not: parsing, filters' syntax,
HTTP. Users are counted exactly; Google's are estimates within about two per cent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from connectors.sandbox.call import Json
from connectors.sandbox.faults import Active, DuplicateRow, PageDrift
from connectors.sandbox.vendors.ga4.filters import dimension_test, evaluate, metric_mask
from connectors.sandbox.vendors.ga4.names import DIMENSIONS, METRIC_TYPES, METRICS, Groups
from connectors.sandbox.vendors.ga4.request import Order, Range, Report
from connectors.sandbox.vendors.google.errors import GoogleError
from connectors.sandbox.world.days import Ints, epoch_day
from connectors.sandbox.world.distinct import renumbered
from connectors.sandbox.world.visits import LONGEST_DELAY_SECONDS, WebLog

Values = dict[str, npt.NDArray[Any]]


@dataclass(slots=True)
class Line:
    """One row of the answer: texts of its dimensions, numbers of its metrics."""

    texts: tuple[str, ...]
    values: tuple[float, ...]


def known_rows(log: WebLog, *, first: date, last: date, now: datetime, empty: frozenset[date]) -> Ints:
    """Numbers of the views of these days that analytics knows by now, by time."""
    begin = int(np.searchsorted(log.day, epoch_day(first), side="left"))
    end = int(np.searchsorted(log.day, epoch_day(last), side="right"))
    second = int(now.timestamp())
    end = min(end, int(np.searchsorted(log.at, second, side="right")))
    if end <= begin:
        return np.zeros(0, dtype=np.int64)
    rows = np.arange(begin, end)
    if log.at[end - 1] + LONGEST_DELAY_SECONDS > second:
        rows = rows[log.arrives[begin:end] <= second]
    if empty:
        rows = rows[~np.isin(log.day[rows], [epoch_day(day) for day in empty])]
    return rows


def _filtered(log: WebLog, rows: Ints, expression: Json | None) -> Ints:
    if expression is None:
        return rows

    def leaf(body: Json) -> npt.NDArray[np.bool_]:
        name = str(body.get("fieldName", ""))
        if name not in DIMENSIONS:
            raise GoogleError(400, f"Field {name} is not a valid dimension.")
        codes, labels = DIMENSIONS[name].code(log, rows)
        test = dimension_test(body)
        passes = np.array([test(label) for label in labels], dtype=bool)
        return passes[codes] if labels else np.zeros(rows.size, dtype=bool)

    kept: Ints = rows[evaluate(expression, rows.size, leaf)]
    return kept


def _grouped(
    log: WebLog, rows: Ints, dimensions: Iterable[str], *, by_event: bool = False
) -> tuple[Groups, list[tuple[str, ...]]]:
    """Rows by their combination of dimensions, and the texts of each combination."""
    combined = np.zeros(rows.size, dtype=np.int64)
    coded = [DIMENSIONS[name].code(log, rows) for name in dimensions]
    for codes, labels in coded:
        combined = combined * max(len(labels), 1) + codes
    keys, group = renumbered(combined)
    columns: list[list[str]] = []
    left = keys
    for _, labels in reversed(coded):
        size = max(len(labels), 1)
        columns.append([labels[code] for code in left % size])
        left = left // size
    texts: list[tuple[str, ...]] = list(zip(*reversed(columns), strict=True)) if columns else [()] * keys.size
    return Groups(log=log, rows=rows, group=group, count=int(keys.size), by_event=by_event), texts


def _values(groups: Groups, metrics: Iterable[str]) -> Values:
    return {name: METRICS[name].compute(groups) for name in metrics}


def _lines(log: WebLog, rows: Ints, report: Report, plain: tuple[str, ...]) -> list[Line]:
    """Rows of one date range, those dropped that the metric filter or emptiness drops."""
    by_event = "eventName" in plain or '"eventName"' in json.dumps(report.dimension_filter)
    groups, texts = _grouped(log, rows, plain, by_event=by_event)
    values = _values(groups, report.metrics)
    keep = np.ones(groups.count, dtype=bool)
    if report.metric_filter is not None:

        def leaf(body: Json) -> npt.NDArray[np.bool_]:
            name = str(body.get("fieldName", ""))
            if name not in values:
                raise GoogleError(400, f"Field {name} is not a metric of this request.")
            return metric_mask(body, values[name])

        keep &= evaluate(report.metric_filter, groups.count, leaf)
    if report.metrics and not report.keep_empty_rows and len(report.ranges) == 1:
        keep &= np.any([values[name] != 0 for name in report.metrics], axis=0)
    kept = np.flatnonzero(keep)
    matrix = [values[name][kept].tolist() for name in report.metrics]
    numbers = list(zip(*matrix, strict=True)) if matrix else [()] * kept.size
    return [Line(texts[n], row) for n, row in zip(kept.tolist(), numbers, strict=True)]


def _all_ranges(parts: list[tuple[Range, list[Line]]], report: Report) -> list[Line]:
    """Rows of several ranges: each combination appears in every range, with zeros where it had nothing."""
    nothing = (0,) * len(report.metrics)
    combinations = dict.fromkeys(line.texts for _, lines in parts for line in lines)
    found = {(period.name, line.texts): line.values for period, lines in parts for line in lines}
    return [
        Line((*texts, period.name), found.get((period.name, texts), nothing))
        for texts in combinations
        for period, _ in parts
    ]


def _sorted(lines: list[Line], report: Report) -> list[Line]:
    """By the request's keys, the last first; without any, by the first metric from the top, as Google mostly does."""
    lines = sorted(lines, key=lambda line: line.texts)
    orders = report.orders
    if not orders and report.metrics:
        orders = (Order(name=report.metrics[0], is_metric=True, descending=True, order_type="NUMERIC"),)
    for order in reversed(orders):
        if order.is_metric:
            at = report.metrics.index(order.name)
            lines.sort(key=lambda line, at=at: line.values[at], reverse=order.descending)  # type: ignore[misc]
            continue
        at = report.dimensions.index(order.name)
        kind = order.order_type

        def key(line: Line, at: int = at, kind: str = kind) -> tuple[float, str]:
            text = line.texts[at]
            if kind == "NUMERIC":
                return (float(text) if text.replace(".", "", 1).isdigit() else -1.0, text)
            return (0.0, text.lower() if kind == "CASE_INSENSITIVE_ALPHANUMERIC" else text)

        lines.sort(key=key, reverse=order.descending)
    return lines


def _page(lines: list[Line], report: Report, faults: Active) -> list[Line]:
    offset = report.offset
    if offset and faults.has(DuplicateRow):
        offset -= 1
    if offset and faults.has(PageDrift):
        lines = [lines[-1], *lines[:-1]]
    return lines[offset : offset + report.limit]


def _text(name: str, value: float) -> str:
    return str(float(value)) if METRICS[name].type == "TYPE_FLOAT" else str(int(value))


def _row(texts: Iterable[str], values: Iterable[float], metrics: Iterable[str]) -> Json:
    row: Json = {}
    if dimension_values := [{"value": text} for text in texts]:
        row["dimensionValues"] = dimension_values
    if metric_values := [{"value": _text(name, value)} for name, value in zip(metrics, values, strict=True)]:
        row["metricValues"] = metric_values
    return row


def _aggregates(
    reply: Json, report: Report, selected: list[tuple[Range, Ints]], log: WebLog, lines: list[Line]
) -> None:
    """``totals``, ``minimums``, ``maximums``; a total counts distinct users anew and adds nothing up."""
    several = len(report.ranges) > 1
    for aggregation in report.aggregations:
        rows = []
        for period, chosen in selected:
            mine = [line for line in lines if not several or line.texts[-1] == period.name]
            if aggregation == "TOTAL":
                whole, _ = _grouped(log, chosen, ())
                numbers = [float(v[0]) if v.size else 0.0 for v in _values(whole, report.metrics).values()]
            elif aggregation == "COUNT":
                numbers = [float(len(mine))] * len(report.metrics)
            else:
                pick = min if aggregation == "MINIMUM" else max
                numbers = [pick((line.values[n] for line in mine), default=0.0) for n in range(len(report.metrics))]
            names = [f"RESERVED_{aggregation[:3] if aggregation in {'MINIMUM', 'MAXIMUM'} else aggregation}"]
            texts = names * (len(report.dimensions) - several) + ([period.name] if several else [])
            rows.append(_row(texts, numbers, report.metrics))
        field = {"TOTAL": "totals", "MINIMUM": "minimums", "MAXIMUM": "maximums"}.get(aggregation)
        if field and report.metrics:
            reply[field] = rows


def run(report: Report, *, log: WebLog, zone: str, now: datetime, faults: Active, enums_as_int: bool) -> Json:
    """The response's JSON, without ``propertyQuota``."""
    several = len(report.ranges) > 1
    plain = report.dimensions[:-1] if several else report.dimensions
    if any(name not in DIMENSIONS for name in plain):
        selected: list[tuple[Range, Ints]] = [(period, np.zeros(0, dtype=np.int64)) for period in report.ranges]
        lines: list[Line] = []
    else:
        selected = [
            (
                period,
                _filtered(
                    log,
                    known_rows(log, first=period.first, last=period.last, now=now, empty=faults.empty_days()),
                    report.dimension_filter,
                ),
            )
            for period in report.ranges
        ]
        parts = [(period, _lines(log, rows, report, plain)) for period, rows in selected]
        lines = _sorted(_all_ranges(parts, report) if several else parts[0][1], report)
    reply: Json = {}
    if report.dimensions:
        reply["dimensionHeaders"] = [{"name": name} for name in report.dimensions]
    if report.metrics:
        reply["metricHeaders"] = [
            {"name": name, "type": METRIC_TYPES[METRICS[name].type] if enums_as_int else METRICS[name].type}
            for name in report.metrics
        ]
    if page := _page(lines, report, faults):
        reply["rows"] = [_row(line.texts, line.values, report.metrics) for line in page]
    _aggregates(reply, report, selected, log, lines)
    if lines:
        reply["rowCount"] = len(lines)
    reply["metadata"] = {"currencyCode": report.currency, "timeZone": zone}
    reply["kind"] = "analyticsData#runReport"
    return reply
