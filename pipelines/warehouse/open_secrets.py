"""Files with secrets that everybody on this machine may read: named by ``okr validate``, refused by a night.

What belongs here: which files a client's settings name, and their mode. What does not: reading them
(``connectors/core/secrets.py``).
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping

from connectors.core.errors import Misconfigured
from connectors.core.secrets import inside_home
from okr_models.client.model import Client
from okr_models.client.sources import FileRef, SourceSettings
from pipelines.warehouse.home import Home


def is_open(reference: object, *, home: Home) -> bool:
    """Whether what a client file names is a file that everybody may read; what is not there is not."""
    if not isinstance(reference, FileRef):
        return False
    path = inside_home(reference, home=home.root)
    try:
        return path is not None and path.is_file() and bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def told(name: str) -> str:
    """What is wrong with it, and the cure."""
    return f"everybody on this machine may read {name}; chmod 600 {name}"


def open_secrets(home: Home, client: Client) -> list[str]:
    """A line for each such file of a client's sources, and of the addresses that its reports go to."""
    named: dict[str, str] = {}
    for whose, references in _references(client):
        for reference in references.values():
            if isinstance(reference, FileRef) and is_open(reference, home=home):
                named.setdefault(reference.file, whose)
    return [f"{client.client}/{whose}: {told(name)}" for name, whose in sorted(named.items())]


def refuse_open(settings: SourceSettings, *, home: Home, client: str) -> None:
    """Raise ``Misconfigured`` for a source whose secret lies open."""
    for field, reference in settings.secrets().items():
        if isinstance(reference, FileRef) and is_open(reference, home=home):
            raise Misconfigured(
                client=client,
                source=settings.id,
                attempted=f"reading {field}",
                detail=f"everybody on this machine may read {reference.file}",
                cure=f"chmod 600 {reference.file}; okr run --lax-secrets goes on all the same",
            )


def _references(client: Client) -> Iterator[tuple[str, Mapping[str, object]]]:
    for source in client.sources:
        yield source.id, dict(source.secrets())
    for sending in client.send:
        targets = (*sending.to, *sending.preview_to)
        yield "send", {str(place): target for place, target in enumerate(targets)}
