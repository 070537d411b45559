"""One message to one mail server: whether it was taken is known from the answer to the letter, and from nothing later.

A made-up server stands for what a real one does seldom; real ones are in ``test_sending.py``.
"""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from types import TracebackType

import pytest

from pipelines.notices import send as notices
from pipelines.notices.text import Notice
from pipelines.sending import ways

ENVIRON = {"OKR_MAIL_SMTP": "smtps://mail.example", "OKR_MAIL_FROM": "okr@agency.se"}


class Server:
    """Takes a letter unless ``says`` is no 2xx, and ends with ``farewell``."""

    def __init__(self, *, says: int = 250, farewell: Exception | None = None) -> None:
        self.says, self.farewell = says, farewell

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.farewell is not None:
            raise self.farewell

    def mail(self, _sender: str) -> tuple[int, bytes]:
        return 250, b""

    def rcpt(self, _to: str) -> tuple[int, bytes]:
        return 250, b""

    def send_message(self, _message: EmailMessage) -> None:
        return

    def data(self, _message: bytes) -> tuple[int, bytes]:
        return self.says, b""


@pytest.mark.parametrize("farewell", [smtplib.SMTPResponseException(421, b"busy"), TimeoutError()])
def test_a_letter_that_was_taken_is_sent_however_the_server_says_goodbye(
    monkeypatch: pytest.MonkeyPatch, farewell: Exception
) -> None:
    monkeypatch.setattr(ways, "_connected", lambda *_: Server(farewell=farewell))
    ways.by_mail(EmailMessage(), to="vd@acme.se", environ=ENVIRON)


def test_a_letter_that_was_refused_is_not_sent_however_the_server_says_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_connected", lambda *_: Server(says=451, farewell=TimeoutError()))
    with pytest.raises(ways.NotSent):
        ways.by_mail(EmailMessage(), to="vd@acme.se", environ=ENVIRON)


@pytest.mark.parametrize("farewell", [smtplib.SMTPResponseException(421, b"busy"), TimeoutError()])
def test_nor_is_a_notice_that_was_taken_told_again(monkeypatch: pytest.MonkeyPatch, farewell: Exception) -> None:
    monkeypatch.setattr(notices, "_connected", lambda *_: Server(farewell=farewell))
    notice = Notice(subject="s", text="t")
    notices.by_mail(notice, server="smtps://mail.example", sender="okr@agency.se", recipients="ops@agency.se")
