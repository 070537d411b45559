"""The vendors that the sandbox speaks, in the order in which their routes are tried."""

from __future__ import annotations

from connectors.sandbox.call import Vendor
from connectors.sandbox.vendors import (
    bluesky,
    feed,
    ga4,
    google_oauth,
    linkedin,
    linkedin_oauth,
    mastodon,
    matomo,
    meta,
    meta_oauth,
    plausible,
    search_console,
    wordpress,
    youtube,
    youtube_analytics,
)

VENDORS: tuple[Vendor, ...] = (
    google_oauth.VENDOR,
    ga4.VENDOR,
    search_console.VENDOR,
    linkedin.VENDOR,
    linkedin_oauth.VENDOR,
    youtube.VENDOR,
    youtube_analytics.VENDOR,  # before Meta, whose paths begin with any version
    meta_oauth.VENDOR,
    meta.VENDOR,
    mastodon.VENDOR,
    bluesky.VENDOR,
    feed.VENDOR,
    matomo.VENDOR,
    plausible.VENDOR,
    wordpress.VENDOR,
)
