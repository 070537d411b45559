"""Threads: followers now, interactions by day, posts and their counters (API2.md, section F).

Insights of a window are one sum, so interactions are asked day by day; days are Pacific, as on Facebook. A post that
only passes another's on has no counters. Assumed: the zone of days, and that errors are those of Meta's Graph API
(``meta/errors.py``), and that ``/me`` tells the id that the file gives. A token is renewed while it lives and is a day
old, and kept before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import date, datetime, timedelta

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.counters import counter_doubts
from connectors.core.doubt import Doubt
from connectors.core.errors import BadReply, Misconfigured, NotFound, PermissionMissing, SourceError
from connectors.core.http import Http
from connectors.core.odd import Odd
from connectors.core.paging import cut_off, shortfall
from connectors.core.protocol import Access, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, INTERACTIONS_DAILY, POST_COUNTERS, SOCIAL_POSTS
from connectors.core.shape import BadShape, Node
from connectors.core.tokens import Granted, Renewal, Token, granted_by
from connectors.meta.errors import classifier
from connectors.meta.graph import PACIFIC, GraphCalls, day_by_day, midnight
from connectors.meta.usage import Pace
from connectors.threads.settings import Threads
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

VENDOR, VERSION = "https://graph.threads.net", "v1.0"
PLATFORM = str(Threads.facts.platform)
FIRST_DAY = date(2024, 4, 13)
"""Insights reach back no further, for any profile."""
METRICS = ("likes", "replies", "reposts", "quotes")
POST_METRICS = ("views", *METRICS, "shares")
POST_FIELDS = ("id", "media_product_type", "media_type", "permalink", "timestamp", "text", "is_quote_post")
PASSED_ON = "REPOST_FACADE"
PERMISSIONS = "the token needs threads_basic and threads_manage_insights, given by the profile itself"
MOST_COUNTED = 400
MOST_REFUSED = 5
"""So many posts, and not one that can be read, and it is not the posts."""
LIVES = timedelta(days=60)
"""What a token lives; the vendor says so only when it is renewed."""
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

    def __init__(self, *, account_id: str, context: Context, graph: GraphCalls, token: Token) -> None:
        super().__init__(context=context, transport=graph.http, zone=PACIFIC)
        self._id, self._graph, self._token = account_id, graph, token
        self._is_own = False
        self.windows = {INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self._followers, POSTS.name: self._posts, COUNTERS.name: self._counters}

    def access(self) -> Access:
        """Until when the token can be used, and whether it could be renewed. Raises ``SourceError`` where it ended."""
        self._token.current()
        return self._token.access(lives_at_most=LIVES)

    def probe(self) -> Probe:
        """How many follow the profile."""
        self.transport.begin(keep_replies=False)
        self._require_own()
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
            version=VERSION,
        )

    def _insights(self, metrics: Sequence[str], attempted: str, **params: int) -> dict[str, Node]:
        return self._graph.insights(self._id, metrics, params, attempted=attempted, edge="threads_insights")

    def _count(self) -> int:
        found = self._insights(["followers_count"], "reading followers")
        if "followers_count" not in found:
            raise BadShape(path="data", wanted="followers_count", found=sorted(found))
        return found["followers_count"]["total_value"].whole("value")

    def _followers(self) -> Answer:
        return Answer(rows=[{**self._reading(), "followers": self._count()}], quality=self._graph.quality())

    def _reading(self) -> Row:
        return {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}

    def _interactions(self, window: Window) -> Answer:
        """One call a day: a request gives one number for its whole window. A day without a number is missing."""
        known = (self.today() - FIRST_DAY).days
        part = self.clip(window, history_days=known)
        rows, doubts = day_by_day(
            part, self._day, what="the interactions", is_settled=lambda day: self.is_final(day, INTERACTIONS)
        )
        doubts = [*doubts, *self._graph.doubts()]
        return Answer(rows=rows, covers=part, quality=self._graph.quality(), doubts=tuple(doubts))

    def _day(self, day: date) -> Row | None:
        found = self._insights(METRICS, f"interactions of {day}", since=midnight(day), until=midnight(day + ONE_DAY))
        values = {name: item["total_value"].whole("value") for name, item in found.items() if "total_value" in item}
        if not values:
            return None
        return {"platform": PLATFORM, "day": day, "is_final": self.is_final(day, INTERACTIONS), **counted(values)}

    def _require_own(self) -> None:
        """Refuse a token of another profile: posts are listed by whose token it is, whatever the file says.

        A cross-check only: where it gets no answer, whatever the reason, the list is read all the same and nobody is
        asked again; nor is it of a kept reading, which may be of before it was made.
        """
        if self._is_own or self.context.transport is not None:
            return
        mine = None
        with suppress(BadShape, SourceError):
            mine = self._graph.get("/me", {"fields": "id"}, attempted="asking whose token it is").text("id", None)
        if mine is not None and mine.isdecimal() and mine != self._id:
            raise self.transport.error(
                Misconfigured,
                attempted="asking whose token it is",
                detail=f"the token is that of profile {mine}, and account_id is {self._id}",
                cure=f"sign in as profile {self._id} and set its token, or write {mine} as account_id",
            )
        self._is_own = True

    def _listed(self, odd: Odd) -> list[Node]:
        """Every post of the profile's own; what it passes on is none."""
        found = self._graph.listed("/me/threads", fields=POST_FIELDS, odd=odd, attempted="listing posts")
        # after it, so that a refused list is asked for no second time
        self._require_own()
        return [post for post in found if post["media_type"].value != PASSED_ON]

    def _posts(self) -> Answer:
        odd = Odd()
        rows = odd.readable(self._listed(odd), self._post, name=lambda item: item.text("id"))
        since = odd.since(None, now=self.context.now)
        named = {str(row["post_id"]) for row in rows} | odd.present
        days = [moment for row in rows if isinstance(moment := row["published_at"], datetime)]
        # nothing says how many there are: of a list that may be cut the first night is not believed
        short = shortfall(len(named), len(named) + cut_off(named, self.context.listed, days))
        return Answer(rows=rows, listed_since=since, present=odd.present, doubts=(*short, *odd.doubts()))

    def _post(self, item: Node) -> Row:
        return {
            "platform": PLATFORM,
            "post_id": item.text("id"),
            "url": item.text("permalink", None),
            "published_at": item.instant("timestamp"),
            "text": (item.text("text", None) or "")[:TEXT_CHARACTERS] or None,
        }

    def _counters(self) -> Answer:
        """Running totals of the newest posts, one call each; a post that can't be read costs itself."""
        odd, rows, answered = Odd(), list[Row](), 0
        posts = self._listed(odd)
        # not every kind of post has every metric, which says nothing of the others
        gone: dict[object, set[str]] = {}
        for post in posts[:MOST_COUNTED]:
            try:
                row = self._post_counters(post, gone.setdefault(post["media_type"].value, set()))
            except (BadReply, BadShape, NotFound, PermissionMissing) as error:
                odd.note(f"post {post.text('id')}: {error.detail if isinstance(error, SourceError) else error}")
                if not answered and len(odd.problems) >= min(MOST_REFUSED, len(posts)):
                    raise
            else:
                answered += 1
                rows += [row] if row is not None else []
        doubts = [*counter_doubts(rows), *odd.doubts()]
        if len(posts) > MOST_COUNTED:
            doubts.append(Doubt(code="list_not_whole", quantity=MOST_COUNTED, of=len(posts)))
        return Answer(rows=rows, quality=self._graph.quality(), doubts=tuple(doubts))

    def _post_counters(self, post: Node, gone: set[str]) -> Row | None:
        """One post's totals; None where Threads counts nothing of it."""
        number = post.text("id")
        found = self._graph.insights(number, POST_METRICS, {}, attempted="reading a post's counters", gone=gone)
        values = {name: _lifetime(item) for name, item in found.items()}
        return {**self._reading(), "post_id": number, **counted(values)} if values else None


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
            context=context,
            source=settings.id,
            base_url=context.base_url or VENDOR,
            classify=classifier(Pace(), permissions=PERMISSIONS),
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
    token, pace = open_token(settings, context), Pace()
    http = Http(
        context=context,
        source=settings.id,
        base_url=f"{context.base_url or VENDOR}/{VERSION}",
        classify=classifier(pace, permissions=PERMISSIONS),
        authorize=lambda: {"Authorization": f"Bearer {token.current()}"},
        renew=token.renew,
        secrets=[context.secret("token")],
    )
    graph = GraphCalls(http=http, pace=pace, version=VERSION, sleep=context.sleep)
    return ThreadsSource(account_id=settings.account_id, context=context, graph=graph, token=token)


THREADS = SourceType(
    settings=Threads,
    streams=(SNAPSHOTS, COUNTERS, POSTS, INTERACTIONS),
    build=build,
    is_told_posts=True,
    day_boundary="Pacific (America/Los_Angeles)",
    vendor_url=VENDOR,
    docs="Interactions by day since April 2024, over several nights; all posts; followers from the first night on.",
    limits=f"One call a day of interactions and one a post's counters, of the newest {MOST_COUNTED}.",
)
