"""Schema ``config``: what the client files say, as tables that SQL models join with.

What belongs here: one row per client, source, stream, pause, break, host, KPI, objective and key result. What does
not: judging a key result, for which the OKR step takes the files themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.core.protocol import SourceType, Stream
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef, SourceSettings, holder_of
from okr_models.client.version import definition_version
from okr_models.client.written import baseline_text, condition_text, target_text
from okr_models.kpis import BUILT_IN, MONEY
from okr_models.periods import local_date
from okr_models.progress.components import measured
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.faults import Faults
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.asked import asked_of, source_zone
from pipelines.warehouse.ingest.host_spellings import host_spellings
from pipelines.warehouse.ingest.kpi_streams import fill_left_out, kpi_stream_rows
from pipelines.warehouse.ingest.planning import oldest_day
from pipelines.warehouse.schema import CONFIG_TABLES

Row = tuple[object, ...]


def write_config(
    con: Connection,
    clients: Iterable[Client],
    *,
    now: datetime,
    known: Collection[str] | None = None,
    source_types: Mapping[str, SourceType] | None = None,
) -> None:
    """Rewrite the rows of ``clients``; other clients keep theirs, so that what they have published stays.

    A client left out of a run, or whose file is broken tonight, is thus still there as of its last good night.
    ``known``: every client that has a file; rows of all others are removed. ``source_types``: default the registry's.
    Raises ``ClientFaults`` at the end, for clients whose rows can't be made and are as they were.
    """
    if source_types is None:
        from connectors.registry import SOURCE_TYPES

        source_types = SOURCE_TYPES
    clients = tuple(clients)
    zones, faults = ledger.learned_zones(con), Faults()
    hosts = host_spellings(con, [client.client for client in clients])
    made: dict[str, dict[str, list[Row]]] = {}
    for client in clients:
        with faults.of(client.client):
            night = _Night(client=client, now=now, zones=zones, source_types=source_types)
            made[client.client] = {name: list(write(night)) for name, write in _WRITERS.items()}
    with transaction(con):
        for name, table in CONFIG_TABLES.items():
            con.execute(f"delete from {table.qualified} where list_contains(?, client)", [sorted(made)])  # noqa: S608 - quoted
            if known is not None:
                con.execute(
                    f"delete from {table.qualified} where not list_contains(?, client)",  # noqa: S608 - quoted
                    [sorted(known)],
                )
            rows: list[Row] = [row for tables in made.values() for row in tables.get(name, ())]
            if name == "hosts":  # not of the files: of what was read
                rows = list(hosts)
            if rows:
                con.executemany(table.insert_sql, rows)
        fill_left_out(con)
    faults.raise_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Night:
    """One client's file, and what else its rows are made of."""

    client: Client
    now: datetime
    zones: Mapping[tuple[str, str], str]
    source_types: Mapping[str, SourceType]

    @property
    def sources(self) -> tuple[SourceSettings, ...]:
        """A type without a connector fails in the ledger, by name; here it has nothing to say."""
        return tuple(source for source in self.client.sources if source.type in self.source_types)

    @property
    def today(self) -> date:
        return local_date(self.now, ZoneInfo(self.client.timezone))

    def zone(self, source: SourceSettings) -> ZoneInfo:
        return source_zone(self.client, source, zones=self.zones)

    def streams(self, source: SourceSettings) -> tuple[Stream, ...]:
        return tuple(self.source_types[source.type].streams_for(source))


def _clients(night: _Night) -> Iterator[Row]:
    client = night.client
    yield (
        client.client,
        client.name,
        client.language,
        client.timezone,
        client.fiscal_year_start,
        client.currency,
        night.today,
        night.now,
    )


