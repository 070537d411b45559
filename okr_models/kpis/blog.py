"""KPIs of a blog's posts, which a list names or, where none does, a web source's ``blog_path``."""

from __future__ import annotations

from okr_models.kpis.model import Feed, Kpi

POSTS = Feed(category="blog", streams=("blog_posts",), by_blog_path=("web_pages_daily",))
PUBLICATIONS = Feed(category="blog", streams=("blog_posts",), by_blog_path=("web_pages_daily",), blind_days=90)
PAGES = Feed(category="web", streams=("web_pages_daily",), may_lack=True)

BLOG = (
    Kpi(
        id="blog_posts",
        title_en="Blog posts",
        title_sv="Blogginlägg",
        kind="flow",
        unit="posts",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(PUBLICATIONS,),
        method_en="Blog posts published in the month.",
        method_sv="Blogginlägg publicerade i månaden.",
    ),
    Kpi(
        id="page_views_per_blog_post",
        title_en="Page views per blog post",
        title_sv="Sidvisningar per blogginlägg",
        kind="ratio",
        unit="views",
        feeds=(POSTS, PAGES),
        begins_with="page_views",
        method_en="The month's views of blog posts over the posts live at its end.",
        method_sv="Månadens visningar av blogginlägg, delat med inlägg som fanns vid månadens slut.",
    ),
    Kpi(
        id="seconds_per_blog_post",
        title_en="Seconds per blog post view",
        title_sv="Sekunder per visat blogginlägg",
        kind="ratio",
        unit="seconds",
        feeds=(POSTS, PAGES),
        begins_with="page_views",
        method_en="Engaged seconds on blog posts over their views.",
        method_sv="Engagerade sekunder på blogginlägg, delat med deras visningar.",
    ),
)
