"""Every source type by its name, and how one account of it is opened.

What belongs here: the list. What does not: any source's words. Cheap to import: a source's own libraries are imported
when one is built.
"""

from __future__ import annotations

from connectors.bluesky.source import BLUESKY
from connectors.core.errors import Misconfigured
from connectors.core.protocol import Context, Source, SourceType
from connectors.csv.source import CSV
from connectors.feed.source import FEED
from connectors.ga4.source import GA4
from connectors.linkedin.source import LINKEDIN
from connectors.mastodon.source import MASTODON
from connectors.matomo.source import MATOMO
from connectors.meta.facebook_page import FACEBOOK_PAGE
from connectors.meta.instagram import INSTAGRAM
from connectors.plausible.source import PLAUSIBLE
from connectors.search_console.source import SEARCH_CONSOLE
from connectors.sql.source import SQL
from connectors.wordpress.source import WORDPRESS
from connectors.youtube.source import YOUTUBE
from okr_models.client.sources import SourceSettings

SOURCE_TYPES: dict[str, SourceType] = {
    source_type.type: source_type
    for source_type in (
        GA4,
        SEARCH_CONSOLE,
        FACEBOOK_PAGE,
        INSTAGRAM,
        LINKEDIN,
        YOUTUBE,
        MASTODON,
        BLUESKY,
        MATOMO,
        PLAUSIBLE,
        WORDPRESS,
        FEED,
        CSV,
        SQL,
    )
}


def open_source(settings: SourceSettings, context: Context) -> Source:
    """One account, ready to be read. Raises ``SourceError``: a missing secret is found here, before any call."""
    source_type = SOURCE_TYPES.get(settings.type)
    if source_type is None:
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="opening the source",
            detail=f"no connector for type {settings.type}",
            cure=f"use one of {', '.join(sorted(SOURCE_TYPES))}",
        )
    return source_type.build(settings, context)
