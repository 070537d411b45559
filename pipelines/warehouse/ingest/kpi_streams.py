"""``config.kpi_streams``: which stream of which of a client's sources gives which KPI, for SQL to join with.

What belongs here: the catalogue of KPIs held against a client's sources, as rows. What does not: the catalogue
(``okr_models/kpis``), the rule of who gives what (``okr_models/client/feeds.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from okr_models.client.feeds import Source, supplied
from okr_models.kpis import BUILT_IN, Category
from pipelines.warehouse.db import Connection
from pipelines.warehouse.schema import CONFIG_TABLES

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A source as ``config.sources`` keeps it."""

    id: str
    category: Category
    platform: str | None
    has_blog_path: bool


def kpi_stream_rows(client: str, sources: Sequence[Source], streams: Mapping[str, Collection[str]]) -> Iterator[Row]:
    """A row a KPI and stream, of the KPIs that the sources together can give; ``streams`` by source are those it has.

    What a source's own figure can be read from has its preference, 1 first; what another's figure rests on, or only a
    part of it, has none.
    """
    for kpi in BUILT_IN.values():
        found = supplied(kpi, sources)
        given = {each.feed.category for each in found}
        if not all(feed.may_lack or feed.category in given for feed in kpi.feeds):
            continue
        preferences: dict[tuple[str, str], int | None] = {}
        for each in found:
            if each.is_main:
                preferences |= {(each.source.id, stream): n for n, stream in enumerate(each.streams, start=1)}
        for each in found:
            for stream in sorted(each.rests_on):
                preferences.setdefault((each.source.id, stream), None)
        for (source, stream), preference in preferences.items():
            if stream in streams.get(source, ()):
                yield client, kpi.id, source, stream, preference


def fill_left_out(con: Connection) -> None:
    """The rows of clients that have sources and none of these: what an earlier version kept of a client left out since.

    Else their figures would be gone until their files are read again.
    """
    found = con.execute(
        """
        select client, source, category, platform, blog_path is not null,
            list_sort((
                select coalesce(list(stream), []) from config.streams as streams
                where streams.client = sources.client and streams.source = sources.source
            ))
        from config.sources as sources
        where client not in (select client from config.kpi_streams)
        order by client, source
        """
    ).fetchall()
    clients: dict[str, list[tuple[_Kept, list[str]]]] = {}
    for client, source, category, platform, has_blog_path, streams in found:
        kept = _Kept(id=source, category=category, platform=platform, has_blog_path=has_blog_path)
        clients.setdefault(client, []).append((kept, streams))
    rows = [
        row
        for client, sources in clients.items()
        for row in kpi_stream_rows(
            client, [source for source, _ in sources], {source.id: streams for source, streams in sources}
        )
    ]
    if rows:
        con.executemany(CONFIG_TABLES["kpi_streams"].insert_sql, rows)
