"""What is wrong in a client's csv files, for ``okr validate``: no source is asked, no secret is needed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.core.errors import SourceError
from connectors.core.places import Misplaced, file_of_figures
from connectors.core.protocol import Context
from connectors.csv.rows import ahead, is_ahead, parse
from connectors.csv.settings import Csv
from connectors.csv.source import CsvSource, lines_of
from okr_models.client.model import Client
from okr_models.periods import local_date
from pipelines.warehouse.home import Home

SHOWN_PROBLEMS = 20


def csv_problems(client: Client, *, home: Home, now: datetime) -> list[str]:
    """What is wrong in the csv files of one client, as file:line; one that is not there yet is no error here."""
    found: dict[str, None] = {}
    for settings in client.sources:
        if not isinstance(settings, Csv) or settings.path is None:
            continue
        context = Context(
            client=client.client,
            client_zone=ZoneInfo(client.timezone),
            now=now,
            home=home.root,
            secret=str,
            base_url=None,
            kpis=client.kpi_ids(),
            own_kpis=client.own_kpi_ids(),
            scopes=client.scopes(),
            others=client.sources,
        )
        try:
            problems = CsvSource(settings=settings, context=context).problems()
        except SourceError as error:
            problems = [] if error.error_class == "not_found" else [f"{settings.path}: {error.detail}; {error.cure}"]
        rest = len(problems) - SHOWN_PROBLEMS
        found |= dict.fromkeys(problems[:SHOWN_PROBLEMS])
        if rest > 0:
            found[f"{settings.path}: and {rest} more"] = None
    return list(found)


def csv_warnings(client: Client, *, home: Home, now: datetime | None = None) -> list[str]:
    """Rows that nothing uses: of a client's own KPI in another file than ``kpis`` names, and after ``now``."""
    today = local_date(now, ZoneInfo(client.timezone)) if now else date.max
    feeds = {own.id: own.source for own in client.kpis}
    found = []
    for settings in client.sources:
        if not isinstance(settings, Csv) or settings.path is None:
            continue
        # what can't be read at all was said
        with suppress(Misplaced, UnicodeError, OSError):
            parsed = parse(lines_of(file_of_figures(settings.path, home=home.root)))
            strange: dict[str, int] = {}
            for row, line in zip(parsed.rows, parsed.lines, strict=True):
                if feeds.get(str(row["kpi"]), settings.id) != settings.id:
                    strange.setdefault(str(row["kpi"]), line)
            later = [line for row, line in zip(parsed.rows, parsed.lines, strict=True) if is_ahead(row, today)]
            found += [f"{settings.path}:{later[0]}: {doubt}" for doubt in ahead(parsed.rows, today)]
            found += [
                f"{settings.path}:{line}: {kpi} is fed by {feeds[kpi]}, so its rows here are not used"
                for kpi, line in strange.items()
            ]
    return found
