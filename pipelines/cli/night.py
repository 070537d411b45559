"""One night from the command line: the lock, the Dagster job in process, and what it came to.

What belongs here: running the job and reading its outcome. What does not: what the job does (``pipelines/assets``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.cli.common import fail, one_line
from pipelines.cli.stages import StageDisplay
from pipelines.dagster_private import IN_THE_UI
from pipelines.instance import DagsterFolderUnusable, dagster_home, night_instance, unusable
from pipelines.warehouse.checkin_files import bad_rows
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import BadToday, Clock, clock_from
from pipelines.warehouse.clock_check import ClockDoubted, check_clock
from pipelines.warehouse.db import DatabaseUnusable, connect, cure_of_damage, is_damage
from pipelines.warehouse.held_back import held_back
from pipelines.warehouse.home import Home
from pipelines.warehouse.models.project import LAYERS
from pipelines.warehouse.opening import make_ready, prepare
from pipelines.warehouse.room import MORE_MEMORY, is_short
from pipelines.warehouse.run_lock import RunInProgress, run_lock
from pipelines.warehouse.takeover import TakenOver

if TYPE_CHECKING:
    pass

_CLASS = re.compile(r"^(?:\w+\.)+\w+: ")
"""How Dagster puts an error's class before its words."""
STOPPED = frozenset({"DagsterExecutionInterruptedError", "KeyboardInterrupt"})
QUERY_STOPPED = "RuntimeError: Query interrupted"
"""How DuckDB tells of a signal that came while it was at work."""


@dataclass(frozen=True, slots=True)
class NightEnded:
    """Exit code as INTERFACE's ``okr run`` has it, and one line for each thing that failed.

    ``notes``: what is to be said beside, and changes no exit code.
    """

    exit_code: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def run_night(
    home: Home,
    environ: Mapping[str, str],
    *,
    clients: tuple[str, ...] = (),
    start: date | None = None,
    end: date | None = None,
    full_refresh: bool = False,
    clock_is_right: bool = False,
    lax_secrets: bool = False,
    sends: bool = True,
    may_be_empty: bool = False,
) -> NightEnded:
    """Run the job ``nightly`` once. Wrong usage and a run already going on end the command with one line.

    So does a date that the ledger contradicts, unless ``clock_is_right``. ``sends``: what is due goes out.
    ``may_be_empty``: without any client file it is a night all the same, in which what the last ones asked for goes.
    """
    try:
        clock = clock_from(environ)
    except BadToday as error:
        raise fail(one_line(error), code=2) from error
    loaded = load_clients(home, only=clients)
    if loaded.unknown:
        raise fail(" ".join(loaded.unknown), code=2)
    if not loaded.known and not may_be_empty:
        raise fail(f"no client file in {home.clients}; okr init CLIENT writes one", code=2)
    problems = [line for file in loaded.broken for line in file.errors]
    if not loaded.clients and loaded.known:
        return NightEnded(3, tuple(problems))

    from sqlalchemy.exc import DBAPIError

    from pipelines.build import build_defs
    from pipelines.keys import LAUNCHED_BY
    from pipelines.resources import night_of

    partition, tags = _days(start, end, clock)
    try:
        folder = dagster_home(home, environ)
    except DagsterFolderUnusable as error:
        raise fail(one_line(error)) from error
    os.environ["DAGSTER_HOME"] = str(folder)
    with StageDisplay() as stages:
        try:
            with run_lock(home, run_id="okr run", now=clock.now()):
                taken = _look_at_warehouse(home, environ, clock_is_right=clock_is_right)
                defs = build_defs(
                    resource_overrides={
                        "night": night_of(
                            home, clients=clients, full_refresh=full_refresh, lax_secrets=lax_secrets, sends=sends
                        ),
                        "stages": stages,
                    }
                )
                job = defs.resolve_job_def("nightly")
                _expect(stages, [key.path[0] for key in job.asset_layer.executable_asset_keys])
                with night_instance(folder) as instance:
                    result = job.execute_in_process(
                        instance=instance,
                        partition_key=partition,
                        tags={**IN_THE_UI, LAUNCHED_BY: "okr run", **_part_of(environ), **tags},
                        raise_on_error=False,
                        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    )
                    untold = told_by_hand(home, instance, result.dagster_run, environ=environ)
                is_out = result.success or is_published(home, result.run_id)
                # before the lock is given back: the next run would hold the database
                failed = failed_sources(home, result.run_id) if is_out else []
        except (RunInProgress, ClockDoubted) as error:
            raise fail(one_line(error)) from error
        except DatabaseUnusable as error:
            return NightEnded(1, (*problems, one_line(error)))
        except DBAPIError as error:
            raise fail(one_line(unusable(folder, error))) from error
        except DagsterFolderUnusable as error:
            raise fail(one_line(error)) from error
    if not is_out:
        return NightEnded(1, (*problems, *(_with_cure(line, home) for line in _failures(result)), *untold))
    # rows cost only themselves: the night is as whole as its sources
    notes = (*((str(taken),) if taken else ()), *bad_rows(home, loaded.clients, now=clock.now()))
    return _published(home, result, problems=[*problems, *failed], untold=untold, notes=notes)


def _published(
    home: Home, result: Any, *, problems: list[str], untold: list[str], notes: tuple[str, ...]
) -> NightEnded:
    """What a night that is out came to."""
    problems += [*_not_sent(result), *untold]
    problems += [each.line for each in held_back(home) if each.run_id == result.run_id]
    if not result.success:
        problems += [f"{line}; the figures are published all the same" for line in _failures(result)]
    return NightEnded(3 if problems else 0, tuple(problems), notes)


