"""Threads in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.fields import Digits
from okr_models.client.sources import OptionalBaseUrl, Refresh, SecretRef, SourceFacts, SourceSettings


class Threads(SourceSettings):
    """A Threads profile."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Threads",
        category="social",
        platform="threads",
        example='{type: threads, account_id: "17841400000000002", token: {env: ACME_THREADS_TOKEN}}',
        note="A token lives sixty days; `refresh`, with the same token as `refresh_token`, renews it by itself.",
        steps=(
            "developers.facebook.com: an app with the use case Threads API, which has an id and a secret of its own;"
            " permissions `threads_basic` and `threads_manage_insights`.",
            "Sign in as the profile, and exchange the token for a long-lived one.",
        ),
        where_to_click="developers.facebook.com: the app, Use cases, Threads API, Settings, User token generator",
    )

    named_by: ClassVar[tuple[str, ...]] = ("account_id",)

    type: Literal["threads"] = "threads"
    base_url: OptionalBaseUrl = None
    account_id: Annotated[Digits, Field(examples=['account_id: "17841400000000002"'])]
    token: SecretRef
    refresh: Refresh | None = None
