"""Meta's ad accounts in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connectors.meta.settings import MetaVersion
from okr_models.client.fields import Positive
from okr_models.client.sources import OptionalBaseUrl, Refresh, SecretRef, SourceFacts, SourceSettings, checked

_account = checked(r"\d{1,30}", "must be the ad account's number, with or without act_", strip="act_")


class MetaAds(SourceSettings):
    """An ad account for Facebook and Instagram."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Meta ads",
        category="ads",
        platform="meta",
        example='{type: meta_ads, account_id: "1234567890", token: {env: ACME_META_TOKEN}}',
        note="Costs are in the client's `currency`; an account in another needs `rate`, what one unit of it is worth.",
        steps=(
            (
                "A token of a system user with `ads_read`, and the ad account among its assigned assets. It need not "
                "expire; other tokens live 60 days, and `refresh` renews them."
            ),
            "The account's number: Ads Manager, the list of accounts; with or without `act_`.",
        ),
        where_to_click="business.facebook.com: Settings, Users, System users, the user, Generate new token",
    )

    named_by: ClassVar[tuple[str, ...]] = ("account_id",)

    type: Literal["meta_ads"] = "meta_ads"
    base_url: OptionalBaseUrl = None
    account_id: Annotated[str, _account, Field(examples=['account_id: "1234567890"'])]
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: MetaVersion | None = None
    rate: Positive | None = None
    """What one unit of the account's currency is worth in the client's."""
