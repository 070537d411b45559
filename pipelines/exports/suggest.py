"""``okr suggest``: a client's outlook as text, as a page with its curves, and as key results to paste.

What belongs here: reading months, wording and laying out. What does not: the distribution (``okr_models/suggest``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
from markupsafe import Markup

from okr_models.client.model import Client, Period, Scope, fiscal_year
from okr_models.kpis import Better
from okr_models.periods import Window, add_months
from okr_models.progress.components import anatomy
from okr_models.progress.figures import Figures, MonthFigure
from okr_models.suggest.outlook import History, Outlook, Point, Refused, months_lacking, outlook
from okr_models.words.numbers import Language, Speech
from pipelines.exports.plain import plain
from pipelines.exports.reader import Reader, reader_of
from pipelines.exports.report.page import write_page
from pipelines.exports.words import kpi_title, unit_word

BAR = 20
WIDTH, HEIGHT, EDGE = 520, 160, 34
TEXT: dict[Language, dict[str, str]] = {
    "sv": {
        "title": "Vilket mål är realistiskt? {period}",
        "based": "Ur {closed} stängda månader t.o.m. {last}",
        "base_flow": "jämfört med samma månader året före: {base} {unit} i månaden",
        "base_ratio": "jämfört med samma månader året före: {base} {unit}",
        "base_stock": "jämfört med läget när perioden börjar: {base} {unit}",
        "expected_base": " (delvis väntat, de månaderna är inte slut än)",
        "target": "Mål",
        "chance": "Sannolikhet att nå det",
        "committed": "Åtagande",
        "even": "Jämna odds",
        "stretch": "Sträckmål",
        "line": "{level} ({share}): {target}",
        "flow": "{growth}{value} {unit} i månaden i snitt",
        "ratio": "{growth}{value} {unit} i snitt",
        "stock": "{growth}{value} {unit} vid periodens slut",
        "path": "Väntat månad för månad: {months}",
        "refused": "Inget kan sägas: {reason}.",
        "lacking": "{count} stängda månader till ({limit} i allt) {gives}.",
        "lacking_one": "En stängd månad till ({limit} i allt) {gives}.",
        "gives_12": "behövs för att säga något alls",
        "gives_24": "ger en modell med säsong i stället för en tumregel",
        "gives_36": "ger sannolikheten i hela procent i stället för tiotal",
        "nothing": "Klienten har inget nyckelresultat som mäts med ett nyckeltal; ange --kpi.",
        "counts": "Antal poster och delmål föreslås inte: de avgörs post för post.",
        "why_break": "ett brott ligger i historiken",
        "why_few": "{closed} stängda månader, 12 behövs",
        "why_estimated": "för mycket av historiken är uppskattad",
        "why_over": "perioden är slut",
        "why_far": "perioden ligger för långt bort",
        "why_none": "det finns inga månader",
    },
    "en": {
        "title": "Which target is realistic? {period}",
        "based": "From {closed} closed months through {last}",
        "base_flow": "against the same months of the year before: {base} {unit} a month",
        "base_ratio": "against the same months of the year before: {base} {unit}",
        "base_stock": "against where the period begins: {base} {unit}",
        "expected_base": " (partly expected: those months are not over)",
        "target": "Target",
        "chance": "Probability of reaching it",
        "committed": "Committed",
        "even": "Even odds",
        "stretch": "Stretch",
        "line": "{level} ({share}): {target}",
        "flow": "{growth}{value} {unit} a month on average",
        "ratio": "{growth}{value} {unit} on average",
        "stock": "{growth}{value} {unit} at the period's end",
        "path": "Expected month by month: {months}",
        "refused": "Nothing can be said: {reason}.",
        "lacking": "{count} more closed months ({limit} in all) {gives}.",
        "lacking_one": "One more closed month ({limit} in all) {gives}.",
        "gives_12": "are needed to say anything",
        "gives_24": "give a model with its season in place of a rule of thumb",
        "gives_36": "give the probability in whole per cent in place of tenths",
        "gives_12_one": "is needed to say anything",
        "gives_24_one": "gives a model with its season in place of a rule of thumb",
        "gives_36_one": "gives the probability in whole per cent in place of tenths",
        "nothing": "The client has no key result that is measured by a KPI; name one with --kpi.",
        "counts": "Counts of items and milestones are not suggested: they are decided one by one.",
        "why_break": "a break lies in the history",
        "why_few": "{closed} closed months, 12 are needed",
        "why_estimated": "too much of the history is estimated",
        "why_over": "the period is over",
        "why_far": "the period lies too far ahead",
        "why_none": "there are no months",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One figure's outlook, or why there is none."""

    kpi: str
    scope: Scope
    title: str
    unit: str
    kind: str
    better: Better
    adds_over_time: bool
    last: date | None
    closed: int
    found: Outlook | Refused


