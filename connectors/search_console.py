"""Google Search Console: clicks, impressions and positions by day, of the whole site and by page (API.md, section 2).

Totals come from a request by date alone: whatever is asked with more dimensions leaves something out. What belongs
here: requests and rows. What does not: what Google's errors mean (``google_errors.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from connectors.arrow import Row
from connectors.base import Answer, BaseSource
from connectors.errors import NotYet, SourceError, Unavailable
from connectors.google_errors import PACIFIC, classifier
from connectors.http import Http
from connectors.protocol import Context, Probe, Quality, Source, SourceType, Stream
from connectors.raw_tables import SEARCH_DAILY, SEARCH_PAGES_DAILY
from connectors.shape import BadShape, Node, as_day, whole_columns
from okr_models.periods import ONE_DAY, Window
from okr_models.sources import SearchConsole, SourceSettings

VENDOR = "https://searchconsole.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/webmasters.readonly",)
KEPT_DAYS = 485
"""Sixteen months are never fewer days."""
PAGE_ROWS = 25_000
DAY_CAP_ROWS = 50_000
"""Google gives no more rows of one day, the most clicked ones."""
FRESH_DAYS = 3
"""A day this old is processed, where Google does not say which days are not."""
MOST_PASSES = 3
_REPLY_FIELDS = frozenset({"rows", "responseAggregationType", "metadata"})
"""All of a reply's fields. Google leaves out what is empty, ``rows`` too, and so perhaps all of them."""

ANOMALIES = (
    "September 2025: Google no longer shows 100 results a page (`num=100`); fewer impressions and better positions from"
    " then on say nothing about the site",
    "2025-05-13 to 2026-04-27: Google counted impressions wrongly (announced 2026-04-03); impressions, and positions"
    " weighted by them, are off, clicks are right. Impressions are not comparable with the year before until May 2027",
)

