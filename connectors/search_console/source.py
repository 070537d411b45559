"""Google Search Console: clicks, impressions and positions by day, of the whole site and by page (API.md, section 2).

Totals come from a request by date alone: whatever is asked with more dimensions leaves something out. What belongs
here: requests and rows. What does not: what Google's errors mean (``google/errors.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from connectors.core.arrow import distinct
from connectors.core.base import Answer, BaseSource
from connectors.core.budget import Limit
from connectors.core.columns import Report
from connectors.core.doubt import Doubt, by_month
from connectors.core.errors import NotYet, SourceError, Unavailable
from connectors.core.http import Http, claims_towards
from connectors.core.protocol import Context, Probe, Quality, Source, SourceType, Stream
from connectors.core.raw_tables import SEARCH_DAILY, SEARCH_PAGES_DAILY
from connectors.core.shape import BadShape
from connectors.google.errors import PACIFIC, classifier
from connectors.search_console.report import Searches, days_in, lines, searches_of, shape_of_rows
from connectors.search_console.settings import SearchConsole
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

if TYPE_CHECKING:
    import pyarrow as pa

VENDOR = "https://searchconsole.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/webmasters.readonly",)
A_USER, A_PROJECT = Limit(1_200, 60.0), Limit(40_000, 60.0)
"""https://developers.google.com/webmaster-tools/limits, of searches. The 1,200 a minute and site are an account's, and
30,000,000 a day and project are 347 calls a second all day long."""
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


class SearchConsoleSource(BaseSource[Http]):
    """One property. Days are Pacific days."""

    def __init__(self, *, settings: SearchConsole, context: Context, http: Http) -> None:
        super().__init__(context=context, transport=http, zone=PACIFIC)
        self._site = settings.site_url
        self._path = f"/webmasters/v3/sites/{quote(settings.site_url, safe='')}/searchAnalytics/query"
        self.windows = {DAILY.name: self._daily, PAGES.name: self._pages}

    def probe(self) -> Probe:
        """The last ten days by date: reachable, permitted, and how fresh."""
        self.transport.begin(keep_replies=False)
        yesterday = self.today() - ONE_DAY
        window = Window(yesterday - 9 * ONE_DAY, yesterday)
        searches = self.shaped("asking the last ten days", lambda: self._searches(window, ("date",), "auto"))
        days = searches.rows.column("date").to_pylist()
        newest = f"newest day {days[-1]}" if days else "no search in the last ten days"
        return Probe(reachable=True, detail=f"{self._site}, {newest}", rows=len(days), version="v3")

    def _daily(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS)
        return self._answer(part, self._searches(part, ("date",), "auto"), DAILY)

    def _pages(self, window: Window) -> Answer:
        import pyarrow.compute as pc

        part = self.clip(window, history_days=KEPT_DAYS)
        searches = self._searches(part, ("date", "page"), "byPage")
        by_day = pc.value_counts(days_in(searches.rows)).to_pylist()
        most = max((one["counts"] for one in by_day), default=0)
        capped = {one["values"]: (float(one["counts"] >= DAY_CAP_ROWS), 1.0) for one in by_day}
        quality = {"most_rows_a_day": most}
        return self._answer(part, searches, PAGES, quality, doubts=by_month(capped, code="rows_capped"))

    def _answer(
        self,
        part: Window,
        searches: Searches,
        stream: Stream,
        quality: Quality | None = None,
        doubts: Sequence[Doubt] = (),
    ) -> Answer:
        """Rows with ``is_final``, over the days that Google has begun to process: a younger one is not 0."""
        import pyarrow as pa
        import pyarrow.compute as pc

        whole_before = searches.first_incomplete or self.today() - timedelta(days=FRESH_DAYS)
        day = days_in(searches.rows)
        newest = max([whole_before - ONE_DAY, *pc.unique(day).to_pylist()])
        if newest < part.start:
            # a second run of one day asks for the newest days alone, and they are often not counted yet
            is_young = (self.today() - part.start).days <= stream.settle_days
            kind: type[SourceError] = NotYet if is_young else Unavailable
            raise self.transport.error(
                kind,
                attempted=f"reading {stream.name}, {part.start} to {part.end}",
                detail="Google has not processed these days yet",
                status=200,
            )
        incomplete = searches.first_incomplete.isoformat() if searches.first_incomplete else None
        rows = searches.rows.set_column(0, "day", day)
        return Answer(
            rows=rows.append_column("is_final", pc.less(day, pa.scalar(whole_before))),
            covers=Window(part.start, min(part.end, newest)),
            quality={"aggregation": searches.aggregation, "first_incomplete": incomplete, **(quality or {})},
            doubts=(*doubts, *searches.doubts),
        )

    def _searches(self, window: Window, dimensions: tuple[str, ...], by: str) -> Searches:
        """Every row. What fills a page is asked day by day: shorter lists move less, and a day's cap shows."""
        import pyarrow as pa

        first = self._ask(window, dimensions, by, start=0)
        rows = lines(first, dimensions)
        if rows.num_rows < PAGE_ROWS:
            return searches_of(rows, first)
        if window.days > 1:
            days = [self._searches(Window(day, day), dimensions, by) for day in window]
            return Searches(
                rows=pa.concat_tables([one.rows for one in days]),
                first_incomplete=min((day for one in days if (day := one.first_incomplete)), default=None),
                aggregation=days[0].aggregation,
                doubts=tuple(doubt for one in days for doubt in one.doubts),
            )
        return self._day_by_pages(window, dimensions, by)

    def _day_by_pages(self, day: Window, dimensions: tuple[str, ...], by: str) -> Searches:
        """One day over several pages, read again where a row came twice: then rows moved, and others were passed by.

        A row that comes twice in each pass, in a list that is the same each time, is one row.
        """
        import pyarrow as pa

        before: pa.Table | None = None
        for _ in range(MOST_PASSES):
            pages: list[pa.Table] = []
            read = 0
            while True:
                report = self._ask(day, dimensions, by, start=read)
                page = lines(report, dimensions)
                pages.append(page)
                read += page.num_rows
                if page.num_rows < PAGE_ROWS or read > DAY_CAP_ROWS:
                    break
            rows = pa.concat_tables(pages)
            if distinct(rows, dimensions) == read:
                return searches_of(rows, report)
            if before is not None and rows.equals(before):
                once = rows.group_by(rows.column_names, use_threads=False).aggregate([])
                gone = Doubt(code="list_not_whole", quantity=once.num_rows, of=read, days=day)
                return replace(searches_of(once, report), doubts=(gone,))
            before = rows
        raise BadShape(path="rows", wanted="a day's list that holds still while it is paged", found=read)

    def _ask(self, window: Window, dimensions: tuple[str, ...], by: str, *, start: int) -> Report:
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
        report = self.transport.post_report(self._path, attempted=attempted, body=body, shape=shape_of_rows())
        fields = {name for name, _ in report.document.items()}
        if fields and not fields & _REPLY_FIELDS:
            raise BadShape(path="", wanted="a report of searches", found=report.document.value)
        return report


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one property. Raises ``Misconfigured`` where the key is missing or is none."""
    from connectors.google.auth import Bearer, key_token

    assert isinstance(settings, SearchConsole)  # noqa: S101 - the registry pairs settings and builders by type
    token = key_token(context, source=settings.id, field="credentials", scopes=SCOPES)
    classify = classifier(
        now=context.now,
        api="Google Search Console API",
        auth_cure=token.cure,
        permission_cure=f"add {token.email} as a user of the property {settings.site_url} in Search Console",
    )
    base_url = context.base_url or VENDOR
    bearer = Bearer(context, source=settings.id, token=token)
    http = Http(
        context=context,
        source=settings.id,
        base_url=base_url,
        classify=classify,
        authorize=bearer,
        renew=bearer.renew,
        secrets=[context.secret("credentials")],
        claims=claims_towards(base_url, token.counted_by(user=A_USER, project=A_PROJECT)),
    )
    return SearchConsoleSource(settings=settings, context=context, http=http)


SEARCH_CONSOLE = SourceType(
    settings=SearchConsole,
    streams=(DAILY, PAGES),
    build=build,
    day_boundary="Pacific time",
    vendor_url=VENDOR,
    docs="16 months, at once; the last two or three days are partial.",
    limits=(
        f"{PAGE_ROWS:,} rows a request, and by page {DAY_CAP_ROWS:,} a day. 1,200 requests a minute and user, and a"
        " quota for load, on which a long range by page is dear. A throttle is waited for, a quota that is used up is"
        " not: the next night goes on."
    ),
    library="requests, google-auth",
)
