"""What people receive of an agency's weeks: the nights that matter, by ``okr run``, over mail, Slack and notices.

Really under test: how many messages come, to whom, with which subject and which key sentences, over all that a month
brings: a preview, a hold, a revoked token, a changed target, a wrong row. The servers are those of
``benchmarks/month_received.py``, which runs a whole month to be looked at. The rules of what is due have tests of their
own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.month_received import Received, certificate, mail_server, webhooks
from connectors.sandbox.faults import AuthReject
from connectors.sandbox.server import SandboxServer
from pipelines.cli.main import okr
from pipelines.warehouse.home import Home

FIRST = date(2026, 11, 1)
MONDAY, WEDNESDAY, FRIDAY = date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 6)
NEXT_MONDAY, NEXT_WEDNESDAY = date(2026, 11, 9), date(2026, 11, 11)
NIGHTS = (FIRST, MONDAY, WEDNESDAY, FRIDAY, NEXT_MONDAY, NEXT_WEDNESDAY)
AGENCY, BOARD, OWNER, SLACK, NOTICE = "me@byran.se", "vd@fjallglas.se", "lena@lindhs.se", "/slack", "/notice"

FJALLGLAS = """\
client: fjallglas
name: Fjällglas AB
language: sv
sources:
  - {id: linkedin, type: linkedin, organization_id: "2414183", token: {env: OKR_DEMO_LINKEDIN_TOKEN},
     base_url: {env: OKR_SANDBOX_URL}, start: 2026-06-01}
objectives:
  - id: kanda
    title: Fler känner till oss
    owner: anna@fjallglas.se
    period: {start: 2026-07-01, end: 2026-12-31}
    key_results:
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
    period: FY2026
    key_results:
      - {id: orders, title: More orders, kpi: orders, target: "+8%"}
send:
  - {to: [lena@lindhs.se], audience: team, every: month}
"""


@dataclass(frozen=True)
class Message:
    night: date
    to: str
    subject: str
    text: str


@dataclass
class Kept(Received):
    """Everything that arrived, in order."""

    messages: list[Message] = field(default_factory=list)

    def mail(self, to: str, message: EmailMessage) -> None:
        page = message.get_body(("plain",))
        assert page is not None
        self._keep(to, message["Subject"], page.get_content().replace("\r\n", "\n"))

    def hook(self, path: str, body: dict[str, Any]) -> None:
        subject, _, text = str(body["text"]).partition("\n")
        self._keep(path, subject, text)

    def _keep(self, to: str, subject: str, text: str) -> None:
        self.messages.append(Message(self.night, to, subject, text.replace("\u00a0", " ")))


@dataclass
class Month:
    """What came of the nights: messages, and exit code and stderr of each ``okr run``."""

    messages: list[Message]
    runs: dict[date, tuple[int, str]]

    def to(self, whom: str) -> list[Message]:
        return [each for each in self.messages if each.to == whom]


def write_files(home: Home, night: date) -> None:
    """The files as they stand that night: the target in force, and the months that the shop has counted."""
    for folder in (home.clients, home.data):
        folder.mkdir(parents=True, exist_ok=True)
    raised = f'"+10%", revisions: [{{from: {FRIDAY}, target: "+15%", by: Styrelsen, why: Hösten gick bra}}]'
    target = raised if night >= FRIDAY else '"+10%"'
    (home.clients / "fjallglas.yaml").write_text(FJALLGLAS.replace("TARGET", target), encoding="utf-8")
    (home.clients / "lindhs.yaml").write_text(LINDHS, encoding="utf-8")
    months = [date(2025 + number // 12, number % 12 + 1, 1) for number in range(24)]
    known = [month for month in months if (month + timedelta(days=32)).replace(day=1) <= night]
    rows = [f"{month:%Y-%m},orders,{400 + 3 * number}" for number, month in enumerate(known)]
    (home.data / "lindhs.csv").write_text("\n".join(["month,kpi,value", *rows]) + "\n", encoding="utf-8")


def command(home: Home, *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of one ``okr`` command."""
    result = CliRunner().invoke(okr, ["--home", str(home.root), *arguments], catch_exceptions=False)
    return result.exit_code, result.stderr


