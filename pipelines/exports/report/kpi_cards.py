"""The KPIs as small cards: the newest closed month, its change on last year, two years as a small chart.

What belongs here: choosing months and wording the change. What does not: how a KPI is made (``methods.py``), drawing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from markupsafe import Markup

from okr_models.kpis import BUILT_IN
from okr_models.periods import add_months
from okr_models.words.months import MonthNote, month_note
from okr_models.words.numbers import Speech
from pipelines.exports.plain import plain
from pipelines.exports.reader import Reader
from pipelines.exports.report.charts import kpi_chart
from pipelines.exports.report.messages import message
from pipelines.exports.report.queries import KpiKey, Month
from pipelines.exports.report.svg import for_page
from pipelines.exports.words import kpi_title, unit_word

MONTHS_SHOWN = 24
NOT_RELATIVE = frozenset({"position", "points", "share"})
"""Units whose change is a difference: a per cent of a rank or an index says nothing."""
SMALL_RATE = 0.2
"""Below it a rate is said with a decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiView:
    """One card. ``month`` is empty where it is the month that the section's heading names."""

    title: str
    scope: str
    value: str
    unit: str
    month: str
    change: str
    tone: str
    note: str
    chart: Markup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiSection:
    """``month``: the one that most cards are about, in words."""

    month: str
    cards: tuple[KpiView, ...]


def kpi_section(months: Mapping[KpiKey, Mapping[date, Month]], reader: Reader) -> KpiSection:
    """Every KPI in ``all``, or where there is no ``all`` in each of its scopes.

    Those that the client's key results are measured by lead, in the order of its file; then built-in ones in theirs.
    """
    asked = dict.fromkeys(
        result.kpi for objective in reader.objectives for result in objective.key_results if result.kpi
    )
    leads = {kpi: n - len(asked) for n, kpi in enumerate(asked)}
    order = {kpi: n for n, kpi in enumerate(BUILT_IN)} | leads
    by_kpi: dict[str, list[str]] = {}
    for kpi, scope in months:
        by_kpi.setdefault(kpi, []).append(scope)
    chosen: list[tuple[str, str, list[Month]]] = []
    for kpi in sorted(by_kpi, key=lambda name: (order.get(name, len(order)), name)):
        scopes = ["all"] if "all" in by_kpi[kpi] else sorted(by_kpi[kpi])
        chosen += [(kpi, scope, shown) for scope in scopes if (shown := _shown(months[kpi, scope]))]
    newest = Counter(shown[-1].month for *_, shown in chosen if shown[-1].is_closed)
    common = max(newest, key=lambda month: (newest[month], month)) if newest else None
    cards = tuple(
        _card(kpi, scope, shown, months[kpi, scope], reader, common=common, chart_id=f"kpi{n}")
        for n, (kpi, scope, shown) in enumerate(chosen)
    )
    return KpiSection(month=reader.speech.month(common) if common else "", cards=cards)


def _shown(months: Mapping[date, Month]) -> list[Month]:
    """The last two years of closed months, a stock's running month with its newest figure too."""
    closed = [m for m in months.values() if m.is_closed or (m.kind == "stock" and m.value is not None)]
    return closed[-MONTHS_SHOWN:]


def _card(
    kpi: str,
    scope: str,
    shown: Sequence[Month],
    months: Mapping[date, Month],
    reader: Reader,
    *,
    common: date | None,
    chart_id: str,
) -> KpiView:
    speech, newest = reader.speech, shown[-1]
    change, tone = _change(kpi, newest, months.get(add_months(newest.month, -12)), reader)
    title = kpi_title(kpi, speech, dict(reader.kpi_titles))
    notes = [_month(newest, speech)] if newest.month != common else []
    notes += [message("estimated_month", speech)] if newest.is_estimated else []
    notes += [message("lower", speech)] if reader.better(kpi) == "lower" else []
    return KpiView(
        title=plain(title, limit=60),
        scope="" if scope == "all" else plain(reader.scope_name(scope), limit=40),
        value=_figure(newest, speech),
        unit=_unit(newest, speech),
        month=" · ".join(notes),
        change=change,
        tone=tone,
        note=plain(month_note(_named(newest.notes, reader), speech), limit=160) if newest.value is None else "",
        chart=_small_chart(title, shown, reader, chart_id=chart_id),
    )


