"""The built-in KPIs: kind, unit, direction and over what each may be added up (MEASURES.md, "KPIs").

What belongs here: what a KPI is. What does not: how a month's value is made (``dbt_like_sql``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["flow", "stock", "ratio"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One KPI. ``adds_over_time`` and ``adds_over_sources`` say which sums mean something.

    ``is_signed``: below zero is possible, as of differences (MEASURES.md: "may be negative").
    """

    id: str
    title_en: str
    title_sv: str
    kind: Kind
    unit: str
    better: Better = "higher"
    adds_over_time: bool = False
    adds_over_sources: bool = False
    closing_days: int = 5
    is_signed: bool = False


BUILT_IN: dict[str, Kpi] = {
    kpi.id: kpi
    for kpi in (
        Kpi(id="unique_visitors", title_en="Unique visitors", title_sv="Unika besökare", kind="flow", unit="visitors"),
        Kpi(
            id="sessions",
            title_en="Sessions",
            title_sv="Sessioner",
            kind="flow",
            unit="sessions",
            adds_over_time=True,
            adds_over_sources=True,
        ),
        Kpi(
            id="page_views",
            title_en="Page views",
            title_sv="Sidvisningar",
            kind="flow",
            unit="views",
            adds_over_time=True,
            adds_over_sources=True,
        ),
        Kpi(
            id="followers",
            title_en="Followers",
            title_sv="Följare",
            kind="stock",
            unit="followers",
            adds_over_sources=True,
        ),
        Kpi(
            id="new_followers",
            title_en="New followers",
            title_sv="Nya följare",
            kind="flow",
            unit="followers",
            adds_over_time=True,
            adds_over_sources=True,
            is_signed=True,
        ),
        Kpi(
            id="interactions",
            title_en="Interactions",
            title_sv="Interaktioner",
            kind="flow",
            unit="interactions",
            adds_over_time=True,
            adds_over_sources=True,
            is_signed=True,
        ),
        Kpi(
            id="interactions_per_post",
            title_en="Interactions per post",
            title_sv="Interaktioner per inlägg",
            kind="ratio",
            unit="interactions",
            is_signed=True,
        ),
        Kpi(
            id="social_posts",
            title_en="Social posts",
            title_sv="Inlägg i sociala medier",
            kind="flow",
            unit="posts",
            adds_over_time=True,
            adds_over_sources=True,
        ),
        Kpi(
            id="blog_posts",
            title_en="Blog posts",
            title_sv="Blogginlägg",
            kind="flow",
            unit="posts",
            adds_over_time=True,
            adds_over_sources=True,
        ),
        Kpi(
            id="page_views_per_blog_post",
            title_en="Page views per blog post",
            title_sv="Sidvisningar per blogginlägg",
            kind="ratio",
            unit="views",
        ),
        Kpi(
            id="seconds_per_blog_post",
            title_en="Seconds per blog post view",
            title_sv="Sekunder per visat blogginlägg",
            kind="ratio",
            unit="seconds",
        ),
        Kpi(
            id="search_clicks",
            title_en="Search clicks",
            title_sv="Klick från sök",
            kind="flow",
            unit="clicks",
            adds_over_time=True,
            adds_over_sources=True,
            closing_days=10,
        ),
        Kpi(
            id="search_impressions",
            title_en="Search impressions",
            title_sv="Visningar i sök",
            kind="flow",
            unit="impressions",
            adds_over_time=True,
            adds_over_sources=True,
            closing_days=10,
        ),
        Kpi(
            id="search_position",
            title_en="Search position",
            title_sv="Placering i sök",
            kind="ratio",
            unit="position",
            better="lower",
            closing_days=10,
        ),
        Kpi(
            id="search_position_new_posts",
            title_en="Search position of new posts",
            title_sv="Nya inläggs placering i sök",
            kind="ratio",
            unit="position",
            better="lower",
            closing_days=10,
        ),
    )
}


class NotAdditive(ValueError):
    """A sum was asked for that the KPI table does not allow."""

    def __init__(self, *, kpi: str, over: str) -> None:
        super().__init__(f"{kpi} does not add up over {over}; ask its source for the figure at that grain instead")


def require_additive(kpi: Kpi, *, over: Literal["time", "sources"]) -> None:
    """Raise ``NotAdditive`` unless values of ``kpi`` may be summed over ``over``."""
    if not (kpi.adds_over_time if over == "time" else kpi.adds_over_sources):
        raise NotAdditive(kpi=kpi.id, over=over)
