"""The ``sources:`` part of a client file: one frozen model a source type.

What belongs here: settings as the user wrote them. What does not: resolving a secret, which is I/O
(``connectors/secrets.py``).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]


class Frozen(BaseModel):
    """A value of a client file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class EnvRef(Frozen):
    """``{env: NAME}``."""

    env: str


class FileRef(Frozen):
    """``{file: PATH}``, relative to the home folder and inside it."""

    file: str


SecretRef = EnvRef | FileRef


class Refresh(Frozen):
    """What renews a token."""

    client_id: SecretRef
    client_secret: SecretRef
    refresh_token: SecretRef


class Break(Frozen):
    """From this day on the figures mean something else."""

    date: date
    reason: str
    overlap_ratio: Annotated[float, Field(gt=0)] | None = None
    """New measure over old measure in the time both ran."""


class Pause(Frozen):
    """Expected silence, both days included."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    reason: str


class SourceSettings(Frozen):
    """What every source has. ``id`` defaults to the type."""

    id: Slug
    type: str
    base_url: str | EnvRef | None = None
    opened: date | None = None
    start: date | None = None
    paused: tuple[Pause, ...] = ()
    breaks: tuple[Break, ...] = ()

    def secrets(self) -> dict[str, SecretRef]:
        """Every secret the source names, by dotted field name (``token``, ``refresh.client_id``)."""
        found: dict[str, SecretRef] = {}
        for name, value in self:
            if isinstance(value, EnvRef | FileRef) and name != "base_url":
                found[name] = value
            elif isinstance(value, Refresh):
                found |= {f"{name}.{part}": ref for part, ref in value}
        return found


class Ga4(SourceSettings):
    type: Literal["ga4"] = "ga4"
    property_id: Annotated[str, Field(pattern=r"^[0-9]+$")]
    credentials: SecretRef
    blog_path: str | None = None


class SearchConsole(SourceSettings):
    type: Literal["search_console"] = "search_console"
    site_url: str
    credentials: SecretRef


class FacebookPage(SourceSettings):
    type: Literal["facebook_page"] = "facebook_page"
    page_id: str
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: str | None = None


class Instagram(SourceSettings):
    type: Literal["instagram"] = "instagram"
    account_id: str
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: str | None = None


class LinkedIn(SourceSettings):
    type: Literal["linkedin"] = "linkedin"
    organization_id: Annotated[str, Field(pattern=r"^[0-9]+$")]
    token: SecretRef
    refresh: Refresh | None = None
    api_version: str | None = None


class YouTube(SourceSettings):
    type: Literal["youtube"] = "youtube"
    channel_id: str
    api_key: SecretRef
    credentials: SecretRef | None = None


class Mastodon(SourceSettings):
    type: Literal["mastodon"] = "mastodon"
    account: str
    base_url: str | EnvRef
    token: SecretRef | None = None


class Bluesky(SourceSettings):
    type: Literal["bluesky"] = "bluesky"
    actor: str


class WordPress(SourceSettings):
    type: Literal["wordpress"] = "wordpress"
    base_url: str | EnvRef
    username: str | None = None
    password: SecretRef | None = None


class Feed(SourceSettings):
    type: Literal["feed"] = "feed"
    url: str


class Matomo(SourceSettings):
    type: Literal["matomo"] = "matomo"
    base_url: str | EnvRef
    site_id: str
    token: SecretRef
    blog_path: str | None = None


class Plausible(SourceSettings):
    type: Literal["plausible"] = "plausible"
    base_url: str | EnvRef | None = None
    site_id: str
    token: SecretRef
    blog_path: str | None = None


class Csv(SourceSettings):
    type: Literal["csv"] = "csv"
    path: str


SETTINGS: dict[str, type[SourceSettings]] = {
    model.model_fields["type"].default: model
    for model in (
        Ga4,
        SearchConsole,
        FacebookPage,
        Instagram,
        LinkedIn,
        YouTube,
        Mastodon,
        Bluesky,
        WordPress,
        Feed,
        Matomo,
        Plausible,
        Csv,
    )
}


def source_model(data: dict[str, Any]) -> type[SourceSettings] | None:
    """The model for a raw ``sources`` entry, by its ``type``; None where the type is unknown."""
    return SETTINGS.get(str(data.get("type")))