def suggestions(
    con: duckdb.DuckDBPyConnection, client: Client, period: Period, *, kpis: Sequence[str] = (), as_of: date
) -> tuple[Suggestion, ...]:
    """One for each figure that the client's key results are measured by, or for the ``kpis`` asked for."""
    asked: dict[tuple[str, str], Scope] = {}
    for objective in client.objectives:
        for result in objective.key_results:
            if result.kpi and (not kpis or result.kpi in kpis):
                asked.setdefault((result.kpi, str(result.scope)), result.scope)
    for kpi in kpis:
        if not any(known == kpi for known, _ in asked):
            asked[kpi, "all"] = Scope()
    figures = _figures(con, client.client)
    return tuple(
        _suggestion(client, figures, kpi, scope, period, as_of=as_of) for (kpi, _), scope in sorted(asked.items())
    )


def next_period(client: Client, *, as_of: date) -> Period:
    """The fiscal year that begins after ``as_of``."""
    year = as_of.year if as_of < date(as_of.year, client.fiscal_year_start, 1) else as_of.year + 1
    return fiscal_year(year, first_month=client.fiscal_year_start)


def as_text(found: Sequence[Suggestion], client: Client, period: Period) -> str:
    """Every suggestion as lines for a terminal."""
    reader = reader_of(client)
    speech, text = reader.speech, TEXT[reader.speech.language]
    lines = [f"{plain(client.name)}. {text['title'].format(period=speech.days(period.start, period.end))}"]
    for each in found:
        lines += ["", _heading(each, reader), *(f"  {line}" for line in _facts(each, speech))]
        if isinstance(each.found, Outlook):
            lines += [f"  {line}" for line in _bars(each, speech)]
            lines += [f"  {line}" for line in _levels(each, speech)]
            lines.append(f"  {_months(each, speech)}")
        lines += [f"  {line}" for line in _missing(each, speech)]
    if not found:
        lines.append(text["nothing"])
    if any(result.kpi is None for objective in client.objectives for result in objective.key_results):
        lines += ["", text["counts"]]
    return "\n".join(lines) + "\n"


def write_suggest_page(found: Sequence[Suggestion], client: Client, period: Period, path: Path) -> Path:
    """The same as a page with each figure's curve."""
    reader = reader_of(client)
    speech, text = reader.speech, TEXT[reader.speech.language]
    cards = [
        {
            "title": _heading(each, reader),
            "facts": _facts(each, speech),
            "chart": _chart(each, speech),
            "levels": _levels(each, speech) if isinstance(each.found, Outlook) else [],
            "months": _months(each, speech) if isinstance(each.found, Outlook) else "",
            "missing": _missing(each, speech),
        }
        for each in found
    ]
    title = text["title"].format(period=speech.days(period.start, period.end))
    values: dict[str, object] = {"name": plain(client.name), "title": title, "cards": cards}
    return write_page(path, "suggest.html.j2", speech=speech, values=values)


def as_yaml(found: Sequence[Suggestion], client: Client, period: Period) -> str:
    """An objective with a key result for each figure, at its committed line, to be pasted into the client file."""
    text = TEXT[client.language]
    name = (
        f"FY{period.start.year}"
        if period.start.month == client.fiscal_year_start and add_months(period.start, 12) > period.end
        and len(Window(period.start, period.end).months()) == 12
        else f"{{start: {period.start}, end: {period.end}}}"
    )  # fmt: skip
    lines = ["objectives:", "  - id: next_period", '    title: "?"', f"    period: {name}", "    key_results:"]
    for each in found:
        if not isinstance(each.found, Outlook):
            continue
        point = each.found.levels["committed"]
        target = _target_yaml(each, point, months=len(Window(period.start, period.end).months()))
        scope = _scope_yaml(each.scope)
        lines.append(f"      # {'; '.join(_levels(each, Speech(client.language)))}".replace("\u00a0", " "))
        title = plain(each.title).replace('"', "'").replace("\\", "\\\\")
        ident = each.kpi if not scope else f"{each.kpi}_{str(each.scope).partition('=')[2]}"
        ident = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in ident.lower())[:40]
        lines.append(f'      - {{id: {ident}, title: "{title}", kpi: {each.kpi},{scope} target: {target}}}')
    return "\n".join(lines) + "\n" if len(lines) > 5 else f"# {text['nothing']}\n"


def _target_yaml(each: Suggestion, point: Point, *, months: int) -> str:
    """The growth, where it is one to the better: a percentage the other way would call the fall itself success. Else of
    what adds up the whole period's sum, and of a level or a mean where it shall stay."""
    growth = 0 if point.growth is None else round(100 * point.growth)
    if growth * (1 if each.better == "higher" else -1) > 0:
        return f'"{growth:+d}%"'
    if each.better == "higher" and each.kind == "flow" and each.adds_over_time and point.value > 0:
        return _number(point.value * months)
    return f"{{{'at_least' if each.better == 'higher' else 'at_most'}: {_number(point.value)}}}"


