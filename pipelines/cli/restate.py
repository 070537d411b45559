"""``okr status --as-of D --restated``: judge a past day again over what is known now, and publish it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from datetime import date

from pipelines.cli.common import fail, one_line
from pipelines.warehouse.checks.refusals import reason
from pipelines.warehouse.checks.results import PROGRESS_TABLES, audit_results
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.db import DatabaseUnusable
from pipelines.warehouse.faults import ClientFaults
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.forecasts import night_forecaster, night_workers
from pipelines.warehouse.okr.judge import OkrReport, evaluate_all
from pipelines.warehouse.opening import open_warehouse
from pipelines.warehouse.publish.publish import publish
from pipelines.warehouse.refused import standing_refusals
from pipelines.warehouse.run_lock import RunInProgress, run_lock


def restate(home: Home, as_of: date, *, only: Sequence[str] = ()) -> None:
    """Append that day's rows as they come out now; a day that comes out the same adds none. ``only``: these clients."""
    clock, loaded = clock_from(os.environ), load_clients(home, only=only)
    if loaded.unknown:
        raise fail(" ".join(loaded.unknown))
    if only and loaded.broken:
        broken = loaded.broken[0].client
        raise fail(f"clients/{broken}.yaml can't be read, so no day can be judged anew; okr validate {broken} says why")
    if not (home.database.exists() or home.published_database.exists()):
        raise fail(f"there is no {home.database}, so no day can be judged anew; okr run makes it")
    run_id = f"restated-{as_of}"
    if refused := standing_refusals(home):
        tables = ", ".join(refusal.table for refusal in refused)
        raise fail(f"the last night's {tables} was refused, so no day can be judged anew; mend that, then okr run")
    try:
        with run_lock(home, run_id=run_id, now=clock.now()), closing(open_warehouse(home)) as con:

            def judge() -> OkrReport:
                return evaluate_all(
                    con,
                    loaded.clients,
                    clock,
                    as_of=as_of,
                    restated=True,
                    forecaster=night_forecaster(con, workers=night_workers()),
                )

            report, outcomes = audit_results(con, home, judge, tables=PROGRESS_TABLES)
            if report is None:
                reasons = [f"okr.{table}: {reason(one)}" for table in outcomes for one in outcomes[table] if one.blocks]
                raise fail(f"{as_of} judged anew was refused, and nothing was changed: {'; '.join(reasons)}")
            if any(report.added.values()):
                publish(con, home, run_id=run_id)
    except ClientFaults as error:
        raise fail(f"{as_of} can't be judged anew, and nothing was changed: {one_line(error)}") from error
    except (RunInProgress, DatabaseUnusable) as error:
        raise fail(one_line(error)) from error
