"""One night over all shards: whose turn it is, what became of each, and what is published of all together.

What belongs here: the order of a run, whatever runs the shards (``execute``; ``ray_engine.py`` is one). What does not:
one shard's night (``night.py``) and machines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from okr_models.client.file import is_client_file
from okr_models.words.numbers import Language
from pipelines.exports.all import export_agency_page
from pipelines.shards.files import PARTS, PUBLISHED, bring_file, clients_of, folder_of
from pipelines.shards.join import join
from pipelines.shards.moving import NoSuchShard, adopt, retire
from pipelines.shards.night import Order, Outcome
from pipelines.shards.plan import KEY as PLAN_KEY
from pipelines.shards.plan import NotSharded, Plan, read_plan
from pipelines.shards.publication import Publication, note
from pipelines.shards.state import RUN_KEY, Version, document_of, file_key, held, read_state
from pipelines.shards.store import Conflict, Store
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import Clock, SystemClock
from pipelines.warehouse.db import open_published
from pipelines.warehouse.held_back import EXPORTS, Held, held_back, write_held
from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import run_lock

CLIENTS_A_SHARD = 50
SHARD_STAGE = "shard"

Execute = Callable[[Sequence[tuple[int, tuple[str, ...]]], Order, Plan], Iterable[Outcome]]
"""Runs the night of each (shard, clients); an outcome for each, in whatever order they end."""


class OtherNumber(ValueError):
    """``--shards`` is another number than the home has."""

    def __init__(self, *, asked: int, there: int) -> None:
        super().__init__(f"the home has {there} shards, not {asked}; okr shard split {asked} changes that")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """``exit_code`` and ``problems`` as of ``okr run``; an outcome for each shard that had a night."""

    exit_code: int
    problems: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    published: Path | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the shards' nights said beside."""
        return tuple(line for outcome in self.outcomes for line in outcome.notes)


def run_shards(
    store: Store,
    home: Home,
    order: Order,
    *,
    execute: Execute,
    clock: Clock,
    shards: int | None = None,
    only: Collection[int] = (),
    language: Language | None = None,
    send: Callable[[Home, Collection[str]], Sequence[str]] = lambda _home, _held: (),
) -> RunEnded:
    """Run the night of every shard (or of ``only`` these) and publish all together.

    ``home``: where the published database and the exports lie; a folder store's own folder. ``send``: sends what is
    due, but of the clients given; a line for each that did not go. Raises ``Busy``, ``StoreUnavailable``,
    ``OtherNumber``, ``NoSuchShard``; the first time also ``RunInProgress`` and ``DatabaseUnusable``.
    """
    with held(store, RUN_KEY, run_id=order.run_id, seconds=order.lease_seconds, wait=True) as run:
        clients = clients_of(store)
        plan = _plan(store, home, clients, shards=shards, run_id=order.run_id)
        for shard in sorted(only):
            if not 0 <= shard < plan.shards:
                raise NoSuchShard(shard=shard, shards=plan.shards)
        spread = plan.spread(clients)
        jobs = [
            (shard, names)
            for shard, names in spread.items()
            if (not only or shard in only) and (names or (clients and _was_left(store, plan, shard)))
        ]
        outcomes = tuple(sorted(execute(jobs, order, plan), key=lambda outcome: outcome.shard))
        run.check()
        versions, behind = newest(store, plan)
        published = publish(store, home, plan, versions, run_id=order.run_id)
        standing = _failed_before(home, plan, outcomes, clients=clients)
        ran = {outcome.shard for outcome in outcomes}
        old = [_old(shard, spread[shard]) for shard in sorted(behind - ran) if spread[shard]]
        failed = [outcome for outcome in outcomes if outcome.exit_code == 1]
        standing += _held_of(store, plan, versions, [*failed, *old], order=order, clock=clock, known=tuple(standing))
        unexported = _unexported(outcomes, order=order, clock=clock)
        standing += unexported
        problems = [line for outcome in (*outcomes, *old) for line in _lines(outcome)]
        problems += [each.line for each in unexported]
        problems += _unlisted(home, clients)
        if published is not None:
            write_held(home, standing, night=None)
            problems += _agency(home, standing, language=language)
            problems += send(home, {each.client for each in standing if each.stage != EXPORTS})
        code = 1 if jobs and len(failed) == len(jobs) else 3 if problems else 0
        return RunEnded(exit_code=code, problems=tuple(problems), outcomes=outcomes, published=published)


