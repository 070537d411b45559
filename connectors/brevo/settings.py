"""Brevo in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from okr_models.client.sources import OptionalBaseUrl, SecretRef, SourceFacts, SourceSettings


class Brevo(SourceSettings):
    """A Brevo account."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Brevo",
        category="newsletter",
        example="{type: brevo, api_key: {env: ACME_BREVO_KEY}}",
        steps=("Settings, SMTP & API, API keys, Generate a new API key (version 3).",),
        where_to_click="app.brevo.com: Settings, SMTP & API, API keys",
    )

    is_told: ClassVar[bool] = True

    type: Literal["brevo"] = "brevo"
    base_url: OptionalBaseUrl = None
    api_key: SecretRef
