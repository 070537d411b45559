"""Which sources feed which KPI, by the catalogue of KPIs.

What belongs here: which of a client's sources give what a KPI is made from, and whether a scope can be had. What does
not: what a KPI is made from (``okr_models/kpis``), how its value is made (``dbt_like_sql``), how far back a source
reaches (``connectors``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, Protocol, TypeVar

from okr_models.client.fields import nearest
from okr_models.client.sources import SourceFacts, SourceTypes
from okr_models.client.targets import Scope
from okr_models.client.yaml import shown
from okr_models.kpis import BUILT_IN, Category, Feed, Kpi

_SUPPLIERS: dict[Category, str] = {
    "web": "a web source ({types})",
    "search": "a {types} source",
    "social": "a social source ({types})",
    "blog": "a blog source ({types}; or blog_path on a web source)",
    "crm": "a CRM source ({types})",
    "newsletter": "a newsletter source ({types})",
    "ads": "an advertising source ({types})",
    "own": "a {types} source",
}


class Giver(Protocol):
    """A source as far as it is asked here what it gives."""

    @property
    def id(self) -> str: ...
    @property
    def category(self) -> Category: ...
    @property
    def has_blog_path(self) -> bool: ...
    @property
    def platform(self) -> str | None: ...


Source = TypeVar("Source", bound=Giver)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied(Generic[Source]):
    """One of a client's sources that gives one of the things a KPI is made from."""

    source: Source
    feed: Feed
    is_main: bool
    """It is what a scope of the KPI names: the figure is this source's."""
    part_stream: str | None = None
    """What gives the part that the scope names; None: the whole figure is meant."""

    @property
    def is_by_blog_path(self) -> bool:
        """What a post is comes from the web source's ``blog_path``."""
        return self.source.category != self.feed.category

    @property
    def streams(self) -> tuple[str, ...]:
        """What the figure can be read from, the preferred first."""
        if self.part_stream is not None:
            return (self.part_stream,)
        return self.feed.by_blog_path if self.is_by_blog_path else self.feed.streams

    @property
    def past(self) -> tuple[str, ...]:
        """What can give the figure's past."""
        if self.part_stream is not None:
            return (self.part_stream,)
        return self.feed.by_blog_path if self.is_by_blog_path else self.feed.past

    @property
    def rests_on(self) -> frozenset[str]:
        """Every stream whose failing reads concern the figure."""
        return frozenset({*self.streams, *self.feed.also})


def givers(sources: Sequence[Source], category: Category) -> tuple[Source, ...]:
    """Those that supply data of ``category``; where no source lists a blog's posts, those with a ``blog_path``."""
    found = tuple(source for source in sources if source.category == category)
    if found or category != "blog":
        return found
    return tuple(source for source in sources if source.has_blog_path)


