"""The one protocol behind which every source lives: streams with their facts, and a source that reads them.

What belongs here: the roles and the values that cross from a connector to the pipeline. What does not: HTTP
(``http.py``), any vendor's words, any decision about what to read when (``pipelines/warehouse/ingest/planning.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from connectors.core.raw_tables import RawTable
from connectors.core.redaction import Redactor
from connectors.core.shape import Json
from okr_models.client.identity import Parts
from okr_models.client.sources import SourceFacts, SourceSettings
from okr_models.periods import Window

if TYPE_CHECKING:
    import pyarrow as pa
    from requests.adapters import BaseAdapter

    from connectors.core.budget import Budget
    from connectors.core.token_store import TokenStore

Delivery = Literal["window", "listing", "snapshot"]
Quality = Mapping[str, Json]
"""What a read says of itself, as JSON; ``doubts`` (``doubt.py``) are what speaks against its figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of rows that a source type gives. ``name`` is its raw table's name and stands in ``ops.loads.stream``.

    ``window``: any past days may be asked again, and a read replaces them whole. ``listing``: the whole list as it is
    now, replaced whole. ``snapshot``: a counter as it is now, which can't be asked again; rows are only ever added.
    """

    table: RawTable
    delivery: Delivery
    grain: Literal["day", "month"] | None = "day"
    lag_days: int = 0
    """Newest day that can be asked: the source's own yesterday less this."""
    settle_days: int = 3
    """A day may be restated until it is this old; each night reads the unsettled days again."""
    weekly_reread_days: int = 0
    """Once a week the last so many days are read again; 0: never."""
    history_days: int | None = None
    """How far back the source answers, in days; None: all there is."""
    first_day: date | None = None
    """The first day that it has of any account, where the vendor began to count on one; None: whenever each began."""
    slice_days: int = 90
    """Longest window of one read, so that a long history is loaded in committed slices."""
    reads_per_night: int | None = None
    """At most so many slices a night, where the vendor's budget asks for it; None: no limit."""
    zero_by_absence: bool = True
    """A day that was read and has no row is a true 0."""
    api: str = ""
    """The vendor's endpoint, for ``docs/sources/``."""
    note: str = ""
    """What only csv can give, and other limits, for ``docs/sources/``."""
    annotations: tuple[str, ...] = ()
    """What is known about its figures, such as days from which they mean something else, for ``docs/sources/``."""
    is_optional: bool = False
    """Not every account has it: that it can't be read is no failure as long as it never was and nothing rests on it."""
    counts_by: tuple[str, ...] = ()
    """Settings that say what its figures count: days that were read under others are read again. ``currency``: the
    client's own."""
    is_cut_here: bool = False
    """Its days are cut by this program, out of instants: days that were cut in another zone are read again."""
    needs: str | None = None
    """A setting without which a source does not have this stream; None: every source of the type has it."""

    @property
    def name(self) -> str:
        return self.table.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one read gave. ``rows`` has the stream's ``table.arrow_schema()``; an empty table is a true answer.

    ``covers`` is the part of the asked window that was answered (a source may have less history than asked); None
    for listings and snapshots. ``replies`` are raw bodies of snapshots as (request without secrets, body).
    ``listed_since``: the list holds everything published after this instant and says nothing of what is older, which
    stays (a list of things without a publication: of what it does not name); None: the list is whole.
    """

    rows: pa.Table
    covers: Window | None = None
    listed_since: datetime | None = None
    present: frozenset[str] = frozenset()
    """Ids that the list names though their rows could not be read: what is known of them stays."""
    quality: Quality = field(default_factory=dict)
    partly: str | None = None
    """Why it is only a part of what was asked for, in words for the ledger; None: it is whole."""
    attempts: int = 1
    replies: tuple[tuple[str, bytes], ...] = ()
    identity: Parts = field(default_factory=dict)
    """What the source said so far of which account, property or site it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Until when a source can be read with what it was given. None: for ever, or the vendor does not say."""

    token_until: datetime | None = None
    at_latest: bool = False
    """``token_until`` is the latest that it can be, counted from the first night with this token."""
    renews: bool = False
    """The token is renewed by itself."""
    sign_in_by: datetime | None = None
    """After it somebody has to sign in again, also where the token is renewed."""
    trouble: str | None = None
    """Why the last renewal failed, while the token itself still works."""
    version: str | None = None
    version_sunset_on: date | None = None

    @property
    def ends_on(self) -> date | None:
        """The day by which somebody has to do something about the token."""
        ends = [self.sign_in_by, None if self.renews and not self.trouble else self.token_until]
        return min((end.date() for end in ends if end is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What ``okr doctor`` learned from one cheap authenticated call."""

    reachable: bool
    detail: str
    rows: int | None = None
    token_expires_on: date | None = None
    """The day by which somebody has to do something about it."""
    token_renews: bool = False
    """It is renewed by itself until then."""
    token_trouble: str | None = None
    token_at_latest: bool = False
    """It may end sooner: the vendor does not say, and this counts from the first time that okr saw it."""
    version: str | None = None
    version_sunset_on: date | None = None
    identity: Parts = field(default_factory=dict)
    """As in ``Batch``."""
    figures: pa.Table | None = None
    """All rows, where the call has read them anyway."""


