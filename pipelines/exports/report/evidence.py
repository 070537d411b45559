"""What stands below the key results: KPIs, posts, initiatives, the forecasts' record, sources, how figures are made.

What belongs here: choosing and wording. What does not: reading (``reading.py``), objectives (``results.py``), HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote, urlsplit

from babel.dates import format_date
from babel.numbers import format_currency
from markupsafe import Markup

from okr_models.kpis import BUILT_IN
from okr_models.periods import add_months
from okr_models.texts import PLATFORM_NAMES
from pipelines.exports.people import Reader
from pipelines.exports.plain import plain
from pipelines.exports.report.charts import kpi_chart
from pipelines.exports.report.messages import message
from pipelines.exports.report.methods import GENERAL, method
from pipelines.exports.report.reading import (
    BlogPost,
    InitiativeRow,
    Item,
    KpiKey,
    Month,
    Scores,
    SocialPost,
    SourceState,
)
from pipelines.exports.report.svg import for_page
from pipelines.exports.words import LOCALES, MISSING, day, figure, kpi_title, percent, unit_figure, unit_word

MONTHS_SHOWN = 24
POSTS_SHOWN = 15
SOCIAL_SHOWN = 8
NOT_RELATIVE = frozenset({"position", "points", "share"})
"""Units whose change is a difference: a per cent of a rank or an index says nothing."""
OUTCOME_ICONS = {"met": "✓", "open": "○", "missed": "✕"}
VERDICT_ICONS = {"keep": "✓", "kill": "✕", "undecided": "◆", "running": "○", "not_started": "○"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiView:
    title: str
    scope: str
    value: str
    unit: str
    month: str
    change: str
    tone: str
    chart: Markup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    title: str
    url: str | None
    published: str
    value: str
    share: float
    outcome: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsView:
    lead: str
    rows: tuple[PostView, ...]
    more: str
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialView:
    platform: str
    url: str | None
    label: str
    published: str
    likes: str
    comments: str
    shares: str
    interactions: str
    is_maturing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeView:
    title: str
    hypothesis: str
    effect: str
    detectable: str
    verdict: str
    icon: str
    word: str
    reason: str
    cost: str


def kpis(months: Mapping[KpiKey, Mapping[date, Month]], reader: Reader) -> tuple[KpiView, ...]:
    """Every KPI in ``all``, or where there is no ``all`` in each of its scopes; built-in ones first, in their order."""
    order = {kpi: n for n, kpi in enumerate(BUILT_IN)}
    by_kpi: dict[str, list[str]] = {}
    for kpi, scope in months:
        by_kpi.setdefault(kpi, []).append(scope)
    views: list[KpiView] = []
    for kpi in sorted(by_kpi, key=lambda name: (order.get(name, len(order)), name)):
        scopes = ["all"] if "all" in by_kpi[kpi] else sorted(by_kpi[kpi])
        for scope in scopes:
            view = _kpi(kpi, scope, months[kpi, scope], reader, chart_id=f"kpi{len(views)}")
            views += [view] if view else []
    return tuple(views)


def _kpi(kpi: str, scope: str, months: Mapping[date, Month], reader: Reader, *, chart_id: str) -> KpiView | None:
    language = reader.language
    shown = [m for m in months.values() if m.is_closed or (m.kind == "stock" and m.value is not None)][-MONTHS_SHOWN:]
    if not shown:
        return None
    newest = shown[-1]
    before = months.get(add_months(newest.month, -12))
    change, tone = _change(kpi, newest, before, reader)
    if newest.value is None and newest.note and language == "en":  # the table's notes are in English
        change = plain(newest.note, limit=120)
    unit = unit_word(newest.unit, language) if newest.value is not None else message("kpi_missing", language)
    lower = f", {message('lower', language)}" if reader.better(kpi) == "lower" else ""
    title = kpi_title(kpi, language, dict(reader.kpi_titles))
    return KpiView(
        title=plain(title, limit=60),
        scope="" if scope == "all" else plain(scope.split("=", 1)[-1], limit=40),
        value=unit_figure(newest.value, newest.unit, language),
        unit=unit + lower,
        month=_month(newest, language) + (f", {message('estimated_month', language)}" if newest.is_estimated else ""),
        change=change,
        tone=tone,
        chart=_curve(title, shown, reader, lower_is_better=bool(lower), chart_id=chart_id),
    )


def _curve(
    title: str, shown: Sequence[Month], reader: Reader, *, lower_is_better: bool, chart_id: str
) -> Markup | None:
    """The months as a small labelled curve; one value is no curve."""
    language, unit = reader.language, shown[-1].unit
    known = [(month, month.value) for month in shown if month.value is not None]
    if len(known) < 2:
        return None
    values = [value for _, value in known]
    description = message(
        "kpi_chart_text",
        language,
        first=unit_figure(values[0], unit, language),
        first_month=_month(known[0][0], language),
        last=unit_figure(values[-1], unit, language),
        last_month=_month(known[-1][0], language),
        low=unit_figure(min(values), unit, language),
        high=unit_figure(max(values), unit, language),
    )
    name = message("kpi_chart", language, title=plain(title), count=len(shown))
    curve = kpi_chart([(month.month, month.value) for month in shown], language, lower_is_better=lower_is_better)
    return for_page(curve, chart_id=chart_id, title=name, description=description)


def _month(month: Month, language: str) -> str:
    return day(month.month, language, style="LLLL y")


def _change(kpi: str, newest: Month, before: Month | None, reader: Reader) -> tuple[str, str]:
    """The change on the same month last year in words, and whether it is good, bad or neither."""
    language = reader.language
    if newest.value is None:
        return "", "flat"
    if before is None or before.value is None:
        return message("kpi_no_last", language), "flat"
    grown = newest.value - before.value
    month = format_date(before.month, "MMM y", LOCALES[language])
    if before.value <= 0 or newest.unit in NOT_RELATIVE or (newest.kind == "ratio" and kpi not in BUILT_IN):
        text = f"{'+' if grown > 0 else ''}{figure(round(grown, 1), language, decimals=1)}"
    else:
        text = percent(grown / before.value, language, signed=True)
    is_better = (grown > 0) == (reader.better(kpi) == "higher")
    tone = "flat" if grown == 0 else "good" if is_better else "bad"
    arrow = {"flat": "→", "good": "↗", "bad": "↘"}[tone]
    if reader.better(kpi) == "lower" and grown != 0:
        arrow = "↘" if grown < 0 else "↗"
    return f"{arrow} {message('kpi_change', language, change=text, month=month)}", tone


def blog_posts(items: Sequence[Item], posts: Sequence[BlogPost], reader: Reader) -> PostsView | None:
    """Posts judged by a count, newest first; without such a count the most read ones."""
    language = reader.language
    if items:
        count = {outcome: sum(item.outcome == outcome for item in items) for outcome in OUTCOME_ICONS}
        threshold = figure(items[0].threshold, language)
        lead = message("posts_lead", language, threshold=threshold, **count)
        rows = tuple(_judged(item, language) for item in items)
        file = "key_result_items.csv"
    elif posts:
        lead = message("posts_plain", language)
        most = max((post.page_views_90d or 0 for post in posts), default=0)
        rows = tuple(_read(post, most, language) for post in posts)
        file = "blog_posts.csv"
    else:
        return None
    hidden = max(0, len(rows) - POSTS_SHOWN)
    more = message("more", language, count=hidden, file=file) if hidden else ""
    return PostsView(lead=lead, rows=rows[:POSTS_SHOWN], more=more, hidden=hidden)


def _title(title: str | None, url: str | None, language: str) -> str:
    """A post's title; a source that knows none leaves its path."""
    if title:
        return plain(title, limit=90)
    address = safe_url(url)
    path = unquote(urlsplit(address).path) if address else ""
    return plain(path, limit=90) or message("untitled", language)


