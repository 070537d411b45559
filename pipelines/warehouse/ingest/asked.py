"""What a client's file asks of a source, and where its days begin.

What belongs here: the file's and the ledger's word. What does not: what is read next (``planning.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from pipelines.warehouse.ingest.planning import Asked


def source_zone(client: Client, source: SourceSettings, *, zones: Mapping[tuple[str, str], str]) -> ZoneInfo:
    """The zone a source's days begin in, as it last told; until it has told one, the client's."""
    return ZoneInfo(zones.get((client.client, source.id), client.timezone))


def asked_of(client: Client, source: SourceSettings) -> Asked:
    """How far back the client's file asks to read a source."""
    return Asked(start=client.start_of(source), opened=source.opened)
