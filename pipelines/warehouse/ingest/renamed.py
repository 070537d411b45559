"""A source that got another id in the client file (``formerly``): its readings, ledger and history come along.

Everything under an old id is given the new one, in one transaction a source, before the source is read: a night that is
killed in it has changed nothing, and one that finds nothing under an old id has nothing to do. Where both ids have
readings of the same days, those under the new id stand: they were read later. What belongs here: that move. What does
not: which ids may be named (``okr_models/client/rules.py``), figures by source that were said before (``okr``), which
keep the id they were said under.
"""

from __future__ import annotations

from connectors.core.errors import Misconfigured
from connectors.core.raw_tables import RAW_TABLES, RawTable
from okr_models.client.fields import nearest
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from pipelines.warehouse.db import Connection, quote, transaction
from pipelines.warehouse.ingest.identities import kept_of
from pipelines.warehouse.schema import raw_table

_SOURCED = ("ops.loads", "ops.blog_post_history", "ops.gone_social_posts", "ops.source_identities")
_PUBLISHED = "published_at"
Whose = dict[str, str]
"""Client, old and new id, as bound in each statement."""

_SAME_ROW = "exists (select 1 from {place} as new where new.client = $client and new.source = $new and {same_key})"
_LISTED = """exists (
    select 1 from ops.loads where client = $client and source = $new and stream = '{table}' and status = 'loaded'
)"""
_REACHED_BY_LIST = f"""({_LISTED} and old.published_at >= coalesce(
    (select min(published_at) from {{place}} where client = $client and source = $new), old.published_at
))"""  # noqa: S608 - a constant
_READ_AGAIN = """exists (
    select 1 from ops.loads where client = $client and source = $new and stream = '{table}' and status = 'loaded'
        and {at} between window_start and window_end
)"""


class NotTheSame(Misconfigured):
    """The readings under the id that ``formerly`` names are of another account."""


def take_over(con: Connection, settings: SourceSettings, *, client: str) -> tuple[str, ...]:
    """Give what lies under the old ids of a source its own. Returns the ids that anything lay under.

    Raises ``NotTheSame``, with nothing moved of that id.
    """
    moved = []
    for old in settings.formerly:
        if not _lies_under(con, client, old):
            continue
        _require_same(con, settings, client=client, old=old)
        whose: Whose = {"client": client, "old": old, "new": settings.id}
        with transaction(con):
            for table in RAW_TABLES.values():
                _make_way(con, table, whose)
                _move(con, raw_table(table).qualified, whose)
            _merge_history(con, whose)
            _set_apart(con, whose)
            for name in _SOURCED:
                _move(con, name, whose)
            _move_first_known(con, whose)
        moved.append(old)
    return tuple(moved)


def _lies_under(con: Connection, client: str, old: str) -> bool:
    found = con.execute(
        "select exists (select 1 from ops.loads where client = ? and source = ?)", [client, old]
    ).fetchall()
    return bool(found[0][0])


def _require_same(con: Connection, settings: SourceSettings, *, client: str, old: str) -> None:
    before, now = kept_of(con, client=client, source=old), kept_of(con, client=client, source=settings.id)
    if before is None or settings.category == "own":
        return
    found = settings.identity if now is None else now.identity.joined(settings.identity)
    # what the file names may not be all there is to it: then who answers is looked at when it is read
    is_certain = now is not None or not settings.is_told or found.type != before.identity.type
    if is_certain and found.is_another(before.identity):
        raise NotTheSame(
            client=client,
            source=settings.id,
            attempted=f"taking over the readings of {old}",
            detail=f"they are of {before.identity}, and {settings.id} is another one: {found}",
            cure=f"take {old} out of formerly: {settings.id} is a source of its own",
        )


def _move(con: Connection, table: str, whose: Whose) -> None:
    con.execute(f"update {table} set source = $new where client = $client and source = $old", whose)  # noqa: S608


