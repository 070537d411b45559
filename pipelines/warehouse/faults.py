"""What goes wrong for one client of a night: whose it is, so that the others need not wait for it.

What belongs here: telling one client's trouble from trouble with the whole, and collecting it. What does not: what
follows from it (``checks/by_client.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

OF_ITS_ROWS = (duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError)
"""What DuckDB raises for what a statement says or a row holds; all else it raises is about the file or the machine."""
STOPPED = "Query interrupted"
"""How DuckDB tells, as a RuntimeError, of a signal that came while it was at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFault:
    """One client could not be judged. ``part``: ids of what was at hand (objective_id, key_result_id, …)."""

    client: str
    error: Exception
    part: Mapping[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The error in one line."""
        at = "/".join(self.part.values())
        said = " ".join(f"{type(self.error).__name__}: {self.error}".rstrip(": ").split())
        return f"{at}: {said}" if at else said


class ClientFaults(RuntimeError):
    """Clients that could not be judged; whoever catches it undoes the change and makes it again without them."""

    def __init__(self, faults: Mapping[str, ClientFault]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(f"{fault.client}: {fault.reason}" for fault in self.faults.values()))


class Faults:
    """The faults of one step, the first of each client."""

    def __init__(self) -> None:
        self._found: dict[str, ClientFault] = {}

    @contextmanager
    def of(self, client: str, **part: str) -> Iterator[None]:
        """What goes wrong inside is this client's. ``ClientFaults`` at once where DuckDB ended the transaction."""
        try:
            yield
        except ClientFaults:
            raise
        except Exception as error:
            if _is_of_the_whole(error):
                raise
            self._found.setdefault(client, ClientFault(client=client, error=error, part=part))
            if isinstance(error, duckdb.Error):
                raise ClientFaults(self._found) from error

    def __contains__(self, client: str) -> bool:
        return client in self._found

    def raise_any(self) -> None:
        """Raises ``ClientFaults`` where there are any."""
        if self._found:
            raise ClientFaults(self._found) from next(iter(self._found.values())).error


def _is_of_the_whole(error: Exception) -> bool:
    if isinstance(error, duckdb.Error):
        return not isinstance(error, OF_ITS_ROWS)
    return isinstance(error, OSError | MemoryError) or STOPPED in str(error)


def reason_of(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
