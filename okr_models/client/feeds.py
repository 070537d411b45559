"""Which sources can feed which KPI.

What belongs here: what a KPI needs, and whether a client's sources and a scope supply it. What does not: how its value
is made (``dbt_like_sql``), how far back a source reaches (``connectors``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from okr_models.client.fields import nearest
from okr_models.client.sources import Category, SourceFacts, SourceTypes
from okr_models.client.targets import Scope
from okr_models.client.yaml import shown
from okr_models.kpis import BUILT_IN

NEEDS: dict[str, tuple[Category, ...]] = {
    "unique_visitors": ("web",),
    "sessions": ("web",),
    "page_views": ("web",),
    "followers": ("social",),
    "new_followers": ("social",),
    "interactions": ("social",),
    "interactions_per_post": ("social",),
    "social_posts": ("social",),
    "blog_posts": ("blog",),
    "page_views_per_blog_post": ("web", "blog"),
    "seconds_per_blog_post": ("web", "blog"),
    "search_clicks": ("search",),
    "search_impressions": ("search",),
    "search_position": ("search",),
    "search_position_new_posts": ("search", "blog"),
}
"""What each built-in KPI is made from; the first is the kind of source that a scope names."""

_SUPPLIERS: dict[Category, str] = {
    "web": "a web source ({types})",
    "search": "a {types} source",
    "social": "a social source ({types})",
    "blog": "a blog source ({types}; or blog_path on a web source)",
    "own": "a {types} source",
}


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

    def gives(self, category: Category) -> bool:
        """Whether the source supplies data of ``category``."""
        return self.category == category or (category == "blog" and self.has_blog_path)


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

    def of(self, category: Category) -> tuple[Feeder, ...]:
        return tuple(feeder for feeder in self.feeders if feeder.gives(category))

    def missing(self, kpi: str) -> tuple[Category, ...]:
        """The kinds of source that a built-in KPI needs and the client has not."""
        return tuple(category for category in NEEDS[kpi] if self.is_complete and not self.of(category))

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
        if scope.source and fed_by and scope.source != fed_by:
            yield f"{kpi} comes from source {shown(fed_by)} only; leave scope out or write {{source: {fed_by}}}"
        return
    if kpi in BUILT_IN:
        yield from _built_in_scope_faults(kpi, scope, supply)


def count_scope_faults(count: str, scope: Scope, supply: Supply) -> Iterator[str]:
    """Why the items of ``count`` can't be had in ``scope``; csv gives no items."""
    category = NEEDS[count][0]
    if supply.is_complete and not supply.of(category):
        yield f"no source of this file gives {count} to count; add {supply.supplier(category)}"
        return
    yield from _built_in_scope_faults(count, scope, supply)


def _built_in_scope_faults(kpi: str, scope: Scope, supply: Supply) -> Iterator[str]:
    category = NEEDS[kpi][0]
    givers = supply.of(category)
    if scope.source:
        yield from _source_faults(kpi, scope.source, supply)
    elif scope.platform:
        yield from _platform_faults(kpi, scope.platform, supply)
    elif kpi == "unique_visitors" and len(givers) > 1:
        ids = ", ".join(giver.id for giver in givers)
        yield (
            f"visitors of several web sources ({ids}) can't be added up, as one person may visit both; "
            f"choose one with scope: {{source: {givers[0].id}}}"
        )


def _source_faults(kpi: str, source: str, supply: Supply) -> Iterator[str]:
    if source not in supply.source_ids:
        hint = nearest(source, supply.source_ids) or f"; sources here: {', '.join(sorted(supply.source_ids)) or 'none'}"
        yield f"{shown(source)} is not the id of a source in this file{hint}"
        return
    feeder = next((feeder for feeder in supply.feeders if feeder.id == source), None)
    category = NEEDS[kpi][0]
    if feeder and feeder.category != "own" and not feeder.gives(category):
        others = ", ".join(giver.id for giver in supply.of(category)) or supply.supplier(category)
        yield f"source {source} ({feeder.title}) does not give {kpi}; use {others}"


def _platform_faults(kpi: str, platform: str, supply: Supply) -> Iterator[str]:
    if NEEDS[kpi] != ("social",):
        yield f"{kpi} is not kept by platform; use scope: {{source: ID}} or leave it out"
        return
    platforms = sorted({feeder.platform for feeder in supply.feeders if feeder.platform})
    close = nearest(platform, platforms)
    if platform in platforms or not supply.is_complete or (supply.has_csv and not close):
        return
    hint = close or f"; platforms here: {', '.join(platforms) or 'none'}"
    yield f"no source of this file is on platform {shown(platform)}{hint}"
