"""Whether what a source delivered may replace what is there: schema, missing values, unique keys, the window's bounds.

The one gate of a batch: only a ``CheckedBatch`` can be written, and making one is the check. What belongs here: checks
on one batch, before anything is deleted. What does not: the write (``writer.py``) and checks that need other rows (data
tests of the models).
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from connectors.core.protocol import Batch, Stream
from connectors.core.raw_tables import RawTable
from okr_models.periods import Window

if TYPE_CHECKING:
    import pyarrow as pa


class BadBatch(ValueError):
    """A source delivered rows that break their table's contract; nothing was written."""

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(f"rows for {table} can't be written: {problem}; what was there stays")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBatch:
    """A batch that passed the checks of its table. Making one is the check: raises ``BadBatch``."""

    stream: Stream
    batch: InitVar[Batch]
    window: Window
    """What the ledger says was read; rows of a ``window`` stream must lie inside and replace all that is there."""
    rows: pa.Table = field(init=False)
    """In the table's own column order and types."""
    said: Batch = field(init=False)
    """The batch as it came: how far a list reaches, what it names without a row, its replies."""

    def __post_init__(self, batch: Batch) -> None:
        table = self.stream.table
        rows = _typed(table, batch.rows)
        _require_values(table, rows)
        _require_unique(table, rows)
        if self.stream.delivery == "window" and table.time_column is not None:
            _require_inside(table, rows, self.window)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "said", batch)

    @property
    def table(self) -> RawTable:
        """Where its rows go."""
        return self.stream.table


def _typed(table: RawTable, rows: pa.Table) -> pa.Table:
    import pyarrow as pa

    schema = table.arrow_schema()
    given, wanted = set(rows.column_names), set(schema.names)
    if given != wanted or len(rows.column_names) != len(wanted):
        lacking, unknown = sorted(wanted - given), sorted(given - wanted)
        raise BadBatch(table=table.name, problem=f"columns lacking: {lacking}, unknown or twice: {unknown}")
    # nullability is checked below with a better message than a failing cast gives
    loose = pa.schema([field.with_nullable(True) for field in schema])
    try:
        return rows.select(schema.names).cast(loose, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise BadBatch(table=table.name, problem=f"wrong type: {error}") from error


def _require_values(table: RawTable, rows: pa.Table) -> None:
    import pyarrow.compute as pc

    for column in table.columns:
        values = rows.column(column.name)
        if not column.nullable and values.null_count:
            raise BadBatch(table=table.name, problem=f"{values.null_count} rows without {column.name}")
        if column.type == "DOUBLE" and not pc.all(pc.is_finite(values), min_count=0).as_py():
            raise BadBatch(table=table.name, problem=f"{column.name} holds NaN or infinity")
        # met here, one source fails; met by a mart's check, the night of every client would
        if column.never_below_zero and (least := pc.min(values).as_py()) is not None and least < 0:
            raise BadBatch(table=table.name, problem=f"{column.name} is {least:g} in one of them")


def _require_unique(table: RawTable, rows: pa.Table) -> None:
    distinct = rows.select(table.key).group_by(list(table.key), use_threads=False).aggregate([]).num_rows
    if distinct != rows.num_rows:
        raise BadBatch(
            table=table.name, problem=f"{rows.num_rows - distinct} rows repeat a key ({', '.join(table.key)})"
        )


def _require_inside(table: RawTable, rows: pa.Table, window: Window) -> None:
    import pyarrow.compute as pc

    if rows.num_rows == 0:
        return
    bounds = pc.min_max(rows.column(table.time_column)).as_py()
    if bounds["min"] < window.start or bounds["max"] > window.end:
        raise BadBatch(
            table=table.name,
            problem=f"{bounds['min']} to {bounds['max']} reach outside the window {window.start} to {window.end}",
        )
