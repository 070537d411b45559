"""Counts with a window, and milestones: how many are done, and how many still can be.

What belongs here: adding up judged items. What does not: judging one (``items.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from okr_models.client.model import Client, Milestones
from okr_models.kpis import CLOSING_DAYS
from okr_models.periods import ONE_DAY, month_end
from okr_models.progress.figures import Figures, Met, months_known
from okr_models.progress.items import FINAL_AFTER, JudgedItem, Post, days_to_reach, judge, stay_met, told_apart
from okr_models.progress.measures import Measurement, Task
from okr_models.progress.never_counted import never_counted
from okr_models.progress.posts import blog_posts, social_posts
from okr_models.words.codes import note


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A measurement with the items behind it."""

    measurement: Measurement
    items: tuple[JudgedItem, ...]


def calendar_closed(task: Task, *, closing_days: int = CLOSING_DAYS) -> int:
    """How many of P1's months are over and had time to close."""
    return sum(month_end(month) + timedelta(days=closing_days) <= task.as_of for month in task.months)


def final_on(task: Task) -> date:
    """The day after which no item of the period can change: P1's end + 90 days, or its items' own window if longer."""
    longest = max((each.within_days or 0 for each in task.key_result.where), default=0)
    return task.period.end + max(FINAL_AFTER, timedelta(days=longest))


def measure_count(task: Task, client: Client, figures: Figures, *, met: Sequence[Met] = ()) -> Count:
    """Items published in P1 that met the condition, now or by any night that said so."""
    read = blog_posts if task.key_result.count == "blog_posts" else social_posts
    posts = read(client, figures, scope=task.key_result.scope, as_of=task.as_of)
    inside = [post for post in posts if task.period.start <= post.published_on <= task.period.end]
    last = final_on(task)
    now = [judge(post, task.key_result.where, as_of=task.as_of, final_on=last) for post in inside]
    items = told_apart(stay_met(now, met, task.key_result.where))
    unknown = never_counted(task, client, figures, posts)
    done = sum(item.outcome == "met" for item in items)
    unobserved = sum(item.is_unobserved for item in items)
    measurement = Measurement(
        rule="count",
        unit="posts",
        kind="count",
        k=calendar_closed(task),
        n=task.n,
        current=None if unknown else float(done),
        baseline=0.0,
        items=done,
        open_items=sum(item.outcome == "open" for item in items),
        lag_days=_lag(task, posts),
        can_fall=False,
        data_through=None if unknown else _data_through(task, inside, figures),
        notes=(note("count_unobserved", count=unobserved),) if unobserved else (),
        refusal=unknown,
    )
    return Count(measurement=measurement, items=items)


def measure_milestones(task: Task) -> Measurement:
    """Share done by ``as_of``, and within the period: what is done after it was out of reach by then."""
    target = task.target
    assert isinstance(target, Milestones)  # noqa: S101 - the caller chose by this type
    last = min(task.as_of, task.period.end)
    done = sum(each.done is not None and each.done <= last for each in target.milestones)
    return Measurement(
        rule="milestones",
        unit="share",
        kind="milestones",
        k=calendar_closed(task),
        n=task.n,
        current=done / len(target.milestones) if target.milestones else None,
        baseline=0.0,
        items=done,
        open_items=len(target.milestones) - done,
        can_fall=False,
        data_through=task.last_day if task.as_of > task.period.start else None,
        refusal=None if target.milestones else note("no_data"),
    )


def _lag(task: Task, posts: Sequence[Post]) -> int:
    """Median days from publication to the threshold over all posts; the whole window where none got there."""
    lags: list[int] = []
    for condition in task.key_result.where:
        if condition.at_least is None:
            continue
        days = days_to_reach(posts, condition)
        lags.append(round(median(days)) if days else condition.within_days or 0)
    return max(lags, default=0)


def _data_through(task: Task, posts: Sequence[Post], figures: Figures) -> date | None:
    """Last day that both the list of posts and what is asked of them were read of; without either, yesterday."""
    metrics = {each.metric for each in task.key_result.where}
    days = [day for post in posts for metric in metrics for day in post.daily.get(metric, {}) if day < task.as_of]
    listed = _listed_through(task, figures)
    known = [day for day in (max(days, default=None), listed) if day is not None]
    if not known or (metrics and not days):
        return None if metrics else task.as_of - ONE_DAY
    return min(known)


def _listed_through(task: Task, figures: Figures) -> date | None:
    """Last day of which the list of posts tells, by the months of how many were published."""
    months = months_known(figures, kpi=task.key_result.count or "", as_of=task.as_of).get(
        str(task.key_result.scope), {}
    )
    return max((each.observed_on for each in months.values() if each.value is not None), default=None)