def _make_way(con: Connection, table: RawTable, whose: Whose) -> None:
    """Take away what the source has read again under its new id, or what a whole list of it no longer names."""
    place = raw_table(table).qualified
    same_key = " and ".join(f"old.{quote(column)} = new.{quote(column)}" for column in table.key)
    conditions = [_SAME_ROW.format(place=place, same_key=same_key)]
    if table.time_column is None:
        is_dated = _PUBLISHED in table.arrow_schema().names
        conditions.append((_REACHED_BY_LIST if is_dated else _LISTED).format(place=place, table=table.name))
    elif not table.append_only:
        conditions.append(_READ_AGAIN.format(table=table.name, at=f"old.{quote(table.time_column)}"))
    con.execute(
        f"delete from {place} as old where client = $client and source = $old and ({' or '.join(conditions)})",  # noqa: S608
        whose,
    )


def _merge_history(con: Connection, whose: Whose) -> None:
    """Addresses that both ids know: once, from when the one first saw it to when the other last did."""
    same = (
        "old.client = $client and old.source = $old and new.client = $client and new.source = $new"
        " and old.post_id = new.post_id and old.url = new.url and old.published_at = new.published_at"
    )
    con.execute(
        "update ops.blog_post_history as new set first_seen_at = least(new.first_seen_at, old.first_seen_at),"  # noqa: S608
        f" last_seen_at = greatest(new.last_seen_at, old.last_seen_at) from ops.blog_post_history as old where {same}",
        whose,
    )
    con.execute(f"delete from ops.blog_post_history as old using ops.blog_post_history as new where {same}", whose)  # noqa: S608
    con.execute(
        "delete from ops.gone_social_posts as old using ops.gone_social_posts as new"
        " where old.client = $client and old.source = $old and new.client = $client and new.source = $new"
        " and old.post_id = new.post_id and old.gone_at = new.gone_at",
        whose,
    )


def _set_apart(con: Connection, whose: Whose) -> None:
    """No two identities of one source are of the same instant."""
    con.execute(
        "update ops.source_identities as old set first_seen_at = old.first_seen_at - interval 1 microsecond"
        " where old.client = $client and old.source = $old and exists (select 1 from ops.source_identities as new"
        " where new.client = $client and new.source = $new and new.first_seen_at = old.first_seen_at)",
        whose,
    )


def _move_first_known(con: Connection, whose: Whose) -> None:
    """The months of its own scope as they were known first, unless there are such under the new id."""
    there = con.execute("select 1 from duckdb_tables() where schema_name = 'first_known'").fetchall()
    if there:
        con.execute(
            "update first_known.closed_months set scope = 'source=' || $new where client = $client"
            " and scope = 'source=' || $old and not exists (select 1 from first_known.closed_months as known"
            " where known.client = $client and known.scope = 'source=' || $new)",
            whose,
        )


class NothingThere(Misconfigured):
    """``formerly`` names an id under which nothing was ever read, and others that were read have no source now."""


def require_known(con: Connection, settings: SourceSettings, *, client: Client) -> None:
    """Raise ``NothingThere`` for a slip in ``formerly``, before the source is first read under its new id."""
    if settings.formerly and not _was_read(con, client.client, settings.id):
        for old, left in unknown(con, settings, client=client):
            raise NothingThere(
                client=client.client,
                source=settings.id,
                attempted=f"taking over the readings of {old}",
                detail=f"nothing was ever read under that id; read and without a source now: {', '.join(left)}",
                cure=f"mend formerly{nearest(old, left) or ', or take it out'}",
            )


def unknown(con: Connection, settings: SourceSettings, *, client: Client) -> list[tuple[str, tuple[str, ...]]]:
    """Ids in a source's ``formerly`` under which nothing lies, each with those that were read and are nobody's now.

    None where there are no such ids: an id whose readings were taken over long ago has nothing under it either.
    """
    taken = {each.id for each in client.sources} | {old for each in client.sources for old in each.formerly}
    rows = con.execute(
        "select distinct source from ops.loads where client = ? and status = 'loaded' order by source", [client.client]
    ).fetchall()
    left = tuple(str(source) for (source,) in rows if source not in taken)
    there = {str(source) for (source,) in rows}
    return [(old, left) for old in settings.formerly if old not in there] if left else []


def _was_read(con: Connection, client: str, source: str) -> bool:
    found = con.execute(
        "select exists (select 1 from ops.loads where client = ? and source = ? and status = 'loaded')",
        [client, source],
    ).fetchall()
    return bool(found[0][0])
