"""``okr doctor``: one cheap authenticated call a source, and whether each key result's baseline can be had."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import duckdb

from connectors.core.errors import SourceError
from connectors.core.protocol import Context, Probe
from connectors.core.secrets import build_context
from connectors.registry import SOURCE_TYPES, open_source
from okr_models.client.fields import nearest
from okr_models.client.identity import Identity, joined_parts
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from pipelines.cli.common import complete_client, fail, home_of, one_line
from pipelines.cli.renewal import where_to_click
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.db import DatabaseUnusable, open_published
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.access import token_is_near, version_is_near
from pipelines.warehouse.ingest.baseline_reach import outlook
from pipelines.warehouse.ingest.identities import Standing, admitted, standing
from pipelines.warehouse.ingest.renamed import unknown
from pipelines.warehouse.open_secrets import refuse_open

if TYPE_CHECKING:
    import pyarrow as pa

AT_ONCE = 8


@click.command(epilog="Example: okr --home okr-home doctor acme")
@click.argument("clients", nargs=-1, shell_complete=complete_client)
@click.pass_context
def doctor(context: click.Context, clients: tuple[str, ...]) -> None:
    """Ask every source whether it can be read, and tell what each key result's baseline rests on."""
    home = home_of(context)
    now = clock_from(os.environ).now()
    loaded = load_clients(home, only=clients)
    for sentence in loaded.unknown:
        raise fail(sentence)
    if not loaded.known:
        raise fail(f"no client file in {home.clients}; okr init CLIENT writes one")
    for file in loaded.broken:
        for line in file.errors:
            click.echo(line, err=True)
    if damaged := _damage(home):
        click.echo(f"okr: {damaged}", err=True)
    ill = bool(loaded.broken or damaged)
    jobs = [(client, source) for client in loaded.clients for source in client.sources]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        findings = list(pool.map(lambda job: _examine(*job, home=home, now=now), jobs))
    for client in loaded.clients:
        click.echo(f"{client.client}: {client.name}")
        clicked: set[str] = set()
        figures: dict[str, pa.Table] = {}
        for (owner, source), found in zip(jobs, findings, strict=True):
            if owner is client:
                if found.figures is not None:
                    figures[source.id] = found.figures
                ill = ill or not found.well
                click.echo(f"  {'ok  ' if found.well else 'FAIL'} {source.id} ({source.type}): {found.line}")
                if found.where and found.where not in clicked:
                    click.echo(f"       click: {found.where}")
                    clicked.add(found.where)
                for line in _slips(home, client, source):
                    click.echo(f"       {line}")
        failing = {
            source.id
            for (owner, source), found in zip(jobs, findings, strict=True)
            if owner is client and not found.well
        }
        _baselines(home, client, now, figures=figures, failing=failing)
    if ill:
        raise click.exceptions.Exit(1)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one call to a source told. ``where``: where one clicks to mend it, if something is to be mended.

    ``figures``: all its rows, where the call has read them.
    """

    well: bool
    line: str
    where: str | None
    figures: pa.Table | None = None


def _examine(client: Client, source: SourceSettings, *, home: Home, now: datetime) -> _Finding:
    try:
        refuse_open(source, home=home, client=client.client)
        context = _context(client, source, home=home, now=now)
        opened = open_source(source, context)
        try:
            probe = opened.probe()
        finally:
            opened.close()
        who = Identity(type=source.type, parts=joined_parts(source.named(), probe.identity))
        if source.category != "own":
            admitted(who, source, _standing(home, client.client, source.id), client=client.client)
    except SourceError as error:
        where = where_to_click(source.type, failed=error.error_class, probe=None, is_near=False)
        return _Finding(False, f"{error.error_class}: {one_line(error)}", where)
    is_near = probe.token_expires_on is not None and token_is_near(probe.token_expires_on, today=now.date())
    where = where_to_click(source.type, failed=None, probe=probe, is_near=is_near)
    return _Finding(probe.reachable, _probe_line(probe, today=now.date()), where, probe.figures)


def _context(client: Client, source: SourceSettings, *, home: Home, now: datetime) -> Context:
    return build_context(
        source,
        client=client.client,
        client_zone=ZoneInfo(client.timezone),
        now=now,
        home=home.root,
        environ=os.environ,
        kpis=client.kpi_ids(),
        own_kpis=client.own_kpi_ids(),
        scopes=client.scopes(),
        others=client.sources,
        currency=client.currency,
    )


def _probe_line(probe: Probe, *, today: date) -> str:
    parts = [probe.detail]
    if probe.rows is not None:
        parts.append(f"{probe.rows} rows")
    if probe.token_expires_on:
        days = (probe.token_expires_on - today).days
        is_near = token_is_near(probe.token_expires_on, today=today)
        if probe.token_renews and not probe.token_trouble:
            warning = "; sign in again now" if is_near else ""
            parts.append(f"token renewed by itself until {probe.token_expires_on} ({days} days{warning})")
        else:
            warning = "; renew it now" if is_near else ""
            at_latest = "at the latest " if probe.token_at_latest else ""
            parts.append(f"token valid until {at_latest}{probe.token_expires_on} ({days} days{warning})")
    if probe.token_trouble:
        parts.append(f"not renewed: {probe.token_trouble}")
    if probe.version:
        sunset = probe.version_sunset_on
        if sunset is None:
            parts.append(f"version {probe.version}")
        else:
            near = "; set a newer api_version" if version_is_near(sunset, today=today) else ""
            parts.append(f"version {probe.version}, served until {sunset}{near}")
    return ", ".join(part for part in parts if part)


def _baselines(
    home: Home, client: Client, now: datetime, *, figures: Mapping[str, pa.Table], failing: Collection[str]
) -> None:
    (loaded, begun), history = _loaded(home, client.client), _history(home, client, now, figures=figures)
    told: set[str] = set()
    for objective in client.objectives:
        for key_result in objective.key_results:
            found = outlook(
                client, objective, key_result, now=now, loaded=loaded, begun=begun, history=history, failing=failing
            )
            mark = "ok  " if found.can_be_had else "need"
            click.echo(f"  {mark} {objective.id}/{key_result.id}: {found.sentence}")
            # key results of one figure need the same rows
            new = [row for row in found.csv_rows if row not in told]
            told.update(new)
            if new:
                click.echo("       rows for a csv source (month,kpi,value):")
                for row in new:
                    click.echo(f"         {row}")
            elif found.csv_rows:
                click.echo("       the rows for a csv source that are named above")


def _damage(home: Home) -> str | None:
    """Why what is published can't be read; None before the first run and where it can."""
    if not home.published_database.exists():
        return None
    try:
        open_published(home).close()
    except DatabaseUnusable as error:
        return one_line(error)
    return None


