"""One shard's night, on whatever machine: the lease, its database to the local disk, the night, the new version.

What belongs here: the order of these, so that a process killed anywhere leaves the version before it. What does not:
what a night does (it is handed in, and is the one of ``okr run``), and who calls this (``ray_engine.py``).
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import duckdb

from pipelines.shards.files import (
    DATABASE,
    PARTS,
    PUBLISHED,
    bring_export_names,
    bring_inputs,
    bring_version,
    forget_files,
    keep_version,
    take_exports,
    take_tokens,
)
from pipelines.shards.large import write_parts
from pipelines.shards.publication import in_use
from pipelines.shards.rows import clients_in, keep_only
from pipelines.shards.state import LEASE_SECONDS, Busy, Held, LeaseLost, Version, document_of, held
from pipelines.shards.store import Missing, Store, StoreUnavailable
from pipelines.warehouse.clock import SystemClock
from pipelines.warehouse.home import Home

Kind = Literal["done", "busy", "failed"]
SOME_FAILED = 3
"""Exit code of ``okr run`` where the night is published, but not all went well."""


class Ended(Protocol):
    """How a night came out: ``okr run``'s exit code, a line for each thing that failed, and what it says beside."""

    @property
    def exit_code(self) -> int: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


RunNight = Callable[..., Ended]
"""``run_night(home, environ, *, start, end, full_refresh, clock_is_right, lax_secrets, sends)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one run asks of each shard. ``environ``: what all machines must agree on, such as the clock."""

    run_id: str
    environ: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    full_refresh: bool = False
    clock_is_right: bool = False
    lax_secrets: bool = False
    lease_seconds: float = LEASE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one shard. ``exit_code``: as ``okr run``'s; 1 where there is no new version to publish."""

    shard: int
    kind: Kind
    clients: tuple[str, ...]
    exit_code: int = 1
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unexported: Mapping[str, str] = field(default_factory=dict)
    """Of clients whose files could not be put into the home, why; their figures are published."""
    version: int | None = None
    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_bytes: int = 0
    where: str = ""

    @property
    def is_kept(self) -> bool:
        return self.kind == "done"


def shard_night(
    store: Store,
    shard: int,
    clients: tuple[str, ...],
    order: Order,
    *,
    night: RunNight,
    owned: Callable[[str], bool],
) -> Outcome:
    """Run the night of a shard's clients and keep what it made as the next version; raises nothing foreseen.

    ``owned``: whether a client's rows belong here; what a killed move left behind of others is dropped first.
    """
    begun, used = time.monotonic(), _processor()
    try:
        with (
            held(store, document_of(shard), run_id=order.run_id, seconds=order.lease_seconds, wait=True) as mine,
            tempfile.TemporaryDirectory(prefix=f"okr-shard-{shard:04}-") as folder,
        ):
            made = _made(store, mine, shard, clients, order, night=night, home=Home(Path(folder)), owned=owned)
    except Busy as error:
        return Outcome(shard=shard, kind="busy", clients=clients, problems=(str(error),))
    except (LeaseLost, StoreUnavailable, Missing, duckdb.Error) as error:
        return Outcome(shard=shard, kind="failed", clients=clients, problems=(str(error),))
    return replace(
        made,
        seconds=time.monotonic() - begun,
        processor_seconds=_processor() - used,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        where=os.uname().nodename,
    )


def _made(
    store: Store,
    mine: Held,
    shard: int,
    clients: tuple[str, ...],
    order: Order,
    *,
    night: RunNight,
    home: Home,
    owned: Callable[[str], bool],
) -> Outcome:
    before = mine.state.newest
    if before is not None and before.run_id == order.run_id:
        # an earlier attempt of this run came as far as that
        version, unexported = before, dict[str, str]()
        if mine.state.exported < version.number:
            bring_inputs(store, home, clients)
            bring_version(store, home, shard, version)
            unexported = _exports_anew(store, home, clients, order)
            mine.exported(version.number)
        return _outcome(shard, clients, version, unexported)
    bring_inputs(store, home, clients)
    if before is not None:
        bring_version(store, home, shard, before)
        _drop_leftovers(home, owned)
    bring_export_names(store, home, clients)
    ended = _run(night, home, order)
    take_tokens(store, home)
    there = (clients_in(home.database) if home.database.exists() else frozenset[str]()) | frozenset(clients)
    if home.published_database.exists():
        write_parts(home.published_database, home.root / PARTS, clients=there)
    version = Version(
        number=before.number + 1 if before else 1,
        run_id=order.run_id,
        made_at=SystemClock().now(),
        clients=tuple(sorted(there)),
        files=keep_version(store, home, shard, known=before.files if before else {}),
        exit_code=ended.exit_code,
        problems=ended.problems,
        notes=ended.notes,
        asked=clients if ended.exit_code != 1 else None,
    )
    mine.add(version)
    unexported = _put_out(store, home, clients) if ended.exit_code != 1 else {}
    mine.exported(version.number)
    forget_files(store, shard, mine.state, also_kept=in_use(store))
    return _outcome(shard, clients, version, unexported)


def _put_out(store: Store, home: Home, clients: tuple[str, ...]) -> dict[str, str]:
    """Put each client's exports into the home; why that failed, of those of which it did. The version stands."""
    failed: dict[str, str] = {}
    for client in clients:
        try:
            take_exports(store, home, [client])
        except StoreUnavailable as error:
            failed[client] = str(error)
    return failed


def _outcome(shard: int, clients: tuple[str, ...], version: Version, unexported: Mapping[str, str]) -> Outcome:
    return Outcome(
        shard=shard,
        kind="done",
        clients=clients,
        exit_code=version.exit_code or (SOME_FAILED if unexported else 0),
        problems=version.problems,
        notes=version.notes,
        unexported=unexported,
        version=version.number,
    )


def _run(night: RunNight, home: Home, order: Order) -> Ended:
    with _environment(order.environ):
        return night(
            home,
            dict(os.environ),
            start=order.start,
            end=order.end,
            full_refresh=order.full_refresh,
            clock_is_right=order.clock_is_right,
            lax_secrets=order.lax_secrets,
            sends=False,
        )


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    """This machine's environment with what the run gave, and Dagster's records in the local folder."""
    before = dict(os.environ)
    os.environ.update(given)
    for name in ("DAGSTER_HOME", "OKR_HOME"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _drop_leftovers(home: Home, owned: Callable[[str], bool]) -> None:
    for name in (DATABASE, PUBLISHED):
        path = home.root / name
        if path.exists() and (found := clients_in(path)) and not all(map(owned, found)):
            keep_only(path, [client for client in found if owned(client)])


def _exports_anew(store: Store, home: Home, clients: tuple[str, ...], order: Order) -> dict[str, str]:
    """The exports of a version whose process was killed between keeping it and putting them out; as ``_put_out``."""
    from contextlib import closing

    from pipelines.exports.all import export_all
    from pipelines.warehouse.clients import load_clients
    from pipelines.warehouse.db import open_published
    from pipelines.warehouse.held_back import EXPORTS as HELD_AT_EXPORTS
    from pipelines.warehouse.held_back import held_back

    if not home.published_database.exists():
        return {}
    bring_export_names(store, home, clients)
    with _environment(order.environ), closing(open_published(home)) as con:
        export_all(
            con,
            home.exports,
            clients=load_clients(home).clients,
            held={each.client: each.reason for each in held_back(home) if each.stage != HELD_AT_EXPORTS},
            root=home.root,
            on_fault=lambda _client, _error: None,  # its files stay as they were
        )
    return _put_out(store, home, clients)


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
