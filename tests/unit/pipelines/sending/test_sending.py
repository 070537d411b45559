"""Sending against a real SMTP server with TLS and a webhook receiver on this machine: each message once.

Really under test: what arrives, what is recorded, and that nothing goes twice or in clear. Which edition is due has
tests of its own (``test_due.py``).
"""

from __future__ import annotations

import json
import re
import shutil
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from socket import socket
from typing import Any

import duckdb
import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from okr_models.client.model import Client
from okr_models.client.sending import Sending
from pipelines.exports.reader import reader_of
from pipelines.sending import send, ways
from pipelines.sending.ledger import AlreadySending, opened
from pipelines.sending.letter import as_html, letter_of, slack, teams, webhook
from pipelines.sending.send import Done, hold, send_due
from pipelines.warehouse.home import Home
from pipelines.warehouse.open_secrets import open_secrets
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import AS_OF, build_published

CHROMIUM = shutil.which("chromium")
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
NIGHTLY = {"to": ["vd@fjallglas.se"], "every": "night"}


class Box:
    """What a mail server took, in order; ``refuse``: the answer to the next messages."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refuse: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, message))  # type: ignore[arg-type]
        return "250 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def mail(box: Box, certificate: tuple[Path, Path]) -> Iterator[dict[str, str]]:
    """The environment of a mail server that takes nothing without STARTTLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*map(str, certificate))
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    server.start()
    try:
        yield {
            "OKR_MAIL_SMTP": f"smtp://localhost:{port}",
            "OKR_MAIL_FROM": "OKR <okr@agency.se>",
            "OKR_MAIL_CA": str(certificate[0]),
            "OKR_CHROMIUM": "/nowhere",
        }
    finally:
        server.stop()


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any], list[int]]]:
    """Address, bodies taken, and answers to give in place of 200."""
    taken: list[Any] = []
    answers: list[int] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            code = answers.pop(0) if answers else 200
            if code == 200:
                taken.append(json.loads(body))
            self.send_response(code)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/services/T0/secret", taken, answers
    server.shutdown()


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with build_published() as connection:
        yield connection


def client(*sendings: dict[str, Any]) -> Client:
    return FJALLGLAS.model_copy(update={"send": tuple(Sending.model_validate(each) for each in sendings)})


def what(done: tuple[Done, ...]) -> list[tuple[str, str]]:
    return [(each.to, each.what) for each in done]


