"""Meta ads: what an ad account spent by day, in its own zone (API2.md, section J).

A day without a row cost nothing. An account in another currency than the client's is refused unless the file says what
one unit is worth. What belongs here: the request and its rows. What does not: Meta's errors (``meta/errors.py``).
"""

from __future__ import annotations

import json
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.errors import Misconfigured
from connectors.core.http import Http
from connectors.core.odd import placed_days, readable_days
from connectors.core.protocol import Access, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import AD_COST_DAILY
from connectors.core.shape import BadShape, Node, as_day
from connectors.meta.graph import VENDOR, Graph, Parameters
from connectors.meta.usage import LIMITS
from connectors.meta_ads.settings import MetaAds
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window

PLATFORM = str(MetaAds.facts.platform)
FIELDS = "spend,impressions,clicks,account_currency"
PERMISSIONS = "the token needs ads_read, and its person or system user a role on the ad account"
KEPT_DAYS = 1_120
"""Meta refuses a start more than 37 months ago."""

COSTS = Stream(
    table=AD_COST_DAILY,
    delivery="window",
    counts_by=("rate", "currency"),
    settle_days=4,
    weekly_reread_days=28,
    history_days=KEPT_DAYS,
    slice_days=92,
    api="GET /act_{id}/insights?level=account&time_increment=1",
    note="costs of more than 37 months ago",
)


class OtherCurrency(Misconfigured):
    """The account's currency is not the client's."""


class MetaAdsSource(BaseSource[Http]):
    """One ad account."""

    def __init__(self, *, settings: MetaAds, context: Context, graph: Graph) -> None:
        super().__init__(context=context, transport=graph.http, zone=context.client_zone)
        self._settings, self._graph = settings, graph
        self._currency: str | None = None
        self.windows = {COSTS.name: self._costs}

    def zone(self) -> ZoneInfo:
        """The account's zone, learned once."""
        if self._currency is None:
            self.shaped("reading the ad account", self._account)
        return self._zone

    def access(self) -> Access:
        """When the token, the access to data and the version end; a system user's need not end."""
        return self.shaped("asking when the token expires", self._graph.access)

    def probe(self) -> Probe:
        """The account's zone and currency."""
        self.transport.begin(keep_replies=False)
        self.shaped("reading the ad account", self._account)
        self._rate()
        access = self.access()
        told = f"ad account {self._settings.account_id}, {self._currency}, days in {self._zone.key}"
        return Probe(
            reachable=True,
            detail=self._graph.about(told),
            token_expires_on=access.ends_on,
            token_renews=access.renews,
            token_trouble=access.trouble,
            token_at_latest=access.at_latest,
            version=access.version,
            version_sunset_on=access.version_sunset_on,
        )

    def _account(self) -> str:
        """The account's currency; learns its zone too."""
        if self._currency is None:
            path = f"/act_{self._settings.account_id}"
            account = self._graph.get(path, {"fields": "timezone_name,currency"}, attempted="reading the ad account")
            name = account.text("timezone_name")
            try:
                self._zone = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise BadShape(path="timezone_name", wanted="an IANA time zone", found=name) from error
            self._currency = account.text("currency")
        return self._currency

    def _rate(self) -> float:
        """What one unit of the account's currency is worth. Raises ``OtherCurrency`` where nobody says."""
        currency, wanted = self._account(), self.context.currency
        if wanted is None or currency == wanted:
            return 1.0
        if self._settings.rate is None:
            raise self.transport.error(
                OtherCurrency,
                attempted="reading the ad account",
                detail=f"it counts in {currency}, and the client's currency is {wanted}",
                cure=f"give rate: what one {currency} is worth in {wanted}",
            )
        return float(self._settings.rate)

    def _costs(self, window: Window) -> Answer:
        rate = self._rate()
        part = self.clip(window, history_days=KEPT_DAYS)
        params: Parameters = {
            "level": "account",
            "time_increment": 1,
            "time_range": json.dumps({"since": str(part.start), "until": str(part.end)}, separators=(",", ":")),
            "fields": FIELDS,
        }
        path, attempted = f"/act_{self._settings.account_id}/insights", f"costs of {part.start} to {part.end}"
        listed = [item for page in self._graph.pages(path, params, attempted=attempted) for item in page]
        placed, unplaced = placed_days(
            listed,
            lambda item: as_day(item["date_start"]),
            within=part,
            what="the costs",
            zero_by_absence=COSTS.zero_by_absence,
        )
        rows, doubts = readable_days(
            dict(placed).items(), lambda day, item: self._row(day, item, rate), what="the costs"
        )
        return Answer(rows=rows, covers=part, quality=self._graph.quality(), doubts=(*unplaced, *doubts))

    def _row(self, day: date, item: Node, rate: float) -> Row:
        spent = item.number("spend")
        currency = item.text("account_currency", "") or self._account()
        if currency != self._account():
            raise BadShape(path="account_currency", wanted=self._account(), found=currency)
        return {
            "platform": PLATFORM,
            "day": day,
            "cost": round(spent * rate, 6),
            "account_cost": spent,
            "account_currency": currency,
            "impressions": item.whole("impressions", 0),
            "clicks": item.whole("clicks", 0),
            "is_final": self.is_final(day, COSTS),
        }


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one ad account. Raises ``Misconfigured`` where the token is missing."""
    assert isinstance(settings, MetaAds)  # noqa: S101 - the registry pairs settings and builders by type
    return MetaAdsSource(
        settings=settings, context=context, graph=Graph(settings=settings, context=context, permissions=PERMISSIONS)
    )


META_ADS = SourceType(
    settings=MetaAds,
    streams=(COSTS,),
    build=build,
    day_boundary="the ad account's zone, learned from the account",
    vendor_url=VENDOR,
    docs="37 months of costs by day, at once.",
    limits=LIMITS,
)
