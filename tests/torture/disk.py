"""Every n-th fault of the disk: at each call that changes what is below the home, a kill, a full disk and an EIO.

``python -m tests.torture.disk`` tries every n of every stage of a small night and prints "N of N"; ``--every 50``
tries every fiftieth. A night is walked call by call: the home as it is before a call is what a kill there leaves, and
the call fails in a fork of the night, which goes on in a copy of the home. What is left is judged by
``disk_bench.py``. The whole takes several nights, each of its calls spread evenly, so that whatever was tried when it
is stopped is spread evenly too; with ``--journal FILE`` it goes on where it was stopped. No test lives here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tests.torture.disk_bench import HOWS, STAGES, Bench, bench
from tests.torture.night import OPENING

NIGHTS = 16
"""In which the calls of one are walked."""
ASKED = {"ENOSPC": b"f", "EIO": b"e"}
GO_ON = b"g"
PROJECT = ("connectors", "okr_models", "pipelines", "dbt_like_sql", "tests/torture")
Fault = tuple[str, int, str]
Tell = Callable[[Fault, str | None], None]


class Lost(RuntimeError):
    """The walk is not what it was counted to be, so that its figures would mean nothing."""


class Walk:
    """One night, its every call told; the faults of ``wanted`` are tried on the way."""

    def __init__(self, found: Bench, wanted: Collection[Fault], tell: Tell) -> None:
        self.bench, self.wanted, self.tell = found, set(wanted), tell
        self.home = found.folder / "walk"
        self.aside = found.folder / "walk.aside"
        self.said = found.folder / "said"

    def go(self) -> None:
        """Raises ``Lost`` where the night had other calls than were counted."""
        copy_of(self.bench.folder / "starts" / OPENING, self.home)
        self.bench.hook.taken = 0
        counted: dict[str, int] = {}
        try:
            with self._night() as (pid, calls, answers):
                stage = ""
                for line in calls:
                    what, _, text = line.rstrip("\n").partition(" ")
                    if what == "stage":
                        stage = text
                    elif what == "call":
                        counted[stage] = counted.get(stage, 0) + 1
                        self._called((stage, counted[stage]), pid, calls, answers)
                    elif "error" in (said := json.loads(text)):
                        raise Lost(f"the night that is walked failed: {said}")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)
            shutil.rmtree(self.aside, ignore_errors=True)
        expected = {stage: number for stage, number in self.bench.counted.items() if number and stage != "tokens"}
        if counted != expected:
            raise Lost(f"the night that is walked had other calls than the one that was counted: {counted}")

    @contextmanager
    def _night(self) -> Iterator[tuple[int, TextIO, int]]:
        to, back = (self.bench.folder / name for name in ("calls", "answers"))
        for path in (to, back):
            path.unlink(missing_ok=True)
            os.mkfifo(path)
        asked = {"to": str(to), "from": str(back), "said": str(self.said)}
        pid = self.bench.ask(self.home, **asked)["pid"]
        with to.open(encoding="utf-8") as calls:
            answers = os.open(back, os.O_WRONLY)
            try:
                yield pid, calls, answers
            except BaseException:
                os.kill(pid, signal.SIGKILL)
                raise
            finally:
                os.close(answers)

    def _called(self, place: tuple[str, int], pid: int, calls: TextIO, answers: int) -> None:
        if (*place, "kill") in self.wanted:
            self._look((*place, "kill"))
        for how, asked in ASKED.items():
            if (*place, how) in self.wanted and _has_one_thread(pid):
                self._fail((*place, how), asked, calls, answers)
            elif (*place, how) in self.wanted:
                self._alone((*place, how))
        os.write(answers, GO_ON)

    def _look(self, fault: Fault) -> None:
        """What a kill leaves is there already; the next run has a copy of it."""
        taken = self.bench.hook.taken
        self.tell(fault, self.bench.judged(self.home, {"signal": signal.SIGKILL}, copy=self._copy))
        self.bench.hook.taken = taken

    def _copy(self) -> Path:
        return copy_of(self.home, self.bench.folder / "trial")

    def _fail(self, fault: Fault, asked: bytes, calls: TextIO, answers: int) -> None:
        """The call fails in a fork, to which a copy is the home."""
        taken = self.bench.hook.taken
        self.home.rename(self.aside)
        copy_of(self.aside, self.home)
        os.write(answers, asked)
        ended = calls.readline().split()
        if ended != ["ended", "0"]:
            raise Lost(f"a fork of the night came to nothing: {fault}, {ended}")
        said: dict[str, Any] = json.loads(self.said.read_text(encoding="utf-8"))
        self.tell(fault, self.bench.judged(self.home, said))
        shutil.rmtree(self.home)
        self.aside.rename(self.home)
        self.bench.hook.taken = taken

    def _alone(self, fault: Fault) -> None:
        """In its stage alone, where the night has threads that a fork would not have."""
        taken = self.bench.hook.taken
        self.tell(fault, self.bench.trial(*fault))
        self.bench.hook.taken = taken


def copy_of(home: Path, copy: Path) -> Path:
    """A copy; of what is published and never written again, by another link."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy, symlinks=True, copy_function=_copied)
    return copy


