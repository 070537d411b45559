"""What a reader must know of the blog posts behind a key result: dated anew, listed twice, on a host that nobody sees.

What belongs here: those notes. What does not: which posts there are (``posts.py``), and a count without any post that
was seen (``never_counted.py``).
"""

from __future__ import annotations

from okr_models.periods import add_months
from okr_models.progress.figures import Figures, Record, as_date, as_text, records
from okr_models.progress.measures import Task
from okr_models.words.codes import Note, note

OF_POSTS = frozenset({"blog_posts", "page_views_per_blog_post", "seconds_per_blog_post", "search_position_new_posts"})
"""KPIs, and what is counted, that rest on the list of posts."""
OF_VIEWS = frozenset({"page_views_per_blog_post", "seconds_per_blog_post"})
VIEWED = frozenset({"page_views", "engagement_seconds"})
"""Conditions of a count that a web source answers."""
MONTHS_COMPARED = 12


def about_posts(task: Task, figures: Figures) -> tuple[Note, ...]:
    """Notes on the posts published in the period, or for a KPI of months in the year before it too."""
    key_result = task.key_result
    measured = key_result.kpi or key_result.count
    if measured not in OF_POSTS:
        return ()
    since = task.period.start if key_result.count else add_months(task.period.start, -MONTHS_COMPARED)
    scope = key_result.scope.source
    posts = [
        row
        for row in records(figures.blog_posts)
        if (scope is None or row["source"] == scope)
        and (day := as_date(row.get("published_on"))) is not None
        and (since <= day < task.as_of or since <= (as_date(row.get("redated_on")) or day) < task.as_of)
    ]
    found = []
    if redated := sum(as_date(row.get("redated_on")) is not None for row in posts):
        found.append(note("posts_redated", count=redated))
    if twice := [name for row in posts if (name := as_text(row.get("also_listed_by")))]:
        also = sorted({each for names in twice for each in names.split(", ")})
        found.append(note("posts_listed_twice", count=len(twice), sources=", ".join(also)))
    if hosts := _unseen(posts) if _asks_for_views(task) else []:
        found.append(note("posts_unseen", count=len(hosts), hosts=", ".join(sorted(set(hosts)))))
    return tuple(found)


def _unseen(posts: list[Record]) -> list[str]:
    return [host for row in posts if (host := as_text(row.get("unseen_host")))]


def _asks_for_views(task: Task) -> bool:
    key_result = task.key_result
    return key_result.kpi in OF_VIEWS or any(condition.metric in VIEWED for condition in key_result.where)
