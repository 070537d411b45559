"""Why a count has no value at all: what it counts, or what it asks of each post, was never seen (MEASURES.md, "Missing
is not zero").

What belongs here: sources that were never read, and figures that no post ever had. What does not: posts that lack some
of their days (``items.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from okr_models.client.labels import source_labels
from okr_models.client.model import Client, KeyResult
from okr_models.client.sources import SourceSettings
from okr_models.progress.components import feeding_sources
from okr_models.progress.figures import Figures
from okr_models.progress.items import Post
from okr_models.progress.measures import Task
from okr_models.words.codes import Note, note

STREAM_OF_METRIC = {
    "page_views": ("web", "web_pages_daily"),
    "engagement_seconds": ("web", "web_pages_daily"),
    "search_clicks": ("search", "search_pages_daily"),
    "search_position": ("search", "search_pages_daily"),
}
"""Which kind of source tells what a blog post is asked for; a social post's counters come with their own account."""
Stream = tuple[SourceSettings, str]
SURELY_SEEN = timedelta(days=7)
"""A post that old has been seen by whatever sees its blog."""


def never_counted(task: Task, client: Client, figures: Figures, posts: Sequence[Post]) -> Note | None:
    """The reason, or None where the count may be given."""
    labels = source_labels(client)
    for streams in _needed(client, task.key_result):
        if streams and not any(figures.was_read(source.id, stream) for source, stream in streams):
            return note("source_never_loaded", label=", ".join(labels[source.id] for source, _ in streams))
    old = [post for post in posts if post.published_on <= task.as_of - SURELY_SEEN]
    for condition in task.key_result.where:
        metric = condition.metric
        if STREAM_OF_METRIC.get(metric, ("", ""))[0] == "search":
            continue  # a post that search never shows has no position, and that is known
        if old and not any(post.daily.get(metric) or post.totals.get(metric) is not None for post in old):
            return note("count_unseen", count=len(old))
    return None


def _needed(client: Client, key_result: KeyResult) -> Iterator[tuple[Stream, ...]]:
    """Groups of streams of which at least one must have been read."""
    scope = key_result.scope
    if key_result.count == "social_posts":
        accounts = feeding_sources(client, "social_posts", scope)
        yield tuple((source, "social_posts") for source in accounts)
        if key_result.where:
            yield tuple((source, "post_counters") for source in accounts)
        return
    # a web source whose blog_path says what a post is gives its list by its pages
    lists = feeding_sources(client, "blog_posts", scope)
    yield tuple((source, "blog_posts" if source.category == "blog" else "web_pages_daily") for source in lists)
    for condition in key_result.where:
        category, stream = STREAM_OF_METRIC[condition.metric]
        yield tuple((source, stream) for source in client.sources if source.category == category)
