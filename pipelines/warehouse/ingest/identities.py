"""Which account, property or site each source's readings are of (``ops.source_identities``): kept, and held to.

Another one under the same id would be one series of two accounts. It is refused, unless the client file has a break
after the last reading of the one before: from that day on the readings are of the other, and no day before it is ever
replaced. What belongs here: keeping who it is, what another one is let do, and the words. What does not: what tells
one from another (``okr_models/client/identity.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.core.errors import Misconfigured
from connectors.core.protocol import Batch, Stream
from okr_models.client.identity import Identity
from okr_models.client.sources import Break, SourceSettings
from okr_models.periods import ONE_DAY, Window, local_date, month_start
from pipelines.warehouse.db import Connection
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.schema import SOURCE_IDENTITIES

if TYPE_CHECKING:
    pass


class AnotherAccount(Misconfigured):
    """Another account, property or site stands behind a source's id than its readings are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Who a source's readings are of. ``from_on``: the first day of it, where another was read before."""

    identity: Identity
    from_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a source before it is read. ``read_through``: the last day that any reading stands for."""

    kept: Kept | None = None
    read_through: date | None = None


def standing(con: Connection, *, client: str, source: str) -> Standing:
    """What is kept of a source."""
    kept = kept_of(con, client=client, source=source)
    if kept is None:
        return Standing()
    rows = con.execute(
        "select max(window_end) from ops.loads where client = ? and source = ? and status = 'loaded'", [client, source]
    ).fetchall()
    return Standing(kept=kept, read_through=rows[0][0])


def standing_by(kept: Kept | None, loads: Iterable[Load]) -> Standing:
    """The same, where what is kept and the source's rows of the ledger are at hand."""
    if kept is None:
        return Standing()
    return Standing(
        kept=kept, read_through=max((one.window.end for one in loads if one.status == "loaded"), default=None)
    )


def kept_of(con: Connection, *, client: str, source: str) -> Kept | None:
    """Who the newest readings under a source's id are of; None where nothing was kept yet."""
    return kept_by_source(con, client=client, source=source).get(source)


def kept_by_source(con: Connection, *, client: str, source: str | None = None) -> dict[str, Kept]:
    """Who the newest readings under each id are of, of one source or of all that anything was kept of."""
    rows = con.execute(
        "select source, source_type, fingerprint, from_on from ops.source_identities"
        " where client = $client and ($source is null or source = $source) order by first_seen_at",
        {"client": client, "source": source},
    ).fetchall()
    found: dict[str, Kept] = {}
    for name, source_type, parts, from_on in rows:
        identity, kept = Identity.from_json(source_type, parts), found.get(name)
        if kept is None or from_on is not None:
            found[name] = Kept(identity=identity, from_on=from_on)
        else:
            found[name] = replace(kept, identity=kept.identity.joined(identity))
    return found


def admitted(found: Identity, settings: SourceSettings, known: Standing, *, client: str) -> Kept:
    """``found`` as it is to be kept: the one that was read, more known of it, or another one after a break.

    Raises ``AnotherAccount`` where nothing says that another one goes on under this id.
    """
    kept, read = known.kept, known.read_through
    if kept is None:
        return Kept(identity=found)
    if not found.is_another(kept.identity):
        return replace(kept, identity=kept.identity.joined(found))
    after = [one.date for one in settings.breaks if read is None or one.date > read]
    if after:
        return Kept(identity=found, from_on=min(after))
    raise AnotherAccount(
        client=client,
        source=settings.id,
        attempted="telling whose figures these are",
        detail=f"the readings kept under {settings.id} are of {kept.identity}, and this is another one: {found}",
        cure=_two_ways_on(settings.id, read, settings.breaks),
    )


def _two_ways_on(source: str, read: date | None, breaks: Iterable[Break]) -> str:
    day = f"{read + ONE_DAY}" if read else "DATE"
    too_early = " (a break before that is too early)" if list(breaks) else ""
    return (
        f"give the new one an id of its own, or let it go on as {source} after a break on {day} or later{too_early}:"
        f" breaks: [{{date: {day}, reason: ...}}]"
    )


def part_since(
    batch: Batch, *, stream: Stream, window: Window, first: date, now: datetime, zone: ZoneInfo, is_social: bool
) -> Batch | None:
    """The part of a read from the day ``first`` on; None where there is nothing of it.

    What was read before of another one stays: days before it, and social posts published before it.
    """
    if stream.delivery == "snapshot":
        return batch if window.end >= first else None
    if stream.delivery == "listing":
        has_begun = local_date(now, zone) >= first
        posts = _posts_since(batch, datetime.combine(first, time(0), zone)) if is_social else batch
        return posts if has_begun else None
    return _days_since(batch, stream, batch.covers or window, month_start(first) if stream.grain == "month" else first)


def _days_since(batch: Batch, stream: Stream, covers: Window, first: date) -> Batch | None:
    import pyarrow.compute as pc

    if covers.start >= first:
        return batch
    if covers.end < first or stream.table.time_column is None:
        return None
    rows = batch.rows.filter(pc.greater_equal(batch.rows.column(stream.table.time_column), first))
    return replace(batch, rows=rows, covers=Window(first, covers.end))


def _posts_since(batch: Batch, first: datetime) -> Batch:
    import pyarrow.compute as pc

    rows = batch.rows.filter(pc.greater_equal(batch.rows.column("published_at"), first))
    before = first - timedelta(microseconds=1)
    return replace(batch, rows=rows, listed_since=max(batch.listed_since or before, before))


def keep(con: Connection, kept: Kept, *, client: str, source: str, now: datetime) -> None:
    """Keep who a reading is of, where that says more than is kept. Runs in the transaction that writes the reading."""
    before = kept_of(con, client=client, source=source)
    if before == kept:
        return
    rows = con.execute(
        "select max(first_seen_at) from ops.source_identities where client = ? and source = ?", [client, source]
    ).fetchall()
    is_another = before is None or before.from_on != kept.from_on
    seen_at = now if rows[0][0] is None else max(now, rows[0][0] + timedelta(microseconds=1))
    con.execute(
        SOURCE_IDENTITIES.insert_sql,
        [
            client,
            source,
            kept.identity.type,
            str(kept.identity),
            kept.identity.to_json(),
            seen_at,
            kept.from_on if is_another else None,
        ],
    )
