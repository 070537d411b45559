"""Moving clients between shards with all their rows, so that each is in exactly one whatever is killed when.

The order: the rows are brought to where they go (a new version there), then the plan says so in one swap, then they are
taken away where they were. Killed before the swap, the copy there is nobody's; killed after it, the rows left behind
are. Neither is ever published, since of each shard only the clients count that the plan gives it, and the next night or
the same move takes them away. What does not belong here: rows in a file (``rows.py``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.shards.files import (
    DATABASE,
    PARTS,
    PUBLISHED,
    bring_version,
    clients_of,
    folder_of,
    forget_files,
    keep_version,
)
from pipelines.shards.large import write_parts
from pipelines.shards.plan import KEY, MOST_SHARDS, Plan, read_plan
from pipelines.shards.publication import in_use
from pipelines.shards.rows import bring, clients_in, copied, keep_only, take_away
from pipelines.shards.state import RUN_KEY, Held, Version, document_of, held, read_state
from pipelines.shards.store import Store
from pipelines.warehouse.clock import SystemClock
from pipelines.warehouse.db import DatabaseUnusable, connect, open_published
from pipelines.warehouse.held_back import held_back, write_held
from pipelines.warehouse.home import Home

_FILES = (DATABASE, PUBLISHED)
RETIRED = "okr.before-shards.duckdb"


@dataclass(frozen=True, slots=True)
class Moved:
    """One client's rows went from one shard to another."""

    client: str
    before: int
    after: int


class NoSuchShard(ValueError):
    """A shard's number that the plan does not have."""

    def __init__(self, *, shard: int, shards: int) -> None:
        super().__init__(f"there is no shard {shard}; there are 0 to {shards - 1}")


class NoSuchClient(ValueError):
    """A client that has neither a file nor a row."""

    def __init__(self, *, client: str) -> None:
        super().__init__(f"nothing is known of {client!r}")


def adopt(store: Store, home: Home, plan: Plan) -> None:
    """Share a home of one machine out: each shard has its clients' rows as its first version. Its files stay.

    Of a home whose working database is lost, each has what is published, of which its first night takes past results
    and the ledger over. The caller holds the home's lock. Raises ``DatabaseUnusable``.
    """
    if folder_of(store) is None:  # the home is a bucket's, and its folder no more than a copy
        return
    files = {}
    if home.database.exists():
        closing_log = connect(home)  # what a killed run left in the log comes into the file
        closing_log.close()
        files[DATABASE] = home.database
    if _can_be_read(home):
        files[PUBLISHED] = home.published_database.resolve()
    there = plan.spread(clients_in(next(iter(files.values()))) if files else ())
    for shard, clients in there.items():
        if clients:
            with _at_work(store, shard, run_id=f"adopt {SystemClock().now():%Y%m%dT%H%M%S}") as (mine, folder):
                for name, path in files.items():
                    copied(path, folder.root / name)
                    keep_only(folder.root / name, clients)
                _keep(store, mine, folder, shard, clients)


def _can_be_read(home: Home) -> bool:
    """Whether there is a published database; a damaged one is made anew by a night."""
    if not home.published_database.exists():
        return False
    try:
        open_published(home).close()
    except DatabaseUnusable:
        return False
    return True


def retire(home: Home) -> None:
    """Put the working database of one machine aside, once the shards have its rows."""
    if home.database.exists():
        home.database.replace(home.warehouse / RETIRED)


def split(store: Store, shards: int, *, run_id: str) -> tuple[Moved, ...]:
    """Change the number of shards; who moved. Raises ``Busy`` where a run is going on."""
    if not 1 <= shards <= MOST_SHARDS:
        raise NoSuchShard(shard=shards, shards=MOST_SHARDS + 1)
    with held(store, RUN_KEY, run_id=run_id, wait=True):
        before, tag = read_plan(store)
        pins = {client: shard for client, shard in before.pins.items() if shard < shards}
        return _change(store, before, Plan(shards=shards, pins=pins), tag, run_id=run_id)


def move(store: Store, client: str, shard: int, *, run_id: str) -> tuple[Moved, ...]:
    """Put one client elsewhere by hand. Raises ``Busy``, ``NoSuchShard``, ``NoSuchClient``."""
    with held(store, RUN_KEY, run_id=run_id, wait=True):
        before, tag = read_plan(store)
        if not 0 <= shard < before.shards:
            raise NoSuchShard(shard=shard, shards=before.shards)
        if client not in clients_of(store) and not any(client in each.clients for each in _versions(store).values()):
            raise NoSuchClient(client=client)
        pins = {**before.pins, client: shard}
        return _change(store, before, before.model_copy(update={"pins": pins}), tag, run_id=run_id)


