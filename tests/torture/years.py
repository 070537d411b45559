"""Simulated years by seed: one process, a moving clock, the sandbox over loopback, and all that happens in between.

``python -m tests.torture.years --nights 300`` runs seed after seed until so many nights are through; ``--seed N`` runs
one. A seed decides which clients, sources and troubles there are at all (a swarm: small worlds, and each tenth seed has
everything; ``seeds.py`` names those of ``make test``), and then night by night: faults of vendors, days lost and read
again, edits, clients that come and go, late and restated figures, missed nights, kills. What must hold on each night
and at the end is ``promises.py`` and ``truth.py``. No test lives here.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import dagster as dg

from connectors.sandbox.faults import (
    AuthReject,
    DuplicateRow,
    EmptyDay,
    Fault,
    PageDrift,
    RateLimit,
    Status,
    TruncatedJson,
)
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.world import VirtualClock, World, five_in_stockholm
from connectors.sandbox.world.brands import LINDHS, SKARGARD, Brand
from okr_models.periods import Window
from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from tests.torture import housework
from tests.torture.alarms import Watch
from tests.torture.book import Book
from tests.torture.clients import (
    EDITS,
    EDITS_OF_ALL,
    ClientFile,
    rename_client,
    rename_source,
    small_world,
    three_clients,
)
from tests.torture.night import Told, run_night, unfed_models
from tests.torture.promises import Broken, Published, broken_promises
from tests.torture.truth import Truth

VENDORS = {
    "plausible": "skargard",
    "mastodon": "skargard",
    "bluesky": "skargard",
    "feed": "skargard",
    "matomo": "lindhs",
}
FAULTS: tuple[Fault, ...] = (
    Status(code=503),
    Status(code=500),
    Status(code=404),
    RateLimit(kind="day"),
    AuthReject(reason="expired"),
    TruncatedJson(),
    PageDrift(),
    DuplicateRow(),
)
EVERY_EXPORT = 12
STATEMENTS_OF_A_NIGHT, STATEMENTS_OF_A_SMALL_NIGHT = 1_400, 900
WHOLE_EACH = 10
"""Each so-many-th seed has all clients and sources, the others a few of them: cheaper, and no trouble hides another."""
VISITORS_A_DAY = 3.0
ROOM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where the homes lie: in memory, where there is such a folder."""


class Killed(BaseException):
    """Stands for kill -9: what the disk holds at this moment is all there is."""


@dataclass
class Story:
    """One seed's year. ``told``: a line for each thing that happened, printed where a promise is broken."""

    seed: int
    home: Home
    server: SandboxServer
    on: frozenset[str]
    day: date
    books: dict[str, Book]
    clients: list[ClientFile]
    began: date
    """Its first night."""
    is_whole: bool = True
    """Whether all clients and sources are in it."""
    told: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """How often each trouble came: edits, faults, lost days, missed nights and kills by their names."""
    lost: dict[str, set[date]] = field(default_factory=dict)
    """Days that a vendor says nothing of for now, and their cure is still to come."""
    watch: Watch = field(default_factory=Watch)
    last_trouble: date | None = None
    again: dict[str, set[date]] = field(default_factory=dict)
    """Days that are read again tonight."""
    nights: int = 0
    killed: int = 0
    compared: int = 0
    """Figures of the end that were compared with the world's."""

    @property
    def restless(self) -> float:
        """A small world has as much trouble a night as a whole one."""
        return 1.0 if self.is_whole else 2.5

    @property
    def types(self) -> set[str]:
        """Of all sources, those that are out of their file for now included."""
        return {str(each["type"]) for file in self.clients for each in (*file.sources, *file.away)}

    @property
    def vendors(self) -> list[str]:
        """Those that answer over HTTP."""
        return [vendor for vendor in VENDORS if vendor in self.types]

    def chance(self, of: str) -> random.Random:
        """This night's chances of one kind: what an earlier night came to changes none."""
        return random.Random(f"{self.seed}/{self.nights}/{of}")

    def say(self, text: str, *, trouble: str) -> None:
        self.told.append(f"{self.day} {text}")
        self.seen[trouble] += 1
        self.last_trouble = self.day

    def hear(self, told: Told) -> None:
        """The alarms of a night that is over."""
        if any(self.lost.values()):
            self.last_trouble = self.day
        sources = sum(len(file.sources) for file in self.clients if file.is_here)
        self.watch.hear(told.failed_checks, day=self.day, sources=sources, last_trouble=self.last_trouble)

    def write_files(self) -> None:
        """Client files and csv files as they stand tonight."""
        for folder in (self.home.clients, self.home.data):
            folder.mkdir(parents=True, exist_ok=True)
        for path in self.home.clients.glob("*.yaml"):
            path.unlink()
        for file in self.clients:
            self.books[file.brand].write(self.home.data, file.brand, self.day)
            if file.is_here:
                (self.home.clients / f"{file.slug}.yaml").write_text(file.text(), encoding="utf-8")


