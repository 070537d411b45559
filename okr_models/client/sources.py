"""The ``sources:`` part of a client file: what every source has, and the fields that vendors' settings are made of.

What belongs here: settings as the user wrote them, and which facts a source type states. What does not: any vendor's
facts and settings (each vendor's package, handed in as ``SourceTypes``); resolving a secret, which is I/O
(``connectors/core/secrets.py``); which KPIs a source feeds (``feeds.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from okr_models.client.fields import (
    Day,
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
from okr_models.client.identity import Identity, Parts, parts_of
from okr_models.hosts import place
from okr_models.kpis import Category


class Frozen(BaseModel):
    """A value of a client file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


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


def read_secret(value: Any) -> EnvRef | FileRef:
    """One of the two references; whatever else stands there may be the secret and is never quoted."""
    if isinstance(value, EnvRef | FileRef):
        return value
    if isinstance(value, dict) and set(value) == {"env"}:
        return EnvRef(env=read_env_name(value["env"]))
    if isinstance(value, dict) and set(value) == {"file"}:
        return FileRef(file=read_home_path(value["file"]))
    raise refuse(_HOW_TO_NAME_IT)


SecretRef = Annotated[EnvRef | FileRef, BeforeValidator(read_secret)]


def read_base_url(value: Any) -> Any:
    if isinstance(value, EnvRef) or value is None:
        return value
    if isinstance(value, dict):
        if set(value) == {"env"}:
            return EnvRef(env=read_env_name(value["env"]))
        raise refuse("takes an address like https://example.se, or {env: NAME}, the variable that holds it")
    if isinstance(value, str):
        return check_address(value.strip())
    raise refuse("is not an address; write scheme and host, like https://example.se")


def _read_needed_url(value: Any) -> Any:
    if value is None:
        raise refuse("is empty; write scheme and host, like https://example.se")
    return read_base_url(value)


BaseUrl = Annotated[str | EnvRef, BeforeValidator(_read_needed_url)]
OptionalBaseUrl = Annotated[str | EnvRef | None, BeforeValidator(read_base_url)]


