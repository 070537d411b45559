"""The world as it is at a virtual now: what has happened, and what has arrived where it is counted.

What belongs here: cutting the generated logs by an instant, and frames of events for tests to compute truth from.
What does not: how any vendor counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from connectors.sandbox.world.brands import BRANDS, Brand
from connectors.sandbox.world.clock import VirtualClock
from connectors.sandbox.world.conversions import CONVERSIONS
from connectors.sandbox.world.pages import BlogPost
from connectors.sandbox.world.search import SearchLog, make_search_log
from connectors.sandbox.world.social import KINDS, SocialLog, SocialPost, make_social_log
from connectors.sandbox.world.visits import CHANNELS, COUNTRIES, DEVICES, WebLog, make_web_log

DEFAULT_SEED = 20261120
Mask = npt.NDArray[np.bool_]
Made = TypeVar("Made")

_made: dict[tuple[object, ...], object] = {}
_making = threading.Lock()


def _once(key: tuple[object, ...], make: Callable[[], Made], kind: type[Made]) -> Made:
    """Each log is made once a process, however many worlds and threads ask for it."""
    with _making:
        if key not in _made:
            _made[key] = make()
        found = _made[key]
    if not isinstance(found, kind):
        raise TypeError(f"{key} holds {type(found).__name__}, not {kind.__name__}")
    return found


class World:
    """All brands at the clock's now. Safe to read from many threads."""

    def __init__(self, *, clock: VirtualClock, seed: int = DEFAULT_SEED, brands: tuple[Brand, ...] = BRANDS) -> None:
        self.clock, self.seed, self.brands = clock, seed, brands
        self._logs: dict[tuple[str, str], object] = {}
        """Found without the fingerprint of a whole brand, which is most of the work of a small answer."""
        self._known: tuple[int, dict[tuple[str, ...], object]] = (0, {})

    @property
    def now(self) -> datetime:
        """The virtual instant, in UTC."""
        return self.clock.now

    def _second(self, at: datetime | None) -> int:
        return int((at or self.now).timestamp())

    def as_of(self, at: datetime | None, key: tuple[str, ...], make: Callable[[int], Made]) -> Made:
        """What is counted up to an instant, once for all the pages of a list that are asked for at it."""
        second = self._second(at)
        known, found = self._known
        if known != second:
            found = {}
            self._known = second, found
        if key not in found:
            found[key] = make(second)
        return cast("Made", found[key])

    def brand(self, slug: str) -> Brand:
        """A brand by its slug; KeyError where there is none."""
        for brand in self.brands:
            if brand.slug == slug:
                return brand
        raise KeyError(slug)

    def brand_of(self, vendor: str, account_id: str) -> Brand | None:
        """The brand that an account id of a vendor or platform belongs to."""
        return next((brand for brand in self.brands if brand.account_ids().get(vendor) == account_id), None)

    def web(self, slug: str) -> WebLog:
        """Page views over the whole horizon, the future included; see ``visible_views`` for what is known by now."""
        if ("web", slug) not in self._logs:
            brand = self.brand(slug)
            self._logs["web", slug] = _once(("web", brand, self.seed), lambda: make_web_log(brand, self.seed), WebLog)
        return cast("WebLog", self._logs["web", slug])

    def social(self, slug: str, platform: str) -> SocialLog:
        """One account over the whole horizon, the future included."""
        if (platform, slug) not in self._logs:
            brand = self.brand(slug)
            account = brand.account(platform)
            self._logs[platform, slug] = _once(
                ("social", brand, account, self.seed), lambda: make_social_log(brand, account, self.seed), SocialLog
            )
        return cast("SocialLog", self._logs[platform, slug])

    def search(self, slug: str) -> SearchLog:
        """Searches that showed the site over the whole horizon, the future included."""
        if ("search", slug) not in self._logs:
            brand = self.brand(slug)
            self._logs["search", slug] = _once(
                ("search", brand, self.seed), lambda: make_search_log(brand, self.seed), SearchLog
            )
        return cast("SearchLog", self._logs["search", slug])

    # --- what is there at an instant -----------------------------------------------------------------------------

    def blog_posts(self, slug: str, at: datetime | None = None) -> tuple[BlogPost, ...]:
        """Posts that are live, by publication."""
        instant = at or self.now
        return tuple(post for post in self.web(slug).posts if post.is_live(instant))

    def social_posts(self, slug: str, platform: str, at: datetime | None = None) -> tuple[SocialPost, ...]:
        """Posts that are live, by publication."""
        instant = at or self.now
        return tuple(post for post in self.social(slug, platform).posts if post.is_live(instant))

    def followers(self, slug: str, platform: str, at: datetime | None = None) -> int:
        """How many follow the account."""
        log = self.social(slug, platform)

        def count(second: int) -> int:
            seen = int(np.searchsorted(log.followers.at, second, side="right"))
            return log.base + int(log.followers.delta[:seen].sum())

        return self.as_of(at, ("followers", slug, platform), count)

    def counters(self, slug: str, platform: str, at: datetime | None = None) -> npt.NDArray[np.int64]:
        """Running totals, one row a post number, columns like, comment and share."""
        log = self.social(slug, platform)

        def count(second: int) -> npt.NDArray[np.int64]:
            rows = log.interactions
            seen = int(np.searchsorted(rows.at, second, side="right"))
            kinds = len(KINDS)
            cell = rows.post[:seen].astype(np.int64) * kinds + rows.kind[:seen]
            # sums of ones are whole, so floats lose nothing
            sums = np.bincount(cell, weights=rows.delta[:seen], minlength=len(log.posts) * kinds)
            totals = sums.astype(np.int64).reshape(len(log.posts), kinds)
            totals.setflags(write=False)
            return totals

        return self.as_of(at, ("counters", slug, platform), count)

    # --- frames of events, for truth -----------------------------------------------------------------------------

    def events_visits(self, slug: str, *, arrived_by: datetime | None = None) -> pd.DataFrame:
        """Page views that analytics knows at an instant (now where left out), one row a view, by time.

        visitor_id, session_id, at (UTC), day (in the site's zone), host, path and query as seen, page (the page's own
        path), post_id (NA for static pages), engagement_seconds, starts_session, first_visit, channel, conversion
        (GA4's event; empty: none), firings, arrives_at.
        A visitor is *active* where one of the views has engagement_seconds > 0 or is a first_visit.
        """
        log = self.web(slug)
        known = log.arrives <= self._second(arrived_by)
        table = pd.DataFrame(
            {
                "host": [a.host for a in log.addresses],
                "path": [a.path for a in log.addresses],
                "query": [a.query for a in log.addresses],
                "page": [a.page for a in log.addresses],
            }
        )
        page_paths = [*self.brand(slug).site.pages, *(post.path for post in log.posts)]
        post_ids = pd.array([pd.NA] * log.static_pages + [post.post_id for post in log.posts], dtype="Int64")
        addresses = table.iloc[log.address[known]].reset_index(drop=True)
        page = addresses["page"].to_numpy()
        return pd.DataFrame(
            {
                "visitor_id": log.visitor[known],
                "session_id": log.session[known],
                "at": pd.to_datetime(log.at[known], unit="s", utc=True),
                "day": log.day[known].astype("datetime64[D]").astype("datetime64[s]"),
                "host": addresses["host"],
                "path": addresses["path"],
                "query": addresses["query"],
                "page": _named(page_paths, page),
                "post_id": post_ids[page],
                "engagement_seconds": log.engaged[known],
                "starts_session": log.starts_session[known],
                "first_visit": log.first_visit[known],
                "channel": _named(CHANNELS, log.channel[known]),
                "country": _named(COUNTRIES, log.country[known]),
                "device": _named(DEVICES, log.device[known]),
                "conversion": _named(["", *(each.event for each in CONVERSIONS)], log.conversion[known]),
                "firings": log.firings[known].astype(np.int64),
                "arrives_at": pd.to_datetime(log.arrives[known], unit="s", utc=True),
            }
        )

    def events_search(self, slug: str, *, arrived_by: datetime | None = None) -> pd.DataFrame:
        """Pages shown in searches and counted by an instant (now where left out), one row a page shown, by time.

        search_id (a search may show two pages), at (UTC), page (full address), query (None where too rare to be told),
        position (from 1), clicked, arrives_at.
        """
        log = self.search(slug)
        known = log.arrives <= self._second(arrived_by)
        # a query that is too rare is the last of these, by its number -1
        queries = np.array([*log.queries, None], dtype=object)
        return pd.DataFrame(
            {
                "search_id": log.search[known],
                "at": pd.to_datetime(log.at[known], unit="s", utc=True),
                "page": np.array(log.pages, dtype=object)[log.page[known]],
                "query": queries[log.query[known]],
                "position": log.position[known].astype(np.int64),
                "clicked": log.clicked[known],
                "arrives_at": pd.to_datetime(log.arrives[known], unit="s", utc=True),
            }
        )

    def social_events(self, slug: str, platform: str, *, at: datetime | None = None) -> pd.DataFrame:
        """Likes, comments and shares that had happened by an instant, one row each, by time.

        post_id, at (UTC), kind (like, comment, share), delta (-1 where taken back), reaction (0: plain like),
        impressions, clicks, arrives_at (from when daily statistics know it).
        """
        log = self.social(slug, platform)
        rows = log.interactions
        seen = slice(0, int(np.searchsorted(rows.at, self._second(at), side="right")))
        return pd.DataFrame(
            {
                "post_id": np.array([post.post_id for post in log.posts], dtype=object)[rows.post[seen]],
                "at": pd.to_datetime(rows.at[seen], unit="s", utc=True),
                "kind": _named(KINDS, rows.kind[seen]),
                "delta": rows.delta[seen].astype(np.int64),
                "reaction": rows.reaction[seen],
                "impressions": rows.impressions[seen],
                "clicks": rows.clicks[seen],
                "arrives_at": pd.to_datetime(rows.arrives[seen], unit="s", utc=True),
            }
        )

    def follower_events(self, slug: str, platform: str, *, at: datetime | None = None) -> pd.DataFrame:
        """People who began (+1) or stopped (-1) to follow by an instant: at (UTC), delta, paid, arrives_at."""
        rows = self.social(slug, platform).followers
        seen = slice(0, int(np.searchsorted(rows.at, self._second(at), side="right")))
        return pd.DataFrame(
            {
                "at": pd.to_datetime(rows.at[seen], unit="s", utc=True),
                "delta": rows.delta[seen].astype(np.int64),
                "paid": rows.paid[seen],
                "arrives_at": pd.to_datetime(rows.arrives[seen], unit="s", utc=True),
            }
        )


def _named(names: Sequence[str], numbers: npt.NDArray[Any]) -> Any:
    """A column of names by their numbers; pandas makes each of a few strings once, and not each of a million."""
    return pd.array(list(names), dtype="str").take(numbers)


def utc(second: int) -> datetime:
    """An instant from UTC seconds."""
    return datetime.fromtimestamp(second, UTC)
