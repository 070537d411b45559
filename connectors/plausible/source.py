"""Plausible: visits, pages and visitors of one site, hosted or self-hosted, by the Stats API v2 (API.md, section 9).

What belongs here: queries, pages of results, errors, and what the figures mean. What does not: HTTP (``core/http.py``).

Plausible sets no cookie: a visitor is a hash with a salt that is thrown away every day (UTC), so nobody is recognised
from one day to the next. A month's visitors count a person once for each day on which they came. That is Plausible's
own figure and is asked for at month grain; it can't be compared with GA4's or Matomo's, and ``visitors_definition``
says so. Engagement has no sum: ``time_on_page`` is a rounded mean per visit without its denominator, so seconds stay
empty.

Replies name no zone, only offsets, in the query as they resolved it. The client's zone is taken where the offset agrees
with it then, else the offset itself; days stay the site's own either way. Imported statistics are included where the
site has them, and noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.columns import Report
from connectors.core.errors import AuthFailed, BadReply, NotFound, PermissionMissing, QuotaExhausted
from connectors.core.http import Http, Verdict, verdict_by_status
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import WEB_DAILY, WEB_MONTHLY, WEB_PAGES_DAILY
from connectors.core.reply import Reply
from connectors.core.shape import BadShape
from connectors.plausible.report import RESULTS, as_days, has_imports, has_repeats, lines, resolved_end, zone_at
from connectors.plausible.settings import Plausible
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, local_date, month_end, month_start

VENDOR = "https://plausible.io"
QUERY = "/api/v2/query"
WHOLE_HISTORY_DAYS = 3660
"""One read takes all of it, in several requests, so that what lies before the site's first day is found out at once."""
PAGE_DAYS_A_REQUEST, PAGE_ROWS = 31, 10_000
MOST_LISTINGS = 3
HOST_NAME = "event:hostname"
PAGE_NAMES = ("time:day", "event:page", HOST_NAME)
VISITORS_DEFINITION = (
    "Plausible visitors: no cookie and a new salt each day, so a person counts once for each day of visit"
)
WITH_IMPORTS = "; with imported statistics of another tool"

DAILY = Stream(
    table=WEB_DAILY,
    delivery="window",
    settle_days=4,
    slice_days=WHOLE_HISTORY_DAYS,
    api=f"POST {QUERY}, by time:day",
    note="days before the site's first statistics; seconds with the page in the foreground",
)
MONTHLY = Stream(
    table=WEB_MONTHLY,
    delivery="window",
    grain="month",
    settle_days=4,
    slice_days=WHOLE_HISTORY_DAYS,
    api=f"POST {QUERY}, by time:month, one request a month",
    note="months before the site's first statistics; people, as nobody is recognised from one day to the next",
)
PAGES = Stream(
    table=WEB_PAGES_DAILY,
    delivery="window",
    settle_days=4,
    slice_days=WHOLE_HISTORY_DAYS,
    api=f"POST {QUERY}, by time:day, event:page and, where it is known, event:hostname",
    note="days before the site's first statistics; seconds with the page in the foreground",
)