def _number(value: float) -> str:
    """Six digits of it, and no power of ten."""
    return f"{float(f'{value:.6g}'):.12g}"


def _scope_yaml(scope: Scope) -> str:
    kind, _, name = str(scope).partition("=")
    return f' scope: {{{kind}: "{name}"}},' if name else ""


def _figures(con: duckdb.DuckDBPyConnection, client: str) -> Figures:
    frame: pd.DataFrame = con.execute(
        """
        select kpi, scope, month, value, numerator, denominator, is_closed, is_estimated, origin, data_through,
            closes_on
        from marts.kpi_monthly where client = ? order by kpi, scope, month
        """,
        [client],
    ).df()
    return Figures(kpi_monthly=frame)


def _suggestion(client: Client, figures: Figures, kpi: str, scope: Scope, period: Period, *, as_of: date) -> Suggestion:
    body = anatomy(client, figures, kpi=kpi, scope=scope, as_of=as_of, days_since=None)
    closed = {month: figure for month, figure in body.whole.months.items() if figure.is_closed}
    # true zeros before an account opened are nothing that it did
    begins = body.whole.first_month or period.end
    known = sorted(month for month, figure in closed.items() if figure.value is not None and month >= begins)
    own = next((each.title for each in client.kpis if each.id == kpi), None)
    title = own or kpi_title(kpi, Speech(client.language))
    shared = {
        **{"kpi": kpi, "scope": scope, "title": title, "unit": body.kpi.unit, "kind": body.kpi.kind},
        **{"better": body.kpi.better, "adds_over_time": body.kpi.adds_over_time},
    }
    if not known:
        return Suggestion(**shared, last=None, closed=0, found=Refused("no months"))  # type: ignore[arg-type]
    # what was measured otherwise before a break is no history of what is measured now
    breaks = [each.date for part in (body.whole, *body.parts) for each in part.breaks]
    since = max((add_months(day.replace(day=1), 0 if day.day == 1 else 1) for day in breaks), default=known[0])
    kept = [month for month in known if month >= since]
    months: list[date] = []
    month = kept[0] if kept else known[-1]
    while month <= known[-1]:
        months.append(month)
        month = add_months(month, 1)
    figured = [closed.get(each) for each in months]
    history = History(
        first=months[0],
        values=tuple(float("nan") if each is None or each.value is None else each.value for each in figured),
        kind=body.kpi.kind,
        better=body.kpi.better,
        estimated_share=_estimated_share(figured),
        has_break=not kept,
        below=tuple(_below(each) for each in figured),
    )
    wanted = Window(period.start, period.end).months()
    return Suggestion(
        **shared,  # type: ignore[arg-type]
        last=known[-1],
        closed=len(kept),
        found=outlook(history, wanted),
    )


def _below(figure: MonthFigure | None) -> float:
    """What a ratio's month has below the line, NaN where it does not keep both parts."""
    if figure is None or figure.numerator is None or figure.denominator is None:
        return float("nan")
    return figure.denominator


def _estimated_share(figured: Sequence[MonthFigure | None]) -> float:
    """Of the months that have a value: those without one say nothing, be they many."""
    known = [each for each in figured if each is not None and each.value is not None]
    return sum(each.is_estimated for each in known) / len(known) if known else 0.0


def _heading(each: Suggestion, reader: Reader) -> str:
    where = "" if str(each.scope) == "all" else f", {plain(reader.scope_name(str(each.scope)))}"
    return f"{plain(each.title)}{where}"


def _facts(each: Suggestion, speech: Speech) -> list[str]:
    text, found = TEXT[speech.language], each.found
    if isinstance(found, Refused):
        return [text["refused"].format(reason=_reason(each, speech))]
    assert each.last is not None  # noqa: S101 - an outlook rests on months
    lines = [text["based"].format(closed=found.closed, last=speech.month(each.last)) + "."]
    if found.base is not None:
        form = {"stock": "base_stock", "ratio": "base_ratio"}.get(each.kind, "base_flow")
        said = _spaced(text[form].format(base=speech.figure(found.base, each.unit), unit=unit_word(each.unit, speech)))
        lines[0] = f"{lines[0][:-1]}, {said}{'' if found.is_base_known else text['expected_base']}."
    return lines


def _spaced(text: str) -> str:
    """With single spaces: a unit that stands in its figure, as a currency does, has no word of its own."""
    return " ".join(part for part in text.split(" ") if part)


