"""What trials of faults of the disk begin from, and how what a fault left behind is judged.

What is published must be the night before's or this night's, whole, and the next run must publish what an undisturbed
night does, cell by cell, with the same exports and no message sent twice. A stage alone is tried from a copy of the
home as it found it (``Bench.trial``); all of a night is ``disk.py``. No test lives here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb

from connectors.core.token_store import TokenStore
from tests.csv_home import CsvHome
from tests.torture.disk_worker import BROKEN, FULL, KILL, NAME, SEAL, keep_token, token_of
from tests.torture.night import CLOSING, OPENING, STEPS
from tests.torture.state import files_of

BEFORE, NIGHT = "2026-11-19", "2026-11-20"
HOWS = {"kill": KILL, "ENOSPC": FULL, "EIO": BROKEN}
STAGES = (OPENING, *STEPS, CLOSING, "tokens")
DAGSTER = "dagster"
"""The whole night by ``okr run``, Dagster's files included: a sample of its calls."""
Cells = dict[str, list[tuple[Any, ...]]]


def compiler() -> str | None:
    """A C compiler, if this machine has one that ``cc`` names."""
    return shutil.which("cc")


def build_shim(folder: Path) -> Path:
    """``shim.c`` as a library to preload."""
    built = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"], check=True)
    return built


class Hook(ThreadingHTTPServer):
    """A webhook's receiver that counts what arrives."""

    def __init__(self) -> None:
        self.taken = 0
        super().__init__(("127.0.0.1", 0), _Receiver)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.taken += 1  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@dataclass
