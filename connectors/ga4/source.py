"""Google Analytics 4: which reports are asked for, and what their rows mean (API.md, section 1).

Users are never summed: each figure comes from a request at the grain it is shown at. What belongs here: reports and
rows. What does not: Google's client, its errors and paging (``client.py``, imported when a source is built).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.doubt import Doubt, by_month, not_made
from connectors.core.protocol import Context, Probe, Quality, Source, SourceType, Stream
from connectors.core.raw_tables import WEB_DAILY, WEB_MONTHLY, WEB_PAGES_DAILY
from connectors.core.shape import BadShape, Node, as_number, as_whole
from connectors.ga4.conversions import CHANNELS, EVENTS, KEY_EVENTS, RATES, Conversions, Leads
from connectors.ga4.key_events import KeyEvents
from connectors.ga4.report import NOT_A_VALUE, OTHER, Report, Result, merge_quality, report_day, without_a_day
from connectors.ga4.settings import Ga4
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, local_date, month_end, month_start

VISITORS_DEFINITION = "GA4 activeUsers: distinct engaged users of the month, estimated by Google (HyperLogLog++)"

DAILY = Stream(
    table=WEB_DAILY,
    delivery="window",
    settle_days=4,
    weekly_reread_days=30,
    slice_days=366,
    api="POST /v1beta/properties/{id}:runReport, by date",
    note="days before the property was created",
)
MONTHLY = Stream(
    table=WEB_MONTHLY,
    delivery="window",
    grain="month",
    settle_days=14,
    weekly_reread_days=30,
    slice_days=92,
    zero_by_absence=True,
    api="POST /v1beta/properties/{id}:runReport, one request a month",
    note="months before the property was created",
)
PAGES = Stream(
    table=WEB_PAGES_DAILY,
    delivery="window",
    settle_days=4,
    weekly_reread_days=30,
    slice_days=92,
    api="POST /v1beta/properties/{id}:runReport, by date, hostName and pagePath",
    note="days before the property was created; pages that Google folded into (other)",
)


class Reports(KeyEvents, Protocol):
    """Runs reports on one property: ``Ga4Client``, or a fake."""

    def run(self, report: Report) -> Result:
        """All rows of a report. Raises ``SourceError``."""


class Ga4Source(BaseSource[Reports]):
    """One GA4 property."""

    def __init__(
        self,
        *,
        context: Context,
        reports: Reports,
        property_id: str,
        events: tuple[str, ...] = (),
        leads: Leads = "key_event",
    ) -> None:
        super().__init__(context=context, transport=reports, zone=context.client_zone)
        self._property_id = property_id
        self._learned = False
        conversions = Conversions(self, reports, self._run, events=events, leads=leads)
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
        """The property's zone, learned once from a report of one day without dimensions."""
        if not self._learned:
            self.shaped("learning the property's zone", self._one_day)
        return self._zone

    def probe(self) -> Probe:
        """One report of one day: reachable, permitted, and how many sessions it had."""
        self.transport.begin(keep_replies=False)
        return self.shaped("one report of one day", self._probe)

    def _probe(self) -> Probe:
        result = self._one_day()
        sessions = as_whole(Node(result.rows[0][1][0], "sessions")) if result.rows else 0
        left = result.quality.get("quota_day_left")
        quota = f", {left:.0f} tokens left today" if isinstance(left, int | float) else ""
        return Probe(
            reachable=True,
            detail=f"property {self._property_id}, days in {self._zone.key}, {sessions} sessions yesterday{quota}",
            rows=sessions,
            version="v1beta",
        )

    def _one_day(self) -> Result:
        yesterday = local_date(self.context.now, self.context.client_zone) - ONE_DAY
        return self._run(Report(dimensions=(), metrics=("sessions",), window=Window(yesterday, yesterday)))

    def _run(self, report: Report) -> Result:
        """Run it, and learn the property's zone from the first reply."""
        result = self.transport.run(report)
        if not self._learned:
            try:
                self._zone = ZoneInfo(result.zone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise BadShape(path="metadata.timeZone", wanted="an IANA time zone", found=result.zone) from error
            self._learned = True
        return result

    def _daily(self, window: Window) -> Answer:
        metrics = ("activeUsers", "totalUsers", "sessions", "screenPageViews", "userEngagementDuration")
        result = self._run(Report(dimensions=("date",), metrics=metrics, window=window))
        rows: list[Row] = []
        undated = 0
        for (text,), values in result.rows:
            day = report_day(text)
            if day is None:
                undated += 1
                continue
            active, total, sessions, views = (whole(metrics[index], values[index]) for index in range(4))
            rows.append(
                {
                    "day": day,
                    "sessions": sessions,
                    "page_views": views,
                    "engagement_seconds": seconds(values[4]),
                    "visitors": active,
                    "total_users": total,
                    "is_final": self.is_final(day, DAILY),
                }
            )
        return Answer(rows=rows, quality=result.quality, doubts=(*result.doubts, *without_a_day(undated)))

    def _monthly(self, window: Window) -> Answer:
        """One request for each month, exactly its days; the running month up to the window's end, marked so.

        A month without a row had nobody, unless its days have somebody: then its report is not there yet.
        """
        rows: list[Row] = []
        parts: list[Quality] = []
        doubts: list[Doubt] = []
        for month in window.months():
            days = Window(month, min(month_end(month), window.end))
            result = self._run(Report(dimensions=(), metrics=("activeUsers", "totalUsers"), window=days))
            parts.append(result.quality)
            doubts += result.doubts
            if len(result.rows) > 1:
                raise BadShape(path="rows", wanted="one row for a month without dimensions", found=len(result.rows))
            if result.rows:
                rows.append(self._month_row(days, result.rows[0][1]))
            else:
                doubts += self._not_made(days)
        return Answer(
            rows=rows,
            covers=Window(month_start(window.start), window.end),
            quality=merge_quality(parts),
            doubts=tuple(doubts),
        )

    def _month_row(self, days: Window, values: tuple[str, ...]) -> Row:
        over = days.end == month_end(days.start)
        return {
            "month": days.start,
            "asked_through": days.end,
            "visitors": whole("activeUsers", values[0]),
            "total_users": whole("totalUsers", values[1]),
            "visitors_definition": VISITORS_DEFINITION,
            "is_final": over and self.is_final(days.end, MONTHLY),
        }

    def _not_made(self, days: Window) -> list[Doubt]:
        """A doubt where a month without a row has sessions by day."""
        by_day = self._run(Report(dimensions=("date",), metrics=("sessions",), window=days))
        sessions = sum(whole("sessions", values[0]) for _, values in by_day.rows)
        return [not_made(days, seen=sessions, what=f"the users of {days.start:%Y-%m}")] if sessions else []

    def _pages(self, window: Window) -> Answer:
        """Views and time by page. Google names no host in several ways, whose rows then are one page's."""
        metrics = ("screenPageViews", "userEngagementDuration")
        result = self._run(Report(dimensions=("date", "hostName", "pagePath"), metrics=metrics, window=window))
        pages: dict[tuple[date, str, str], tuple[int, float]] = {}
        undated = 0
        for (text, host, path), values in result.rows:
            day = report_day(text)
            if day is None:
                undated += 1
                continue
            page = day, "" if host in NOT_A_VALUE else host, path
            views, engaged = pages.get(page, (0, 0.0))
            pages[page] = views + whole("screenPageViews", values[0]), engaged + seconds(values[1])
        final = {day: self.is_final(day, PAGES) for day in {day for day, _, _ in pages}}
        rows: Iterator[Row] = (
            {
                "day": day,
                "host": host,
                "path": path,
                "page_views": views,
                "engagement_seconds": engaged,
                "is_final": final[day],
            }
            for (day, host, path), (views, engaged) in pages.items()
        )
        doubts = (*page_doubts(result.doubts, pages), *without_a_day(undated))
        return Answer(rows=rows, quality=result.quality, doubts=doubts)


def page_doubts(doubts: Iterable[Doubt], pages: Mapping[tuple[date, str, str], tuple[int, float]]) -> list[Doubt]:
    """What Google says against figures by page; of views in its row (other) how many, month by month."""
    counted: dict[date, tuple[float, float]] = {}
    for (day, _, path), (views, _) in pages.items():
        without, whole_day = counted.get(day, (0.0, 0.0))
        counted[day] = without + (views if path == OTHER else 0), whole_day + views
    measured = by_month(counted, code="other_row")
    return [*(doubt for doubt in doubts if doubt.code != "other_row" or not measured), *measured]


def whole(metric: str, text: str) -> int:
    """A count as Google writes it."""
    return as_whole(Node(text, metric))


def seconds(text: str) -> float:
    """A duration in seconds."""
    return as_number(Node(text, "userEngagementDuration"))


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one property. Raises ``Misconfigured`` where the key is missing or is none."""
    from connectors.ga4.client import Ga4Client

    assert isinstance(settings, Ga4)  # noqa: S101 - the registry pairs settings and builders by type
    client = Ga4Client(context=context, source=settings.id, property_id=settings.property_id)
    return Ga4Source(
        context=context,
        reports=client,
        property_id=settings.property_id,
        events=settings.events,
        leads=settings.leads,
    )


GA4 = SourceType(
    settings=Ga4,
    streams=(DAILY, MONTHLY, PAGES, KEY_EVENTS, EVENTS, RATES, CHANNELS),
    build=build,
    day_boundary="the property's zone, learned from the property",
    vendor_url="https://analyticsdata.googleapis.com",
    docs="All history since the property was created, at once.",
    limits=(
        "A property has 200,000 tokens a day and 40,000 an hour (Analytics 360: ten times that); a night takes some"
        " tens of them. A quota that is used up is not waited for: the next night goes on. After server errors, of"
        " which Google allows ten an hour, only few attempts."
    ),
    library="google-analytics-data, over REST",
)
