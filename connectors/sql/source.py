"""A client's database: figures by day or month from one read-only statement (INTERFACE.md, section 3).

What belongs here: sending it and turning its rows into figures by the rules of csv files. What does not: which text
may be sent (``statement.py``), the session (``engine.py``), what a driver's error means (``errors.py``).
Tested against PostgreSQL, MariaDB and SQLite; others that SQLAlchemy has a dialect for are not tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.core.arrow import Row, build_table
from connectors.core.doubt import Doubt, qualified
from connectors.core.errors import BadReply, Misconfigured, SourceError
from connectors.core.protocol import Access, Batch, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import OWN_METRICS
from connectors.core.shape import LARGEST
from connectors.csv.rows import KNOWN, BadCell, ahead, header_problem, is_since, row_of
from connectors.sql.settings import Sql
from connectors.sql.statement import NotARead, checked, select
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window, local_date

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

MOST_ROWS = 1_000_000
AT_ONCE = 10_000
SHOWN_PROBLEMS = 10
_SINGLE_COLON = re.compile(r"(?<!:):(?!:)")
_DAY_AS_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

FIGURES = Stream(
    table=OWN_METRICS,
    delivery="listing",
    grain=None,
    zero_by_absence=False,
    api="the query, or a select over the table",
    note="",
)


class SqlSource:
    """One query. Sent whole each night, as a database restates its past without a word."""

    def __init__(self, *, settings: Sql, context: Context) -> None:
        self._settings, self._context = settings, context

    def zone(self) -> ZoneInfo:
        """The client's: the session's days are set to it."""
        return self._context.client_zone

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """All rows, or an error naming every bad one: half an answer is never taken for a whole one."""
        rows, problems, fixed_offset = self._rows()
        if problems:
            count = "1 bad row" if len(problems) == 1 else f"{len(problems)} bad rows"
            rest = len(problems) - SHOWN_PROBLEMS
            listed = [*problems[:SHOWN_PROBLEMS], *([f"and {rest} more"] if rest > 0 else [])]
            raise self._error(
                Misconfigured, "; ".join([count, *listed]), cure="mend the query; nothing of its answer was used"
            )
        missing = sum(row["value"] is None for row in rows)
        return Batch(
            rows=build_table(stream.table, rows),
            quality=qualified(
                {"empty_values": missing} | ({"fixed_offset": True} if fixed_offset else {}),
                [
                    *([Doubt(code="fixed_offset")] if fixed_offset else []),
                    *ahead(rows, local_date(self._context.now, self.zone())),
                ],
                stream=stream.name,
                covers=None,
            ),
        )

    def probe(self) -> Probe:
        """Whether it answers with rows that can be used, and how many."""
        rows, problems, _ = self._rows()
        if problems:
            raise self._error(Misconfigured, f"{len(problems)} bad rows; {problems[0]}", cure="mend the query")
        figures = build_table(FIGURES.table, rows)
        return Probe(reachable=True, detail=self._backend(), rows=len(rows), figures=figures)

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        """A database can be asked again."""
        return ()

    def access(self) -> Access:
        """Until somebody changes the password; databases do not say."""
        return Access()

    def close(self) -> None:
        """Nothing is held open."""

    def _backend(self) -> str:
        return self._url().get_backend_name()

    def _url(self) -> URL:
        from connectors.sql.engine import BadAddress, address

        written = self._context.secret("url")
        try:
            url = address(written, home=self._context.home)
        except BadAddress as error:
            raise self._error(Misconfigured, f"url {error}", cure="set the variable or file that url names") from None
        if isinstance(url.password, str):
            self._context.redact.add(url.password)
        return url

    def _statement(self, backend: str) -> str:
        if self._settings.table is not None and self._settings.columns is not None:
            return select(self._settings.table, self._settings.columns, backend=backend)
        try:
            return checked(self._settings.query or "", backend=backend)
        except NotARead as error:
            raise self._error(Misconfigured, f"the query was not sent: {error}", cure="mend query") from None

    def _rows(self) -> tuple[list[Row], list[str], bool]:
        from sqlalchemy.exc import SQLAlchemyError

        from connectors.sql.engine import BadAddress, NoDriver, engine_of, reading
        from connectors.sql.errors import error_of

        url, seconds = self._url(), self._settings.timeout_seconds
        statement = self._statement(url.get_backend_name())
        try:
            engine = engine_of(url, zone=self.zone(), timeout_seconds=seconds)
            with reading(engine, zone=self.zone(), timeout_seconds=seconds, now=self._context.now) as session:
                rows, problems = self._figures(session.connection, statement)
                return rows, problems, session.has_fixed_offset
        except NoDriver as error:
            raise self._error(Misconfigured, "its driver is not installed", cure=str(error)) from None
        except BadAddress as error:
            raise self._error(Misconfigured, f"url {error}", cure="mend the address") from None
        except (SQLAlchemyError, OSError) as error:
            kind, detail, cure = error_of(error, url=url, seconds=seconds)
            raise self._error(kind, self._context.redact(detail), cure=cure) from None

    def _figures(self, connection: Connection, statement: str) -> tuple[list[Row], list[str]]:
        from sqlalchemy import text

        asked = _SINGLE_COLON.sub(r"\\:", statement)  # a colon of the query's own is no parameter
        values: dict[str, int] = {}
        if connection.dialect.name == "postgresql":
            # with a bound value the server itself takes one statement only
            asked = f"select * from (\n{asked}\n) as figures limit :most"  # noqa: S608 - proved to be one read
            values = {"most": MOST_ROWS + 1}
        streamed = connection.execution_options(stream_results=True, yield_per=AT_ONCE)
        result = streamed.execute(text(asked), values)
        names = [name.strip().lower() for name in tuple(result.keys())]
        if wrong := header_problem(names):
            raise self._error(
                Misconfigured, f"its columns: {wrong}", cure=f"name them in the query: {', '.join(KNOWN)}"
            )
        rows: list[Row] = []
        problems: list[str] = []
        seen: dict[tuple[object, ...], int] = {}
        for number, values_of in self._numbered(part for chunk in result.partitions() for part in chunk):
            try:
                cells = [_cell(name, value, self.zone()) for name, value in zip(names, values_of, strict=True)]
                row = row_of(
                    names,
                    cells,
                    decimals="point",
                    kpis=self._context.kpis,
                    own=self._context.own_kpis,
                    scopes=self._context.scopes,
                    renamed=self._context.renamed_scopes,
                )
            except BadCell as bad:
                problems.append(f"row {number}: {bad}")
                continue
            key = (row["kpi"], row["scope"], row["grain"], row["period_start"])
            if key in seen:
                problems.append(f"row {number}: {row['kpi']} of {row['period_start']} again, first in row {seen[key]}")
                continue
            seen[key] = number
            if is_since(row, self._settings.start):
                rows.append(row)
        return rows, problems

    def _numbered(self, rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[int, tuple[object, ...]]]:
        for number, row in enumerate(rows, start=1):
            if number > MOST_ROWS:
                raise self._error(BadReply, f"more than {MOST_ROWS} rows", cure="group by day or month in the query")
            yield number, row

    def _error(self, kind: type[SourceError], detail: str, *, cure: str | None) -> SourceError:
        return kind(
            client=self._context.client,
            source=self._settings.id,
            attempted="reading the database",
            detail=detail,
            cure=cure,
        )


def _cell(name: str, value: object, zone: ZoneInfo) -> str:
    """A database's value as the text that a csv cell would hold, so that one set of rules reads both."""
    if value is None:
        return ""
    if isinstance(value, bool | bytes | memoryview | timedelta):
        raise BadCell(f"{name} is {type(value).__name__}, which is neither number, text nor date; cast it in the query")
    if isinstance(value, datetime):
        value = (value.astimezone(zone) if value.tzinfo else value).date()
    if isinstance(value, date):
        value = value.isoformat()
    # SQLite has no dates, and MySQL's date_format gives text: a day in writing is the day that it says
    if name == "month" and isinstance(value, str) and _DAY_AS_TEXT.fullmatch(value.strip()):
        if not value.strip().endswith("-01"):
            raise BadCell(f"month {value} is not a month's first day; group by month in the query, or use column date")
        return value.strip()[:7]
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise BadCell(f"{name} is {value}, which is no number; leave such rows out")
        return format(value, "f")
    return repr(value) if isinstance(value, float) else str(value).strip()


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one query."""
    assert isinstance(settings, Sql)  # noqa: S101 - the registry pairs settings and builders by type
    return SqlSource(settings=settings, context=context)


SQL = SourceType(
    settings=Sql,
    streams=(FIGURES,),
    build=build,
    day_boundary="the client's zone: the session's time zone is set to it",
    vendor_url=None,
    docs="Whatever the database holds: own KPIs, and history from before any source was connected.",
    limits=f"One read-only statement of at most {MOST_ROWS:,} rows and `timeout_seconds`; values up to {LARGEST:.0e}.",
    library="sqlalchemy",
)
