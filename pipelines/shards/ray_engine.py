"""The shards' nights as Ray tasks: on this machine's cores, or on a cluster that ``RAY_ADDRESS`` names (extra ``ray``).

What belongs here: Ray, and nothing of a night: a task is ``shard_night`` with one processor of its own. A task whose
worker or machine died is run again elsewhere by Ray and takes its own run's lease over. What does not: what is done
with the outcomes (``engine.py``).

Secrets stay where they are: a task reads them from its own machine's environment, since what is handed to a task is
kept by Ray in the clear.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from connectors.core import budget
from pipelines.shards.address import opened
from pipelines.shards.night import Order, Outcome, RunNight, shard_night
from pipelines.shards.plan import Plan
from pipelines.shards.ray_budget import SharedBudget, treasurer
from pipelines.warehouse.db import CORES_VARIABLE

ADDRESS = "RAY_ADDRESS"
NAMESPACE = "okr"
RETRIES = 3
OTHERS = 0o027
"""Taken from what is written, as ``okr`` itself does: everything of others, and writing of the group."""
HANDED_ON = ("OKR_TODAY", "OKR_AGENCY_LANGUAGE", "OKR_KEEP_RUNS_DAYS")
"""Variables that all machines of a run have to agree on, none of them a secret."""


class NoRay(RuntimeError):
    """Ray is not installed, or its cluster can't be reached."""


Told = Callable[[Outcome], None]


def environ_of(environ: Mapping[str, str]) -> dict[str, str]:
    """What is handed to every task; one processor each, so that many shards of a machine don't crowd it."""
    return {CORES_VARIABLE: "1"} | {name: environ[name] for name in HANDED_ON if name in environ}


@contextmanager
def cluster(environ: Mapping[str, str], *, cores: int | None = None) -> Iterator[Any]:
    """Ray connected to ``RAY_ADDRESS``, or started on this machine (with so many ``cores``, else all) and stopped
    afterwards; one that is there already is taken. Raises ``NoRay``."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # tells nobody anything
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise NoRay("--engine ray needs Ray: pip install 'marketing-okr[ray]'") from error
    mine = not ray.is_initialized()
    if mine:
        address = environ.get(ADDRESS)
        try:
            ray.init(
                address=address,
                num_cpus=cores,
                namespace=NAMESPACE,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=None if address else False,
            )
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            where = f"the Ray cluster at {address}" if address else "Ray on this machine"
            raise NoRay(f"{where} can't be used: {' '.join(str(error).split())[:200]}") from error
    try:
        yield ray
    finally:
        if mine:
            ray.shutdown()


@dataclass(frozen=True, slots=True)
class _Shared:
    """The cluster's budget, and how many tasks can be at work at once."""

    actor: Any
    sharers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What every task of a run is handed."""

    address: str
    order: Order
    plan: Plan
    night: RunNight
    shared: _Shared


def executor(
    address: str, *, night: RunNight, environ: Mapping[str, str], told: Told = lambda _: None
) -> Callable[[Sequence[tuple[int, tuple[str, ...]]], Order, Plan], Iterator[Outcome]]:
    """What runs shards on Ray for ``engine.run_shards``. ``address``: the store's, as every machine opens it."""

    def execute(jobs: Sequence[tuple[int, tuple[str, ...]]], order: Order, plan: Plan) -> Iterator[Outcome]:
        with cluster(environ) as ray:
            # a worker of its own for each task: the memory of a night is given back when it ends
            task = ray.remote(num_cpus=1, max_calls=1, max_retries=RETRIES)(_task)
            actor, cores = treasurer(ray), int(ray.cluster_resources().get("CPU", 1))
            shared = _Shared(actor, sharers=max(1, min(cores, len(jobs))))
            work = _Work(address=address, order=order, plan=plan, night=night, shared=shared)
            waiting = {task.options(name=f"shard {job[0]}").remote(work, job): job for job in _longest_first(jobs)}
            while waiting:
                ready, _ = ray.wait(list(waiting), num_returns=1)
                shard, clients = waiting.pop(ready[0])
                outcome = _outcome(ray, ready[0], shard, clients)
                told(outcome)
                yield outcome

    return execute


def _longest_first(jobs: Sequence[tuple[int, tuple[str, ...]]]) -> list[tuple[int, tuple[str, ...]]]:
    """The shards with most clients begin first, so that none is left alone at the end."""
    return sorted(jobs, key=lambda job: (-len(job[1]), job[0]))


def _outcome(ray: Any, reference: Any, shard: int, clients: tuple[str, ...]) -> Outcome:
    try:
        found = ray.get(reference)
    except Exception as error:  # noqa: BLE001 - whatever became of one shard, the others go on
        why = str(getattr(error, "cause", None) or error).strip().splitlines()
        words = f"{type(error).__name__}: {why[-1] if why else 'no reason given'}"
        return Outcome(shard=shard, kind="failed", clients=clients, problems=(words,))
    return cast("Outcome", found)


def _task(work: _Work, job: tuple[int, tuple[str, ...]]) -> Outcome:
    import ray

    shard, clients = job
    budget.use(SharedBudget(ray, work.shared.actor, sharers=work.shared.sharers))
    os.umask(os.umask(0) | OTHERS)
    return shard_night(
        opened(work.address),
        shard,
        clients,
        work.order,
        night=work.night,
        owned=lambda client: work.plan.shard_of(client) == shard,
    )
