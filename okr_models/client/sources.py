"""The ``sources:`` part of a client file: one frozen model a source type.

What belongs here: settings as the user wrote them. What does not: resolving a secret, which is I/O
(``connectors/core/secrets.py``); which KPIs a source feeds (``feeds.py``).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from okr_models.client.fields import (
    Day,
    Digits,
    EnvName,
    HomePath,
    Positive,
    Slug,
    Text,
    check_address,
    read_env_name,
    read_home_path,
    refuse,
)

__all__ = ["SETTINGS", "EnvRef", "FileRef", "Frozen", "SecretRef", "Slug", "SourceSettings", "source_model"]

Category = Literal["web", "search", "social", "blog", "own"]


class Frozen(BaseModel):
    """A value of a client file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class EnvRef(Frozen):
    """``{env: NAME}``."""

    env: EnvName


class FileRef(Frozen):
    """``{file: PATH}``, relative to the home folder and inside it."""

    file: HomePath


_HOW_TO_NAME_IT = (
    "a secret never stands in a client file itself; write {env: NAME}, the environment variable that holds it, "
    "or {file: PATH}, a file inside the home folder"
)


def _read_secret(value: Any) -> EnvRef | FileRef:
    """One of the two references; whatever else stands there may be the secret and is never quoted."""
    if isinstance(value, EnvRef | FileRef):
        return value
    if isinstance(value, dict) and set(value) == {"env"}:
        return EnvRef(env=read_env_name(value["env"]))
    if isinstance(value, dict) and set(value) == {"file"}:
        return FileRef(file=read_home_path(value["file"]))
    raise refuse(_HOW_TO_NAME_IT)


SecretRef = Annotated[EnvRef | FileRef, BeforeValidator(_read_secret)]


def _read_base_url(value: Any) -> Any:
    if isinstance(value, EnvRef) or value is None:
        return value
    if isinstance(value, dict):
        if set(value) == {"env"}:
            return EnvRef(env=read_env_name(value["env"]))
        raise refuse("takes an address like https://example.se, or {env: NAME}, the variable that holds it")
    if isinstance(value, str):
        return check_address(value.strip())
    raise refuse("is not an address; write scheme and host, like https://example.se")


def _read_feed_url(value: Any) -> Any:
    """An address, its variable, or only its path where ``base_url`` gives the rest."""
    if isinstance(value, str):
        text = value.strip()
        is_path = text.startswith("/") and not text.startswith("//") and not any(c.isspace() for c in text)
        return text if is_path else check_address(text, query_allowed=True)
    if value is None:
        raise refuse("is missing; write the feed's address, like https://example.se/feed/")
    return _read_base_url(value)


BaseUrl = Annotated[str | EnvRef, BeforeValidator(_read_base_url)]
OptionalBaseUrl = Annotated[str | EnvRef | None, BeforeValidator(_read_base_url)]


class Refresh(Frozen):
    """What renews a token."""

    client_id: SecretRef
    client_secret: SecretRef
    refresh_token: SecretRef


class Break(Frozen):
    """From this day on the figures mean something else."""

    date: Day
    reason: Text
    overlap_ratio: Positive | None = None
    """New measure over old measure in the time both ran."""


class Pause(Frozen):
    """Expected silence, both days included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    reason: Text

    @model_validator(mode="after")
    def _in_order(self) -> Pause:
        if self.to < self.from_:
            raise refuse(f"ends on {self.to}, before it starts on {self.from_}; both days are included", "to")
        return self


class SourceSettings(Frozen):
    """What every source has. ``id`` defaults to the type."""

    category: ClassVar[Category] = "own"
    platform: ClassVar[str | None] = None

    id: Slug
    type: str
    base_url: OptionalBaseUrl = None
    opened: Day | None = None
    start: Day | None = None
    paused: tuple[Pause, ...] = ()
    breaks: tuple[Break, ...] = ()

    def secrets(self) -> dict[str, EnvRef | FileRef]:
        """Every secret the source names, by dotted field name (``token``, ``refresh.client_id``)."""
        found: dict[str, EnvRef | FileRef] = {}
        for name, value in self:
            if isinstance(value, EnvRef | FileRef) and name != "base_url":
                found[name] = value
            elif isinstance(value, Refresh):
                found |= {f"{name}.{part}": ref for part, ref in value}
        return found


def _checked(pattern: str, cure: str, *, strip: str = "") -> BeforeValidator:
    """A form that an id must have, said in words where it has not."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Any:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        text = text.strip().removeprefix(strip) if isinstance(text, str) else ""
        if not compiled.fullmatch(text):
            raise refuse(cure)
        return text

    return BeforeValidator(check)