def _judged(item: Item, language: str) -> PostView:
    share = (item.value or 0) / item.threshold if item.threshold else 0.0
    return PostView(
        title=_title(item.title, item.url, language),
        url=safe_url(item.url),
        published=_on(item.published_at, language),
        value=figure(item.value, language),
        share=round(100 * min(1.0, max(0.0, share)), 1),
        outcome=item.outcome,
        icon=OUTCOME_ICONS.get(item.outcome, "?"),
        word=message(item.outcome, language) if item.outcome in OUTCOME_ICONS else plain(item.outcome),
    )


def _read(post: BlogPost, most: float, language: str) -> PostView:
    return PostView(
        title=_title(post.title, post.url, language),
        url=safe_url(post.url),
        published=_on(post.published_at, language),
        value=figure(post.page_views_90d, language),
        share=round(100 * (post.page_views_90d or 0) / most, 1) if most else 0.0,
        outcome="",
        icon="",
        word="",
    )


def social_posts(posts: Sequence[SocialPost], language: str) -> tuple[SocialView, ...]:
    """The posts with the most interactions."""
    return tuple(
        SocialView(
            platform=platform_name(post.platform),
            url=safe_url(post.url),
            label=message(
                "open_post", language, platform=platform_name(post.platform), day=_on(post.published_at, language)
            ),
            published=_on(post.published_at, language),
            likes=figure(post.likes, language),
            comments=figure(post.comments, language),
            shares=figure(post.shares, language),
            interactions=figure(post.interactions, language),
            is_maturing=post.is_maturing,
        )
        for post in posts[:SOCIAL_SHOWN]
    )


