"""Truth about a sandbox brand, computed from its event log with plain sets and sums, without HTTP and without SQL.

What belongs here: the same definitions as MEASURES gives, written a second time and in another way. What does not:
anything that the sandbox's vendor modules or the pipeline also use.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.sandbox.world import World


def _rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return list(zip(*(frame[column].tolist() for column in columns), strict=True))


def local_day(instant: datetime, zone: str) -> date:
    """The day of an instant in a zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


class WebTruth:
    """One brand's site, from the views that analytics knows at an instant (now where left out)."""

    def __init__(self, world: World, slug: str, *, arrived_by: datetime | None = None) -> None:
        self.zone = world.brand(slug).site.zone
        self.posts = {post.post_id: post for post in world.web(slug).posts}
        frame = world.events_visits(slug, arrived_by=arrived_by)
        days = {day: day.date() for day in frame["day"].unique()}
        self.views = frame.assign(on=[days[day] for day in frame["day"]])
        self._days = frame["day"].to_numpy()

    def _inside(self, first: date, last: date) -> pd.DataFrame:
        """The views of two days and all between, by numbers: half a million dates are slow to compare."""
        return self.views[(self._days >= np.datetime64(first)) & (self._days <= np.datetime64(last))]

    def active_visitors(self, first: date, last: date) -> int:
        """Distinct visitors with engagement or on their first visit, between two days included: GA4's activeUsers."""
        found: set[object] = set()
        inside = self._inside(first, last)
        for visitor, seconds, is_new in _rows(inside, "visitor_id", "engagement_seconds", "first_visit"):
            if is_new or seconds:
                found.add(visitor)
        return len(found)

    def all_visitors(self, first: date, last: date) -> int:
        """Distinct visitors: GA4's totalUsers."""
        inside = self._inside(first, last)
        return len(set(inside["visitor_id"].tolist()))

    def by_day(self) -> dict[date, tuple[int, int, int]]:
        """Sessions, page views and engaged seconds of each day."""
        sessions: dict[object, set[object]] = defaultdict(set)
        views: dict[object, int] = defaultdict(int)
        seconds: dict[object, int] = defaultdict(int)
        for on, session, engaged in _rows(self.views, "on", "session_id", "engagement_seconds"):
            sessions[on].add(session)
            views[on] += 1
            seconds[on] += int(str(engaged))
        return {on: (len(sessions[on]), views[on], seconds[on]) for on in sessions if isinstance(on, date)}

    def post_views(self, *, within_days: int | None = None) -> dict[int, int]:
        """Views of each post by its id, from its publication day on, every address merged."""
        counted: dict[int, int] = dict.fromkeys(self.posts, 0)
        seen = self.views[self.views["post_id"].notna()]
        for post_id, on in _rows(seen, "post_id", "on"):
            number = int(str(post_id))
            published = local_day(self.posts[number].published_at, self.zone)
            if within_days is None or (isinstance(on, date) and on < published + timedelta(days=within_days)):
                counted[number] += 1
        return counted


def interactions_by_day(
    world: World, slug: str, platform: str, *, zone: str = "UTC", at: datetime | None = None
) -> dict[date, dict[str, int]]:
    """Likes, comments and shares by the day they happened in a zone; taken-back ones count -1."""
    counted: dict[date, dict[str, int]] = defaultdict(lambda: {"like": 0, "comment": 0, "share": 0})
    events = world.social_events(slug, platform, at=at)
    for instant, kind, delta in _rows(events, "at", "kind", "delta"):
        if isinstance(instant, datetime):
            counted[local_day(instant, zone)][str(kind)] += int(str(delta))
    return dict(counted)


def post_totals(world: World, slug: str, platform: str, *, at: datetime | None = None) -> dict[str, dict[str, int]]:
    """Running totals of each post that is live at an instant."""
    live = {post.post_id for post in world.social_posts(slug, platform, at)}
    counted: dict[str, dict[str, int]] = {post: {"like": 0, "comment": 0, "share": 0} for post in live}
    for post, kind, delta in _rows(world.social_events(slug, platform, at=at), "post_id", "kind", "delta"):
        if post in live:
            counted[str(post)][str(kind)] += int(str(delta))
    return counted


def followers(world: World, slug: str, platform: str, *, at: datetime | None = None) -> int:
    """Followers at an instant: those at the start, and everyone who came less everyone who left."""
    start = world.brand(slug).account(platform).followers
    return start + sum(world.follower_events(slug, platform, at=at)["delta"].tolist())


def follower_changes_by_day(
    world: World, slug: str, platform: str, *, zone: str = "UTC", at: datetime | None = None
) -> dict[date, int]:
    """Net new followers by day in a zone."""
    counted: dict[date, int] = defaultdict(int)
    for instant, delta in _rows(world.follower_events(slug, platform, at=at), "at", "delta"):
        if isinstance(instant, datetime):
            counted[local_day(instant, zone)] += int(str(delta))
    return dict(counted)


def searches_by_day(
    world: World, slug: str, first: date, last: date, *, by_page: bool = False, arrived_by: datetime | None = None
) -> dict[tuple[date, str], tuple[int, int, int]]:
    """Clicks, impressions and summed positions by Pacific day and page; by property the page is "".

    By property a search counts once, at the best of the places where it showed a page.
    """
    pacific = ZoneInfo("America/Los_Angeles")
    begin = datetime.combine(first, datetime.min.time(), pacific)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), pacific)
    events = world.events_search(slug, arrived_by=arrived_by)
    events = events[(events["at"] >= begin) & (events["at"] < end)]
    shown: dict[tuple[object, str], list[tuple[date, int, bool]]] = defaultdict(list)
    for search, instant, page, position, clicked in _rows(events, "search_id", "at", "page", "position", "clicked"):
        assert isinstance(instant, datetime)
        day = local_day(instant, "America/Los_Angeles")
        shown[search, str(page) if by_page else ""].append((day, int(str(position)), bool(clicked)))
    counted: dict[tuple[date, str], tuple[int, int, int]] = {}
    for (_, page), places in shown.items():
        day = places[0][0]
        clicks, impressions, positions = counted.get((day, page), (0, 0, 0))
        clicks += any(clicked for _, _, clicked in places)
        counted[day, page] = clicks, impressions + 1, positions + min(position for _, position, _ in places)
    return counted