_blog_path = _checked(r"/\S*", "must begin with /, like /blogg/")
_site_url = _checked(
    r"sc-domain:[^\s/:]+\.[^\s/:]+|https?://[^\s/@]+/(\S*/)?",
    "must be the property as Search Console shows it: sc-domain:example.se, or https://www.example.se/ with its last /",
)
_property_id = _checked(r"[0-9]{1,20}", 'must be the numeric property id, like "412345678", not G-... or UA-...')
_organization_id = _checked(r"[0-9]{1,20}", 'must be the number alone, like "2414183", without urn:li:organization:')
_page_id = _checked(r"[A-Za-z0-9.]{1,80}", "must be the page's numeric id or its name, not its address")
_channel_id = _checked(r"UC[A-Za-z0-9_-]{22}", "must be the channel id: UC and 22 characters, not the @handle")
_account = _checked(
    r"[A-Za-z0-9_.-]{1,80}", "must be the account's name alone, like skargard; its server goes in base_url", strip="@"
)
_actor = _checked(
    r"did:[a-z]+:[A-Za-z0-9._:%-]+|([A-Za-z0-9-]+\.)+[A-Za-z]{2,}",
    "must be a handle like example.se, or a did:",
    strip="@",
)
_site_id = _checked(r"[A-Za-z0-9.:/_-]{1,120}", "must be the site as Plausible names it, like example.se")
_meta_version = _checked(r"v[0-9]{1,3}\.[0-9]", "must look like v26.0")
_linkedin_version = _checked(r"20[0-9]{2}(0[1-9]|1[0-2])", 'must be year and month, like "202607"')

BlogPath = Annotated[str, _blog_path]
MetaVersion = Annotated[str, _meta_version]


class Ga4(SourceSettings):
    category: ClassVar[Category] = "web"
    type: Literal["ga4"] = "ga4"
    property_id: Annotated[str, _property_id]
    credentials: SecretRef
    blog_path: BlogPath | None = None


class SearchConsole(SourceSettings):
    category: ClassVar[Category] = "search"
    type: Literal["search_console"] = "search_console"
    site_url: Annotated[str, _site_url]
    credentials: SecretRef


class FacebookPage(SourceSettings):
    category: ClassVar[Category] = "social"
    platform: ClassVar[str | None] = "facebook"
    type: Literal["facebook_page"] = "facebook_page"
    page_id: Annotated[str, _page_id]
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: MetaVersion | None = None


class Instagram(SourceSettings):
    category: ClassVar[Category] = "social"
    platform: ClassVar[str | None] = "instagram"
    type: Literal["instagram"] = "instagram"
    account_id: Digits
    token: SecretRef
    app_secret: SecretRef | None = None
    refresh: Refresh | None = None
    api_version: MetaVersion | None = None


class LinkedIn(SourceSettings):
    category: ClassVar[Category] = "social"
    platform: ClassVar[str | None] = "linkedin"
    type: Literal["linkedin"] = "linkedin"
    organization_id: Annotated[str, _organization_id]
    token: SecretRef
    refresh: Refresh | None = None
    api_version: Annotated[str, _linkedin_version] | None = None


class YouTube(SourceSettings):
    category: ClassVar[Category] = "social"
    platform: ClassVar[str | None] = "youtube"
    type: Literal["youtube"] = "youtube"
    channel_id: Annotated[str, _channel_id]
    api_key: SecretRef
    credentials: SecretRef | None = None


class Mastodon(SourceSettings):
    category: ClassVar[Category] = "social"
    platform: ClassVar[str | None] = "mastodon"
    type: Literal["mastodon"] = "mastodon"
    account: Annotated[str, _account]
    base_url: BaseUrl
    token: SecretRef | None = None


class Bluesky(SourceSettings):
    category: ClassVar[Category] = "social"
    platform: ClassVar[str | None] = "bluesky"
    type: Literal["bluesky"] = "bluesky"
    actor: Annotated[str, _actor]


class WordPress(SourceSettings):
    category: ClassVar[Category] = "blog"
    type: Literal["wordpress"] = "wordpress"
    base_url: BaseUrl
    username: Text | None = None
    password: SecretRef | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> WordPress:
        if (self.username is None) != (self.password is None):
            raise refuse("username and password go together; give both, or neither for what is public")
        return self


class Feed(SourceSettings):
    category: ClassVar[Category] = "blog"
    type: Literal["feed"] = "feed"
    url: Annotated[str | EnvRef, BeforeValidator(_read_feed_url)]
    """An address or its variable, or a path below ``base_url``."""

    @model_validator(mode="after")
    def _path_has_its_host(self) -> Feed:
        if isinstance(self.url, str) and self.url.startswith("/") and self.base_url is None:
            raise refuse("is a path alone; write the whole address, or give base_url too", "url")
        return self


class Matomo(SourceSettings):
    category: ClassVar[Category] = "web"
    type: Literal["matomo"] = "matomo"
    base_url: BaseUrl
    site_id: Digits
    token: SecretRef
    blog_path: BlogPath | None = None


class Plausible(SourceSettings):
    category: ClassVar[Category] = "web"
    type: Literal["plausible"] = "plausible"
    base_url: OptionalBaseUrl = None
    site_id: Annotated[str, _site_id]
    token: SecretRef
    blog_path: BlogPath | None = None


class Csv(SourceSettings):
    category: ClassVar[Category] = "own"
    type: Literal["csv"] = "csv"
    path: HomePath


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
