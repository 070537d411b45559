"""``okr.checkins``: what the clients' files of check-ins say now, and how it turned out where outcomes are known.

What belongs here: the table, and which check-ins are scored. What does not: the files (``checkin_files.py``), the
arithmetic of a score (``okr_models/forecast/scores.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from okr_models.checkins.file import CheckIn
from okr_models.client.model import Client
from okr_models.forecast.scores import score_outcomes
from pipelines.warehouse.db import Connection, transaction
from pipelines.warehouse.okr.tables import CHECKINS

OWNER = "owner"


def store_checkins(con: Connection, found: Mapping[str, Sequence[CheckIn]], *, now: datetime) -> int:
    """Put each client's check-ins in place of those that were read before; says how many there are.

    ``known_at`` is kept of one that was read before as it is: what is written into the file afterwards, or changed, was
    not known then.
    """
    count = 0
    with transaction(con):
        for client, checkins in found.items():
            rows = con.execute(
                'select objective_id, key_result_id, checked_on, "by", confidence, known_at from okr.checkins'
                " where client = ?",
                [client],
            ).fetchall()
            known: dict[tuple[Any, ...], datetime] = {tuple(row[:5]): row[5] for row in rows}
            con.execute("delete from okr.checkins where client = ?", [client])
            for place, each in enumerate(checkins, start=1):
                said = (each.objective_id, each.key_result_id, each.checked_on, each.by, each.confidence)
                con.execute(CHECKINS.insert_sql, [client, *said, each.text, each.next, known.get(said, now), place])
            count += len(checkins)
    return count


def owners_scored(con: Connection, client: Client, rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Each check-in that was read before its key result's outcome was known, against that outcome; one a day.

    ``rows`` and ``outcomes`` as ``forecasts.py`` has them: a check-in on an earlier target is no word on this outcome.
    """
    said: pd.DataFrame = con.execute(
        """
        select client, objective_id, key_result_id, checked_on, known_at, confidence as probability
        from okr.checkins where client = ?
        -- of one day's, the last that was read
        qualify row_number() over (
            partition by objective_id, key_result_id, checked_on order by known_at desc, rowid desc
        ) = 1
        order by all
        """,
        [client.client],
    ).df()
    if said.empty or outcomes.empty:
        return pd.DataFrame()
    said["checked_on"] = pd.to_datetime(said["checked_on"]).dt.date
    # the day it was read is when it was said, however early its date
    read_on = said["known_at"].dt.tz_convert(ZoneInfo(client.timezone)).dt.date
    said["as_of"] = [max(day, read) for day, read in zip(said["checked_on"], read_on, strict=True)]
    said["definition_version"] = [_version(rows, each) for each in said.to_dict("records")]
    said = said.drop_duplicates(["objective_id", "key_result_id", "as_of", "known_at"], keep="last")
    version = outcomes[["objective_id", "key_result_id", "definition_version"]]
    same = said.drop(columns="checked_on").merge(version, on=["objective_id", "key_result_id", "definition_version"])
    scored = score_outcomes(same, outcomes.drop(columns="definition_version"))
    return scored.assign(said_by=OWNER)


def _version(rows: pd.DataFrame, checkin: Mapping[Any, Any]) -> str | None:
    """The definition in force when a check-in was made: of the last night up to it, else of the first after it."""
    mine = rows[
        (rows["objective_id"] == checkin["objective_id"]) & (rows["key_result_id"] == checkin["key_result_id"])
    ].sort_values(["as_of", "known_at"], kind="stable")
    if mine.empty:
        return None
    before = mine[mine["as_of"] <= checkin["as_of"]]
    return str((before.iloc[-1] if len(before) else mine.iloc[0])["definition_version"])
