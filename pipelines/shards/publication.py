"""The document that says what is published of all shards together: which version of each, and the files it rests on.

What belongs here: the document. What does not: making the database (``join.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipelines.shards.store import Store

KEY = "shards/publication"
KEPT = 3
"""Of this many publications the Parquet files stay: as many as there are published files to open."""


class Publication(BaseModel):
    """``file``: its name below published/; ``versions`` by shard; ``parts``: digests of the Parquet files."""

    model_config = ConfigDict(frozen=True)

    file: str
    run_id: str
    versions: Mapping[int, int]
    parts: tuple[str, ...]


class Publications(BaseModel):
    """The newest last."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    kept: tuple[Publication, ...] = ()


def read_publications(store: Store) -> tuple[Publications, str | None]:
    """The document and its tag; None where nothing was published yet."""
    found = store.read(KEY)
    if found is None:
        return Publications(), None
    return Publications.model_validate_json(found.content), found.tag


def in_use(store: Store) -> frozenset[str]:
    """Digests of the files that published views read."""
    return frozenset(digest for each in read_publications(store)[0].kept for digest in each.parts)


def note(store: Store, publication: Publication) -> None:
    """Make it the newest; raises ``Conflict`` where another run published meanwhile."""
    document, tag = read_publications(store)
    kept = tuple(each for each in document.kept if each.file != publication.file)
    content = Publications(kept=(*kept, publication)[-KEPT:]).model_dump_json(indent=1).encode()
    if tag is None:
        store.create(KEY, content)
    else:
        store.swap(KEY, content, tag=tag)
