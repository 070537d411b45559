"""Where one clicks to mend an access that is refused or about to end, by type of source.

The vendors' own words for their menus, written from memory of their pages and not checked against a live account; menus
move, so each begins with the site to look at. What does not belong here: how access is set up for the first time
(``connectors/access_steps.py``).
"""

from __future__ import annotations

from connectors.core.errors import ErrorClass
from connectors.core.protocol import Probe

MENDED_BY_CLICKS: frozenset[ErrorClass] = frozenset({"auth", "permission"})
_GOOGLE = "console.cloud.google.com: IAM & Admin, Service accounts, the account, Keys, Add key, JSON"
_META = (
    "business.facebook.com: Settings, Users, System users, the user, Generate new token; "
    "the page or account must be among its assigned assets"
)

WHERE: dict[str, str] = {
    "ga4": f"{_GOOGLE}; who may read: analytics.google.com: Admin, Property access management",
    "search_console": f"{_GOOGLE}; who may read: search.google.com/search-console: Settings, Users and permissions",
    "facebook_page": _META,
    "instagram": _META,
    "linkedin": "linkedin.com/developers/apps: the app, Auth, OAuth 2.0 tools, Create token, as the page's Super admin",
    "youtube": "console.cloud.google.com: APIs & Services, Credentials; for the past, its owner consents anew",
    "mastodon": "the account's instance: Preferences, Development, the application, Regenerate access token",
    "matomo": "Matomo: Administration, Personal, Security, Auth tokens, Create new token, as a user with view access",
    "plausible": "plausible.io: Account settings, API keys, New API key, Stats API",
    "wordpress": "the site's wp-admin: Users, Profile, Application passwords, Add new",
}


def where_to_click(source_type: str, *, failed: ErrorClass | None, probe: Probe | None, is_near: bool) -> str | None:
    """Where to go; None where nothing is to be clicked, and for sources that have no access to lose."""
    needed = failed in MENDED_BY_CLICKS if failed else is_near or bool(probe and probe.token_trouble)
    return WHERE.get(source_type) if needed else None