@contextmanager
def around(folder: Path, received: Kept) -> Iterator[tuple[SandboxServer, Mapping[str, str]]]:
    """The servers of the month, and the environment that names them."""
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer(today=FIRST))
        pem, secret = certificate(folder)
        port = stack.enter_context(mail_server(received, pem, secret))
        hook = stack.enter_context(webhooks(received))
        yield (
            server,
            server.environment()
            | {
                "OKR_MAIL_SMTP": f"smtp://localhost:{port}",
                "OKR_MAIL_FROM": "Byrån Norr <okr@byran.se>",
                "OKR_MAIL_CA": str(pem),
                "OKR_CHROMIUM": str(folder / "none"),
                "OKR_NOTICE_WEBHOOK": f"{hook}{NOTICE}",
                "FJALLGLAS_SLACK": f"{hook}{SLACK}",
                "DAGSTER_HOME": str(folder / "home" / "dagster"),
            },
        )


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """After all nights."""
    folder = tmp_path_factory.mktemp("month")
    home, received, runs = Home(folder / "home"), Kept(folder), {}
    with around(folder, received) as (server, environment), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        for night in NIGHTS:
            received.night = night
            patch.setenv("OKR_TODAY", night.isoformat())
            server.set_today(night)
            if night == MONDAY:
                server.faults.set(vendor="linkedin", fault=AuthReject(reason="revoked"))
            if night == FRIDAY:
                server.faults.clear()
                rows = home.checkins_of("fjallglas")
                rows.write_bytes(rows.read_bytes() + f"{night},kanda/följare,60,anna,Fel namn,\n".encode())
            write_files(home, night)
            runs[night] = command(home, "run")
            if night == MONDAY:
                said = ("--confidence", "70", "--text", "Kampanjen börjar vecka 46", "--by", "anna")
                assert command(home, "checkin", "fjallglas", "kanda/foljare", *said)[0] == 0
            if night == NEXT_MONDAY:
                assert command(home, "send", "--hold", "--client", "fjallglas")[0] == 0
    return Month(received.messages, runs)


def test_the_agency_sees_each_mondays_mail_first(month: Month) -> None:
    first, second = month.to(AGENCY)
    assert (first.night, second.night) == (MONDAY, NEXT_MONDAY)
    assert first.subject.startswith("[Förhandsvisning] Fjällglas AB: ")
    assert "Går till vd@fjallglas.se den 4 nov. 2026, om du inte stoppar den" in first.text
    assert "Går till vd@fjallglas.se den 11 nov. 2026, om du inte stoppar den" in second.text
    # no night is a week old when the first one goes
    assert "Vad som hänt sedan 1 nov. 2026" in first.text
    assert "Vad som hänt sedan 2 nov. 2026" in second.text


def test_the_board_gets_what_was_previewed_days_later_once_and_never_what_was_held(month: Month) -> None:
    (mail,) = month.to(BOARD)
    preview = month.to(AGENCY)[0]
    assert mail.night == WEDNESDAY
    assert mail.subject == preview.subject.removeprefix("[Förhandsvisning] ")
    note, same = preview.text.split("\n\n", 1)
    assert note.startswith("Går till")
    assert mail.text == same
    assert "Framtaget natten till den 2 november 2026." in mail.text
    assert "LinkedIn har inte kunnat läsas sedan 31 okt. Siffrorna därifrån står kvar." in mail.text
    assert "Fler känner till oss" in mail.text
    assert "Fler följare på LinkedIn" not in mail.text


def test_a_revoked_token_is_told_once_with_its_cure_and_then_not_again(month: Month) -> None:
    told = [each for each in month.to(NOTICE) if "not read:" in each.text]
    assert [each.night for each in told] == [MONDAY]
    assert "not read: fjallglas/linkedin (auth)" in told[0].text
    assert "sign in again for a new token" in told[0].text
    assert WEDNESDAY not in {each.night for each in month.to(NOTICE)}
    assert [month.runs[night][0] for night in NIGHTS] == [0, 3, 3, 0, 0, 0]


def test_the_team_reads_of_a_changed_target_and_of_what_its_owner_says_where_it_is_news(month: Month) -> None:
    messages = month.to(SLACK)
    assert [each.night for each in messages] == [FIRST, FRIDAY, NEXT_MONDAY]
    first, changed, _ = messages
    assert first.subject.startswith("*Fjällglas AB: ")
    assert "Fler följare på LinkedIn (enligt plan): +8 % av +10 %, framsteg" in first.text
    assert "Vad som hänt sedan 1 nov. 2026" in changed.text
    assert "- Fler följare på LinkedIn: enligt plan → i riskzonen; målet ändrat från" in changed.text
    assert "Fler följare på LinkedIn (i riskzonen): +9 % av +15 %, framsteg" in changed.text
    assert "Avstämning 2 nov (anna): 70 % säker. Kampanjen börjar vecka 46." in changed.text


def test_a_month_is_told_once_when_it_has_closed(month: Month) -> None:
    (mail,) = month.to(OWNER)
    assert (mail.night, mail.subject.startswith("Lindhs Cycles: ")) == (FRIDAY, True)
    assert "- ▲ More orders (on track): +9% of +8%, progress 109%. Full-year forecast" in mail.text
    assert "Orders: 463 orders, Oct" in mail.text


def test_a_wrong_row_of_a_check_in_is_named_and_costs_only_itself(month: Month) -> None:
    code, said = month.runs[FRIDAY]
    wrong = "checkins/fjallglas.csv:3: 'kanda/följare' is no key result"
    assert code == 0
    assert f"okr: {wrong}" in said
    (notice,) = [each for each in month.to(NOTICE) if each.night == FRIDAY]
    assert wrong in notice.text
    # the row above it is read all the same
    assert "70 % säker" in month.to(SLACK)[1].text


def test_nobody_else_gets_anything(month: Month) -> None:
    assert {each.to for each in month.messages} == {AGENCY, BOARD, OWNER, SLACK, NOTICE}
