"""YouTube in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from okr_models.client.sources import (
    SecretRef,
    SourceFacts,
    SourceSettings,
    checked,
)

_channel_id = checked(r"UC[A-Za-z0-9_-]{22}", "must be the channel id: UC and 22 characters, not the @handle")


class YouTube(SourceSettings):
    """A YouTube channel."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="YouTube",
        category="social",
        platform="youtube",
        example="{type: youtube, channel_id: UCxxxxxxxxxxxxxxxxxxxxxx, api_key: {env: ACME_YOUTUBE_KEY}}",
        steps=(
            (
                "In Google's console, in a project with the YouTube Data API v3 enabled: APIs & "
                "Services, Credentials, Create credentials, API key; restrict it to that API."
            ),
            "The channel's id: on YouTube, Settings, Advanced settings.",
            (
                "For figures of the past, with the YouTube Analytics API enabled too: an OAuth "
                "client, with which the channel's owner consents to `yt-analytics.readonly`. "
                "`credentials` is the JSON with `client_id`, `client_secret` and `refresh_token`. "
                "Publish the consent screen: while it is in Testing, Google lets a refresh token live"
                " seven days. Google lets no service account in here."
            ),
        ),
        where_to_click="console.cloud.google.com: APIs & Services, Credentials; for the past, its owner consents anew",
    )

    named_by: ClassVar[tuple[str, ...]] = ("channel_id",)

    type: Literal["youtube"] = "youtube"
    channel_id: Annotated[str, _channel_id, Field(examples=["channel_id: UC..."])]
    api_key: SecretRef
    credentials: SecretRef | None = None
