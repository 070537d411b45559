"""Dagster's own folder inside a home folder, and its settings.

What belongs here: ``dagster.yaml``, where it lies, the instance of a night, what to do about a folder that Dagster
can't use, and whatever else is known of Dagster that it does not promise (the test of this module says what breaks when
one goes). What does not: jobs and assets. Loads no dagster until an instance is asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.warehouse.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

DAGSTER_YAML = """\
# Written once by okr; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false                # no sign-up window over the first page
concurrency:
  runs:
    max_concurrent_runs: 1      # one process writes to the warehouse (docs/adr/0001-one-process-writes.md)
run_retries:
  enabled: true
  max_retries: 2                # a crashed worker, not a failed asset: the next night heals that by itself
  retry_on_asset_or_op_failure: false
run_monitoring:
  enabled: true
retention:                      # the daemon's ticks; runs: OKR_KEEP_RUNS_DAYS (docs/operations.md)
  schedule:
    purge_after_days: 30
  sensor:
    purge_after_days: 30
"""

POSTGRES = "OKR_DAGSTER_POSTGRES"
"""Where set when the settings are written: the address of a PostgreSQL for runs, events and ticks."""
_DRIVER = "postgresql+psycopg2://"
"""SQLAlchemy 2.1 takes psycopg where none is named, whose server-side parameters Dagster's NOTIFY can't have."""
_IN_POSTGRES = f"""\
storage:
  postgres:
    postgres_url: {{env: {POSTGRES}}}
"""
_STORAGES = ("storage", "event_log_storage", "run_storage", "schedule_storage")
"""Settings by which somebody keeps Dagster's events elsewhere, in PostgreSQL say: then they are kept there."""
_BATCH_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
_MOST_IN_A_BATCH = "1000"


@contextmanager
def night_instance(folder: Path) -> Iterator[DagsterInstance]:
    """Dagster's instance in ``folder`` for one night in this process. Raises ``DagsterFolderUnusable``."""
    before = os.environ.get(_BATCH_VARIABLE)
    os.environ.setdefault(_BATCH_VARIABLE, _MOST_IN_A_BATCH)
    try:
        with _opened(folder) as instance:
            yield instance
    finally:
        if before is None:
            os.environ.pop(_BATCH_VARIABLE, None)


def _opened(folder: Path) -> DagsterInstance:
    import dagster as dg

    from pipelines.dagster_private import NO_OUTPUT_KEPT

    overrides: dict[str, Any] = dict(NO_OUTPUT_KEPT)
    try:
        settings = yaml.safe_load((folder / "dagster.yaml").read_text(encoding="utf-8")) or {}
        if not any(name in settings for name in _STORAGES):
            ours = {"module": "pipelines.event_log", "class": "NightStorage", "config": {"base_dir": str(folder)}}
            overrides["storage"] = {"custom": ours}
        # a persistent instance like any other, whatever the function's name
        return dg.DagsterInstance.local_temp(str(folder), overrides)
    except Exception as error:
        # whatever is wrong with its settings or files, no figure rests on them
        raise unusable(folder, error) from error


_SPOILS_AN_ADDRESS = re.compile(r"[?*\[]|%[0-9A-Fa-f]{2}")
"""Dagster makes SQLite's address of the path as it is: what follows a ``?`` is lost, and ``%20`` becomes a space. It
looks for its settings by a pattern too, and would miss them, "no telemetry" among them, where it has ``[`` or ``*``.
"""
DAMAGED = ("not a database", "malformed", "no such table", "no such column")
"""How SQLite says that a file is there and is no good."""


MOVE_AWAY = "move the folder away: it holds Dagster's own history and settings, no figure, and is made anew"
LONGEST_DETAIL = 200
_SHORTEST_VALUE = 4
_POSTGRES_MODULES = ("psycopg2", "dagster_postgres")


class DagsterFolderUnusable(RuntimeError):
    """Dagster can't keep its records in its folder, none of which any figure needs."""

    def __init__(self, *, folder: Path, detail: str, cure: str) -> None:
        super().__init__(f"Dagster's folder {folder} can't be used: {detail}; {cure}")


