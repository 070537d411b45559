"""Figures for tests to bend: marts frames from plain lists, and clients with one key result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from connectors.catalogue import SETTINGS
from okr_models.client.model import Client, KeyResult, Objective, Period
from okr_models.client.sources import SourceSettings, source_model
from okr_models.periods import add_months, month_end
from okr_models.progress.evaluation import KeyResultProgress, evaluate_key_result
from okr_models.progress.figures import Failure, Figures

AS_OF = date(2026, 11, 20)
ZONE = ZoneInfo("Europe/Stockholm")
YEAR_2026 = Period(start=date(2026, 1, 1), end=date(2026, 12, 31))


def month(text: str) -> date:
    """``month("2026-03")``."""
    return date.fromisoformat(f"{text}-01")


def source(source_type: str, source_id: str | None = None, **settings: Any) -> SourceSettings:
    """A source of a type, with what its type must have."""
    required: dict[str, dict[str, Any]] = {
        "ga4": {"property_id": "1", "credentials": {"env": "KEY"}},
        "linkedin": {"organization_id": "1", "token": {"env": "KEY"}},
        "facebook_page": {"page_id": "1", "token": {"env": "KEY"}},
        "instagram": {"account_id": "1", "token": {"env": "KEY"}},
        "wordpress": {"base_url": "https://example.se"},
        "csv": {"path": "data/x.csv"},
    }
    data = {"id": source_id or source_type, "type": source_type} | required[source_type] | settings
    model = source_model(data, SETTINGS)
    assert model is not None
    return model.model_validate(data)


WEB = source("ga4", "web")
LINKEDIN = source("linkedin")
FACEBOOK = source("facebook_page", "facebook")


def key_result(**settings: Any) -> KeyResult:
    """A key result as the file would have it; ``kpi`` is unique_visitors where nothing is said."""
    base: dict[str, Any] = {"id": "kr", "title": "Key result"}
    if "count" not in settings and "kpi" not in settings and "milestones" not in settings:
        base["kpi"] = "unique_visitors"
    if "milestones" in settings:
        settings["target"] = {"milestones": settings.pop("milestones")}
    if isinstance(settings.get("target"), dict) and "milestones" in settings["target"]:
        settings["target"] = _milestones(settings["target"]["milestones"])
    return KeyResult.model_validate(base | settings)


def _milestones(items: Sequence[Mapping[str, Any]]) -> Any:
    from okr_models.client.model import Milestone, Milestones

    return Milestones(milestones=tuple(Milestone.model_validate(item) for item in items))


def client_of(
    *key_results: KeyResult,
    sources: Sequence[SourceSettings] = (WEB, LINKEDIN, FACEBOOK),
    period: Period = YEAR_2026,
    language: str = "sv",
    kpis: Sequence[Mapping[str, Any]] = (),
    fiscal_year_start: int = 1,
) -> Client:
    """A client with one objective of these key results."""
    objective = Objective(id="o", title="Objective", period=period, key_results=tuple(key_results))
    return Client.model_validate(
        {
            "client": "acme",
            "name": "Acme",
            "language": language,
            "fiscal_year_start": fiscal_year_start,
            "sources": tuple(sources),
            "kpis": tuple(kpis),
            "objectives": (objective,),
        }
    )


def monthly(
    kpi: str,
    first: date,
    values: Iterable[float | None],
    *,
    scope: str = "all",
    as_of: date = AS_OF,
    closing_days: int = 5,
    **extra: Any,
) -> list[dict[str, Any]]:
    """Rows of ``kpi_monthly`` from ``first`` on, closed as a night on ``as_of`` would have them."""
    rows: list[dict[str, Any]] = []
    for index, value in enumerate(values):
        start = add_months(first, index)
        closes_on = month_end(start) + timedelta(days=closing_days)
        rows.append(
            {
                "client": "acme",
                "kpi": kpi,
                "scope": scope,
                "month": start,
                "value": value,
                "numerator": None,
                "denominator": None,
                "is_closed": closes_on <= as_of,
                "is_estimated": False,
                "origin": "source",
                "data_through": min(month_end(start), as_of - timedelta(days=1)),
                "closes_on": closes_on,
                "note": None,
            }
            | extra
        )
    return rows


def daily(kpi: str, days: Mapping[date, float], *, scope: str = "all", **extra: Any) -> list[dict[str, Any]]:
    """Rows of ``kpi_daily``."""
    return [
        {"client": "acme", "kpi": kpi, "scope": scope, "day": day, "value": value, "origin": "source"} | extra
        for day, value in days.items()
    ]


def blog_post(post_id: str, published: date, views: Sequence[float], *, source_id: str = "blog") -> dict[str, Any]:
    """A post at noon in Stockholm, with its views from the first day on."""
    return {
        "post_id": post_id,
        "source": source_id,
        "title": f"Post {post_id}",
        "url": f"https://example.se/{post_id}",
        "published_at": datetime(published.year, published.month, published.day, 12, tzinfo=ZONE),
        "views": [
            {"source": source_id, "post_id": post_id, "day": published + timedelta(days=index), "page_views": value}
            for index, value in enumerate(views)
        ],
    }


def figures_of(
    *, months: Sequence[Mapping[str, Any]] = (), days: Sequence[Mapping[str, Any]] = (), posts: Sequence[Any] = ()
) -> Figures:
    """Frames as DuckDB gives them."""
    return Figures(
        kpi_monthly=pd.DataFrame(list(months)),
        kpi_daily=pd.DataFrame(list(days)),
        blog_posts=pd.DataFrame([{k: v for k, v in post.items() if k != "views"} for post in posts]),
        blog_post_daily=pd.DataFrame([row for post in posts for row in post["views"]]),
    )


def evaluated(
    result: KeyResult,
    figures: Figures,
    *,
    as_of: date = AS_OF,
    sources: Sequence[SourceSettings] = (WEB, LINKEDIN, FACEBOOK),
    period: Period = YEAR_2026,
    failures: Sequence[Failure] = (),
    **settings: Any,
) -> KeyResultProgress:
    """One key result, evaluated."""
    forecaster = settings.pop("forecaster", None)
    earlier = settings.pop("earlier", ())
    client = client_of(result, sources=sources, period=period, **settings)
    return evaluate_key_result(
        client,
        client.objectives[0],
        result,
        figures,
        as_of=as_of,
        failures=failures,
        forecaster=forecaster,
        earlier=earlier,
    )


def codes(progress: KeyResultProgress) -> list[str]:
    """The notes' codes."""
    return [each.code for each in progress.notes]