DAILY = Stream(
    table=SEARCH_DAILY,
    delivery="window",
    settle_days=10,
    history_days=KEPT_DAYS,
    slice_days=KEPT_DAYS,
    api="POST /webmasters/v3/sites/{site}/searchAnalytics/query, by date",
    note="days of more than 16 months ago",
    annotations=ANOMALIES,
)
PAGES = Stream(
    table=SEARCH_PAGES_DAILY,
    delivery="window",
    settle_days=10,
    history_days=KEPT_DAYS,
    slice_days=31,
    api="POST /webmasters/v3/sites/{site}/searchAnalytics/query, by date and page",
    note=f"days of more than 16 months ago; pages beyond the {DAY_CAP_ROWS:,} most clicked of a day",
    annotations=(
        "the same as of `search_daily`",
        "counted by page, so that one search which shows two pages counts twice; the site's own total counts it once",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows of one query, the first day that Google has not processed whole, and how it counted."""

    rows: Sequence[Node]
    first_incomplete: date | None
    aggregation: str | None


class SearchConsoleSource(BaseSource[Http]):
    """One property. Days are Pacific days."""

    def __init__(self, *, settings: SearchConsole, context: Context, http: Http) -> None:
        super().__init__(context=context, http=http, zone=PACIFIC)
        self._site = settings.site_url
        self._path = f"/webmasters/v3/sites/{quote(settings.site_url, safe='')}/searchAnalytics/query"
        self.windows = {DAILY.name: self._daily, PAGES.name: self._pages}

    def probe(self) -> Probe:
        """The last ten days by date: reachable, permitted, and how fresh."""
        self.http.begin(keep_replies=False)
        yesterday = self.today() - ONE_DAY
        window = Window(yesterday - 9 * ONE_DAY, yesterday)
        report = self.shaped("asking the last ten days", lambda: self._report(window, ("date",), "auto"))
        days = [keys_of(row, 1)[0].value for row in report.rows]
        newest = f"newest day {days[-1]}" if days else "no search in the last ten days"
        return Probe(reachable=True, detail=f"{self._site}, {newest}", rows=len(days), version="v3")

    def _daily(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS)
        report = self._report(part, ("date",), "auto")
        rows = [(as_day(keys_of(row, 1)[0]), measured(row)) for row in report.rows]
        return self._answer(part, report, rows, DAILY)

    def _pages(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS)
        report = self._report(part, ("date", "page"), "byPage")
        rows = by_page(report.rows) or by_node(report.rows)
        most = max(Counter(day for day, _ in rows).values(), default=0)
        return self._answer(part, report, rows, PAGES, {"most_rows_a_day": most, "cap_hit": most >= DAY_CAP_ROWS})

    def _answer(
        self,
        part: Window,
        report: Report,
        rows: Sequence[tuple[date, Row]],
        stream: Stream,
        quality: Quality | None = None,
    ) -> Answer:
        """Rows with ``is_final``, over the days that Google has begun to process: a younger one is not 0."""
        whole_before = report.first_incomplete or self.today() - timedelta(days=FRESH_DAYS)
        newest = max([whole_before - ONE_DAY, *(day for day, _ in rows)])
        if newest < part.start:
            # a second run of one day asks for the newest days alone, and they are often not counted yet
            is_young = (self.today() - part.start).days <= stream.settle_days
            kind: type[SourceError] = NotYet if is_young else Unavailable
            raise self.http.error(
                kind,
                attempted=f"reading {stream.name}, {part.start} to {part.end}",
                detail="Google has not processed these days yet",
                status=200,
            )
        told = report.first_incomplete.isoformat() if report.first_incomplete else None
        return Answer(
            rows=[{"day": day, **row, "is_final": day < whole_before} for day, row in rows],
            covers=Window(part.start, min(part.end, newest)),
            quality={"aggregation": report.aggregation, "first_incomplete": told, **(quality or {})},
        )

    def _report(self, window: Window, dimensions: tuple[str, ...], by: str) -> Report:
        """Every row. What fills a page is asked day by day: shorter lists move less, and a day's cap shows."""
        first = self._ask(window, dimensions, by, start=0)
        rows = first.each("rows", or_empty=True)
        if len(rows) < PAGE_ROWS:
            return Report(rows=rows, first_incomplete=first_incomplete(first), aggregation=aggregation(first))
        if window.days > 1:
            days = [self._report(Window(day, day), dimensions, by) for day in window]
            return Report(
                rows=[row for report in days for row in report.rows],
                first_incomplete=min((day for report in days if (day := report.first_incomplete)), default=None),
                aggregation=days[0].aggregation,
            )
        return self._day_by_pages(window, dimensions, by)

    def _day_by_pages(self, day: Window, dimensions: tuple[str, ...], by: str) -> Report:
        """One day over several pages, read again where a row came twice: then rows moved, and others were passed by."""
        for _ in range(MOST_PASSES):
            rows: list[Node] = []
            while True:
                reply = self._ask(day, dimensions, by, start=len(rows))
                page = reply.each("rows", or_empty=True)
                rows += page
                if len(page) < PAGE_ROWS or len(rows) > DAY_CAP_ROWS:
                    break
            if len({str(row["keys"].value) for row in rows}) == len(rows):
                return Report(rows=rows, first_incomplete=first_incomplete(reply), aggregation=aggregation(reply))
        raise BadShape(path="rows", wanted="a day's list that holds still while it is paged", found=len(rows))

    def _ask(self, window: Window, dimensions: tuple[str, ...], by: str, *, start: int) -> Node:
        body = {
            "startDate": window.start.isoformat(),
            "endDate": window.end.isoformat(),
            "dimensions": list(dimensions),
            "type": "web",
            "dataState": "all",
            "aggregationType": by,
            "rowLimit": PAGE_ROWS,
            "startRow": start,
        }
        attempted = f"searches by {' and '.join(dimensions)}, {window.start} to {window.end}, from row {start}"
        reply = self.http.post_json(self._path, attempted=attempted, body=body)
        told = {name for name, _ in reply.items()}
        if told and not told & _REPLY_FIELDS:
            raise BadShape(path="", wanted="a report of searches", found=reply.value)
        return reply


def keys_of(row: Node, count: int) -> list[Node]:
    """The row's dimension values, as many as were asked for."""
    keys = list(row["keys"])
    if len(keys) != count or not all(isinstance(key.value, str) for key in keys):
        raise BadShape(path=row["keys"].path, wanted=f"{count} texts", found=row["keys"].value)
    return keys


def by_page(rows: Sequence[Node]) -> list[tuple[date, Row]] | None:
    """Day and figures of each row, by whole columns; None where something is not as usual, which nodes then settle."""
    kinds = {"keys": (list,), "clicks": (int,), "impressions": (int,), "position": (int, float)}
    columns = whole_columns([row.value for row in rows], kinds)
    if columns is None:
        return None
    keys = [key for key in columns[0] if isinstance(key, list) and [type(text) for text in key] == [str, str]]
    if len(keys) != len(rows):
        return None
    days = {str(text): as_day(Node(text, "rows.keys[0]")) for text in {key[0] for key in keys}}
    return [
        (
            days[day],
            {"page": page, "clicks": clicks, "impressions": impressions, "position_sum": position * impressions},
        )
        for (day, page), clicks, impressions, position in zip(keys, *columns[1:], strict=True)
    ]


def by_node(rows: Sequence[Node]) -> list[tuple[date, Row]]:
    """The same of any rows. Raises ``BadShape`` with the place."""
    found: list[tuple[date, Row]] = []
    for row in rows:
        day, page = keys_of(row, 2)
        found.append((as_day(day), {"page": page.value, **measured(row)}))
    return found


def measured(row: Node) -> Row:
    """Clicks, impressions, and the position in a form that adds up."""
    impressions = row.whole("impressions")
    return {
        "clicks": row.whole("clicks"),
        "impressions": impressions,
        "position_sum": row.number("position") * impressions,
    }


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


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one property. Raises ``Misconfigured`` where the key is missing or is none."""
    from connectors.google_auth import Bearer, key_token

    assert isinstance(settings, SearchConsole)  # noqa: S101 - the registry pairs settings and builders by type
    token = key_token(context, source=settings.id, field="credentials", scopes=SCOPES)
    classify = classifier(
        now=context.now,
        api="Google Search Console API",
        auth_cure=token.cure,
        permission_cure=f"add {token.email} as a user of the property {settings.site_url} in Search Console",
    )
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url or VENDOR,
        classify=classify,
        authorize=Bearer(context, source=settings.id, token=token),
        secrets=[context.secret("credentials")],
    )
    return SearchConsoleSource(settings=settings, context=context, http=http)


SEARCH_CONSOLE = SourceType(
    type="search_console",
    title="Google Search Console",
    category="search",
    platform=None,
    streams=(DAILY, PAGES),
    build=build,
    day_boundary="Pacific time",
    vendor_url=VENDOR,
    docs="16 months, at once; the last two or three days are partial.",
    limits=(
        f"{PAGE_ROWS:,} rows a request, and by page {DAY_CAP_ROWS:,} a day. 1,200 requests a minute, and a quota for"
        " load, on which a long range by page is dear. A throttle is waited for, a quota that is used up is not: the"
        " next night goes on."
    ),
    library="requests, google-auth",
)
