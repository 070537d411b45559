"""WordPress in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from okr_models.client.fields import Text, refuse
from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    BaseUrl,
    SecretRef,
    SourceFacts,
    SourceSettings,
)


class WordPress(SourceSettings):
    """A WordPress site."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="WordPress",
        category="blog",
        example='{id: blog, type: wordpress, base_url: "https://www.example.se"}',
        note="No credentials for what is public, which is all that counts.",
        steps=(
            (
                "Only where a plugin closes the REST API to who is not signed in: Users, Profile, "
                "Application passwords, and give `username` and `password`. Or use a `feed`."
            ),
        ),
        where_to_click="the site's wp-admin: Users, Profile, Application passwords, Add new",
    )

    is_told: ClassVar[bool] = True

    type: Literal["wordpress"] = "wordpress"
    base_url: BaseUrl
    username: Text | None = None
    password: SecretRef | None = None

    def named(self) -> Parts:
        """The site's address; it may have others, which it says itself."""
        return parts_of(site=self.place)

    @model_validator(mode="after")
    def _both_or_neither(self) -> WordPress:
        if (self.username is None) != (self.password is None):
            raise refuse("username and password go together; give both, or neither for what is public")
        return self
