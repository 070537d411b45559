"""What a KPI is: its kind and unit, over what it may be added up, what it is read from (MEASURES.md, "KPIs").

What belongs here: the fields of a row of the catalogue. What does not: the rows (the other files here), how a month's
value is made (``dbt_like_sql``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["flow", "stock", "ratio"]
Better = Literal["higher", "lower"]
Category = Literal["web", "search", "social", "blog", "crm", "newsletter", "ads", "own"]
"""What kind of figures a source gives."""
ScopeKind = Literal["source", "platform", "event", "channel"]
"""What a scope may name: a source, a platform, or a part of what a web source counts."""

MONEY = "money"
"""Unit of amounts; where it is shown it is the client's currency."""
CLOSING_DAYS = 5
"""Days after a month's end from which a load closes it (MEASURES.md, "Late data"); a client's own KPIs too."""
FULL_SHARE = 0.9
"""Share of its days from which a month counts as it is (MEASURES.md, "Missing is not zero")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a KPI takes from one kind of source; ``streams`` are raw tables, by name."""

    category: Category
    streams: tuple[str, ...]
    """What the figure can be read from, the preferred first: a source rests on the first that it has loaded."""
    also: tuple[str, ...] = ()
    """What it rests on besides; a failing read of it concerns the figure too."""
    reaches_back: tuple[str, ...] | None = None
    """What can give the figure's past, where that is not ``streams``."""
    by_blog_path: tuple[str, ...] = ()
    """For blogs: what takes the place of ``streams`` where a web source's ``blog_path`` says what a post is."""
    may_lack: bool = False
    """Where no source gives it the KPI has its months all the same, and they say that nothing was observed."""
    blind_days: int = 0
    """With ``by_blog_path``: the first days of a history in which a page seen is no new post."""

    @property
    def past(self) -> tuple[str, ...]:
        return self.streams if self.reaches_back is None else self.reaches_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One built-in KPI."""

    id: str
    title_en: str
    title_sv: str
    kind: Kind
    unit: str
    feeds: tuple[Feed, ...]
    """What it is made from; the first is the kind of source that a scope names."""
    method_en: str
    """How it is made, in a sentence a client can read."""
    method_sv: str
    better: Better = "higher"
    adds_over_time: bool = False
    adds_over_sources: bool = False
    scopes: tuple[ScopeKind, ...] = ("source",)
    """What a scope of it may name."""
    parts: Mapping[ScopeKind, str] = field(default_factory=dict)
    """By what else its sources tell it apart, and the stream that gives each part."""
    closing_days: int = CLOSING_DAYS
    is_signed: bool = False
    """Below zero is possible, as of differences ("may be negative")."""
    begins_with: str | None = None
    """The figure by day that shows from when on it is known, where it has no days of its own."""

    @property
    def needs(self) -> tuple[Category, ...]:
        """The kinds of source that it is made from."""
        return tuple(feed.category for feed in self.feeds)

    @property
    def named_by(self) -> tuple[ScopeKind, ...]:
        """What a scope of it may name, parts among them."""
        return (*self.scopes, *self.parts)

    @property
    def has_total(self) -> bool:
        """Whether the figures of several sources make one: distinct visitors of two sites do not."""
        return self.adds_over_sources or self.kind == "ratio"


class NotAdditive(ValueError):
    """A sum was asked for that the KPI table does not allow."""

    def __init__(self, *, kpi: str, over: str) -> None:
        super().__init__(f"{kpi} does not add up over {over}; ask its source for the figure at that grain instead")


def require_additive(kpi: Kpi, *, over: Literal["time", "sources"]) -> None:
    """Raise ``NotAdditive`` unless values of ``kpi`` may be summed over ``over``."""
    if not (kpi.adds_over_time if over == "time" else kpi.adds_over_sources):
        raise NotAdditive(kpi=kpi.id, over=over)