def _copied(source: str, target: str) -> None:
    if os.stat(source).st_mode & 0o222:
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def _has_one_thread(pid: int) -> bool:
    """But for the allocator's, which a fork begins anew. A lock that another thread held would never be free."""
    names = [path.read_text().strip() for path in Path(f"/proc/{pid}/task").glob("*/comm")]
    return len([name for name in names if name != "jemalloc_bg_thd"]) == 1


def all_faults(counted: dict[str, int]) -> list[Fault]:
    """Each kind at each call of each stage."""
    return [(stage, n, how) for stage in STAGES for n in range(1, counted.get(stage, 0) + 1) for how in HOWS]


def by_night(faults: list[Fault], *, nights: int = NIGHTS) -> list[list[Fault]]:
    """Shared among nights, a call with its kinds in one, so that however many nights are walked the calls of those are
    spread evenly: of eight, the first has every eighth call, the second those in the middle between them."""
    calls = list(dict.fromkeys(fault[:2] for fault in faults))
    bits = (nights - 1).bit_length()
    order = sorted(range(1 << bits), key=lambda number: int(f"{number:0{bits}b}"[::-1], 2))
    places = {call: number % len(order) for number, call in enumerate(calls)}
    return [[fault for fault in faults if places[fault[:2]] == first] for first in order]


def sources() -> str:
    """A fingerprint of the program, and of what tries it."""
    project, found = Path(__file__).resolve().parents[2], hashlib.sha256()
    for folder in PROJECT:
        for path in sorted((project / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".yml", ".j2", ".c"):
                found.update(path.read_bytes())
    return found.hexdigest()


@dataclass
class Journal:
    """What was tried, a line each; of no use to another program or another night."""

    path: Path | None
    tried: dict[Fault, str | None] = field(default_factory=dict)

    def begin(self, found: Bench) -> None:
        """Take over what is there. Raises ``Lost`` where it is of other sources."""
        head = {"sources": sources(), "calls": found.counted}
        if self.path is None:
            return
        if not self.path.exists():
            self._add(head)
            return
        first, *lines = map(json.loads, self.path.read_text(encoding="utf-8").splitlines())
        if first != head:
            raise Lost(f"{self.path} is of another program or another night; name another one")
        for line in lines:
            found.learnt += line["learnt"]
            self.tried[line["stage"], line["n"], line["how"]] = line["wrong"]

    def add(self, fault: Fault, wrong: str | None, learnt: list[str]) -> None:
        self.tried[fault] = wrong
        self._add({"stage": fault[0], "n": fault[1], "how": fault[2], "wrong": wrong, "learnt": learnt})

    def _add(self, line: dict[str, Any]) -> None:
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Every n-th fault of the disk")
    parser.add_argument("--every", type=int, default=1, help="try every so many-th only")
    parser.add_argument("--dagster", type=int, default=6, help="faults tried in the night as Dagster runs it")
    parser.add_argument("--first", type=int, default=1, help="the first that is tried")
    parser.add_argument("--journal", type=Path, help="where what was tried is noted, to go on from")
    asked = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as found:
        print(f"calls by stage, {sum(found.counted.values())} in all: {found.counted}", flush=True)
        journal = Journal(asked.journal)
        journal.begin(found)
        whole = all_faults(found.counted)
        wanted = whole[asked.first - 1 :: asked.every]
        left = [fault for fault in wanted if fault not in journal.tried]

        def tell(fault: Fault, wrong: str | None) -> None:
            journal.add(fault, wrong, list(found.learnt))
            if wrong:
                print(f"BROKEN: {fault[2]} at call {fault[1]} of {fault[0]}: {wrong}", flush=True)
            if len(journal.tried) % 100 == 0:
                print(f"{len(journal.tried)} tried, {time.monotonic() - begun:.0f} s", flush=True)

        for fault in left:
            if fault[0] == "tokens":
                tell(fault, found.trial(*fault))
        nights = by_night([fault for fault in left if fault[0] != "tokens"], nights=NIGHTS if asked.every == 1 else 1)
        for faults in nights:
            if faults:
                Walk(found, faults, tell).go()
        ran = found.runs
        in_dagster = found.sampled_in_dagster(asked.dagster)
        failed = 0
        for fault in in_dagster:
            if wrong := found.trial(*fault):
                failed += 1
                print(f"BROKEN: {fault[2]} at call {fault[1]} of Dagster's run: {wrong}", flush=True)
    return _sum_up(
        journal, wanted, whole, ran=ran, states=len(found.answers), in_dagster=len(in_dagster), failed=failed
    )


def _sum_up(
    journal: Journal,
    wanted: list[Fault],
    whole: list[Fault],
    *,
    ran: int,
    states: int,
    in_dagster: int,
    failed: int,
) -> int:
    broken = sum(journal.tried[fault] is not None for fault in wanted)
    print(f"{states} different states of the disk were opened, and {ran} runs from them went to their end")
    print(f"{len(wanted) - broken} of {len(wanted)}: what was published stayed whole, and the next run was as it should"
          f" be (of {len(whole)} faults, {len(whole) // 3} calls by three);"
          f" {in_dagster - failed} of {in_dagster} in Dagster's run")  # fmt: skip
    return 1 if broken or failed else 0


if __name__ == "__main__":
    sys.exit(main())
