"""Bluesky in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    SourceFacts,
    SourceSettings,
    checked,
)

_actor = checked(
    r"did:[a-z]+:[A-Za-z0-9._:%-]+|([A-Za-z0-9-]+\.)+[A-Za-z]{2,}",
    "must be a handle like example.se, or a did:",
    strip="@",
)


class Bluesky(SourceSettings):
    """A Bluesky account."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Bluesky",
        category="social",
        platform="bluesky",
        example="{type: bluesky, actor: example.se}",
        note="No credentials. `actor` is the handle, or the account's `did:`, which stays when the handle changes.",
    )

    is_told: ClassVar[bool] = True

    type: Literal["bluesky"] = "bluesky"
    actor: Annotated[str, _actor, Field(examples=["actor: example.se"])]

    def named(self) -> Parts:
        """Its ``did:`` where the file gives that: a handle changes, and may come to be another's."""
        return parts_of(did=self.actor if self.actor.startswith("did:") else None)
