"""Google Search Console in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from connectors.google.facts import MENDED_AT, key_step
from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    Anomaly,
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)

_site_url = checked(
    r"sc-domain:[^\s/:]+\.[^\s/:]+|https?://[^\s/@]+/(\S*/)?",
    "must be the property as Search Console shows it: sc-domain:example.se, or https://www.example.se/ with its last /",
)


_SEEN = frozenset({"search_impressions", "search_position", "search_position_new_posts"})
_ANOMALIES = (
    Anomaly(code="fewer_results_shown", kpis=_SEEN, since=date(2025, 9, 1), until=date(2025, 9, 30)),
    Anomaly(code="impressions_miscounted", kpis=_SEEN, since=date(2025, 5, 13), until=date(2026, 4, 27)),
)
"""API.md, section 2; clicks are right all the time."""


class SearchConsole(SourceSettings):
    """A Search Console property."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Google Search Console",
        label="Search Console",
        category="search",
        example='{type: search_console, site_url: "sc-domain:example.se", credentials: {env: ACME_GOOGLE_KEY}}',
        steps=(
            key_step("Google Search Console API"),
            "In Search Console: Settings, Users and permissions: add the service account's address.",
            "`site_url` is the property as Search Console shows it, an address with its last `/`.",
        ),
        where_to_click=f"{MENDED_AT}; who may read: search.google.com/search-console: Settings, Users and permissions",
        anomalies=_ANOMALIES,
    )

    type: Literal["search_console"] = "search_console"
    site_url: Annotated[str, _site_url, Field(examples=["site_url: sc-domain:example.se"])]
    credentials: SecretRef

    def named(self) -> Parts:
        """The property: one by address is not the one of its whole domain."""
        return parts_of(site_url=self.site_url.lower().rstrip("/"))

    def holds(self, other: SourceSettings) -> bool:
        """A domain's property holds those of its hosts, one by address those below it."""
        if not isinstance(other, SearchConsole) or other.base_url != self.base_url:
            return False
        mine, theirs = self.site_url.lower(), other.site_url.lower()
        if mine == theirs:
            return False  # one property as two sources is refused
        kind, _, domain = mine.partition(":")
        if kind != "sc-domain":
            return theirs.startswith(mine)
        host = theirs.removeprefix("sc-domain:") if theirs.startswith("sc-domain:") else urlsplit(theirs).hostname or ""
        return host == domain or host.endswith(f".{domain}")
