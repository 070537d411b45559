"""One spelling of a host, whoever names it: lower case, IDNA, without ``www.``, scheme and port.

What belongs here: hosts. What does not: paths (``dbt_like_sql/macros/addresses.sql``, which takes the same apart in
SQL and asks ``config.hosts`` for what SQL can't spell).
"""

from __future__ import annotations

import re

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
