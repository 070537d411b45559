"""Plausible in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    BlogPath,
    Events,
    OptionalBaseUrl,
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)
from okr_models.hosts import place

_site_id = checked(r"[A-Za-z0-9.:/_-]{1,120}", "must be the site as Plausible names it, like example.se")


class Plausible(SourceSettings):
    """A site in Plausible."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Plausible",
        category="web",
        example="{type: plausible, site_id: example.se, token: {env: ACME_PLAUSIBLE_TOKEN}}",
        note="A self-hosted Plausible: its address as `base_url`.",
        steps=(
            ("Account settings, API keys, New API key, of the kind Stats API. The site's plan must include it."),
            "`site_id` is the site's domain as Plausible shows it.",
        ),
        where_to_click="plausible.io: Account settings, API keys, New API key, Stats API",
    )

    type: Literal["plausible"] = "plausible"
    base_url: OptionalBaseUrl = None
    site_id: Annotated[str, _site_id]
    token: SecretRef
    blog_path: BlogPath | None = None
    events: Events = ()

    def named(self) -> Parts:
        """The site, however its host is spelled."""
        return parts_of(site_id=place(self.site_id))
