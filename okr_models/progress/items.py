"""The items behind a count: each post judged on its own days (MEASURES.md, "10 posts with 500 views").

What belongs here: one post against its conditions. What does not: adding the posts up (``counts.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

from okr_models.client.targets import Condition
from okr_models.hosts import place
from okr_models.kpis import FULL_SHARE
from okr_models.progress.figures import Met

Outcome = Literal["met", "open", "missed"]
FINAL_AFTER = timedelta(days=90)
_NUMBER = re.compile(r"(?:p|page_id)=[0-9]+")
_HUNG_ON = re.compile(
    r"(?:utm|pk|mtm|matomo|piwik|hsa|mc|at|fb|ga)_.*|_.*|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|ref|src|source"
    r"|medium|campaign|cmpid|amp|print|share|replytocom",
    re.IGNORECASE,
)
"""Names in a query that tell where a reader came from, or which face of a page it is."""
IS_SINCE_PUBLICATION = frozenset({"interactions"})
"""Metrics by day whose running total is the platform's own, of all that the post ever received."""
LATE = timedelta(days=5)
"""For so long after a post's time its last days are late; then they are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A published post. ``daily``: each additive metric by day observed; ``totals``: every metric's running total."""

    item_id: str
    source: str
    title: str | None
    url: str | None
    published_at: datetime | None
    published_on: date
    """Its day in the site's zone."""
    daily: Mapping[str, Mapping[date, float]]
    totals: Mapping[str, float | None]
    given_through: Mapping[str, date] = field(default_factory=dict)
    """The newest day of each metric that its source has given of any post: a later one is not yet given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItem:
    """A post with its outcome. ``value`` and ``threshold`` are those of the condition that decides."""

    item_id: str
    title: str | None
    url: str | None
    published_at: datetime | None
    published_on: date
    value: float | None
    threshold: float | None
    outcome: Outcome
    decided_on: date | None
    is_unobserved: bool = False
    """Its time is over, but too few of its days were observed to call it missed."""
    source: str = ""

    @property
    def full_id(self) -> str:
        """An id that no other source's post has: each WordPress numbers its posts from 1."""
        return f"{self.source}:{self.item_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    value: float | None
    outcome: Outcome
    decided_on: date | None
    is_unobserved: bool = False


def judge(post: Post, conditions: Sequence[Condition], *, as_of: date, final_on: date) -> JudgedItem:
    """``met`` for good once every condition is, ``open`` while one still can be, else ``missed``."""
    verdicts = [_verdict(post, condition, as_of=as_of, final_on=final_on) for condition in conditions]
    shown = _shown(conditions, verdicts)
    missed = [each for each in verdicts if each.outcome == "missed"]
    outcome: Outcome = "met"
    decided: date | None = post.published_on
    if missed:
        outcome = "missed"
        decided = min((each.decided_on for each in missed if each.decided_on), default=None)
    elif any(each.outcome == "open" for each in verdicts):
        outcome, decided = "open", None
    elif verdicts:
        decided = max((each.decided_on for each in verdicts if each.decided_on), default=post.published_on)
    return JudgedItem(
        item_id=post.item_id,
        title=post.title,
        url=post.url,
        published_at=post.published_at,
        published_on=post.published_on,
        value=verdicts[shown].value if verdicts else None,
        threshold=_threshold(conditions[shown]) if conditions else None,
        outcome=outcome,
        decided_on=decided,
        is_unobserved=outcome == "open" and any(each.is_unobserved for each in verdicts),
        source=post.source,
    )


def told_apart(items: Iterable[JudgedItem]) -> tuple[JudgedItem, ...]:
    """``items`` with an id each: of several sources' posts with one id the first keeps it, the others' say whose."""
    taken: set[str] = set()
    found: list[JudgedItem] = []
    for item in items:
        own = item if item.item_id not in taken else replace(item, item_id=item.full_id)
        taken.add(own.item_id)
        found.append(own)
    return tuple(found)


