"""Brevo: newsletters by the day they were sent, and subscribers as of now (API2.md, section G).

The list's statistics hold the last six months' events only; what was sent before is asked one by one, as far as a
hundred requests an hour allow, from the newest on; days that were not come with a later night. Subscribers are
``uniqueSubscribers`` of all lists, as the other count is being dropped; there is no history. Days are the client's.
Assumed: the form of error bodies.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus

from connectors.brevo.settings import Brevo
from connectors.core.base import Answer, BaseSource
from connectors.core.doubt import Doubt, not_made
from connectors.core.errors import AuthFailed, BadReply, NotFound, PermissionMissing, QuotaExhausted, RateLimited
from connectors.core.http import Http, Verdict, verdict_by_status
from connectors.core.odd import Odd
from connectors.core.paging import Counted, read_counted, shortfall
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import NEWSLETTERS_DAILY, SUBSCRIBER_SNAPSHOTS
from connectors.core.reply import Reply
from connectors.core.shape import Node
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

VENDOR, ROOT = "https://api.brevo.com", "/v3"
CAMPAIGN_PAGE, LIST_PAGE, MOST_PAGES = 100, 50, 200
LISTED_DAYS = 180
"""How far back the list's statistics reach."""
MOST_DETAILS = 60
LONGEST_WAIT_SECONDS = 60.0
NO_LIST = "subscribers (it shows no list)"
"""Of no list nobody knows how many are on it; a reading of 0 would stand for good."""

CAMPAIGNS = Stream(
    table=NEWSLETTERS_DAILY,
    delivery="window",
    is_cut_here=True,
    settle_days=60,
    slice_days=180,
    reads_per_night=2,
    api="GET /v3/emailCampaigns?status=sent&statistics=globalStats, and one by one what is older than six months",
    note="newsletters deleted in Brevo",
)
SUBSCRIBERS = Stream(
    table=SUBSCRIBER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /v3/contacts/lists: uniqueSubscribers",
    note="subscribers before the first night",
    annotations=("whoever is on several lists counts on each of them",),
)


