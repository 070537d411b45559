"""What must hold on every night of a simulated year, seen in the published database alone. No test lives here.

No figure is zero because something is absent; no closed month changes without a word; a broken file and a client that
is gone lose nothing; nothing that only grows shrinks; nothing is of a day to come; nobody is held back.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.held_back import held_back
from pipelines.warehouse.home import Home
from tests.torture.clients import ClientFile
from tests.torture.night import Told

if TYPE_CHECKING:
    from tests.torture.years import Story

NOTED_FROM = 0.01
Key = tuple[str, str, str, date]
Row = dict[str, Any]
GROWING = ("key_result_progress", "objective_progress", "key_result_items", "forecast_scores")
ADDED_UP = ("sessions", "page_views", "unique_visitors", "followers", "orders", "members", "calls")
"""KPIs of which the world has no month at zero once its sources are there."""
OF_TWO_SOURCES = ("page_views_per_blog_post", "seconds_per_blog_post")
"""Of a blog's source, and counted by a web source."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One promise that did not hold."""

    promise: str
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


@dataclass(frozen=True, slots=True)
class Published:
    """One night's published figures."""

    day: date
    months: dict[Key, Row]
    days: dict[Key, float]
    results: dict[tuple[str, str], Row]
    grown: dict[str, set[tuple[Any, ...]]]
    loads: list[tuple[Any, ...]]

    @classmethod
    def of(cls, home: Home, day: date) -> Published:
        """As an analyst opens it."""
        with closing(duckdb.connect(str(home.published_database.resolve()), read_only=True)) as con:
            con.execute("set timezone = 'UTC'")
            months = _rows(con, "select * from marts.kpi_monthly")
            days = _rows(con, "select client, kpi, scope, day, value from marts.kpi_daily")
            results = _rows(con, "select * from marts.key_result_latest")
            grown = {name: set(con.execute(f"select * from marts.{name}").fetchall()) for name in GROWING}
            loads = con.execute(
                "select client, source, stream, window_end, started_at, status, run_id from ops.loads order by rowid"
            ).fetchall()
        return cls(
            day=day,
            months={(row["client"], row["kpi"], row["scope"], row["month"]): row for row in months},
            days={(row["client"], row["kpi"], row["scope"], row["day"]): row["value"] for row in days},
            results={(row["client"], row["key_result_id"]): row for row in results},
            grown=grown,
            loads=loads,
        )


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    answer = con.execute(sql)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def broken_promises(story: Story, before: Published | None, after: Published, told: Told) -> list[Broken]:
    """All that does not hold of tonight's figures, given last night's."""
    found = [Broken("nobody is held back", each.line) for each in held_back(story.home)]
    found += _refused(story)
    found += _zeros(story, after)
    found += _to_come(after)
    if before is not None:
        found += _shrunk(before, after)
        for file in story.clients:
            found += _kept(file, before, after) if file.is_broken else _closed(file, before, after)
    story.hear(told)
    return found


def _refused(story: Story) -> list[Broken]:
    """A file is refused on the nights on which it is broken, and on no other: the rig writes no other fault into it."""
    broken = {f"{file.slug}.yaml" for file in story.clients if file.is_broken and file.is_here}
    faults = {each.path.name: "; ".join(each.errors) for each in load_clients(story.home).broken}
    odd = [Broken("a sound file is read", said) for name, said in sorted(faults.items()) if name not in broken]
    return odd + [Broken("a broken file is refused", name) for name in sorted(broken - faults.keys())]


def _zeros(story: Story, after: Published) -> list[Broken]:
    lost = {day for days in story.lost.values() for day in days}
    found = [
        Broken("no figure is zero by absence", f"{key} is 0: {row['note']}")
        for key, row in after.months.items()
        if row["value"] == 0
        and row["is_closed"]
        and key[1] in ADDED_UP
        and _of_sources(key)
        and not _was_zero(story, key)
    ]
    found += [
        Broken("no figure is zero by absence", f"{key} is 0")
        for key, value in after.days.items()
        if value == 0
        and key[3] not in lost
        and key[1] in ("sessions", "page_views", "calls", "followers")
        and _of_sources(key)
        and not _was_zero(story, key)
    ]
    return found[:5]


def _of_sources(key: Key) -> bool:
    """Of all, a source or a platform: a channel or an event may well have none."""
    return key[2].partition("=")[0] in ("all", "source", "platform")


