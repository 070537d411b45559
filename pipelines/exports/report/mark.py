"""Whose marks a report bears: the agency's name, its colour, and its logo inside the page.

What belongs here: reading the logo and what a page needs of it. What does not: where it stands (the templates).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from okr_models.client.model import Client
from okr_models.client.sending import LOGO_TYPES
from pipelines.exports.plain import plain

LARGEST_LOGO = 300_000
"""Bytes: every page that is sent holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``logo``: a data address, so that the page fetches nothing; ``style``: the colour as the page's own variable."""

    agency: str = ""
    logo: str = ""
    style: str = ""


def mark_of(client: Client, root: Path) -> Mark:
    """The marks of a client's file; ``root`` is the home folder. A logo that can't be read or is too large is left out:
    no report waits for a picture."""
    brand = client.brand
    if brand is None:
        return Mark()
    return Mark(
        agency=plain(brand.agency or "", limit=80),
        logo=_logo(root, brand.logo) if brand.logo else "",
        # six hex digits, as the client file was held to
        style=f"--brand:{brand.colour}" if brand.colour else "",
    )


def _logo(root: Path, path: str) -> str:
    file = (root / path).resolve()
    kind = LOGO_TYPES.get(file.suffix.lower())
    try:
        if kind is None or not file.is_relative_to(root.resolve()) or file.stat().st_size > LARGEST_LOGO:
            return ""
        return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
    except OSError:
        return ""
