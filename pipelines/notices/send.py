"""Ways to send a notice: a webhook that takes Slack's form, and mail. Which, the environment says when it is sent.

``OKR_NOTICE_WEBHOOK``: an https address (http for this machine alone) that takes ``{"text": ...}``: Slack, Mattermost,
Discord's /slack. ``OKR_NOTICE_SMTP``: ``smtp://`` (STARTTLS where the server has it), ``smtps://`` (TLS from the
start), with ``user:password@`` where needed, plus ``OKR_NOTICE_FROM`` and ``OKR_NOTICE_TO`` (commas between several).
Addresses and passwords are secrets: none is ever part of what is raised here.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from pipelines.mail_policy import MAIL
from pipelines.notices.text import Notice

WEBHOOK = "OKR_NOTICE_WEBHOOK"
SMTP = "OKR_NOTICE_SMTP"
SENDER = "OKR_NOTICE_FROM"
RECIPIENTS = "OKR_NOTICE_TO"
TIMEOUT_SECONDS = 15
_HERE = ("localhost", "127.0.0.1", "::1")

Messenger = Callable[[Notice], None]


class NotSent(RuntimeError):
    """A notice did not go out this way. Says what went wrong without any address or password."""

    def __init__(self, *, way: str, why: str) -> None:
        super().__init__(f"notice not sent by {way}: {why}")


def messengers_of(environ: Mapping[str, str]) -> dict[str, Messenger]:
    """The ways that the environment asks for, by name; none where it asks for none. Reads nothing else."""
    ways: dict[str, Messenger] = {}
    if webhook := environ.get(WEBHOOK, "").strip():
        ways["webhook"] = lambda notice: by_webhook(notice, address=webhook)
    if server := environ.get(SMTP, "").strip():
        sender, recipients = environ.get(SENDER, "").strip(), environ.get(RECIPIENTS, "").strip()
        ways["mail"] = lambda notice: by_mail(notice, server=server, sender=sender, recipients=recipients)
    return ways


def by_webhook(notice: Notice, *, address: str) -> None:
    """Post the text as Slack's incoming webhooks take it. Raises ``NotSent``."""
    import requests

    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise NotSent(way="webhook", why=f"{WEBHOOK} is no https address")
    try:
        # a redirect would carry the text to where nobody sent it
        reply = requests.post(address, json={"text": notice.text}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        # its own words quote the address
        raise NotSent(way="webhook", why=type(error).__name__) from None
    if reply.status_code // 100 != 2:
        raise NotSent(way="webhook", why=f"the server answered {reply.status_code}")


def by_mail(notice: Notice, *, server: str, sender: str, recipients: str) -> None:
    """Send the text as one mail to all. Raises ``NotSent``."""
    parts = urlsplit(server)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise NotSent(way="mail", why=f"{SMTP} is no smtp:// or smtps:// address")
    if not sender or not recipients:
        raise NotSent(way="mail", why=f"{SENDER} and {RECIPIENTS} are needed too")
    message = EmailMessage(policy=MAIL)
    message["Subject"], message["From"], message["To"] = notice.subject, sender, recipients
    message.set_content(notice.text)
    taken = False
    try:
        with _connected(parts.scheme, parts.hostname, parts.port) as smtp:
            encrypted = parts.scheme == "smtps" or _start_tls(smtp)
            if parts.username:
                if not encrypted and parts.hostname not in _HERE:
                    raise NotSent(way="mail", why="the server has no TLS, so that the password would go in clear")
                smtp.login(unquote(parts.username), unquote(parts.password or ""))
            smtp.send_message(message)
            taken = True
    except (smtplib.SMTPException, OSError) as error:
        if taken:  # how the server says goodbye changes nothing of that
            return
        if isinstance(error, smtplib.SMTPResponseException):
            raise NotSent(way="mail", why=f"the server answered {error.smtp_code}") from None
        raise NotSent(way="mail", why=type(error).__name__) from None


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 587, timeout=TIMEOUT_SECONDS)


def _start_tls(smtp: smtplib.SMTP) -> bool:
    smtp.ehlo()
    if not smtp.has_extn("starttls"):
        return False
    smtp.starttls(context=ssl.create_default_context())
    smtp.ehlo()
    return True
