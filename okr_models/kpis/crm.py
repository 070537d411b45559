"""KPIs of sales and support, from a CRM."""

from __future__ import annotations

from okr_models.kpis.model import MONEY, Feed, Kpi

CONTACTS = Feed(category="crm", streams=("contacts_daily",))
DEALS = Feed(category="crm", streams=("deals_daily",))
TICKETS = Feed(category="crm", streams=("tickets_daily",))

CRM = (
    Kpi(
        id="new_contacts",
        title_en="New contacts",
        title_sv="Nya kontakter",
        kind="flow",
        unit="contacts",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(CONTACTS,),
        method_en="Contacts created in the month; deleted ones no longer count.",
        method_sv="Kontakter skapade i månaden; raderade räknas inte längre.",
    ),
    Kpi(
        id="deals_won",
        title_en="Deals won",
        title_sv="Vunna affärer",
        kind="flow",
        unit="deals",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(DEALS,),
        method_en="Deals closed as won, on the day they closed; one that is reopened leaves it.",
        method_sv="Affärer stängda som vunna, den dag de stängdes; en som öppnas igen räknas bort.",
    ),
    Kpi(
        id="deals_won_amount",
        title_en="Amount of deals won",
        title_sv="Vunnet affärsvärde",
        kind="flow",
        unit=MONEY,
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(DEALS,),
        method_en="What the deals won that month amount to, in the client's currency.",
        method_sv="Vad månadens vunna affärer är värda, i kundens valuta.",
    ),
    Kpi(
        id="tickets",
        title_en="Tickets",
        title_sv="Ärenden",
        kind="flow",
        unit="tickets",
        better="lower",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(TICKETS,),
        method_en="Tickets created in the month.",
        method_sv="Ärenden skapade i månaden.",
    ),
    Kpi(
        id="first_response_hours",
        title_en="Hours to first response",
        title_sv="Timmar till första svar",
        kind="ratio",
        unit="hours",
        better="lower",
        feeds=(TICKETS,),
        begins_with="tickets",
        method_en="Mean hours to the first answer of tickets created in the month, of those that were answered.",
        method_sv="Timmar i snitt till första svaret på månadens ärenden, av dem som har besvarats.",
    ),
)
