"""GA4's filter expressions over the texts of dimensions and the values of metrics.

What belongs here: ``FilterExpression`` with and, or, not, string, list, numeric and between filters. What does not:
where texts and values come from.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from connectors.sandbox.call import Json
from connectors.sandbox.vendors.ga4.request import enum
from connectors.sandbox.vendors.google.errors import GoogleError

Mask = npt.NDArray[np.bool_]
MATCH_TYPES = {1: "EXACT", 2: "BEGINS_WITH", 3: "ENDS_WITH", 4: "CONTAINS", 5: "FULL_REGEXP", 6: "PARTIAL_REGEXP"}
OPERATIONS = {1: "EQUAL", 2: "LESS_THAN", 3: "LESS_THAN_OR_EQUAL", 4: "GREATER_THAN", 5: "GREATER_THAN_OR_EQUAL"}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "EQUAL": operator.eq,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
}


def _text_test(body: Json) -> Callable[[str], bool]:
    value, sensitive = str(body.get("value", "")), bool(body.get("caseSensitive"))
    match = enum(body.get("matchType"), MATCH_TYPES, default="EXACT")
    if match in {"FULL_REGEXP", "PARTIAL_REGEXP"}:
        try:
            pattern = re.compile(value, 0 if sensitive else re.IGNORECASE)
        except re.error as error:
            raise GoogleError(400, f"Invalid regular expression: {value}") from error
        find = pattern.fullmatch if match == "FULL_REGEXP" else pattern.search
        return lambda text: find(text) is not None
    wanted = value if sensitive else value.lower()
    tests: dict[str, Callable[[str], bool]] = {
        "EXACT": lambda text: text == wanted,
        "BEGINS_WITH": lambda text: text.startswith(wanted),
        "ENDS_WITH": lambda text: text.endswith(wanted),
        "CONTAINS": lambda text: wanted in text,
    }
    if match not in tests:
        raise GoogleError(400, f"Invalid value at 'string_filter.match_type' (TYPE_ENUM), \"{match}\"")
    test = tests[match]
    return test if sensitive else lambda text: test(text.lower())


def _number(body: Json) -> float:
    value = body.get("int64Value", body.get("doubleValue"))
    if value is None:
        raise GoogleError(400, "A numeric value is required in the filter.")
    return float(value)


def dimension_test(body: Json) -> Callable[[str], bool]:
    """Test of one dimension's text from a ``Filter``."""
    if "stringFilter" in body:
        return _text_test(body["stringFilter"])
    if "inListFilter" in body:
        tests = [
            _text_test({**body["inListFilter"], "value": value}) for value in body["inListFilter"].get("values", [])
        ]
        return lambda text: any(test(text) for test in tests)
    if "emptyFilter" in body:
        return lambda text: text in {"", "(not set)"}
    raise GoogleError(400, "A dimension filter requires a stringFilter, inListFilter or emptyFilter.")


def metric_mask(body: Json, values: npt.NDArray[Any]) -> Mask:
    """Which values pass a ``Filter`` on a metric."""
    if "numericFilter" in body:
        operation = enum(body["numericFilter"].get("operation"), OPERATIONS, default="EQUAL")
        passed: Mask = _COMPARE[operation](values, _number(body["numericFilter"].get("value", {})))
        return passed
    if "betweenFilter" in body:
        low, high = (_number(body["betweenFilter"].get(end, {})) for end in ("fromValue", "toValue"))
        between: Mask = (values >= low) & (values <= high)
        return between
    raise GoogleError(400, "A metric filter requires a numericFilter or betweenFilter.")


def evaluate(expression: Json, size: int, leaf: Callable[[Json], Mask]) -> Mask:
    """Which of ``size`` rows pass; ``leaf`` answers for one ``Filter``."""
    if "andGroup" in expression:
        passed = np.ones(size, dtype=bool)
        for part in expression["andGroup"].get("expressions", []):
            passed &= evaluate(part, size, leaf)
        return passed
    if "orGroup" in expression:
        passed = np.zeros(size, dtype=bool)
        for part in expression["orGroup"].get("expressions", []):
            passed |= evaluate(part, size, leaf)
        return passed
    if "notExpression" in expression:
        return ~evaluate(expression["notExpression"], size, leaf)
    if "filter" in expression:
        return leaf(expression["filter"])
    raise GoogleError(400, "A filter expression requires andGroup, orGroup, notExpression or filter.")
