"""What people receive in a month: thirty nights of two clients, by mail, Slack and report, in the order it came.

The nights are ``okr run`` itself against the sandbox; mail goes over TLS to a server on this machine, Slack and notices
to a webhook. In the middle LinkedIn's token is revoked and later given anew, a target is raised, people check in, and
a row of a check-in is wrong. Every mail and message is kept in the folder, to be looked at.

    python -m benchmarks.month_received FOLDER [NIGHTS]

Needs the test extras (aiosmtpd); PDFs are attached where a Chromium is on the machine.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import socket
from typing import Any

import click
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.sandbox.faults import AuthReject
from connectors.sandbox.server import SandboxServer
from pipelines.cli.main import okr
from pipelines.warehouse.home import Home

FIRST, NIGHTS = date(2026, 10, 20), 30
REVOKED, GIVEN_ANEW, RAISED, BAD_ROW = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 5), date(2026, 11, 11)
CHECK_INS = {
    date(2026, 10, 21): ("fjallglas", "kanda/besokare", 70, "Kampanjen börjar vecka 45", "Boka annonser"),
    date(2026, 10, 28): ("lindhs", "growth/orders", 55, "Autumn is slow", "Call the five largest"),
    date(2026, 11, 4): ("fjallglas", "kanda/besokare", 50, "Kampanjen är sen", "Flytta annonserna till vecka 47"),
    date(2026, 11, 12): ("fjallglas", "kanda/foljare", 80, "LinkedIn är igång igen", ""),
}
FJALLGLAS = """\
client: fjallglas
name: Fjällglas AB
language: sv
csv_dialect: excel-sv
brand: {agency: Byrån Norr, colour: "#0a5c36"}
sources:
  - {id: web, type: ga4, property_id: "412345678", credentials: {env: OKR_DEMO_GOOGLE_KEY},
     base_url: {env: OKR_SANDBOX_URL}, opened: 2023-07-01, start: 2025-01-01}
  - {id: linkedin, type: linkedin, organization_id: "2414183", token: {env: OKR_DEMO_LINKEDIN_TOKEN},
     base_url: {env: OKR_SANDBOX_URL}, opened: 2021-05-01}
objectives:
  - id: kanda
    title: Fler känner till oss
    owner: anna@fjallglas.se
    period: FY2026
    key_results:
      - {id: besokare, title: Fler unika besökare, kpi: unique_visitors, target: "+25%"}
      - {id: foljare, title: Fler följare på LinkedIn, kpi: followers, target: TARGET}
send:
  - {to: [vd@fjallglas.se], audience: board, every: monday, preview_to: [me@byran.se], preview_days: 2}
  - {to: [{env: FJALLGLAS_SLACK}], via: slack, audience: team, every: night, only_if_changed: true}
"""
LINDHS = """\
client: lindhs
name: Lindhs Cycles
language: en
sources:
  - {id: own, type: csv, path: data/lindhs.csv}
kpis:
  - {id: orders, title: Orders, kind: flow, unit: orders, source: own}
objectives:
  - id: growth
    title: More repairs all year
    owner: lena@lindhs.se
    period: FY2026
    key_results:
      - {id: orders, title: More orders, kpi: orders, target: "+8%"}
send:
  - {to: [lena@lindhs.se], audience: team, every: month}
"""


@dataclass
class Received:
    """Everything that arrived, as it came; ``night`` is the one that runs."""

    folder: Path
    night: date = FIRST
    lines: list[str] = field(default_factory=list)

    def mail(self, to: str, message: EmailMessage) -> None:
        attached = [str(part.get_filename()) for part in message.iter_attachments()]
        name = self.keep(f"mail to {to}: {message['Subject']}{f' + {attached[0]}' if attached else ''}")
        page = message.get_body(("html",))
        if page is not None:
            (self.folder / f"{name}.html").write_text(page.get_content(), encoding="utf-8")
        for part in message.iter_attachments():
            (self.folder / f"{name}.pdf").write_bytes(part.get_content())

    def hook(self, path: str, body: dict[str, Any]) -> None:
        first = str(body.get("text", "")).splitlines()[0]
        name = self.keep(f"{path.strip('/')}: {first}")
        (self.folder / f"{name}.json").write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")

    def keep(self, line: str) -> str:
        """Note it; the name of its file."""
        self.lines.append(f"{self.night}  {line}")
        return f"{len(self.lines):03}-{self.night}"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost and its key, for the mail server of this month alone."""
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
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return pem, secret


