"""HubSpot: contacts, deals won and tickets by day, in the account's zone (API2.md, section C; MEASURES.md, "KPIs").

Everything is restated: deals are reopened, amounts change, records are merged and deleted. So whole windows are read
again and replaced: 35 days each night, half a year once a week. A deal counts on the day of its ``closedate`` and only
while it is won; an open deal's is a forecast. ``closedate`` is an instant in UTC, and its day the account's. No names
and no addresses of people are ever asked for. What does not belong here: pages, windows and errors (``api.py``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from connectors.core.base import Answer, BaseSource
from connectors.core.budget import Limit
from connectors.core.doubt import Doubt, by_month
from connectors.core.http import Http, limit_towards, pause
from connectors.core.odd import Odd
from connectors.core.protocol import GIVES, Access, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import CONTACTS_DAILY, DEALS_DAILY, TICKETS_DAILY
from connectors.core.shape import Json, Node, as_instant
from connectors.hubspot.api import Account, Crm, Found, classify
from connectors.hubspot.settings import HubSpot
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window, month_end, month_start

VENDOR = "https://api.hubapi.com"
SEARCHES_A_SECOND = 5
SUNSETS = {"v3": date(2027, 9, 1), "2026-03": date(2027, 9, 30), "2026-09": date(2028, 3, 31)}
"""A dated version is served for eighteen months; v3 is unsupported from September 2027."""
RESTATED_DAYS, WEEKLY_DAYS = 35, 184
MILLIS_AN_HOUR = 3_600_000

_BEFORE = "days before the account was there; records deleted for privacy, of which no trace is left"
CONTACTS = Stream(
    table=CONTACTS_DAILY,
    delivery="window",
    is_cut_here=True,
    settle_days=RESTATED_DAYS,
    weekly_reread_days=WEEKLY_DAYS,
    slice_days=366,
    api="POST /crm/objects/2026-09/contacts/search, by createdate",
    note=_BEFORE,
)
DEALS = Stream(
    table=DEALS_DAILY,
    delivery="window",
    is_cut_here=True,
    counts_by=("rate", "currency"),
    settle_days=RESTATED_DAYS,
    weekly_reread_days=WEEKLY_DAYS,
    slice_days=366,
    api="POST /crm/objects/2026-09/deals/search, won, by closedate",
    note=_BEFORE,
)
TICKETS = Stream(
    table=TICKETS_DAILY,
    delivery="window",
    is_cut_here=True,
    settle_days=RESTATED_DAYS,
    weekly_reread_days=WEEKLY_DAYS,
    slice_days=366,
    api="POST /crm/objects/2026-09/tickets/search, by createdate",
    note=_BEFORE,
)
WON = {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}
DEAL_FIELDS = ("closedate", "hs_is_closed_won", "amount", "deal_currency_code", "amount_in_home_currency")
TICKET_FIELDS = ("createdate", "time_to_first_agent_reply", "first_agent_reply_date")
MAY_LACK: Mapping[str, tuple[str, str]] = {
    DEALS.name: ("deals", "amount"),
    TICKETS.name: ("tickets", "time_to_first_agent_reply"),
}
"""A property that costs its own figure where an account has none, by stream: of which records, and its name."""


class HubSpotSource(BaseSource[Http]):
    """One account."""

    def __init__(self, *, settings: HubSpot, context: Context, http: Http) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._settings = settings
        self._crm = Crm(http, version=settings.api_version)
        self._account: Account | None = None
        self.windows = {CONTACTS.name: self._contacts, DEALS.name: self._deals, TICKETS.name: self._tickets}

    def _known(self) -> Account:
        """The account, learned once."""
        if self._account is None:
            self._account = self._crm.account()
            self._zone = self._account.zone
            self.tell(portal_id=self._account.portal or None)
        return self._account

    def zone(self) -> ZoneInfo:
        """The account's zone, learned from the account."""
        if self._account is None:
            self.shaped("reading the account's details", self._known)
        return self._zone

    def counts(self, stream: Stream) -> Mapping[str, Json]:
        """The property that an account may lack: days read while it was not there are read again once it is."""
        if stream.name not in MAY_LACK:
            return {}
        kind, name = MAY_LACK[stream.name]
        missing = self.shaped(f"listing the properties of {kind}", lambda: self._crm.missing(kind, (name,)))
        return {GIVES: {} if missing else {name: True}}

    def access(self) -> Access:
        """A service key lives until it is revoked; the API's version has an end."""
        version = self._settings.api_version
        return Access(version=version, version_sunset_on=SUNSETS.get(version))

    def probe(self) -> Probe:
        """The account's details, and how many contacts it has."""
        self.transport.begin(keep_replies=False)
        return self.shaped("counting contacts", self._probe)

    def _probe(self) -> Probe:
        account, contacts = self._known(), self._crm.count("contacts")
        version = self._settings.api_version
        return Probe(
            reachable=True,
            detail=f"account {account.portal}, days in {account.zone.key}, {contacts} contacts",
            rows=contacts,
            version=version,
            version_sunset_on=SUNSETS.get(version),
            identity=self.identity,
        )

    def _edges(self, window: Window) -> tuple[datetime, datetime]:
        """The window's days as instants: from its first midnight to the one after its last."""
        zone = self._known().zone
        first, after = (datetime.combine(day, time(0), zone) for day in (window.start, window.end + ONE_DAY))
        return first.astimezone(UTC), after.astimezone(UTC)

    def _day(self, record: Node, name: str) -> date:
        moment = as_instant(record.text(name), path=name, naive_is_utc=True)
        return moment.astimezone(self._known().zone).date()

    def _contacts(self, window: Window) -> Answer:
        found = self._crm.between("contacts", "createdate", *self._edges(window), names=("createdate",))
        odd = Odd()
        days = Counter(odd.readable(found.records.values(), lambda record: self._day(record, "createdate")))
        rows = [
            {"day": day, "new_contacts": count, "is_final": self.is_final(day, CONTACTS)}
            for day, count in days.items()
            if day in window
        ]
        return Answer(rows=rows, doubts=(*self._short(found, window), *odd.doubts()))

    def _deals(self, window: Window) -> Answer:
        self._crm.require("deals", ("closedate", "hs_is_closed_won"))
        gone = self._gone(DEALS, AMOUNT)
        found = self._crm.between("deals", "closedate", *self._edges(window), names=DEAL_FIELDS, also=(WON,))
        odd = Odd()
        won: dict[date, list[float | None]] = defaultdict(list)
        without: Counter[date] = Counter()
        for one in odd.readable(found.records.values(), self._deal):
            if one is None or one[0] not in window:
                continue
            day, amount, is_given = one
            without[day] += not is_given
            won[day].append(amount)
        # one amount that is not known leaves none of its month's days with a sum
        unknown = {month_start(day) for day, amounts in won.items() if None in amounts or gone}
        rows = [
            {
                "day": day,
                "deals_won": len(won[day]),
                "amount": None if month_start(day) in unknown else round(sum(amount or 0.0 for amount in won[day]), 6),
                "is_final": self.is_final(day, DEALS),
            }
            for day in window
            if day in won or month_start(day) in unknown
        ]
        doubts = [*self._short(found, window), *odd.doubts(), *gone]
        if gone:
            return Answer(rows=rows, doubts=tuple(doubts))
        counted = {day: (float(count), float(len(won[day]))) for day, count in without.items()}
        doubts += [replace(each, kpis=AMOUNT) for each in by_month(counted, code="amounts_missing")]
        account, client = self._known().currency, self.context.currency
        what = f"{account or 'a currency'}, not {client}: give rate"
        for month in sorted(unknown):
            days = Window(max(month, window.start), min(month_end(month), window.end))
            doubts.append(Doubt(code="other_currency", what=what, kpis=AMOUNT, days=days))
        return Answer(rows=rows, doubts=tuple(doubts))

    def _deal(self, record: Node) -> tuple[date, float | None, bool] | None:
        """Day, amount in the client's currency (None: not known in it), and whether an amount is given."""
        if record.text("hs_is_closed_won", "true") != "true":
            return None
        day, home = self._day(record, "closedate"), self._known().currency
        wanted = self.context.currency or home
        amount = _number(record, "amount")
        if amount is None:
            return day, 0.0, False
        if wanted is None or (record.text("deal_currency_code", "") or home or wanted) == wanted:
            return day, amount, True
        converted = _number(record, "amount_in_home_currency")
        if converted is not None and home == wanted:
            return day, converted, True
        if converted is not None and self._settings.rate is not None:
            return day, converted * float(self._settings.rate), True
        return day, None, True

    def _tickets(self, window: Window) -> Answer:
        self._crm.require("tickets", ("createdate",))
        gone = self._gone(TICKETS, ("first_response_hours",))
        found = self._crm.between("tickets", "createdate", *self._edges(window), names=TICKET_FIELDS)
        odd = Odd()
        waits: dict[date, list[float | None]] = defaultdict(list)
        for day, hours in odd.readable(found.records.values(), self._ticket):
            if day in window:
                waits[day].append(hours)
        rows = []
        for day, hours_of in waits.items():
            answered = [hours for hours in hours_of if hours is not None]
            rows.append(
                {
                    "day": day,
                    "tickets": len(hours_of),
                    "answered": len(answered),
                    "response_hours": round(sum(answered), 6),
                    "is_final": self.is_final(day, TICKETS),
                }
            )
        return Answer(rows=rows, doubts=(*self._short(found, window), *odd.doubts(), *gone))

    def _gone(self, stream: Stream, kpis: tuple[str, ...]) -> tuple[Doubt, ...]:
        """A doubt where an account has no such property: it costs its own figure, and not how many there are."""
        kind, name = MAY_LACK[stream.name]
        is_gone = self._crm.missing(kind, (name,))
        return (Doubt(code="metric_gone", what=f"{name} of {kind}", kpis=kpis),) if is_gone else ()

    def _ticket(self, record: Node) -> tuple[date, float | None]:
        """Day, and hours to the first answer of a person; None while it has none, which is not 0."""
        day, millis = self._day(record, "createdate"), _number(record, "time_to_first_agent_reply")
        return day, None if millis is None else millis / MILLIS_AN_HOUR

    def _short(self, found: Found, window: Window) -> list[Doubt]:
        """A doubt where fewer records could be read than HubSpot counts."""
        if len(found.records) >= found.whole:
            return []
        return [Doubt(code="list_not_whole", quantity=len(found.records), of=found.whole, days=window)]