def _sources(night: _Night) -> Iterator[Row]:
    for position, source in enumerate(night.sources, start=1):
        facts = night.source_types[source.type].facts
        # an {env: NAME} address is the machine's own business and not shown
        base_url = None if isinstance(source.base_url, EnvRef) else source.base_url
        yield (
            night.client.client,
            source.id,
            position,
            source.type,
            facts.name,
            facts.category,
            facts.platform,
            night.zone(source).key,
            source.opened,
            night.client.start_of(source),
            getattr(source, "blog_path", None),
            base_url,
            holder_of(source, night.sources),
        )


def _streams(night: _Night) -> Iterator[Row]:
    for source in night.sources:
        asked, zone = asked_of(night.client, source), night.zone(source)
        for stream in night.streams(source):
            by_window = stream.delivery == "window"
            yield (
                night.client.client,
                source.id,
                stream.name,
                stream.delivery,
                stream.grain,
                stream.zero_by_absence,
                stream.lag_days,
                stream.settle_days,
                oldest_day(stream, asked=asked, now=night.now, zone=zone) if by_window else None,
            )


def _pauses(night: _Night) -> Iterator[Row]:
    for source in night.sources:
        yield from ((night.client.client, source.id, each.from_, each.to, each.reason) for each in source.paused)


def _breaks(night: _Night) -> Iterator[Row]:
    for source in night.sources:
        for each in source.breaks:
            yield night.client.client, source.id, each.date, each.reason, each.overlap_ratio


def _kpi_streams(night: _Night) -> Iterator[Row]:
    streams = {source.id: [stream.name for stream in night.streams(source)] for source in night.sources}
    return kpi_stream_rows(night.client.client, night.sources, streams)


def _kpis(night: _Night) -> Iterator[Row]:
    client = night.client
    own_ids = {kpi.id for kpi in client.kpis}
    for kpi in BUILT_IN.values():
        if kpi.id in own_ids:
            continue
        yield (
            client.client,
            kpi.id,
            kpi.title_sv if client.language == "sv" else kpi.title_en,
            kpi.kind,
            client.currency if kpi.unit == MONEY else kpi.unit,
            kpi.better,
            kpi.adds_over_time,
            kpi.adds_over_sources,
            kpi.closing_days,
            False,
            None,
            None,
            None,
        )
    for own in client.kpis:
        facts = measured(client, own.id)
        yield (
            client.client,
            own.id,
            own.title,
            own.kind,
            own.unit,
            own.better,
            facts.adds_over_time,
            facts.adds_over_sources,
            facts.closing_days,
            True,
            own.source,
            own.numerator,
            own.denominator,
        )


def _objectives(night: _Night) -> Iterator[Row]:
    client = night.client
    for position, objective in enumerate(client.objectives, start=1):
        yield (
            client.client,
            objective.id,
            position,
            objective.title,
            objective.team,
            objective.owner,
            objective.period.start,
            objective.period.end,
        )


def _key_results(night: _Night) -> Iterator[Row]:
    client = night.client
    for objective in client.objectives:
        for position, key_result in enumerate(objective.key_results, start=1):
            conditions = " and ".join(condition_text(condition) for condition in key_result.where)
            measure = "count" if key_result.count else "kpi" if key_result.kpi else "milestones"
            yield (
                client.client,
                objective.id,
                key_result.id,
                position,
                key_result.title,
                key_result.count or key_result.kpi,
                measure,
                str(key_result.scope),
                conditions or None,
                target_text(key_result.target_on(night.today)),
                target_text(key_result.target),
                baseline_text(key_result.baseline),
                key_result.weight,
                key_result.ambition,
                key_result.owner or objective.owner,
                definition_version(key_result, objective, client),
            )


_WRITERS: dict[str, Callable[[_Night], Iterator[Row]]] = {
    "clients": _clients,
    "sources": _sources,
    "streams": _streams,
    "pauses": _pauses,
    "breaks": _breaks,
    "kpis": _kpis,
    "objectives": _objectives,
    "key_results": _key_results,
    "kpi_streams": _kpi_streams,
}
"""What fills each declared table."""
