"""``okr shard``: the number of shards, where one client is, and whether each client is in exactly one."""

from __future__ import annotations

import uuid

import click

from pipelines.cli.common import complete_client, fail, readable_errors, store_of
from pipelines.shards.address import opened
from pipelines.shards.moving import Moved, NoSuchClient, NoSuchShard
from pipelines.shards.plan import NotSharded
from pipelines.shards.state import Busy, LeaseLost
from pipelines.shards.store import Conflict, Missing, Store, StoreUnavailable

FORESEEN = (NotSharded, NoSuchShard, NoSuchClient, Busy, LeaseLost, Conflict, Missing, StoreUnavailable)


@click.group(epilog="Example: okr --home okr-home shard split 8")
def shard() -> None:
    """Spread the clients over more or fewer shards, move one, or check where each is."""


@shard.command(epilog="Example: okr --home okr-home shard split 8")
@click.argument("number", type=click.IntRange(1, 9999))
@click.pass_context
@readable_errors(*FORESEEN)
def split(context: click.Context, number: int) -> None:
    """Have NUMBER shards. A client stays where it is or moves with all its rows; as few as possible do."""
    from pipelines.shards import moving

    _tell(moving.split(_store(context), number, run_id=_run_id()))


@shard.command(epilog="Example: okr --home okr-home shard move acme 3")
@click.argument("client", shell_complete=complete_client)
@click.argument("number", type=int)
@click.pass_context
@readable_errors(*FORESEEN)
def move(context: click.Context, client: str, number: int) -> None:
    """Put CLIENT into shard NUMBER with all its rows, and keep it there."""
    from pipelines.shards import moving

    _tell(moving.move(_store(context), client, number, run_id=_run_id()))


@shard.command(epilog="Example: okr --home okr-home shard check")
@click.pass_context
@readable_errors(*FORESEEN)
def check(context: click.Context) -> None:
    """Look into every shard: each client's rows have to be in exactly one, its own. Exit 1 where they are not."""
    from pipelines.shards import moving

    lines = moving.check(_store(context))
    for line in lines:
        click.echo(line)
    if lines:
        raise fail(f"{len(lines)} of the clients are not in exactly their own shard")
    click.echo("every client's rows are in exactly its own shard")


def _store(context: click.Context) -> Store:
    return opened(store_of(context))


def _run_id() -> str:
    return f"okr shard {uuid.uuid4().hex[:8]}"


def _tell(moved: tuple[Moved, ...]) -> None:
    for each in moved:
        click.echo(f"{each.client}: from shard {each.before} to {each.after}")
    click.echo(f"{len(moved)} client{'' if len(moved) == 1 else 's'} moved")
