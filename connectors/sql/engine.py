"""A connection that can only read, for a while, in the client's time zone, and encrypted where it leaves the machine.

What belongs here: the address, the driver and the session's settings. What does not: which statement is sent
(``statement.py``), what its rows mean (``source.py``).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from connectors.core.places import place_of_ours
from okr_models import hosts

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

CONNECT_SECONDS = 15
STEPS_BETWEEN_LOOKS = 100_000
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}


class BadAddress(ValueError):
    """An address that can't be used; says what would be right and never repeats it."""


class NoDriver(ValueError):
    """What speaks to this database is not installed; says what to install."""


def address(written: str, *, home: Path) -> URL:
    """The address as SQLAlchemy takes it; a SQLite file lies inside ``home``. Raises ``BadAddress``."""
    try:
        url = make_url(written.strip())
    except (ArgumentError, ValueError):
        raise BadAddress("is no address; write postgresql+psycopg://user:password@host/database") from None
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() == "sqlite":
        return url.set(database=_inside(url.database, home), query={"mode": "ro", "uri": "true"})
    return url


def _inside(database: str | None, home: Path) -> str:
    if not database or database.startswith((":", "file:")):
        raise BadAddress("names no file; write sqlite:///data/shop.db, relative to the home folder")
    path = (home / database).resolve()
    if not path.is_relative_to(home.resolve()):
        raise BadAddress("leads outside the home folder; put the file into data/")
    if (place := place_of_ours(path, home=home)) is not None:
        raise BadAddress(f"leads into {place}/, which holds no figures; put the file into data/")
    return f"file:{quote(str(path))}"


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine; no host is a local socket."""
    return not host or host.startswith("/") or hosts.is_loopback(host)


def stays_here(url: URL) -> bool:
    """Whether a connection ends on this machine; drivers read hosts behind ``?`` too."""
    asked = [url.host]
    for name in ("host", "hostaddr"):
        given = url.query.get(name, ())
        asked += [given] if isinstance(given, str) else given
    # PostgreSQL's own library takes several with commas
    return all(is_loopback(host) for each in asked if each for host in each.split(","))


def _ssl_mode(url: URL) -> str | None:
    """PostgreSQL's sslmode: as written, else encrypted off this machine. Raises ``BadAddress``."""
    written = url.query.get("sslmode")
    if written is None:
        return None if stays_here(url) else "require"
    if written in ("allow", "prefer") and not stays_here(url):
        raise BadAddress(
            f"has sslmode={written}, which sends the password unencrypted where a server asks for it; write "
            "sslmode=require, or sslmode=disable where nobody else is on the way there"
        )
    return None


def engine_of(url: URL, *, zone: ZoneInfo, timeout_seconds: int) -> Engine:
    """An engine without a pool, so that no session setting outlives its use. Raises ``NoDriver``, ``BadAddress``."""
    backend = url.get_backend_name()
    arguments: dict[str, Any] = {}
    if backend == "postgresql":
        settings = {
            "statement_timeout": f"{timeout_seconds * 1000}",
            "default_transaction_read_only": "on",
            "standard_conforming_strings": "on",
            "TimeZone": zone.key,
        }
        arguments = {
            "connect_timeout": CONNECT_SECONDS,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        }
        if (mode := _ssl_mode(url)) is not None:
            arguments["sslmode"] = mode
    elif backend in {"mysql", "mariadb"}:
        arguments = {"connect_timeout": CONNECT_SECONDS, "read_timeout": timeout_seconds + CONNECT_SECONDS}
        if isinstance(url.password, str):
            arguments["password"] = url.password.encode()  # PyMySQL would send å in latin-1, and be refused
        if not stays_here(url) and not any(name.startswith("ssl") for name in url.query):
            arguments["ssl"] = _encrypted()
    elif backend == "sqlite":
        arguments = {"timeout": CONNECT_SECONDS}
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise NoDriver(_what_to_install(url)) from None
    except (ArgumentError, TypeError, ValueError):
        raise BadAddress("has options that its driver does not take; leave out what stands behind ?") from None
    if backend == "sqlite":
        event.listen(engine, "connect", _read_only_sqlite(timeout_seconds))
    return engine


def _encrypted() -> ssl.SSLContext:
    """Encrypted, whoever answers: a server's own certificate is the rule here. ``ssl_ca`` in the address checks it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _read_only_sqlite(timeout_seconds: int) -> Callable[[Any, object], None]:
    """SQLite has no timeout of its own: it is asked to stop once the time is over."""

    def prepare(connection: Any, _: object) -> None:
        connection.execute("pragma query_only = on")
        until = monotonic() + timeout_seconds
        connection.set_progress_handler(lambda: monotonic() > until, STEPS_BETWEEN_LOOKS)

    return prepare


def _what_to_install(url: URL) -> str:
    extra = EXTRAS.get(url.get_backend_name())
    if extra:
        return f"pip install 'marketing-okr[{extra}]'"
    return f"install the package with SQLAlchemy's dialect for {url.get_backend_name()}, which is not tested here"


@dataclass(frozen=True, slots=True)
class Session:
    """A connection inside a transaction that only reads.

    ``has_fixed_offset``: its time zone is only the offset of now (a MySQL without time zone tables), which is an hour
    off on the other side of a clock change.
    """

    connection: Connection
    has_fixed_offset: bool = False


@contextmanager
def reading(engine: Engine, *, zone: ZoneInfo, timeout_seconds: int, now: datetime) -> Iterator[Session]:
    """A session that is always rolled back."""
    backend = engine.dialect.name
    with closing(engine.connect()) as connection:
        fixed = False
        if backend in {"mysql", "mariadb"}:
            is_mariadb = bool(getattr(engine.dialect, "is_mariadb", False))
            limit = "max_statement_time" if is_mariadb else "max_execution_time"
            value = timeout_seconds if is_mariadb else timeout_seconds * 1000
            connection.execute(text(f"set session {limit} = {value:d}"))
            known = connection.execute(
                text("select convert_tz('2026-01-01', 'UTC', :zone) is not null"), {"zone": zone.key}
            ).scalar()
            fixed = not known
            name = _offset(zone, now) if fixed else zone.key
            connection.execute(text("set session time_zone = :zone"), {"zone": name})
            connection.execute(text("set session transaction read only"))
            connection.rollback()
        transaction = connection.begin()
        try:
            yield Session(connection, fixed)
        finally:
            transaction.rollback()


def _offset(zone: ZoneInfo, now: datetime) -> str:
    written = now.astimezone(zone).strftime("%z")
    return f"{written[:3]}:{written[3:5]}"