def test_a_mail_arrives_over_tls_once_with_page_and_text(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    asked = client(NIGHTLY | {"to": ["vd@fjallglas.se", "styrelse@fjallglas.se"]})
    done = send_due(con, Home(tmp_path), [asked], environ=mail, now=NOW)
    assert what(done) == [("vd@fjallglas.se", "sent"), ("styrelse@fjallglas.se", "sent")]
    assert [to for to, _ in box.mails] == [["vd@fjallglas.se"], ["styrelse@fjallglas.se"]]
    message = box.mails[0][1]
    assert message["Subject"].startswith(f"{FJALLGLAS.name}: ")
    page = message.get_body(("html",)).get_content()
    text = message.get_body(("plain",)).get_content()
    assert FJALLGLAS.objectives[0].title in page
    assert FJALLGLAS.objectives[0].title in text
    # whose figures are older than the others is said where the figures are
    for said in (page, text):
        assert "har inte kunnat läsas" in said.replace("\u00a0", " ")
    assert send_due(con, Home(tmp_path), [asked], environ=mail, now=NOW) == ()
    assert len(box.mails) == 2


@pytest.mark.skipif(CHROMIUM is None, reason="needs a chromium: apt-get install chromium")
def test_the_report_is_attached_as_a_pdf_where_a_chromium_is(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    environ = mail | {"OKR_CHROMIUM": str(CHROMIUM)}
    send_due(con, Home(tmp_path), [client(NIGHTLY | {"audience": "team"})], environ=environ, now=NOW)
    ((_, message),) = box.mails
    (part,) = message.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", "fjallglas-2026-11-20.pdf")
    pdf = part.get_content()
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 2
    assert "Rapporten är bifogad." in message.get_body(("plain",)).get_content()


def test_the_mails_page_is_drawn_by_any_mail_program_and_fetches_nothing(con: duckdb.DuckDBPyConnection) -> None:
    for with_results in (True, False):
        page = as_html(letter_of(con, reader_of(FJALLGLAS), night=AS_OF, with_results=with_results))
        for never in ("<svg", "<img", "<script", "<link", "<style", "http://", "https://", "var(--", "url("):
            assert never not in page, never
    assert "Fler unika besökare" not in page


def test_without_tls_nothing_leaves_the_machine_and_a_certificate_nobody_knows_is_not_trusted(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers = {name: value for name, value in mail.items() if name != "OKR_MAIL_CA"}
    (done,) = send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=strangers, now=NOW)
    assert (done.what, "could not be reached" in done.why) == ("failed", True)
    monkeypatch.setattr(ways, "_start_tls", lambda *_: False)
    monkeypatch.setattr(ways, "HERE", frozenset())
    (done,) = send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=mail, now=NOW)
    assert (done.what, "has no TLS" in done.why) == ("failed", True)
    assert box.mails == []


def test_a_refusal_is_named_and_tried_again_and_the_others_get_theirs(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    asked = client(NIGHTLY | {"to": ["a@fjallglas.se", "b@fjallglas.se", "b@fjallglas.se"]})
    box.refuse = ["451 later"]
    done = send_due(con, Home(tmp_path), [asked], environ=mail, now=NOW)
    assert what(done) == [("a@fjallglas.se", "failed"), ("b@fjallglas.se", "sent")]
    assert "451" in done[0].why
    assert what(send_due(con, Home(tmp_path), [asked], environ=mail, now=NOW)) == [("a@fjallglas.se", "sent")]
    assert sorted(to[0] for to, _ in box.mails) == ["a@fjallglas.se", "b@fjallglas.se"]


def test_an_address_beyond_ascii_goes_by_its_domains_wire_form_and_stops_nobody_else(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    asked = client(NIGHTLY | {"to": ["åsa@fjallglas.se", "vd@fjällglas.se", "b@fjallglas.se"]})
    done = send_due(con, Home(tmp_path), [asked], environ=mail, now=NOW)
    assert what(done) == [("åsa@fjallglas.se", "failed"), ("vd@fjällglas.se", "sent"), ("b@fjallglas.se", "sent")]
    assert "before the @" in done[0].why
    assert [to for to, _ in box.mails] == [["vd@xn--fjllglas-1za.se"], ["b@fjallglas.se"]]
    assert box.mails[0][1]["To"] == "vd@xn--fjllglas-1za.se"


@pytest.mark.parametrize("server", ["smtp://localhost:port", "smtp://[localhost", "smtp://user:lösen@{here}"])
def test_a_slip_in_the_mail_servers_address_is_named_and_all_is_sent_once_it_is_mended(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, server: str
) -> None:
    here = mail["OKR_MAIL_SMTP"].removeprefix("smtp://")
    slip = mail | {"OKR_MAIL_SMTP": server.format(here=here)}
    (done,) = send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=slip, now=NOW)
    assert done.what == "failed"
    assert "lösen" not in done.why
    assert what(send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=mail, now=NOW)) == [
        ("vd@fjallglas.se", "sent")
    ]
    assert len(box.mails) == 1


def test_a_letter_that_can_not_be_written_keeps_nobody_elses(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = send.letters.letter_of

    def fails(*given: Any, with_results: bool, **options: Any) -> Any:
        if with_results:
            raise ZeroDivisionError("a letter's own")
        return write(*given, with_results=with_results, **options)

    team = NIGHTLY | {"audience": "team"}
    with monkeypatch.context() as broken:
        broken.setattr(send.letters, "letter_of", fails)
        done = send_due(con, Home(tmp_path), [client(team, NIGHTLY)], environ=mail, now=NOW)
    assert [(each.what, each.is_trouble) for each in done] == [("failed", True), ("sent", False)]
    assert "a letter's own" in done[0].why
    (again,) = send_due(con, Home(tmp_path), [client(team, NIGHTLY)], environ=mail, now=NOW)
    assert again.what == "sent"
    assert len(box.mails) == 2


def test_a_process_that_ended_while_sending_does_not_make_the_next_one_send_again(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.sending.send.by_mail", killed)
        with pytest.raises(KeyboardInterrupt):
            send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW)
    recorded = (tmp_path / "state" / "sent.jsonl").read_bytes()
    (would,) = send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW, dry_run=True)
    assert (tmp_path / "state" / "sent.jsonl").read_bytes() == recorded
    (done,) = send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW)
    assert would == done
    assert (done.what, done.is_trouble) == ("unknown", True)
    assert send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW) == ()
    assert box.mails == []


