"""Lists read page by page by offset, while the list moves: overlapping pages, compared, read again where they differ.

What belongs here: steadiness of offset paging, and how far back a list that is cut short still tells of everything.
What does not: paging by cursor or ``next`` link, which does not drift.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from connectors.core.doubt import Doubt
from connectors.core.shape import BadShape, Node

MOST_PASSES = 3
MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Items merged on their identity. ``drifted``: the list moved in every pass, so this is all that any pass saw, and
    perhaps not all there is.

    ``total``: how many the vendor says there are.
    """

    items: Sequence[Node]
    drifted: bool = False
    total: int | None = None

    def doubts(self) -> tuple[Doubt, ...]:
        """What is to be said of it."""
        moved = (Doubt(code="list_moved"),) if self.drifted else ()
        return (*moved, *shortfall(len(self.items), self.total))


def shortfall(shown: int, total: int | None) -> tuple[Doubt, ...]:
    """A doubt where the vendor counts more than its list shows."""
    return (Doubt(code="list_not_whole", quantity=shown, of=total),) if total is not None and shown < total else ()


def cut_off(listed: Collection[str], known: Mapping[str, datetime | None], published: Sequence[datetime]) -> int:
    """How many of the ``known`` posts a list lacks that ends before all of them, as one does that was cut.

    A single one is taken for deleted, and so are those of which some are younger than the end of the list.
    """
    gone = [moment for name, moment in known.items() if name not in listed]
    is_tail = bool(published) and all(moment is not None and moment < min(published) for moment in gone)
    return len(gone) if is_tail and len(gone) > 1 else 0


def tells_since(published: Sequence[datetime], *, now: datetime) -> datetime:
    """The instant after which a list that is not whole names everything: it was cut at its old end.

    Of one that is not sorted from new to old nothing is sure: ``now``.
    """
    is_sorted = all(newer >= older for newer, older in pairwise(published))
    return published[-1] if published and is_sorted else now


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. ``more``: the vendor says that another follows, so that a short page is not the last."""

    items: Sequence[Node]
    more: bool = False
    size: int | None = None
    """How many places the vendor gave this page, where it says so: perhaps fewer than were asked for."""
    total: int | None = None
    """How many items there are, where the vendor says so."""


def list_steadily(
    page: Callable[[int], Page], *, identity: Callable[[Node], str], page_size: int, overlap: int
) -> Listing:
    """Every item of a list. ``page(start)`` gives up to ``page_size`` items from an offset.

    Each page begins ``overlap`` items before the last one ended; where those are not the same items, something was
    added or removed meanwhile and the list is read again. Where it moves in every pass, all that any saw counts: an
    item is not to be taken for deleted; the next night sees what is true. One in which items stand twice, the same each
    time, is read twice and may hide others.
    """
    seen: dict[str, Node] = {}
    before: list[str] | None = None
    total: int | None = None
    for _ in range(MOST_PASSES):
        items, steady, total = _one_pass(page, identity=identity, page_size=page_size, overlap=overlap)
        if steady:
            return Listing(items=list(items.values()), total=total)
        seen |= items
        if list(items) == before:
            break
        before = list(items)
    return Listing(items=list(seen.values()), drifted=True, total=total)


def _one_pass(
    page: Callable[[int], Page], *, identity: Callable[[Node], str], page_size: int, overlap: int
) -> tuple[dict[str, Node], bool, int | None]:
    items: dict[str, Node] = {}
    tail: list[str] = []
    steady = True
    start = 0
    for _ in range(MOST_PAGES):
        got = page(start)
        names = [identity(item) for item in got.items]
        if names[: len(tail)] != tail or len(set(names)) != len(names):
            steady = False
        is_full = len(names) >= page_size or (got.more and len(names) >= (got.size or page_size))
        if not is_full and not got.more:
            return items | dict(zip(names, got.items, strict=True)), steady, got.total
        if is_full and items.keys() >= set(names):
            raise BadShape(path="paging", wanted="a page not read before", found=f"the same items from {start}")
        items |= dict(zip(names, got.items, strict=True))
        if is_full:
            tail = names[-overlap:] if len(names) > overlap else []
            start += len(names) - len(tail)
        else:  # cut short, or filtered after paging and then offsets count what was left out: never step over anything
            tail = []
            start += len(names) or page_size
    raise BadShape(path="paging", wanted=f"a list that ends within {MOST_PAGES} pages", found=len(items))


@dataclass(slots=True)
class Counted:
    """A list by offset that says how many items it has, merged by the caller on their identity."""

    items: list[Node] = field(default_factory=list)
    total: int | None = None
    is_steady: bool = True
    """Every page said the same of how many there are: nothing came or went meanwhile."""

    def add(self, items: Sequence[Node], *, total: int | None) -> None:
        """One more page, and how many it says there are in all."""
        self.is_steady &= not self.items or total in {self.total, None}
        self.items += items
        self.total = self.total if total is None else total

    def is_over(self, *, last: Sequence[Node], size: int) -> bool:
        """Whether the page just added was the last one; without a total, one that is not full is."""
        return not last or (len(last) < size if self.total is None else len(self.items) >= self.total)

    def require(self, shown: int, *, name: str) -> None:
        """Raise where fewer items were shown than counted, for figures that are a sum over all of them."""
        if self.total is not None and shown < self.total:
            raise BadShape(path=name, wanted=f"all {self.total} that are counted", found=shown)


def read_counted(
    page: Callable[[int], tuple[Sequence[Node], int | None]], *, name: str, size: int, most_pages: int
) -> Counted:
    """A list by offset. ``page(start)`` gives up to ``size`` items from there, and how many there are in all.

    What comes or goes meanwhile shifts every later page, and leaves one out at the edge: where a page says another
    total than the one before, the list is read again. Where it moves in every pass, the last one counts.
    """
    for _ in range(MOST_PASSES):
        found = _counted(page, name=name, size=size, most_pages=most_pages)
        if found.is_steady:
            break
    return found


def _counted(
    page: Callable[[int], tuple[Sequence[Node], int | None]], *, name: str, size: int, most_pages: int
) -> Counted:
    found = Counted()
    for _ in range(most_pages):
        items, total = page(len(found.items))
        found.add(items, total=total)
        if found.is_over(last=items, size=size):
            return found
    raise BadShape(path=name, wanted=f"a list that ends within {most_pages} pages", found=len(found.items))
