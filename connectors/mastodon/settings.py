"""Mastodon in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    BaseUrl,
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)

_account = checked(
    r"[A-Za-z0-9_.-]{1,80}", "must be the account's name alone, like skargard; its server goes in base_url", strip="@"
)


class Mastodon(SourceSettings):
    """A Mastodon account on its home instance."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Mastodon",
        category="social",
        platform="mastodon",
        example='{type: mastodon, account: example, base_url: "https://mastodon.social"}',
        note="No credentials, unless the instance answers only who is signed in.",
        steps=(
            "`base_url` is the account's home instance; what other instances know of it is stale.",
            (
                "Only where it refuses: on the instance, Preferences, Development, New application "
                "with the scope `read`; its access token is `token`."
            ),
        ),
        where_to_click="the account's instance: Preferences, Development, the application, Regenerate access token",
    )

    is_told: ClassVar[bool] = True

    type: Literal["mastodon"] = "mastodon"
    account: Annotated[str, _account, Field(examples=["account: fjallglas"])]
    base_url: BaseUrl
    token: SecretRef | None = None

    def named(self) -> Parts:
        """The account's name, which it keeps for good, and its instance."""
        return parts_of(account=self.account.lower(), instance=(self.place or "").partition("/")[0])
