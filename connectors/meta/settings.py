"""Facebook pages and Instagram accounts in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``graph.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.fields import Digits
from okr_models.client.sources import (
    Refresh,
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)

_meta_version = checked(r"v[0-9]{1,3}\.[0-9]", "must look like v26.0")
_page_id = checked(r"[A-Za-z0-9.]{1,80}", "must be the page's numeric id or its name, not its address")
MetaVersion = Annotated[str, _meta_version]

_MENDED_AT = (
    "business.facebook.com: Settings, Users, System users, the user, Generate new token; "
    "the page or account must be among its assigned assets"
)


def _token_step(scopes: str) -> str:
    return (
        f"Make an app and a token of a system user with the scopes {scopes}: [A first client](../first-client.md). "
        "A system user's token need not expire; other tokens live 60 days, and `refresh` renews them."
    )


class FacebookPage(SourceSettings):
    """A Facebook page."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Facebook Page",
        label="Facebook",
        category="social",
        platform="facebook",
        example='{type: facebook_page, page_id: "101234567890123", token: {env: ACME_META_TOKEN}}',
        steps=(
            _token_step("`pages_show_list`, `pages_read_engagement`, `pages_read_user_content` and `read_insights`"),
            ("The page's id stands under About, Page transparency. Give the system user the page as an asset."),
            "Where the app asks for proof of its secret, give `app_secret` too.",
        ),
        where_to_click=_MENDED_AT,
    )

    named_by: ClassVar[tuple[str, ...]] = ("page_id",)
    is_told: ClassVar[bool] = True

    type: Literal["facebook_page"] = "facebook_page"
    page_id: Annotated[str, _page_id, Field(examples=['page_id: "101234567890123"'])]
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: MetaVersion | None = None


class Instagram(SourceSettings):
    """A professional Instagram account."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Instagram",
        category="social",
        platform="instagram",
        example='{type: instagram, account_id: "17841400000000001", token: {env: ACME_META_TOKEN}}',
        steps=(
            _token_step("`instagram_basic`, `instagram_manage_insights` and `pages_read_engagement`"),
            "The account must be a professional one, linked to a Facebook page that the system user has.",
            ("The account's id: `GET /{page}?fields=instagram_business_account` in Meta's Graph API Explorer."),
        ),
        where_to_click=_MENDED_AT,
    )

    named_by: ClassVar[tuple[str, ...]] = ("account_id",)

    type: Literal["instagram"] = "instagram"
    account_id: Annotated[Digits, Field(examples=['account_id: "17841400000000001"'])]
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: MetaVersion | None = None