def stay_met(items: Sequence[JudgedItem], met: Iterable[Met], conditions: Sequence[Condition]) -> list[JudgedItem]:
    """``items`` as nights called them met under the same condition: for good, whatever their days say of them now.

    The days go with a source that is read no more, with a list that names the post anew, with what a vendor forgets.
    """
    wanted = _threshold(conditions[0]) if conditions else None
    before: dict[int, list[Met]] = {}
    by_id = _places(items, lambda item: item.full_id) | _places(items, lambda item: item.item_id)
    by_address = _places(items, lambda item: _address(item.url))
    for each in met:
        if each.threshold == wanted and (at := _whose(each, items, by_id=by_id, by_address=by_address)) is not None:
            before.setdefault(at, []).append(each)
    return [_kept(item, before.get(at, ()), conditions) for at, item in enumerate(items)]


def _kept(item: JudgedItem, met: Iterable[Met], conditions: Sequence[Condition]) -> JudgedItem:
    """An item with what was said of it in the time that it is given now."""
    before = [each for each in met if not conditions or _is_in_time(each, item, conditions[0])]
    if not before:
        return item
    kept = min(before, key=lambda each: (each.item_id not in {item.item_id, item.full_id}, each.since))
    if item.outcome == "met":
        days = [day for day in (kept.decided_on, item.decided_on) if day is not None]
        return replace(item, decided_on=min(days, default=None))
    value = max((each for each in (kept.value, item.value) if each is not None), default=None)
    return replace(
        item, outcome="met", value=value, threshold=kept.threshold, decided_on=kept.decided_on, is_unobserved=False
    )


def _is_in_time(met: Met, item: JudgedItem, condition: Condition) -> bool:
    """Whether it was said of the item's own time: a ceiling is kept only once that is over."""
    if condition.within_days is None or met.decided_on is None:
        return True
    age = (met.decided_on - item.published_on).days
    return age < condition.within_days if condition.at_least is not None else age >= condition.within_days - 1


def _whose(
    met: Met, items: Sequence[JudgedItem], *, by_id: Mapping[str, list[int]], by_address: Mapping[str, list[int]]
) -> int | None:
    """Which of ``items`` was met: the one of its id, of two sites' with one id that of its address.

    Where no post has its id any more it is the one at its address, unless that was published since: then it is new. Of
    posts that only a query tells from each other it is the one with its query, be the others all that is left.
    """
    same_id, same_address = by_id.get(met.item_id, []), by_address.get(_address(met.url), [])
    if both := [at for at in same_id if at in same_address]:
        return both[0]
    if same_id:
        return same_id[0] if len(same_id) == 1 else None
    older = [at for at in same_address if items[at].published_on <= (met.decided_on or met.since)]
    if own := _named_by_query(met.url):
        named = {at: _named_by_query(items[at].url) for at in older}
        older = [at for at in older if named[at] == own] or [at for at in older if not named[at]]
    return older[0] if older else None


def _places(items: Sequence[JudgedItem], name: Callable[[JudgedItem], str]) -> dict[str, list[int]]:
    """Where each name stands; what has none is not found by it."""
    found: dict[str, list[int]] = {}
    for at, item in enumerate(items):
        if own := name(item):
            found.setdefault(own, []).append(at)
    return found


def _named_by_query(url: str | None) -> str:
    """What a query names once what campaigns hung on it is off, as ``addresses.sql`` takes it: WordPress' number of the
    post, else all of it; "" where that is nothing."""
    asked = (url or "").partition("#")[0].partition("?")[2].split("&")
    named = [each for each in asked if each and not _HUNG_ON.fullmatch(each.partition("=")[0])]
    return next((each for each in named if _NUMBER.fullmatch(each)), "&".join(named))


def _address(url: str | None) -> str:
    """A post's own address in one spelling; "" where it has none but the site's, as behind a plain permalink."""
    own = place(url) if url else ""
    return own if "/" in own else ""


def decided_by(daily: Mapping[date, float], condition: Condition) -> date | None:
    """The first day by which the running sum has reached the floor, or is above the ceiling."""
    total = 0.0
    for day in sorted(daily):
        total += daily[day]
        if total >= condition.at_least if condition.at_least is not None else not _holds(condition, total):
            return day
    return None


