"""Matomo in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from okr_models.client.fields import Digits
from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    BaseUrl,
    BlogPath,
    Events,
    SecretRef,
    SourceFacts,
    SourceSettings,
)


class Matomo(SourceSettings):
    """A site in a Matomo."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Matomo",
        category="web",
        example=(
            '{type: matomo, base_url: "https://matomo.example.se", site_id: "3", token: {env: ACME_MATOMO_TOKEN}}'
        ),
        steps=(
            "Make a user of its own with the role View on this site: Administration, System, Users.",
            (
                "Signed in as that user: Administration, Personal, Security, Auth tokens, Create new "
                "token; it may be allowed for secure (POST) requests only."
            ),
            "The site's id: Administration, Websites, Manage.",
        ),
        where_to_click=(
            "Matomo: Administration, Personal, Security, Auth tokens, Create new token, as a user with view access"
        ),
    )

    is_told: ClassVar[bool] = True

    type: Literal["matomo"] = "matomo"
    base_url: BaseUrl
    site_id: Digits
    token: SecretRef
    blog_path: BlogPath | None = None
    events: Events = ()

    def named(self) -> Parts:
        """The site's number, and the server that gave it."""
        return parts_of(site_id=self.site_id, server=self.place)
