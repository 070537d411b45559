"""One Search Console query: its request checked, and its rows from the world's searches.

Days are Pacific days and reach sixteen months back; older ones are left out without a word. By property a search counts
once, at its topmost page; by page each page it showed. Grouped or filtered by query, searches that are too rare to be
told are gone. Rows come by date, then by clicks. ``responseAggregationType`` and ``first_incomplete_date`` are spelled
as live replies have them, not as the discovery document does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.sandbox.call import Json
from connectors.sandbox.faults import Active, DuplicateRow, PageDrift
from connectors.sandbox.vendors.google.classic import ClassicError
from connectors.sandbox.world.days import day_start, epoch_day, from_epoch_day, local_days
from connectors.sandbox.world.search import COUNTRIES, DEVICES, LONGEST_DELAY_SECONDS, RARE, SearchLog
from okr_models.periods import Window, add_months, month_end, month_start

ZONE = "America/Los_Angeles"
KEPT_MONTHS = 16
DIMENSIONS = ("date", "query", "page", "country", "device")
TYPES = ("web", "image", "video", "news", "discover", "googlenews")
MOST_ROWS, USUAL_ROWS = 25_000, 1_000
_FILTERS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda value, wanted: value.lower() == wanted.lower(),
    "notEquals": lambda value, wanted: value.lower() != wanted.lower(),
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
    "notContains": lambda value, wanted: wanted.lower() not in value.lower(),
    "includingRegex": lambda value, wanted: re.search(wanted, value) is not None,
    "excludingRegex": lambda value, wanted: re.search(wanted, value) is None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query that Google would answer."""

    start: date
    end: date
    dimensions: tuple[str, ...]
    is_web: bool
    with_fresh: bool
    by_page: bool
    filters: tuple[tuple[str, str, str], ...]
    limit: int
    offset: int


def _invalid(message: str) -> ClassicError:
    return ClassicError(400, message, reason="invalidParameter")


def _day(body: Json, name: str) -> date:
    text = body.get(name)
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise _invalid(f"'{text}' is not a valid date for {name}; write YYYY-MM-DD.")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _invalid(f"'{text}' is not a valid date.") from error


def _word(body: Json, name: str, usual: str, known: tuple[str, ...]) -> str:
    """An enum, in the form of the guide (``byPage``) or of the discovery document (``BY_PAGE``)."""
    given = body.get(name) or usual
    word = str(given).replace("_", "").lower()
    if word not in known:
        raise _invalid(f"Invalid value at '{name}': \"{given}\"")
    return word


def _whole(body: Json, name: str, usual: int, *, low: int, high: int) -> int:
    value = body.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(f"{name} must be between {low} and {high}.")
    return value


def parse(body: Any, *, removed: frozenset[str]) -> Asked:
    """The query; raises Google's 400 where it is none."""
    if not isinstance(body, dict):
        raise _invalid("Invalid JSON payload received.")
    start, end = _day(body, "startDate"), _day(body, "endDate")
    if start > end:
        raise _invalid("startDate must be before or equal to endDate.")
    dimensions = tuple(str(name).lower() for name in body.get("dimensions") or ())
    for name in dimensions:
        if name not in DIMENSIONS or name in removed:
            raise _invalid(f"Invalid value at 'dimensions': \"{name}\"")
    if len(set(dimensions)) != len(dimensions):
        raise _invalid("Duplicate dimensions.")
    filters = tuple(_filters(body))
    names = {*dimensions, *(name for name, _, _ in filters)}
    aggregation = _word(body, "aggregationType", "auto", ("auto", "byproperty", "bypage"))
    if aggregation == "byproperty" and "page" in names:
        raise ClassicError(400, "Aggregation by property is not allowed when grouping or filtering by page.")
    state = _word(body, "dataState", "final", ("final", "all"))
    return Asked(
        start=start,
        end=end,
        dimensions=dimensions,
        is_web=_word(body, "type" if "type" in body else "searchType", "web", TYPES) == "web",
        with_fresh=state == "all",
        by_page=aggregation == "bypage" or "page" in names,
        filters=filters,
        limit=_whole(body, "rowLimit", USUAL_ROWS, low=1, high=MOST_ROWS),
        offset=_whole(body, "startRow", 0, low=0, high=2**31 - 1),
    )


def _filters(body: Json) -> list[tuple[str, str, str]]:
    found = []
    for group in body.get("dimensionFilterGroups") or ():
        for entry in group.get("filters") or ():
            name, operator = str(entry.get("dimension", "")).lower(), str(entry.get("operator") or "equals")
            if name not in DIMENSIONS or name == "date" or operator not in _FILTERS:
                raise _invalid("Invalid value at 'dimension_filter_groups'.")
            found.append((name, operator, str(entry.get("expression", ""))))
    return found


