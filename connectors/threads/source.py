"""Threads: followers now, interactions by day, posts and their counters (API2.md, section F).

Insights of a window are one sum, so interactions are asked day by day; days are Pacific, as on Facebook. A post that
only passes another's on has no counters. Assumed: the zone of days, and that errors are those of Meta's Graph API
(``meta/errors.py``). A token is renewed while it lives and is a day old, and kept before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.counters import counter_doubts
from connectors.core.doubt import Doubt
from connectors.core.errors import BadReply
from connectors.core.http import Http
from connectors.core.odd import Odd, readable_days
from connectors.core.protocol import Access, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, INTERACTIONS_DAILY, POST_COUNTERS, SOCIAL_POSTS
from connectors.core.shape import BadShape, Node
from connectors.core.tokens import Granted, Renewal, Token, granted_by
from connectors.meta.errors import classifier
from connectors.meta.graph import MOST_PAGES, PACIFIC, midnight, query_of
from connectors.meta.usage import Pace
from connectors.threads.settings import Threads
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

VENDOR, ROOT = "https://graph.threads.net", "/v1.0"
PLATFORM = str(Threads.facts.platform)
FIRST_DAY = date(2024, 4, 13)
"""Insights reach back no further, for any profile."""
METRICS = "likes,replies,reposts,quotes"
POST_FIELDS = "id,media_product_type,media_type,permalink,timestamp,text,is_quote_post"
PASSED_ON = "REPOST_FACADE"
MOST_COUNTED = 400
TEXT_CHARACTERS = 280

SNAPSHOTS = Stream(
    table=FOLLOWER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /{id}/threads_insights?metric=followers_count",
    note="followers before the first night",
)
COUNTERS = Stream(
    table=POST_COUNTERS,
    delivery="snapshot",
    api="GET /{post}/insights?metric=likes,replies,reposts,quotes,shares",
    note=f"counters as they were before the first night; all but the newest {MOST_COUNTED} posts",
)
POSTS = Stream(
    table=SOCIAL_POSTS,
    delivery="listing",
    grain=None,
    api="GET /me/threads",
    note="posts deleted before the first night",
)
INTERACTIONS = Stream(
    table=INTERACTIONS_DAILY,
    delivery="window",
    settle_days=7,
    first_day=FIRST_DAY,
    slice_days=10,
    reads_per_night=15,
    zero_by_absence=False,
    api="GET /{id}/threads_insights?metric=likes,replies,reposts,quotes, one call a day",
    note=f"interactions before {FIRST_DAY}",
)


class ThreadsSource(BaseSource[Http]):
    """One profile. Days are Pacific."""

    def __init__(self, *, account_id: str, context: Context, http: Http, token: Token) -> None:
        super().__init__(context=context, transport=http, zone=PACIFIC)
        self._id, self._token = account_id, token
        self.windows = {INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self._followers, POSTS.name: self._posts, COUNTERS.name: self._counters}

    def access(self) -> Access:
        """Until when the token can be used."""
        return self._token.access()

    def probe(self) -> Probe:
        """How many follow the profile."""
        self.transport.begin(keep_replies=False)
        followers = self.shaped("reading the profile", self._count)
        access = self.access()
        return Probe(
            reachable=True,
            detail=f"profile {self._id}, {followers} followers",
            rows=followers,
            token_expires_on=access.ends_on,
            token_renews=access.renews,
            token_trouble=access.trouble,
            token_at_latest=access.at_latest,
            version="v1.0",
        )

    def _insights(self, metric: str, attempted: str, **params: int) -> dict[str, Node]:
        asked: dict[str, str | int] = {"metric": metric, **params}
        reply = self.transport.get_json(f"{ROOT}/{self._id}/threads_insights", attempted=attempted, params=asked)
        return {item.text("name"): item for item in reply.each("data")}

    def _count(self) -> int:
        found = self._insights("followers_count", "reading followers")
        if "followers_count" not in found:
            raise BadShape(path="data", wanted="followers_count", found=sorted(found))
        return found["followers_count"]["total_value"].whole("value")

    def _followers(self) -> Answer:
        return Answer(rows=[{**self._reading(), "followers": self._count()}])

    def _reading(self) -> Row:
        return {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}

    def _interactions(self, window: Window) -> Answer:
        """One call a day: a request gives one number for its whole window. A day without a number is missing."""
        known = (self.today() - FIRST_DAY).days
        part = self.clip(window, history_days=known)
        found, doubts = readable_days(
            ((day, day) for day in part), lambda day, _: self._day(day), what="the interactions"
        )
        return Answer(rows=[row for row in found if row is not None], covers=part, doubts=tuple(doubts))

    def _day(self, day: date) -> Row | None:
        found = self._insights(METRICS, f"interactions of {day}", since=midnight(day), until=midnight(day + ONE_DAY))
        values = {name: item["total_value"].whole("value") for name, item in found.items() if "total_value" in item}
        if not values:
            return None
        return {"platform": PLATFORM, "day": day, "is_final": self.is_final(day, INTERACTIONS), **counted(values)}

    def _listed(self, odd: Odd) -> list[Node]:
        """Every post of the profile's own, following ``next`` until it is absent; what it passes on is none."""
        params: Mapping[str, str | int] = {"fields": POST_FIELDS, "limit": 100}
        listed, seen = list[Node](), set[str]()
        for _ in range(MOST_PAGES):
            page = self.transport.get_json(f"{ROOT}/me/threads", attempted="listing posts", params=dict(params))
            listed += page.each("data")
            paging = page["paging"] if "paging" in page else Node({})
            following = paging.text("next", None)
            if following is None:
                found = odd.by_id(listed, lambda item: item.text("id"))
                return [post for post in found.values() if post["media_type"].value != PASSED_ON]
            if following in seen:
                raise BadShape(path="paging.next", wanted="a page not read before", found="the same page again")
            seen.add(following)
            params = query_of(following)
        raise BadShape(path="paging", wanted=f"a list that ends within {MOST_PAGES} pages", found=len(listed))

    def _posts(self) -> Answer:
        odd = Odd()
        rows = odd.readable(self._listed(odd), self._post, name=lambda item: item.text("id"))
        return Answer(rows=rows, present=odd.present, doubts=tuple(odd.doubts()))

    def _post(self, item: Node) -> Row:
        return {
            "platform": PLATFORM,
            "post_id": item.text("id"),
            "url": item.text("permalink", None),
            "published_at": item.instant("timestamp"),
            "text": (item.text("text", None) or "")[:TEXT_CHARACTERS] or None,
        }

    def _counters(self) -> Answer:
        """Running totals of the newest posts, one call each."""
        odd, rows = Odd(), list[Row]()
        posts = self._listed(odd)
        for post in posts[:MOST_COUNTED]:
            number = post.text("id")
            reply = self.transport.get_json(
                f"{ROOT}/{number}/insights",
                attempted="reading a post's counters",
                params={"metric": "views,likes,replies,reposts,quotes,shares"},
            )
            values = {item.text("name"): _lifetime(item) for item in reply.each("data", or_empty=True)}
            if values:
                rows.append({**self._reading(), "post_id": number, **counted(values)})
        doubts = [*counter_doubts(rows), *odd.doubts()]
        if len(posts) > MOST_COUNTED:
            doubts.append(Doubt(code="list_not_whole", quantity=MOST_COUNTED, of=len(posts)))
        return Answer(rows=rows, doubts=tuple(doubts))


