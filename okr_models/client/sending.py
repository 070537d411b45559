"""To whom a client's report goes, when and how, and whose marks it bears.

What belongs here: the shape, and rules that need one entry only. What does not: what is due and what went out
(``pipelines/sending/``).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from okr_models.client.fields import HomePath, Text, read_env_name, read_home_path, read_whole, refuse
from okr_models.client.sources import EnvRef, FileRef, Frozen

Way = Literal["mail", "slack", "teams", "webhook"]
Every = Literal["night", "monday", "month"]
MOST_PREVIEW_DAYS = 30
_ADDRESS = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9åäöÅÄÖ.-]{1,250}\.[A-Za-z]{2,}")
LEAST_CONTRAST = 3.0
"""What WCAG asks of what is no text."""
LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def _read_target(value: Any) -> Any:
    """A mail address, or where a webhook's address is kept, which is a secret and never quoted."""
    if isinstance(value, EnvRef | FileRef):
        return value
    if isinstance(value, dict) and set(value) == {"env"}:
        return EnvRef(env=read_env_name(value["env"]))
    if isinstance(value, dict) and set(value) == {"file"}:
        return FileRef(file=read_home_path(value["file"]))
    if isinstance(value, str) and _ADDRESS.fullmatch(value.strip()):
        return value.strip()
    raise refuse(
        "is no mail address; write name@example.se, or for slack, teams and webhook {env: NAME}, the environment"
        " variable that holds the webhook's address"
    )


def _read_targets(value: Any) -> Any:
    return (value,) if isinstance(value, str | dict) else value


def _read_list(value: Any) -> Any:
    """A section with nothing but comments in it is none."""
    return () if value is None else value


def _read_colour(value: Any) -> str:
    if value is None:
        raise refuse('is empty: without quotes, # begins a comment; write it in quotes, like "#0a5c36"')
    if not (isinstance(value, str) and _COLOUR.fullmatch(value.strip())):
        raise refuse('is no colour; write six hex digits in quotes, like "#0a5c36"')
    colour = value.strip().lower()
    if (found := contrast(colour, "#ffffff")) < LEAST_CONTRAST:
        raise refuse(
            f"stands out {found:.1f} to 1 from white paper; {LEAST_CONTRAST:g} is the least: take a darker one"
        )
    return colour


def _read_logo(value: Any) -> Any:
    if isinstance(value, str) and not value.lower().endswith(tuple(LOGO_TYPES)):
        raise refuse(f"is no picture that a report can hold; take one that ends in {', '.join(LOGO_TYPES)}")
    return value


def contrast(one: str, other: str) -> float:
    """How far two colours (``#rrggbb``) stand apart, 1 to 21 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


Target = Annotated[str | EnvRef | FileRef, BeforeValidator(_read_target)]


class Sending(Frozen):
    """One entry of ``send``: a report to somebody, as often as it says.

    With ``preview_to`` it goes there first, and to the others ``preview_days`` later unless somebody stops it.
    """

    to: Annotated[
        tuple[Target, ...],
        BeforeValidator(_read_targets),
        Field(min_length=1, examples=["to: [name@example.se]"]),
    ]
    audience: Literal["board", "team"] = "board"
    every: Every = "monday"
    via: Way = "mail"
    preview_to: Annotated[tuple[Target, ...], BeforeValidator(_read_targets)] = ()
    preview_days: Annotated[int, BeforeValidator(read_whole), Field(ge=1, le=MOST_PREVIEW_DAYS)] = 4
    only_if_changed: bool = False

    @model_validator(mode="after")
    def _targets_fit(self) -> Sending:
        for name, targets in (("to", self.to), ("preview_to", self.preview_to)):
            for place, target in enumerate(targets):
                is_address = isinstance(target, str)
                if self.via == "mail" and not is_address:
                    raise refuse("is where a webhook's address is kept; mail goes to name@example.se", name, place)
                if self.via != "mail" and is_address:
                    raise refuse(
                        f"is a mail address; {self.via} takes {{env: NAME}}, which holds the webhook's address",
                        *(name, place),
                    )
        return self


class Brand(Frozen):
    """Whose report it looks like. ``logo``: an SVG, PNG or JPEG inside the home folder."""

    logo: Annotated[HomePath, BeforeValidator(_read_logo)] | None = None
    colour: Annotated[str | None, BeforeValidator(_read_colour)] = None
    agency: Text | None = None


Sendings = Annotated[tuple[Sending, ...], BeforeValidator(_read_list)]