def first_incomplete(now: datetime) -> date:
    """The first Pacific day of which something may still come in."""
    processed = local_days(np.array([int(now.timestamp()) - LONGEST_DELAY_SECONDS], dtype=np.int64), ZONE)
    return from_epoch_day(int(processed[0]))


def oldest(now: datetime) -> date:
    """The first day that is kept."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    month = add_months(month_start(today), -KEPT_MONTHS)
    return min(month + timedelta(days=today.day - 1), month_end(month))


def run(asked: Asked, *, log: SearchLog, now: datetime, faults: Active) -> Json:
    """Google's reply."""
    incomplete = first_incomplete(now)
    start = max(asked.start, oldest(now))
    end = asked.end if asked.with_fresh else min(asked.end, incomplete - timedelta(days=1))
    groups: list[Json] = []
    if asked.is_web and start <= end:
        groups = _groups(asked, _shown(asked, log, Window(start, end), now=now, faults=faults), log)
    reply: Json = {}
    rows = _page(groups, asked, faults)
    if rows:
        reply["rows"] = rows
    reply["responseAggregationType"] = "byPage" if asked.by_page else "byProperty"
    if asked.with_fresh and "date" in asked.dimensions and end >= incomplete:
        reply["metadata"] = {"first_incomplete_date": max(incomplete, start).isoformat()}
    return reply


def _texts(log: SearchLog) -> dict[str, tuple[str, ...]]:
    """What the numbers of each dimension stand for."""
    return {"query": log.queries, "page": log.pages, "country": COUNTRIES, "device": DEVICES}


def _shown(asked: Asked, log: SearchLog, window: Window, *, now: datetime, faults: Active) -> pd.DataFrame:
    """Pages shown that count for this query, one row each, with numbers for dimensions."""
    ends = [day_start(window.start, ZONE), day_start(window.end + timedelta(days=1), ZONE)]
    first, last = (int(number) for number in np.searchsorted(log.at, ends))
    rows = slice(first, last)
    frame = pd.DataFrame(
        {
            "date": local_days(log.at[rows], ZONE),
            "query": log.query[rows],
            "page": log.page[rows],
            "country": log.country[rows],
            "device": log.device[rows],
            "clicks": log.clicked[rows].astype(np.int64),
            "position": log.position[rows].astype(np.int64),
            "search": log.search[rows],
        }
    )
    frame = frame[log.arrives[rows] <= int(now.timestamp())]
    frame = frame[~frame["date"].isin([epoch_day(day) for day in faults.empty_days()])]
    texts = _texts(log)
    for name, operator, wanted in asked.filters:
        fits = [number for number, text in enumerate(texts[name]) if _FILTERS[operator](text, wanted)]
        frame = frame[frame[name].isin(fits)]
    if "query" in asked.dimensions:
        frame = frame[frame["query"] != RARE]
    # of a search that shows two pages the upper one comes first, and by property only that counts
    return frame if asked.by_page else frame.drop_duplicates("search")


def _groups(asked: Asked, shown: pd.DataFrame, log: SearchLog) -> list[Json]:
    """All rows of the answer in Google's order."""
    if shown.empty:
        return []
    texts = _texts(log)
    by = list(asked.dimensions)
    table = (
        shown.assign(all=0)
        .groupby(by or ["all"])
        .agg(clicks=("clicks", "sum"), impressions=("clicks", "size"), position=("position", "sum"))
    )
    made: list[tuple[tuple[str, int, list[str]], Json]] = []
    for *numbers, clicks, impressions, position in table.reset_index().to_numpy(dtype=np.int64).tolist():
        keys = [
            from_epoch_day(int(number)).isoformat() if name == "date" else texts[name][int(number)]
            for name, number in zip(by, numbers, strict=False)
        ]
        row: Json = {"keys": keys} if keys else {}
        row |= {"clicks": clicks, "impressions": impressions}
        row |= {"ctr": clicks / impressions, "position": position / impressions}
        made.append(((keys[by.index("date")] if "date" in by else "", -clicks, keys), row))
    return [row for _, row in sorted(made, key=lambda entry: entry[0])]


def _page(groups: list[Json], asked: Asked, faults: Active) -> list[Json]:
    offset = asked.offset
    if offset and faults.has(PageDrift):
        groups = [groups[-1], *groups[:-1]] if groups else groups
    if offset and faults.has(DuplicateRow):
        offset -= 1
    return groups[offset : offset + asked.limit]
