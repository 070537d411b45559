"""Sensors that tell what a night came to: failed checks, failed sources (a check too: ``sources_read``), failed runs.

Always in the sensor's log; by webhook and mail where the environment says so. What belongs here: reading a run's events
and handing the notice on. What does not: its words (``notices/text.py``) and how it is sent (``notices/send.py``).
"""

import logging
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from pipelines.jobs import nightly
from pipelines.markdown import unescaped
from pipelines.notices.claims import claim, forget_last, is_news
from pipelines.notices.send import messengers_of
from pipelines.notices.text import (
    FAILING,
    FAILING_TESTS,
    SAMPLE,
    FailedCheck,
    FailedStep,
    FailedTest,
    Notice,
    RunSummary,
    notice_of,
)
from pipelines.warehouse.home import HOME_VARIABLE, Home

EVENTS = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.PIPELINE_FAILURE,
}
PARTITION_TAG = "dagster/partition"
_CLASS = re.compile(r"^(?:\w+\.)+\w+: ")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[nightly],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of checks and sources that failed in a night that was published all the same.",
)
def tell_of_warnings(context: dg.RunStatusSensorContext) -> None:
    """A night that succeeded."""
    _tell(context)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    monitored_jobs=[nightly],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of a night that failed, or that a check refused to have published.",
)
def tell_of_failures(context: dg.RunStatusSensorContext) -> None:
    """A night that failed."""
    _tell(context)


def _tell(context: dg.RunStatusSensorContext) -> None:
    notice = notice_of(summary_of(context.instance, context.dagster_run))
    # where no home is named there is none to keep a claim in
    home = Home.resolve(None, os.environ) if os.environ.get(HOME_VARIABLE) else None
    if home is not None and notice is None and claim(home, context.dagster_run.run_id):
        forget_last(home)
    if notice is None:
        return
    if home is None or (claim(home, context.dagster_run.run_id) and is_news(home, notice.key)):
        sent = send(notice, environ=os.environ, log=context.log)
        if home is not None and not sent:
            forget_last(home)


def send(notice: Notice, *, environ: Mapping[str, str], log: logging.Logger) -> tuple[str, ...]:
    """Log the notice and send it every way asked for; the ways it went. One that fails is logged and stops no other."""
    log.warning(notice.text)
    sent = []
    for way, messenger in messengers_of(environ).items():
        try:
            messenger(notice)
            sent.append(way)
        except Exception as error:  # noqa: BLE001 - the night is over; a mail server must not make the sensor fail
            log.error(str(error))
    return tuple(sent)


def summary_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunSummary:
    """What a run's events say became of it."""
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=EVENTS)]
    kept = [event for event in events if event is not None]
    return RunSummary(
        job=run.job_name,
        run_id=run.run_id,
        night=run.tags.get(PARTITION_TAG),
        succeeded=run.status is dg.DagsterRunStatus.SUCCESS,
        checks=tuple(_failed_checks(kept)),
        steps=tuple(_failed_steps(kept)) or tuple(_failed_before_a_step(kept)),
    )


def _failed_checks(events: Iterable[dg.DagsterEvent]) -> Iterable[FailedCheck]:
    for event in events:
        if event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            said = {name: each.value for name, each in evaluation.metadata.items() if isinstance(each.value, str)}
            texts = {name: unescaped(value) for name, value in said.items()}
            count = evaluation.metadata.get(FAILING)
            yield FailedCheck(
                asset="/".join(evaluation.asset_key.path),
                check=evaluation.check_name,
                blocks=bool(evaluation.blocking) and evaluation.severity is dg.AssetCheckSeverity.ERROR,
                unexpected=int(str(count.value)) if count is not None else None,
                detail="\n".join(texts.values()),
                tests=tuple(_failed_tests(texts)),
            )


def _failed_tests(texts: Mapping[str, str]) -> Iterable[FailedTest]:
    """The tests that a check of a table's tests stands for, with the rows it shows of each."""
    for line in texts.get(FAILING_TESTS, "").splitlines()[2:]:
        name, count, *_ = [cell.strip() for cell in line.strip().strip("|").split("|")]
        unexpected = int(count) if count.isdecimal() else None
        yield FailedTest(name=name, unexpected=unexpected, sample=texts.get(f"{SAMPLE}_{name}", ""))


def _failed_steps(events: Iterable[dg.DagsterEvent]) -> Iterable[FailedStep]:
    for event in events:
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            yield FailedStep(
                step=str(event.step_key), message=_why(event.step_failure_data.error, otherwise="no reason given")
            )


def _failed_before_a_step(events: Iterable[dg.DagsterEvent]) -> Iterable[FailedStep]:
    """Why no step began, such as a date that the ledger contradicts; or what ended the run from outside."""
    for event in events:
        if event.event_type is dg.DagsterEventType.PIPELINE_FAILURE:
            error = event.job_failure_data.error if event.event_specific_data is not None else None
            yield FailedStep(step="the run", message=_why(error, otherwise=event.message or "no reason given"))
            return


def _why(error: Any, *, otherwise: str) -> str:
    """The words of the error that the others were raised from."""
    while error is not None and error.cause is not None:
        error = error.cause
    return _CLASS.sub("", error.message) if error else otherwise