EVERYWHERE = "*"
"""In ``Context.silent``: all of a source's addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a source is built with, all injected: no connector reads a clock, an environment or a home folder itself."""

    client: str
    client_zone: ZoneInfo
    now: datetime
    home: Path
    secret: Callable[[str], str]
    """Value of one of the settings' secrets by field name; raises ``Misconfigured`` where it is not set."""
    base_url: str | None
    """The settings' ``base_url`` with ``{env: NAME}`` resolved; None: the vendor's own."""
    allow_http: bool = False
    """Credentials may go out unencrypted."""
    kpis: frozenset[str] | None = None
    """Ids of all KPIs that figures may be of, built-in and the client's own; None: not known, so any."""
    own_kpis: frozenset[str] = frozenset()
    """Those of ``kpis`` that are the client's own, whatever built-in one has the same id."""
    scopes: frozenset[str] | None = None
    """Scopes that the client's sources make (``all``, ``source=ID``, ``platform=NAME``); None: not known, so any."""
    listed: Mapping[str, datetime | None] = field(default_factory=dict)
    """When each of the posts known so far was published, by its id, where the source looks for those that a list
    lacks."""
    others: tuple[SourceSettings, ...] = ()
    """All sources of the client, for one whose figures must not gainsay another's."""
    currency: str | None = None
    """The client's, in which amounts are kept; None: not known, so whatever the source's is."""
    sleep: Callable[[float], None] = time.sleep
    """How to wait between attempts; tests pass one that does not."""
    transport: BaseAdapter | None = None
    """What answers in place of the network; None: the network. For a replay of kept replies."""
    tokens: TokenStore | None = None
    """Where tokens are kept that a vendor grants; None: none is renewed, as in a replay."""
    silent: set[str] = field(default_factory=set)
    """Addresses at which nobody answered in time; the next call there is made once, and waited for half as long."""
    redact: Redactor = field(default_factory=Redactor)
    """Knows every secret that the source uses, also those granted meanwhile."""
    budget: Budget | None = None
    """Asked before each call; None: nobody counts, as in a replay."""

    @property
    def renamed_scopes(self) -> dict[str, str]:
        """Scopes of the ids that the client's sources had before, each with that of the id of now."""
        return {f"source={old}": f"source={each.id}" for each in self.others for old in each.formerly}


class Source(Protocol):
    """One account of one client, ready to be read. Not shared between threads."""

    def zone(self) -> ZoneInfo:
        """Zone in which the source's days begin; may ask the source once."""

    def read(self, stream: Stream, window: Window | None) -> Batch:
        """Rows of ``window`` (None for listings and snapshots). Raises ``SourceError``; never empty data instead."""

    def probe(self) -> Probe:
        """One cheap authenticated call."""

    def replies(self) -> tuple[tuple[str, bytes], ...]:
        """Raw replies of the snapshot read last, as in ``Batch``, also where it failed on the way."""

    def access(self) -> Access:
        """Until when it can be read; at most one cheap call more than a night needs."""

    def close(self) -> None:
        """Give connections back."""


SINCE = "since"
"""In ``Counting.counts``: the first day of which a source has anything, as text. Days that were read, or noted as not
to be had, while it was a later one are read again: a past was brought in from elsewhere."""

GIVES = "gives"
"""In ``Counting.counts``: what a source gives of that which it may lack, as an object. Where it gave nothing of it at
the last read it is asked again also on the same day."""


@runtime_checkable
class Counting(Protocol):
    """A source that can say itself what a stream's figures count, beside the settings (``Stream.counts_by``)."""

    def counts(self, stream: Stream) -> Mapping[str, Json]:
        """By name, such as a goal's name by its id. Days read while one of these was another are read again.

        Of an object they are where it has a name that it had not: what it lacks for a night, or for good, had its
        past all the same. Raises ``SourceError``.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceType:
    """A source type as the registry knows it: name, facts and how to build one."""

    settings: type[SourceSettings]
    """Its settings in a client file, with the vendor's facts."""
    streams: tuple[Stream, ...]
    build: Callable[[SourceSettings, Context], Source]
    day_boundary: str
    """In words, for the docs: "the property's zone", "UTC", ..."""
    vendor_url: str | None
    docs: str
    """What history it can give on the day a client is taken on, in one sentence."""
    limits: str = ""
    """The vendor's limits and how a night keeps within them, in words, for the docs."""
    is_told_posts: bool = False
    """It is told which of its posts are known (``Context.listed``), as it looks for those that a list lacks."""
    library: str = "requests"
    """What speaks to the vendor, by its name on the package index, for the docs."""

    @property
    def type(self) -> str:
        """Its name in a client file."""
        return str(self.settings.model_fields["type"].default)

    @property
    def facts(self) -> SourceFacts:
        """What is known of it before anything is read."""
        return self.settings.facts

    def stream(self, name: str) -> Stream:
        return next(stream for stream in self.streams if stream.name == name)

    def streams_for(self, settings: SourceSettings) -> tuple[Stream, ...]:
        """The streams that one source has: those whose ``needs`` its settings give."""
        return tuple(
            stream for stream in self.streams if stream.needs is None or getattr(settings, stream.needs) is not None
        )
