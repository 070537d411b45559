"""HubSpot in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.fields import Positive
from okr_models.client.sources import OptionalBaseUrl, SecretRef, SourceFacts, SourceSettings, checked

_version = checked(r"\d{4}-\d{2}|v3", "must be a version such as 2026-09, or v3")


class HubSpot(SourceSettings):
    """A HubSpot account."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="HubSpot",
        category="crm",
        example="{type: hubspot, token: {env: ACME_HUBSPOT_KEY}}",
        note="Amounts are in the client's `currency`; where the account has another, `rate` is what one unit is worth.",
        steps=(
            "Development, Keys, Service keys, Create: scopes `crm.objects.contacts.read`, `crm.objects.deals.read` and"
            " `tickets`. A legacy private app's token goes on working.",
            "One scope too few costs only the figures that need it.",
        ),
        where_to_click="app.hubspot.com: Development, Keys, Service keys, the key, Scopes",
    )

    is_told: ClassVar[bool] = True

    type: Literal["hubspot"] = "hubspot"
    base_url: OptionalBaseUrl = None
    token: SecretRef
    api_version: Annotated[str, _version, Field(examples=['api_version: "2026-09"'])] = "2026-09"
    rate: Positive | None = None
    """What one unit of the account's currency is worth in the client's."""
