"""Text from outside made safe to lay out: no control codes, no marks that turn the reading direction, no endless line.

What belongs here: what every reader of the text needs. What does not: HTML escaping (the templates do it) and
spreadsheet formulas (``cells.py``).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_TITLE = 140
HARD_SPACES = "\u00a0\u202f"
"""They keep a number and its unit on one line."""


def plain(text: object, *, limit: int | None = LONGEST_TITLE) -> str:
    """``text`` on one line without control and direction codes, cut at ``limit`` characters with an ellipsis.

    Joiners inside emoji and Indic scripts (U+200C, U+200D) stay; a stack of combining marks keeps its first two.
    """
    kept: list[str] = []
    marks = 0
    for character in str(text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if character in HARD_SPACES:
            kept.append("\u00a0")
        elif category in {"Cc", "Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category in {"Cf", "Cs", "Co", "Cn"} and character not in "\u200c\u200d":
            continue
        elif marks <= 2:
            kept.append(character)
    line = re.sub(" *\u00a0[ \u00a0]+|[ \u00a0]+\u00a0 *| +", " ", "".join(kept)).strip()
    if limit is not None and len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return line


def is_said(note: str, explanation: str | None) -> bool:
    """Whether the explanation already says what the note says."""
    return explanation is not None and note.rstrip(".").casefold() in explanation.casefold()