def test_a_preview_goes_to_the_agency_and_can_be_stopped(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    home, asked = Home(tmp_path), client(NIGHTLY | {"preview_to": ["me@agency.se"], "preview_days": 2})
    done = send_due(con, home, [asked], environ=mail, now=NOW)
    assert what(done) == [("me@agency.se", "previewed")]
    message = box.mails[0][1]
    assert message["Subject"].startswith("[Förhandsvisning] ")
    assert "vd@fjallglas.se" in message.get_body(("plain",)).get_content()
    assert what(hold(home, [asked], now=NOW, dry_run=True)) == [("vd@fjallglas.se", "would hold")]
    assert what(hold(home, [asked], now=NOW)) == [("vd@fjallglas.se", "held")]
    later = NOW + timedelta(days=2)
    assert send_due(con, home, [asked], environ=mail, now=later) == ()
    assert len(box.mails) == 1


def test_a_preview_that_nobody_stopped_goes_on_as_it_was_shown(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    home, asked = Home(tmp_path), client(NIGHTLY | {"preview_to": ["me@agency.se"], "preview_days": 2})
    send_due(con, home, [asked], environ=mail, now=NOW)
    done = send_due(con, home, [asked], environ=mail, now=NOW + timedelta(days=2))
    assert ("vd@fjallglas.se", "sent") in what(done)
    subjects = [message["Subject"] for _, message in box.mails]
    assert subjects[1] == subjects[0].removeprefix("[Förhandsvisning] ")


def test_only_if_changed_sends_the_first_and_then_only_news(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    home, asked = Home(tmp_path), client(NIGHTLY | {"only_if_changed": True})
    early = datetime(2026, 11, 19, 4, tzinfo=UTC)
    assert what(send_due(con, home, [asked], environ=mail, now=early)) == [("vd@fjallglas.se", "sent")]
    con.execute(
        "create or replace table marts.key_result_progress as select * replace (if(as_of = $now, 0.5, 0.5) as"
        " raw_progress, 'on_track' as status, 10 as target) from marts.key_result_progress",
        {"now": AS_OF},
    )
    con.execute("update marts.objective_progress set status = 'on_track'")
    con.execute("delete from marts.key_result_items")
    assert what(send_due(con, home, [asked], environ=mail, now=NOW)) == [("vd@fjallglas.se", "skipped")]
    assert len(box.mails) == 1


@pytest.mark.parametrize("via", ["slack", "teams", "webhook"])
def test_a_webhook_gets_its_own_form_once_and_its_address_is_in_no_word_or_file(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, hook: tuple[str, list[Any], list[int]], via: str
) -> None:
    address, taken, answers = hook
    home, asked = Home(tmp_path), client({"to": [{"env": "HOOK"}], "via": via, "every": "night", "audience": "team"})
    answers.append(503)
    failed = send_due(con, home, [asked], environ={"HOOK": address}, now=NOW)
    assert what(failed) == [("HOOK", "failed")]
    for _ in range(2):
        send_due(con, home, [asked], environ={"HOOK": address}, now=NOW)
    (body,) = taken
    text = {"slack": lambda: body["text"], "webhook": lambda: body["text"],
            "teams": lambda: json.dumps(body["attachments"][0]["content"], ensure_ascii=False)}[via]()  # fmt: skip
    assert FJALLGLAS.objectives[0].title in text
    # a team reads what the team's report says of each key result
    line = text.replace("\u00a0", " ")
    assert "Fler följare (" in line
    assert ": +21 % av +25 %, framsteg 85 %. Prognos vid årets slut 8 290" in line
    assert "sannolikhet 42 %" in line
    record = (tmp_path / "state" / "sent.jsonl").read_text("utf-8")
    assert "secret" not in record + " ".join(each.line for each in failed)


def test_a_team_reads_what_owners_say_and_a_board_its_objectives_alone(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        'insert into marts.checkins (client, objective_id, key_result_id, checked_on, "by", confidence, text, next,'
        " known_at) values ('fjallglas', 'awareness', 'followers', '2026-11-12', 'anna', 0.8, 'LinkedIn är igång igen',"
        " '', '2026-11-12 04:00:00+00')"
    )
    said = "Avstämning 12 nov (anna): 80 % säker. LinkedIn är igång igen."
    for audience, is_named in (("team", True), ("board", False)):
        letter = letter_of(con, reader_of(FJALLGLAS), night=AS_OF, with_results=audience == "team")
        bodies = (slack(letter), teams(letter), webhook(letter, edition="2026-W47"), as_html(letter))
        for body in bodies:
            text = json.dumps(body, ensure_ascii=False).replace("\u00a0", " ")
            assert ("Fler följare" in text, said in text) == (is_named, is_named)
        objective = webhook(letter, edition="2026-W47")["objectives"][0]  # type: ignore[index]
        assert [each["title"] for each in objective["key_results"]] == (
            [each.title for each in FJALLGLAS.objectives[0].key_results] if is_named else []
        )


def test_a_webhook_over_plain_http_off_this_machine_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    asked = client({"to": [{"env": "HOOK"}], "via": "webhook", "every": "night"})
    (done,) = send_due(con, Home(tmp_path), [asked], environ={"HOOK": "http://example.se/x"}, now=NOW)
    assert (done.what, done.why) == ("failed", "the webhook's address is no https address")
    (done,) = send_due(con, Home(tmp_path), [asked], environ={}, now=NOW)
    assert done.why == "the environment variable HOOK is not set"


def test_a_webhooks_address_that_everybody_may_read_is_not_used_by_a_night(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    asked = client({"to": [{"file": "secrets/hook"}], "via": "webhook", "every": "night"})
    hook = tmp_path / "secrets" / "hook"
    hook.parent.mkdir()
    hook.write_text("http://example.se/x")
    hook.chmod(0o644)
    (done,) = send_due(con, Home(tmp_path), [asked], environ={}, now=NOW, refuse_open_secrets=True)
    assert (done.what, "chmod 600 secrets/hook" in done.why) == ("failed", True)
    assert [line for line in open_secrets(Home(tmp_path), asked) if "secrets/hook" in line]
    hook.chmod(0o640)
    (done,) = send_due(con, Home(tmp_path), [asked], environ={}, now=NOW, refuse_open_secrets=True)
    assert done.why == "the webhook's address is no https address"


def test_a_dry_run_says_what_would_go_and_notes_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    done = send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=mail, now=NOW, dry_run=True)
    assert what(done) == [("vd@fjallglas.se", "would send")]
    assert box.mails == []
    assert not (tmp_path / "state" / "sent.jsonl").exists()


def test_two_processes_never_send_at_once_and_a_line_cut_off_by_a_crash_is_passed_over(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    home = Home(tmp_path)
    with opened(home), pytest.raises(AlreadySending):
        send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW)
    (tmp_path / "state" / "sent.jsonl").write_text('{"client": "fjallglas", "se', encoding="utf-8")
    assert what(send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW)) == [("vd@fjallglas.se", "sent")]
    assert send_due(con, home, [client(NIGHTLY)], environ=mail, now=NOW) == ()
    assert len(box.mails) == 1


def more_nights(con: duckdb.DuckDBPyConnection, *days: date) -> None:
    """The fixture's newest night once more on each of these days, those it has of other days gone."""
    for table in ("key_result_progress", "objective_progress", "key_result_items"):
        con.execute(f"delete from marts.{table} where as_of <> ?", [AS_OF])
        for day in days:
            con.execute(
                f"insert into marts.{table} select * replace ($day as as_of, $at as known_at) from marts.{table}"
                " where as_of = $now",
                {"day": day, "at": datetime(day.year, day.month, day.day, 4, tzinfo=UTC), "now": AS_OF},
            )


@pytest.mark.parametrize("case", [(42, "13 nov."), (4, "16 nov.")])
def test_the_first_edition_says_what_happened_since_a_week_before_or_the_first_night(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, case: tuple[int, str]
) -> None:
    nights, since = case
    more_nights(con, *(AS_OF - timedelta(days=back) for back in range(1, nights + 1)))
    send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=mail, now=NOW)
    text = box.mails[0][1].get_body(("plain",)).get_content().replace("\u00a0", " ")
    assert f"Vad som hänt sedan {since} 2026" in text


def test_the_attached_pages_say_what_happened_since_the_same_night_as_the_mail(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_nights(con, *(AS_OF - timedelta(days=back) for back in range(1, 5)))
    pages: list[str] = []
    monkeypatch.setattr("pipelines.sending.send.printed", lambda page, _: pages.append(page.read_text("utf-8")))
    send_due(con, Home(tmp_path), [client(NIGHTLY)], environ=mail, now=NOW)
    text = box.mails[0][1].get_body(("plain",)).get_content()
    for said in (text, *pages):
        assert "Vad som hänt sedan 16 nov. 2026" in said.replace("\u00a0", " ")


@pytest.mark.parametrize("only_if_changed", [False, True])
def test_whoever_gets_an_edition_at_the_second_try_reads_what_the_others_read(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box, only_if_changed: bool
) -> None:
    more_nights(con, *(AS_OF - timedelta(days=back) for back in range(1, 43)))
    both = {"to": ["a@fjallglas.se", "b@fjallglas.se"], "only_if_changed": only_if_changed}
    box.refuse = ["451 later"]
    for _ in range(2):
        send_due(con, Home(tmp_path), [client(NIGHTLY | both)], environ=mail, now=NOW)
    first, second = (message.get_body(("plain",)).get_content() for _, message in box.mails)
    assert [to for to, _ in box.mails] == [["b@fjallglas.se"], ["a@fjallglas.se"]]
    assert second == first


def test_a_month_is_sent_when_it_has_closed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    (done,) = send_due(con, Home(tmp_path), [client(NIGHTLY | {"every": "month"})], environ=mail, now=NOW)
    assert (done.edition, done.what) == ("2026-10", "sent")
    assert date.fromisoformat("2026-11-19") > date(2026, 11, 5)


def test_a_months_mail_says_what_happened_since_the_month_before_its_own(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mail: dict[str, str], box: Box
) -> None:
    more_nights(con, *(AS_OF - timedelta(days=back) for back in range(1, 80)))
    for day in (15, 36):
        now = datetime(2026, 10, 1, 4, tzinfo=UTC) + timedelta(days=day)
        send_due(con, Home(tmp_path), [client(NIGHTLY | {"every": "month"})], environ=mail, now=now)
    first, second = (message.get_body(("plain",)).get_content().replace("\u00a0", " ") for _, message in box.mails)
    assert "Vad som hänt sedan 5 sep. 2026" in first
    assert "natten till den 5 oktober 2026" in first
    assert "Vad som hänt sedan 5 okt. 2026" in second
