"""YouTube: a channel's subscribers, videos and their counters, and its owner's daily figures (API.md, section 6).

An API key reads what is public; only the owner's ``credentials`` read YouTube Analytics. What belongs here: requests
and rows. What does not: listing over pages that move (``api.py``), reports (``analytics.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.counters import counter_doubts
from connectors.core.doubt import Doubt
from connectors.core.errors import Misconfigured, NotFound
from connectors.core.http import Http
from connectors.core.odd import Odd, readable_days
from connectors.core.paging import tells_since
from connectors.core.protocol import Batch, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import (
    FOLLOWER_CHANGES_DAILY,
    FOLLOWER_SNAPSHOTS,
    INTERACTIONS_DAILY,
    POST_COUNTERS,
    SOCIAL_POSTS,
)
from connectors.core.shape import BadShape, Node, as_whole
from connectors.core.text import beginning
from connectors.google.errors import PACIFIC
from connectors.youtube.analytics import ANALYTICS, LAG_DAYS, Analytics, open_analytics
from connectors.youtube.api import BATCH_VIDEOS, DATA, Uploads, list_uploads, open_data
from connectors.youtube.settings import YouTube
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

PLATFORM = str(YouTube.facts.platform)
GAINS_AND_LOSSES = ("subscribersGained", "subscribersLost")
INTERACTIONS_ASKED = ("likes", "comments", "shares")
SHOWN = ("likes", "comments")
"""What a video shows of its counters, unless its owner hides it."""

SNAPSHOTS = Stream(
    table=FOLLOWER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /youtube/v3/channels?part=statistics",
    note="subscribers before the first night, unless the owner's credentials give gains and losses",
    annotations=(
        "YouTube rounds the number down to three significant figures, for every caller: between 1,000 and 10,000"
        " subscribers a change of less than 10 may not show, above that less than 100",
        "a channel that hides its subscriber count has no rows",
    ),
)
POSTS = Stream(
    table=SOCIAL_POSTS,
    delivery="listing",
    grain=None,
    api="GET /youtube/v3/playlistItems, of the channel's uploads",
    note="videos deleted or made private before the first night",
)
COUNTERS = Stream(
    table=POST_COUNTERS,
    delivery="snapshot",
    api="GET /youtube/v3/videos?part=statistics",
    note="counters as they were before the first night; shares of a single video",
    annotations=(
        "likes or comments are missing, not 0, where the owner hides them",
        "2026-08-24 (Shorts: 2025-03-31): YouTube counts a view as soon as a video starts to play; views are not among"
        " these figures, so nothing breaks here",
    ),
)
CHANGES = Stream(
    table=FOLLOWER_CHANGES_DAILY,
    delivery="window",
    lag_days=LAG_DAYS,
    settle_days=10,
    slice_days=366,
    needs="credentials",
    api="GET /v2/reports, subscribersGained and subscribersLost by day",
    note="all of it, where the owner gives no credentials",
)
INTERACTIONS = Stream(
    table=INTERACTIONS_DAILY,
    delivery="window",
    lag_days=LAG_DAYS,
    settle_days=10,
    slice_days=366,
    needs="credentials",
    api="GET /v2/reports, likes, comments and shares by day",
    note="all of it, where the owner gives no credentials",
    annotations=("a day may be negative, when more likes were taken back than given or YouTube corrects itself",),
)


class YouTubeSource(BaseSource[Http]):
    """One channel. Days are Pacific days. ``analytics``: with the owner's credentials only."""

    def __init__(self, *, settings: YouTube, context: Context, data: Http, analytics: Analytics | None) -> None:
        super().__init__(context=context, transport=data, zone=PACIFIC)
        self._channel, self._data, self._analytics = settings.channel_id, data, analytics
        self.windows = {CHANGES.name: self._changes, INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self._subscribers, POSTS.name: self._videos, COUNTERS.name: self._counters}

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """One stream's rows, each from its own API."""
        self.transport = self._owner().http if stream.needs else self._data
        return super().read(stream, window)

    def _owner(self) -> Analytics:
        if self._analytics is None:
            cure = "give credentials: the JSON of an authorised user, the channel's owner"
            raise self._data.error(Misconfigured, attempted="opening YouTube Analytics", cure=cure)
        return self._analytics

    def close(self) -> None:
        """Give connections back."""
        self._data.close()
        if self._analytics is not None:
            self._analytics.http.close()

    def probe(self) -> Probe:
        """The channel with the API key, and one day of Analytics where the owner gave credentials."""
        self.transport = self._data
        self.transport.begin(keep_replies=False)
        followers, videos = self.shaped("reading the channel", self._numbers)
        about = "subscribers hidden" if followers is None else f"about {followers} subscribers"
        detail = f"{self._channel}, {about}, {'uncounted' if videos is None else videos} videos"
        if self._analytics is not None:
            analytics = self._analytics
            self.transport = analytics.http
            self.transport.begin(keep_replies=False)
            day = self.today() - (1 + LAG_DAYS) * ONE_DAY
            self.shaped("one day of Analytics", lambda: analytics.by_day(Window(day, day), GAINS_AND_LOSSES))
            detail += ", Analytics lets the owner in"
        return Probe(reachable=True, detail=detail, rows=followers, version="v3")

    def _numbers(self) -> tuple[int | None, int | None]:
        """Subscribers, None where the channel hides them, and videos, None where YouTube does not say."""
        statistics = self._about()["statistics"]
        hidden = statistics["hiddenSubscriberCount"].value is True
        return None if hidden else statistics.whole("subscriberCount"), statistics.whole("videoCount", None)

    def _about(self) -> Node:
        """The channel as the public sees it. YouTube answers an unknown id with an empty list."""
        reply = self._data.get_json(
            "/youtube/v3/channels",
            params={"part": "statistics,contentDetails", "id": self._channel},
            attempted="reading the channel",
        )
        channels = reply.each("items", or_empty=True)
        if not channels:
            raise self._data.error(NotFound, attempted="reading the channel", detail=f"no channel {self._channel}")
        if len(channels) > 1 or channels[0].text("id") != self._channel:
            raise BadShape(path="items", wanted=f"the channel {self._channel}", found=channels[0]["id"].value)
        return channels[0]

    def _subscribers(self) -> Answer:
        followers, _ = self._numbers()
        if followers is None:
            hidden = "subscriberCount (the channel hides it)"
            return Answer(rows=[], quality={"unavailable": hidden}, doubts=metric_gone(hidden))
        stamp: Row = {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}
        return Answer(rows=[{**stamp, "followers": followers}], doubts=rounded(followers))

    def _listed(self) -> Uploads:
        """The uploads. YouTube counts private ones too, the channel public ones: the fewer are all to be expected."""
        channel = self._about()
        playlist = channel["contentDetails"]["relatedPlaylists"].text("uploads")
        public = channel["statistics"].whole("videoCount", None)
        try:
            listed = list_uploads(self._data, playlist)
        except NotFound:
            # a channel without any video has no such playlist either
            if public == 0:
                return Uploads(items={})
            raise
        counts = [count for count in (listed.total, public) if count is not None]
        return self._with_hidden(replace(listed, total=min(counts, default=None)))

    def _with_hidden(self, listed: Uploads) -> Uploads:
        """Where a list that moves shows fewer than there are: those known before that are still the channel's own."""
        hidden = sorted(self.context.listed.keys() - listed.items.keys())
        if listed.total is None or len(listed.items) >= listed.total or not hidden:
            return listed
        found = {
            video.text("id"): video
            for video in self._details(hidden, part="snippet,status")
            if video["snippet"].text("channelId", "") == self._channel
            and ("status" not in video or video["status"].text("privacyStatus", "public") == "public")
        }
        return replace(listed, items={**listed.items, **found})

    def _details(self, ids: Sequence[str], *, part: str) -> Iterator[Node]:
        """The videos of ``ids`` that the public may see, with one part of what YouTube knows of each."""
        for first in range(0, len(ids), BATCH_VIDEOS):
            asked = ids[first : first + BATCH_VIDEOS]
            reply = self._data.get_json(
                "/youtube/v3/videos",
                params={"part": part, "id": ",".join(asked), "maxResults": BATCH_VIDEOS},
                attempted=f"{part} of {len(asked)} videos",
            )
            for video in reply.each("items"):
                if video.text("id") not in asked:
                    raise BadShape(path=video["id"].path, wanted="a video asked for", found=video["id"].value)
                yield video

    def _videos(self) -> Answer:
        """Every public video. One that the list gives no publication of is asked for; a private one stays out."""
        listed, odd = self._listed(), Odd()
        dated = {
            video_id: item
            for video_id, item in listed.items.items()
            if "contentDetails" in item and "videoPublishedAt" in item["contentDetails"]
        }
        known = dict(
            odd.readable(
                dated.items(),
                lambda one: (one[0], (one[1]["contentDetails"].instant("videoPublishedAt"), one[1]["snippet"])),
                name=lambda one: one[0],
            )
        )
        others = [video_id for video_id in listed.items if video_id not in dated]
        known |= odd.readable(
            self._details(others, part="snippet"),
            lambda video: (video.text("id"), (video["snippet"].instant("publishedAt"), video["snippet"])),
            name=lambda video: video.text("id"),
        )
        rows: list[Row] = [
            {
                "platform": PLATFORM,
                "post_id": video_id,
                "url": f"https://www.youtube.com/watch?v={video_id}",
                "published_at": known[video_id][0],
                "text": beginning(known[video_id][1].text("title", None)),
            }
            for video_id in listed.items
            if video_id in known
        ]
        days = [moment for moment, _ in known.values()]
        since = None if listed.is_whole else tells_since(days, now=self.context.now)
        return Answer(
            rows=rows,
            listed_since=since,
            present=odd.present,
            quality={"not_public": len(listed.items) - len(rows) - len(odd.present)},
            doubts=(*listed.doubts(), *odd.doubts()),
        )

    def _counters(self) -> Answer:
        """Counters of every listed video; one that YouTube leaves out is private, or was deleted a moment ago."""
        listed, odd = self._listed(), Odd()
        stamp: Row = {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}
        rows: list[Row] = odd.readable(
            self._details(list(listed.items), part="statistics"),
            lambda video: {**stamp, "post_id": video.text("id"), **counts(video["statistics"])},
        )
        gone = len(listed.items) - len(rows) - len(odd.problems)
        doubts = (*listed.doubts(), *counter_doubts(rows, counters=SHOWN), *odd.doubts())
        return Answer(rows=rows, quality={"gone": gone}, doubts=doubts)

    def _changes(self, window: Window) -> Answer:
        part = self.clip(window, history_days=None, lag_days=LAG_DAYS)
        found = self._owner().by_day(part, GAINS_AND_LOSSES)

        def gained(day: date, values: Mapping[str, Node]) -> Row:
            gains, losses = (as_whole(values[metric]) for metric in GAINS_AND_LOSSES)
            final = self.is_final(day, CHANGES)
            return {"platform": PLATFORM, "day": day, "change": gains - losses, "is_final": final}

        rows, doubts = readable_days(found, gained, what="the subscribers gained")
        covers = self._owner().known(part, (day for day, _ in found), today=self.today())
        return Answer(rows=rows, covers=covers, doubts=tuple(doubts))

    def _interactions(self, window: Window) -> Answer:
        part = self.clip(window, history_days=None, lag_days=LAG_DAYS)
        found, dead = self._owner().of_living(part, INTERACTIONS_ASKED)

        def happened(day: date, values: Mapping[str, Node]) -> Row:
            counts = {metric: as_whole(values[metric]) if metric in values else None for metric in INTERACTIONS_ASKED}
            return {"platform": PLATFORM, "day": day, **counts, "is_final": self.is_final(day, INTERACTIONS)}

        rows, doubts = readable_days(found, happened, what="the interactions")
        covers = self._owner().known(part, (day for day, _ in found), today=self.today())
        gone = ", ".join(dead)
        return Answer(
            rows=rows,
            covers=covers,
            quality={"unavailable": gone} if gone else {},
            doubts=(*doubts, *metric_gone(gone)),
        )


