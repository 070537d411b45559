"""Loading the client files of a home folder, so that a broken file stops only its own client.

What belongs here: finding and reading files. What does not: what is right or wrong in one
(``okr_models/client/file.py``).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.catalogue import SETTINGS
from okr_models.client.file import ClientFileErrors, ParsedClient, is_client_file, read_client
from okr_models.client.model import Client
from pipelines.warehouse.home import Home


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in a client file, and what would be right."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A client file that can't be used; its client is left out of the run."""

    client: str
    path: Path
    problems: tuple[FileProblem, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """Each problem as ``file:line: message``."""
        return tuple(f"{self.path.name}:{problem.line}: {problem.message}" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class LoadedClients:
    """What a home folder's client files gave, each part in the order of file names."""

    clients: tuple[Client, ...]
    broken: tuple[BrokenFile, ...]
    known: frozenset[str] = frozenset()
    """Every client that has a file, also those not asked for."""
    unknown: tuple[str, ...] = ()
    """One sentence for each client that was asked for and has no file."""
    parsed: tuple[ParsedClient, ...] = ()
    """The clients again, with where their parts stand in their files."""

    def place(self, client: str, part: Mapping[str, object]) -> str | None:
        """``acme.yaml:31``, where what a row's ids name stands in the client's file; None where it has no file."""
        found = next((one for one in self.parsed if one.client.client == client), None)
        return f"{found.file}:{found.line(*_path(found.client, part))}" if found else None


def load_clients(home: Home, *, only: Sequence[str] = ()) -> LoadedClients:
    """Every client file, or those of ``only``. Raises nothing: what is broken or unknown is in the answer."""
    files = sorted(path for path in home.clients.glob("*") if is_client_file(path.name))
    known = [path.stem for path in files]
    unknown = tuple(_unknown(name, known) for name in only if name not in known)
    parsed: list[ParsedClient] = []
    broken: list[BrokenFile] = []
    for path in files:
        if only and path.stem not in only:
            continue
        loaded = _load(path)
        if isinstance(loaded, ParsedClient):
            parsed.append(loaded)
        else:
            broken.append(loaded)
    clients = tuple(one.client for one in parsed)
    return LoadedClients(clients, tuple(broken), frozenset(known), unknown, tuple(parsed))


def _path(client: Client, part: Mapping[str, object]) -> tuple[str | int, ...]:
    """Where in a file the part stands that a row names by its ids, as far as the file has it."""
    for place, objective in enumerate(client.objectives):
        if objective.id == part.get("objective_id"):
            results = [result.id for result in objective.key_results]
            wanted = part.get("key_result_id")
            below = ("key_results", results.index(str(wanted))) if wanted in results else ()
            return ("objectives", place, *below)
    named: tuple[tuple[str, Sequence[str], str], ...] = (
        ("initiatives", [each.id for each in client.initiatives], "initiative_id"),
        ("sources", [each.id for each in client.sources], "source"),
        ("kpis", [each.id for each in client.kpis], "kpi"),
    )
    for section, ids, name in named:
        if part.get(name) in ids:
            return (section, ids.index(str(part[name])))
    return ()


def _load(path: Path) -> ParsedClient | BrokenFile:
    if path.suffix != ".yaml":
        return _broken(path, FileProblem(1, f"client files end in .yaml; rename it to {path.stem}.yaml"))
    if not path.is_file():
        return _broken(path, FileProblem(1, _no_file(path)))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        return _broken(path, FileProblem(1, f"can't be read: {error.strerror or error}"))
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return _broken(path, FileProblem(line, "is not UTF-8; save it in that encoding"))
    try:
        return read_client(text, file_name=path.name, types=SETTINGS)
    except ClientFileErrors as error:
        return _broken(path, *(FileProblem(item.line, item.message) for item in error.errors))


def _no_file(path: Path) -> str:
    """What stands there instead; a pipe would be waited for, for ever."""
    if path.is_dir():
        return "is a folder; a client file is a text file"
    if path.is_symlink() and not path.exists():
        return f"is a link to {path.readlink()}, which is not there; mend or remove it"
    return "is no file but a pipe, socket or device; a client file is a text file"


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
    return f"no client file for {name!r}; {hint}"


def _broken(path: Path, *problems: FileProblem) -> BrokenFile:
    return BrokenFile(path.stem, path, problems)
