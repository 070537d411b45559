"""What ends soon: tokens 14 days ahead, API versions 60, each source asked alone, and the Dagster check over it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from connectors.core.errors import AuthFailed
from connectors.core.protocol import Access, Context, Probe, Source
from connectors.csv.settings import Csv
from connectors.linkedin.settings import LinkedIn
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef, SourceSettings
from pipelines import checks
from pipelines.build import build_defs
from pipelines.cli.doctor import _probe_line
from pipelines.notices.text import RunSummary, notice_of
from pipelines.resources import Night
from pipelines.sensors import summary_of
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.access import AccessReport, Ending, check_access, endings_of

TODAY = date(2026, 11, 20)


def on(days: int) -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(days=days)


@pytest.mark.parametrize(
    ("access", "told"),
    [
        (Access(), []),
        (Access(token_until=on(15)), []),
        (Access(token_until=on(14)), ["token"]),
        (Access(token_until=on(-3)), ["token"]),
        (Access(token_until=on(3), renews=True), []),
        (Access(token_until=on(3), renews=True, sign_in_by=on(20)), []),
        (Access(token_until=on(3), renews=True, sign_in_by=on(14)), ["token"]),
        (Access(token_until=on(3), sign_in_by=on(90)), ["token"]),
        (Access(token_until=on(90), sign_in_by=on(3)), ["token"]),
        (Access(token_until=on(3), renews=True, sign_in_by=on(90), trouble="refused"), ["token", "renewal"]),
        (Access(token_until=on(40), renews=True, trouble="refused"), ["renewal"]),
        (Access(version="202601", version_sunset_on=TODAY + timedelta(days=61)), []),
        (Access(version="202601", version_sunset_on=TODAY + timedelta(days=60)), ["version 202601"]),
        (Access(version="v26.0"), []),
    ],
)
def test_what_ends_soon_is_told_in_time(access: Access, told: list[str]) -> None:
    assert [end.what for end in endings_of("fjallglas", "li", access, today=TODAY)] == told


class Fake:
    """A source that only knows until when it can be read."""

    def __init__(self, access: Callable[[], Access]) -> None:
        self.access, self.is_closed = access, False

    def close(self) -> None:
        self.is_closed = True


def fail(error: Exception) -> Callable[[], Access]:
    def raising() -> Access:
        raise error

    return raising


def linkedin(name: str, variable: str = "T") -> LinkedIn:
    return LinkedIn(id=name, organization_id="1", token=EnvRef(env=variable))


def test_each_source_with_a_token_is_asked_alone_and_one_that_fails_hides_no_other(tmp_path: Path) -> None:
    refused = AuthFailed(client="c", source="b", attempted="asking", detail="revoked")
    fakes = {
        "a": Fake(lambda: Access(token_until=on(1))),
        "b": Fake(fail(refused)),
        "c": Fake(fail(RuntimeError("broken with s3cret-value"))),
        "d": Fake(lambda: Access(token_until=on(2))),
    }

    def opener(settings: SourceSettings, context: Context) -> Source:
        context.secret("token")
        return cast("Source", fakes[settings.id])

    sources = (*map(linkedin, fakes), linkedin("unset", "NOT_SET"), Csv(id="own", path="data/x.csv"))
    report = check_access(
        [Client(client="fjallglas", name="F", sources=sources)], home=Home(tmp_path), environ={"T": "s3cret-value"},
        now=on(0), open_source=opener,
    )  # fmt: skip
    assert [end.source for end in report.endings] == ["a", "d"]
    assert [source for _, source, _ in report.unknown] == ["b", "c", "unset"]
    assert "s3cret" not in str(report)
    assert "NOT_SET" in str(report.unknown)
    assert all(fake.is_closed for fake in fakes.values())


ENDING = Ending(client="fjallglas", source="li", what="token", ends_on=date(2026, 11, 30), cure="sign in again")


@pytest.mark.parametrize(
    ("report", "passed"),
    [
        (AccessReport(endings=(), unknown=()), True),
        (AccessReport(endings=(), unknown=(("fjallglas", "li", "not reachable"),)), True),
        (AccessReport(endings=(ENDING,), unknown=()), False),
    ],
)
def test_the_check_warns_and_its_notice_names_source_day_and_cure(
    report: AccessReport, passed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(checks, "check_access", lambda *_, **__: report)
    night = cast("Night", SimpleNamespace(
        clients=SimpleNamespace(clients=()), home=Home(tmp_path), environ=os.environ, clock=fixed_clock(TODAY)
    ))  # fmt: skip

    @dg.asset(key=checks.ACCESS_KEY)
    def files() -> None: ...

    defs = dg.Definitions(assets=[files], asset_checks=[checks.access_lasts], resources={"night": night})
    with dg.DagsterInstance.ephemeral() as instance:
        done = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        (evaluation,) = done.get_asset_check_evaluations()
        summary: RunSummary = summary_of(instance, done.dagster_run)
    assert done.success
    assert (evaluation.passed, evaluation.severity) == (passed, dg.AssetCheckSeverity.WARN)
    notice = notice_of(summary)
    if passed:
        assert notice is None
    else:
        assert notice is not None
        assert "| fjallglas | li | token | 2026-11-30 | sign in again |" in notice.text


def test_the_check_is_part_of_every_night_and_stops_nothing() -> None:
    job = build_defs().resolve_job_def("nightly")
    key = dg.AssetCheckKey(checks.ACCESS_KEY, "access_lasts")
    assert key in job.asset_layer.asset_graph.asset_check_keys
    assert not job.asset_layer.get(key).blocking


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ({"token_expires_on": date(2026, 12, 4)}, "token valid until 2026-12-04 (14 days; renew it now)"),
        ({"token_expires_on": date(2026, 12, 5)}, "token valid until 2026-12-05 (15 days)"),
        (
            {"token_expires_on": date(2026, 12, 5), "token_at_latest": True},
            "token valid until at the latest 2026-12-05 (15 days)",
        ),
        (
            {"token_expires_on": date(2027, 6, 1), "token_renews": True},
            "token renewed by itself until 2027-06-01 (193 days)",
        ),
        (
            {"token_expires_on": date(2026, 12, 1), "token_renews": True},
            "token renewed by itself until 2026-12-01 (11 days; sign in again now)",
        ),
        (
            {"token_expires_on": date(2026, 12, 1), "token_renews": True, "token_trouble": "it was refused"},
            "token valid until 2026-12-01 (11 days; renew it now), not renewed: it was refused",
        ),
    ],
)
def test_doctor_says_whether_somebody_has_to_do_something(probe: dict[str, Any], said: str) -> None:
    assert _probe_line(Probe(reachable=True, detail="page", **probe), today=TODAY) == f"page, {said}"