def _was_zero(story: Story, key: Key) -> bool:
    """Whether the world truly had none: a day without a visit, an account not yet there."""
    from tests.torture.truth import is_zero

    return is_zero(story, key)


def _to_come(after: Published) -> list[Broken]:
    found = [Broken("nothing is of a day to come", str(key)) for key in after.days if key[3] > after.day]
    found += [
        Broken("nothing is of a day to come", f"{key}: {row['as_of']}")
        for key, row in after.results.items()
        if row["as_of"] > after.day
    ]
    return found[:5]


def _shrunk(before: Published, after: Published) -> list[Broken]:
    found = []
    for name, rows in before.grown.items():
        lost = rows - after.grown[name]
        if name == "forecast_scores":
            # reached early, scored then: whether the final value lay in the interval is known after the period
            lost -= {(*row[:-1], None) for row in after.grown[name]}
        if lost:
            found.append(Broken("results only grow", f"{name} lost {len(lost)} rows"))
    return found


def _kept(file: ClientFile, before: Published, after: Published) -> list[Broken]:
    """Of a client whose file is broken all stays as it was."""
    was = {key: row["value"] for key, row in before.months.items() if key[0] == file.slug}
    now = {key: row["value"] for key, row in after.months.items() if key[0] == file.slug}
    if was == now:
        return []
    odd = [f"{key}: {was.get(key)} is {now.get(key)}" for key in sorted(was.keys() | now.keys(), key=str)
           if was.get(key) != now.get(key)]  # fmt: skip
    return [Broken("a broken file costs its client nothing", line) for line in odd[:5]]


def _closed(file: ClientFile, before: Published, after: Published) -> list[Broken]:
    """Closed months stay as they were, or the key results that rest on them say what changed."""
    if not file.is_here:
        return []
    here = {str(each["id"]) for each in file.sources}
    found: list[Broken] = []
    moved: dict[str, list[tuple[Key, float, float]]] = defaultdict(list)
    for key, row in before.months.items():
        if key[0] != file.slug or not row["is_closed"] or row["value"] is None:
            continue
        scope = _scope_now(key[2], file.renamed)
        if scope.startswith("source=") and scope.removeprefix("source=") not in here:
            continue  # it left the file
        if file.moved and (not scope.startswith("source=") or key[1] in OF_TWO_SOURCES):
            continue
        new = after.months.get((key[0], key[1], scope, key[3]))
        if new is None or new["value"] is None or not new["is_closed"]:
            if new is not None and _came_of_age_unread(row, new):
                continue
            said = "no row" if new is None else f"value {new['value']}, closed {new['is_closed']}, {new['note']}"
            found.append(Broken("a closed month stays", f"{key} was {row['value']}: {said}"))
        elif abs(new["value"] - row["value"]) > NOTED_FROM * abs(row["value"]):
            moved[key[1]].append(((key[0], key[1], scope, key[3]), row["value"], new["value"]))
    return found[:5] + _unsaid(file, moved, after)


def _came_of_age_unread(row: Row, new: Row) -> bool:
    """Posts that the month had told it still waited for were 28 days old while nobody ran a night, and it says so."""
    return "posts_maturing" in _codes(row) and "posts_counted" in _codes(new) and bool(new["is_closed"])


def _codes(row: Row) -> set[str]:
    return {note["code"] for note in row["note_codes"] or ()}


def _scope_now(scope: str, renamed: dict[str, str]) -> str:
    kind, _, name = scope.partition("=")
    return f"{kind}={renamed.get(name, name)}" if kind == "source" else scope


def _unsaid(file: ClientFile, moved: dict[str, list[tuple[Key, float, float]]], after: Published) -> list[Broken]:
    """Changes that no key result over these months tells of."""
    found = []
    for result in file.results:
        kpi = result.get("kpi")
        row = after.results.get((file.slug, str(result["id"])))
        # this year's months; its first two sides are those that every measure rests on
        changed = [each for each in moved.get(str(kpi), ()) if each[0][2] == "all" and each[0][3] >= date(2026, 1, 1)]
        if not changed or row is None or row["as_of"] != after.day or "restated since" in (row["notes"] or ""):
            continue
        if row["kind"] == "stock" or row["status"] in ("too_early", "cannot_be_judged"):
            continue  # it rests on the newest figure alone, or on none
        found.append(Broken("a restated month is noted", f"{result['id']}: {changed[:2]}, notes: {row['notes']}"))
    return found
