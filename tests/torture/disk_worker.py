"""Runs nights in forks of itself with the disk under the shim's hand (``shim.c``). Started by ``disk_bench.py``.

A line of JSON on stdin is one trial, a line on stdout what came of it. Everything is imported once, before the first
fork, and a first night has run here; each trial is a process of its own, which the shim may kill. A walk (``disk.py``)
is not waited for. All of it on one thread, so that a process can be forked anywhere.
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
from unittest import mock

from connectors.core.token_store import Kept, TokenStore
from pipelines.cli import night as okr_run
from pipelines.resources import Night
from pipelines.warehouse import db
from pipelines.warehouse.home import Home
from tests.torture.night import CLOSING, OPENING, STEPS, run_night
from tests.torture.state import known_as

COUNT, KILL, FULL, BROKEN = range(4)
LOOKED_AT = (next(iter(STEPS)), "marts", "publish__database")
"""Before these steps a run may find itself in a state from which another has already gone on."""
KNOWN: set[str] = set()
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


class Seen(Exception):
    """From here on another run has already gone, and ended as it should."""


def walk(asked: dict[str, Any]) -> dict[str, Any]:
    """A whole night of which another process is told each call, and may have it fail in a fork."""
    to, answers = os.open(asked["to"], os.O_WRONLY), os.open(asked["from"], os.O_RDONLY)
    shim().torture_walk(asked["home"].encode(), to, answers)
    shim().torture_say(f"stage {OPENING}".encode())
    try:
        run_night(Home(Path(asked["home"])), asked["environ"], date.fromisoformat(asked["day"]), run_id=asked["day"],
                  before=lambda name, _: shim().torture_say(f"stage {name}".encode()))  # fmt: skip
        said = {}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what a night raises is what is asked here
        said = {"error": f"{type(error).__name__}: {error}"}
    walks = shim().torture_walks()
    shim().torture_disarm()
    if not walks:
        Path(asked["said"]).write_text(json.dumps(said), encoding="utf-8")
    shim().torture_say(f"end {json.dumps(said)}".encode())
    return said


def gone_on(asked: dict[str, Any]) -> dict[str, Any]:
    """A whole night, unless it comes to a state that is known; the states that it went through."""
    passed: list[str] = []

    def before(name: str, night: Night) -> None:
        if name in LOOKED_AT:
            known = known_as(
                Path(asked["home"]), night.con, step=name, messages=asked["messages"], serving=asked["serving"]
            )
            if known in KNOWN:
                raise Seen
            passed.append(known)

    try:
        run_night(Home(Path(asked["home"])), asked["environ"], date.fromisoformat(asked["day"]), run_id=asked["day"],
                  before=before)  # fmt: skip
    except Seen:
        return {"passed": passed, "seen": True}
    return {"passed": passed}


def trial(asked: dict[str, Any]) -> dict[str, Any]:
    """One night, or the part of it from a stage on; what the shim counted by stage."""
    if asked.get("dagster"):
        return dagster_trial(asked)
    if "serving" in asked:
        return gone_on(asked)
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
    # DuckDB's own threads for reading ahead would not outlive a fork
    ours = db.settings
    mock.patch.object(db, "settings", lambda *paths: ours(*paths) | {"async_threads": 0}).start()
    for line in sys.stdin:
        asked = json.loads(line)
        KNOWN.update(asked.get("learn", ()))
        print(json.dumps(_here(asked) if asked.get("here") else _forked(asked)), flush=True)


def _here(asked: dict[str, Any]) -> dict[str, Any]:
    """Without a fork: what is loaded and compiled on the way, every later fork has."""
    run_night(Home(Path(asked["home"])), asked["environ"], date.fromisoformat(asked["day"]), run_id=asked["day"])
    return {}


def _forked(asked: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        if "to" in asked:
            walk(asked)
            os._exit(0)
        try:
            said = trial(asked)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what a night raises is what is asked here
            said = {"error": f"{type(error).__name__}: {error}"}
        shim().torture_disarm()
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    if "to" in asked:
        os.close(reading)
        return {"pid": child}
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    said = json.loads(text) if text else {}
    said["signal"] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return said


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
