"""Until when each source can be read: what ends soon, told in time to do something about it.

What belongs here: the two spans, and asking every source that was given a token. What does not: how a source knows
(``Source.access``), and who is told (``okr doctor``, ``pipelines/checks.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.core.errors import SourceError
from connectors.core.protocol import Access, Context, Source
from connectors.core.redaction import Redactor
from connectors.core.secrets import build_context
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from pipelines.warehouse.home import Home

TOKEN_WARNING_DAYS = 14
VERSION_WARNING_DAYS = 60
AT_ONCE = 8

OpenSource = Callable[[SourceSettings, Context], Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Something of one source that ends soon or has ended, and what to do."""

    client: str
    source: str
    what: str
    ends_on: date | None
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReport:
    """What ends soon, and for which sources it could not be asked, as (client, source, why)."""

    endings: tuple[Ending, ...]
    unknown: tuple[tuple[str, str, str], ...]


def token_is_near(ends_on: date, *, today: date) -> bool:
    """Whether a token's end is near enough to be warned of."""
    return (ends_on - today).days <= TOKEN_WARNING_DAYS


def version_is_near(sunset_on: date, *, today: date) -> bool:
    """Whether a version's end is near enough to be warned of."""
    return (sunset_on - today).days <= VERSION_WARNING_DAYS


def endings_of(client: str, source: str, access: Access, *, today: date) -> tuple[Ending, ...]:
    """What ends soon by what a source knows."""
    found = []
    if access.ends_on is not None and token_is_near(access.ends_on, today=today):
        cure = "sign in again and set the new token" + (" and refresh_token" if access.renews else "")
        found.append(Ending(client=client, source=source, what="token", ends_on=access.ends_on, cure=cure))
    if access.trouble is not None:
        until = access.token_until.date() if access.token_until else None
        found.append(Ending(client=client, source=source, what="renewal", ends_on=until, cure=access.trouble))
    if access.version_sunset_on is not None and version_is_near(access.version_sunset_on, today=today):
        found.append(
            Ending(
                client=client,
                source=source,
                what=f"version {access.version}",
                ends_on=access.version_sunset_on,
                cure="set a newer api_version, or leave it out and update marketing-okr",
            )
        )
    return tuple(found)


def check_access(
    clients: Iterable[Client],
    *,
    home: Home,
    environ: Mapping[str, str],
    now: datetime,
    open_source: OpenSource | None = None,
) -> AccessReport:
    """Ask every source that was given a token, at most one cheap call each. Raises nothing for a source."""
    if open_source is None:
        from connectors import registry

        open_source = registry.open_source
    opener = open_source
    jobs = [(client, source) for client in clients for source in client.sources if "token" in source.secrets()]

    def ask(job: tuple[Client, SourceSettings]) -> Access | str:
        client, settings = job
        redact = Redactor()
        try:
            context = build_context(
                settings,
                client=client.client,
                client_zone=ZoneInfo(client.timezone),
                now=now,
                home=home.root,
                environ=environ,
            )
            redact = context.redact
            with closing(opener(settings, context)) as source:
                return source.access()
        except SourceError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a check of tokens must not end the night
            return redact(f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="access") as pool:
        answers = list(pool.map(ask, jobs))
    endings: list[Ending] = []
    unknown = []
    for (client, settings), answer in zip(jobs, answers, strict=True):
        if isinstance(answer, str):
            unknown.append((client.client, settings.id, answer))
        else:
            endings += endings_of(client.client, settings.id, answer, today=now.date())
    return AccessReport(endings=tuple(endings), unknown=tuple(unknown))
