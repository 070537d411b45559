"""Google Sheets: one tab's figures, by the rules of csv files (API2.md, section I).

By the API cells come as the sheet holds them: numbers, and dates as days since 1899-12-30. By a link they come as
they are shown, in the sheet's locale. A number that stands there as text, and can be read in two ways, is refused.
What belongs here: fetching, and turning a tab into the cells that a csv file would have. What does not: those rules
(``csv/rows.py``), what an error of Google's means (``google/errors.py``). Assumed: that a link which is not shared
leads to a page to sign in at, with 200.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import zip_longest
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.core.arrow import Row, build_table
from connectors.core.budget import Limit
from connectors.core.doubt import qualified
from connectors.core.errors import BadReply, Misconfigured, NotFound, SourceError
from connectors.core.http import Http, claims_towards
from connectors.core.protocol import Access, Batch, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import OWN_METRICS
from connectors.core.shape import LARGEST, BadShape, Json, Node
from connectors.csv.address import Fetched, fetched
from connectors.csv.rows import KNOWN, BadCell, ahead, asked, given, header_problem, is_since, parse, question, row_of
from connectors.sheet.settings import Sheet, export_path, gid_of, spreadsheet_id
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window, local_date

API, LINKS = "https://sheets.googleapis.com", "https://docs.google.com"
SCOPES = ("https://www.googleapis.com/auth/spreadsheets.readonly",)
A_USER, A_PROJECT = Limit(60, 60.0), Limit(300, 60.0)
"""Reads: https://developers.google.com/workspace/sheets/api/limits."""
DAY_ZERO = date(1899, 12, 30)
SHOWN_PROBLEMS = 10
MOST_COLUMNS = "Z"

ROWS = Stream(
    table=OWN_METRICS,
    delivery="listing",
    grain=None,
    zero_by_absence=False,
    api="GET /v4/spreadsheets/{id}/values:batchGet, or the link's csv",
    note="",
)
Problems = list[tuple[int, str]]


