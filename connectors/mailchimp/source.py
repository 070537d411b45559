"""Mailchimp: newsletters by the day they were sent, and subscribers now and at past months' ends (API2.md, section G).

Clicks of a campaign grow for weeks, so sixty days are read again each night. Rates are never averaged: unique clicks
and deliveries are kept. Growth history has each list's subscribers at the end of every month; the running month is
partial and left out. Whoever is on two lists counts twice. Assumed: ``account_timezone`` of the account, else the
client's zone.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.budget import Limit
from connectors.core.doubt import Doubt
from connectors.core.errors import AuthFailed, Misconfigured, PermissionMissing, RateLimited
from connectors.core.http import Http, Verdict, limit_towards, verdict_by_status
from connectors.core.odd import Odd
from connectors.core.paging import Counted, read_counted, shortfall
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import NEWSLETTERS_DAILY, SUBSCRIBER_MONTHS, SUBSCRIBER_SNAPSHOTS
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node
from connectors.mailchimp.settings import Mailchimp
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, month_start

ROOT = "/3.0"
PAGE, MOST_PAGES = 1000, 1000
GROWING_DAYS = 60
NO_LIST = "subscribers (it shows no list)"
"""Of no list nobody knows how many are on it; a reading of 0 would stand for good."""
AN_ACCOUNT = Limit(10, 0.0)
"""https://mailchimp.com/developer/marketing/docs/fundamentals/: ten simultaneous connections an account."""

CAMPAIGNS = Stream(
    table=NEWSLETTERS_DAILY,
    delivery="window",
    is_cut_here=True,
    settle_days=GROWING_DAYS,
    slice_days=366,
    api="GET /3.0/reports?since_send_time&before_send_time",
    note="newsletters deleted in Mailchimp; opens, which mail programs inflate",
)
SUBSCRIBERS = Stream(
    table=SUBSCRIBER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /3.0/lists: stats.member_count",
    note="days before the first night, but for month ends",
    annotations=("whoever is on several lists counts on each of them",),
)
HISTORY = Stream(
    table=SUBSCRIBER_MONTHS,
    delivery="listing",
    grain=None,
    api="GET /3.0/lists/{id}/growth-history",
    note="lists deleted in Mailchimp",
)


class MailchimpSource(BaseSource[Http]):
    """One account."""

    def __init__(self, *, context: Context, http: Http) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._learned = False
        self.windows = {CAMPAIGNS.name: self._campaigns}
        self.lists = {SUBSCRIBERS.name: self._subscribers, HISTORY.name: self._history}

    def zone(self) -> ZoneInfo:
        """The account's zone, learned once."""
        if not self._learned:
            self.shaped("reading the account", self._account)
        return self._zone

    def _account(self) -> Node:
        fields = "account_id,account_timezone"
        reply = self.transport.get_json(f"{ROOT}/", attempted="reading the account", params={"fields": fields})
        self.tell(account_id=reply.text("account_id", None))
        name = reply.text("account_timezone", None)
        try:
            self._zone = ZoneInfo(name) if name else self.context.client_zone
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadShape(path="account_timezone", wanted="an IANA time zone", found=name) from error
        self._learned = True
        return reply

    def probe(self) -> Probe:
        """The lists and their subscribers."""
        self.transport.begin(keep_replies=False)
        return self.shaped("reading the lists", self._probe)

    def _probe(self) -> Probe:
        lists = list(self._lists())
        members = sum(count for _, count in lists)
        detail = f"{len(lists)} lists, {members} subscribers, days in {self.zone().key}"
        return Probe(reachable=True, detail=detail, rows=members, version="3.0", identity=self.identity)

    def _pages(self, path: str, name: str, *, attempted: str, **params: str | int) -> Counted:
        """Every item, merged by the caller on its id."""

        def page(start: int) -> tuple[Sequence[Node], int | None]:
            asked = {**params, "count": PAGE, "offset": start}
            reply = self.transport.get_json(path, attempted=attempted, params=asked)
            return reply.each(name), reply.whole("total_items", None)

        return read_counted(page, name=name, size=PAGE, most_pages=MOST_PAGES)

    def _lists(self) -> Iterator[tuple[str, int]]:
        """Each list's id and subscribers."""
        fields = "lists.id,lists.stats.member_count,total_items"
        listed = self._pages(f"{ROOT}/lists", "lists", attempted="reading the lists", fields=fields)
        found = {one.text("id"): one["stats"].whole("member_count") for one in listed.items}
        listed.require(len(found), name="lists")
        yield from found.items()

    def _subscribers(self) -> Answer:
        counts = [count for _, count in self._lists()]
        if not counts:
            return Answer(rows=[], quality={"unavailable": NO_LIST}, doubts=(Doubt(code="metric_gone", what=NO_LIST),))
        members = sum(counts)
        return Answer(rows=[{"taken_at": self.context.now, "day": self.snapshot_day(), "subscribers": members}])

    def _history(self) -> Answer:
        """Subscribers of all lists at the end of each month that is over.

        A month that a list should have and lacks, or that can't be read of it, has no sum; before its first month a
        list was not there, unless Mailchimp counts more months than it shows. Where something could not be read, what
        was known of other months stays.
        """
        running, odd = month_start(self.today()), Odd()
        items: list[tuple[str, Node]] = []
        told: dict[str, set[date]] = defaultdict(set)
        short: dict[str, Doubt] = {}
        for number, _ in self._lists():
            listed = self._pages(
                f"{ROOT}/lists/{number}/growth-history",
                "history",
                attempted="reading a list's growth",
                sort_field="month",
                sort_dir="ASC",
            )
            items += ((number, each) for each in listed.items)
            for doubt in shortfall(len(listed.items), listed.total):
                short[number], told[number] = doubt, set()
        dated = odd.readable(items, lambda one: (one[0], _month(one[1]), one[1]), name=lambda one: one[0])
        unsure = short.keys() | odd.ids
        for number, month, _ in dated:
            told[number].add(month)
        read = odd.readable(dated, lambda one: (one[0], one[1], one[2].whole("subscribed")))
        counts = {(number, month): subscribed for number, month, subscribed in read}
        over = sorted({month for months in told.values() for month in months if month < running})
        rows: list[Row] = []
        for month in over:
            wanted = [number for number, months in told.items() if number in unsure or min(months) <= month]
            parts = [counts.get((number, month)) for number in wanted]
            given = [part for part in parts if part is not None]
            if len(given) == len(parts):
                rows.append({"month": month, "subscribers": sum(given)})
        since = self.context.now if odd.problems or short else None
        return Answer(rows=rows, listed_since=since, doubts=(*short.values(), *odd.doubts()))

    def _campaigns(self, window: Window) -> Answer:
        zone = self.zone()
        # Mailchimp's edges are not told: a day more on both sides, and each campaign by its own day
        edges = [
            datetime.combine(day, time(0), zone).astimezone(UTC).isoformat()
            for day in (window.start - ONE_DAY, window.end + 2 * ONE_DAY)
        ]
        listed = self._pages(
            f"{ROOT}/reports",
            "reports",
            attempted=f"reading reports of {window.start} to {window.end}",
            since_send_time=edges[0],
            before_send_time=edges[1],
            fields="reports.id,reports.send_time,reports.emails_sent,reports.bounces,reports.clicks,total_items",
        )
        odd = Odd()
        reports = odd.by_id(listed.items, lambda item: item.text("id"))
        days: dict[date, list[tuple[int, int, int]]] = defaultdict(list)
        for found in odd.readable(reports.values(), self._report):
            if found is not None and found[0] in window:
                days[found[0]].append(found[1:])
        rows = [
            {
                "day": day,
                "campaigns": len(sent),
                "delivered": sum(each[0] for each in sent),
                "clicks": sum(each[1] for each in sent),
                "unique_clicks": sum(each[2] for each in sent),
                "is_final": self.is_final(day, CAMPAIGNS),
            }
            for day, sent in days.items()
        ]
        return Answer(rows=rows, doubts=(*shortfall(len(reports), listed.total), *odd.doubts()))

    def _report(self, item: Node) -> tuple[date, int, int, int] | None:
        """Day, deliveries, clicks and unique clicks; None for one that was not sent."""
        if item["send_time"].value in (None, ""):
            return None
        day = item.instant("send_time").astimezone(self.zone()).date()
        bounces = item["bounces"] if "bounces" in item else Node({})
        bounced = bounces.whole("hard_bounces", 0) + bounces.whole("soft_bounces", 0)
        clicks = item["clicks"]
        return (
            day,
            max(item.whole("emails_sent") - bounced, 0),
            clicks.whole("clicks_total"),
            clicks.whole("unique_clicks"),
        )


