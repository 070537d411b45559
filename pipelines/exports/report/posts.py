"""Posts on the page: those that a key result counts with their outcomes, else the most read; and the social ones.

What belongs here: choosing and wording. What does not: queries (``queries.py``), judging
(``okr_models/progress/items.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from okr_models.words.notes import PLATFORM_NAMES
from okr_models.words.numbers import Speech
from pipelines.exports.plain import plain
from pipelines.exports.published import KeyResultRow
from pipelines.exports.reader import Reader
from pipelines.exports.report.messages import message
from pipelines.exports.report.queries import BlogPost, Item, SocialPost

POSTS_SHOWN = 15
SOCIAL_SHOWN = 8
OUTCOME_ICONS = {"met": "✓", "open": "○", "missed": "✕"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    title: str
    url: str | None
    published: str
    value: str
    share: float
    outcome: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostGroup:
    """Posts of one count. ``heading`` is empty where the section's own says it all."""

    heading: str
    lead: str
    value_head: str
    rows: tuple[PostView, ...]
    more: str
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsView:
    title: str
    groups: tuple[PostGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialView:
    platform: str
    url: str | None
    label: str
    published: str
    caption: str
    likes: str
    comments: str
    shares: str
    interactions: str
    is_maturing: bool


def posts_view(
    items: Sequence[Item], posts: Sequence[BlogPost], results: Sequence[KeyResultRow], reader: Reader
) -> PostsView | None:
    """Posts that key results count, newest first, a group each; without such a count the most read blog posts."""
    speech = reader.speech
    if not items:
        return PostsView(title=message("posts", speech), groups=(_most_read(posts, speech),)) if posts else None
    counted = [row for row in results if any(_is_of(item, row) for item in items)]
    is_blog = all(row.kpi in {None, "blog_posts"} for row in counted)
    alone = len(counted) == 1 and is_blog
    return PostsView(
        title=message("posts" if is_blog else "posts_any", speech),
        groups=tuple(
            _group(row, [item for item in items if _is_of(item, row)], reader, is_alone=alone) for row in counted
        ),
    )


def _is_of(item: Item, row: KeyResultRow) -> bool:
    return (item.objective_id, item.key_result_id) == (row.objective_id, row.key_result_id)


def _group(row: KeyResultRow, items: Sequence[Item], reader: Reader, *, is_alone: bool) -> PostGroup:
    speech = reader.speech
    count = {outcome: sum(item.outcome == outcome for item in items) for outcome in OUTCOME_ICONS}
    thresholds = {item.threshold for item in items if item.threshold is not None}
    definition = reader.key_result(row.objective_id, row.key_result_id)
    conditions = definition.where if definition and definition.where else ()
    if len(thresholds) == 1 and len(conditions) <= 1:
        is_most = bool(conditions) and conditions[0].at_most is not None
        threshold = speech.figure(max(thresholds))
        lead = message("posts_at_most" if is_most else "posts_lead", speech, threshold=threshold, **count)
    else:
        lead = message("posts_any_lead", speech, **count)
    metric = conditions[0].metric if len(conditions) == 1 else "page_views" if not conditions else ""
    shown = POSTS_SHOWN if is_alone else POSTS_SHOWN // 2
    return PostGroup(
        heading="" if is_alone else plain(row.title),
        lead=lead,
        value_head=message(f"metric_{metric}" if metric else "metric_any", speech),
        rows=tuple(_judged(item, speech) for item in items[:shown]),
        more=_more(len(items) - shown, "key_result_items.csv", speech),
        total=len(items),
    )


def _most_read(posts: Sequence[BlogPost], speech: Speech) -> PostGroup:
    most = max((post.page_views_90d or 0 for post in posts), default=0)
    return PostGroup(
        heading="",
        lead=message("posts_plain", speech),
        value_head=message("metric_page_views", speech),
        rows=tuple(_read(post, most, speech) for post in posts[:POSTS_SHOWN]),
        more=_more(len(posts) - POSTS_SHOWN, "blog_posts.csv", speech),
        total=len(posts),
    )


def _more(hidden: int, file: str, speech: Speech) -> str:
    return message("more", speech, count=hidden, file=file) if hidden > 0 else ""


def _title(title: str | None, url: str | None, speech: Speech) -> str:
    """A post's title; a source that knows none leaves its path."""
    if title:
        return plain(title, limit=90)
    address = safe_url(url)
    path = unquote(urlsplit(address).path) if address else ""
    return plain(path, limit=90) or message("untitled", speech)


def _judged(item: Item, speech: Speech) -> PostView:
    share = (item.value or 0) / item.threshold if item.threshold else 0.0
    return PostView(
        title=_title(item.title, item.url, speech),
        url=safe_url(item.url),
        published=_on(item.published_at, speech),
        value=speech.figure(item.value, beside=item.threshold),
        share=round(100 * min(1.0, max(0.0, share)), 1),
        outcome=item.outcome,
        icon=OUTCOME_ICONS.get(item.outcome, "?"),
        word=message(item.outcome, speech) if item.outcome in OUTCOME_ICONS else plain(item.outcome),
    )


def _read(post: BlogPost, most: float, speech: Speech) -> PostView:
    return PostView(
        title=_title(post.title, post.url, speech),
        url=safe_url(post.url),
        published=_on(post.published_at, speech),
        value=speech.figure(post.page_views_90d),
        share=round(100 * (post.page_views_90d or 0) / most, 1) if most else 0.0,
        outcome="",
        icon="",
        word="",
    )


def social_posts(posts: Sequence[SocialPost], speech: Speech) -> tuple[SocialView, ...]:
    """The posts with the most interactions."""
    return tuple(
        SocialView(
            platform=platform_name(post.platform),
            url=safe_url(post.url),
            label=message(
                "open_post", speech, platform=platform_name(post.platform), day=_on(post.published_at, speech)
            ),
            published=_on(post.published_at, speech),
            caption=plain(post.caption or "", limit=80),
            likes=speech.figure(post.likes),
            comments=speech.figure(post.comments),
            shares=speech.figure(post.shares),
            interactions=speech.figure(post.interactions),
            is_maturing=post.is_maturing,
        )
        for post in posts[:SOCIAL_SHOWN]
    )


def platform_name(platform: str) -> str:
    """A platform as it writes itself."""
    return PLATFORM_NAMES.get(platform, plain(platform, limit=30).capitalize())


def safe_url(url: str | None) -> str | None:
    """The address where it leads to a web page, else none: no other scheme becomes a link."""
    if not url or len(url) > 2000 or any(ord(character) <= 32 for character in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _on(instant: datetime | None, speech: Speech) -> str:
    return speech.day(instant.date() if instant else None)
