"""What is wrong in a client file, each with its line: ``clients/x.yaml:12: what is wrong and what would be right``.

What belongs here: the error that readers of client files raise. What does not: finding the errors.
"""

from __future__ import annotations

import re
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
        self.errors: tuple[FileError, ...] = _in_brief(sorted(set(errors)))
        super().__init__("\n".join(str(error) for error in self.errors))


MOST_OF_A_KIND, MOST_SHOWN = 10, 5
"""Errors that say the same of many lines: so many are told, of more only a few and how many they are."""
_VARIES = re.compile(r'"[^"]*"')


def _in_brief(errors: list[FileError]) -> tuple[FileError, ...]:
    """All errors, but of a kind that fills the screen the first few and their number."""
    kinds: dict[str, list[FileError]] = {}
    for error in errors:
        kinds.setdefault(_VARIES.sub("", error.message, count=1), []).append(error)
    merged: list[FileError] = []
    for found in kinds.values():
        if len(found) <= MOST_OF_A_KIND:
            merged += found
            continue
        merged += found[:MOST_SHOWN]
        rest = found[MOST_SHOWN:]
        what = f"and {len(rest)} more like it, to line {rest[-1].line}"
        merged.append(FileError(rest[0].file, rest[0].line, what))
    return tuple(sorted(merged))
