"""What is told about a night and how it is sent: against a webhook and a mail server on this machine.

Under test: ``notices`` (the words), ``messengers`` (real HTTP and SMTP), ``sensors.send`` (one way that fails stops no
other, and no secret is logged).
"""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest

from pipelines.checks import check_results
from pipelines.notices.claims import forget_last, is_news
from pipelines.notices.send import NotSent, by_mail, by_webhook, messengers_of
from pipelines.notices.text import FailedCheck, FailedStep, Notice, RunSummary, notice_of
from pipelines.sensors import send, summary_of
from pipelines.warehouse.checks.run import CheckOutcome
from pipelines.warehouse.clock_check import ClockDoubted
from pipelines.warehouse.home import Home

NOTICE = Notice(subject="nightly of 2026-11-19: FAILED", text="nightly FAILED\n- åäö")


class Webhook(BaseHTTPRequestHandler):
    """Keeps what is posted; answers as its server is told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


class MailServer(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail needs; no TLS. Refuses recipients at its server's word."""

    def handle(self) -> None:
        self._say(220, "here")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            self.server.heard.append(line)  # type: ignore[attr-defined]
            if word == "DATA":
                self._say(354, "go on")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                self.server.mails.append(message_from_bytes(body))  # type: ignore[attr-defined]
                self._say(250, "kept")
            elif word == "RCPT" and self.server.refuses:  # type: ignore[attr-defined]
                self._say(550, "no such box")
            elif word == "QUIT":
                return self._say(221, "bye")
            else:
                self._say(250, "fine")
        return None

    def _say(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[socketserver.TCPServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def webhook() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Webhook)
    server.posted, server.status = [], 200  # type: ignore[attr-defined]
    with serving(server):
        yield server


@pytest.fixture
def mail() -> Iterator[socketserver.TCPServer]:
    server = socketserver.TCPServer(("127.0.0.1", 0), MailServer)
    server.heard, server.mails, server.refuses = [], [], False  # type: ignore[attr-defined]
    with serving(server):
        yield server


def address(server: socketserver.TCPServer, scheme: str, *, user: str = "", path: str = "") -> str:
    return f"{scheme}://{user}127.0.0.1:{server.server_address[1]}{path}"


def test_a_night_without_anything_to_tell_is_silence() -> None:
    assert notice_of(RunSummary(job="nightly", run_id="r", night="2026-11-19", succeeded=True)) is None


def test_a_published_night_with_warnings_says_which_and_shows_rows() -> None:
    check = FailedCheck(
        asset="marts/kpi_daily",
        check="traffic_like_its_history",
        blocks=False,
        unexpected=1,
        detail="| client | value |\n| --- | --- |\n| acme | 0 |",
    )
    notice = notice_of(RunSummary(job="nightly", run_id="r", night="2026-11-19", succeeded=True, checks=(check,)))
    assert notice is not None
    assert notice.subject == "nightly of 2026-11-19: published, with 1 check to look at"
    assert "warning: marts/kpi_daily, check traffic_like_its_history (1 row)" in notice.text
    assert "| acme | 0 |" in notice.text
    assert "---" not in notice.text
    assert "still served" not in notice.text


def test_a_refused_night_is_told_apart_from_one_that_broke() -> None:
    refused = FailedCheck(asset="marts/kpi_daily", check="grain", blocks=True, unexpected=4)
    step = FailedStep(step="marts__kpi_daily", message="marts.kpi_daily refused: …")
    one = notice_of(
        RunSummary(job="nightly", run_id="r", night=None, succeeded=False, checks=(refused,), steps=(step,))
    )
    other = notice_of(RunSummary(job="nightly", run_id="r", night=None, succeeded=False, steps=(step,)))
    assert one is not None
    assert other is not None
    assert (one.subject, other.subject) == ("nightly: NOT published, a check refused it", "nightly: FAILED")
    for notice in (one, other):
        assert "marts__kpi_daily failed" in notice.text
        assert "still served" in notice.text


def test_a_source_is_named_once_however_many_tables_it_fills() -> None:
    table = "| source | class | what happened |\n| --- | --- | --- |\n| acme/linkedin | auth | acme/linkedin: {} |"
    checks = tuple(
        FailedCheck(asset=f"raw/{name}", check="sources_read", blocks=False, detail=table.format(f"{name} failed"))
        for name in ("follower_snapshots", "post_counters")
    )
    notice = notice_of(RunSummary(job="nightly", run_id="r", night=None, succeeded=True, checks=checks))
    other = notice_of(RunSummary(job="nightly", run_id="s", night=None, succeeded=True, checks=checks[::-1]))
    assert notice is not None
    assert other is not None
    assert [line for line in notice.text.splitlines() if line.startswith("-")] == [
        "- not read: acme/linkedin (auth): follower_snapshots failed"
    ]
    assert (notice.key, notice.text) != ("", other.text)
    assert notice.key == other.key


UNREAD = "| source | class | what happened |\n| --- | --- | --- |\n| {} | auth | its token was revoked |"


def unread(*sources: str, table: str = "follower_snapshots") -> FailedCheck:
    head, rule, row = UNREAD.splitlines()
    detail = "\n".join([head, rule, *(row.format(source) for source in sources)])
    return FailedCheck(asset=f"raw/{table}", check="sources_read", blocks=False, detail=detail)


def failing(test: str, *scopes: tuple[str, str], unexpected: int | None = None) -> FailedCheck:
    """A table's warnings, as a run's events have them."""
    sample = tuple({"client": client, "scope": scope, "age_days": 9} for client, scope in scopes)
    count = unexpected or len(scopes)
    outcome = CheckOutcome(
        model="kpi_daily", name=test, severity="warn", passed=False, unexpected=count, sample=sample
    )  # fmt: skip

    @dg.asset(check_specs=[dg.AssetCheckSpec("warnings", asset="kpi_daily")])
    def kpi_daily() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        yield dg.MaterializeResult()
        yield from check_results([outcome], asset=dg.AssetKey("kpi_daily"))

    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize([kpi_daily], instance=instance)
        (found,) = summary_of(instance, run.dagster_run).checks
    return found


def told(home: Home, *checks: FailedCheck, succeeded: bool = True) -> bool:
    """Whether a night's notice goes out, given those before it."""
    notice = notice_of(RunSummary(job="nightly", run_id="r", night=None, succeeded=succeeded, checks=checks))
    if notice is None:
        forget_last(home)
    return notice is not None and is_news(home, notice.key)


def test_a_source_that_is_not_read_is_told_of_once_though_its_figures_grow_old(tmp_path: Path) -> None:
    home = Home(tmp_path)
    stale = failing("freshness", ("acme", "source=linkedin"))
    assert told(home, unread("acme/linkedin"))
    assert not told(home, unread("acme/linkedin"), stale)
    assert not told(home, unread("acme/linkedin"), unread("acme/linkedin", table="post_counters"), stale)
    assert told(
        home, unread("acme/linkedin"), failing("freshness", ("acme", "source=linkedin"), ("acme", "source=web"))
    )
    assert not told(home)
    assert told(home, unread("acme/linkedin")), "it was read again in between"


def test_figures_that_grow_old_of_a_source_that_is_read_are_an_event_of_their_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert told(home, unread("other/linkedin"))
    assert told(home, unread("other/linkedin"), failing("freshness", ("acme", "source=linkedin")))


def test_one_of_two_troubles_that_is_over_is_no_news_and_is_when_it_comes_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert told(home, unread("acme/linkedin", "acme/web"))
    assert not told(home, unread("acme/web"))
    assert told(home, unread("acme/linkedin", "acme/web"))


def test_an_outage_of_another_site_is_told_of_while_the_first_goes_on(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, other = ("acme", "source=web"), ("lindhs", "source=site")
    assert told(home, failing("traffic_like_its_history", one))
    assert not told(home, failing("traffic_like_its_history", one))
    assert told(home, failing("traffic_like_its_history", one, other))
    assert not told(home, failing("traffic_like_its_history", other, one))


def test_a_night_that_did_not_publish_is_told_and_makes_no_news_of_an_old_trouble(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert told(home, unread("acme/linkedin"))
    assert told(home, unread("acme/linkedin"), succeeded=False)
    assert told(home, unread("acme/linkedin"), succeeded=False)
    assert not told(home, unread("acme/linkedin"))


def test_of_more_rows_than_are_shown_which_are_shown_makes_no_news(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert told(home, failing("freshness", ("a", "source=web"), ("b", "source=web"), unexpected=90))
    assert not told(home, failing("freshness", ("c", "source=web"), ("d", "source=web"), unexpected=90))


def test_a_night_that_fails_before_its_first_step_is_told_with_the_reason() -> None:
    @dg.resource
    def night() -> None:
        raise ClockDoubted("the machine's clock says 2026-11-01: set the clock right")

    @dg.asset(required_resource_keys={"night"})
    def marts() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize([marts], resources={"night": night}, instance=instance, raise_on_error=False)
        notice = notice_of(summary_of(instance, run.dagster_run))
        ended = instance.create_run_for_job(run.job_def)
        instance.report_run_failed(ended, "the worker is gone")
        from_outside = notice_of(summary_of(instance, ended))
    assert notice is not None
    assert "- the run failed: the machine's clock says 2026-11-01: set the clock right" in notice.text
    assert "okr status" not in notice.text
    assert from_outside is not None
    assert "- the run failed: the worker is gone" in from_outside.text


def test_a_hundred_failures_are_a_short_text() -> None:
    checks = tuple(
        FailedCheck(asset=f"raw/{n}", check="sources_read", blocks=False, detail="x" * 999) for n in range(99)
    )
    notice = notice_of(RunSummary(job="nightly", run_id="r", night=None, succeeded=True, checks=checks))
    assert notice is not None
    assert len(notice.text) < 8_000
    assert "lines more" in notice.text


def test_a_webhook_gets_slacks_form(webhook: HTTPServer) -> None:
    by_webhook(NOTICE, address=address(webhook, "http", path="/services/T/B/x"))
    assert webhook.posted == [("/services/T/B/x", {"text": NOTICE.text})]  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_does_not_take_it_is_no_success_and_no_redirect_is_followed(
    webhook: HTTPServer, status: int
) -> None:
    webhook.status = status  # type: ignore[attr-defined]
    with pytest.raises(NotSent, match=f"answered {status}") as raised:
        by_webhook(NOTICE, address=address(webhook, "http", path="/secret"))
    assert "secret" not in str(raised.value)
    assert len(webhook.posted) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "where", ["http://example.org/secret", "ftp://127.0.0.1/secret", "secret", "http://127.0.0.1:9/secret"]
)
def test_an_address_that_can_not_be_posted_to_is_not_repeated(where: str) -> None:
    with pytest.raises(NotSent) as raised:
        by_webhook(NOTICE, address=where)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_mail_reaches_every_recipient(mail: socketserver.TCPServer) -> None:
    by_mail(NOTICE, server=address(mail, "smtp"), sender="okr@example.org", recipients="a@example.org, b@example.org")
    (message,) = mail.mails  # type: ignore[attr-defined]
    assert message["Subject"] == NOTICE.subject
    assert "åäö" in message.get_payload(decode=True).decode()
    heard = " ".join(mail.heard).lower()  # type: ignore[attr-defined]
    assert "rcpt to:<a@example.org>" in heard
    assert "rcpt to:<b@example.org>" in heard


def test_a_refused_mail_is_no_success(mail: socketserver.TCPServer) -> None:
    mail.refuses = True  # type: ignore[attr-defined]
    with pytest.raises(NotSent, match="SMTPRecipientsRefused"):
        by_mail(NOTICE, server=address(mail, "smtp"), sender="okr@example.org", recipients="a@example.org")


@pytest.mark.parametrize(
    ("server", "sender", "recipients", "said"),
    [
        ("mail.example.org", "a@b.se", "c@d.se", "no smtp://"),
        ("smtp://user:secret@127.0.0.1:9", "a@b.se", "c@d.se", "ConnectionRefusedError"),
        ("smtp://127.0.0.1", "", "c@d.se", "OKR_NOTICE_FROM"),
        ("smtp://127.0.0.1", "a@b.se", "", "OKR_NOTICE_TO"),
    ],
)
def test_mail_that_is_set_up_by_half_says_what_is_lacking(server: str, sender: str, recipients: str, said: str) -> None:
    with pytest.raises(NotSent, match=said) as raised:
        by_mail(NOTICE, server=server, sender=sender, recipients=recipients)
    assert "secret" not in str(raised.value)


def test_without_settings_a_notice_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert messengers_of({}) == {}
    assert send(NOTICE, environ={}, log=logging.getLogger("okr.test")) == ()
    assert NOTICE.text in caplog.text


def test_one_way_that_fails_stops_no_other_and_no_secret_is_logged(
    mail: socketserver.TCPServer, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {
        "OKR_NOTICE_WEBHOOK": "http://127.0.0.1:9/services/secret",
        "OKR_NOTICE_SMTP": address(mail, "smtp"),
        "OKR_NOTICE_FROM": "okr@example.org",
        "OKR_NOTICE_TO": "a@example.org",
    }
    assert send(NOTICE, environ=environ, log=logging.getLogger("okr.test")) == ("mail",)
    assert "not sent by webhook" in caplog.text
    assert "secret" not in caplog.text
