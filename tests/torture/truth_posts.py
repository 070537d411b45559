"""Posts, what they received and how blog posts were read, in the end of a story, counted from the world's events.

Social posts as they stand at the newest reading; a month's interactions between the readings at its two ends; a blog
post's views in its first 90 days. What the world deleted, and months that no reading bounds, say nothing. No test here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from okr_models.periods import month_end
from pipelines.warehouse.db import open_published
from tests.sandbox_truth import WebTruth, local_day, post_totals
from tests.torture.promises import Broken

if TYPE_CHECKING:
    from tests.torture.years import Story

ZONE = ZoneInfo("Europe/Stockholm")
KINDS = {"like": "likes", "comment": "comments", "share": "shares"}
WINDOW = timedelta(days=90)
SETTLED = timedelta(days=16)
Row = dict[str, Any]
Compared = tuple[str, Any, Any]
"""What it is, as published, and in truth."""


def rows_of(story: Story, sql: str, *values: object) -> list[Row]:
    """What an analyst is answered."""
    with closing(open_published(story.home)) as con:
        answer = con.execute(sql, values)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def social_posts(
    story: Story, client: str, source: str, *, brand: str, platform: str, at: datetime
) -> Iterator[Compared]:
    """Each post that is live at the newest reading: when it was published, and what it had received."""
    sql = "select * from marts.social_posts where client = $1 and source = $2"
    said = {row["post_id"]: row for row in rows_of(story, sql, client, source)}
    totals = post_totals(story.server.world, brand, platform, at=at)
    for post in story.server.world.social_posts(brand, platform, at):
        row = said.get(post.post_id, {})
        name = f"{client}/{source} post {post.post_id}"
        yield f"{name} published_at", row.get("published_at"), post.published_at
        for kind, column in KINDS.items():
            yield f"{name} {column}", row.get(column), totals[post.post_id][kind]
        yield f"{name} interactions", row.get("interactions"), sum(totals[post.post_id].values())
    known = {post.post_id for post in story.server.world.social(brand, platform).posts}
    yield f"{client}/{source} posts that never were", sorted(said.keys() - known), []


def months_of_posts(
    story: Story, *, brand: str, platform: str, months: list[date], readings: dict[date, datetime]
) -> Iterator[tuple[str, date, float]]:
    """KPI, month and value: posts of each month, and what was received in each that readings bound on both sides."""
    world = story.server.world
    posts = world.social(brand, platform).posts
    for month in months:
        inside = [post for post in posts if month <= local_day(post.published_at, str(ZONE)) <= month_end(month)]
        first = min((post.published_at for post in posts), default=None)
        begun = first is not None and local_day(first, str(ZONE)) < month
        if begun and all(post.deleted_at is None for post in inside):
            yield "social_posts", month, float(len(inside))
        begin, end = readings.get(month - timedelta(days=1)), readings.get(month_end(month))
        if begin is None or end is None or any(post.deleted_at and begin <= post.deleted_at <= end for post in posts):
            continue
        before, after = (post_totals(world, brand, platform, at=at) for at in (begin, end))
        had, has = (sum(sum(each.values()) for each in totals.values()) for totals in (before, after))
        yield "interactions", month, float(has - had)


def blog_posts(story: Story, client: str, source: str, *, brand: str, web_first: date) -> Iterator[Compared]:
    """Each post of the feed: when it was published, and its views in 90 days that the web source has whole."""
    world = story.server.world
    web = WebTruth(world, brand)
    views = web.post_views(within_days=WINDOW.days)
    sql = "select * from marts.blog_posts where client = $1 and source = $2"
    said = {int(row["post_id"].rsplit("=", 1)[-1]): row for row in rows_of(story, sql, client, source)}
    at = datetime.combine(story.day, datetime.min.time(), UTC)
    for number, row in said.items():
        post = web.posts[number]
        if not post.is_live(at):
            continue
        name = f"{client}/{source} blog post {number}"
        yield f"{name} published_at", row["published_at"], post.published_at
        begins = local_day(post.published_at, web.zone)
        if begins >= web_first and begins + WINDOW + SETTLED <= story.day:
            yield f"{name} views in 90 days", row["page_views_90d"], views[number]
    live = {post.post_id for post in web.posts.values() if post.is_live(at)}
    seen_since = {number for number in live if web.posts[number].published_at.date() >= story.began}
    yield f"{client}/{source} newest posts that are missing", sorted(seen_since - said.keys()), []


def differing(compared: list[Compared]) -> list[Broken]:
    """Those that are not as they were in the world."""
    return [
        Broken("posts equal the truth", f"{name}: {said}, in truth {wanted}")
        for name, said, wanted in compared
        if said != wanted
    ]