def _lifetime(item: Node) -> int:
    """A post's total: of ``values`` the first, or ``total_value``."""
    if "total_value" in item:
        return item["total_value"].whole("value")
    values = item.each("values")
    if not values:
        raise BadShape(path="values", wanted="one value", found="none")
    return values[0].whole("value")


def counted(values: Mapping[str, int]) -> Row:
    """Reposts and quotes are shares, as MEASURES.md counts them; what was left out is not known."""
    passed_on = [values[name] for name in ("reposts", "quotes") if name in values]
    return {
        "likes": values.get("likes"),
        "comments": values.get("replies"),
        "shares": sum(passed_on) if passed_on else None,
    }


def open_token(settings: Threads, context: Context) -> Token:
    """The profile's token, renewed by itself where the client file gives ``refresh``."""
    context.secret("token")
    if settings.refresh is None:
        return Token(context, source=settings.id)
    seal = context.secret("refresh.refresh_token")

    def grant(refresh_token: str) -> Granted:
        http = Http(
            context=context, source=settings.id, base_url=context.base_url or VENDOR, classify=classifier(Pace())
        )
        query: dict[str, str | int] = {"grant_type": "th_refresh_token", "access_token": refresh_token}
        with closing(http):
            reply = http.get_json("/refresh_access_token", attempted="renewing the token", params=query)
            try:
                return granted_by(reply, renews_itself=True)
            except BadShape as shape:
                problem = str(shape)
        raise BadReply(client=context.client, source=settings.id, attempted="renewing the token", detail=problem)

    subject = f"{settings.type}/{settings.account_id}"
    renewal = Renewal(subject=subject, refresh_token=seal, grant=grant, learn=None, renews_unknown=True)
    return Token(context, source=settings.id, renewal=renewal)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one profile. Raises ``Misconfigured`` where the token is missing."""
    assert isinstance(settings, Threads)  # noqa: S101 - the registry pairs settings and builders by type
    token = open_token(settings, context)
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url or VENDOR,
        classify=classifier(Pace()),
        authorize=lambda: {"Authorization": f"Bearer {token.current()}"},
        renew=token.renew,
        secrets=[context.secret("token")],
    )
    return ThreadsSource(account_id=settings.account_id, context=context, http=http, token=token)


THREADS = SourceType(
    settings=Threads,
    streams=(SNAPSHOTS, COUNTERS, POSTS, INTERACTIONS),
    build=build,
    day_boundary="Pacific (America/Los_Angeles)",
    vendor_url=VENDOR,
    docs="Interactions by day since April 2024, over several nights; all posts; followers from the first night on.",
    limits=f"One call a day of interactions and one a post's counters, of the newest {MOST_COUNTED}.",
)