AMOUNT = ("deals_won_amount",)


def _number(record: Node, name: str) -> float | None:
    """A property's number; every value is a text, and an empty one none."""
    if record[name].value in (None, ""):
        return None
    return record.number(name)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one account. Raises ``Misconfigured`` where the key is missing."""
    assert isinstance(settings, HubSpot)  # noqa: S101 - the registry pairs settings and builders by type
    token, base_url = context.secret("token"), context.base_url or VENDOR
    http = Http(
        context=context,
        source=settings.id,
        base_url=base_url,
        classify=classify,
        headers={"Authorization": f"Bearer {token}"},
        secrets=[token],
        min_interval_seconds=pause(1 / SEARCHES_A_SECOND, base_url),
        limit=limit_towards(Limit(SEARCHES_A_SECOND, 1.0), base_url),
    )
    return HubSpotSource(settings=settings, context=context, http=http)


HUBSPOT = SourceType(
    settings=HubSpot,
    streams=(CONTACTS, DEALS, TICKETS),
    build=build,
    day_boundary="the account's zone, learned from the account",
    vendor_url=VENDOR,
    docs="All records since the account was made, at once.",
    limits=(
        "Five searches a second, 200 records each, and no more than 10,000 a search: a window with more is cut by time."
        " A day's quota that is used up is not waited for: the next night goes on."
    ),
)