class SheetSource:
    """One tab. Read whole each night, so what was taken out of it is gone the next morning."""

    def __init__(self, *, settings: Sheet, context: Context) -> None:
        self._settings, self._context = settings, context
        self._link: Fetched | None = None
        self._http: Http | None = None

    def zone(self) -> ZoneInfo:
        """The client's: a sheet's dates have no time."""
        return self._context.client_zone

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """All rows, or ``Misconfigured`` naming every bad one: half a sheet is never taken for a whole one."""
        tab, rows, problems = self._rows()
        if problems:
            raise self._error(
                Misconfigured, _listed(tab, problems), cure="mend these rows; nothing of the tab was used"
            )
        rows = [row for row in rows if is_since(row, self._settings.start)]
        missing = sum(row["value"] is None for row in rows)
        later = ahead(rows, local_date(self._context.now, self.zone()))
        return Batch(
            rows=build_table(stream.table, rows),
            quality=qualified({"empty_values": missing}, later, stream=stream.name, covers=None),
            attempts=self._retries() + 1,
        )

    def probe(self) -> Probe:
        """Whether the tab can be read whole, and how many rows it has."""
        figures = self.read(ROWS, None).rows
        return Probe(reachable=True, detail=self._attempted(), rows=figures.num_rows, figures=figures)

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        """A sheet can be read again."""
        return ()

    def access(self) -> Access:
        """For as long as it is shared."""
        return Access()

    def close(self) -> None:
        """Give the connections back."""
        for each in (self._link, self._http):
            if each is not None:
                each.close()

    def _retries(self) -> int:
        return (self._link.retries if self._link else 0) + (self._http.retries if self._http else 0)

    def _written(self) -> str:
        """The spreadsheet's link or id, from the file or the secret that it names."""
        given = self._settings.spreadsheet
        return given if isinstance(given, str) else self._context.secret("spreadsheet")

    def _rows(self) -> tuple[str, list[Row], Problems]:
        if self._settings.credentials is None:
            return self._by_link()
        try:
            return self._by_api()
        except BadShape as shape:
            problem = str(shape)
        raise self._error(BadReply, problem, cure=None)

    def _by_link(self) -> tuple[str, list[Row], Problems]:
        written = self._written()
        url = (self._context.base_url or LINKS) + export_path(written, self._settings.tab)
        if self._link is None:
            self._link = fetched(self._context, source=self._settings.id, url=url, attempted="reading the sheet")
        tab = self._settings.tab or f"gid {gid_of(written, None) or 0}"
        try:
            parsed = parse(
                self._link.lines(),
                name=tab,
                kpis=self._context.kpis,
                own=self._context.own_kpis,
                scopes=self._context.scopes,
                renamed=self._context.renamed_scopes,
                decimals="either",
            )
        except UnicodeDecodeError as error:
            problem = f"byte {error.start} is not UTF-8"
        else:
            return tab, parsed.rows, parsed.problems
        raise self._error(BadReply, problem, cure=None)

    def _by_api(self) -> tuple[str, list[Row], Problems]:
        from connectors.google.auth import Bearer, key_token
        from connectors.google.errors import classifier

        written, source = self._written(), self._settings.id
        token = key_token(self._context, source=source, field="credentials", scopes=SCOPES)
        if self._http is None:
            base_url = self._context.base_url or API
            bearer = Bearer(self._context, source=source, token=token)
            self._http = Http(
                context=self._context,
                source=source,
                base_url=base_url,
                classify=classifier(
                    now=self._context.now,
                    api="Google Sheets API",
                    auth_cure=token.cure,
                    permission_cure=f"share the spreadsheet with {token.email}, as Viewer",
                ),
                authorize=bearer,
                renew=bearer.renew,
                secrets=[self._context.secret("credentials")],
                claims=claims_towards(base_url, token.counted_by(user=A_USER, project=A_PROJECT)),
            )
        path = f"/v4/spreadsheets/{quote(spreadsheet_id(written), safe='')}"
        tab = self._tab(self._http, path, gid_of(written, self._settings.tab))
        quoted = "'" + tab.replace("'", "''") + "'"
        reply = self._http.get_json(
            f"{path}/values:batchGet",
            attempted=self._attempted(),
            params={
                "ranges": f"{quoted}!A1:{MOST_COLUMNS}",
                "majorDimension": "ROWS",
                "valueRenderOption": "UNFORMATTED_VALUE",
                "dateTimeRenderOption": "SERIAL_NUMBER",
            },
        )
        ranges = reply.each("valueRanges")
        lines = [list(line) for line in ranges[0].each("values", or_empty=True)] if ranges else []
        rows, problems = self._figures(lines)
        return tab, rows, problems

    def _tab(self, http: Http, path: str, gid: str | None) -> str:
        """The tab's title: as written, else the one with that number, else the first."""
        about = http.get_json(
            path,
            attempted=self._attempted(),
            params={"fields": "properties(timeZone,locale),sheets.properties(sheetId,title)"},
        )
        tabs = [
            (sheet["properties"].whole("sheetId", 0), sheet["properties"].text("title"))
            for sheet in about.each("sheets")
        ]
        titles = [title for _, title in tabs]
        wanted = self._settings.tab
        if wanted in titles:
            return wanted
        if gid is not None and (not wanted or wanted == gid):
            wanted = next((title for number, title in tabs if str(number) == gid), None)
            if wanted is not None:
                return wanted
            wanted = f"gid {gid}"
        if wanted is None and titles:
            return titles[0]
        raise self._error(
            NotFound,
            f"there is no tab {wanted}; tabs: {', '.join(titles) or 'none'}",
            cure="mend tab in the client file; it may have been renamed",
        )

    def _figures(self, lines: list[list[Node]]) -> tuple[list[Row], Problems]:
        """Rows of figures; a sheet leaves out empty cells at the end of a row, and empty rows at its end."""
        header = [str(cell.value or "").strip().lower() for cell in lines[0]] if lines else []
        while header and not header[-1]:
            header.pop()
        if not header:
            return [], [(1, "the tab is empty; it needs a header such as date,kpi,value")]
        if wrong := header_problem(header):
            return [], [(1, wrong)]
        rows: list[Row] = []
        problems: Problems = []
        seen: dict[tuple[object, ...], tuple[int, Row]] = {}
        for number, line in enumerate(lines[1:], start=2):
            values = [cell.value for cell in line]
            while len(values) > len(header) and values[-1] in ("", None):
                values.pop()
            if all(value in ("", None) for value in values):
                continue
            try:
                cells = [_cell(name, value) for name, value in _padded(header, values)]
                row = row_of(
                    header,
                    cells,
                    decimals="either",
                    kpis=self._context.kpis,
                    own=self._context.own_kpis,
                    scopes=self._context.scopes,
                    renamed=self._context.renamed_scopes,
                )
            except BadCell as bad:
                problems.append((number, str(bad)))
                continue
            first, known = seen.setdefault(question(row), (number, row))
            if known is row:
                rows.append(row)
            elif known != row:
                problems.append((number, f"{asked(row)} is {given(row)} here and {given(known)} first in row {first}"))
        return rows, problems

    def _attempted(self) -> str:
        tab = f", tab {self._settings.tab}" if self._settings.tab else ""
        given = self._settings.spreadsheet
        name = spreadsheet_id(given) if isinstance(given, str) and self._settings.credentials else "the spreadsheet"
        return f"reading {name}{tab}"

    def _error(self, kind: type[SourceError], detail: str, *, cure: str | None) -> SourceError:
        return kind(
            client=self._context.client,
            source=self._settings.id,
            attempted=self._attempted(),
            detail=self._context.redact(detail),
            cure=cure,
        )