def newest(store: Store, plan: Plan) -> tuple[dict[int, Version], frozenset[int]]:
    """The newest version of each shard that has one: where what it published is gone, the last of which it is there.

    Beside them the shards of which that is an older one.
    """
    found, behind = dict[int, Version](), set[int]()
    for shard in range(plan.shards):
        state = read_state(store, document_of(shard))
        if state.newest is not None:
            found[shard] = next((v for v in reversed(state.versions) if _is_there(store, shard, v)), state.newest)
            if found[shard].number != state.newest.number:
                behind.add(shard)
    return found, frozenset(behind)


def _was_left(store: Store, plan: Plan, shard: int) -> bool:
    """Whether the file of its last client is gone, and no night has taken away yet what it asked for."""
    version = read_state(store, document_of(shard)).newest
    return (
        version is not None
        and version.asked != ()
        and any(plan.shard_of(client) == shard for client in version.clients)
    )


def _old(shard: int, clients: tuple[str, ...]) -> Outcome:
    """A shard that had no night and whose newest figures can't be had."""
    return Outcome(
        shard=shard,
        kind="failed",
        clients=clients,
        problems=("a file that it published last is gone from the store, and it had no night now",),
    )


def _is_there(store: Store, shard: int, version: Version) -> bool:
    files = [digest for name, digest in version.files.items() if name == PUBLISHED or name.startswith(f"{PARTS}/")]
    return all(store.has_file(file_key(shard, digest)) for digest in files)


def publish(store: Store, home: Home, plan: Plan, versions: Mapping[int, Version], *, run_id: str) -> Path | None:
    """Join what the shards published and put it in place; None where there is nothing yet."""
    root = folder_of(store)

    def place(shard: int, digest: str) -> str:
        return str((root or home.root) / file_key(shard, digest))

    behind = [
        (shard, digest)
        for shard, version in versions.items()
        for name, digest in version.files.items()
        if name.startswith(f"{PARTS}/")
    ]
    if root is None:
        # the views are made over files that are there
        for shard, digest in behind:
            if not Path(place(shard, digest)).exists():
                bring_file(store, shard, digest, Path(place(shard, digest)))
    with tempfile.TemporaryDirectory(prefix="okr-join-") as scratch:
        path = join(store, home, plan, versions, run_id=run_id, scratch=Path(scratch), place=place)
    if path is None:
        return None
    parts = {digest for _, digest in behind}
    if root is None:
        store.put_file(f"published/{path.name}", path)
    note(
        store,
        Publication(
            file=path.name,
            run_id=run_id,
            versions={shard: version.number for shard, version in versions.items()},
            parts=tuple(sorted(parts)),
        ),
    )
    return path


