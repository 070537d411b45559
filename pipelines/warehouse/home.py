"""The home folder: where everything of one installation lies.

What belongs here: paths. What does not: reading or writing what lies there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "OKR_HOME"
DAGSTER_VARIABLE = "DAGSTER_HOME"


class OutsideHome(ValueError):
    """A path of a client file leads out of the home folder."""

    def __init__(self, *, path: str, home: Path) -> None:
        super().__init__(f"{path!r} lies outside the home folder {home}; paths are relative to it and inside it")


@dataclass(frozen=True, slots=True)
class Home:
    """One installation's folder."""

    root: Path

    @classmethod
    def resolve(cls, option: str | Path | None, environ: Mapping[str, str]) -> Home:
        """``--home``, else ``OKR_HOME``, else the current folder."""
        chosen = str(option or "") or environ.get(HOME_VARIABLE, "") or "."
        return cls(Path(chosen).expanduser().resolve())

    @property
    def clients(self) -> Path:
        """Folder of the client files."""
        return self.root / "clients"

    @property
    def data(self) -> Path:
        """Folder of csv inputs."""
        return self.root / "data"

    @property
    def checkins(self) -> Path:
        """Folder of the check-ins, one file a client."""
        return self.root / "checkins"

    def checkins_of(self, client: str) -> Path:
        """One client's file of check-ins."""
        return self.checkins / f"{client}.csv"

    @property
    def warehouse(self) -> Path:
        """Folder of the working database and of what guards it."""
        return self.root / "warehouse"

    @property
    def database(self) -> Path:
        """The working database; only the run opens it."""
        return self.warehouse / "okr.duckdb"

    @property
    def is_sharded(self) -> bool:
        """Whether its clients' rows lie in shards (``pipelines/shards``) and not in one working database."""
        return (self.root / "shards" / "plan.state").is_dir()

    @property
    def lock(self) -> Path:
        """The lock file of the run going on."""
        return self.warehouse / "run.lock"

    @property
    def published(self) -> Path:
        """Folder of the published databases."""
        return self.root / "published"

    @property
    def published_database(self) -> Path:
        """The symlink that analysts open."""
        return self.published / "okr.duckdb"

    @property
    def refusal(self) -> Path:
        """Why the last night's marts were refused, while that is so."""
        return self.published / "refused.json"

    @property
    def held_back(self) -> Path:
        """Clients that keep their last good figures, and why."""
        return self.published / "held.json"

    @property
    def exports(self) -> Path:
        """Folder of CSVs and reports, one folder a client."""
        return self.root / "exports"

    def dagster(self, environ: Mapping[str, str]) -> Path:
        """Dagster's own folder: ``DAGSTER_HOME`` if set."""
        chosen = environ.get(DAGSTER_VARIABLE, "")
        return Path(chosen).expanduser().resolve() if chosen else self.root / "dagster"

    def inside(self, path: str) -> Path:
        """``path`` of a client file as a real path. Raises ``OutsideHome``."""
        found = (self.root / path).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise OutsideHome(path=path, home=self.root)
        return found
