"""Rest.li 2.0 as LinkedIn speaks it: query values with records and lists, whose structure is in the raw characters.

What belongs here: parsing ``(key:value,…)``, ``List(a,b)`` and plain values, percent-decoded leaf by leaf. What does
not: any resource. Source: linkedin.github.io/rest.li/spec/protocol (URL encoding of version 2.0.0).
"""

from __future__ import annotations

from urllib.parse import unquote

Value = str | list["Value"] | dict[str, "Value"]


class RestliSyntaxError(ValueError):
    """A value that is not Rest.li 2.0: unbalanced, or its structure percent-encoded."""


class _Reader:
    """Reads one value from its raw text."""

    def __init__(self, raw: str) -> None:
        self.raw, self.at = raw, 0

    def value(self) -> Value:
        if self.raw.startswith("List(", self.at):
            self.at += 5
            return self._list()
        if self.raw.startswith("(", self.at):
            self.at += 1
            return self._record()
        return self._leaf()

    def _leaf(self) -> str:
        begin = self.at
        while self.at < len(self.raw) and self.raw[self.at] not in "(),":
            if self.raw[self.at] == "'":
                raise RestliSyntaxError(f"unencoded quote in {self.raw!r}")
            self.at += 1
        leaf = self.raw[begin : self.at]
        if ":" in leaf:
            raise RestliSyntaxError(f"unencoded colon in {leaf!r}")
        return unquote(leaf)

    def _list(self) -> list[Value]:
        items: list[Value] = []
        if self._ends():
            return items
        while True:
            items.append(self.value())
            if self._ends():
                return items
            self._comma()

    def _record(self) -> dict[str, Value]:
        record: dict[str, Value] = {}
        if self._ends():
            return record
        while True:
            colon = self.raw.find(":", self.at)
            if colon < 0:
                raise RestliSyntaxError(f"a record without a colon: {self.raw!r}")
            key = unquote(self.raw[self.at : colon])
            self.at = colon + 1
            record[key] = self.value()
            if self._ends():
                return record
            self._comma()

    def _ends(self) -> bool:
        if self.at < len(self.raw) and self.raw[self.at] == ")":
            self.at += 1
            return True
        return False

    def _comma(self) -> None:
        if self.at >= len(self.raw) or self.raw[self.at] != ",":
            raise RestliSyntaxError(f"expected a comma or a closing bracket at {self.at} of {self.raw!r}")
        self.at += 1


def parse_value(raw: str) -> Value:
    """One query value, or raises ``RestliSyntaxError``."""
    reader = _Reader(raw)
    value = reader.value()
    if reader.at != len(raw):
        raise RestliSyntaxError(f"left over at {reader.at} of {raw!r}")
    return value


def parse_query(raw: str) -> dict[str, Value]:
    """All values of a query string, by name."""
    pairs = (part.partition("=") for part in raw.split("&") if part)
    return {unquote(name): parse_value(value) for name, _, value in pairs}
