"""Keeps secrets out of every message and log line: known values, and parameters that carry secrets by name.

What belongs here: turning text into text that may be shown. What does not: finding secrets (``secrets.py``).
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4
_PARAMETERS = (
    "access_token|appsecret_proof|token_auth|input_token|fb_exchange_token|refresh_token|client_id|client_secret"
    "|app_secret|api_key|apikey|key|token|password|assertion|sig"
)
_QUERY = re.compile(rf"(?i)(?<![\w-])({_PARAMETERS})(=|%3D)([^&\s\"'<>)]+)")
_JSON = re.compile(rf"(?i)(\\?\"(?:{_PARAMETERS}|private_key)\\?\"\s*:\s*\\?\")((?:[^\"\\]|\\[^\"])+)")
_HEADER = re.compile(r"(?i)\b(bearer|basic|oauth)(\s+|%20|\+)([A-Za-z0-9._~+/=|-]{6,})")
_USERINFO = re.compile(r"(?i)(://)[^/\s@]+@")


class Redactor:
    """Hides the secrets it was told of, plain, URL-encoded or in Base64, and whatever follows a secret's name."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Learn a secret. Of a JSON key file its parts too; very short values can't be told from text."""
        self._forms |= _forms_of(secret)

    def __call__(self, text: str) -> str:
        """``text`` without secrets."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return redact_names(text)

    def body(self, raw: bytes) -> bytes:
        """A reply's body without the secrets known, else byte for byte: it is kept to be parsed anew.

        Meta repeats the token in the address of a next page. Names alone hide nothing here, or a post's text about
        "token=..." would change.
        """
        for form in sorted(self._forms, key=len, reverse=True):
            raw = raw.replace(form.encode(), HIDDEN.encode())
        return raw


class RedactingFilter(logging.Filter):
    """A log filter for libraries that log whole addresses (urllib3 does at DEBUG)."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact_names(record.getMessage()), ()
        return True


def redact_names(text: str) -> str:
    """``text`` without the values of parameters and headers that carry secrets by their name."""
    text = _QUERY.sub(rf"\1\2{HIDDEN}", text)
    text = _JSON.sub(rf"\1{HIDDEN}", text)
    text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    return _USERINFO.sub(rf"\1{HIDDEN}@", text)


def quiet_libraries() -> None:
    """Put the filter on the HTTP libraries' loggers, once a process."""
    for name in ("urllib3.connectionpool", "google.auth.transport.requests"):
        logger = logging.getLogger(name)
        if not any(isinstance(present, RedactingFilter) for present in logger.filters):
            logger.addFilter(RedactingFilter())


@lru_cache(maxsize=256)
def _forms_of(secret: str) -> frozenset[str]:
    """Every spelling of a secret and its parts; asked for with each signed call, and by each source with one key."""
    forms: set[str] = set()
    for value in _parts(secret):
        if len(value) < SHORTEST_SECRET:
            continue
        encoded = base64.b64encode(value.encode()).decode()
        forms |= {value, quote(value, safe=""), quote(value), quote_plus(value), encoded, json.dumps(value)[1:-1]}
    return frozenset(forms)


def _parts(secret: str) -> set[str]:
    text = secret.strip()
    parts = {text}
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if isinstance(data, dict):
        hidden = ("private_key", "private_key_id", "client_secret", "refresh_token", "access_token")
        parts |= {value.strip() for name, value in data.items() if name in hidden and isinstance(value, str)}
    for part in tuple(parts):
        lines = [line.strip() for line in part.splitlines()]
        if len(lines) > 1:
            parts |= {line for line in lines if len(line) >= 16 and not line.startswith(("-----", '"'))}
    return parts
