"""Every source type's settings and facts by its name.

What belongs here: the list. What does not: any source's words (its own package), how one is opened (``registry.py``).
Loads no vendor's library, so that a client file can be checked without them.
"""

from __future__ import annotations

from connectors.bluesky.settings import Bluesky
from connectors.brevo.settings import Brevo
from connectors.csv.settings import Csv
from connectors.feed.settings import Feed
from connectors.ga4.settings import Ga4
from connectors.hubspot.settings import HubSpot
from connectors.linkedin.settings import LinkedIn
from connectors.mailchimp.settings import Mailchimp
from connectors.mastodon.settings import Mastodon
from connectors.matomo.settings import Matomo
from connectors.meta.settings import FacebookPage, Instagram
from connectors.meta_ads.settings import MetaAds
from connectors.plausible.settings import Plausible
from connectors.search_console.settings import SearchConsole
from connectors.sheet.settings import Sheet
from connectors.sql.settings import Sql
from connectors.threads.settings import Threads
from connectors.wordpress.settings import WordPress
from connectors.youtube.settings import YouTube
from okr_models.client.sources import SourceTypes

SETTINGS: SourceTypes = {
    model.model_fields["type"].default: model
    for model in (
        Ga4,
        SearchConsole,
        FacebookPage,
        Instagram,
        LinkedIn,
        YouTube,
        Mastodon,
        Bluesky,
        Threads,
        WordPress,
        Feed,
        Matomo,
        Plausible,
        Csv,
        Sheet,
        Sql,
        HubSpot,
        Mailchimp,
        Brevo,
        MetaAds,
    )
}
