"""The views of the published database: the newest rows of tables that keep every night's, and a figure's one total.

What belongs here: which views there are, and their SQL. What does not: making them (``tables.py``), and any figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipelines.warehouse.tables import names


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view of schema ``marts`` over a published table, with that table's columns and their comments.

    ``newest_per``: the newest row for each of these, by ``newest_by``; with ``of_newest_night`` only of each client's
    newest night. ``condition``: SQL that its rows fulfil. ``asked``: one that what the client's file asks for now
    fulfils, which reads the tables of ``asked_of`` and is left out where they were never built.
    """

    name: str
    table: str
    meaning: str
    schema: str = "marts"
    newest_per: tuple[str, ...] = ()
    newest_by: str = "as_of desc, known_at desc"
    of_newest_night: bool = True
    condition: str = "true"
    asked: str = "true"
    asked_of: tuple[str, ...] = ()

    def sql(self, columns: Iterable[str], *, there: Collection[str] | None = None) -> str:
        """The query, which names no catalogue: in the published file that is another than where it is made. ``there``:
        the tables of ``marts``; None: all.

        What was judged before and is no longer, because its file asks for it no more, is not where anybody stands now:
        of a night's rows those with the highest as_of are taken, then the highest known_at.
        """
        listed, source = names(columns), f"{names([self.schema])}.{names([self.table])}"
        is_known = there is None or set(self.asked_of) <= set(there)
        condition = f"{self.condition} and {self.asked}" if is_known else self.condition
        if not self.newest_per:
            return f"select {listed} from {source} where {condition}"  # noqa: S608 - identifiers are quoted
        night = ", max(as_of) over (partition by client) as newest_night" if self.of_newest_night else ""
        return (
            f"select {listed} from (select {listed}, row_number() over ("  # noqa: S608 - identifiers are quoted
            f"partition by {names(self.newest_per)} order by {self.newest_by}) as newest_first{night}"
            f" from {source} where {condition}) where newest_first = 1" + (" and as_of = newest_night" if night else "")
        )


IN_FILE = {
    "key_result_progress": ("key_results", "client, objective_id, key_result_id"),
    "objective_progress": ("objectives", "client, objective_id"),
}
"""Of each table of verdicts the one that says what the client's file asks for, and their key."""


def asked_now(table: str, *, of_earlier: str = "false") -> str:
    """A condition on a table of verdicts: of an earlier night than the client's newest, or still asked for.

    A file that is changed and judged again on one day leaves that day's rows of what it asks for no more. One that asks
    for nothing any more has no later night with a row, and leaves none but ``of_earlier``: SQL that says whether an
    earlier night is asked about.
    """
    asked, key = IN_FILE[table]
    return (
        # of a client without either nothing is known of a file
        f"({table}.client not in (select client from marts.clients where as_of is not null"  # noqa: S608 - our own names
        f" union all select client from marts.{asked})"
        f" or ({', '.join(f'{table}.{name}' for name in key.split(', '))}) in (select ({key}) from marts.{asked})"
        f" or {table}.as_of < (select night.as_of from marts.clients as night where night.client = {table}.client)"
        f" and ({of_earlier} or {table}.client in (select client from marts.{asked})))"
    )


VIEWS: tuple[View, ...] = (
    View(
        name="key_result_latest",
        table="key_result_progress",
        meaning="What the client's newest night judged: the newest row of each in key_result_progress.",
        newest_per=("client", "objective_id", "key_result_id"),
        asked_of=("clients", "key_results"),
        asked=asked_now("key_result_progress"),
    ),
    View(
        name="objective_latest",
        table="objective_progress",
        meaning="What the client's newest night judged: the newest row of each in objective_progress.",
        newest_per=("client", "objective_id"),
        asked_of=("clients", "objectives"),
        asked=asked_now("objective_progress"),
    ),
    View(
        name="key_result_items_latest",
        table="key_result_items",
        meaning="The items behind the client's newest night: those of each row in key_result_latest, be it none.",
        # a row of progress judged again may count fewer items: those of another known_at are not its own
        condition="(client, objective_id, key_result_id, as_of, known_at) in (select (client, objective_id,"
        " key_result_id, as_of, known_at) from marts.key_result_latest)",
    ),
    View(
        name="initiative_latest",
        table="initiative_results",
        meaning="What the client's newest night says of each initiative: the newest rows of initiative_results.",
        newest_per=("client", "initiative_id"),
        newest_by="as_of desc",
        # the last of a client's that left the file has no later night of its own
        asked_of=("clients",),
        asked="coalesce(as_of >= (select night.as_of from marts.clients as night"
        " where night.client = initiative_results.client), true)",
    ),
    View(
        name="loads_latest",
        table="loads",
        schema="ops",
        meaning="How the newest read of each source's stream ended, of those that were tried: rows of ops.loads.",
        newest_per=("client", "source", "stream"),
        newest_by="finished_at desc, rowid desc",
        of_newest_night=False,
        condition="status <> 'skipped'",
    ),
    View(
        name="kpi_monthly_all",
        table="kpi_monthly",
        meaning="Every KPI's months over all that a client has: the rows of kpi_monthly whose scope is all. "
        "What no sum may be made of, like distinct visitors of several sites, has none.",
        condition="scope = 'all'",
    ),
)