def unusable(folder: Path, error: Exception) -> DagsterFolderUnusable:
    """Why Dagster could not open or write what is in its folder."""
    if _is_of_postgres(error):
        cure = f"is it up, and {POSTGRES} right? No figure rests on it"
        return DagsterFolderUnusable(folder=folder, detail="the PostgreSQL that it names did not answer", cure=cure)
    original = getattr(error, "orig", None)  # SQLAlchemy's own words are a page long
    detail = " ".join(str(original or error).split())[:LONGEST_DETAIL]
    if original is None:
        detail = f"its dagster.yaml is not understood ({_without_values(folder, error)})"
    elif not any(words in detail for words in DAMAGED):
        return DagsterFolderUnusable(
            folder=folder, detail=detail, cure="is the disk full, or the folder another user's?"
        )
    return DagsterFolderUnusable(folder=folder, detail=detail, cure=MOVE_AWAY)


def _is_of_postgres(error: BaseException) -> bool:
    """Whether the database that answers for Dagster's records is the trouble, and not its folder."""
    seen: BaseException | None = error
    while seen is not None:
        if any(type(each).__module__.startswith(_POSTGRES_MODULES) for each in (seen, getattr(seen, "orig", None))):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _without_values(folder: Path, error: Exception) -> str:
    """What is wrong with the settings, without any value of theirs, which may be a password: YAML quotes its line, and
    Dagster what it was given.
    """
    if isinstance(error, yaml.YAMLError):
        mark = getattr(error, "problem_mark", None)
        return f"line {mark.line + 1} is not valid YAML" if mark else "it is not valid YAML"
    detail = " ".join(str(error).split())
    try:
        written = _scalars(yaml.safe_load((folder / "dagster.yaml").read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError):
        return type(error).__name__
    for value in sorted(written, key=len, reverse=True):
        detail = detail.replace(value, "(not shown)")
    return detail[:LONGEST_DETAIL]


def _scalars(value: object) -> set[str]:
    """Every value below a key, as text; keys are names and may be shown."""
    if isinstance(value, dict):
        return set().union(*map(_scalars, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_scalars, value)) if value else set()
    text = str(value)
    return {text} if len(text) >= _SHORTEST_VALUE and not isinstance(value, bool) else set()


def dagster_home(home: Home, environ: Mapping[str, str]) -> Path:
    """DAGSTER_HOME where it is set, else ``dagster/`` in the home folder, with a ``dagster.yaml`` made at first use.

    Where the path has signs that Dagster can't have in it, a link to the folder, which stays the same from run to run.
    """
    folder = home.dagster(environ)
    if not environ.get(POSTGRES, _DRIVER).strip().startswith(_DRIVER):
        raise DagsterFolderUnusable(
            folder=folder, detail=f"{POSTGRES} names no driver that Dagster can use", cure=f"begin it with {_DRIVER}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "dagster.yaml"
        if not settings.exists():
            elsewhere = _IN_POSTGRES if POSTGRES in environ else ""
            settings.write_text(DAGSTER_YAML + elsewhere, encoding="utf-8")
    except OSError as error:
        cure = "it must be a folder that this user may write to"
        raise DagsterFolderUnusable(folder=folder, detail=error.strerror or str(error), cure=cure) from error
    found = _SPOILS_AN_ADDRESS.search(str(folder))
    return _linked(folder, environ, spoilt_by=found.group()) if found else folder


def _linked(folder: Path, environ: Mapping[str, str], *, spoilt_by: str) -> Path:
    """A link of another name to ``folder``, in this user's own folder for a program's state."""
    state = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".local" / "state")
    link = state / "okr" / f"dagster-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    detail = f"its name has {spoilt_by!r} in it, which Dagster's SQLite does not find again"
    cure = "rename that folder, or set DAGSTER_HOME to another one"
    if _SPOILS_AN_ADDRESS.search(str(link)):
        raise DagsterFolderUnusable(folder=folder, detail=detail, cure=cure)
    try:
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = link.with_name(f"{link.name}.{os.getpid()}")
        made.symlink_to(folder, target_is_directory=True)
        made.replace(link)
    except OSError as error:
        why = f"{detail}, and no link to it can be made at {link} ({error.strerror})"
        raise DagsterFolderUnusable(folder=folder, detail=why, cure=cure) from error
    return link
