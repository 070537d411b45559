"""The catalogue of built-in KPIs, from which everything else reads what a KPI is, rests on and is called.

A new KPI is a row in the file of its subject and one place in SQL: for a figure by day a step of
``int_kpi_day_figures``, for others of ``int_kpi_source_figures``.
"""

from __future__ import annotations

from okr_models.kpis.ads import ADS
from okr_models.kpis.blog import BLOG
from okr_models.kpis.crm import CRM
from okr_models.kpis.model import (
    CLOSING_DAYS,
    FULL_SHARE,
    MONEY,
    Better,
    Category,
    Feed,
    Kind,
    Kpi,
    NotAdditive,
    ScopeKind,
    require_additive,
)
from okr_models.kpis.newsletter import NEWSLETTER
from okr_models.kpis.search import SEARCH
from okr_models.kpis.social import SOCIAL
from okr_models.kpis.web import WEB

__all__ = [
    "BUILT_IN",
    "CLOSING_DAYS",
    "FULL_SHARE",
    "LATER_BUILT_IN",
    "MONEY",
    "Better",
    "Category",
    "Feed",
    "Kind",
    "Kpi",
    "NotAdditive",
    "ScopeKind",
    "require_additive",
    "resting_on",
]

BUILT_IN: dict[str, Kpi] = {kpi.id: kpi for kpi in (*WEB, *SOCIAL, *BLOG, *SEARCH, *CRM, *NEWSLETTER, *ADS)}
"""Every built-in KPI by its id, in the order in which a reader meets them."""


LATER_BUILT_IN = frozenset(
    {"conversions", "conversion_rate", *(kpi.id for kpi in (*CRM, *NEWSLETTER, *ADS))},
)
"""Built-in since version 2 of the catalogue; a client may have had a KPI of its own by that id before."""


def resting_on(stream: str) -> tuple[str, ...]:
    """The KPIs that rest on a stream, as long as no ``blog_path`` stands in for a list.

    >>> resting_on("web_daily")
    ('sessions', 'page_views')
    """
    return tuple(
        kpi.id for kpi in BUILT_IN.values() if any(stream in (*feed.streams, *feed.also) for feed in kpi.feeds)
    )