def initiatives(rows: Sequence[InitiativeRow], reader: Reader) -> tuple[tuple[InitiativeView, ...], ...]:
    """Those tried, and those that are not in line with the goals."""
    tried = tuple(_initiative(row, reader) for row in rows if row.verdict != "not_aligned")
    ideas = tuple(_initiative(row, reader) for row in rows if row.verdict == "not_aligned")
    return tried, ideas


def _initiative(row: InitiativeRow, reader: Reader) -> InitiativeView:
    language = reader.language
    effect = MISSING
    if row.effect is not None:
        low, high = (percent(value, language, signed=True) for value in (row.effect_low, row.effect_high))
        mid = percent(row.effect, language, signed=True)
        effect = message("effect_range", language, effect=mid, low=low, high=high)
    detectable = ""
    if row.detectable_effect is not None:
        detectable = message("detectable", language, share=percent(row.detectable_effect, language))
    known = row.verdict in {*VERDICT_ICONS, "cannot_be_judged", "not_aligned"}
    return InitiativeView(
        title=plain(row.title, limit=90),
        hypothesis=plain(reader.initiatives.get(row.initiative_id) or "", limit=200),
        effect=effect,
        detectable=detectable,
        verdict=row.verdict,
        icon=VERDICT_ICONS.get(row.verdict, "?"),
        word=message(row.verdict, language) if known else plain(row.verdict),
        reason=plain(row.reason or "", limit=300),
        cost=_money(row.cost, reader),
    )


def _money(cost: float | None, reader: Reader) -> str:
    if cost is None:
        return MISSING
    text: str = format_currency(
        cost, reader.currency, locale=LOCALES[reader.language], currency_digits=False, format="#,##0\xa0¤"
    )
    return text


def scores(record: Scores | None, language: str) -> str:
    """How the forecasts turned out, in a sentence or two."""
    if record is None:
        return message("scores_none", language)
    text = message(
        "scores_text",
        language,
        count=record.count,
        said=percent(record.said, language),
        came=percent(record.came, language),
        brier=figure(record.brier, language, decimals=2),
    )
    if record.inside is None:
        return text
    return f"{text} {message('scores_inside', language, share=percent(record.inside, language))}"


def source_lines(sources: Sequence[SourceState], language: str) -> tuple[str, ...]:
    """One line a source."""
    return tuple(
        message("source_line", language, source=plain(source.source), day=day(source.loaded_through, language))
        if source.loaded_through
        else message("source_never", language, source=plain(source.source))
        for source in sources
    )


def failures(sources: Sequence[SourceState], language: str) -> str:
    """What could not be read last, or nothing."""
    streams = failed_streams(sources)
    return message("sources_failed", language, sources=streams) if streams else ""


def failed_streams(sources: Sequence[SourceState]) -> str:
    """The streams that could not be read last, as ``source/stream``."""
    return ", ".join(f"{plain(source.source)}/{plain(stream)}" for source in sources for stream in source.failed)


def methods(kpi_ids: Sequence[str], reader: Reader) -> tuple[tuple[str, str], ...]:
    """How each figure that the page shows is made: the built-in KPIs in use, then what holds for all."""
    language = reader.language
    used = [(kpi_title(kpi, language), text) for kpi in kpi_ids if (text := method(kpi, language))]
    return (*used, *GENERAL[language])


def platform_name(platform: str) -> str:
    """A platform as it writes itself."""
    return PLATFORM_NAMES.get(platform, plain(platform, limit=30).capitalize())


def safe_url(url: str | None) -> str | None:
    """The address where it leads to a web page, else none: no other scheme becomes a link."""
    if not url or len(url) > 2000 or any(ord(character) <= 32 for character in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _on(instant: datetime | None, language: str) -> str:
    return day(instant.date() if instant else None, language, style="d MMM y")
