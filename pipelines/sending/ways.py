"""How a message goes out: mail over TLS, or a webhook of Slack, Teams or anybody.

What belongs here: one message to one target, and whether it may have arrived. What does not: what it says
(``letter.py``), whether it is due (``due.py``).

``OKR_MAIL_SMTP``: ``smtp://`` (STARTTLS) or ``smtps://`` (TLS from the start), with ``user:password@`` where needed;
``OKR_MAIL_FROM``: the sender. Off this machine TLS is required, with or without a password: a client's figures are
nobody else's. Addresses and passwords are secrets: none is ever part of what is raised here.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

SMTP, SENDER = "OKR_MAIL_SMTP", "OKR_MAIL_FROM"
CA_FILE = "OKR_MAIL_CA"
"""A file of certificates to trust beside the system's: of an own mail server."""
TIMEOUT_SECONDS = 30
HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSent(RuntimeError):
    """It did not go out; trying again is safe."""


class MaybeSent(RuntimeError):
    """It was handed over and nobody said whether it was taken; it is not sent again."""


def sender_of(environ: Mapping[str, str]) -> str:
    """Who mail is from. Raises ``NotSent``."""
    sender = environ.get(SENDER, "").strip()
    if not sender:
        raise NotSent(f"{SENDER} is not set; it is the address that mail is from")
    return sender


def carried(address: str) -> str:
    """A mail address as servers take it: the domain in its ASCII form. Raises ``NotSent``."""
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise NotSent("the address has a letter before the @ that mail can't carry")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise NotSent("what stands behind the @ is no name of a domain") from None


def by_mail(message: EmailMessage, *, to: str, environ: Mapping[str, str]) -> None:
    """One mail to one address. Raises ``NotSent`` or ``MaybeSent``."""
    try:
        parts = urlsplit(environ.get(SMTP, "").strip())
        host, port = parts.hostname, parts.port
    except ValueError:  # its words may quote a password
        host, port = None, None
    if not host or parts.scheme not in ("smtp", "smtps"):
        raise NotSent(f"{SMTP} is no smtp:// or smtps:// address")
    sender = sender_of(environ)
    handed_over = taken = False
    try:
        with _connected(parts.scheme, host, port, environ) as smtp:
            encrypted = parts.scheme == "smtps" or _start_tls(smtp, environ)
            if not encrypted and host not in HERE:
                raise NotSent("the mail server has no TLS; figures don't go in clear")
            if parts.username:
                smtp.login(unquote(parts.username), unquote(parts.password or ""))
            _refused(smtp.mail(sender))
            _refused(smtp.rcpt(to))
            handed_over = True
            answer = smtp.data(message.as_bytes())
            handed_over, taken = False, answer[0] // 100 == 2
            _refused(answer)
    except NotSent:
        raise
    except (smtplib.SMTPException, OSError) as error:
        if taken:  # how the server says goodbye changes nothing of that
            return
        if isinstance(error, smtplib.SMTPResponseException):
            raise NotSent(f"the mail server answered {error.smtp_code}") from None
        if handed_over:
            raise MaybeSent(f"the mail server gave no answer ({type(error).__name__})") from None
        raise NotSent(f"the mail server could not be reached ({type(error).__name__})") from None
    except UnicodeError:  # before anything is handed over: the letter itself is in seven bits
        raise NotSent(f"{SMTP} or {SENDER} has a letter that mail can't carry") from None


def by_webhook(address: str, body: Mapping[str, object]) -> None:
    """Post JSON. Raises ``NotSent`` or ``MaybeSent``."""
    import requests

    try:
        parts = urlsplit(address.strip())
    except ValueError:
        raise NotSent("the webhook's address is no https address") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise NotSent("the webhook's address is no https address")
    try:
        # a redirect would carry the figures to where nobody sent them
        reply = requests.post(address.strip(), json=body, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.exceptions.ConnectTimeout:
        raise NotSent("the webhook could not be reached") from None
    except requests.ReadTimeout:
        raise MaybeSent("the webhook gave no answer") from None
    except requests.RequestException as error:
        # refused, unknown or not to be trusted before anything was said; its own words quote the address
        reached = "NewConnectionError" in repr(error) or isinstance(error, requests.exceptions.SSLError)
        kind = NotSent if reached or not isinstance(error, requests.ConnectionError) else MaybeSent
        raise kind(f"the webhook could not be reached ({type(error).__name__})") from None
    if reply.status_code // 100 != 2:
        raise NotSent(f"the webhook answered {reply.status_code}")


def _refused(answer: tuple[int, bytes]) -> None:
    code, said = answer
    if code // 100 != 2:
        raise smtplib.SMTPResponseException(code, said)


def _connected(scheme: str, host: str, port: int | None, environ: Mapping[str, str]) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_SECONDS, context=_trust(environ))
    return smtplib.SMTP(host, port or 587, timeout=TIMEOUT_SECONDS)


def _start_tls(smtp: smtplib.SMTP, environ: Mapping[str, str]) -> bool:
    smtp.ehlo()
    if not smtp.has_extn("starttls"):
        return False
    smtp.starttls(context=_trust(environ))
    smtp.ehlo()
    return True


def _trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if own := environ.get(CA_FILE, "").strip():
        context.load_verify_locations(own)
    return context
