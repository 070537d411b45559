"""Schema ``config``: what the client files say, as tables that SQL models join with.

What belongs here: one row per client, source, stream, pause, break, host, KPI, objective and key result. What does
not: judging a key result, for which the OKR step takes the files themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.core.protocol import SourceType
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef, SourceSettings
from okr_models.client.version import definition_version
from okr_models.client.written import baseline_text, condition_text, target_text
from okr_models.kpis import BUILT_IN
from okr_models.periods import local_date
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.faults import Faults
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.host_spellings import host_spellings
from pipelines.warehouse.ingest.planning import Asked, oldest_day
from pipelines.warehouse.schema import CONFIG_TABLES

OWN_CLOSING_DAYS = 5
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
    zones, faults = ledger.learned_zones(con), Faults()
    clients = tuple(clients)
    hosts = host_spellings(con, [client.client for client in clients])
    made: dict[str, dict[str, list[Row]]] = {}
    for client in clients:
        with faults.of(client.client):
            made[client.client] = {
                name: list(_rows(name, client, now, zones, source_types)) for name in CONFIG_TABLES if name != "hosts"
            }
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
    faults.raise_any()


def source_zone(client: Client, source: SourceSettings, *, zones: Mapping[tuple[str, str], str]) -> ZoneInfo:
    """The zone a source's days begin in, as it last told; until it has told one, the client's."""
    return ZoneInfo(zones.get((client.client, source.id), client.timezone))


def asked_of(client: Client, source: SourceSettings) -> Asked:
    """How far back the client's file asks to read a source."""
    return Asked(start=client.start_of(source), opened=source.opened)


def _rows(
    table: str,
    client: Client,
    now: datetime,
    zones: Mapping[tuple[str, str], str],
    source_types: Mapping[str, SourceType],
) -> Iterator[Row]:
    # a type without a connector fails in the ledger, by name; here it has nothing to say
    sources = [source for source in client.sources if source.type in source_types]
    match table:
        case "clients":
            yield _client(client, now)
        case "sources":
            numbered = enumerate(sources, start=1)
            yield from (_source(client, source, position, zones, source_types) for position, source in numbered)
        case "streams":
            for source in sources:
                yield from _streams(client, source, now, zones, source_types)
        case "pauses":
            for source in sources:
                yield from ((client.client, source.id, pause.from_, pause.to, pause.reason) for pause in source.paused)
        case "breaks":
            for source in sources:
                yield from ((client.client, source.id, b.date, b.reason, b.overlap_ratio) for b in source.breaks)
        case "kpis":
            yield from _kpis(client)
        case "objectives":
            yield from _objectives(client)
        case "key_results":
            yield from _key_results(client, local_date(now, ZoneInfo(client.timezone)))
        case _:
            raise ValueError(f"config.{table} is declared but nothing fills it")


def _client(client: Client, now: datetime) -> Row:
    as_of = local_date(now, ZoneInfo(client.timezone))
    return (
        client.client,
        client.name,
        client.language,
        client.timezone,
        client.fiscal_year_start,
        client.currency,
        as_of,
        now,
    )


def _source(
    client: Client,
    source: SourceSettings,
    position: int,
    zones: Mapping[tuple[str, str], str],
    source_types: Mapping[str, SourceType],
) -> Row:
    kind = source_types[source.type]
    # an {env: NAME} address is the machine's own business and not shown
    base_url = None if isinstance(source.base_url, EnvRef) else source.base_url
    return (
        client.client,
        source.id,
        position,
        source.type,
        kind.facts.name,
        kind.facts.category,
        kind.facts.platform,
        source_zone(client, source, zones=zones).key,
        source.opened,
        client.start_of(source),
        getattr(source, "blog_path", None),
        base_url,
    )


def _streams(
    client: Client,
    source: SourceSettings,
    now: datetime,
    zones: Mapping[tuple[str, str], str],
    source_types: Mapping[str, SourceType],
) -> Iterator[Row]:
    zone = source_zone(client, source, zones=zones)
    for stream in source_types[source.type].streams_for(source):
        by_window = stream.delivery == "window"
        yield (
            client.client,
            source.id,
            stream.name,
            stream.delivery,
            stream.grain,
            stream.zero_by_absence,
            stream.lag_days,
            stream.settle_days,
            oldest_day(stream, asked=asked_of(client, source), now=now, zone=zone) if by_window else None,
        )


def _kpis(client: Client) -> Iterator[Row]:
    for kpi in BUILT_IN.values():
        yield (
            client.client,
            kpi.id,
            kpi.title_sv if client.language == "sv" else kpi.title_en,
            kpi.kind,
            kpi.unit,
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
        # as declared: only a flow's months mean anything when summed, and one csv source feeds it
        yield (
            client.client,
            own.id,
            own.title,
            own.kind,
            own.unit,
            own.better,
            own.kind == "flow",
            False,
            OWN_CLOSING_DAYS,
            True,
            own.source,
            own.numerator,
            own.denominator,
        )


def _objectives(client: Client) -> Iterator[Row]:
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


def _key_results(client: Client, today: date) -> Iterator[Row]:
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
                target_text(key_result.target_on(today)),
                target_text(key_result.target),
                baseline_text(key_result.baseline),
                key_result.weight,
                key_result.ambition,
                key_result.owner or objective.owner,
                definition_version(key_result, objective, client),
            )