SWITCHES = ("faults", "lost days", "edits", "restated", "missed", "kills", "growing")
"""Beside ``house``, which came later and leaves these as each seed had them."""


@contextmanager
def story_of(seed: int, folder: Path, *, calm: bool = False) -> Iterator[Story]:
    """The beginning of a seed's year, with its sandbox running. ``calm``: with no trouble, whatever the seed says."""
    rng = random.Random(f"{seed}/story")
    switched = frozenset(switch for switch in SWITCHES if rng.random() < 0.7)
    on = frozenset[str]() if calm else switched | ({"house"} if housework.is_done(seed) else set())
    day = date(2026, 1, 10) + timedelta(days=rng.randint(0, 150))
    brands = tuple(_small(brand) for brand in (SKARGARD, LINDHS))
    is_whole = seed % WHOLE_EACH == 0
    world = World(clock=VirtualClock(five_in_stockholm(day)), seed=seed, brands=brands)
    home = Home(folder)
    clients = three_clients(home)
    if not is_whole:
        clients = small_world(clients, random.Random(f"{seed}/world"))
    books = {each.brand: Book(seed, each.brand, restates="restated" in on) for each in clients}
    with SandboxServer(world=world) as server:
        yield Story(
            seed=seed,
            home=home,
            server=server,
            on=on,
            day=day,
            books=books,
            clients=clients,
            began=day,
            is_whole=is_whole,
        )


def _small(brand: Brand) -> Brand:
    return replace(brand, site=replace(brand.site, new_visitors_per_day=VISITORS_A_DAY))