def _reason(each: Suggestion, speech: Speech) -> str:
    text = TEXT[speech.language]
    said = each.found.reason if isinstance(each.found, Refused) else ""
    for sign, key in (
        ("a break", "break"),
        ("closed months,", "few"),
        ("estimated", "estimated"),
        ("is over", "over"),
        ("as far", "far"),
        ("no months", "none"),
    ):
        if sign in said:
            return text[f"why_{key}"].format(closed=each.closed)
    return said


def _target(each: Suggestion, point: Point, speech: Speech) -> str:
    text = TEXT[speech.language]
    growth = f"{speech.percent(point.growth, signed=True)}, " if point.growth is not None else ""
    form = each.kind if each.kind in {"stock", "ratio"} else "flow"
    said = text[form].format(
        growth=growth, value=speech.figure(point.value, each.unit), unit=unit_word(each.unit, speech)
    )
    return _spaced(said)


def _bars(each: Suggestion, speech: Speech) -> list[str]:
    assert isinstance(each.found, Outlook)  # noqa: S101 - asked of outlooks alone
    text = TEXT[speech.language]
    rows = [(_short(each, point, speech), point.probability) for point in each.found.curve]
    wide = max(len(text["target"]), *(len(label) for label, _ in rows))
    lines = [f"{text['target']:<{wide}}  {text['chance']}"]
    for label, share in rows:
        lines.append(f"{label:>{wide}}  {'█' * round(BAR * share):<{BAR}} {speech.percent(share)}")
    return lines


def _short(each: Suggestion, point: Point, speech: Speech) -> str:
    if point.growth is not None:
        return speech.percent(point.growth, signed=True)
    return speech.figure(point.value, each.unit)


def _levels(each: Suggestion, speech: Speech) -> list[str]:
    assert isinstance(each.found, Outlook)  # noqa: S101 - asked of outlooks alone
    text = TEXT[speech.language]
    return [
        text["line"].format(
            level=text[name], share=speech.percent(point.probability), target=_target(each, point, speech)
        )
        for name, point in each.found.levels.items()
    ]


def _months(each: Suggestion, speech: Speech) -> str:
    assert isinstance(each.found, Outlook)  # noqa: S101 - asked of outlooks alone
    months = ", ".join(
        f"{speech.short_month(month)} {speech.figure(value, each.unit)}"
        for month, value in zip(each.found.months, each.found.path, strict=True)
    )
    return TEXT[speech.language]["path"].format(months=months)


def _missing(each: Suggestion, speech: Speech) -> list[str]:
    lacking = months_lacking(each.closed)
    if lacking is None:
        return []
    text, (count, limit) = TEXT[speech.language], lacking
    if count > 1:
        return [text["lacking"].format(count=count, limit=limit, gives=text[f"gives_{limit}"])]
    return [text["lacking_one"].format(limit=limit, gives=text.get(f"gives_{limit}_one", text[f"gives_{limit}"]))]


def _chart(each: Suggestion, speech: Speech) -> Markup | None:
    """Probability against target, the three levels marked; the numbers stand beside it."""
    if not isinstance(each.found, Outlook):
        return None
    points = sorted(each.found.curve, key=lambda point: point.value)
    low, high = points[0].value, points[-1].value
    span = (high - low) or 1.0

    def at(point: Point) -> tuple[float, float]:
        x = EDGE + (WIDTH - 2 * EDGE) * (point.value - low) / span
        return round(x, 1), round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * point.probability, 1)

    line = " ".join(f"{x},{y}" for x, y in map(at, points))
    text = TEXT[speech.language]
    marks = Markup("")
    for name, point in each.found.levels.items():
        x, y = at(point)
        marks += Markup(
            '<circle cx="{x}" cy="{y}" r="4" fill="var(--now)"><title>{level}: {target}</title></circle>'
        ).format(x=x, y=y, level=text[name], target=_target(each, point, speech))
    label = f"{text['chance']}: {'; '.join(_levels(each, speech))}"
    ends = ((EDGE, "start", points[0]), (WIDTH - EDGE, "end", points[-1]))
    axis = Markup("").join(
        Markup('<text x="{x}" y="{y}" text-anchor="{anchor}" fill="var(--label)" font-size="12">{said}</text>').format(
            x=x, y=HEIGHT - 10, anchor=anchor, said=_short(each, point, speech)
        )
        for x, anchor, point in ends
    )
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<line x1="{e}" y1="{b}" x2="{r}" y2="{b}" stroke="var(--axis)"/>'
        '<polyline points="{line}" fill="none" stroke="var(--now)" stroke-width="2"/>{marks}{axis}</svg>'
    ).format(w=WIDTH, h=HEIGHT, label=label, e=EDGE, b=HEIGHT - EDGE, r=WIDTH - EDGE, line=line, marks=marks, axis=axis)
