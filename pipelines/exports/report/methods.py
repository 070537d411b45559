"""How each figure is made, in a sentence a client can read (MEASURES.md in short).

What belongs here: the footer's general sentences. What does not: a KPI's own (``okr_models/kpis``), and the arithmetic,
which is in ``dbt_like_sql`` and ``okr_models``.
"""

from __future__ import annotations

from okr_models.kpis import BUILT_IN
from okr_models.words.numbers import Language, Speech

GENERAL: dict[Language, tuple[tuple[str, str], ...]] = {
    "sv": (
        ("Framsteg", "(nu minus utgångsläge) delat med (mål minus utgångsläge). Kan vara negativ eller över 100 %."),
        ("Samma månader", "Jämförelser görs med samma månader och samma kanaler på båda sidor. Saknas är aldrig noll."),
        (
            "Mål",
            "Nyckelresultatens framsteg, vägda. Status: nyckelresultaten räknas från det sämsta, och det vid vilket en "
            "fjärdedel av vikten är nådd avgör.",
        ),
        (
            "Prognos",
            "Säsongsmodell per månad; spannet täcker 80 % av utfallen. Sannolikhet ges bara när historiken bär den.",
        ),
        ("Uppskattat", "Månader med 60 till 90 % av dagarna är uppräknade; med färre har månaden inget värde."),
    ),
    "en": (
        ("Progress", "(now minus baseline) over (target minus baseline). May be negative or above 100%."),
        ("Same months", "Both sides compare the same months and the same channels. Missing is never zero."),
        (
            "Objective",
            "Its key results' progress, weighted. Status: counted from the worst key result on, the one at which a "
            "quarter of the weight is reached decides.",
        ),
        (
            "Forecast",
            "A seasonal model of the months; the span covers 80% of outcomes. Probability only with enough history.",
        ),
        ("Estimated", "Months with 60 to 90% of their days are scaled up; with fewer a month has no value."),
    ),
}


def method(kpi: str, speech: Speech) -> str | None:
    """How a built-in KPI's month is made; None for a client's own."""
    known = BUILT_IN.get(kpi)
    if known is None:
        return None
    return known.method_sv if speech.is_swedish else known.method_en