CLEAR_TEXT = (
    "is http, and this source's credentials could be read on their way; write https, or allow_http: true where nobody"
    " else is on that way"
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Days of which a vendor has said that its figures then, or from then on, do not compare with those before."""

    code: Literal["fewer_results_shown", "impressions_miscounted"]
    """The note that says so (``okr_models/words``)."""
    kpis: frozenset[str]
    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What is known of a source type before anything is read; each vendor's stand in its own package."""

    title: str
    """Its name in the docs."""
    label: str = ""
    """What a reader of a report calls it; default the title."""
    category: Category
    platform: str | None = None
    """The social platform that its figures are kept under."""
    example: str
    """Its line in a client file, of a client called acme."""
    note: str = ""
    """What is to be known of its credentials and settings, for the docs."""
    steps: tuple[str, ...] = ()
    """What to click to get its credentials, from memory of the vendor's pages; none: it needs none."""
    channel_since: Mapping[str, date] = field(default_factory=dict)
    """Channels that the vendor made later, each with the day: before it their sessions are in others."""
    anomalies: tuple[Anomaly, ...] = ()
    """What the vendor has said against its figures of certain days, whatever the account."""
    where_to_click: str | None = None
    """Where an access that is refused or about to end is mended; menus move, so it begins with the site."""

    @property
    def name(self) -> str:
        """As a reader calls it."""
        return self.label or self.title


class SourceSettings(Frozen):
    """What every source has. ``id`` defaults to the type."""

    facts: ClassVar[SourceFacts]
    named_by: ClassVar[tuple[str, ...]] = ()
    """Fields that name the account, property or site."""
    is_told: ClassVar[bool] = False
    """What it says of itself when it is read belongs to who it is, beside what the file names."""

    id: Slug
    type: str
    base_url: OptionalBaseUrl = None
    allow_http: bool = False
    """Its credentials may go to ``base_url`` unencrypted."""
    opened: Day | None = None
    start: Day | None = None
    paused: tuple[Pause, ...] = ()
    breaks: tuple[Break, ...] = ()
    formerly: tuple[Slug, ...] = ()
    """Ids that it had before: what was read under them is its own."""

    @property
    def category(self) -> Category:
        """What kind of figures it gives."""
        return self.facts.category

    @property
    def has_blog_path(self) -> bool:
        """Whether it says which of its pages are blog posts."""
        return bool(getattr(self, "blog_path", None))

    @property
    def platform(self) -> str | None:
        """The social platform that its figures are kept under."""
        return self.facts.platform

    def named(self) -> Parts:
        """What the file says of which account, property or site it is."""
        return parts_of(**{field: str(getattr(self, field)) for field in self.named_by})

    def holds(self, other: SourceSettings) -> bool:
        """Whether all that ``other`` counts is counted by this one too."""
        return False

    @property
    def identity(self) -> Identity:
        """Which account, property or site it is, by the file alone."""
        return Identity(type=self.type, parts=self.named())

    @property
    def place(self) -> str | None:
        """Host and path of ``base_url`` where the file itself gives it: a variable is the machine's own business."""
        return place(self.base_url) if isinstance(self.base_url, str) else None

    def secrets(self) -> dict[str, EnvRef | FileRef]:
        """Every secret the source names, by dotted field name (``token``, ``refresh.client_id``)."""
        found: dict[str, EnvRef | FileRef] = {}
        for name, value in self:
            if isinstance(value, EnvRef | FileRef) and name != "base_url":
                found[name] = value
            elif isinstance(value, Refresh):
                found |= {f"{name}.{part}": ref for part, ref in value}
        return found


def holder_of(source: SourceSettings, sources: Sequence[SourceSettings]) -> str | None:
    """Which of ``sources`` counts all that ``source`` does and is within no other itself."""
    holders = [other for other in sources if other is not source and other.holds(source)]
    return next((one.id for one in holders if not any(other.holds(one) for other in holders)), None)


def checked(pattern: str, cure: str, *, strip: str = "") -> BeforeValidator:
    """A form that an id must have, said in words where it has not."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Any:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        text = text.strip().removeprefix(strip) if isinstance(text, str) else ""
        if not compiled.fullmatch(text):
            raise refuse(cure)
        return text

    return BeforeValidator(check)


_blog_path = checked(r"/\S*", "must begin with /, like /blogg/")

BlogPath = Annotated[str, _blog_path]


def _read_events(value: Any) -> Any:
    """Names of events or goals, each once; a single one may stand without brackets."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) and name.strip() for name in given):
        raise refuse("takes names of events or goals, like events: [generate_lead, purchase]")
    names = tuple(dict.fromkeys(name.strip() for name in given))
    if not names and isinstance(value, list):
        raise refuse("names no event; leave it out for all that the source calls key")
    return names


Events = Annotated[tuple[str, ...], BeforeValidator(_read_events)]
"""Which key events or goals are conversions, by the names that the source shows; none: all."""


SourceTypes: TypeAlias = Mapping[str, type[SourceSettings]]
"""Settings by type, in the order in which they are named to people; the caller's (``connectors/catalogue.py``)."""


def source_model(data: dict[str, Any], types: SourceTypes) -> type[SourceSettings] | None:
    """The model for a raw ``sources`` entry, by its ``type``; None where the type is unknown."""
    return types.get(str(data.get("type")))


def secret_keys(types: SourceTypes) -> frozenset[str]:
    """Every key under which some type of source names a secret: what stands there is never quoted."""
    references: set[Any] = {EnvRef, FileRef}
    named = {
        name
        for model in types.values()
        for name, field in model.model_fields.items()
        if name != "base_url" and references <= _parts(field.annotation)
    }
    return frozenset(named | set(Refresh.model_fields))


def _parts(annotation: Any) -> set[Any]:
    """Every class that an annotation is made of."""
    found: set[Any] = set()
    for part in get_args(annotation):
        found |= {part} | _parts(part)
    return found