def _named(notes: Iterable[MonthNote], reader: Reader) -> list[MonthNote]:
    """Notes with the names of their sources instead of the ids."""
    return [replace(note, scope=reader.scope_name(note.scope)) if note.scope else note for note in notes]


def _figure(newest: Month, speech: Speech) -> str:
    """A small rate keeps a decimal: of "4 %" nobody sees that it rose."""
    if newest.unit == "share" and newest.value is not None and abs(newest.value) < SMALL_RATE:
        return speech.percent(newest.value, places=1)
    return speech.figure(newest.value, newest.unit)


def _unit(newest: Month, speech: Speech) -> str:
    """What is counted, of a month's sum in which month: a key result's mean of months stands on the same page."""
    if newest.value is None:
        return message("kpi_missing", speech)
    unit = plain(unit_word(newest.unit, speech, of=speech.figure(newest.value, newest.unit)), limit=30)
    return f"{unit}, {speech.short_month(newest.month)}".lstrip(", ") if newest.kind == "flow" else unit


def _small_chart(title: str, shown: Sequence[Month], reader: Reader, *, chart_id: str) -> Markup | None:
    """The months as a small labelled chart; one value is no chart."""
    speech, unit = reader.speech, shown[-1].unit
    known = [(month, month.value) for month in shown if month.value is not None]
    if len(known) < 2:
        return None
    values = [value for _, value in known]
    description = message(
        "kpi_chart_text",
        speech,
        first=speech.figure(values[0], unit),
        first_month=_month(known[0][0], speech),
        last=speech.figure(values[-1], unit),
        last_month=_month(known[-1][0], speech),
        low=speech.figure(min(values), unit),
        high=speech.figure(max(values), unit),
    )
    drawing = kpi_chart(
        [(month.month, month.value) for month in shown], speech, as_bars=shown[-1].kind == "flow", unit=unit
    )
    name = message("kpi_chart", speech, title=plain(title), count=len(shown))
    return for_page(drawing, chart_id=chart_id, title=name, description=description)


def _month(month: Month, speech: Speech) -> str:
    return speech.month(month.month)


def _change(kpi: str, newest: Month, before: Month | None, reader: Reader) -> tuple[str, str]:
    """The change on the same month last year in words, and whether it is good, bad or neither.

    Where lower is better an arrow alone would leave good or bad to the colour, so a word says it.
    """
    speech = reader.speech
    if newest.value is None:
        return "", "flat"
    if before is None or before.value is None:
        return message("kpi_no_last", speech), "flat"
    grown = newest.value - before.value
    if (
        before.value <= 0
        or newest.unit in NOT_RELATIVE
        or (newest.kind == "ratio" and (kpi not in BUILT_IN or kpi in reader.kpi_titles))
    ):
        if newest.unit == "share":
            text = message("points_change", speech, change=speech.points(grown))
        else:
            text = speech.figure(grown, newest.unit, beside=before.value, signed=True)
    else:
        text = speech.percent(grown / before.value, signed=True)
    if not any(digit in text for digit in "123456789"):
        grown = 0.0  # what reads as no change points nowhere
    better = reader.better(kpi)
    tone = "flat" if grown == 0 else "good" if (grown > 0) == (better == "higher") else "bad"
    arrow = "→" if grown == 0 else "↗" if grown > 0 else "↘"
    said = f"{arrow} {message('kpi_change', speech, change=text)}"
    if better == "lower" and tone != "flat":
        said += f", {message('better' if tone == 'good' else 'worse', speech)}"
    return said, tone