def days_to_reach(posts: Iterable[Post], condition: Condition) -> list[int]:
    """Days from publication to the threshold, of the posts that reached it in their time."""
    found: list[int] = []
    for post in posts:
        if condition.at_least is None:
            continue
        last = _last_day(post, condition) or date.max
        inside = {
            day: value
            for day, value in post.daily.get(condition.metric, {}).items()
            if post.published_on <= day <= last
        }
        day = decided_by(inside, condition)
        if day is not None:
            found.append((day - post.published_on).days)
    return found


def _verdict(post: Post, condition: Condition, *, as_of: date, final_on: date) -> _Verdict:
    last = _last_day(post, condition)
    daily = {day: value for day, value in post.daily.get(condition.metric, {}).items() if day < as_of}
    if daily or last is not None:
        return _accumulated(post, condition, daily, as_of=as_of, final_on=final_on)
    value = post.totals.get(condition.metric)
    is_met = value is not None and _holds(condition, value)
    ends = last or final_on
    if is_met:
        return _Verdict(value=value, outcome="met", decided_on=None)
    if as_of <= ends or value is None:
        return _Verdict(value=value, outcome="open", decided_on=None, is_unobserved=value is None and as_of > ends)
    return _Verdict(value=value, outcome="missed", decided_on=ends)


def _accumulated(
    post: Post, condition: Condition, daily: Mapping[date, float], *, as_of: date, final_on: date
) -> _Verdict:
    """A figure that grows by the day: against a floor until it is reached, against a ceiling to the end of its time."""
    last = _last_day(post, condition) or final_on
    inside = {day: value for day, value in daily.items() if post.published_on <= day <= last}
    value = sum(inside.values()) if inside else None
    day = decided_by(inside, condition)
    if day is not None:
        return _Verdict(value=value, outcome="missed" if condition.at_least is None else "met", decided_on=day)
    read_on, received = as_of - timedelta(days=1), _received(post, condition.metric, as_of)
    # what a post shows within its time it received within it, be it before its first reading
    if read_on <= last and condition.at_least is not None and (received or 0) >= condition.at_least:
        return _Verdict(value=received, outcome="met", decided_on=read_on)
    if as_of <= last:
        return _Verdict(value=value, outcome="open", decided_on=None)
    if post.given_through.get(condition.metric, last) < last:
        # Nights that fail make no post older than its figures are.
        return _Verdict(value=value, outcome="open", decided_on=None, is_unobserved=as_of > last + LATE)
    whole = (last - post.published_on).days + 1
    if len(inside) / whole < FULL_SHARE:
        return _Verdict(value=value, outcome="open", decided_on=None, is_unobserved=True)
    return _Verdict(value=value, outcome="met" if condition.at_least is None else "missed", decided_on=last)


def _received(post: Post, metric: str, as_of: date) -> float | None:
    """All that a post had ever received before ``as_of``, by its own running total; None where that is not known."""
    total = post.totals.get(metric) if metric in IS_SINCE_PUBLICATION else None
    if total is None:
        return None
    return total - sum(value for day, value in post.daily.get(metric, {}).items() if day >= as_of)


def _last_day(post: Post, condition: Condition) -> date | None:
    """Day 89 of 90: the publication day is day 0."""
    if condition.within_days is None:
        return None
    return post.published_on + timedelta(days=condition.within_days - 1)


def _holds(condition: Condition, value: float) -> bool:
    if condition.at_least is not None:
        return value >= condition.at_least
    return condition.at_most is not None and value <= condition.at_most


def _threshold(condition: Condition) -> float | None:
    return condition.at_least if condition.at_least is not None else condition.at_most


def _shown(conditions: Sequence[Condition], verdicts: Sequence[_Verdict]) -> int:
    """The condition that decides: the first that is not met, else the first."""
    return next((i for i, each in enumerate(verdicts) if each.outcome != "met"), 0) if conditions else 0
