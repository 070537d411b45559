"""Mailchimp in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from okr_models.client.sources import OptionalBaseUrl, SecretRef, SourceFacts, SourceSettings


class Mailchimp(SourceSettings):
    """A Mailchimp account."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Mailchimp",
        category="newsletter",
        example="{type: mailchimp, api_key: {env: ACME_MAILCHIMP_KEY}}",
        note="The key ends in its data centre, like `-us19`, which is part of the address.",
        steps=("Account & billing, Extras, API keys, Create A Key; the whole key with its ending.",),
        where_to_click="mailchimp.com: Account & billing, Extras, API keys",
    )

    is_told: ClassVar[bool] = True

    type: Literal["mailchimp"] = "mailchimp"
    base_url: OptionalBaseUrl = None
    api_key: SecretRef
