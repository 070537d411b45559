"""KPIs of newsletters."""

from __future__ import annotations

from okr_models.kpis.model import Feed, Kpi

SUBSCRIBERS = Feed(
    category="newsletter",
    streams=("subscriber_snapshots",),
    also=("subscriber_months",),
    reaches_back=("subscriber_months", "subscriber_snapshots"),
)
CAMPAIGNS = Feed(category="newsletter", streams=("newsletters_daily",))

NEWSLETTER = (
    Kpi(
        id="newsletter_subscribers",
        title_en="Newsletter subscribers",
        title_sv="Prenumeranter på nyhetsbrev",
        kind="stock",
        unit="subscribers",
        adds_over_sources=True,
        feeds=(SUBSCRIBERS,),
        method_en="Subscribers of all lists at the month's end; one on two lists counts twice.",
        method_sv="Prenumeranter på alla listor vid månadens slut; den som står på två räknas två gånger.",
    ),
    Kpi(
        id="newsletter_clicks",
        title_en="Newsletter clicks",
        title_sv="Klick i nyhetsbrev",
        kind="flow",
        unit="clicks",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(CAMPAIGNS,),
        method_en="All clicks in the newsletters sent that month, by the day they were sent.",
        method_sv="Alla klick i månadens utskick, på den dag de skickades.",
    ),
    Kpi(
        id="newsletter_click_rate",
        title_en="Newsletter click rate",
        title_sv="Klickfrekvens i nyhetsbrev",
        kind="ratio",
        unit="share",
        feeds=(CAMPAIGNS,),
        begins_with="newsletter_clicks",
        method_en="Unique clicks over newsletters delivered.",
        method_sv="Unika klick, delat med levererade nyhetsbrev.",
    ),
)
