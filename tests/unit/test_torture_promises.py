"""The promises of simulated years see what breaks them: each is shown figures that do, and figures that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipelines.warehouse.home import Home
from tests.torture.clients import ClientFile
from tests.torture.night import Told
from tests.torture.promises import Published, broken_promises
from tests.torture.years import Story

MAY, NIGHT = date(2026, 5, 1), date(2026, 6, 20)
KEY = ("nova", "orders", "all", MAY)
FILE = ClientFile("nova", "nova", [{"id": "months", "type": "csv"}], [{"id": "orders", "kpi": "orders", "target": 9}])
RESULT = {"as_of": NIGHT, "notes": None, "kind": "flow", "status": "on_track"}


def published(value: float | None, **changed: Any) -> Published:
    found = Published(
        day=NIGHT,
        months={KEY: {"value": value, "is_closed": True, "note": None, "note_codes": None}},
        days={},
        results={("nova", "orders"): RESULT},
        grown={"key_result_progress": {(1,)}},
        loads=[],
    )
    return replace(found, **changed)


def told_of(tmp_path: Path, before: Published, after: Published, file: ClientFile = FILE) -> set[str]:
    story = SimpleNamespace(home=Home(tmp_path), lost={}, clients=[file], day=NIGHT, hear=lambda told: None)
    return {each.promise for each in broken_promises(cast(Story, story), before, after, Told())}


def test_a_night_like_the_one_before_breaks_nothing(tmp_path: Path) -> None:
    assert told_of(tmp_path, published(100.0), published(100.0)) == set()
    assert told_of(tmp_path, published(100.0), published(100.9)) == set()


@pytest.mark.parametrize(
    ("after", "promise"),
    [
        (published(0.0), "no figure is zero by absence"),
        (published(None), "a closed month stays"),
        (published(100.0, months={}), "a closed month stays"),
        (published(90.0), "a restated month is noted"),
        (published(100.0, grown={"key_result_progress": set()}), "results only grow"),
        (published(100.0, days={("nova", "calls", "all", date(2026, 6, 21)): 3.0}), "nothing is of a day to come"),
    ],
)
def test_what_breaks_a_promise_is_named(tmp_path: Path, after: Published, promise: str) -> None:
    assert promise in told_of(tmp_path, published(100.0), after)


def test_a_restated_month_with_a_note_breaks_nothing(tmp_path: Path) -> None:
    noted = RESULT | {"notes": "restated since: May 2026 (at most -10%)"}
    assert told_of(tmp_path, published(100.0), published(90.0, results={("nova", "orders"): noted})) == set()


def test_a_month_whose_posts_came_of_age_unread_may_have_no_figure_but_says_why(tmp_path: Path) -> None:
    """Seed 110: three of six posts of May were younger than 28 days on 19 June, and the next night was on 23 July."""

    def month(value: float | None, code: str) -> Published:
        row = {"value": value, "is_closed": True, "note": code, "note_codes": [{"code": code}]}
        return published(value, months={KEY: row})

    waited_for = month(17.64, "posts_maturing")
    assert told_of(tmp_path, waited_for, month(None, "posts_counted")) == set()
    assert told_of(tmp_path, waited_for, month(None, "median")) == {"a closed month stays"}
    assert told_of(tmp_path, month(17.64, "median"), month(None, "posts_counted")) == {"a closed month stays"}


def test_a_broken_file_must_leave_all_as_it_was(tmp_path: Path) -> None:
    broken = replace(FILE, is_broken=True)
    written(tmp_path, "client: nova\nobjectives: [\n")
    found = told_of(tmp_path, published(100.0), published(100.5), broken)
    assert found == {"a broken file costs its client nothing"}
    assert told_of(tmp_path, published(100.0), published(100.0), broken) == set()


def test_a_file_is_refused_where_it_is_broken_and_nowhere_else(tmp_path: Path) -> None:
    written(tmp_path, "client: nova\nobjectives: [\n")
    assert told_of(tmp_path, published(100.0), published(100.0)) == {"a sound file is read"}
    written(tmp_path, "client: nova\nname: Nova\n")
    broken = replace(FILE, is_broken=True)
    assert told_of(tmp_path, published(100.0), published(100.0), broken) == {"a broken file is refused"}


def written(root: Path, text: str) -> None:
    (root / "clients").mkdir(exist_ok=True)
    (root / "clients" / f"{FILE.slug}.yaml").write_text(text, encoding="utf-8")
