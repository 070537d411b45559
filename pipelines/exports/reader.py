"""Who a report is for: a client's name, language, CSV dialect, and what its key results were defined to be.

What belongs here: joining a client's file, where there is one, with what the published database knows of the client.
What does not: reading client files (the caller's).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from okr_models.client.labels import scope_label, source_labels
from okr_models.client.model import Client, KeyResult, Objective
from okr_models.kpis import BUILT_IN, Better
from okr_models.words.notes import label_in
from okr_models.words.numbers import SWEDISH, Language, Speech
from pipelines.exports.cells import DialectName
from pipelines.exports.published import ClientStatus

AGENCY_LANGUAGE = "OKR_AGENCY_LANGUAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """``has_file`` is false where the client's file is gone or broken tonight: figures are then shown without paths."""

    client: str
    name: str
    has_file: bool = False
    speech: Speech = SWEDISH
    dialect: DialectName = "standard"
    currency: str = "SEK"
    timezone: str = "Europe/Stockholm"
    objectives: tuple[Objective, ...] = ()
    kpi_titles: Mapping[str, str] = field(default_factory=dict)
    kpi_better: Mapping[str, Better] = field(default_factory=dict)
    source_names: Mapping[str, str] = field(default_factory=dict)
    """What a reader calls each source, by its id."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """The social platform of each source that has one, by the source's id."""
    kpi_sources: Mapping[str, str] = field(default_factory=dict)
    """The csv source behind each of the client's own KPIs."""
    initiatives: Mapping[str, str | None] = field(default_factory=dict)
    """Hypothesis by initiative."""
    file: Client | None = None
    """The client's file itself, for what only its report needs."""

    def judges_nothing(self, status: ClientStatus) -> bool:
        """The file asks for figures alone, and they are there: no night will ever have progress to show."""
        return self.has_file and not self.objectives and status.has_figures

    def objective(self, objective_id: str) -> Objective | None:
        """The objective's definition, if the file at hand still has it."""
        return next((objective for objective in self.objectives if objective.id == objective_id), None)

    def key_result(self, objective_id: str, key_result_id: str) -> KeyResult | None:
        """The key result's definition, likewise."""
        objective = self.objective(objective_id)
        results = objective.key_results if objective else ()
        return next((result for result in results if result.id == key_result_id), None)

    def scope_name(self, scope: str) -> str:
        """A scope by the name of its platform or source."""
        return scope_label(scope, self.source_names, self.speech.language)

    def better(self, kpi: str | None) -> Better:
        """Which direction is good."""
        if kpi is None:
            return "higher"
        if kpi in self.kpi_better:
            return self.kpi_better[kpi]
        return BUILT_IN[kpi].better if kpi in BUILT_IN else "higher"


class UnknownLanguage(ValueError):
    """``OKR_AGENCY_LANGUAGE`` names a language that the reports don't have."""

    def __init__(self, *, value: str) -> None:
        super().__init__(
            f"{AGENCY_LANGUAGE} is {value!r}; write sv or en, or unset it for the language of most clients"
        )


def agency_language(environ: Mapping[str, str]) -> Language | None:
    """The language of the agency's page where the installation sets one; raises ``UnknownLanguage``."""
    match environ.get(AGENCY_LANGUAGE, "").strip().lower():
        case "":
            return None
        case "sv":
            return "sv"
        case "en":
            return "en"
        case other:
            raise UnknownLanguage(value=other)


def reader_of(client: Client) -> Reader:
    """A client's file as what the exports need of it."""
    return Reader(
        client=client.client,
        name=client.name,
        has_file=True,
        speech=Speech(client.language),
        dialect=client.csv_dialect,
        currency=client.currency,
        timezone=client.timezone,
        objectives=client.objectives,
        kpi_titles={kpi.id: kpi.title for kpi in client.kpis},
        kpi_better={kpi.id: kpi.better for kpi in client.kpis},
        source_names={
            source: label_in(label, Speech(client.language)) for source, label in source_labels(client).items()
        },
        platforms={source.id: source.platform for source in client.sources if source.platform},
        kpi_sources={kpi.id: kpi.source for kpi in client.kpis if kpi.source},
        initiatives={initiative.id: initiative.hypothesis for initiative in client.initiatives},
        file=client,
    )


def readers_of(con: duckdb.DuckDBPyConnection, clients: tuple[Client, ...]) -> tuple[Reader, ...]:
    """One reader a client: from its file, else (broken or gone tonight) from what is published of it."""
    from_files = {client.client: reader_of(client) for client in clients}
    published = _published(con)
    return tuple(from_files.get(slug) or published[slug] for slug in sorted(from_files.keys() | published.keys()))


def told_apart(readers: Sequence[Reader]) -> tuple[Reader, ...]:
    """Clients that stand beside each other: those that share a name are told apart by their slugs."""
    named = Counter(reader.name for reader in readers)
    return tuple(
        replace(reader, name=f"{reader.name} ({reader.client})") if named[reader.name] > 1 else reader
        for reader in readers
    )


def _published(con: duckdb.DuckDBPyConnection) -> dict[str, Reader]:
    rows = con.execute("select distinct client from marts.objective_progress").fetchall()
    return {client: Reader(client=client, name=client) for (client,) in rows}