def rounded(followers: int) -> tuple[Doubt, ...]:
    """A doubt about a count that YouTube rounds down to three significant figures."""
    step = 10 ** (len(str(followers)) - 3)
    return (Doubt(code="rounded", quantity=step),) if step > 1 else ()


def metric_gone(names: str) -> tuple[Doubt, ...]:
    """A doubt where YouTube does not give a metric."""
    return (Doubt(code="metric_gone", what=names),) if names else ()


def counts(statistics: Node) -> Row:
    """A video's counters. YouTube leaves out what the owner hides, and gives nobody a video's shares."""
    return {
        "likes": statistics.whole("likeCount", None),
        "comments": statistics.whole("commentCount", None),
        "shares": None,
    }


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one channel. Raises ``Misconfigured`` where a secret is missing or is none."""
    assert isinstance(settings, YouTube)  # noqa: S101 - the registry pairs settings and builders by type
    analytics = open_analytics(settings, context) if settings.credentials is not None else None
    return YouTubeSource(settings=settings, context=context, data=open_data(settings, context), analytics=analytics)


YOUTUBE = SourceType(
    settings=YouTube,
    streams=(SNAPSHOTS, POSTS, COUNTERS, CHANGES, INTERACTIONS),
    build=build,
    day_boundary="Pacific time",
    is_told_posts=True,
    vendor_url=f"{DATA}, {ANALYTICS}",
    docs=(
        "With the owner's credentials all gains and losses of subscribers (so totals) and all interactions by day, up"
        " to three days ago; without them the list of videos, and numbers from the first night on."
    ),
    limits=(
        "10,000 units a day and project, counted anew at midnight Pacific; each request takes one, so a night takes"
        f" three for each {BATCH_VIDEOS} videos and five more. The dear search.list is never used. A quota that is used"
        " up is not waited for: the next night goes on."
    ),
    library="requests; google-auth for the owner's credentials",
)
