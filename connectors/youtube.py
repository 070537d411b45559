"""YouTube: a channel's subscribers, videos and their counters, and its owner's daily figures (API.md, section 6).

An API key reads what is public; only the owner's ``credentials`` read YouTube Analytics. What belongs here: requests
and rows. What does not: listing over pages that move (``youtube_api.py``), Google's errors (``google_errors.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.arrow import Row
from connectors.base import Answer, BaseSource
from connectors.errors import NotFound, Unavailable
from connectors.google_errors import PACIFIC, UnknownMetric
from connectors.http import Http
from connectors.protocol import Batch, Context, Probe, Source, SourceType, Stream
from connectors.raw_tables import (
    FOLLOWER_CHANGES_DAILY,
    FOLLOWER_SNAPSHOTS,
    INTERACTIONS_DAILY,
    POST_COUNTERS,
    SOCIAL_POSTS,
)
from connectors.shape import BadShape, Node, as_day, as_whole
from connectors.youtube_api import ANALYTICS, BATCH_VIDEOS, DATA, Uploads, list_uploads, open_analytics, open_data
from okr_models.periods import ONE_DAY, Window
from okr_models.sources import SourceSettings, YouTube

PLATFORM = "youtube"
TEXT_CHARACTERS = 280
LAG_DAYS = 2
LATE_DAYS = 4
"""A day this old is in YouTube Analytics, were it with zeros; a younger one without a row is not known yet."""
INTERACTIONS_ASKED = ("likes", "comments", "shares")

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

    def __init__(self, *, settings: YouTube, context: Context, data: Http, analytics: Http | None) -> None:
        super().__init__(context=context, http=data, zone=PACIFIC)
        self._channel, self._data, self._analytics = settings.channel_id, data, analytics
        self.windows = {CHANGES.name: self._changes, INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self._subscribers, POSTS.name: self._videos, COUNTERS.name: self._counters}

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """One stream's rows, each from its own API."""
        self.http = self._analytics if stream.needs and self._analytics else self._data
        return super().read(stream, window)

    def close(self) -> None:
        """Give connections back."""
        for http in (self._data, self._analytics):
            if http is not None:
                http.close()

    def probe(self) -> Probe:
        """The channel with the API key, and one day of Analytics where the owner gave credentials."""
        self.http = self._data
        self.http.begin(keep_replies=False)
        channel = self.shaped("reading the channel", self._about)
        statistics = channel["statistics"]
        hidden = statistics.value.get("hiddenSubscriberCount") if isinstance(statistics.value, dict) else None
        followers = None if hidden is True else self.shaped("reading subscribers", lambda: subscribers(statistics))
        about = "hidden subscribers" if followers is None else f"about {followers} subscribers"
        detail = f"{self._channel}, {about}, {statistics.whole('videoCount', 0)} videos"
        if self._analytics is not None:
            self.http = self._analytics
            self.http.begin(keep_replies=False)
            day = self.today() - (1 + LAG_DAYS) * ONE_DAY
            self.shaped("one day of Analytics", lambda: list(self._report(Window(day, day), ("subscribersGained",))))
            detail += ", Analytics lets the credentials in"
        return Probe(reachable=True, detail=detail, rows=followers, version="v3")

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
        statistics = self._about()["statistics"]
        if statistics["hiddenSubscriberCount"].value is True:
            return Answer(rows=[], quality={"unavailable": "subscriberCount, which the channel hides"})
        followers = subscribers(statistics)
        stamp: Row = {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}
        return Answer(rows=[{**stamp, "followers": followers}], quality={"rounded": followers >= 1000})

    def _listed(self) -> Uploads:
        channel = self._about()
        playlist = channel["contentDetails"]["relatedPlaylists"].text("uploads")
        try:
            return list_uploads(self._data, playlist)
        except NotFound:
            # a channel without any video has no such playlist either
            if channel["statistics"].whole("videoCount") == 0:
                return Uploads(items=[])
            raise

    def _videos(self) -> Answer:
        listed = self._listed()
        rows: list[Row] = []
        for item in listed.items:
            video = item["contentDetails"]
            video_id = video.text("videoId")
            rows.append(
                {
                    "platform": PLATFORM,
                    "post_id": video_id,
                    "url": f"https://www.youtube.com/watch?v={video_id}",
                    "published_at": video.instant("videoPublishedAt"),
                    "text": item["snippet"].text("title", "")[:TEXT_CHARACTERS] or None,
                }
            )
        return Answer(rows=rows, quality=listed.quality)

    def _counters(self) -> Answer:
        """Counters of every listed video; one that YouTube leaves out was deleted a moment ago."""
        listed = self._listed()
        ids = [item["contentDetails"].text("videoId") for item in listed.items]
        stamp: Row = {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}
        rows: list[Row] = []
        for first in range(0, len(ids), BATCH_VIDEOS):
            asked = ids[first : first + BATCH_VIDEOS]
            reply = self._data.get_json(
                "/youtube/v3/videos",
                params={"part": "statistics", "id": ",".join(asked), "maxResults": BATCH_VIDEOS},
                attempted=f"counters of {len(asked)} videos",
            )
            for video in reply.each("items"):
                if video.text("id") not in asked:
                    raise BadShape(path=video["id"].path, wanted="a video asked for", found=video["id"].value)
                rows.append({**stamp, "post_id": video.text("id"), **counts(video["statistics"])})
        hidden = sum(row["likes"] is None or row["comments"] is None for row in rows)
        return Answer(rows=rows, quality={**listed.quality, "hidden_counters": hidden, "gone": len(ids) - len(rows)})

    def _report(self, window: Window, metrics: tuple[str, ...]) -> Iterator[tuple[date, dict[str, int]]]:
        """One Analytics report by day."""
        reply = self.http.get_json(
            "/v2/reports",
            params={
                "ids": f"channel=={self._channel}",
                "startDate": window.start.isoformat(),
                "endDate": window.end.isoformat(),
                "dimensions": "day",
                "metrics": ",".join(metrics),
                "sort": "day",
            },
            attempted=f"{', '.join(metrics)} by day, {window.start} to {window.end}",
        )
        names = [header.text("name") for header in reply.each("columnHeaders")]
        if sorted(names) != sorted(("day", *metrics)):
            raise BadShape(path="columnHeaders", wanted=f"day, {', '.join(metrics)}", found=names)
        for row in reply.each("rows", or_empty=True):
            cells = list(row)
            if len(cells) != len(names):
                raise BadShape(path=row.path, wanted=f"{len(names)} cells", found=len(cells))
            by_name = dict(zip(names, cells, strict=True))
            yield as_day(by_name["day"]), {metric: as_whole(by_name[metric]) for metric in metrics}

    def _known(self, window: Window, days: list[date]) -> Window:
        """The part of the window that Analytics knows; it writes zeros for quiet days, so the newest may be missing."""
        newest = max([self.today() - LATE_DAYS * ONE_DAY, *days])
        if newest < window.start:
            raise self.http.error(
                Unavailable,
                attempted=f"reading {window.start} to {window.end}",
                detail="YouTube Analytics does not know these days yet",
                status=200,
            )
        return Window(window.start, min(window.end, newest))

    def _changes(self, window: Window) -> Answer:
        part = self.clip(window, history_days=None, lag_days=LAG_DAYS)
        rows: list[Row] = []
        days: list[date] = []
        for day, values in self._report(part, ("subscribersGained", "subscribersLost")):
            change = values["subscribersGained"] - values["subscribersLost"]
            rows.append({"platform": PLATFORM, "day": day, "change": change, "is_final": self.is_final(day, CHANGES)})
            days.append(day)
        return Answer(rows=rows, covers=self._known(part, days))

    def _interactions(self, window: Window) -> Answer:
        part = self.clip(window, history_days=None, lag_days=LAG_DAYS)
        dead: list[str] = []
        found: list[tuple[date, dict[str, int]]] = []
        while len(dead) < len(INTERACTIONS_ASKED):
            asked = tuple(metric for metric in INTERACTIONS_ASKED if metric not in dead)
            try:
                found = list(self._report(part, asked))
                break
            except UnknownMetric as error:
                named = [metric for metric in asked if metric in error.detail]
                if len(named) != 1 or len(asked) == 1:
                    raise
                dead += named
        rows: list[Row] = [
            {
                "platform": PLATFORM,
                "day": day,
                **{metric: values.get(metric) for metric in INTERACTIONS_ASKED},
                "is_final": self.is_final(day, INTERACTIONS),
            }
            for day, values in found
        ]
        quality = {"unavailable": ", ".join(dead)} if dead else {}
        return Answer(rows=rows, covers=self._known(part, [day for day, _ in found]), quality=quality)


def subscribers(statistics: Node) -> int:
    """The public number of subscribers, rounded down by YouTube."""
    return statistics.whole("subscriberCount")


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
    type="youtube",
    title="YouTube",
    category="social",
    platform=PLATFORM,
    streams=(SNAPSHOTS, POSTS, COUNTERS, CHANGES, INTERACTIONS),
    build=build,
    day_boundary="Pacific time",
    vendor_url=f"{DATA}, {ANALYTICS}",
    docs=(
        "With the owner's credentials all gains and losses of subscribers (so totals) and all interactions by day, up"
        " to three days ago; without them the list of videos, and numbers from the first night on."
    ),
)
