"""``okr checkin``: a line in a client's file of check-ins."""

from __future__ import annotations

import os
from zoneinfo import ZoneInfo

import click

from okr_models.checkins.file import CheckIn, NotACheckIn, confidence_of, key_result_of
from okr_models.client.model import Client
from okr_models.periods import local_date
from pipelines.cli.common import complete_client, fail, home_of, one_line
from pipelines.warehouse.checkin_files import append, key_results_of
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import BadToday, clock_from
from pipelines.warehouse.home import Home


@click.command(
    epilog="Example: okr checkin acme awareness/visitors --confidence 60 --text steady",
)
@click.argument("client", shell_complete=complete_client)
@click.argument("key_result", metavar="OBJECTIVE/KR")
@click.option("--confidence", required=True, metavar="0..100", help="How sure you are that it succeeds.")
@click.option("--text", required=True, help="What you say about it.")
@click.option("--next", "next_", default="", help="What you do next.")
@click.option("--by", default="", help="Who says so; default: whoever answers for the key result.")
@click.pass_context
def checkin(
    context: click.Context, /, client: str, key_result: str, *, confidence: str, text: str, next_: str, by: str
) -> None:
    """Say how sure you are that a key result succeeds, why, and what you do next.

    Appends a row to checkins/CLIENT.csv, which may be edited by hand; the next night reads it.
    """
    home = home_of(context)
    file = _file(home, client)
    try:
        today = local_date(clock_from(os.environ).now(), ZoneInfo(file.timezone))
        objective, result = key_result_of(key_result, key_results_of(file))
        said = CheckIn(
            objective_id=objective,
            key_result_id=result,
            checked_on=today,
            by=by or _owner(file, objective, result),
            confidence=confidence_of(confidence),
            text=text,
            next=next_,
        )
        path = append(home, file, said)
    except (NotACheckIn, BadToday) as error:
        raise fail(one_line(error), code=2) from error
    click.echo(f"{path}: {key_result} {today} {100 * said.confidence:.3g} %")


def _file(home: Home, client: str) -> Client:
    loaded = load_clients(home, only=[client])
    if loaded.unknown:
        raise fail(" ".join(loaded.unknown), code=2)
    if not loaded.clients:
        raise fail(f"clients/{client}.yaml can't be read; okr validate {client} says why", code=2)
    return loaded.clients[0]


def _owner(client: Client, objective_id: str, key_result_id: str) -> str:
    objective = next(each for each in client.objectives if each.id == objective_id)
    result = next(each for each in objective.key_results if each.id == key_result_id)
    return result.owner or objective.owner or ""