def check(store: Store) -> tuple[str, ...]:
    """Look into every shard's database: a line for each client whose rows are not in exactly its own shard."""
    plan, _ = read_plan(store)
    found: dict[str, list[int]] = {}
    listed: dict[str, list[int]] = {}
    for shard, version in _versions(store).items():
        with tempfile.TemporaryDirectory(prefix="okr-check-") as folder:
            home = Home(Path(folder))
            bring_version(store, home, shard, version)
            rows = clients_in(home.database) if home.database.exists() else frozenset[str]()
        for client in rows:
            found.setdefault(client, []).append(shard)
        for client in version.clients:
            listed.setdefault(client, []).append(shard)
    lines = []
    for client, shards in sorted(found.items()):
        own = plan.shard_of(client)
        others = [shard for shard in shards if shard != own]
        if own not in shards:
            lines.append(f"{client}: its rows are in shard {_text(others)} and not in its own, {own}")
        elif others:
            lines.append(f"{client}: shard {_text(others)} still has rows of it; the next night takes them away")
    # a client without any row yet, because its first night failed, is in its shard all the same
    lines += [
        f"{client}: shard {_text(shards)} says that it has rows of it, and has none"
        for client, shards in sorted(listed.items())
        if client not in found and client not in clients_of(store)
    ]
    return tuple(lines)


def _text(shards: Iterable[int]) -> str:
    return ", ".join(map(str, shards))


def _versions(store: Store) -> dict[int, Version]:
    """The newest version of every shard there ever was."""
    numbers = {int(key.split("/")[1]) for key in store.files("shards") if key.split("/")[1].isdigit()}
    found = {shard: read_state(store, document_of(shard)).newest for shard in sorted(numbers)}
    return {shard: version for shard, version in found.items() if version is not None}


def _change(store: Store, before: Plan, after: Plan, tag: str, *, run_id: str) -> tuple[Moved, ...]:
    versions = _versions(store)
    moved = tuple(
        Moved(client, shard, after.shard_of(client))
        for shard, version in versions.items()
        for client in version.clients
        if before.shard_of(client) == shard != after.shard_of(client)
    )
    for target in sorted({each.after for each in moved}):
        _bring(store, target, [each for each in moved if each.after == target], after, versions, run_id=run_id)
    store.swap(KEY, after.model_dump_json(indent=1).encode(), tag=tag)
    for source in sorted({each.before for each in moved}):
        _drop(store, source, [each.client for each in moved if each.before == source], run_id=run_id)
    return moved


@contextmanager
def _at_work(store: Store, shard: int, *, run_id: str) -> Iterator[tuple[Held, Home]]:
    """A shard's lease, and its newest version in a folder of this machine."""
    with (
        held(store, document_of(shard), run_id=run_id, wait=True) as mine,
        tempfile.TemporaryDirectory(prefix=f"okr-shard-{shard:04}-") as folder,
    ):
        home = Home(Path(folder))
        if mine.state.newest is not None:
            bring_version(store, home, shard, mine.state.newest)
        yield mine, home


def _bring(
    store: Store,
    target: int,
    moved: Collection[Moved],
    after: Plan,
    versions: Mapping[int, Version],
    *,
    run_id: str,
) -> None:
    with _at_work(store, target, run_id=run_id) as (mine, home):
        clients = {each.client for each in moved}
        for source in sorted({each.before for each in moved}):
            coming = [each.client for each in moved if each.before == source]
            with tempfile.TemporaryDirectory(prefix="okr-from-") as folder:
                other = Home(Path(folder))
                bring_version(store, other, source, versions[source])
                for name in _FILES:
                    _bring_file(home.root / name, other.root / name, coming)
                standing = [each for each in held_back(home) if each.client not in coming]
                came = [each for each in held_back(other) if each.client in coming]
                if standing or came:
                    write_held(home, [*standing, *came], night=None)
        own = mine.state.newest.clients if mine.state.newest else ()
        _keep(store, mine, home, target, sorted({each for each in own if after.shard_of(each) == target} | clients))


def _bring_file(path: Path, other: Path, clients: Collection[str]) -> None:
    if not other.exists():
        return
    if path.exists():
        bring(path, other, clients)
        return
    copied(other, path)
    keep_only(path, clients)


def _drop(store: Store, source: int, clients: Collection[str], *, run_id: str) -> None:
    with _at_work(store, source, run_id=run_id) as (mine, home):
        if mine.state.newest is None:
            return
        for name in _FILES:
            if (home.root / name).exists():
                take_away(home.root / name, clients)
        if any(each.client in clients for each in held_back(home)):
            write_held(home, [each for each in held_back(home) if each.client not in clients], night=None)
        left = [client for client in mine.state.newest.clients if client not in clients]
        _keep(store, mine, home, source, left)


def _keep(store: Store, mine: Held, home: Home, shard: int, clients: Collection[str]) -> None:
    before = mine.state.newest
    if home.published_database.exists():
        write_parts(home.published_database, home.root / PARTS, clients=clients)
    version = Version(
        number=before.number + 1 if before else 1,
        # not a night's: the next one is not taken for done
        run_id=f"{mine.state.lease.run_id if mine.state.lease else ''} moved",
        made_at=SystemClock().now(),
        clients=tuple(sorted(clients)),
        files=keep_version(store, home, shard, known=before.files if before else {}),
    )
    mine.add(version)
    mine.exported(version.number)
    forget_files(store, shard, mine.state, also_kept=in_use(store))
