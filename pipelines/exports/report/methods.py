"""How each figure is made, in a sentence a client can read (MEASURES.md in short).

What belongs here: the footer's sentences. What does not: the arithmetic, which is in ``dbt_like_sql`` and
``okr_models``.
"""

from __future__ import annotations

from okr_models.words.numbers import Language, Speech

KPI_METHODS: dict[Language, dict[str, str]] = {
    "sv": {
        "unique_visitors": "Källans eget antal olika besökare för just den månaden; aldrig en summa av dagar.",
        "sessions": "Summan av månadens dagar.",
        "page_views": "Summan av månadens dagar.",
        "followers": "Senaste mätningen vid månadens slut, högst 35 dagar gammal; konton läggs ihop.",
        "new_followers": "Skillnaden mellan två månaders följare; kan vara negativ.",
        "interactions": "Gilla, kommentera och dela, räknade den dag de skedde.",
        "interactions_per_post": "Interaktioner inom 28 dagar, delat med månadens inlägg; yngre inlägg väntar.",
        "social_posts": "Inlägg publicerade i månaden.",
        "blog_posts": "Blogginlägg publicerade i månaden.",
        "page_views_per_blog_post": "Månadens visningar av blogginlägg, delat med inlägg som fanns vid månadens slut.",
        "seconds_per_blog_post": "Engagerade sekunder på blogginlägg, delat med deras visningar.",
        "search_clicks": "Klick från Google-sök, ur rapporten som inte utelämnar något.",
        "search_impressions": "Visningar i Google-sök, ur samma rapport.",
        "search_position": "Medelplacering vägd med visningar; lägre är bättre.",
        "search_position_new_posts": "Samma för inlägg publicerade de senaste 180 dagarna; lägre är bättre.",
    },
    "en": {
        "unique_visitors": "The source's own count of distinct visitors for that month; never a sum of days or sites.",
        "sessions": "The sum of the month's days.",
        "page_views": "The sum of the month's days.",
        "followers": "The last reading at the month's end, at most 35 days old; accounts add up.",
        "new_followers": "The difference of two months' followers; may be negative.",
        "interactions": "Likes, comments and shares, counted on the day they happened.",
        "interactions_per_post": "Interactions within 28 days over the month's posts; younger posts wait.",
        "social_posts": "Posts published in the month.",
        "blog_posts": "Blog posts published in the month.",
        "page_views_per_blog_post": "The month's views of blog posts over the posts live at its end.",
        "seconds_per_blog_post": "Engaged seconds on blog posts over their views.",
        "search_clicks": "Clicks from Google search, from the report that leaves nothing out.",
        "search_impressions": "Impressions in Google search, from the same report.",
        "search_position": "Mean position weighted by impressions; lower is better.",
        "search_position_new_posts": "The same for posts published in the last 180 days; lower is better.",
    },
}

GENERAL: dict[Language, tuple[tuple[str, str], ...]] = {
    "sv": (
        ("Väg", "(nu minus utgångsläge) delat med (mål minus utgångsläge). Kan vara negativ eller över 100 %."),
        ("Samma månader", "Jämförelser görs med samma månader och samma kanaler på båda sidor. Saknas är aldrig noll."),
        ("Mål", "Nyckelresultatens väg, vägd. Status är den hos det svagaste som väger minst en fjärdedel."),
        (
            "Prognos",
            "Säsongsmodell per månad; spannet täcker 80 % av utfallen. Sannolikhet ges bara när historiken bär den.",
        ),
        ("Skattat", "Månader med 60 till 90 % av dagarna är uppräknade; med färre har månaden inget värde."),
    ),
    "en": (
        ("Way", "(now minus baseline) over (target minus baseline). May be negative or above 100%."),
        ("Same months", "Both sides compare the same months and the same channels. Missing is never zero."),
        ("Objective", "Its key results' way, weighted. Its status is that of the worst that weighs a quarter or more."),
        (
            "Forecast",
            "A seasonal model of the months; the span covers 80% of outcomes. Probability only with enough history.",
        ),
        ("Estimated", "Months with 60 to 90% of their days are scaled up; with fewer a month has no value."),
    ),
}


def method(kpi: str, speech: Speech) -> str | None:
    """How a built-in KPI's month is made; None for a client's own."""
    return KPI_METHODS[speech.language].get(kpi)