def supplied(kpi: Kpi, sources: Sequence[Source], scope: Scope | None = None) -> tuple[Supplied[Source], ...]:
    """What each source gives of what ``kpi`` is made from, in ``scope`` (None: all)."""
    found = (
        Supplied(
            source=source,
            feed=feed,
            is_main=feed is kpi.feeds[0],
            part_stream=kpi.parts.get(scope.part) if scope is not None and scope.part else None,
        )
        for feed in kpi.feeds
        for source in givers(sources, feed.category)
    )
    return tuple(
        each
        for each in found
        if scope is None
        or (
            (not scope.platform or each.source.platform == scope.platform)
            and (not scope.source or each.source.id == scope.source or not each.is_main)
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """A source as far as feeding goes."""

    id: str
    title: str
    category: Category
    platform: str | None = None
    has_blog_path: bool = False

    @classmethod
    def of(cls, facts: SourceFacts, *, source_id: str, blog_path: object) -> Feeder:
        """A source with those facts and settings."""
        return cls(
            id=source_id,
            title=facts.name,
            category=facts.category,
            platform=facts.platform,
            has_blog_path=bool(blog_path),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """A client's sources and own KPIs. ``is_complete`` False: a source could not be read, so nothing is missed here."""

    feeders: tuple[Feeder, ...]
    types: SourceTypes
    """All that a file may name, for who looks for a source."""
    own_kpis: Mapping[str, str | None]
    """Own KPI to its csv source; None where that is unknown."""
    source_ids: frozenset[str]
    is_complete: bool = True

    def built_in(self, kpi: str | None) -> Kpi | None:
        """The built-in KPI that ``kpi`` is here; None for one of the client's own, whatever its id, and for no KPI."""
        return None if kpi in self.own_kpis else BUILT_IN.get(kpi or "")

    def of(self, category: Category) -> tuple[Feeder, ...]:
        return givers(self.feeders, category)

    def missing(self, kpi: str) -> tuple[Category, ...]:
        """The kinds of source that a built-in KPI needs and the client has not."""
        return tuple(category for category in BUILT_IN[kpi].needs if self.is_complete and not self.of(category))

    def supplier(self, category: Category) -> str:
        """Which types of source would supply ``category``, in words."""
        *others, last = [name for name, model in self.types.items() if model.facts.category == category]
        types = f"{', '.join(others)} or {last}" if others else last
        return _SUPPLIERS[category].format(types=types)

    @property
    def has_csv(self) -> bool:
        return bool(self.of("own"))


def kpi_faults(kpi: str, supply: Supply) -> Iterator[str]:
    """Why ``kpi`` can't be had at all."""
    if kpi in supply.own_kpis:
        return
    if kpi not in BUILT_IN:
        known = [*supply.own_kpis, *BUILT_IN]
        yield f"{shown(kpi)} is not a known KPI{nearest(kpi, known) or '; one of your own goes under kpis'}"
        return
    missing = supply.missing(kpi)
    if missing and not supply.has_csv:
        needed = " and ".join(supply.supplier(category) for category in missing)
        yield f"no source of this file gives {kpi}; add {needed}"


def scope_faults(kpi: str, scope: Scope, supply: Supply) -> Iterator[str]:
    """Why ``kpi`` can't be had in ``scope``."""
    if kpi in supply.own_kpis:
        fed_by = supply.own_kpis[kpi]
        if scope.part:
            yield f"{kpi} is the client's own, without {scope.part}s; leave scope out"
        elif scope.source and fed_by and scope.source != fed_by:
            yield f"{kpi} comes from source {shown(fed_by)} only; leave scope out or write {{source: {fed_by}}}"
        elif scope.platform:
            yield from _unknown_platform(scope.platform, supply)
        return
    if kpi in BUILT_IN:
        yield from _built_in_scope_faults(kpi, scope, supply)


def count_scope_faults(count: str, scope: Scope, supply: Supply) -> Iterator[str]:
    """Why the items of ``count`` can't be had in ``scope``; csv gives no items."""
    category = BUILT_IN[count].needs[0]
    if supply.is_complete and not supply.of(category):
        yield f"no source of this file gives {count} to count; add {supply.supplier(category)}"
        return
    giving = tuple(feeder for feeder in supply.feeders if feeder.category != "own")
    if scope.source and any(feeder.id == scope.source for feeder in supply.feeders if feeder not in giving):
        others = ", ".join(giver.id for giver in supply.of(category)) or supply.supplier(category)
        yield f"source {scope.source} gives figures, and no {count} to count; use {others}"
        return
    yield from _built_in_scope_faults(count, scope, replace(supply, feeders=giving))


def _built_in_scope_faults(kpi: str, scope: Scope, supply: Supply) -> Iterator[str]:
    category = BUILT_IN[kpi].needs[0]
    giving = supply.of(category)
    if scope.part:
        yield from _part_faults(kpi, scope.part)
    elif scope.source:
        yield from _source_faults(kpi, scope.source, supply)
    elif scope.platform:
        yield from _platform_faults(kpi, scope.platform, supply)
    elif not BUILT_IN[kpi].has_total and len(giving) > 1:
        ids = ", ".join(giver.id for giver in giving)
        yield (
            f"{BUILT_IN[kpi].unit} of several {category} sources ({ids}) can't be added up, as one person may visit "
            f"both; choose one with scope: {{source: {giving[0].id}}}"
        )


def _part_faults(kpi: str, part: Literal["event", "channel"]) -> Iterator[str]:
    if part not in BUILT_IN[kpi].parts:
        by = ", ".join(each.id for each in BUILT_IN.values() if part in each.parts)
        yield f"{kpi} is not kept by {part}; use scope: {{source: ID}} or leave it out (by {part}: {by})"


def _source_faults(kpi: str, source: str, supply: Supply) -> Iterator[str]:
    if source not in supply.source_ids:
        hint = nearest(source, supply.source_ids) or f"; sources here: {', '.join(sorted(supply.source_ids)) or 'none'}"
        yield f"{shown(source)} is not the id of a source in this file{hint}"
        return
    feeder = next((feeder for feeder in supply.feeders if feeder.id == source), None)
    category = BUILT_IN[kpi].needs[0]
    if feeder and feeder.category != "own" and feeder not in supply.of(category):
        others = ", ".join(giver.id for giver in supply.of(category)) or supply.supplier(category)
        yield f"source {source} ({feeder.title}) does not give {kpi}; use {others}"


def _platform_faults(kpi: str, platform: str, supply: Supply) -> Iterator[str]:
    if "platform" not in BUILT_IN[kpi].scopes:
        yield f"{kpi} is not kept by platform; use scope: {{source: ID}} or leave it out"
        return
    yield from _unknown_platform(platform, supply)


def _unknown_platform(platform: str, supply: Supply) -> Iterator[str]:
    """Neither a source's platform nor one that history of csv alone may name."""
    platforms = sorted({feeder.platform for feeder in supply.feeders if feeder.platform})
    close = nearest(platform, platforms)
    if platform in platforms or not supply.is_complete or (supply.has_csv and not close):
        return
    hint = close or f"; platforms here: {', '.join(platforms) or 'none'}"
    yield f"no source of this file is on platform {shown(platform)}{hint}"
