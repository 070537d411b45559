"""How a source of each type stands in a client file, and what to click to get its credentials; for the docs.

What belongs here: those words. What does not: what a source does (its own module). Google's and Meta's many clicks are
told once, in ``docs/first-client.md``; here stands what this source needs of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One source type's line in a client file, and the steps to its credentials; no steps: it needs none."""

    example: str
    steps: tuple[str, ...] = ()
    note: str = ""


FIRST_CLIENT = "[A first client](../first-client.md)"
_GOOGLE_KEY = f"Make a service account and a JSON key for it, with the {{}} enabled in its project: {FIRST_CLIENT}."
_META_TOKEN = (
    f"Make an app and a token of a system user with the scopes {{}}: {FIRST_CLIENT}. A system user's token need not"
    " expire; other tokens live 60 days, and `refresh` renews them."
)

ACCESS: dict[str, Access] = {
    "ga4": Access(
        example='{id: web, type: ga4, property_id: "412345678", credentials: {env: ACME_GOOGLE_KEY}}',
        steps=(
            _GOOGLE_KEY.format("Google Analytics Data API"),
            "In Analytics: Admin, Property, Property access management: add the service account's address as Viewer.",
            "The property id is the number under Admin, Property details; not `G-...`.",
        ),
    ),
    "search_console": Access(
        example='{type: search_console, site_url: "sc-domain:example.se", credentials: {env: ACME_GOOGLE_KEY}}',
        steps=(
            _GOOGLE_KEY.format("Google Search Console API"),
            "In Search Console: Settings, Users and permissions: add the service account's address.",
            "`site_url` is the property as Search Console shows it, an address with its last `/`.",
        ),
    ),
    "facebook_page": Access(
        example='{type: facebook_page, page_id: "101234567890123", token: {env: ACME_META_TOKEN}}',
        steps=(
            _META_TOKEN.format(
                "`pages_show_list`, `pages_read_engagement`, `pages_read_user_content` and `read_insights`"
            ),
            "The page's id stands under About, Page transparency. Give the system user the page as an asset.",
            "Where the app asks for proof of its secret, give `app_secret` too.",
        ),
    ),
    "instagram": Access(
        example='{type: instagram, account_id: "17841400000000001", token: {env: ACME_META_TOKEN}}',
        steps=(
            _META_TOKEN.format("`instagram_basic`, `instagram_manage_insights` and `pages_read_engagement`"),
            "The account must be a professional one, linked to a Facebook page that the system user has.",
            "The account's id: `GET /{page}?fields=instagram_business_account` in Meta's Graph API Explorer.",
        ),
    ),
    "linkedin": Access(
        example='{type: linkedin, organization_id: "2414183", token: {env: ACME_LINKEDIN_TOKEN}, opened: 2021-05-01}',
        steps=(
            "On developer.linkedin.com make an app, link it to the page, and ask for the product Community Management"
            " API; LinkedIn decides on it by hand, which can take weeks.",
            "Under Auth, OAuth 2.0 tools, as a person with the role Super admin on the page: a token with the scopes"
            " `r_organization_social` and `rw_organization_admin`.",
            "It lives 60 days, its refresh token a year; give `refresh` and it is renewed. Once a year somebody has to"
            " sign in again.",
            "The organisation's id is the number in the address of the page's admin view.",
        ),
    ),
    "youtube": Access(
        example="{type: youtube, channel_id: UCxxxxxxxxxxxxxxxxxxxxxx, api_key: {env: ACME_YOUTUBE_KEY}}",
        steps=(
            "In Google's console, in a project with the YouTube Data API v3 enabled: APIs & Services, Credentials,"
            " Create credentials, API key; restrict it to that API.",
            "The channel's id: on YouTube, Settings, Advanced settings.",
            "For figures of the past, with the YouTube Analytics API enabled too: an OAuth client, with which the"
            " channel's owner consents to `yt-analytics.readonly`. `credentials` is the JSON with `client_id`,"
            " `client_secret` and `refresh_token`. Publish the consent screen: while it is in Testing, Google lets a"
            " refresh token live seven days. Google lets no service account in here.",
        ),
    ),
    "mastodon": Access(
        example='{type: mastodon, account: example, base_url: "https://mastodon.social"}',
        note="No credentials, unless the instance answers only who is signed in.",
        steps=(
            "`base_url` is the account's home instance; what other instances know of it is stale.",
            "Only where it refuses: on the instance, Preferences, Development, New application with the scope `read`;"
            " its access token is `token`.",
        ),
    ),
    "bluesky": Access(
        example="{type: bluesky, actor: example.se}",
        note="No credentials. `actor` is the handle, or the account's `did:`, which stays when the handle changes.",
    ),
    "matomo": Access(
        example='{type: matomo, base_url: "https://matomo.example.se", site_id: "3", token: {env: ACME_MATOMO_TOKEN}}',
        steps=(
            "Make a user of its own with the role View on this site: Administration, System, Users.",
            "Signed in as that user: Administration, Personal, Security, Auth tokens, Create new token; it may be"
            " allowed for secure (POST) requests only.",
            "The site's id: Administration, Websites, Manage.",
        ),
    ),
    "plausible": Access(
        example="{type: plausible, site_id: example.se, token: {env: ACME_PLAUSIBLE_TOKEN}}",
        note="A self-hosted Plausible: its address as `base_url`.",
        steps=(
            "Account settings, API keys, New API key, of the kind Stats API. The site's plan must include it.",
            "`site_id` is the site's domain as Plausible shows it.",
        ),
    ),
    "wordpress": Access(
        example='{id: blog, type: wordpress, base_url: "https://www.example.se"}',
        note="No credentials for what is public, which is all that counts.",
        steps=(
            "Only where a plugin closes the REST API to who is not signed in: Users, Profile, Application passwords,"
            " and give `username` and `password`. Or use a `feed`.",
        ),
    ),
    "feed": Access(
        example='{id: news, type: feed, url: "https://www.example.se/feed/"}',
        note="No credentials. Most blogs name the feed's address in their page's source, as `application/rss+xml`.",
    ),
    "csv": Access(
        example="{id: crm, type: csv, path: data/acme.csv}",
        note=(
            "No credentials. Columns `date` (`2026-03-31`) or `month` (`2026-03`), `kpi`, `value`, perhaps `scope`,"
            " `numerator` and `denominator`; with commas, semicolons or tabs, in UTF-8. An empty value is missing."
        ),
    ),
}
