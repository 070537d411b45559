"""LinkedIn in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.sources import (
    Refresh,
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)

_organization_id = checked(r"[0-9]{1,20}", 'must be the number alone, like "2414183", without urn:li:organization:')
_linkedin_version = checked(r"20[0-9]{2}(0[1-9]|1[0-2])", 'must be year and month, like "202607"')


class LinkedIn(SourceSettings):
    """A LinkedIn organization."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="LinkedIn",
        category="social",
        platform="linkedin",
        example=('{type: linkedin, organization_id: "2414183", token: {env: ACME_LINKEDIN_TOKEN}, opened: 2021-05-01}'),
        steps=(
            (
                "On developer.linkedin.com make an app, link it to the page, and ask for the product "
                "Community Management API; LinkedIn decides on it by hand, which can take weeks."
            ),
            (
                "Under Auth, OAuth 2.0 tools, as a person with the role Super admin on the page: a "
                "token with the scopes `r_organization_social` and `rw_organization_admin`."
            ),
            (
                "It lives 60 days, its refresh token a year; give `refresh` and it is renewed. Once a"
                " year somebody has to sign in again."
            ),
            "The organisation's id is the number in the address of the page's admin view.",
        ),
        where_to_click=(
            "linkedin.com/developers/apps: the app, Auth, OAuth 2.0 tools, Create token, as the page's Super admin"
        ),
    )

    named_by: ClassVar[tuple[str, ...]] = ("organization_id",)

    type: Literal["linkedin"] = "linkedin"
    organization_id: Annotated[str, _organization_id, Field(examples=['organization_id: "2414183"'])]
    token: SecretRef
    refresh: Refresh | None = None
    api_version: Annotated[str, _linkedin_version] | None = None