class BrevoSource(BaseSource[Http]):
    """One account."""

    def __init__(self, *, context: Context, http: Http) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._has_asked = False
        self.windows = {CAMPAIGNS.name: self._campaigns}
        self.lists = {SUBSCRIBERS.name: self._subscribers}

    def probe(self) -> Probe:
        """The lists and their subscribers."""
        self.transport.begin(keep_replies=False)
        return self.shaped("reading the lists", self._probe)

    def _probe(self) -> Probe:
        counts = self._counts()
        detail = f"{len(counts)} lists, {sum(counts.values())} subscribers, days in {self._zone.key}"
        return Probe(reachable=True, detail=detail, rows=sum(counts.values()), version="v3")

    def _pages(self, path: str, name: str, *, size: int, attempted: str, **params: str) -> Counted:
        """Every item, merged by the caller on its id."""

        def page(start: int) -> tuple[Sequence[Node], int | None]:
            asked: dict[str, str | int] = {**params, "limit": size, "offset": start}
            reply = self.transport.get_json(path, attempted=attempted, params=asked)
            return reply.each(name, or_empty=True), reply.whole("count", None)

        return read_counted(page, name=name, size=size, most_pages=MOST_PAGES)

    def _tell(self) -> None:
        """Which account the key is of, where the key may ask; asked once, for every read is of it."""
        if self._has_asked:
            return
        try:
            reply = self.transport.get_json(f"{ROOT}/account", attempted="reading the account")
        except (NotFound, PermissionMissing, BadReply):
            self._has_asked = True
            return
        self._has_asked = True
        self.tell(organization_id=reply.text("organization_id", None))

    def _counts(self) -> dict[int, int]:
        listed = self._pages(f"{ROOT}/contacts/lists", "lists", size=LIST_PAGE, attempted="reading the lists")
        found = {one.whole("id"): one.whole("uniqueSubscribers") for one in listed.items}
        listed.require(len(found), name="lists")
        return found

    def _subscribers(self) -> Answer:
        counts = self._counts()
        self._tell()
        if not counts:
            return Answer(rows=[], quality={"unavailable": NO_LIST}, doubts=(Doubt(code="metric_gone", what=NO_LIST),))
        members = sum(counts.values())
        return Answer(rows=[{"taken_at": self.context.now, "day": self.snapshot_day(), "subscribers": members}])

    def _campaigns(self, window: Window) -> Answer:
        first, after = (
            datetime.combine(day, time(0), self._zone).astimezone(UTC) for day in (window.start, window.end + ONE_DAY)
        )
        last = min(after, self.context.now.astimezone(UTC)) - timedelta(milliseconds=1)
        listed = self._pages(
            f"{ROOT}/emailCampaigns",
            "campaigns",
            size=CAMPAIGN_PAGE,
            attempted=f"reading newsletters of {window.start} to {window.end}",
            status="sent",
            statistics="globalStats",
            startDate=_instant(first),
            endDate=_instant(last),
            excludeHtmlContent="true",
        )
        self._tell()
        odd = Odd()
        found = odd.by_id(listed.items, lambda item: str(item.whole("id")))
        read = odd.readable(found.values(), lambda item: (self._day(item), item))
        sent_on = [(day, item) for day, item in read if day in window]
        unread = self._not_asked_yet([day for day, _ in sent_on])
        campaigns: list[tuple[date, Node]] = []
        for day, item in sent_on:
            if unread is not None and day <= unread:
                continue
            campaign = self._of_its_own(item, odd) if self._is_older(day) else item
            if campaign is not None:
                campaigns.append((day, campaign))
        days: dict[date, list[tuple[int, int, int]]] = defaultdict(list)
        for day, figures in odd.readable(campaigns, lambda one: (one[0], _figures(one[1]))):
            days[day].append(figures)
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
        doubts = [*shortfall(len(found), listed.total), *odd.doubts()]
        if unread is not None:
            what = f"newsletters sent by {unread}, which later nights ask for one by one"
            doubts.append(not_made(Window(window.start, unread), seen=None, what=what))
        return Answer(rows=rows, doubts=tuple(doubts))

    def _of_its_own(self, item: Node, odd: Odd) -> Node | None:
        """A newsletter with all its events; None for one that is listed and not there."""
        number = item.whole("id")
        try:
            return self.transport.get_json(
                f"{ROOT}/emailCampaigns/{number}",
                attempted="reading an older newsletter",
                params={"statistics": "globalStats", "excludeHtmlContent": "true"},
            )
        except NotFound:
            odd.note(f"newsletter {number} is listed and not found")
            return None

    def _is_older(self, day: date) -> bool:
        """Whether a newsletter of this day is older than what the list's statistics reach back to."""
        return (self.today() - day).days > LISTED_DAYS

    def _not_asked_yet(self, sent_on: Iterable[date]) -> date | None:
        """The newest day whose newsletters are not asked for one by one in this read, nor are those before it.

        The list's own figures of them are all but nothing, and no zeros. A day is asked whole, and one a read at least.
        """
        left = MOST_DETAILS
        for day, count in sorted(Counter(day for day in sent_on if self._is_older(day)).items(), reverse=True):
            if count > left < MOST_DETAILS:
                return day
            left -= count
        return None

    def _day(self, item: Node) -> date:
        return item.instant("sentDate").astimezone(self._zone).date()


def _figures(item: Node) -> tuple[int, int, int]:
    """Deliveries, clicks and unique clicks."""
    stats = item["statistics"]["globalStats"]
    return stats.whole("delivered"), stats.whole("clickers"), stats.whole("uniqueClicks")


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def classify(reply: Reply) -> Verdict | None:
    """Brevo's errors; a throttle says when it ends."""
    if reply.status < HTTPStatus.BAD_REQUEST:
        return None
    detail = str(reply.field("message") or reply.excerpt())
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Verdict(error=AuthFailed, detail=detail, cure="make a new API key in Brevo and set it")
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        reset = reply.headers.get("x-sib-ratelimit-reset", "")
        wait = float(reset) if reset.replace(".", "", 1).isdigit() else None
        if wait is not None and wait > LONGEST_WAIT_SECONDS:
            return Verdict(error=QuotaExhausted, detail=detail, retry_after_seconds=wait)
        return Verdict(error=RateLimited, detail=detail, retry=True, retry_after_seconds=wait)
    return verdict_by_status(reply)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one account. Raises ``Misconfigured`` where the key is missing."""
    assert isinstance(settings, Brevo)  # noqa: S101 - the registry pairs settings and builders by type
    key = context.secret("api_key")
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url or VENDOR,
        classify=classify,
        headers={"api-key": key},
        secrets=[key],
    )
    return BrevoSource(context=context, http=http)


BREVO = SourceType(
    settings=Brevo,
    streams=(SUBSCRIBERS, CAMPAIGNS),
    build=build,
    day_boundary="the client's zone",
    vendor_url=VENDOR,
    docs="All newsletters, over several nights; subscribers from the first night on.",
    limits=(
        "100 requests an hour. What is older than six months is asked newsletter by newsletter, at most"
        f" {MOST_DETAILS} a read, the newest first. A quota that is used up is not waited for: the next night goes on."
    ),
)
