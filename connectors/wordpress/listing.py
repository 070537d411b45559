"""A site's list of posts over the REST API, read to its end: with counts in headers or without, and while it moves.

What belongs here: pages, passes, and when a list is whole. What does not: what a post's fields mean (``source.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from connectors.core.doubt import Doubt
from connectors.core.errors import BadReply
from connectors.core.odd import Odd
from connectors.core.paging import shortfall
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node

MOST_PAGES = 1_000
MOST_PASSES = 3


class PageGone(BadReply):
    """A page past the last: posts went meanwhile, or nobody says how many pages there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Posts by number. ``total``: how many the site counts. ``drifted``: the list moved in every pass."""

    found: Mapping[int, Node]
    odd: Odd
    total: int | None
    drifted: bool = False
    moved: bool = False
    """It moved in a pass, and was then read again."""
    is_cut: bool = False
    """No pass came to its end: each page gives the same posts."""

    def doubts(self) -> tuple[Doubt, ...]:
        """What is to be said of the list."""
        drifted = (Doubt(code="list_moved"),) if self.drifted else ()
        return (*drifted, *shortfall(len(self.found) + len(self.odd.problems), self.total))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    found: dict[int, Node]
    odd: Odd
    total: int | None
    is_steady: bool
    """The site counted the same on each page."""
    is_cut: bool = False

    @property
    def is_complete(self) -> bool:
        return self.is_steady and len(self.found) + len(self.odd.problems) == self.total


def list_posts(page: Callable[[int, int], Reply], *, page_posts: int, seen: dict[int, Node]) -> Posts:
    """All posts. ``page(number, size)`` gives a page; ``seen`` keeps what was read, also where it breaks off.

    A list that has as many posts as the site counts is whole, and so is one that comes to its end with the same posts
    twice: then the site counts some that it shows nobody, or does not count at all. Each pass has another page size, so
    that no post stays hidden at an edge. Where the list moves in every pass, all that any saw counts.
    """
    before: _Pass | None = None
    for attempt in range(MOST_PASSES):
        one = _one_pass(page, size=page_posts - attempt, seen=seen)
        if one.is_complete or (before is not None and one.is_steady and one.found.keys() == before.found.keys()):
            return Posts(found=one.found, odd=one.odd, total=one.total, moved=attempt > 0 and one.is_complete)
        before = one
    if one.total is not None and len(seen) >= one.total:
        return Posts(found=seen, odd=one.odd, total=one.total, moved=True)
    return Posts(found=seen, odd=one.odd, total=one.total, drifted=True, moved=True, is_cut=one.is_cut)


def _one_pass(page: Callable[[int, int], Reply], *, size: int, seen: dict[int, Node]) -> _Pass:
    found: dict[int, Node] = {}
    odd = Odd()
    totals: set[int | None] = set()
    for number in range(1, MOST_PAGES + 1):
        try:
            reply = page(number, size)
        except PageGone:
            # without a count of pages this is how a list ends; with one, posts went meanwhile
            return _Pass(found=found, odd=odd, total=_one(totals), is_steady=totals == {None})
        totals.add(count(reply, "X-WP-Total"))
        listed = list(posts_in(reply.json()))
        fresh = dict(odd.readable(listed, lambda post: (post.whole("id"), post)))
        pages = count(reply, "X-WP-TotalPages")
        # a page of nothing but posts that were read is no page of its own: whatever answers takes no heed of which
        is_cut = bool(fresh) and fresh.keys() <= found.keys()
        if is_cut or (pages is None and not fresh):
            steady = not is_cut and len(totals) == 1
            return _Pass(found=found, odd=odd, total=_one(totals), is_steady=steady, is_cut=is_cut)
        found |= fresh
        seen |= fresh
        if pages is not None and number >= pages:
            return _Pass(found=found, odd=odd, total=_one(totals), is_steady=len(totals) == 1)
    raise BadShape(path="X-WP-TotalPages", wanted=f"at most {MOST_PAGES}", found=len(found))


def _one(totals: set[int | None]) -> int | None:
    """The newest count would do; the largest never takes a post for deleted."""
    return max((total for total in totals if total is not None), default=None)


def posts_in(reply: Node) -> Iterator[Node]:
    """The posts of a page: a list or, where a plugin took some out, an object by number; what it hides is null."""
    if isinstance(reply.value, dict) and reply.value and all(name.isdecimal() for name in reply.value):
        posts: Iterator[Node] = (post for _, post in reply.items())
    else:
        posts = iter(reply)
    return (post for post in posts if post.value is not None)


def count(reply: Reply, header: str) -> int | None:
    """A count from a header; None where a proxy dropped it."""
    text = reply.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None
