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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.budget import Limit
from connectors.core.columns import Report
from connectors.core.doubt import Doubt, not_made
from connectors.core.errors import AuthFailed, BadReply, NotFound, PermissionMissing, QuotaExhausted
from connectors.core.http import Http, Verdict, limit_towards, verdict_by_status
from connectors.core.protocol import SINCE, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import WEB_DAILY, WEB_MONTHLY, WEB_PAGES_DAILY
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Json
from connectors.plausible.conversions import CHANNELS, EVENTS, GOAL, KEY_EVENTS, RATES, Conversions
from connectors.plausible.report import (
    Imports,
    as_days,
    has_repeats,
    imports_of,
    lines,
    resolved_end,
    shape_of_results,
    zone_at,
)
from connectors.plausible.settings import Plausible
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, local_date, month_end, month_start

if TYPE_CHECKING:
    import pyarrow as pa

VENDOR = "https://plausible.io"
QUERY = "/api/v2/query"
WHOLE_HISTORY_DAYS = 3660
A_KEY = Limit(600, 3_600.0)
"""https://plausible.io/docs/stats-api: 600 requests per hour for each API key, whichever sites it reads."""
"""One read takes all of it, in several requests, so that what lies before the site's first day is found out at once."""
PAGE_DAYS_A_REQUEST, PAGE_ROWS = 31, 10_000
MOST_LISTINGS = 3
HOST_NAME = "event:hostname"
WITHOUT_HOSTS = ("time:day", "event:page")
PAGE_NAMES = (*WITHOUT_HOSTS, HOST_NAME)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Every row of a query, and what speaks against them."""

    rows: pa.Table
    imports: Imports
    doubts: Sequence[Doubt]


class PlausibleSource(BaseSource[Http]):
    """One site."""

    def __init__(
        self,
        *,
        context: Context,
        http: Http,
        site_id: str,
        events: tuple[str, ...] = (),
        page_rows: int = PAGE_ROWS,
    ) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._site_id, self._page_rows = site_id, page_rows
        self._page_names: tuple[str, ...] = PAGE_NAMES
        self._since: date | None = None
        conversions = self._conversions = Conversions(self, events=events)
        self.windows = {
            DAILY.name: self._daily,
            MONTHLY.name: self._monthly,
            PAGES.name: self._pages,
            EVENTS.name: conversions.daily,
            RATES.name: conversions.rates,
            CHANNELS.name: conversions.channels,
        }
        self.lists = {KEY_EVENTS.name: conversions.listing}

    def zone(self) -> ZoneInfo:
        """The site's zone, as far as a reply's offset tells it."""
        if self._since is None:
            self.shaped("learning the site's first day", self._first_day)
        return self._zone

    def counts(self, stream: Stream) -> Mapping[str, Json]:
        """Since when there are statistics, which an import makes earlier; and the goals that are counted."""
        since: dict[str, Json] = {SINCE: self.shaped("learning the site's first day", self._first_day).isoformat()}
        return since | (self.shaped("listing goals", self._conversions.counts) if stream.counts_by else {})

    def probe(self) -> Probe:
        """Since when there are statistics, and yesterday's visits."""
        self.transport.begin(keep_replies=False)
        return self.shaped("reading yesterday's visits", self._probe)

    def _probe(self) -> Probe:
        since, yesterday = self._first_day(), self.today() - ONE_DAY
        report = self._ask(("visits",), Window(yesterday, yesterday), dimensions=("time:day",))
        visits = sum(lines(report, ("time:day",), ("visits",)).column("visits").to_pylist())
        detail = f"{self._site_id} since {since}, days in {self._zone.key}, {visits} visits yesterday"
        return Probe(reachable=True, detail=detail, rows=visits, version="v2")

    def _ask(
        self,
        metrics: Sequence[str],
        days: Window | None,
        *,
        dimensions: Sequence[str],
        filters: Sequence[Any] = (),
        offset: int = 0,
    ) -> Report:
        """One query; ``days`` None: over all time."""
        body: dict[str, Any] = {
            "site_id": self._site_id,
            "metrics": list(metrics),
            "date_range": [str(days.start), str(days.end)] if days else "all",
            "dimensions": list(dimensions),
            "order_by": [[name, "asc"] for name in dimensions],
            "include": {"imports": True, "total_rows": True},
            "pagination": {"limit": self._page_rows, "offset": offset},
            **({"filters": list(filters)} if filters else {}),
        }
        when = f"of {days.start} to {days.end}" if days else "over all time"
        attempted = f"asking {', '.join(metrics)} {when}"
        return self.transport.post_report(QUERY, attempted=attempted, body=body, shape=shape_of_results())

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

    def known(self, window: Window, *, by_month: bool = False) -> Window:
        """The part of ``window`` since the first statistics. Raises ``NotFound`` where that is nothing."""
        since = month_start(self._first_day()) if by_month else self._first_day()
        return self.clip(window, history_days=(self.today() - since).days)

    def goals(self) -> tuple[str, ...]:
        """Every goal that was ever reached, by its display name; Plausible lists them nowhere else for this key."""
        report = self._ask(("events",), None, dimensions=(GOAL,))
        return tuple(lines(report, (GOAL,), ("events",)).column(GOAL).to_pylist())

    def every(
        self, metrics: Sequence[str], days: Window, *, dimensions: Sequence[str], filters: Sequence[Any] = ()
    ) -> Listed:
        """Every page of a query. Where rows came or went meanwhile, read again.

        What each pass gives alike holds still, however many rows Plausible says there are: it is what there is to have.
        """
        import pyarrow as pa

        before: pa.Table | None = None
        for _ in range(MOST_LISTINGS):
            pages: list[pa.Table] = []
            read, imports, is_last = 0, Imports(), False
            while not is_last:
                report = self._ask(metrics, days, dimensions=dimensions, filters=filters, offset=read)
                page, document = lines(report, dimensions, metrics), report.document
                pages.append(page)
                read, imports = read + page.num_rows, imports | imports_of(document)
                total = document["meta"].whole("total_rows", None) if "meta" in document else None
                ends = page.num_rows < self._page_rows if total is None else read >= total
                # one who gives the same page for ever would not come to an end: looked at after 1, 2, 4, 8 ... pages
                is_due = len(pages) & (len(pages) - 1) == 0
                is_last = ends or not page.num_rows or (is_due and has_repeats(pages, dimensions))
            rows = pa.concat_tables(pages)
            repeats = has_repeats(pages, dimensions)
            if total in {None, read} and not repeats:
                return Listed(rows=rows, doubts=imports.doubts(days), imports=imports)
            if not repeats and before is not None and rows.equals(before):
                short = Doubt(code="list_not_whole", quantity=read, of=total, days=days)
                return Listed(rows=rows, doubts=[*imports.doubts(days), short], imports=imports)
            before = rows
        raise self.transport.error(
            BadReply, attempted=f"reading pages of {days.start} to {days.end}", detail="the list never held still"
        )

    def _daily(self, window: Window) -> Answer:
        days = self.known(window)
        listed = self.every(("visits", "pageviews", "visitors"), days, dimensions=("time:day",))
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
            for day, line in zip(
                as_days(listed.rows.column("time:day")).to_pylist(), listed.rows.to_pylist(), strict=True
            )
        ]
        return Answer(rows=rows, covers=days, doubts=tuple(listed.doubts))

    def _monthly(self, window: Window) -> Answer:
        """One request for each month, exactly its days; the running month up to the window's end, marked so.

        A month without a row had nobody, unless its days have somebody: then its figure is not there.
        """
        months, rows, doubts = self.known(window, by_month=True), list[Row](), list[Doubt]()
        for month in months.months():
            days = Window(month, min(month_end(month), months.end))
            report = self._ask(("visitors",), days, dimensions=("time:month",))
            found = lines(report, ("time:month",), ("visitors",))
            given = as_days(found.column("time:month")).to_pylist()
            counted = dict(zip(given, found.column("visitors").to_pylist(), strict=True))
            if not counted.keys() <= {month}:
                raise BadShape(path="results", wanted=f"the month {month} only", found=sorted(map(str, counted)))
            imports = imports_of(report.document)
            doubts += imports.doubts(days)
            if month not in counted:
                doubts += self._not_made(days)
                continue
            rows.append(
                {
                    "month": month,
                    "asked_through": days.end,
                    "visitors": counted[month],
                    "total_users": None,
                    "visitors_definition": VISITORS_DEFINITION + (WITH_IMPORTS if imports.included else ""),
                    "is_final": days.end == month_end(month) and self.is_final(days.end, MONTHLY),
                }
            )
        return Answer(rows=rows, covers=months, doubts=tuple(doubts))

    def _not_made(self, days: Window) -> list[Doubt]:
        """A doubt where a month without a row has visits by day."""
        by_day = self._ask(("visits",), days, dimensions=("time:day",))
        visits = sum(lines(by_day, ("time:day",), ("visits",)).column("visits").to_pylist())
        return [not_made(days, seen=visits, what=f"the visitors of {days.start:%Y-%m}")] if visits else []

    def _pages(self, window: Window) -> Answer:
        import pyarrow as pa
        import pyarrow.compute as pc

        days, parts, doubts = self.known(window), list[pa.Table](), list[Doubt]()
        newest_final = self.today() - (PAGES.settle_days + 1) * ONE_DAY
        for part in days.slices(PAGE_DAYS_A_REQUEST):
            listed = self._all_pages(part)
            doubts += listed.doubts
            result = listed.rows
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
        return Answer(rows=pa.concat_tables(parts), covers=days, doubts=tuple(doubts))

    def _all_pages(self, days: Window) -> Listed:
        """Page views by day and page, and by host where this Plausible tells hosts apart.

        Where imported statistics are left out because hosts are asked for, without them: an import may have no hosts.
        """
        try:
            listed = self.every(("pageviews",), days, dimensions=self._page_names)
        except BadReply as error:
            if error.status != HTTPStatus.BAD_REQUEST or HOST_NAME not in self._page_names:
                raise
            self._page_names = WITHOUT_HOSTS
            return self.every(("pageviews",), days, dimensions=self._page_names)
        if listed.imports.skipped and HOST_NAME in self._page_names:
            hostless = self.every(("pageviews",), days, dimensions=WITHOUT_HOSTS)
            if not hostless.imports.skipped:
                return hostless
        return listed


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
        return Verdict(error=QuotaExhausted, detail=detail, is_credentials=True)
    return verdict_by_status(reply)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one site. Raises ``Misconfigured`` where the token is missing."""
    assert isinstance(settings, Plausible)  # noqa: S101 - the registry pairs settings and builders by type
    token, base_url = context.secret("token"), context.base_url or VENDOR
    http = Http(
        context=context,
        source=settings.id,
        base_url=base_url,
        classify=classify,
        headers={"Authorization": f"Bearer {token}"},
        secrets=[token],
        limit=limit_towards(A_KEY, base_url),
    )
    return PlausibleSource(context=context, http=http, site_id=settings.site_id, events=settings.events)


PLAUSIBLE = SourceType(
    settings=Plausible,
    streams=(DAILY, MONTHLY, PAGES, KEY_EVENTS, EVENTS, RATES, CHANNELS),
    build=build,
    day_boundary="the site's zone; replies give only its offset",
    vendor_url=VENDOR,
    docs="All statistics since the site was added, and imported ones, at once; a month's visitors are not people.",
    limits=(
        f"{A_KEY.calls} requests an hour and key; {PAGE_ROWS:,} rows each. A year by page takes some twelve. A quota"
        " that is used up is not waited for: the next night goes on."
    ),
)
