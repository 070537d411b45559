"""Which tables of models stay as they are: those that, tested, are what their SQL would make of what there is now.

A model and its tests are functions of the tables that they read, and of no clock and no chance (a test holds that). So
where what they read is what it was when a table was made and passed every one of its tests, making it again would give
the same rows, and testing it the same answer. Nobody is believed about that: what is read and the table itself are
looked at each night, row by row, by a fingerprint of all their columns. What belongs here: these fingerprints, and the
note of what a table rested on. What does not: making and testing (``refusals.py``), and what changed within a table
(``models/incremental.py``). The notes are kept in schema ``cache``: dropping them loses time only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256

import duckdb

from pipelines.warehouse.checks.declared import checks_of, failing_rows_sql
from pipelines.warehouse.checks.refusals import Audit
from pipelines.warehouse.checks.run import CheckOutcome
from pipelines.warehouse.db import Connection, quote, transaction
from pipelines.warehouse.models.project import Model, Project
from pipelines.warehouse.models.runner import ModelResult
from pipelines.warehouse.models.schema_yml import canonical_type

MOST_ROWS = 50_000
"""A table with more is not looked at: it has a new day nearly every night, and then it was read for nothing."""

Place = tuple[str, str]
Shape = tuple[tuple[str, str], ...]


class Unchanged:
    """What one step's models rest on. Made before the step; from then on nobody else writes what they read."""

    def __init__(self, con: Connection, project: Project, models: Collection[Model]) -> None:
        self._con, self._project = con, project
        self._checks = {model.name: checks_of(model) for model in models}
        places = {place for model in models for place in (_place(model), *self._read(model))}
        self._shapes = _shapes(con, places)
        self._contents = _contents(con, self._shapes)
        self._noted = _notes(con)
        self._new: dict[Place, tuple[str, str]] = {}

    def audit(self, model: Model) -> Audit | None:
        """Of a table that stays as it is: every test passes, as it did. None where it has to be made."""
        place = _place(model)
        content, noted = self._contents.get(place), self._noted.get(place)
        if content is None or noted is None or self._shapes[place] != _documented(model):
            return None
        if noted != (content, self._rests_on(model)):
            return None
        rows = int(content.partition(" ")[0])
        return Audit(
            outcomes=tuple(
                CheckOutcome(model=check.model, name=check.name, severity=check.severity, passed=True)
                for check in self._checks[model.name]
            ),
            result=ModelResult(model=model.name, rows=rows, derived=0, seconds=0.0),
        )

    def made(self, model: Model, audit: Audit, *, of_all: bool = True) -> None:
        """Take note of a table that was made and tested.

        ``of_all``: it was made of what the model reads and of nothing else. One that failed a test, were it a warning,
        is made and tested again the next night.
        """
        if audit.result is None:  # what was there before still is
            return
        place = _place(model)
        self._contents.pop(place, None)
        if audit.result.rows <= MOST_ROWS:
            self._contents |= _contents(self._con, [place])
        content, rests_on = self._contents.get(place), self._rests_on(model)
        passed = all(outcome.passed for outcome in audit.outcomes) and not audit.held
        if of_all and passed and content is not None and rests_on is not None:
            self._new[place] = (content, rests_on)

    def keep(self) -> None:
        """Write down what was noted."""
        if not self._new:
            return
        rows = [[*place, *note] for place, note in sorted((self._noted | self._new).items())]
        with transaction(self._con):
            self._con.execute("delete from cache.model_notes")
            self._con.execute(
                "insert into cache.model_notes select unnest(?), unnest(?), unnest(?), unnest(?)",
                [list(column) for column in zip(*rows, strict=True)],
            )

    def _rests_on(self, model: Model) -> str | None:
        """One fingerprint of the SQL of the model and of its tests, and of all rows that these read."""
        contents = [(place, self._contents.get(place)) for place in self._read(model)]
        if any(content is None for _, content in contents):
            return None
        tests = [
            failing_rows_sql(check, model=model, project=self._project, table="checked", previous="before")
            for check in self._checks[model.name]
        ]
        said = [(column.name, column.data_type, column.description) for column in model.columns]
        asked = (duckdb.__version__, model.sql, model.grain, model.description, said, tests, contents)
        return sha256(repr(asked).encode()).hexdigest()

    def _read(self, model: Model) -> list[Place]:
        others = {*model.refs, *(name for check in self._checks[model.name] for name in check.refs)} - {model.name}
        return sorted({*model.sources, *(_place(self._project.model(name)) for name in others)})


def _place(model: Model) -> Place:
    return model.schema, model.name


def _documented(model: Model) -> Shape:
    return tuple((column.name, column.data_type) for column in model.columns)


def _shapes(con: Connection, places: Collection[Place]) -> dict[Place, Shape]:
    """Columns and types of each of the tables that there is and that is not too large."""
    rows = con.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns() inner join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = current_database() and estimated_size <= ?
        order by schema_name, table_name, column_index
        """,
        [MOST_ROWS],
    ).fetchall()
    found: dict[Place, list[tuple[str, str]]] = {}
    for schema, table, column, data_type in rows:
        found.setdefault((schema, table), []).append((column, canonical_type(data_type)))
    return {place: tuple(shape) for place, shape in found.items() if place in places}


def _contents(con: Connection, places: Iterable[Place]) -> dict[Place, str]:
    """Of each of the tables how many rows it has, and one number for what they say."""
    asked = sorted(places)
    parts = [
        f"select {number}, count(*), sum(hash(*columns(*))) from {quote(schema)}.{quote(name)}"  # noqa: S608 - quoted
        for number, (schema, name) in enumerate(asked)
    ]
    rows = con.execute(" union all ".join(parts)).fetchall() if parts else []
    return {asked[number]: f"{count} {of_rows}" for number, count, of_rows in rows}


def _notes(con: Connection) -> dict[Place, tuple[str, str]]:
    con.execute("create schema if not exists cache")
    con.execute(
        "create table if not exists cache.model_notes (schema_name varchar not null, table_name varchar not null,"
        " content varchar not null, rests_on varchar not null)"
    )
    rows = con.execute("select schema_name, table_name, content, rests_on from cache.model_notes").fetchall()
    return {(schema, table): (content, rests_on) for schema, table, content, rests_on in rows}
