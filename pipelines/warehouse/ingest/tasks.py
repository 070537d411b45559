"""A step's plan: for each source of each client the task of reading it, or the ledger rows that say why there is none.

What belongs here: what a task holds, and rows of sources that never came to be read. What does not: which days are due
(``planning.py``) and the reading (``read_source.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import duckdb

from connectors.core.budget import Budget
from connectors.core.errors import ErrorClass, Misconfigured, SourceError
from connectors.core.protocol import Context, Delivery, Source, SourceType, Stream
from connectors.core.secrets import build_context
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from okr_models.kpis import resting_on
from okr_models.periods import Window, snapshot_day
from pipelines.warehouse.clock import Clock
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.asked import asked_of, source_zone
from pipelines.warehouse.ingest.identities import Kept, Standing, kept_by_source, standing_by
from pipelines.warehouse.ingest.lanes import lane_of
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.read_source import SourceTask, was_silent, was_unanswered
from pipelines.warehouse.ingest.renamed import require_known, take_over
from pipelines.warehouse.open_secrets import refuse_open

OpenSource = Callable[[SourceSettings, Context], Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one ingest step is asked for, the same for every source."""

    home: Home
    environ: Mapping[str, str]
    clock: Clock
    now: datetime
    """The night's own instant."""
    run_id: str
    deliveries: Collection[Delivery]
    tables: Collection[str] | None
    reread: Window | None
    source_types: Mapping[str, SourceType]
    open_source: OpenSource
    refuse_open_secrets: bool
    """Whether a secret file that everybody may read is its source's failure."""
    budget: Budget
    """Asked before each call of every source."""

    def streams(self, streams: Iterable[Stream]) -> tuple[Stream, ...]:
        """Those of ``streams`` that this step reads."""
        return tuple(
            stream
            for stream in streams
            if stream.delivery in self.deliveries and (self.tables is None or stream.name in self.tables)
        )

    def streams_of(self, settings: SourceSettings) -> tuple[Stream, ...]:
        """Those of a source that this step reads; none where nothing can read its type."""
        kind = self.source_types.get(settings.type)
        return self.streams(kind.streams_for(settings)) if kind is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``tasks`` to be read; ``failed``, for each source that can't be, the ledger rows that say so."""

    tasks: tuple[SourceTask, ...]
    failed: tuple[tuple[Load, ...], ...] = ()


def plan(clients: Iterable[Client], *, step: Step, con: Connection) -> Plan:
    """The work of one step. Raises ``duckdb.Error`` where the ledger can't be read: no source's fault."""
    tasks, failed = list[SourceTask](), list[tuple[Load, ...]]()
    for client in clients:
        past = _Past(con, client, step=step)
        for settings in client.sources:
            try:
                require_known(con, settings, client=client)
                if take_over(con, settings, client=client.client):
                    past.changed()
                if step.refuse_open_secrets:
                    refuse_open(settings, home=step.home, client=client.client)
                task = _task(client, settings, step=step, con=con, past=past)
            except duckdb.Error:
                raise
            except SourceError as error:
                failed.append(_refused(client, settings, error, step=step))
                continue
            except Exception as error:  # noqa: BLE001 - one source that can't be planned for stops no other
                zone = ZoneInfo(client.timezone)
                failed.append(program_faults(client.client, settings, error, zone=zone, step=step))
                continue
            if isinstance(task, SourceTask):
                tasks.append(task)
            elif task is not None:
                failed.append((task,))
    return Plan(tasks=tuple(tasks), failed=tuple(rows for rows in failed if rows))


def program_faults(
    client: str, settings: SourceSettings, error: BaseException, *, zone: ZoneInfo, step: Step
) -> tuple[Load, ...]:
    """The ledger's rows for a source at which this program itself fell over, one a stream that was asked for."""
    what = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
    message = f"{client}/{settings.id}: the program failed at this source ({what}); please report it"
    day = snapshot_day(step.now, zone)
    return tuple(
        _failed(client, settings, stream.name, "bad_reply", message, day=day, step=step)
        for stream in step.streams_of(settings)
    )


def _refused(client: Client, settings: SourceSettings, error: SourceError, *, step: Step) -> tuple[Load, ...]:
    """The ledger's rows for a source that can't be read as its file has it, one a stream that was asked for; none in a
    step that asks it for none."""
    kind, day = step.source_types.get(settings.type), snapshot_day(step.now, ZoneInfo(client.timezone))
    streams = [stream.name for stream in step.streams(kind.streams_for(settings))] if kind else ["all"]
    return tuple(
        _failed(client.client, settings, stream, error.error_class, str(error), day=day, step=step)
        for stream in streams
    )