def _plan(store: Store, home: Home, clients: Collection[str], *, shards: int | None, run_id: str) -> Plan:
    """The plan there is, or a new one, to which a home of one machine is taken over."""
    try:
        plan, _ = read_plan(store)
    except NotSharded:
        # a night of one machine that goes on keeps its database, and one that waits finds the plan
        with run_lock(home, run_id=run_id, now=SystemClock().now()):
            plan = Plan(shards=shards or max(1, -(-len(clients) // CLIENTS_A_SHARD)))
            adopt(store, home, plan)
            try:
                store.create(PLAN_KEY, plan.model_dump_json(indent=1).encode())
            except Conflict:
                plan, _ = read_plan(store)
            retire(home)
    retire(home)
    if shards is not None and shards != plan.shards:
        raise OtherNumber(asked=shards, there=plan.shards)
    return plan


def _lines(outcome: Outcome) -> list[str]:
    if outcome.exit_code != 1:
        return list(outcome.problems)
    kept = ", ".join(outcome.clients) or "none of them has a file any more"
    why = "; ".join(outcome.problems) or "no reason given"
    return [f"shard {outcome.shard} failed: {why}; the last good figures of its clients stay: {kept}"]


def _unlisted(home: Home, clients: Collection[str]) -> list[str]:
    """Client files that are none, such as a link to nowhere: no shard is given them, so that none says so."""
    names = {path.stem for path in home.clients.glob("*") if is_client_file(path.name)} - set(clients)
    broken = load_clients(home, only=sorted(names)).broken if names else ()
    return [line for file in broken for line in file.errors]


def _failed_before(home: Home, plan: Plan, outcomes: Iterable[Outcome], *, clients: Collection[str]) -> list[Held]:
    """Clients of shards whose last night failed, or left their files, and that have none now: all is as it was."""
    ran = {outcome.shard for outcome in outcomes}
    try:
        before = held_back(home)
    except ValueError:  # it is made anew
        return []
    return [
        each
        for each in before
        if each.stage in {SHARD_STAGE, EXPORTS} and each.client in clients and plan.shard_of(each.client) not in ran
    ]


def _held_of(
    store: Store,
    plan: Plan,
    versions: Mapping[int, Version],
    failures: Iterable[Outcome],
    *,
    order: Order,
    clock: Clock,
    known: Collection[Held],
) -> list[Held]:
    """Clients that are held back in a shard, and all of a shard that failed; but what is ``known``."""
    said = {(each.client, each.stage) for each in known}
    at = clock.now().isoformat(timespec="seconds")
    failed = {outcome.shard: outcome for outcome in failures}
    found: list[Held] = []
    for shard, version in sorted(versions.items()):
        digest = version.files.get("published/held.json")
        if digest is None or shard in failed:
            continue
        with tempfile.TemporaryDirectory(prefix="okr-held-") as folder:
            there = Home(Path(folder))
            store.get_file(file_key(shard, digest), there.held_back)
            found += [
                each
                for each in held_back(there)
                if plan.shard_of(each.client) == shard
                and said.isdisjoint({(each.client, each.stage), (each.client, SHARD_STAGE)})
            ]
    for shard, outcome in failed.items():
        why = "; ".join(outcome.problems) or "no reason given"
        found += [
            Held(
                client=client,
                stage=SHARD_STAGE,
                reason=f"the night of shard {shard} failed: {why}",
                place=None,
                run_id=order.run_id,
                at=at,
            )
            for client in outcome.clients
            if (client, SHARD_STAGE) not in said
        ]
    return found


def _unexported(outcomes: Iterable[Outcome], *, order: Order, clock: Clock) -> list[Held]:
    """Clients whose figures are out and whose files could not be put into the home."""
    at = clock.now().isoformat(timespec="seconds")
    return [
        Held(client=client, stage=EXPORTS, reason=why, place=None, run_id=order.run_id, at=at)
        for outcome in outcomes
        for client, why in outcome.unexported.items()
    ]


def _agency(home: Home, standing: Iterable[Held], *, language: Language | None) -> list[str]:
    """Write the agency's page; a line where that failed, since the clients' figures and files are out."""
    try:
        with closing(open_published(home)) as con:
            export_agency_page(
                con,
                home.exports,
                clients=load_clients(home).clients,
                language=language,
                troubles={each.client: each.reason for each in standing},
                unwritten={each.client for each in standing if each.stage == EXPORTS}
                - {each.client for each in standing if each.stage != EXPORTS},
            )
    except Exception as error:  # noqa: BLE001 - whatever it is, what is published stands
        why = " ".join(str(error).split())
        return [f"the agency's page was not written, and is that of the night before: {why}"]
    return []
