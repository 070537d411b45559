"""What stands behind a source's id: one account, property or site, by what a file names and what the source says.

What belongs here: telling one from another. What does not: where it is kept, and what comes of another one
(``pipelines/warehouse/ingest/identities.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Parts: TypeAlias = Mapping[str, frozenset[str]]
"""What it is known by, such as ``account`` or ``site``: of each part every name that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One account, property or site of a type of source. ``parts`` may be few: not every source says who it is."""

    type: str
    parts: Parts = field(default_factory=dict)

    def is_another(self, than: Identity) -> bool:
        """Whether a part that both have has no name in common; what only one of them has tells nothing.

        >>> acme = Identity(type="mastodon", parts={"account": frozenset({"acme"}), "id": frozenset({"1"})})
        >>> acme.is_another(Identity(type="mastodon", parts={"account": frozenset({"annan"})}))
        True
        """
        if self.type != than.type:
            return True
        return any(names.isdisjoint(than.parts[part]) for part, names in self.parts.items() if part in than.parts)

    def joined(self, other: Identity) -> Identity:
        """All that is known of one that is the same."""
        return Identity(type=self.type, parts=joined_parts(self.parts, other.parts))

    def to_json(self) -> str:
        """Its parts, the same text for the same parts."""
        return json.dumps({part: sorted(names) for part, names in sorted(self.parts.items())}, ensure_ascii=False)

    @classmethod
    def from_json(cls, source_type: str, text: str) -> Identity:
        """What ``to_json`` kept."""
        return cls(type=source_type, parts={part: frozenset(names) for part, names in json.loads(text).items()})

    def __str__(self) -> str:
        """In words: ``mastodon account acme, instance mastodon.social``."""
        named = [f"{part.replace('_', ' ')} {' or '.join(sorted(names))}" for part, names in sorted(self.parts.items())]
        return f"{self.type} {', '.join(named)}".rstrip()


def joined_parts(*found: Parts) -> dict[str, frozenset[str]]:
    """Parts of one and the same, put together."""
    names = {part for one in found for part in one}
    return {part: frozenset().union(*(one.get(part, ()) for one in found)) for part in sorted(names)}


def parts_of(**names: str | None) -> dict[str, frozenset[str]]:
    """Parts of a name each; one without a name is not known."""
    return {part: frozenset({name}) for part, name in names.items() if name}
