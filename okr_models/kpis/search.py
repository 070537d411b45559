"""KPIs of a site in a search engine's results."""

from __future__ import annotations

from okr_models.kpis.blog import POSTS
from okr_models.kpis.model import Feed, Kpi

CLOSING_DAYS = 10
"""Search Console counts its newest days for longer than others (MEASURES.md, "Late data")."""
DAYS = Feed(category="search", streams=("search_daily",))

SEARCH = (
    Kpi(
        id="search_clicks",
        title_en="Search clicks",
        title_sv="Klick från sök",
        kind="flow",
        unit="clicks",
        adds_over_time=True,
        adds_over_sources=True,
        closing_days=CLOSING_DAYS,
        feeds=(DAYS,),
        method_en="Clicks from Google search, from the report that leaves nothing out.",
        method_sv="Klick från Google-sök, ur rapporten som inte utelämnar något.",
    ),
    Kpi(
        id="search_impressions",
        title_en="Search impressions",
        title_sv="Visningar i sök",
        kind="flow",
        unit="impressions",
        adds_over_time=True,
        adds_over_sources=True,
        closing_days=CLOSING_DAYS,
        feeds=(DAYS,),
        method_en="Impressions in Google search, from the same report.",
        method_sv="Visningar i Google-sök, ur samma rapport.",
    ),
    Kpi(
        id="search_position",
        title_en="Search position",
        title_sv="Placering i sök",
        kind="ratio",
        unit="position",
        better="lower",
        closing_days=CLOSING_DAYS,
        feeds=(DAYS,),
        begins_with="search_impressions",
        method_en="Mean position weighted by impressions; lower is better.",
        method_sv="Medelplacering vägd med visningar; lägre är bättre.",
    ),
    Kpi(
        id="search_position_new_posts",
        title_en="Search position of new posts",
        title_sv="Nya inläggs placering i sök",
        kind="ratio",
        unit="position",
        better="lower",
        closing_days=CLOSING_DAYS,
        feeds=(Feed(category="search", streams=("search_pages_daily",)), POSTS),
        begins_with="search_impressions",
        method_en="The same for posts published in the last 180 days; lower is better.",
        method_sv="Samma för inlägg publicerade de senaste 180 dagarna; lägre är bättre.",
    ),
)
