"""Whether a night's date can be believed, seen from the ledger (docs/adr/0009-a-clock-that-is-wrong.md).

What belongs here: the rule and its words. What does not: the clock itself (``clock.py``), and undoing a night that was
dated wrong (``forget.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pipelines.warehouse.clock import TODAY_VARIABLE, SystemClock, clock_from
from pipelines.warehouse.db import Connection, first_row

LONGEST_SILENCE = timedelta(days=40)
"""A night so long after the newest one is more likely a wrong clock than a machine that was off."""


class ClockDoubted(RuntimeError):
    """The night's date contradicts the ledger; nothing was read or written."""


def check_clock(
    con: Connection, environ: Mapping[str, str], *, machine: datetime | None = None, may_forget: bool = True
) -> None:
    """Raises ``ClockDoubted`` for a night before the newest row of the ledger, or long after it.

    A date that ``OKR_TODAY`` gives may be long after it: replays jump. Then it must not lie beyond the machine's own
    today, unless the newest row does so already. ``machine``: the machine's time. ``may_forget``: the home has one
    database, from which days can be taken.
    """
    newest = newest_load(con)
    if newest is None:
        return
    machine = machine or SystemClock().now()
    is_set = bool(environ.get(TODAY_VARIABLE, "").strip())
    now = clock_from(environ).now() if is_set else machine
    whose = f"{TODAY_VARIABLE} says" if is_set else "the machine's clock says"
    says, last = f"{whose} {now:%Y-%m-%d}", f"the newest night of this home folder is of {newest:%Y-%m-%d}"
    if now.date() < newest.date():
        first_wrong = now.date() + timedelta(days=1)
        undo = f"okr ledger forget --from {first_wrong}" if may_forget else "a backup of before it, put back,"
        raise ClockDoubted(
            f"{says}, but {last}: set the clock right; was that night's wrong, {undo} undoes it; --clock-is-right goes"
            " on all the same"
        )
    is_replay = is_set and (now.date() <= machine.date() or newest.date() > machine.date())
    if now.date() > newest.date() + LONGEST_SILENCE and not is_replay:
        raise ClockDoubted(
            f"{says}, {(now.date() - newest.date()).days} days after the newest night of this home folder"
            f" ({newest:%Y-%m-%d}): a wrong date would publish days that have not happened; set the clock right, or go"
            " on with --clock-is-right"
        )


def newest_load(con: Connection) -> datetime | None:
    """When the newest row of the ledger was written, by the clock of its run; None in a new home."""
    row = first_row(con, "select max(finished_at) from ops.loads")
    newest: datetime | None = row[0] if row else None
    return newest