@contextmanager
def mail_server(received: Received, pem: Path, secret: Path) -> Iterator[int]:
    """A mail server that takes nothing without STARTTLS; its port."""

    class Box:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            message = message_from_bytes(envelope.content, policy=policy.default)
            for to in envelope.rcpt_tos:
                received.mail(to, message)
            return "250 taken"

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, secret)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = Controller(Box(), hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@contextmanager
def webhooks(received: Received) -> Iterator[str]:
    """Where Slack and notices go; its address."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.hook(self.path, json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not to the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def write_files(home: Home, night: date) -> None:
    """The files as they stand that night: the target that is in force, and the months that the shop has counted."""
    for folder in (home.clients, home.data):
        folder.mkdir(parents=True, exist_ok=True)
    raised = f'{{from: {RAISED}, target: "+15%", by: Styrelsen, why: Hösten gick bättre än väntat}}'
    now = f'"+10%", revisions: [{raised}]' if night >= RAISED else '"+10%"'
    (home.clients / "fjallglas.yaml").write_text(FJALLGLAS.replace("TARGET", now), encoding="utf-8")
    (home.clients / "lindhs.yaml").write_text(LINDHS, encoding="utf-8")
    rows, month, number = ["month,kpi,value"], date(2024, 1, 1), 0
    while (following := (month + timedelta(days=32)).replace(day=1)) <= night:
        rows.append(f"{month:%Y-%m},orders,{400 + 3 * number + 90 * (month.month in (4, 5, 6, 9))}")
        month, number = following, number + 1
    (home.data / "lindhs.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def command(home: Home, *arguments: str) -> int:
    """One ``okr`` command as a person or cron has it; what it says of trouble is printed."""
    result = CliRunner().invoke(okr, ["--home", str(home.root), *arguments], catch_exceptions=False)
    for line in result.stderr.splitlines():
        if line.startswith("okr:"):
            click.echo(f"            stderr: {line}")
    return result.exit_code


def night(home: Home, server: SandboxServer, received: Received) -> int:
    """Everything that happens on one day; the exit code of its ``okr run``."""
    today = received.night
    os.environ["OKR_TODAY"] = today.isoformat()
    server.set_today(today)
    if today == REVOKED:
        server.faults.set(vendor="linkedin", fault=AuthReject(reason="revoked"))
    if today == GIVEN_ANEW:
        server.faults.clear()
    write_files(home, today)
    if today == BAD_ROW:
        path = home.checkins_of("fjallglas")
        path.write_bytes(path.read_bytes() + f"{today};kanda/besökare;60;anna;Fel namn;\r\n".encode())
    code = command(home, "run")
    if today in CHECK_INS:
        client, key_result, sure, text, following = CHECK_INS[today]
        said = (
            "--confidence",
            str(sure),
            "--text",
            text,
            "--by",
            "anna",
            *(("--next", following) if following else ()),
        )
        command(home, "checkin", client, key_result, *said)
    return code


def main(folder: Path, nights: int) -> list[str]:
    """Run the month into ``folder``; a line for each thing that anybody received."""
    home, received = Home(folder / "home"), Received(folder / "received")
    received.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer(today=FIRST))
        pem, secret = certificate(folder)
        port = stack.enter_context(mail_server(received, pem, secret))
        hook = stack.enter_context(webhooks(received))
        os.environ |= server.environment() | {
            "OKR_MAIL_SMTP": f"smtp://localhost:{port}",
            "OKR_MAIL_FROM": "Byrån Norr <okr@byran.se>",
            "OKR_MAIL_CA": str(pem),
            "OKR_NOTICE_WEBHOOK": f"{hook}/notice",
            "FJALLGLAS_SLACK": f"{hook}/slack",
        }
        os.environ.pop("DAGSTER_HOME", None)
        for step in range(nights):
            received.night = FIRST + timedelta(days=step)
            before = len(received.lines)
            code = night(home, server, received)
            print(*received.lines[before:], sep="\n", flush=True)
            if code:
                print(f"{received.night}  okr run ended with {code}", flush=True)
    print(f"{len(received.lines)} messages in {nights} nights")
    return received.lines


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else NIGHTS)
