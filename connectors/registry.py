"""Every source type by its name, and how one account of it is opened.

What belongs here: the list. What does not: any source's words. Cheap to import: a source's module, and with it the
libraries that speak to its vendor, is imported when its type is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from connectors.core.errors import Misconfigured
from connectors.core.protocol import Context, Source, SourceType
from okr_models.client.sources import SourceSettings

MODULES: Mapping[str, tuple[str, str]] = {
    "ga4": ("connectors.ga4.source", "GA4"),
    "search_console": ("connectors.search_console.source", "SEARCH_CONSOLE"),
    "facebook_page": ("connectors.meta.facebook_page", "FACEBOOK_PAGE"),
    "instagram": ("connectors.meta.instagram", "INSTAGRAM"),
    "linkedin": ("connectors.linkedin.source", "LINKEDIN"),
    "youtube": ("connectors.youtube.source", "YOUTUBE"),
    "mastodon": ("connectors.mastodon.source", "MASTODON"),
    "bluesky": ("connectors.bluesky.source", "BLUESKY"),
    "matomo": ("connectors.matomo.source", "MATOMO"),
    "plausible": ("connectors.plausible.source", "PLAUSIBLE"),
    "wordpress": ("connectors.wordpress.source", "WORDPRESS"),
    "feed": ("connectors.feed.source", "FEED"),
    "csv": ("connectors.csv.source", "CSV"),
    "sheet": ("connectors.sheet.source", "SHEET"),
    "sql": ("connectors.sql.source", "SQL"),
    "hubspot": ("connectors.hubspot.source", "HUBSPOT"),
    "mailchimp": ("connectors.mailchimp.source", "MAILCHIMP"),
    "brevo": ("connectors.brevo.source", "BREVO"),
    "threads": ("connectors.threads.source", "THREADS"),
    "meta_ads": ("connectors.meta_ads.source", "META_ADS"),
}


class _SourceTypes(Mapping[str, SourceType]):
    """The source types by name, each imported when it is first asked for."""

    def __getitem__(self, name: str) -> SourceType:
        module, constant = MODULES[name]
        found: SourceType = getattr(import_module(module), constant)
        return found

    def __contains__(self, name: object) -> bool:
        return name in MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


SOURCE_TYPES: Mapping[str, SourceType] = _SourceTypes()


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
