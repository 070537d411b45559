"""Posts out of the marts' frames, each with its figures by day.

What belongs here: reading, and which day a post was published on. What does not: judging it (``items.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import compress, pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from okr_models.client.model import Client, Scope
from okr_models.periods import local_date
from okr_models.progress.figures import Figures, Record, as_date, as_instant, as_number, as_text, records
from okr_models.progress.items import Post

if TYPE_CHECKING:
    import pandas as pd

BLOG_DAILY = ("page_views", "engagement_seconds")
BLOG_TOTALS = ("page_views", "engagement_seconds", "search_clicks", "search_position")
SOCIAL_TOTALS = ("likes", "comments", "shares", "interactions")


def blog_posts(client: Client, figures: Figures, *, scope: Scope, as_of: date) -> list[Post]:
    """Blog posts published before ``as_of``, in the site's zone."""
    daily = _by_post(figures.blog_post_daily, owner="source", metrics=BLOG_DAILY)
    found = [
        _post(row, owner="source", zone=_zone(client, figures, str(row["source"])), daily=daily, totals=BLOG_TOTALS)
        for row in records(figures.blog_posts)
        if not scope.source or row["source"] == scope.source
    ]
    return _known(found, as_of)


def social_posts(client: Client, figures: Figures, *, scope: Scope, as_of: date) -> list[Post]:
    """Social posts published before ``as_of``, in the client's zone: each account's own, whatever id they have, and
    once what two sources read of one account."""
    daily = _by_post(figures.social_post_daily, owner="source", metrics=("interactions",))
    rows = {
        (row["platform"], row["post_id"], as_text(row["url"])): row
        for row in reversed(list(records(figures.social_posts)))
        if (not scope.platform or row["platform"] == scope.platform)
        and (not scope.source or row["source"] == scope.source)
    }
    zone = ZoneInfo(client.timezone)
    found = [_post(row, owner="source", zone=zone, daily=daily, totals=SOCIAL_TOTALS) for row in rows.values()]
    return _known(found, as_of)


def _known(posts: Iterable[Post | None], as_of: date) -> list[Post]:
    known = _given([post for post in posts if post is not None and post.published_on < as_of], as_of)
    return sorted(known, key=lambda post: (post.published_on, post.source, post.item_id))


def _given(posts: Sequence[Post], as_of: date) -> list[Post]:
    """Posts with the newest day of each metric that their source has given of any of them."""
    newest: dict[str, dict[str, date]] = {}
    for post in posts:
        of_source = newest.setdefault(post.source, {})
        for metric, days in post.daily.items():
            last = max(days, default=date.min)
            if last >= as_of:
                last = max((day for day in days if day < as_of), default=date.min)
            of_source[metric] = max(last, of_source.get(metric, date.min))
    return [replace(post, given_through=newest[post.source]) for post in posts]


def _zone(client: Client, figures: Figures, source: str) -> ZoneInfo:
    return ZoneInfo(figures.zones.get(source, client.timezone))


Daily = dict[tuple[str, str], dict[str, dict[date, float]]]


def _by_post(frame: pd.DataFrame, *, owner: str, metrics: tuple[str, ...]) -> Daily:
    """Each post's days with a value. A run of rows of one post is taken at once: a client has posts times days."""
    found: Daily = {}
    frame = frame[frame["day"].notna()] if len(frame) else frame
    if frame.empty:
        return found
    import numpy as np

    owners, posts = frame[owner].to_numpy(dtype=object), frame["post_id"].to_numpy(dtype=object)
    starts = np.flatnonzero((owners[1:] != owners[:-1]) | (posts[1:] != posts[:-1])) + 1
    days = [day for each in frame["day"].tolist() if (day := as_date(each))]
    columns = {
        metric: frame[metric].to_numpy(dtype=np.float64, na_value=np.nan)
        for metric in metrics
        if metric in frame.columns
    }
    finite = {metric: np.isfinite(values) for metric, values in columns.items()}
    for start, end in pairwise([0, *starts.tolist(), len(days)]):
        of_post = found.setdefault((str(owners[start]), str(posts[start])), {})
        for metric, values in columns.items():
            given = finite[metric][start:end].tolist()
            if any(given):
                pairs = zip(days[start:end], values[start:end].tolist(), strict=True)
                of_post.setdefault(metric, {}).update(compress(pairs, given))
    return found


def _post(row: Record, *, owner: str, zone: ZoneInfo, daily: Daily, totals: tuple[str, ...]) -> Post | None:
    published_at = as_instant(row.get("published_at"))
    published_on = as_date(row.get("published_on")) or (local_date(published_at, zone) if published_at else None)
    if published_on is None:
        return None
    item_id = str(row["post_id"])
    return Post(
        item_id=item_id,
        source=str(row[owner]),
        title=as_text(row.get("title")),
        url=as_text(row.get("url")),
        published_at=published_at,
        published_on=published_on,
        daily=daily.get((str(row[owner]), item_id), {}),
        totals={metric: as_number(row.get(metric)) for metric in totals},
    )
