"""What the items of a count can be asked for, and the KPI that is read from the same streams."""

from __future__ import annotations

COUNT_METRICS: dict[str, dict[str, str]] = {
    "blog_posts": {
        "page_views": "page_views_per_blog_post",
        "engagement_seconds": "seconds_per_blog_post",
        "search_clicks": "search_position_new_posts",
        "search_position": "search_position_new_posts",
    },
    "social_posts": {
        "interactions": "interactions_per_post",
        "likes": "interactions_per_post",
        "comments": "interactions_per_post",
        "shares": "interactions_per_post",
    },
}
"""By what is counted: columns of the marts ``blog_posts`` and ``social_posts``, each with its KPI."""
