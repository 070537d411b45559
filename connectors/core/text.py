"""Text as vendors render it, made plain. What belongs here: that. What does not: which of a vendor's fields is text."""

from __future__ import annotations

import html
import re

SHOWN_CHARACTERS = 280
"""How much of a post's text is kept, to know it by."""

_BLOCKS = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6])\b[^<>]*>")
_TAGS = re.compile(r"<[^<>]*>")


def plain(rendered: str) -> str:
    """HTML as plain text: tags dropped, entities resolved, white space made single."""
    return " ".join(html.unescape(_TAGS.sub("", rendered)).split())


def beginning(text: str | None, *, is_html: bool = False) -> str | None:
    """The beginning of a post's text on one line; None where there is none. Paragraphs stay apart."""
    whole = plain(_BLOCKS.sub(" ", text or "")) if is_html else " ".join((text or "").split())
    return whole[:SHOWN_CHARACTERS] or None
