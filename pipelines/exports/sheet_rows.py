"""A sheet's rows as XML, written as xlsxwriter writes them and three times as fast: most of an export was this.

xlsxwriter takes each cell on its own, checks it, keeps it and comes back to it. Here a whole row becomes text at once,
with the library's own tables of strings and formats, so that the file has the same bytes; a test compares them. What
belongs here: cells' XML, and the names that xlsxwriter keeps to itself. What does not: what a cell shows
(``workbook.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

BLOCK = 16
"""Rows that share the attribute ``spans``."""

Cell = tuple[Literal["n", "s", "b"], Any, str | None]
"""A number, a text or a truth; its value; the name of its format."""


class RowsSheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose rows below the first are given at once."""

    def __init__(self) -> None:
        super().__init__()
        self._given: list[tuple[int, int, str]] = []
        """Of each row below the first: its first and last place with a cell, and the cells. Without any: -1, -1."""

    def give_rows(self, rows: Sequence[Sequence[Cell | None]], formats: Mapping[str, Any]) -> None:
        """Put them below the first one, which is written already, in the format ``head``."""
        # strings and formats are numbered in the order in which the file has them
        styles = {"head": formats["head"]._get_xf_index()}
        number_of = self.str_table._get_shared_string_index
        letters = [xl_col_to_name(place) for place in range(max(map(len, rows), default=0))]
        for line, row in enumerate(rows, start=1):
            first, last, text = -1, -1, list[str]()
            for place, cell in enumerate(row):
                if cell is None:
                    continue
                first, last = (place if first < 0 else first), place
                kind, value, form = cell
                style = ""
                if form is not None:
                    if form not in styles:
                        styles[form] = formats[form]._get_xf_index()
                    style = f' s="{styles[form]}"'
                begun = f'<c r="{letters[place]}{line + 1}"{style}'
                if kind == "n":
                    text.append(f"{begun}><v>{value:.16G}</v></c>")
                elif kind == "s":
                    text.append(f'{begun} t="s"><v>{number_of(value)}</v></c>')
                else:
                    text.append(f'{begun} t="b"><v>{value:d}</v></c>')
            self._given.append((first, last, "".join(text)))
            if first >= 0:
                self._check_dimensions(line, first)
                self._check_dimensions(line, last)

    def _calculate_spans(self) -> None:
        spans: dict[int, tuple[int, int]] = {}
        for line, (first, last, _) in enumerate([(0, max(self.table[0], default=-1), ""), *self._given]):
            if 0 <= first <= last:
                low, high = spans.get(line // BLOCK, (first, last))
                spans[line // BLOCK] = (min(low, first), max(high, last))
        self.row_spans = {block: f"{low + 1}:{high + 1}" for block, (low, high) in spans.items()}

    def _write_rows(self) -> None:
        last: int = self.dim_rowmax
        self.dim_rowmax: int = 0
        super()._write_rows()
        self.dim_rowmax = last
        self.fh.writelines(
            f'<row r="{line + 1}" spans="{self.row_spans[line // BLOCK]}">{cells}</row>'
            for line, (first, _, cells) in enumerate(self._given, start=1)
            if first >= 0
        )
