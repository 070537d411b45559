"""The list of a property's key events, from the Analytics Admin API (API2.md, section A1).

What belongs here: reading it page by page, and going on without it where the project has not enabled the API, whose
only loss is since when an event is key. What does not: what is counted of them (``conversions.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.core.base import Channel
from connectors.core.errors import NotFound, PermissionMissing
from connectors.core.http import Http
from connectors.core.odd import Odd
from connectors.core.shape import Node, as_instant

ADMIN = "https://analyticsadmin.googleapis.com"
PAGE, MOST_PAGES = 200, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent:
    """One key event. ``counting``: ONCE_PER_EVENT or ONCE_PER_SESSION."""

    name: str
    event_id: str | None
    counting: str | None
    created_at: datetime | None


class KeyEvents(Channel, Protocol):
    """What lists a property's key events: ``Ga4Client``, or a fake."""

    def key_events(self, odd: Odd) -> tuple[tuple[KeyEvent, ...], str | None]:
        """All of them but ``odd`` ones; or none, and why the list can't be read. Raises ``SourceError`` where it may be
        read later."""


def read_key_events(http: Http, property_id: str, odd: Odd) -> tuple[tuple[KeyEvent, ...], str | None]:
    """Every page. Without the right to it, or the API, there is no list, and why."""
    listed: list[Node] = []
    token = ""
    try:
        for _ in range(MOST_PAGES):
            params: dict[str, str | int] = {"pageSize": PAGE, **({"pageToken": token} if token else {})}
            reply = http.get_json(
                f"/v1beta/properties/{property_id}/keyEvents", attempted="listing key events", params=params
            )
            listed += reply.each("keyEvents", or_empty=True)
            token = reply.text("nextPageToken", "")
            if not token:
                break
    except (NotFound, PermissionMissing) as error:
        return (), error.cure or error.detail
    found = {event.name: event for event in odd.readable(listed, _event, name=_name)}
    return tuple(found.values()), None


def _event(item: Node) -> KeyEvent:
    created = item.text("createTime", None)
    return KeyEvent(
        name=_name(item),
        event_id=item.text("name", "").rpartition("/")[2] or None,
        counting=item.text("countingMethod", None),
        created_at=None if created is None else as_instant(created, path="createTime"),
    )


def _name(item: Node) -> str:
    return item.text("eventName")
