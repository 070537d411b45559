"""Typed access to a vendor's JSON: every value is asked for with its type, and a wrong shape names its place.

What belongs here: reading parsed JSON. What does not: HTTP, or what a vendor's field means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import overload

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

LARGEST = 1e15
"""No amount, duration or position is larger: a number that is would make figures that nobody can write."""
_SHOWN = 60
_WHOLE = re.compile(r"(-?[0-9]{1,30})(?:[.]0+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadShape(ValueError):
    """A reply that is not shaped as documented; ``BaseSource.read`` makes a ``BadReply`` of it."""

    def __init__(self, *, path: str, wanted: str, found: object) -> None:
        self.path, self.found = path, found
        shown = "nothing" if found is None else repr(found)
        super().__init__(f"{path or 'the reply'} should be {wanted}, found {shown[:_SHOWN]}")


class Node:
    """One value in a reply with the path to it. Missing and null are the same; no value is ever made up.

    ``place`` is the path, or the node above and the name or number in it: a path is put into words only where it is
    told, as there are a million values for each that is wrong.
    """

    __slots__ = ("_place", "value")

    def __init__(self, value: Json, place: str | tuple[Node, str | int] = "") -> None:
        self.value, self._place = value, place

    @property
    def path(self) -> str:
        """Where in the reply it is, such as ``rows[3].keys``; empty for the reply itself."""
        if isinstance(self._place, str):
            return self._place
        above, step = self._place
        if isinstance(step, int):
            return f"{above.path}[{step}]"
        return f"{above.path}.{step}" if above.path else step

    def __contains__(self, name: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def __getitem__(self, name: str) -> Node:
        """The field of an object; a missing one is a node of None."""
        if not isinstance(self.value, dict):
            raise BadShape(path=self.path, wanted="an object", found=self.value)
        return Node(self.value.get(name), (self, name))

    def __iter__(self) -> Iterator[Node]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise BadShape(path=self.path, wanted="a list", found=self.value)
        for index, item in enumerate(self.value):
            yield Node(item, (self, index))

    def items(self) -> Iterator[tuple[str, Node]]:
        """The fields of an object."""
        if not isinstance(self.value, dict):
            raise BadShape(path=self.path, wanted="an object", found=self.value)
        for name in self.value:
            yield name, self[name]

    def each(self, name: str, *, or_empty: bool = False) -> list[Node]:
        """A list field; a missing one is empty only where the vendor documents that it leaves empty lists out."""
        field = self[name]
        return [] if or_empty and field.value is None else list(field)

    @overload
    def text(self, name: str) -> str: ...
    @overload
    def text(self, name: str, default: str) -> str: ...
    @overload
    def text(self, name: str, default: None) -> str | None: ...
    def text(self, name: str, default: str | type[BadShape] | None = BadShape) -> str | None:
        """A text field. Without a default it must be there."""
        field = self[name]
        if isinstance(field.value, str):
            return field.value
        if field.value is None and not isinstance(default, type):
            return default
        raise BadShape(path=field.path, wanted="a text", found=field.value)

    @overload
    def whole(self, name: str) -> int: ...
    @overload
    def whole(self, name: str, default: int) -> int: ...
    @overload
    def whole(self, name: str, default: None) -> int | None: ...
    def whole(self, name: str, default: int | type[BadShape] | None = BadShape) -> int | None:
        """A whole number, also as text or written 3.0. A default is for what the vendor documents as left out."""
        field = self[name]
        if field.value is None and not isinstance(default, type):
            return default
        return as_whole(field)

    @overload
    def number(self, name: str) -> float: ...
    @overload
    def number(self, name: str, default: float) -> float: ...
    @overload
    def number(self, name: str, default: None) -> float | None: ...
    def number(self, name: str, default: float | type[BadShape] | None = BadShape) -> float | None:
        """A finite number, also one written as text."""
        field = self[name]
        if field.value is None and not isinstance(default, type):
            return default
        return as_number(field)

    def instant(self, name: str, *, naive_is_utc: bool = False) -> datetime:
        """An ISO 8601 instant in UTC; one without offset is refused unless the vendor means UTC by it."""
        return as_instant(self.text(name), path=self[name].path, naive_is_utc=naive_is_utc)

    def millis(self, name: str) -> datetime:
        """Milliseconds since 1970 as an instant in UTC."""
        try:
            return datetime.fromtimestamp(self.whole(name) / 1000, tz=UTC)
        except (OverflowError, OSError, ValueError) as error:
            raise BadShape(path=self[name].path, wanted="milliseconds since 1970", found=self[name].value) from error


def as_text(node: Node) -> str:
    """The node as a text."""
    if isinstance(node.value, str):
        return node.value
    raise BadShape(path=node.path, wanted="a text", found=node.value)


def as_whole(node: Node) -> int:
    """The node as a whole number."""
    value = node.value
    if isinstance(value, str) and (written := _WHOLE.fullmatch(value)):
        return int(written.group(1))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise BadShape(path=node.path, wanted="a whole number", found=value)


def as_number(node: Node) -> float:
    """The node as a finite number, of at most ``LARGEST``."""
    value = node.value
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number) and abs(number) <= LARGEST:
            return number
    raise BadShape(path=node.path, wanted="a finite number", found=value)


def as_day(node: Node) -> date:
    """``2026-11-01`` as a day."""
    value = node.value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise BadShape(path=node.path, wanted="a day as YYYY-MM-DD", found=value)


def as_instant(text: str, *, path: str = "", naive_is_utc: bool = False) -> datetime:
    """ISO 8601 text (``Z``, ``+0000`` and ``+00:00`` alike) as an instant in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadShape(path=path, wanted="an ISO 8601 instant", found=text) from error
    if moment.tzinfo is None:
        if not naive_is_utc:
            raise BadShape(path=path, wanted="an instant with its offset", found=text)
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadShape(path=path, wanted="an instant of the calendar", found=text) from error