class Bench:
    """The homes that trials begin from, and the worker that runs them."""

    folder: Path
    worker: subprocess.Popen[str]
    hook: Hook
    counted: dict[str, int] = field(default_factory=dict)
    before: Cells = field(default_factory=dict)
    after: Cells = field(default_factory=dict)
    exported: dict[str, bytes] = field(default_factory=dict)
    answers: dict[tuple[str, int], str | None] = field(default_factory=dict)
    """What the next run made of each state of the disk: faults that leave the same one behind share it."""
    contents: dict[str, str] = field(default_factory=dict)
    """Which night's a published file is, by its bytes."""
    learnt: list[str] = field(default_factory=list)
    """States that runs went through which ended as they should, and that the worker is still to be told."""
    runs: int = 0
    """Next runs that went to their end."""

    def ask(self, home: Path, **asked: Any) -> dict[str, Any]:
        """One trial."""
        asked = {"day": NIGHT, "environ": {"HOOK": self.hook.url}, **asked, "home": str(home)}
        assert self.worker.stdin
        assert self.worker.stdout
        self.worker.stdin.write(json.dumps(asked) + "\n")
        self.worker.stdin.flush()
        said: dict[str, Any] = json.loads(self.worker.stdout.readline())
        return said

    def begin(self) -> None:
        """The night before, and this night undisturbed: what is counted, and what the trials must end in."""
        home = self.folder / "home"
        small_home(home)
        keep_token(home, 1)
        self.ask(home, day=BEFORE, here=True)
        self.before = published(home)
        starts = self.folder / "starts"
        starts.mkdir()
        shutil.copytree(home, starts / OPENING, symlinks=True)
        shutil.copytree(home, starts / "tokens", symlinks=True)
        said = self.ask(home, copies=str(starts))
        assert "error" not in said, said
        self.counted = said["counted"]
        self.after, self.exported = published(home), exports(home)
        self.counted |= self.ask(starts / "tokens", stage="tokens")["counted"]
        shutil.rmtree(starts / "tokens")
        shutil.copytree(starts / OPENING, starts / "tokens", symlinks=True)

    def trial(self, stage: str, n: int, how: str) -> str | None:
        """What was wrong after a fault at the n-th call of a stage; None: nothing."""
        home = self.folder / "trial"
        shutil.rmtree(home, ignore_errors=True)
        by_dagster = stage == DAGSTER
        shutil.copytree(self.folder / "starts" / (OPENING if by_dagster else stage), home, symlinks=True)
        self.hook.taken = 0
        said = self.ask(home, stage=stage, n=n, how=HOWS[how], dagster=by_dagster)
        if how == "kill" and said["signal"] != 9:
            return f"was not killed: {said}"
        if stage == "tokens":
            return wrong_token(home)
        return self.judged(home, said, dagster=by_dagster)

    def judged(
        self, home: Path, said: dict[str, Any], *, dagster: bool = False, copy: Callable[[], Path] | None = None
    ) -> str | None:
        """What is wrong with what a fault left, or with what the next run made of it: in a ``copy`` where there is to
        be one."""
        try:
            serving = self._serving(home)
        except Exception as error:  # noqa: BLE001 - whatever keeps an analyst from opening it
            return f"what is published can't be opened: {error}"
        if serving not in ("before", "after"):
            return f"what is published is neither night's: {serving}"
        state = (files_of(home, with_database=True), self.hook.taken)
        if state not in self.answers:
            home = copy() if copy else home
            self.answers[state] = self._next_run(home, said, serving=serving, dagster=dagster)
        return self.answers[state]

    def _serving(self, home: Path) -> str:
        """Which night is published: by every cell of it, once for files of the same bytes."""
        content = hashlib.sha256((home / "published" / "okr.duckdb").read_bytes()).hexdigest()
        if content not in self.contents:
            now = published(home)
            self.contents[content] = (
                "before" if now == self.before else "after" if now == self.after else str(differing(now, self.after))
            )
        return self.contents[content]

    def sampled_in_dagster(self, most: int) -> list[tuple[str, int, str]]:
        """So many faults, evenly over the calls of a night as ``okr run`` runs it, each kind in turn."""
        if not most:
            return []
        home = self.folder / "by-dagster"
        shutil.copytree(self.folder / "starts" / OPENING, home, symlinks=True)
        said = self.ask(home, dagster=True)
        assert "error" not in said, said
        assert published(home) == self.after
        calls = said["counted"]["dagster"]
        return [(DAGSTER, 1 + number * calls // most, list(HOWS)[number % len(HOWS)]) for number in range(most)]

    def _next_run(self, home: Path, said: dict[str, Any], *, serving: str, dagster: bool) -> str | None:
        """What the run after a fault does otherwise than it should."""
        if dagster:
            again = self.ask(home, dagster=True)
        else:
            again = self.ask(home, serving=serving, messages=self.hook.taken, learn=self.learnt)
            self.learnt = []
        if "error" in again or again["signal"]:
            return f"the next run failed: {again} (the fault's: {said})"
        if again.get("seen"):
            self.learnt += again["passed"]
            return None
        self.runs += 1
        if (now := published(home)) != self.after:
            return f"the next run published something else: {differing(now, self.after)} (the fault's: {said})"
        if (files := exports(home)) != self.exported:
            odd = sorted(name for name in files.keys() | self.exported if files.get(name) != self.exported.get(name))
            return f"the next run exported something else: {odd[:5]}"
        if self.hook.taken > 1:
            return f"{self.hook.taken} messages went out"
        self.learnt += again.get("passed", ())
        return None


def small_home(root: Path) -> None:
    """One client with one csv file, two key results and a webhook to tell every night."""
    home = CsvHome(root).own("orders", "flow").own("members", "stock")
    home.months("orders", "2024-10", [400.0 + 7 * (n % 5) for n in range(25)])
    home.months("members", "2024-10", [200.0 + n for n in range(25)])
    home.result("orders", kpi="orders", target=5000).result("members", kpi="members", target="+10%")
    home.client = {"send": [{"to": [{"env": "HOOK"}], "via": "webhook", "every": "night"}]}
    home.write()


def published(home: Path) -> Cells:
    """Every table of ``marts`` in the published database."""
    with closing(duckdb.connect(str((home / "published" / "okr.duckdb").resolve()), read_only=True)) as con:
        con.execute("set timezone = 'UTC'")
        names = con.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by all")
        return {
            name: con.execute(f'select * from marts."{name}" order by all').fetchall() for (name,) in names.fetchall()
        }


def differing(one: Cells, other: Cells) -> list[str]:
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]


def exports(home: Path) -> dict[str, bytes]:
    """Every exported file. A workbook holds no time of its own."""
    folder = home / "exports"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wrong_token(home: Path) -> str | None:
    """The old token or the new one, whole; and another can be kept."""
    store = TokenStore(home)
    with store.locked(NAME):
        kept = store.read(NAME, seal=SEAL)
    if kept not in (token_of(1), token_of(2)):
        return f"the token is neither the old nor the new one: {kept}"
    keep_token(home, 3)
    with store.locked(NAME):
        return None if store.read(NAME, seal=SEAL) == token_of(3) else "no other token could be kept"


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench in an empty folder, its undisturbed nights already run."""
    project = Path(__file__).resolve().parents[2]
    alone = {"OKR_CORES": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    environ = {**os.environ, **alone, "LD_PRELOAD": str(build_shim(folder)), "PYTHONPATH": str(project)}
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.disk_worker"],
        env=environ,
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    hook = Hook()
    try:
        found = Bench(folder, worker, hook)
        found.begin()
        yield found
    finally:
        worker.kill()
        worker.wait()
        hook.shutdown()
        hook.server_close()


def chosen(counted: dict[str, int], *, every: int, first: int = 1) -> Iterator[tuple[str, int, str]]:
    """Every so many-th of all faults: each kind at each call of each stage."""
    number = -first
    for stage in STAGES:
        for n in range(1, counted.get(stage, 0) + 1):
            for how in HOWS:
                number += 1
                if number % every == 0:
                    yield stage, n, how