class PlausibleSource(BaseSource[Http]):
    """One site."""

    def __init__(self, *, context: Context, http: Http, site_id: str, page_rows: int = PAGE_ROWS) -> None:
        super().__init__(context=context, http=http, zone=context.client_zone)
        self._site_id, self._page_rows = site_id, page_rows
        self._page_names: tuple[str, ...] = PAGE_NAMES
        self._since: date | None = None
        self.windows = {DAILY.name: self._daily, MONTHLY.name: self._monthly, PAGES.name: self._pages}

    def zone(self) -> ZoneInfo:
        """The site's zone, as far as a reply's offset tells it."""
        if self._since is None:
            self.shaped("learning the site's first day", self._first_day)
        return self._zone

    def probe(self) -> Probe:
        """Since when there are statistics, and yesterday's visits."""
        self.http.begin(keep_replies=False)
        return self.shaped("reading yesterday's visits", self._probe)

    def _probe(self) -> Probe:
        since, yesterday = self._first_day(), self.today() - ONE_DAY
        report = self._ask(("visits",), Window(yesterday, yesterday), dimensions=("time:day",))
        visits = sum(lines(report, ("time:day",), ("visits",)).column("visits").to_pylist())
        detail = f"{self._site_id} since {since}, days in {self._zone.key}, {visits} visits yesterday"
        return Probe(reachable=True, detail=detail, rows=visits, version="v2")

    def _ask(self, metrics: Sequence[str], days: Window, *, dimensions: Sequence[str], offset: int = 0) -> Report:
        """One query."""
        body: dict[str, Any] = {
            "site_id": self._site_id,
            "metrics": list(metrics),
            "date_range": [str(days.start), str(days.end)],
            "dimensions": list(dimensions),
            "order_by": [[name, "asc"] for name in dimensions],
            "include": {"imports": True, "total_rows": True},
            "pagination": {"limit": self._page_rows, "offset": offset},
        }
        attempted = f"asking {', '.join(metrics)} of {days.start} to {days.end}"
        return self.http.post_report(QUERY, attempted=attempted, body=body, shape=RESULTS)

    def _first_day(self) -> date:
        """Day of the first statistics, before which Plausible knows nothing; learns the site's offset on the way.

        Of a site without any statistics yet, yesterday: whether it was there before, Plausible does not say.
        """
        if self._since is None:
            today = local_date(self.context.now, self.context.client_zone)
            whole = Window(today - WHOLE_HISTORY_DAYS * ONE_DAY, today)
            report = self._ask(("visitors",), whole, dimensions=("time:day",))
            days = as_days(lines(report, ("time:day",), ("visitors",)).column("time:day")).to_pylist()
            self._zone = zone_at(resolved_end(report.document), usual=self.context.client_zone)
            self._since = min([local_date(self.context.now, self._zone) - ONE_DAY, *days])
        return self._since

    def _known(self, window: Window, *, by_month: bool = False) -> Window:
        """The part of ``window`` since the first statistics. Raises ``NotFound`` where that is nothing."""
        since = month_start(self._first_day()) if by_month else self._first_day()
        return self.clip(window, history_days=(self.today() - since).days)

    def _all(self, metrics: Sequence[str], days: Window, *, dimensions: Sequence[str]) -> tuple[pa.Table, bool]:
        """Every page of a query, and whether imports are in it. Where rows came or went meanwhile, read again."""
        for _ in range(MOST_LISTINGS):
            pages: list[pa.Table] = []
            read, imports, is_last = 0, False, False
            while not is_last:
                report = self._ask(metrics, days, dimensions=dimensions, offset=read)
                page, told = lines(report, dimensions, metrics), report.document
                pages.append(page)
                read, imports = read + page.num_rows, imports or has_imports(told)
                total = told["meta"].whole("total_rows", None) if "meta" in told else None
                ends = page.num_rows < self._page_rows if total is None else read >= total
                # one who gives the same page for ever would not come to an end: looked at after 1, 2, 4, 8 ... pages
                is_due = len(pages) & (len(pages) - 1) == 0
                is_last = ends or not page.num_rows or (is_due and has_repeats(pages, dimensions))
            if total in {None, read} and not has_repeats(pages, dimensions):
                return pa.concat_tables(pages), imports
        raise self.http.error(
            BadReply, attempted=f"reading pages of {days.start} to {days.end}", detail="the list never held still"
        )

    def _daily(self, window: Window) -> Answer:
        days = self._known(window)
        result, imports = self._all(("visits", "pageviews", "visitors"), days, dimensions=("time:day",))
        rows: list[Row] = [
            {
                "day": day,
                "sessions": line["visits"],
                "page_views": line["pageviews"],
                "engagement_seconds": None,
                "visitors": line["visitors"],
                "total_users": None,
                "is_final": self.is_final(day, DAILY),
            }
            for day, line in zip(as_days(result.column("time:day")).to_pylist(), result.to_pylist(), strict=True)
        ]
        return Answer(rows=rows, covers=days, quality={"imports_included": imports})

    def _monthly(self, window: Window) -> Answer:
        """One request for each month, exactly its days; the running month up to the window's end, marked so."""
        months, rows, any_imports = self._known(window, by_month=True), list[Row](), False
        for month in months.months():
            days = Window(month, min(month_end(month), months.end))
            report = self._ask(("visitors",), days, dimensions=("time:month",))
            found = lines(report, ("time:month",), ("visitors",))
            told = as_days(found.column("time:month")).to_pylist()
            counted = dict(zip(told, found.column("visitors").to_pylist(), strict=True))
            if not counted.keys() <= {month}:
                raise BadShape(path="results", wanted=f"the month {month} only", found=sorted(map(str, counted)))
            imports = has_imports(report.document)
            any_imports = any_imports or imports
            rows.append(
                {
                    "month": month,
                    "asked_through": days.end,
                    "visitors": counted.get(month, 0),
                    "total_users": None,
                    "visitors_definition": VISITORS_DEFINITION + (WITH_IMPORTS if imports else ""),
                    "is_final": days.end == month_end(month) and self.is_final(days.end, MONTHLY),
                }
            )
        return Answer(rows=rows, covers=months, quality={"imports_included": any_imports})

    def _pages(self, window: Window) -> Answer:
        days, parts, any_imports = self._known(window), list[pa.Table](), False
        newest_final = self.today() - (PAGES.settle_days + 1) * ONE_DAY
        for part in days.slices(PAGE_DAYS_A_REQUEST):
            result, imports = self._all_pages(part)
            any_imports = any_imports or imports
            day, count = as_days(result.column("time:day")), result.num_rows
            hosts = result.column(HOST_NAME) if HOST_NAME in result.column_names else pa.array([""] * count)
            parts.append(
                pa.table(
                    {
                        "day": day,
                        "host": pc.if_else(pc.equal(hosts, "(not set)"), "", hosts),
                        "path": result.column("event:page"),
                        "page_views": result.column("pageviews"),
                        "engagement_seconds": pa.nulls(count, pa.float64()),
                        "is_final": pc.less_equal(day, pa.scalar(newest_final)),
                    }
                )
            )
        return Answer(rows=pa.concat_tables(parts), covers=days, quality={"imports_included": any_imports})

    def _all_pages(self, days: Window) -> tuple[pa.Table, bool]:
        """Page views by day and page, and by host where this Plausible tells hosts apart."""
        try:
            return self._all(("pageviews",), days, dimensions=self._page_names)
        except BadReply as error:
            if error.status != HTTPStatus.BAD_REQUEST or HOST_NAME not in self._page_names:
                raise
        self._page_names = tuple(name for name in self._page_names if name != HOST_NAME)
        return self._all(("pageviews",), days, dimensions=self._page_names)


