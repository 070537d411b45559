"""KPIs of a whole site, from web analytics."""

from __future__ import annotations

from okr_models.kpis.model import Feed, Kpi

DAYS = Feed(category="web", streams=("web_daily",))
CHANNELS = "web_channels_daily"
EVENTS = "web_events_daily"

WEB = (
    Kpi(
        id="unique_visitors",
        title_en="Unique visitors",
        title_sv="Unika besökare",
        kind="flow",
        unit="visitors",
        # asked for at month grain: nothing that counts people once adds up
        feeds=(Feed(category="web", streams=("web_monthly",)),),
        begins_with="page_views",
        method_en="The source's own count of distinct visitors for that month; never a sum of days or sites.",
        method_sv="Källans eget antal olika besökare för just den månaden; aldrig en summa av dagar.",
    ),
    Kpi(
        id="sessions",
        title_en="Sessions",
        title_sv="Sessioner",
        kind="flow",
        unit="sessions",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(DAYS,),
        parts={"channel": CHANNELS},
        method_en="The sum of the month's days.",
        method_sv="Summan av månadens dagar.",
    ),
    Kpi(
        id="page_views",
        title_en="Page views",
        title_sv="Sidvisningar",
        kind="flow",
        unit="views",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(DAYS,),
        method_en="The sum of the month's days.",
        method_sv="Summan av månadens dagar.",
    ),
    Kpi(
        id="conversions",
        title_en="Conversions",
        title_sv="Konverteringar",
        kind="flow",
        unit="conversions",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(Feed(category="web", streams=(EVENTS,), also=("web_key_events",)),),
        parts={"event": EVENTS, "channel": CHANNELS},
        method_en="Key events or goals as the source counts them; an event that became key later has no past.",
        method_sv="Nyckelhändelser eller mål, så som källan räknar dem; en som blev nyckel senare saknar historik.",
    ),
    Kpi(
        id="conversion_rate",
        title_en="Conversion rate",
        title_sv="Konverteringsgrad",
        kind="ratio",
        unit="share",
        feeds=(Feed(category="web", streams=("web_conversions_daily",)),),
        method_en="The month's visits that converted over all its visits.",
        method_sv="Månadens besök som konverterade, delat med alla dess besök.",
    ),
)