def _padded(header: list[str], values: list[Json]) -> Iterator[tuple[str, Json]]:
    """Each cell with its column's name; cells beyond the header keep none and are refused by their number."""
    yield from ((name or "", value) for name, value in zip_longest(header, values))


def _cell(name: str, value: Json) -> str:
    """A cell as the text that a csv file would hold, so that one set of rules reads both."""
    if value is None:
        return ""
    if isinstance(value, bool):
        raise BadCell(f"{name} is {'TRUE' if value else 'FALSE'}, which is no figure; empty the cell")
    if isinstance(value, int | float) and name in {"date", "month"}:
        try:
            day = DAY_ZERO + timedelta(days=int(value))
        except OverflowError:
            raise BadCell(f"{name} {value} is no date") from None
        if name == "month" and day.day != 1:
            raise BadCell(f"month {day} is not a month's first day; write it like 2026-03, or use the column date")
        return day.isoformat()[:7] if name == "month" else day.isoformat()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < LARGEST else _decimal(value)
    return str(value).strip()


def _decimal(value: float) -> str:
    """A number that the sheet holds, told from one written as text: its point parts decimals, as the exponent shows."""
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _listed(tab: str, problems: Problems) -> str:
    lines = [f"{tab}, row {number}: {problem}" for number, problem in sorted(problems)[:SHOWN_PROBLEMS]]
    rest = len(problems) - SHOWN_PROBLEMS
    count = "1 bad row" if len(problems) == 1 else f"{len(problems)} bad rows"
    return "; ".join([count, *lines, *([f"and {rest} more"] if rest > 0 else [])])


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one tab."""
    assert isinstance(settings, Sheet)  # noqa: S101 - the registry pairs settings and builders by type
    return SheetSource(settings=settings, context=context)


SHEET = SourceType(
    settings=Sheet,
    streams=(ROWS,),
    build=build,
    day_boundary="as written in the sheet",
    vendor_url=API,
    docs="Whatever the tab holds: own KPIs, and history from before any source was connected.",
    limits=(
        f"Columns {', '.join(KNOWN)}, left of column {MOST_COLUMNS}; one bad row and nothing of the tab is used. A"
        " published link is some minutes behind the sheet. 60 reads a minute and user, 300 a minute and project; a"
        " night takes two."
    ),
    library="requests, google-auth",
)
