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
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.doubt import Doubt, by_month, not_made
from connectors.core.errors import BadReply, Misconfigured, NotFound
from connectors.core.http import Http
from connectors.core.odd import Odd
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import WEB_DAILY, WEB_MONTHLY, WEB_PAGES_DAILY
from connectors.core.shape import BadShape, Json, Node, as_instant
from connectors.matomo.conversions import CHANNELS, EVENTS, KEY_EVENTS, RATES, Conversions
from connectors.matomo.errors import classify
from connectors.matomo.settings import Matomo
from okr_models.client.sources import SourceSettings
from okr_models.hosts import ascii_host
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
OTHERS = "Others"
"""What Matomo calls such a row, in English."""
COUNT_MONTHS = "set enable_processing_unique_visitors_month to 1 in its config.ini.php"
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


class NotCounted(Misconfigured):
    """This server does not count distinct visitors by month; its other reports are well."""

    concerns_whole_source = False


class MatomoSource(BaseSource[Http]):
    """One site of one Matomo."""

    def __init__(self, *, context: Context, http: Http, site_id: str, events: tuple[str, ...] = ()) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._site_id = site_id
        self._learned = False
        self._since: date | None = None
        self._host = ""
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
        """The site's zone, learned from the site once."""
        if not self._learned:
            self.shaped("reading the site's settings", self._first_day)
        return self._zone

    def counts(self, stream: Stream) -> Mapping[str, Json]:
        """The goals that are counted."""
        return self.shaped("listing goals", self._conversions.counts) if stream.counts_by else {}

    def probe(self) -> Probe:
        """The site's settings and yesterday's visits."""
        self.transport.begin(keep_replies=False)
        return self.shaped("reading yesterday's visits", self._probe)

    def _probe(self) -> Probe:
        since, yesterday = self._first_day(), self.today() - ONE_DAY
        reply = self.ask("VisitsSummary.get", attempted="reading yesterday's visits", period="day", date=str(yesterday))
        visits = 0 if is_empty(reply) else reply.whole("nb_visits")
        shown = " ".join([f"site {self._site_id}", *([f"({self._host})"] if self._host else [])])
        age = f" since {since}" if since else ""
        detail = f"{shown}{age}, days in {self._zone.key}, {visits} visits yesterday"
        return Probe(reachable=True, detail=detail, rows=visits, identity=self.identity)

    def ask(self, method: str, *, attempted: str, **rest: str) -> Node:
        """One method of the API, of this site."""
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
        return self.transport.post_form("/index.php", attempted=attempted, form=form)

    def _first_day(self) -> date | None:
        """Day the site was set up, before which Matomo knows nothing, where it says so; learns zone and host too."""
        if not self._learned:
            reply = self.ask("SitesManager.getSiteFromId", attempted="reading the site's settings")
            site = next(iter(reply), reply) if isinstance(reply.value, list) else reply
            zone = site_zone(site.text("timezone"))
            if (created := site.text("ts_created", None)) is not None:
                self._since = as_instant(created, path="ts_created", naive_is_utc=True).astimezone(zone).date()
            self._host = urlsplit(site.text("main_url", "")).netloc
            if created is not None and self._host:
                # a server that moves takes its sites along, numbers and all
                self.tell(server=f"{ascii_host(self._host)} since {created}")
            self._zone, self._learned = zone, True
        return self._since

    def known(self, window: Window, *, by_month: bool = False) -> Window:
        """The part of ``window`` in which the site existed. Raises ``NotFound`` where that is nothing."""
        since = self._first_day()
        if since is not None and by_month:
            since = month_start(since)
        return self.clip(window, history_days=None if since is None else (self.today() - since).days)

    def by_day(self, method: str, window: Window, **rest: str) -> Iterator[tuple[date, Node | None]]:
        """A report of each day. A day that the reply leaves out is no empty day: it has none, and is None.

        So is one whose report is an error of its own. Raises ``BadShape`` where the reply leaves out every one of
        several days.
        """
        reply = self.ask(
            method,
            attempted=f"reading {method} of {window.start} to {window.end}",
            period="day",
            date=f"{window.start},{window.end}",
            **rest,
        )
        given = Node({}) if is_empty(reply) and window.days == 1 else reply
        if window.days > 1 and not any(str(day) in given for day in window):
            raise BadShape(path=str(window.start), wanted=f"{method} of that day", found=given[str(window.start)].value)
        for day in window:
            report = given[str(day)]
            yield day, report if is_report(report) else None

    def _daily(self, window: Window) -> Answer:
        """Visits and page views of each day. One whose visits are not there is no day without visits.

        Nor is one without page views where its visits did something: Matomo writes a report that was not made like
        an empty one.
        """
        days, rows, doubts = self.known(window), list[Row](), list[Doubt]()
        for part in days.slices(DAYS_A_REQUEST):
            views = self._page_views(part)
            for day, visits in self.by_day("VisitsSummary.get", part):
                seen, is_blank = views[day]
                if visits is None or seen is None or (is_empty(visits) and seen):
                    doubts.append(not_made(Window(day, day), seen=seen, what=f"the visits of {day}"))
                    continue
                acted = 0 if is_empty(visits) else visits.whole("nb_actions", 0)
                if is_blank and acted:
                    doubts.append(not_made(Window(day, day), seen=acted, what=f"the page views of {day}"))
                    continue
                rows.append(
                    {
                        "day": day,
                        "sessions": 0 if is_empty(visits) else visits.whole("nb_visits"),
                        "page_views": seen,
                        "engagement_seconds": None,
                        "visitors": 0 if is_empty(visits) else visits.whole("nb_uniq_visitors", None),
                        "total_users": None,
                        "is_final": self.is_final(day, DAILY),
                    }
                )
        return Answer(rows=rows, covers=days, doubts=tuple(doubts))

    def _page_views(self, window: Window) -> dict[date, tuple[int | None, bool]]:
        """Page views of each day, and whether its report is empty.

        Where a server does not give Actions.get, those of its pages, which add up to it.
        """
        try:
            found = dict(self.by_day("Actions.get", window))
        except (NotFound, BadReply) as error:
            log.info("%s; adding up page views from Actions.getPageUrls", error)
        else:
            return {
                day: (None, False)
                if one is None
                else (0, True)
                if is_empty(one)
                else (one.whole("nb_pageviews", 0), False)
                for day, one in found.items()
            }
        listed = chain.from_iterable(self._pages_by_day(part) for part in window.slices(PAGE_DAYS_A_REQUEST))
        return {
            day: (None, False) if pages is None else (sum(page.whole("nb_hits") for page in pages), is_empty(pages))
            for day, pages in listed
        }

    def _pages_by_day(self, window: Window) -> Iterator[tuple[date, Node | None]]:
        return self.by_day("Actions.getPageUrls", window, flat="1", expanded="0")

    def _monthly(self, window: Window) -> Answer:
        """One request a month, always of the whole month: there is no other for which Matomo counts visitors.

        A month whose report is empty or lacks its visitors, though its days have visits, was not made or is not counted
        by this server: it has no figure, the others theirs. Raises ``NotCounted`` where this server counts none.
        """
        months, newest = self.known(window, by_month=True), self.today() - ONE_DAY
        rows: list[Row] = []
        doubts: list[Doubt] = []
        for month in months.months():
            reply = self.ask(
                "VisitsSummary.get", attempted=f"reading the visitors of {month:%Y-%m}", period="month", date=str(month)
            )
            through = min(month_end(month), newest)
            visitors, missing = self._visitors(reply, Window(month, through))
            if missing is not None:
                doubts.append(missing)
            if visitors is None:
                continue
            rows.append(
                {
                    "month": month,
                    "asked_through": through,
                    "visitors": visitors,
                    "total_users": None,
                    "visitors_definition": VISITORS_DEFINITION,
                    "is_final": through == month_end(month) and self.is_final(through, MONTHLY),
                }
            )
        uncounted = [doubt for doubt in doubts if COUNT_MONTHS in (doubt.what or "")]
        if uncounted and not rows:
            raise self.transport.error(
                NotCounted, attempted="reading distinct visitors", detail=str(uncounted[-1]), cure=COUNT_MONTHS
            )
        if month_start(months.end) == month_start(self.today()):
            doubts.append(Doubt(code="includes_today", days=Window(month_start(months.end), months.end)))
        return Answer(rows=rows, covers=months, doubts=tuple(doubts))

    def _visitors(self, month: Node, days: Window) -> tuple[int | None, Doubt | None]:
        """A month's distinct visitors. None where the server does not have them, with why unless there was nobody."""
        visitors, visits = None, 0
        if not is_empty(month):
            visitors, visits = month.whole("nb_uniq_visitors", None), month.whole("nb_visits", 0)
        if visitors:
            return visitors, None
        if visits:
            return None, not_made(days, seen=visits, what=f"the visitors of {days.start:%Y-%m} ({COUNT_MONTHS})")
        # a report that was not made is empty, or a row of zeros
        by_day = self.by_day("VisitsSummary.get", days)
        seen = sum(one.whole("nb_visits", 0) for _, one in by_day if one is not None and not is_empty(one))
        what = f"the visitors of {days.start:%Y-%m} (run core:archive for it)"
        if seen:
            return None, not_made(days, seen=seen, what=what)
        return None if is_empty(month) else 0, None

    def _pages(self, window: Window) -> Answer:
        days, odd, doubts = self.known(window), Odd(), list[Doubt]()
        empty: list[date] = []
        counted: dict[tuple[date, str, str], int] = defaultdict(int)
        spent: dict[tuple[date, str, str], float | None] = defaultdict(float)
        folded: dict[date, tuple[float, float]] = {}
        for part in days.slices(PAGE_DAYS_A_REQUEST):
            listed: list[tuple[date, Node]] = []
            for day, pages in self._pages_by_day(part):
                if pages is None:
                    doubts.append(not_made(Window(day, day), seen=None, what=f"the pages of {day}"))
                elif is_empty(pages):
                    empty.append(day)
                else:
                    listed += [(day, page) for page in pages]
            for day, address, hits, seconds in odd.readable(listed, self._page):
                other, every = folded.get(day, (0, 0))
                folded[day] = other + (hits if address is None else 0), every + hits
                key = (day, *(address or (self._host, OTHER)))
                counted[key] += hits
                before = spent[key]
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
        doubts += [*self._pages_not_made(empty), *by_month(folded, code="other_row"), *odd.doubts()]
        return Answer(rows=rows, covers=days, doubts=tuple(doubts))

    def _pages_not_made(self, empty: list[date]) -> Iterator[Doubt]:
        """A doubt for each day without pages that has page views: its report was not made."""
        if not empty:
            return
        for part in Window(min(empty), max(empty)).slices(DAYS_A_REQUEST):
            for day, (seen, _) in self._page_views(part).items():
                if seen and day in empty:
                    yield not_made(Window(day, day), seen=seen, what=f"the pages of {day}")

    def _page(self, row: tuple[date, Node]) -> tuple[date, tuple[str, str] | None, int, float | None]:
        """A row's day; its page's host and path, None where it stands for no one page; its views and seconds."""
        day, page = row
        address = split_url(page.text("url", "")) or self._labelled(page)
        return day, address, page.whole("nb_hits"), page.number("sum_time_spent", None)

    def _labelled(self, page: Node) -> tuple[str, str] | None:
        """The site's own host and the path that a row without address has as its label.

        None for a row of others: of all pages, or of those in one folder beyond the server's limit, whose label is the
        folder's with " - Others" or "Others" behind it, in the language of the token's owner.
        """
        label = page.text("label", "").strip()
        name = label.rpartition("/")[2]
        return (self._host, label) if label.startswith("/") and not name.startswith(" - ") and name != OTHERS else None


def is_empty(report: Node) -> bool:
    """Whether it is ``[]``, which is how Matomo writes a report without anything in it."""
    return report.value == []


def is_report(report: Node) -> bool:
    """Whether it is a report of any kind, and no message in its place."""
    return isinstance(report.value, list) or (isinstance(report.value, dict) and report.value.get("result") != "error")


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
    return MatomoSource(context=context, http=http, site_id=settings.site_id, events=settings.events)


MATOMO = SourceType(
    settings=Matomo,
    streams=(DAILY, MONTHLY, PAGES, KEY_EVENTS, EVENTS, RATES, CHANNELS),
    build=build,
    day_boundary="the site's zone, learned from the site",
    vendor_url=None,
    docs="All reports since the site was set up, at once.",
    limits=(
        "The server's own. Long histories are asked for a year at a time, by page a month at a time, with three minutes"
        " for each answer, as a server that has not archived a day yet does so while it is asked."
    ),
)
