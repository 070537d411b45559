"""Runs nights in forks of itself with the disk under the shim's hand (``shim.c``). Started by ``disk.py``.

A line of JSON on stdin is one trial, a line on stdout what came of it. Everything is imported once, before the first
fork; each trial is a process of its own, which the shim may kill.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import sys
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from connectors.core.token_store import Kept, TokenStore
from pipelines.cli import night as okr_run
from pipelines.warehouse.home import Home
from tests.torture.night import CLOSING, OPENING, STEPS, run_night

COUNT, KILL, FULL, BROKEN = range(4)
NAME, SEAL = "0" * 32, "the refresh token that the client file names"


@cache
def shim() -> ctypes.CDLL:
    """The preloaded library's functions."""
    found = ctypes.CDLL(None)
    found.torture_counted.restype = ctypes.c_long
    return found


def arm(home: str, n: int, how: int) -> None:
    shim().torture_arm(home.encode(), ctypes.c_long(n), how, -1)


def counted() -> int:
    return int(shim().torture_counted())


def trial(asked: dict[str, Any]) -> dict[str, Any]:
    """One night, or the part of it from a stage on; what the shim counted by stage."""
    if asked.get("dagster"):
        return dagster_trial(asked)
    home, stage, n, how = asked["home"], asked.get("stage"), asked.get("n", 0), asked.get("how", COUNT)
    found: dict[str, int] = {}
    running = OPENING

    def before(name: str, _: object) -> None:
        nonlocal running
        # a full disk stays full until the process ends
        if how == COUNT or running != stage:
            found[running] = counted()
            shim().torture_disarm()
            if asked.get("copies"):
                shutil.copytree(home, f"{asked['copies']}/{name}", symlinks=True)
            if how == COUNT or name == stage:
                arm(home, n, how)
        elif how != FULL:
            shim().torture_disarm()
        running = name

    steps = list(STEPS)
    skipped = frozenset(steps[: steps.index(stage)] if stage in steps else steps if stage == CLOSING else ())
    if stage == "tokens":
        arm(home, n, how)
        keep_token(Path(home), 2)
        return {"counted": {"tokens": counted()}}
    if how == COUNT or stage == OPENING:
        arm(home, n, how)
    run_night(Home(Path(home)), asked["environ"], date.fromisoformat(asked["day"]), run_id=asked["day"],
              before=before, without=skipped)  # fmt: skip
    found[running] = counted()
    return {"counted": found}


def dagster_trial(asked: dict[str, Any]) -> dict[str, Any]:
    """The night as ``okr run`` runs it, Dagster's own files below the home included; counted as a whole."""
    environ = {**asked["environ"], "OKR_TODAY": asked["day"], "DAGSTER_HOME": f"{asked['home']}/dagster"}
    os.environ.update(environ)
    arm(asked["home"], asked.get("n", 0), asked.get("how", COUNT))
    ended = okr_run.run_night(Home(Path(asked["home"])), os.environ)
    said: dict[str, Any] = {"counted": {"dagster": counted()}}
    return said | ({"error": "; ".join(ended.problems)} if ended.exit_code else {})


def keep_token(home: Path, generation: int) -> None:
    """A token renewed for the ``generation``-th time."""
    store = TokenStore(home)
    with store.locked(NAME):
        store.write(NAME, token_of(generation), seal=SEAL)


def token_of(generation: int) -> Kept:
    at = datetime(2026, 11, generation, tzinfo=UTC)
    return Kept(access_token=f"access-{generation}", refresh_token=f"refresh-{generation}", obtained_at=at)


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            try:
                said = trial(asked)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - what a night raises is what is asked here
                said = {"error": f"{type(error).__name__}: {error}"}
            shim().torture_disarm()
            os.write(writing, json.dumps(said).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            text = pipe.read()
        _, status = os.waitpid(child, 0)
        said = json.loads(text) if text else {}
        said["signal"] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