def _look_at_warehouse(home: Home, environ: Mapping[str, str], *, clock_is_right: bool) -> TakenOver | None:
    """What is to say of the working database before Dagster is asked for anything.

    Raises ``ClockDoubted``, ``DatabaseUnusable``. Gives what a new one took over.
    """
    if not home.database.exists() and not home.published_database.exists():
        return None
    prepare(home)
    con = connect(home)
    try:
        taken = make_ready(con, home)
        if not clock_is_right:
            check_clock(con, environ)
    finally:
        con.close()
    return taken


def told_by_hand(home: Home, instance: Any, run: Any, *, environ: Mapping[str, str]) -> list[str]:
    """Tell of a run what a daemon's sensors would, where the environment names a way; a line for each that failed.

    Each run is told of once, by whichever comes first.
    """
    from pipelines.notices.claims import claim, forget_last, is_news
    from pipelines.notices.send import messengers_of
    from pipelines.notices.text import notice_of
    from pipelines.sensors import summary_of

    ways = messengers_of(environ)
    if not ways or not claim(home, run.run_id):
        return []
    notice = notice_of(summary_of(instance, instance.get_run_by_id(run.run_id) or run))
    if notice is None:
        forget_last(home)
    if notice is None or not is_news(home, notice.key):
        return []
    failed = []
    for messenger in ways.values():
        try:
            messenger(notice)
        except Exception as error:  # noqa: BLE001 - the night is over; no way of telling it may undo it
            failed.append(one_line(error))
    if len(failed) == len(ways):
        forget_last(home)
    return failed


def _not_sent(result: Any) -> list[str]:
    """Reports that were due and did not go."""
    from pipelines.assets.publish import SENT_CHECK

    found = [each for each in result.get_asset_check_evaluations() if each.check_name == SENT_CHECK]
    return [f"not sent: {each.description}" for each in found if not each.passed]


def is_published(home: Home, run_id: str) -> bool:
    """Whether what this run made is what analysts open now."""
    return run_id in home.published_database.resolve().name


def _days(start: date | None, end: date | None, clock: Clock) -> tuple[str | None, dict[str, str]]:
    """Dagster's partition of the ordinary night, or the tags of days that are read again. Nonsense ends the command."""
    from pipelines.partitions import BadRange, checked_rerun, nights, yesterday

    if start is None:
        night = yesterday(clock.now()).isoformat()
        return (night if nights.has_partition_key(night) else None), {}
    try:
        window = checked_rerun(start, end or yesterday(clock.now()), now=clock.now())
    except BadRange as error:
        raise fail(one_line(error), code=2) from error
    if not nights.has_partition_key(window.end.isoformat()):
        raise fail(
            f"can't read {window.start} to {window.end} again: by the machine's own clock that is to come", code=2
        )
    return None, {
        "dagster/asset_partition_range_start": window.start.isoformat(),
        "dagster/asset_partition_range_end": window.end.isoformat(),
    }


def _part_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The tag that says which run of another job this night is a part of."""
    from pipelines.keys import PART_OF, PART_OF_VARIABLE

    whole = environ.get(PART_OF_VARIABLE)
    return {PART_OF: whole} if whole else {}


def _expect(stages: StageDisplay, layers: Sequence[str]) -> None:
    """What is known before the night begins; how much there is to read is known when it is planned."""
    stages.expect("models", sum(layer in LAYERS for layer in layers))
    stages.expect("key results", 3)
    stages.expect("publish", layers.count("publish"))


def _with_cure(line: str, home: Home) -> str:
    """What failed, and where DuckDB found damage on the way or had too little memory, what helps."""
    if is_short(line):
        return f"{line.partition(' Possible solutions')[0]}; {MORE_MEMORY}"
    return f"{line}; {cure_of_damage(home)}" if is_damage(line) and "put back a backup" not in line else line


def _failures(result: Any) -> list[str]:
    """One line a step that failed, or why no step began. Ends the command where a person stopped the run."""
    steps, job = [], []
    for event in result.all_events:
        if event.is_step_failure:
            steps.append((f"{event.step_key} failed", event.step_failure_data.error))
        elif event.is_job_failure and event.job_failure_data.error is not None:
            job.append(("the run failed", event.job_failure_data.error))
    lines = []
    for what, error in steps or job:
        chain = [error] if error is not None else []
        while chain and chain[-1].cause is not None:
            chain.append(chain[-1].cause)
        if any(one.cls_name in STOPPED or QUERY_STOPPED in one.message for one in chain):
            raise fail("stopped; what was read is kept, and the next okr run goes on from there", code=130)
        # the first that is not Dagster's own: ours say more than the one they were raised from
        said = next((one for one in chain if not str(one.cls_name).startswith("Dagster")), chain[-1] if chain else None)
        why = _CLASS.sub("", " ".join(said.message.split())) if said else "no reason given"
        lines.append(f"{what}: {why}")
    return lines or ["the run failed; okr ui shows why"]


def failed_sources(home: Home, run_id: str) -> list[str]:
    """One line a source that failed in this run, with class and message; also a file whose rows another gainsays."""
    con = connect(home)
    try:
        rows = con.execute(
            """
            select client, source, coalesce(error_class, 'config') as class,
                string_agg(distinct stream, ', ' order by stream), min(message)
            from ops.loads
            where run_id = ?
                and (
                    status = 'failed'
                    or list_contains(json_extract_string(quality, '$.doubts[*].code'), 'rows_differ')
                )
            group by client, source, class
            order by client, source, class
            """,
            [run_id],
        ).fetchall()
    finally:
        con.close()
    return [f"{client}/{source} ({kind}; {streams}): {message}" for client, source, kind, streams, message in rows]
