"""Matomo: visits, pages and distinct visitors of one site, on the client's own server or Matomo's (API.md, section 9).

What belongs here: which reports are asked for and what their rows mean. What does not: HTTP, and what Matomo's errors
mean (``errors.py``). The token goes in the body of a POST only: newer tokens are refused anywhere else, and an
address ends up in logs.

Visits and page views are two reports (``nb_actions`` of the first also counts downloads and outlinks). A visit's length
is no time with the page in the foreground, so a whole site's day has no engagement seconds; a page's has its
``sum_time_spent``, which leaves out a visit's last page unless the site's tracker uses the heart beat timer.
Distinct visitors are asked for a whole calendar month, never for a range, for which Matomo does not count them: the
running month's figure therefore already holds some of today, which its ``asked_through`` leaves out and ``quality``
says.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import chain
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.errors import BadReply, Misconfigured, NotFound
from connectors.core.http import Http
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import WEB_DAILY, WEB_MONTHLY, WEB_PAGES_DAILY
from connectors.core.shape import BadShape, Node, as_instant
from connectors.matomo.errors import classify
from connectors.matomo.settings import Matomo
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, month_end, month_start

log = logging.getLogger(__name__)

WHOLE_HISTORY_DAYS = 3660
"""One read takes all of it, in several requests, so that what lies before the site's first day is found out at once."""
DAYS_A_REQUEST, PAGE_DAYS_A_REQUEST = 366, 31
VISITORS_DEFINITION = (
    "Matomo nb_uniq_visitors: distinct visitor ids of the month, from a cookie or, without, a fingerprint"
)
OTHER = "(other)"
"""Path under which stand the page views that Matomo folded into its rows called Others."""
BEFORE = "days before the site was set up in Matomo"

DAILY = Stream(
    table=WEB_DAILY,
    delivery="window",
    settle_days=4,
    slice_days=WHOLE_HISTORY_DAYS,
    api="POST /index.php: VisitsSummary.get and Actions.get, period=day",
    note=f"{BEFORE}; seconds with the page in the foreground",
)
MONTHLY = Stream(
    table=WEB_MONTHLY,
    delivery="window",
    grain="month",
    settle_days=4,
    slice_days=WHOLE_HISTORY_DAYS,
    api="POST /index.php: VisitsSummary.get, period=month, one request a month; the running month includes today",
    note="months before the site was set up in Matomo",
)
PAGES = Stream(
    table=WEB_PAGES_DAILY,
    delivery="window",
    settle_days=4,
    slice_days=WHOLE_HISTORY_DAYS,
    api="POST /index.php: Actions.getPageUrls, flat=1, period=day",
    note=f"{BEFORE}; pages beyond the server's row limit (500 a folder and day unless raised), kept as {OTHER}",
)