def _loaded(home: Home, client: str) -> tuple[Mapping[tuple[str, str], date], Mapping[tuple[str, str], date]]:
    """First loaded day by (source, stream) and first day with a figure by (source, kpi); empty before the first run."""
    if not home.published_database.exists():
        return {}, {}
    try:
        con = open_published(home)
    except DatabaseUnusable:
        return {}, {}  # told above
    try:
        rows = con.execute(
            """
            select source, stream, min(window_start)
            from ops.loads
            where client = ? and status = 'loaded'
            group by source, stream
            """,
            [client],
        ).fetchall()
        figures = con.execute(
            """
            select replace(scope, 'source=', ''), kpi, min(day)
            from marts.kpi_daily
            where client = ? and scope like 'source=%' and origin = 'source'
            group by scope, kpi
            """,
            [client],
        ).fetchall()
    finally:
        con.close()
    loaded, begun = ({(source, name): first for source, name, first in found} for found in (rows, figures))
    return loaded, begun


def _standing(home: Home, client: str, source: str) -> Standing:
    """Whose readings are published under a source's id; nobody's before the first run."""
    if not home.published_database.exists():
        return Standing()
    try:
        with closing(open_published(home)) as con:
            return standing(con, client=client, source=source)
    except (DatabaseUnusable, duckdb.CatalogException):
        return Standing()  # told above, or published before there was anything to tell


def _slips(home: Home, client: Client, source: SourceSettings) -> list[str]:
    """Ids in ``formerly`` that are near to one that was read and is nobody's now."""
    if not source.formerly or not home.published_database.exists():
        return []
    try:
        with closing(open_published(home)) as con:
            found = unknown(con, source, client=client)
    except (DatabaseUnusable, duckdb.CatalogException):
        return []
    near = [(old, nearest(old, left)) for old, left in found]
    return [f"formerly: nothing was ever read under {old}{hint}" for old, hint in near if hint]


def _history(
    home: Home, client: Client, now: datetime, *, figures: Mapping[str, pa.Table]
) -> frozenset[tuple[str, str, date]]:
    """(kpi, scope, month) of every row with a value in the client's csv files, sheets and databases.

    ``figures``: rows by source. Of a csv file that was refused, what can be read; others were named above.
    """
    found: set[tuple[str, str, date]] = set()
    for source in client.sources:
        rows = figures[source.id] if source.id in figures else _of_refused(home, client, source, now=now)
        if rows is not None:
            found.update(_given(client, source.id, rows))
    return frozenset(found)


def _of_refused(home: Home, client: Client, source: SourceSettings, *, now: datetime) -> pa.Table | None:
    """What can be read of a csv file that gainsays another one."""
    if source.type != "csv":
        return None
    try:
        opened = open_source(source, _context(client, source, home=home, now=now))
        try:
            return opened.read(SOURCE_TYPES["csv"].streams[0], None).rows
        finally:
            opened.close()
    except SourceError:
        return None


def _given(client: Client, source: str, rows: pa.Table) -> Iterator[tuple[str, str, date]]:
    """What one source's rows answer: by their value, by both parts of a ratio, or by two figures that make one."""
    feeds = {own.id: own.source for own in client.kpis}
    found: dict[str, set[tuple[str, date]]] = {}
    for row in rows.select(["kpi", "scope", "period_start", "value", "numerator", "denominator"]).to_pylist():
        # of 0 over 0 there is no ratio
        if row["value"] is not None or (row["numerator"] is not None and row["denominator"]):
            found.setdefault(row["kpi"], set()).add((row["scope"], row["period_start"].replace(day=1)))
    for own in client.kpis:
        if own.source == source and own.numerator and own.denominator:
            both = found.get(own.numerator, set()) & found.get(own.denominator, set())
            found[own.id] = found.get(own.id, set()) | both
    for kpi, places in found.items():
        if feeds.get(kpi, source) == source:
            yield from ((kpi, scope, month) for scope, month in places)
