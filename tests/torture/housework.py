"""What whoever minds the machine does between two nights: backups put back, folders moved, files away. No test here.

None of it may show in a figure. What each does is told, as every trouble of a simulated year is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from pipelines.warehouse.backup import back_up, put_back
from pipelines.warehouse.home import Home
from tests.torture.night import run_night, unfed_models
from tests.torture.promises import Broken, Published

if TYPE_CHECKING:
    from tests.torture.years import Story

CHANCE, RUN_TWICE = 0.3, 0.1
"""Of a night that some of it is done before, and that it is run twice."""


def restored(story: Story) -> str:
    """The home goes on from a backup of itself, in another folder."""
    file, old = story.home.root.with_name("backup.tar.gz"), story.home.root
    file.unlink(missing_ok=True)
    back_up(story.home, file, now=datetime(2026, 1, 1, tzinfo=UTC))
    story.home = Home(_another(old))
    put_back(file, story.home.root)
    shutil.rmtree(old)
    return "the home was put back from its backup"


def moved(story: Story) -> str:
    """The home's folder has another name."""
    old, story.home = story.home.root, Home(_another(story.home.root))
    old.rename(story.home.root)
    return "the home's folder was moved"


def unpublished(story: Story) -> str:
    """What was published is gone: the working database has all of it."""
    shutil.rmtree(story.home.published)
    return "the published folder was removed"


def without_exports(story: Story) -> str:
    """Exports, Dagster's folder and what is kept to save work are gone."""
    for folder in (story.home.exports, story.home.root / "dagster", story.home.root / "state"):
        shutil.rmtree(folder, ignore_errors=True)
    return "exports, dagster and state were removed"


def file_away(story: Story) -> str:
    """A csv file is not there tonight, as on a disk that was not mounted."""
    rng = story.chance("which file")
    path = rng.choice(sorted(story.home.data.glob("*.csv")))
    path.unlink()
    return f"{path.name} is away tonight"


def nothing_of_a_file(story: Story) -> str:
    """A csv file is empty tonight: its writer was stopped after opening it."""
    path = story.chance("which file").choice(sorted(story.home.data.glob("*.csv")))
    path.write_text("", encoding="utf-8")
    return f"{path.name} is empty tonight"


Work = Callable[["Story"], str]
BEFORE_FILES: tuple[Work, ...] = (restored, moved, unpublished, without_exports)
AFTER_FILES: tuple[Work, ...] = (file_away, nothing_of_a_file)


def is_done(seed: int) -> bool:
    """Whether a seed's year has any of it."""
    return Random(f"{seed}/house").random() < 0.7


def chosen(story: Story) -> Work | None:
    """What is done before tonight."""
    rng = story.chance("housework")
    return rng.choice((*BEFORE_FILES, *AFTER_FILES)) if rng.random() < CHANCE else None


def run_again(story: Story, environ: dict[str, str], first: Published) -> tuple[Published, list[Broken]]:
    """The same night once more, by hand: it says the same, where each source could be read both times."""
    story.told.append(f"{story.day} the night is run twice")
    run = f"s{story.nights}"
    run_night(
        story.home,
        environ,
        story.day,
        run_id=f"{run}-again",
        without=frozenset({"publish__exports", "publish__sent"}),
        unselected=unfed_models(story.types),
    )
    again = Published.of(story.home, story.day)
    if any(load[5] == "failed" for load in again.loads if load[6] in (run, f"{run}-again")):
        return again, []
    found = [f"{name}: {sorted(map(str, again.grown[name] ^ rows))[:2]}" for name, rows in first.grown.items()
             if again.grown[name] != rows]  # fmt: skip
    found += [f"{key}: {row['value']} is {again.months.get(key, {}).get('value')}" for key, row in first.months.items()
              if again.months.get(key, {}).get("value") != row["value"]]  # fmt: skip
    return again, [Broken("a night run twice says the same twice", line) for line in found[:5]]


def _another(root: Path) -> Path:
    return root.with_name("home-b" if root.name == "home" else "home")
