"""csv files, in the home folder or behind an address: own KPIs, and history of built-in ones (INTERFACE.md, section 3).

What belongs here: finding the file and failing for it. What does not: the format (``rows.py``), and the rule by
which history is used (MEASURES.md), which is SQL's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.core.arrow import build_table
from connectors.core.doubt import Doubt, qualified
from connectors.core.errors import Misconfigured, NotFound, SourceError
from connectors.core.places import Misplaced, file_of_figures
from connectors.core.protocol import Access, Batch, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import OWN_METRICS
from connectors.core.shape import LARGEST
from connectors.csv.differences import Difference, differences
from connectors.csv.rows import Parsed, ahead, parse, since
from connectors.csv.settings import Csv
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window, local_date

if TYPE_CHECKING:
    from connectors.csv.address import Fetched

SHOWN_PROBLEMS = 10
UNDECIDED = "; neither counts until one of them is mended or taken out"

ROWS = Stream(
    table=OWN_METRICS,
    delivery="listing",
    grain=None,
    zero_by_absence=False,
    api="a file below the home folder, or GET of its address",
    note="",
)


class CsvSource:
    """One file. Read whole each night, so what was taken out of it is gone the next morning."""

    def __init__(self, *, settings: Csv, context: Context) -> None:
        self._settings, self._context = settings, context
        self._fetched: Fetched | None = None

    def zone(self) -> ZoneInfo:
        """The client's."""
        return self._context.client_zone

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """All rows, or ``Misconfigured`` naming every bad line: half a file is never taken for a whole one."""
        parsed = self._parsed()
        if parsed.problems:
            raise self._error(
                Misconfigured, self._listed(parsed), cure="mend these lines; nothing of the file was used"
            )
        missing = sum(row["value"] is None for row in parsed.rows)
        differing = self._differences(parsed)
        doubts = [
            *(
                Doubt(code="rows_differ", what=each.says, days=each.days, kpis=(each.kpi,))
                for each in differing[:SHOWN_PROBLEMS]
            ),
            *self._strange(parsed),
        ]
        return Batch(
            rows=build_table(stream.table, parsed.rows),
            quality=qualified({"empty_values": missing}, doubts, stream=stream.name, covers=None),
            attempts=1 + (self._fetched.retries if self._fetched else 0),
            partly=_shortened([each.says for each in differing]) + UNDECIDED if differing else None,
        )

    def probe(self) -> Probe:
        """Whether the file can be read whole and gainsays no other, and how many rows it has."""
        parsed = self._parsed()
        if problems := self.problems():
            raise self._error(Misconfigured, _shortened(problems), cure="mend these lines")
        details = [self._name(), *(str(doubt) for doubt in self._strange(parsed))]
        figures = build_table(ROWS.table, parsed.rows)
        return Probe(reachable=True, detail=", ".join(details), rows=len(parsed.rows), figures=figures)

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        """A file can be read again."""
        return ()

    def access(self) -> Access:
        """For ever."""
        return Access()

    def close(self) -> None:
        """Give the connection back."""
        if self._fetched is not None:
            self._fetched.close()

    def _name(self) -> str:
        """What the file goes by in a message: its path, or the host and path of its address."""
        if self._settings.path is not None:
            return self._settings.path
        if not isinstance(self._settings.url, str):
            return "the file at url"
        parts = urlsplit(self._settings.url)
        return f"{parts.hostname}{parts.path}"

    def problems(self) -> list[str]:
        """Every bad line and every row that another file gainsays, each as file:line; empty for a good file."""
        parsed = self._parsed()
        name = self._name()
        bad = [f"{name}:{line}: {problem}" for line, problem in sorted(parsed.problems)]
        return bad or [each.says for each in self._differences(parsed)]

    def _strange(self, parsed: Parsed) -> list[Doubt]:
        """Rows of a scope that no source has: history of a channel of its own, or a name that nobody knows.

        And rows of days to come.
        """
        known = self._context.scopes
        found = Counter(str(row["scope"]) for row in parsed.rows if known is not None and row["scope"] not in known)
        strange = [Doubt(code="scope_unknown", quantity=rows, what=scope) for scope, rows in sorted(found.items())]
        return strange + ahead(parsed.rows, local_date(self._context.now, self.zone()))

    def _differences(self, parsed: Parsed) -> list[Difference]:
        """What the client's other csv files say otherwise; one that can't be read is that one's own fault."""
        own = self._name()
        files = {own: parsed}
        for other in self._context.others:
            if isinstance(other, Csv) and other.path is not None and other.path not in files:
                with suppress(SourceError):
                    found = CsvSource(settings=other, context=self._context)._parsed()
                    files[other.path] = found if not found.problems else Parsed()
        return list(differences(own, files)) if len(files) > 1 else []

    def _parsed(self) -> Parsed:
        """What the file gives from the source's ``start`` on."""
        whole = self._parsed_from_address() if self._settings.path is None else self._parsed_from(self._settings.path)
        return since(whole, self._settings.start)

    def _parsed_from(self, written: str) -> Parsed:
        try:
            path = file_of_figures(written, home=self._context.home)
        except Misplaced as misplaced:
            problem, cure = str(misplaced), misplaced.cure
            raise self._error(Misconfigured, problem, cure=cure) from None
        kind: type[SourceError]
        try:
            return parse(
                lines_of(path),
                name=written,
                kpis=self._context.kpis,
                own=self._context.own_kpis,
                scopes=self._context.scopes,
                renamed=self._context.renamed_scopes,
            )
        except FileNotFoundError:
            kind, detail, cure = NotFound, "there is no such file", "put it there, or mend path in the client file"
        except UnicodeDecodeError as error:
            kind, detail = Misconfigured, f"byte {error.start} is not UTF-8"
            cure = "save it as CSV UTF-8 in the spreadsheet program"
        except OSError as error:
            kind, detail, cure = Misconfigured, error.strerror or "cannot be read", "name a file that can be read"
        raise self._error(kind, detail, cure=cure)

    def _parsed_from_address(self) -> Parsed:
        given = self._settings.url
        url = given if isinstance(given, str) else self._context.secret("url")
        if not isinstance(given, str):
            self._context.redact.add(url)
        # what a file needs, and okr validate, is no HTTP
        from connectors.csv.address import fetched

        self._fetched = self._fetched or fetched(
            self._context, source=self._settings.id, url=url, attempted=f"reading {self._name()}"
        )
        try:
            return parse(
                self._fetched.lines(),
                name=self._name(),
                kpis=self._context.kpis,
                own=self._context.own_kpis,
                scopes=self._context.scopes,
                renamed=self._context.renamed_scopes,
            )
        except UnicodeDecodeError as error:
            problem = f"byte {error.start} is not UTF-8"
        raise self._error(Misconfigured, problem, cure="save it as CSV UTF-8 where it is made")

    def _listed(self, parsed: Parsed) -> str:
        name, problems = self._name(), sorted(parsed.problems)
        count = "1 bad line" if len(problems) == 1 else f"{len(problems)} bad lines"
        return f"{count}; {_shortened([f'{name}:{line}: {problem}' for line, problem in problems])}"

    def _error(self, kind: type[SourceError], detail: str, *, cure: str) -> SourceError:
        return kind(
            client=self._context.client,
            source=self._settings.id,
            attempted=f"reading {self._name()}",
            detail=detail,
            cure=cure,
        )


def _shortened(problems: Sequence[str]) -> str:
    rest = len(problems) - SHOWN_PROBLEMS
    return "; ".join([*problems[:SHOWN_PROBLEMS], *([f"and {rest} more"] if rest > 0 else [])])


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file, one at a time, so that its size does not matter; UTF-8, or UTF-16 as Excel saves it."""
    with path.open("rb") as raw:
        wide = raw.read(2) in {b"\xff\xfe", b"\xfe\xff"}
    with path.open(encoding="utf-16" if wide else "utf-8", newline="") as text:
        yield from text


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one file."""
    assert isinstance(settings, Csv)  # noqa: S101 - the registry pairs settings and builders by type
    return CsvSource(settings=settings, context=context)


CSV = SourceType(
    settings=Csv,
    streams=(ROWS,),
    build=build,
    day_boundary="as written in the file",
    vendor_url=None,
    docs="Whatever the file holds: own KPIs, and history from before any source was connected.",
    limits=f"Values up to {LARGEST:.0e}; one bad line and nothing of the file is used.",
    library="Python's own csv",
)
