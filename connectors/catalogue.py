"""Every source type's settings and facts by its name.

What belongs here: the list. What does not: any source's words (its own package), how one is opened (``registry.py``).
Loads no vendor's library, so that a client file can be checked without them, and of the settings only those that are
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from okr_models.client.sources import SourceSettings, SourceTypes

MODELS: Mapping[str, tuple[str, str]] = {
    "ga4": ("connectors.ga4.settings", "Ga4"),
    "search_console": ("connectors.search_console.settings", "SearchConsole"),
    "facebook_page": ("connectors.meta.settings", "FacebookPage"),
    "instagram": ("connectors.meta.settings", "Instagram"),
    "linkedin": ("connectors.linkedin.settings", "LinkedIn"),
    "youtube": ("connectors.youtube.settings", "YouTube"),
    "mastodon": ("connectors.mastodon.settings", "Mastodon"),
    "bluesky": ("connectors.bluesky.settings", "Bluesky"),
    "threads": ("connectors.threads.settings", "Threads"),
    "wordpress": ("connectors.wordpress.settings", "WordPress"),
    "feed": ("connectors.feed.settings", "Feed"),
    "matomo": ("connectors.matomo.settings", "Matomo"),
    "plausible": ("connectors.plausible.settings", "Plausible"),
    "csv": ("connectors.csv.settings", "Csv"),
    "sheet": ("connectors.sheet.settings", "Sheet"),
    "sql": ("connectors.sql.settings", "Sql"),
    "hubspot": ("connectors.hubspot.settings", "HubSpot"),
    "mailchimp": ("connectors.mailchimp.settings", "Mailchimp"),
    "brevo": ("connectors.brevo.settings", "Brevo"),
    "meta_ads": ("connectors.meta_ads.settings", "MetaAds"),
}


class _Settings(Mapping[str, type[SourceSettings]]):
    """The settings by the name of their source type, each imported when it is first asked for."""

    def __getitem__(self, name: str) -> type[SourceSettings]:
        module, model = MODELS[name]
        found: type[SourceSettings] = getattr(import_module(module), model)
        return found

    def __contains__(self, name: object) -> bool:
        return name in MODELS

    def __iter__(self) -> Iterator[str]:
        return iter(MODELS)

    def __len__(self) -> int:
        return len(MODELS)


SETTINGS: SourceTypes = _Settings()