def classify(reply: Reply) -> Verdict | None:
    """Plausible's errors, one sentence each in ``error``; a wrong site id is refused like a wrong key."""
    if reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    detail = reply.excerpt()
    if reply.status == 401:
        return Verdict(error=AuthFailed, detail=detail, cure="check the Stats API key and that it may read site_id")
    if reply.status == 402:
        return Verdict(
            error=PermissionMissing, detail=detail, cure="the site's subscription must include the Stats API"
        )
    if reply.status == 404:
        return Verdict(error=NotFound, detail=detail, cure="check base_url; a self-hosted Plausible needs Stats API v2")
    if reply.status == 429 and "hour" in detail:
        return Verdict(error=QuotaExhausted, detail=detail)
    return verdict_by_status(reply)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one site. Raises ``Misconfigured`` where the token is missing."""
    assert isinstance(settings, Plausible)  # noqa: S101 - the registry pairs settings and builders by type
    token = context.secret("token")
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url or VENDOR,
        classify=classify,
        headers={"Authorization": f"Bearer {token}"},
        secrets=[token],
    )
    return PlausibleSource(context=context, http=http, site_id=settings.site_id)


PLAUSIBLE = SourceType(
    settings=Plausible,
    streams=(DAILY, MONTHLY, PAGES),
    build=build,
    day_boundary="the site's zone; replies give only its offset",
    vendor_url=VENDOR,
    docs="All statistics since the site was added, and imported ones, at once; a month's visitors are not people.",
    limits=(
        f"600 requests an hour; {PAGE_ROWS:,} rows each. A year by page takes some twelve. A quota that is used up is"
        " not waited for: the next night goes on."
    ),
)
