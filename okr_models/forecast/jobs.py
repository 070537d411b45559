"""Many forecasts at once: each job's fingerprint, and fitting in parallel processes.

What belongs here: what makes two jobs the same, and the pool. What does not: the forecast itself (``forecast.py``),
where answers are kept (``pipelines/warehouse/okr/forecasts.py``).

The answer depends on the job alone, never on the number of processes or their order: every job carries its seed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, fields
from multiprocessing import get_context
from typing import TypeVar

from okr_models.forecast.calibration import DRIFT, SIMPLE_SPREAD, SPREADS
from okr_models.forecast.forecast import PATHS, ForecastJob
from okr_models.forecast.own_widening import answer
from okr_models.forecast.structural import DAMPING
from okr_models.forecast.types import Forecast

RULES = f"7;paths={PATHS};damping={DAMPING};{SPREADS};{SIMPLE_SPREAD};{DRIFT}"
"""Part of every fingerprint: raise the number when a rule changes what a job's answer is."""

WORTH_A_POOL = 12
"""Jobs below which starting processes (a second each, for their imports) costs more than it saves."""
FITS_A_PROCESS = 48
"""Forecasts that pay for a process of their own: one is fitted in 0.065 s, a process is ready after 1.1 s."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def job_hash(job: ForecastJob) -> str:
    """A fingerprint of everything the answer depends on. The callables' ``repr`` must say what they do."""
    parts = {field.name: repr(getattr(job, field.name)) for field in fields(job)}
    for name in ("reducer", "success", "success_full"):
        if " at 0x" in parts[name]:
            raise ValueError(
                f"{name} has no repr that says what it does; use a dataclass of okr_models/forecast/path_values.py"
            )
    text = json.dumps([RULES, parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def forecast_many(jobs: Sequence[ForecastJob], *, workers: int = 1) -> list[Forecast]:
    """The forecast of each job, in their order. Jobs that are the same are fitted once."""
    hashes = [job_hash(job) for job in jobs]
    distinct = dict(zip(hashes, jobs, strict=True))
    paid = min(workers, len(distinct) // FITS_A_PROCESS)
    answers = dict(zip(distinct, in_parallel(answer, list(distinct.values()), workers=paid), strict=True))
    return [answers[key] for key in hashes]


def in_parallel(work: Callable[[Job], Answer], jobs: Sequence[Job], *, workers: int) -> list[Answer]:
    """``work`` on each job, in their order, in ``workers`` processes where it is worth it.

    Processes are spawned, not forked: a fork would copy DuckDB's threads and locks in a state nobody can use.
    """
    if not jobs:  # nothing is loaded for nothing
        return []
    if workers < 2 or len(jobs) < WORTH_A_POOL:
        with _one_thread_here():
            return [work(job) for job in jobs]
    share = max(1, len(jobs) // (workers * 4))
    with (
        _one_thread_each(),
        ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool,
    ):
        return list(pool.map(work, jobs, chunksize=share))


@contextmanager
def _one_thread_here() -> Iterator[None]:
    """The same for this process, whose libraries may be loaded already: a sum's last bits depend on its threads."""
    import scipy.linalg  # noqa: F401 - only a library that is loaded can be limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes spawned inside compute with one thread each.

    The matrices are ten by ten: the linear algebra's own threads only wait for each other, at twice the time, and at
    ten times the time where the machine is busy (docs/forecast.md). They can be told so only before numpy is loaded.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def to_json(answer: Forecast) -> str:
    """An answer as text, for keeping."""
    return json.dumps(asdict(answer), sort_keys=True)


def from_json(text: str) -> Forecast:
    """The answer that ``to_json`` wrote; floats come back to the last bit."""
    return Forecast(**json.loads(text))