class MatomoSource(BaseSource[Http]):
    """One site of one Matomo."""

    def __init__(self, *, context: Context, http: Http, site_id: str) -> None:
        super().__init__(context=context, http=http, zone=context.client_zone)
        self._site_id = site_id
        self._learned = False
        self._since: date | None = None
        self._host = ""
        self.windows = {DAILY.name: self._daily, MONTHLY.name: self._monthly, PAGES.name: self._pages}

    def zone(self) -> ZoneInfo:
        """The site's zone, learned from the site once."""
        if not self._learned:
            self.shaped("reading the site's settings", self._first_day)
        return self._zone

    def probe(self) -> Probe:
        """The site's settings and yesterday's visits."""
        self.http.begin(keep_replies=False)
        return self.shaped("reading yesterday's visits", self._probe)

    def _probe(self) -> Probe:
        since, yesterday = self._first_day(), self.today() - ONE_DAY
        reply = self._ask(
            "VisitsSummary.get", attempted="reading yesterday's visits", period="day", date=str(yesterday)
        )
        visits = 0 if is_empty(reply) else reply.whole("nb_visits")
        shown = " ".join([f"site {self._site_id}", *([f"({self._host})"] if self._host else [])])
        age = f" since {since}" if since else ""
        detail = f"{shown}{age}, days in {self._zone.key}, {visits} visits yesterday"
        return Probe(reachable=True, detail=detail, rows=visits)

    def _ask(self, method: str, *, attempted: str, **rest: str) -> Node:
        form: dict[str, str | int] = {
            "module": "API",
            "method": method,
            "idSite": self._site_id,
            "format": "JSON",
            "format_metrics": "0",
            "filter_limit": "-1",
            "token_auth": self.context.secret("token"),
            **rest,
        }
        return self.http.post_form("/index.php", attempted=attempted, form=form)

    def _first_day(self) -> date | None:
        """Day the site was set up, before which Matomo knows nothing, where it says so; learns zone and host too."""
        if not self._learned:
            reply = self._ask("SitesManager.getSiteFromId", attempted="reading the site's settings")
            site = next(iter(reply), reply) if isinstance(reply.value, list) else reply
            zone = site_zone(site.text("timezone"))
            if (created := site.text("ts_created", None)) is not None:
                self._since = as_instant(created, path="ts_created", naive_is_utc=True).astimezone(zone).date()
            self._host = urlsplit(site.text("main_url", "")).netloc
            self._zone, self._learned = zone, True
        return self._since

    def _known(self, window: Window, *, by_month: bool = False) -> Window:
        """The part of ``window`` in which the site existed. Raises ``NotFound`` where that is nothing."""
        since = self._first_day()
        if since is not None and by_month:
            since = month_start(since)
        return self.clip(window, history_days=None if since is None else (self.today() - since).days)

    def _by_day(self, method: str, window: Window, **rest: str) -> Iterator[tuple[date, Node]]:
        """A report of each day. A day that the reply leaves out is no empty day but a wrong reply."""
        reply = self._ask(
            method,
            attempted=f"reading {method} of {window.start} to {window.end}",
            period="day",
            date=f"{window.start},{window.end}",
            **rest,
        )
        for day in window:
            if str(day) not in reply:
                raise BadShape(path=str(day), wanted=f"{method} of that day", found=None)
            yield day, reply[str(day)]

    def _daily(self, window: Window) -> Answer:
        days, rows = self._known(window), list[Row]()
        for part in days.slices(DAYS_A_REQUEST):
            views = self._page_views(part)
            for day, visits in self._by_day("VisitsSummary.get", part):
                sessions = 0 if is_empty(visits) else visits.whole("nb_visits")
                rows.append(
                    {
                        "day": day,
                        "sessions": sessions,
                        "page_views": views[day],
                        "engagement_seconds": None,
                        "visitors": self._visitors(visits),
                        "total_users": None,
                        "is_final": self.is_final(day, DAILY),
                    }
                )
        return Answer(rows=rows, covers=days)

    def _page_views(self, window: Window) -> dict[date, int]:
        """Page views of each day. Where a server does not give Actions.get, those of its pages, which add up to it."""
        try:
            found = dict(self._by_day("Actions.get", window))
        except (NotFound, BadReply) as error:
            log.info("%s; adding up page views from Actions.getPageUrls", error)
        else:
            return {day: 0 if is_empty(one) else one.whole("nb_pageviews", 0) for day, one in found.items()}
        listed = chain.from_iterable(self._pages_by_day(part) for part in window.slices(PAGE_DAYS_A_REQUEST))
        return {day: sum(page.whole("nb_hits") for page in pages) for day, pages in listed}

    def _pages_by_day(self, window: Window) -> Iterator[tuple[date, Node]]:
        return self._by_day("Actions.getPageUrls", window, flat="1", expanded="0")

    def _monthly(self, window: Window) -> Answer:
        """One request a month, always of the whole month: there is no other for which Matomo counts visitors."""
        months, newest = self._known(window, by_month=True), self.today() - ONE_DAY
        rows: list[Row] = []
        for month in months.months():
            reply = self._ask(
                "VisitsSummary.get", attempted=f"reading the visitors of {month:%Y-%m}", period="month", date=str(month)
            )
            through = min(month_end(month), newest)
            rows.append(
                {
                    "month": month,
                    "asked_through": through,
                    "visitors": self._visitors(reply),
                    "total_users": None,
                    "visitors_definition": VISITORS_DEFINITION,
                    "is_final": through == month_end(month) and self.is_final(through, MONTHLY),
                }
            )
        running = month_start(months.end) == month_start(self.today())
        return Answer(rows=rows, covers=months, quality={"running_month_includes_today": running})

    def _visitors(self, visits: Node) -> int:
        """Distinct visitors; a server that does not count them says so by leaving them out of days with visits."""
        if is_empty(visits):
            return 0
        visitors = visits.whole("nb_uniq_visitors", None)
        if visitors is None and visits.whole("nb_visits"):
            raise self.http.error(
                Misconfigured,
                attempted="reading distinct visitors",
                detail="this Matomo does not count them for this period",
                cure="set enable_processing_unique_visitors_day and _month to 1 in its config.ini.php",
            )
        return visitors or 0

    def _pages(self, window: Window) -> Answer:
        days, other = self._known(window), 0
        counted: dict[tuple[date, str, str], int] = defaultdict(int)
        spent: dict[tuple[date, str, str], float | None] = defaultdict(float)
        for part in days.slices(PAGE_DAYS_A_REQUEST):
            for day, pages in self._pages_by_day(part):
                for page in pages:
                    address = split_url(page.text("url", "")) or self._labelled(page)
                    other += address is None
                    key = (day, *(address or (self._host, OTHER)))
                    counted[key] += page.whole("nb_hits")
                    before, seconds = spent[key], page.number("sum_time_spent", None)
                    spent[key] = None if before is None or seconds is None else before + seconds
        rows = [
            {
                "day": day,
                "host": host,
                "path": path,
                "page_views": views,
                "engagement_seconds": spent[day, host, path],
                "is_final": self.is_final(day, PAGES),
            }
            for (day, host, path), views in counted.items()
        ]
        return Answer(rows=rows, covers=days, quality={"other_rows": other})

    def _labelled(self, page: Node) -> tuple[str, str] | None:
        """The site's own host and the path that a row without address has as its label; a row of others has none."""
        label = page.text("label", "").strip()
        return (self._host, label) if label.startswith("/") else None


