"""One spelling of a host, whoever names it: lower case, IDNA, without ``www.``, scheme and port.

What belongs here: hosts. What does not: paths (``dbt_like_sql/macros/addresses.sql``, which takes the same apart in
SQL and asks ``config.hosts`` for what SQL can't spell).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna

_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:]*)")


def plain_host(address: str) -> str:
    """The host of an address, or a host, as it is written but for case, ``www.`` and port; "" where there is none."""
    found = _HOST.match(address.strip().lower())
    return (found.group(1) if found else "").removeprefix("www.").removesuffix(".")


def ascii_host(address: str) -> str:
    """The host of an address as IDNA; as it is written where it can't be a host's name."""
    host = plain_host(address)
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return host


def place(address: str) -> str:
    """Host and path of an address in one spelling, which tells one site of a host from another.

    >>> place("https://www.Example.se:8443/blogg/?x=1")
    'example.se/blogg'
    """
    rest = _HOST.sub("", address.strip(), count=1) if "://" in address else address.strip().partition("/")[2]
    path = re.sub(r"^:\d+", "", rest).partition("?")[0].partition("#")[0].strip("/")
    return f"{ascii_host(address)}/{path}".rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    if not host:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def goes_in_clear(address: str) -> bool:
    """Whether what is sent to an address can be read on its way: http to another machine.

    >>> goes_in_clear("http://matomo.example.se"), goes_in_clear("http://127.0.0.1:8099")
    (True, False)
    """
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname)
