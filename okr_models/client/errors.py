"""What is wrong in a client file, each with its line: ``clients/x.yaml:12: what is wrong and what would be right``.

What belongs here: the error that readers of client files raise. What does not: finding the errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class FileError:
    """One error (or warning) at one line."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ClientFileErrors(ValueError):
    """Every error of one client file, in the order of their lines."""

    def __init__(self, errors: Iterable[FileError]) -> None:
        self.errors: tuple[FileError, ...] = tuple(sorted(set(errors)))
        super().__init__("\n".join(str(error) for error in self.errors))