class _Past:
    """What one client's sources were read of so far: the ledger and the identities, each read once for all of them.

    Only of sources that this step reads: on most nights a fifth of them has counters.
    """

    def __init__(self, con: Connection, client: Client, *, step: Step) -> None:
        self._con, self._client, self._step = con, client, step
        self.zones = ledger.learned_zones(con, client=client.client)
        self.changed()

    def changed(self) -> None:
        """A source was given what lay under another id."""
        self._loads: dict[str, list[Load]] | None = None
        self._kept: dict[str, Kept] = {}

    def of(self, source: str) -> tuple[tuple[Load, ...], Standing]:
        """A source's rows of the ledger, in order, and whose they are."""
        if self._loads is None:
            read = [each.id for each in self._client.sources if self._step.streams_of(each)]
            self._loads = {}
            for load in ledger.read(self._con, client=self._client.client, sources=read):
                self._loads.setdefault(load.source, []).append(load)
            self._kept = kept_by_source(self._con, client=self._client.client)
        loads = tuple(self._loads.get(source, ()))
        return loads, standing_by(self._kept.get(source), loads)


def _task(
    client: Client, settings: SourceSettings, *, step: Step, con: Connection, past: _Past
) -> SourceTask | Load | None:
    """The work on one source; None where this step reads none of its streams; a row where nothing can read its type."""
    kind = step.source_types.get(settings.type)
    if kind is None:
        return _no_connector(client, settings, step=step)
    streams = step.streams_of(settings)
    if not streams:
        return None
    every, known = past.of(settings.id)
    loads = ledger.by_stream(every)
    return SourceTask(
        client=client.client,
        settings=settings,
        currency=client.currency,
        kind=kind,
        streams=streams,
        asked=asked_of(client, settings).not_before(known.kept.from_on if known.kept else None),
        assumed_zone=source_zone(client, settings, zones=past.zones),
        loads={stream.name: loads.get((client.client, settings.id, stream.name), ()) for stream in streams},
        known=known,
        rests_on=_rests_on(client, settings, streams),
        now=step.now,
        reread=step.reread,
        context=partial(
            build_context,
            settings,
            client=client.client,
            client_zone=ZoneInfo(client.timezone),
            now=step.now,
            home=step.home.root,
            environ=step.environ,
            kpis=client.kpi_ids(),
            own_kpis=client.own_kpi_ids(),
            scopes=client.scopes(),
            listed=_listed(con, client.client, settings.id) if kind.is_told_posts else None,
            others=client.sources,
            currency=client.currency,
            was_unanswered=was_unanswered(every, run_id=step.run_id),
            budget=step.budget,
        ),
        open=step.open_source,
        clock=step.clock,
        run_id=step.run_id,
        is_silent=was_silent(every, run_id=step.run_id),
        lane=lane_of(settings, kind, client=client.client, home=step.home.root, environ=step.environ),
    )


def _listed(con: Connection, client: str, source: str) -> dict[str, datetime | None]:
    """The posts that a source's lists have named and not taken back, and when each was published."""
    rows = con.execute(
        "select post_id, published_at from raw.social_posts where client = ? and source = ?", [client, source]
    ).fetchall()
    return {str(post_id): published_at for post_id, published_at in rows}


def _rests_on(client: Client, settings: SourceSettings, streams: Iterable[Stream]) -> frozenset[str]:
    """The optional streams that the file asks something of: their KPIs, a part of a figure, or events by name."""
    results = [result for objective in client.objectives for result in objective.key_results]
    asked = [(each.kpi, each.scope) for each in results]
    asked += [(each.kpi, each.scope) for each in client.initiatives]
    asked += [(control.kpi, control.scope) for each in client.initiatives for control in each.control]
    kpis = {kpi for kpi, _ in asked} | {kpi for each in client.initiatives for kpi in each.guardrails}
    names_parts = bool(getattr(settings, "events", ())) or any(scope.part for _, scope in asked)
    return frozenset(
        stream.name
        for stream in streams
        if stream.is_optional and (names_parts or not kpis.isdisjoint(resting_on(stream.name)))
    )


def _no_connector(client: Client, settings: SourceSettings, *, step: Step) -> Load:
    """The ledger's row for a source type that this version can't read."""
    day = snapshot_day(step.now, ZoneInfo(client.timezone))
    error = Misconfigured(
        client=client.client,
        source=settings.id,
        attempted="opening the source",
        detail=f"this version has no connector for type {settings.type}",
        cure=f"use one of {', '.join(sorted(step.source_types))}",
    )
    return _failed(client.client, settings, "all", error.error_class, str(error), day=day, step=step)


def _failed(
    client: str,
    settings: SourceSettings,
    stream: str,
    error_class: ErrorClass,
    message: str,
    *,
    day: date,
    step: Step,
) -> Load:
    return Load(
        client=client,
        source=settings.id,
        stream=stream,
        window=Window(day, day),
        rows=0,
        status="failed",
        attempts=0,
        error_class=error_class,
        message=message,
        started_at=step.now,
        finished_at=step.now,
        run_id=step.run_id,
    )