def is_empty(report: Node) -> bool:
    """Whether it is ``[]``, which is how Matomo writes a report without anything in it."""
    return report.value == []


def split_url(url: str) -> tuple[str, str] | None:
    """Host and path, the query included, as the page's address has them; None for rows that stand for no one page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.netloc:
        return None
    return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def site_zone(name: str) -> ZoneInfo:
    """The site's zone: an IANA name, or ``UTC+2`` where somebody chose an offset without summer time."""
    offset = re.fullmatch(r"UTC([+-])(\d{1,2})(?:\.0)?", name)
    if offset:  # POSIX counts its offsets the other way round
        name = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadShape(path="timezone", wanted="an IANA time zone or whole hours from UTC", found=name) from error


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one site. Raises ``Misconfigured`` where the token or the address is missing."""
    assert isinstance(settings, Matomo)  # noqa: S101 - the registry pairs settings and builders by type
    if context.base_url is None:
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="opening the site",
            detail="base_url is missing",
            cure="give the address at which people log in to this Matomo",
        )
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url.removesuffix("/index.php"),
        classify=classify,
        secrets=[context.secret("token")],
        timeout=(10.0, 180.0),  # a server that has not archived a day yet does so while it is asked
    )
    return MatomoSource(context=context, http=http, site_id=settings.site_id)


MATOMO = SourceType(
    settings=Matomo,
    streams=(DAILY, MONTHLY, PAGES),
    build=build,
    day_boundary="the site's zone, learned from the site",
    vendor_url=None,
    docs="All reports since the site was set up, at once.",
    limits=(
        "The server's own. Long histories are asked for a year at a time, by page a month at a time, with three minutes"
        " for each answer, as a server that has not archived a day yet does so while it is asked."
    ),
)