def _month(item: Node) -> date:
    """``2026-10`` as its first day."""
    text = item.text("month")
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise BadShape(path="month", wanted="a month as 2026-10", found=text) from error


def classify(reply: Reply) -> Verdict | None:
    """Mailchimp's errors; a 403 without its JSON comes from what guards it, under heavy load."""
    if reply.status < HTTPStatus.BAD_REQUEST:
        return None
    detail = str(reply.field("detail") or reply.field("title") or reply.excerpt())
    if reply.status == HTTPStatus.UNAUTHORIZED:
        cure = "make a new key in Mailchimp, and give it whole, with the data centre that it ends in"
        return Verdict(error=AuthFailed, detail=detail, cure=cure)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict(error=RateLimited, detail=detail, retry=True)
    if reply.status == HTTPStatus.FORBIDDEN:
        if isinstance(reply.field("title"), str):
            return Verdict(error=PermissionMissing, detail=detail)
        return Verdict(error=RateLimited, detail="refused without a reason, as under heavy load", retry=True)
    return verdict_by_status(reply)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one account. Raises ``Misconfigured`` where the key is missing or has no data centre."""
    assert isinstance(settings, Mailchimp)  # noqa: S101 - the registry pairs settings and builders by type
    key = context.secret("api_key")
    centre = key.rpartition("-")[2]
    if context.base_url is None and (centre == key or not centre.isalnum()):
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="opening the account",
            detail="the key does not end in its data centre, like -us19",
            cure="copy the whole key from Mailchimp",
        )
    pair = base64.b64encode(f"okr:{key}".encode()).decode()
    base_url = context.base_url or f"https://{centre}.api.mailchimp.com"
    http = Http(
        context=context,
        source=settings.id,
        base_url=base_url,
        classify=classify,
        headers={"Authorization": f"Basic {pair}"},
        secrets=[key, pair],
        limit=limit_towards(AN_ACCOUNT, base_url),
    )
    return MailchimpSource(context=context, http=http)


MAILCHIMP = SourceType(
    settings=Mailchimp,
    streams=(SUBSCRIBERS, HISTORY, CAMPAIGNS),
    build=build,
    day_boundary="the account's zone, learned from the account",
    vendor_url="https://us1.api.mailchimp.com",
    docs="All newsletters, and subscribers at every month's end since each list was made, at once.",
    limits="Ten connections at a time; a client uses one. Clicks of a newsletter are read again for sixty days.",
)
