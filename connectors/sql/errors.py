"""What a database driver's error means.

What belongs here: codes of PostgreSQL (SQLSTATE) and of MySQL and MariaDB to our own error classes. What does not:
raising them. The server's own words are passed on; address, user and statement, which SQLAlchemy adds, are not.
"""

from __future__ import annotations

from sqlalchemy.engine import URL

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    SourceError,
    TimedOut,
    Unavailable,
)

Found = tuple[type[SourceError], str, str | None]
_SELECT_ONLY = "give the login the right to select from what the query reads"
_LONGEST = 300
SQLSTATES: dict[str, tuple[type[SourceError], str | None]] = {
    "28": (AuthFailed, "check user and password in the address"),
    "42501": (PermissionMissing, _SELECT_ONLY),
    "57014": (TimedOut, "make the query cheaper, or raise timeout_seconds"),
    "25006": (Misconfigured, "the query tries to write; only reading is allowed"),
    "3D000": (NotFound, "check the database's name in the address"),
    "42P01": (NotFound, "check the table's name and schema in the query"),
    "42": (Misconfigured, "mend the query"),
    "22": (Misconfigured, "mend the query: a value can't be read as what it is cast to"),
    "53": (Unavailable, None),
    "57": (Unavailable, None),
    "08": (Unavailable, None),
}
"""By SQLSTATE, whole or its class."""
MYSQL_CODES: dict[int, tuple[type[SourceError], str | None]] = {
    1044: (PermissionMissing, _SELECT_ONLY),
    1045: (AuthFailed, "check user and password in the address"),
    1698: (AuthFailed, "check user and password in the address"),
    1049: (NotFound, "check the database's name in the address"),
    1142: (PermissionMissing, _SELECT_ONLY),
    1143: (PermissionMissing, _SELECT_ONLY),
    1146: (NotFound, "check the table's name in the query"),
    1054: (Misconfigured, "mend the query: a column's name"),
    1064: (Misconfigured, "mend the query"),
    1792: (Misconfigured, "the query tries to write; only reading is allowed"),
    1040: (Unavailable, None),
    1969: (TimedOut, "make the query cheaper, or raise timeout_seconds"),
    3024: (TimedOut, "make the query cheaper, or raise timeout_seconds"),
    2003: (Unavailable, "check host and port in the address"),
    2013: (TimedOut, "make the query cheaper, or raise timeout_seconds"),
}


BY_WORDS: tuple[tuple[tuple[str, ...], type[SourceError], str | None], ...] = (
    (("timeout", "timed out", "interrupted"), TimedOut, "make the query cheaper, or raise timeout_seconds"),
    (("password", "authentication", "no pg_hba"), AuthFailed, "check user and password in the address"),
    (("unable to open database file",), NotFound, "put the database's file there, or mend the address"),
    (("no such table", "no such column", "syntax error", "readonly", "read-only"), Misconfigured, "mend the query"),
    (('" does not exist',), NotFound, "check the database's name in the address"),
)
"""Where a driver gives no code: what its message holds, in this order."""


def error_of(error: Exception, *, url: URL, seconds: int) -> Found:
    """The class of an error, the server's own words, and the cure."""
    original = getattr(error, "orig", None) or error
    words = _words(original, url)
    code = original.args[0] if original.args and isinstance(original.args[0], int) else None
    if code in MYSQL_CODES:
        kind, cure = MYSQL_CODES[code]
        return kind, words, cure
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        kind, cure = SQLSTATES.get(state) or SQLSTATES.get(state[:2]) or (BadReply, None)
        return kind, words, cure
    for signs, kind, cure in BY_WORDS:
        if any(sign in words.lower() for sign in signs):
            return kind, f"{words} (waited {seconds} s at most)" if kind is TimedOut else words, cure
    if type(error).__name__ in {"OperationalError", "OSError", "ConnectionError"}:
        return Unavailable, words, "check host and port in the address, and whether this machine may reach it"
    return BadReply, words, "mend the query"


def _words(error: BaseException, url: URL) -> str:
    """The server's first line, without who and where."""
    said = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], str) else str(error)
    line = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    for hidden in (url.password, url.host, url.username):
        if isinstance(hidden, str) and len(hidden) > 3:
            line = line.replace(hidden, "[hidden]")
    return line[:_LONGEST]
