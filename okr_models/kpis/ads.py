"""What advertising costs."""

from __future__ import annotations

from okr_models.kpis.model import MONEY, Feed, Kpi

ADS = (
    Kpi(
        id="ad_cost",
        title_en="Advertising cost",
        title_sv="Annonskostnad",
        kind="flow",
        unit=MONEY,
        better="lower",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(Feed(category="ads", streams=("ad_cost_daily",)),),
        scopes=("source", "platform"),
        method_en="What was spent in the month, in the client's currency.",
        method_sv="Vad som förbrukades i månaden, i kundens valuta.",
    ),
)
