"""The vendors that the sandbox speaks, in the order in which their routes are tried."""

from __future__ import annotations

from connectors.sandbox.call import Vendor
from connectors.sandbox.vendors import (
    bluesky,
    brevo,
    feed,
    hubspot,
    mailchimp,
    matomo,
    meta_ads,
    plausible,
    sheets,
    threads,
    wordpress,
)
from connectors.sandbox.vendors.ga4 import server as ga4
from connectors.sandbox.vendors.google import oauth as google_oauth
from connectors.sandbox.vendors.linkedin import oauth as linkedin_oauth
from connectors.sandbox.vendors.linkedin import server as linkedin
from connectors.sandbox.vendors.mastodon import server as mastodon
from connectors.sandbox.vendors.meta import oauth as meta_oauth
from connectors.sandbox.vendors.meta import server as meta
from connectors.sandbox.vendors.search_console import server as search_console
from connectors.sandbox.vendors.youtube import analytics as youtube_analytics
from connectors.sandbox.vendors.youtube import server as youtube

VENDORS: tuple[Vendor, ...] = (
    google_oauth.VENDOR,
    ga4.VENDOR,
    search_console.VENDOR,
    linkedin.VENDOR,
    linkedin_oauth.VENDOR,
    youtube.VENDOR,
    youtube_analytics.VENDOR,  # before Meta, whose paths begin with any version
    sheets.VENDOR,
    hubspot.VENDOR,
    mailchimp.VENDOR,
    brevo.VENDOR,
    threads.VENDOR,
    meta_ads.VENDOR,
    meta_oauth.VENDOR,
    meta.VENDOR,
    mastodon.VENDOR,
    bluesky.VENDOR,
    feed.VENDOR,
    matomo.VENDOR,
    plausible.VENDOR,
    wordpress.VENDOR,
)