def live(story: Story, nights: int) -> list[Broken]:
    """So many nights, then two quiet ones after all figures have settled; the promises that were broken."""
    environ = story.server.environment()
    before: Published | None = None
    for number in range(nights):
        story.server.set_today(story.day)
        plan, told = _night(story, environ)
        after = Published.of(story.home, story.day)
        _not_found(story, after)
        found = broken_promises(story, before, after, told)
        if plan.is_run_twice and not found:
            after, found = housework.run_again(story, environ, after)
        if found:
            return found
        before = after
        story.day += timedelta(days=_step(story, last=number == nights - 1))
        story.server.faults.clear()
    return _end(story, environ, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a night has before it, its troubles apart. ``kill_at``: the statement before which it is killed first."""

    reread: Window | None
    kill_at: int | None
    without: frozenset[str]
    unselected: frozenset[dg.AssetKey]
    work: housework.Work | None
    is_run_twice: bool


def planned(story: Story) -> Plan:
    """Tonight's edits, faults and lost days, and what the night is to do."""
    for file in story.clients:
        file.renamed, file.moved, file.is_broken = {}, False, False
    if "edits" in story.on and story.nights:
        _edit(story)
    if "faults" in story.on:
        _set_faults(story)
    reread = _lose_days(story) if "lost days" in story.on and story.nights else None
    rng, first = story.chance("kill"), story.nights == 0
    kills = "kills" in story.on and not first and rng.random() < 0.2
    story.seen["kills"] += kills
    plan = Plan(
        reread=reread,
        kill_at=rng.randint(1, STATEMENTS_OF_A_NIGHT if story.is_whole else STATEMENTS_OF_A_SMALL_NIGHT)
        if kills
        else None,
        without=frozenset() if story.nights % EVERY_EXPORT == 3 else frozenset({"publish__exports", "publish__sent"}),
        unselected=frozenset() if first else unfed_models(story.types),
        work=housework.chosen(story) if "house" in story.on and not first else None,
        # a night that reads days again reads no others
        is_run_twice="house" in story.on and not reread and story.chance("twice").random() < housework.RUN_TWICE,
    )
    if plan.work:
        story.seen[plan.work.__name__] += 1
        story.last_trouble = story.day
    story.seen["run twice"] += plan.is_run_twice
    story.nights += 1
    return plan


def rehearsed(seed: int, nights: int) -> Story:
    """A seed's year with all that happens in it and no night run: what its seeds cover is counted so."""
    with tempfile.TemporaryDirectory() as folder, story_of(seed, Path(folder)) as story:
        for number in range(nights):
            planned(story)
            story.day += timedelta(days=_step(story, last=number == nights - 1))
            story.server.faults.clear()
        return story


def _night(story: Story, environ: dict[str, str]) -> tuple[Plan, Told]:
    plan = planned(story)
    if plan.work in housework.BEFORE_FILES:
        story.told.append(f"{story.day} {plan.work(story)}")
    story.write_files()
    if plan.work in housework.AFTER_FILES:
        story.told.append(f"{story.day} {plan.work(story)}")

    def run() -> Told:
        return run_night(
            story.home,
            environ,
            story.day,
            run_id=f"s{story.nights}",
            reread=plan.reread,
            without=plan.without,
            unselected=plan.unselected,
        )

    if plan.kill_at is not None:
        with_kill(story, run, at=plan.kill_at)
    return plan, run()


def _edit(story: Story) -> None:
    rng = story.chance("edits")
    for file in story.clients:
        # one edit a night: what may change is told by what was edited
        if rng.random() < 0.18 * story.restless:
            edit: Callable[[ClientFile, random.Random, date], str] = rng.choice(
                EDITS if file.brand == "nova" else EDITS_OF_ALL
            )
            if "growing" not in story.on and edit in (rename_source, rename_client):
                continue
            if file.is_here or edit.__name__ == "leave_or_return":
                said = edit(file, rng, story.day)
                story.say(f"{file.slug}: {said}", trouble="nothing" if said.startswith("nothing") else edit.__name__)


def _set_faults(story: Story) -> None:
    rng = story.chance("faults")
    for vendor in story.vendors:
        if rng.random() < 0.12 * story.restless:
            fault, calls = rng.choice(FAULTS), rng.choice([None, None, 1, 2, 3])
            story.server.faults.set(vendor=vendor, fault=fault, calls=calls)
            story.say(f"{vendor}: {fault} for {calls or 'all'} calls", trouble=str(fault))


def _lose_days(story: Story) -> Window | None:
    """A vendor says nothing of some days for some nights; later a person has those days read again."""
    rng = story.chance("lost days")
    for vendor in sorted({"plausible", "matomo"} & story.types):
        if vendor not in story.lost and rng.random() < 0.04 * story.restless:
            first = story.day - timedelta(days=rng.randint(1, 4))
            story.lost[vendor] = {first - timedelta(days=n) for n in range(rng.randint(1, 3))}
            story.say(f"{vendor}: lost {sorted(map(str, story.lost[vendor]))}", trouble="lost days")
        elif vendor in story.lost and rng.random() < 0.3:
            days = story.again[vendor] = story.lost.pop(vendor)
            story.say(f"{vendor}: found again, and {min(days)} to {max(days)} read again", trouble="found again")
            for other, others in story.lost.items():
                _set_lost(story, other, others)
            return Window(min(days), max(days))
    for vendor, days in story.lost.items():
        _set_lost(story, vendor, days)
    return None


def _not_found(story: Story, after: Published) -> None:
    """Days stay lost where the vendor did not answer on the night on which they were to be read again."""
    for vendor, days in story.again.items():
        file = next(file for file in story.clients if file.brand == VENDORS[vendor])
        ids = {str(source["id"]) for source in file.sources if source["type"] == vendor}
        ended = {
            load[5] for load in after.loads if load[0] == file.slug and load[1] in ids and load[6] == f"s{story.nights}"
        }
        if "loaded" not in ended or "failed" in ended:
            story.lost[vendor] = days
            story.say(f"{vendor}: not all of {min(days)} to {max(days)} could be read again", trouble="not found")
    story.again.clear()


def _set_lost(story: Story, vendor: str, days: set[date]) -> None:
    for day in sorted(days):
        story.server.faults.set(vendor=vendor, fault=EmptyDay(day=day))


def _step(story: Story, *, last: bool) -> int:
    """Days until the next night."""
    if last:
        return 1
    rng = story.chance("step")
    if "missed" not in story.on:
        return rng.choice([1, 1, 1, 2])
    days = rng.choice([1, 1, 1, 1, 1, 2, 3, 5, 8, 20, 34])
    story.seen["missed nights"] += days > 2
    return days


def with_kill(story: Story, run: Callable[[], Told], *, at: int) -> None:
    """Run the night until its ``at``-th statement, and leave what the disk held then."""
    aside = story.home.root.with_name(f"{story.home.root.name}-killed")
    shutil.rmtree(aside, ignore_errors=True)

    def watched(*args: object, **options: object) -> Connection:
        return Deadly(connect(*args, **options), at, story.home.root, aside)  # type: ignore[arg-type, return-value]

    try:
        with mock.patch("pipelines.resources.connect", watched):
            run()
    except Killed:
        shutil.rmtree(story.home.root)
        aside.rename(story.home.root)
        story.killed += 1
        story.say(f"killed before statement {at}", trouble="kill")


class Deadly:
    """A connection that copies the home before its n-th statement and then ends the night."""

    def __init__(self, con: Connection, at: int, root: Path, aside: Path) -> None:
        self._con, self._left, self._root, self._aside = con, at, root, aside

    def __getattr__(self, name: str) -> object:
        return getattr(self._con, name)

    def execute(self, sql: str, parameters: object = None) -> Connection:
        self._left -= 1
        if self._left == 0:
            shutil.copytree(self._root, self._aside, symlinks=True)
            raise Killed
        return self._con.execute(sql, parameters)

    def close(self) -> None:
        self._con.close()


def _end(story: Story, environ: dict[str, str], before: Published | None) -> list[Broken]:
    """All is healed, every file whole, every lost day read again: then the figures are the truth's."""
    story.server.faults.clear()
    days = [day for lost in story.lost.values() for day in lost]
    story.lost.clear()
    for file in story.clients:
        file.renamed, file.moved, file.is_broken = {}, True, False
        file.sources += file.away
        file.away.clear()
    # days are read again where some are lost; then a night by which every month of before has settled
    nights = [(0, Window(min(days), max(days)))] if days else []
    for step, reread in (*nights, (21, None)):
        story.day += timedelta(days=step)
        story.server.set_today(story.day)
        story.write_files()
        story.nights += 1
        told = run_night(story.home, environ, story.day, run_id=f"end{step}", reread=reread)
        after = Published.of(story.home, story.day)
        found = broken_promises(story, before, after, told)
        if found:
            return found
        before = after
        for file in story.clients:
            file.moved = False
    truth = Truth(story)
    found = truth.differences()
    story.compared = truth.compared
    return found


@contextmanager
def cheaper() -> Iterator[None]:
    """On one core, and without a table's first rows, which Dagster's pages alone show."""
    blank = mock.patch("pipelines.assets.models.preview", return_value={})
    with mock.patch.dict(os.environ, OKR_CORES="1"), blank:
        yield


def run_seed(
    seed: int, nights: int, *, calm: bool = False, say: Callable[[str], None] = print
) -> tuple[Story, list[Broken]]:
    """One seed's year in a folder of its own."""
    room = tempfile.TemporaryDirectory(dir=ROOM)
    with cheaper(), room as folder, story_of(seed, Path(folder) / "home", calm=calm) as story:
        try:
            found = live(story, nights)
        except Exception as error:
            for line in story.told[-40:]:
                say(line)
            say(f"seed {seed}, night {story.nights}: {type(error).__name__}: {error}")
            raise
        return story, found


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulated years by seed")
    parser.add_argument("--nights", type=int, default=300, help="nights in all")
    parser.add_argument("--a-year", type=int, default=30, help="nights of one seed")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong: every alarm is false")
    asked = parser.parse_args()
    # as the command itself does: what was imported is not gone through again and again
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    seed, nights, kills, begun, span, compared = asked.seed, 0, 0, time.process_time(), 0, 0
    watch = Watch()
    while nights < asked.nights:
        story, found = run_seed(seed, min(asked.a_year, asked.nights - nights), calm=asked.calm)
        nights, kills = nights + story.nights, kills + story.killed
        watch.add(story.watch)
        print(f"seed {seed}: {story.nights} nights to {story.day}, {', '.join(sorted(story.on)) or 'calm'}", flush=True)
        if found:
            for line in story.told:
                print(f"  {line}")
            for each in found:
                print(f"BROKEN, seed {seed}, {story.day}: {each}")
            return 1
        seed += 1
        span += 1
        compared += story.compared
    seconds = time.process_time() - begun
    print(f"{nights} nights of {span} seeds, {kills} kills, {compared} figures of the end compared with the world's:"
          f" every promise held ({seconds / nights:.1f} s a night)")  # fmt: skip
    print(watch.told())
    return 0


if __name__ == "__main__":
    sys.exit(main())
