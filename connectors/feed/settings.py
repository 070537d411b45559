"""RSS or Atom feed in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, model_validator

from okr_models.client.fields import check_address, refuse
from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import (
    EnvRef,
    SourceFacts,
    SourceSettings,
    read_base_url,
)
from okr_models.hosts import place


def _read_feed_url(value: Any) -> Any:
    """An address, its variable, or only its path where ``base_url`` gives the rest."""
    if isinstance(value, str):
        text = value.strip()
        is_path = text.startswith("/") and not text.startswith("//") and not any(c.isspace() for c in text)
        return text if is_path else check_address(text, query_allowed=True)
    if value is None:
        raise refuse("is missing; write the feed's address, like https://example.se/feed/")
    return read_base_url(value)


class Feed(SourceSettings):
    """An RSS or Atom feed."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="RSS or Atom feed",
        label="RSS",
        category="blog",
        example='{id: news, type: feed, url: "https://www.example.se/feed/"}',
        note="No credentials. Most blogs name the feed's address in their page's source, as `application/rss+xml`.",
    )

    is_told: ClassVar[bool] = True

    type: Literal["feed"] = "feed"
    url: Annotated[str | EnvRef, BeforeValidator(_read_feed_url)]
    """An address or its variable, or a path below ``base_url``."""

    def named(self) -> Parts:
        """The feed's address where the file itself gives it; the site's own address is what the feed says."""
        return parts_of(site=place(self.url) if isinstance(self.url, str) and "://" in self.url else None)

    @model_validator(mode="after")
    def _path_has_its_host(self) -> Feed:
        if isinstance(self.url, str) and self.url.startswith("/") and self.base_url is None:
            raise refuse("is a path alone; write the whole address, or give base_url too", "url")
        return self
