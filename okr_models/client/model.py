"""A client's file as frozen values: objectives, key results, initiatives, own KPIs.

What belongs here: the shape, and rules that need one value only. What does not: reading YAML and naming lines
(``file.py``), rules between values (``rules.py``), what a target looks like (``targets.py``).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from okr_models.client.faults import validated
from okr_models.client.fields import (
    Day,
    Month,
    MonthFirst,
    MonthLast,
    Positive,
    Share,
    Slug,
    Text,
    Zone,
    read_number,
    refuse,
)
from okr_models.client.sending import Brand, Sendings
from okr_models.client.sources import Frozen, SourceSettings
from okr_models.client.targets import (
    AtLeast,
    AtMost,
    Baseline,
    BaselineField,
    BaselinePeriod,
    BaselineValue,
    Between,
    Change,
    Condition,
    ConditionsField,
    Milestone,
    Milestones,
    Number,
    Scope,
    ScopeField,
    Target,
    TargetField,
)
from okr_models.kpis import BUILT_IN, Better, Kind, Kpi
from okr_models.periods import ONE_DAY, add_months

__all__ = [
    "AtLeast",
    "AtMost",
    "Baseline",
    "BaselinePeriod",
    "BaselineValue",
    "Between",
    "Change",
    "Client",
    "Condition",
    "Control",
    "Initiative",
    "KeyResult",
    "Milestone",
    "Milestones",
    "Number",
    "Objective",
    "OwnKpi",
    "Period",
    "Revision",
    "Scope",
    "Target",
]

DEFAULT_HISTORY_YEARS = 2


class Revision(Frozen):
    from_: Annotated[Day, Field(alias="from")]
    target: TargetField
    by: Text
    why: Text


class KeyResult(Frozen):
    """One key result. Exactly one of ``kpi``, ``count`` and milestones (in ``target``) says what is measured."""

    id: Slug
    title: Text
    kpi: Text | None = None
    count: Literal["blog_posts", "social_posts"] | None = None
    where: ConditionsField = ()
    target: TargetField
    baseline: BaselineField | None = None
    revisions: tuple[Revision, ...] = ()
    weight: Positive = 1.0
    ambition: Literal["committed", "stretch"] = "committed"
    scope: ScopeField = Scope()
    owner: Text | None = None
    """Who answers for it, where it is another than the objective's."""

    def target_on(self, day: date) -> Target:
        """The target in force on ``day``."""
        current = self.target
        for revision in sorted(self.revisions, key=lambda r: r.from_):
            if revision.from_ <= day:
                current = revision.target
        return current


class Period(Frozen):
    """Whole months, both days included; ``FY2026`` is resolved when the file is read."""

    start: MonthFirst
    end: MonthLast

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.end < self.start:
            raise refuse(f"ends on {self.end}, before it starts on {self.start}; turn them round", "end")
        return self


_FISCAL_YEAR = re.compile(r"FY(\d{4})", re.ASCII)


def fiscal_year(year: int, *, first_month: int) -> Period:
    """The fiscal year that starts in ``year``."""
    start = date(year, first_month, 1)
    return Period(start=start, end=add_months(start, 12) - ONE_DAY)


def _read_period(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    match = _FISCAL_YEAR.fullmatch(value)
    if not match or not 1990 <= int(match[1]) <= 2098:
        raise refuse("is not a period; write FY2026, or {start: 2026-01-01, end: 2026-12-31}")
    return fiscal_year(int(match[1]), first_month=(info.context or {}).get("fiscal_year_start", 1))


class Objective(Frozen):
    id: Slug
    title: Text
    team: Text | None = None
    owner: Text | None = None
    period: Annotated[Period, BeforeValidator(_read_period)]
    key_results: Annotated[tuple[KeyResult, ...], Field(min_length=1)]


class Control(Frozen):
    kpi: Text
    scope: ScopeField = Scope()


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, dict | Control) else value


def _read_cost(value: Any) -> Any:
    """An amount, or ``{kpi: ad_cost, scope: …}``."""
    if value is None or isinstance(value, Control):
        return value
    if isinstance(value, dict):
        return validated(Control, value)
    amount = read_number(value)
    if amount < 0:
        raise refuse("must be at least 0")
    return amount


class Initiative(Frozen):
    """``key_result`` is ``objective/key_result``; None: not in line with this year's goals."""

    id: Slug
    title: Text
    hypothesis: Text | None = None
    key_result: Text | None = None
    kpi: Text | None = None
    scope: ScopeField = Scope()
    registered: Day | None = None
    start: Day | None = None
    end: Day | None = None
    smallest_worthwhile_effect: Share | None = None
    """As a share: "+15%" is 0.15."""
    control: Annotated[tuple[Control, ...], BeforeValidator(_one_or_more)] = ()
    guardrails: tuple[Text, ...] = ()
    """KPIs that must not get worse."""
    cost: Annotated[float | Control | None, BeforeValidator(_read_cost)] = None
    """An amount, or the figure whose sum over its days is the cost."""


class OwnKpi(Frozen):
    """A KPI of the client's own, fed by a csv source."""

    id: Slug
    title: Text
    kind: Kind
    unit: Text
    better: Better = "higher"
    source: Slug
    numerator: Text | None = None
    denominator: Text | None = None

    @model_validator(mode="after")
    def _parts_of_a_ratio(self) -> OwnKpi:
        if (self.numerator is None) != (self.denominator is None):
            raise refuse("numerator and denominator go together; give both, or neither")
        if self.numerator and self.kind != "ratio":
            raise refuse(f"a {self.kind} has no numerator; leave it out, or write kind: ratio", "numerator")
        return self


class Client(Frozen):
    client: Slug
    name: Text
    language: Literal["sv", "en"] = "sv"
    timezone: Zone = "Europe/Stockholm"
    fiscal_year_start: Month = 1
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "SEK"
    csv_dialect: Literal["standard", "excel-sv"] = "standard"
    sources: tuple[SourceSettings, ...] = ()
    kpis: tuple[OwnKpi, ...] = ()
    objectives: tuple[Objective, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    send: Sendings = ()
    brand: Brand | None = None

    def source(self, source_id: str) -> SourceSettings:
        return next(source for source in self.sources if source.id == source_id)

    def built_in(self, kpi: str | None) -> Kpi | None:
        """The built-in KPI that ``kpi`` is here; None for one of the client's own, whatever its id, and for no KPI."""
        return None if kpi in {own.id for own in self.kpis} else BUILT_IN.get(kpi or "")

    def own_kpi_ids(self) -> frozenset[str]:
        """Those of them that are the client's own: its KPIs, and parts of their ratios."""
        return frozenset(part for own in self.kpis for part in (own.id, own.numerator, own.denominator) if part)

    def kpi_ids(self) -> frozenset[str]:
        """Every id under which a csv file may give figures: built-in KPIs, the client's own, and parts of ratios."""
        return frozenset(BUILT_IN) | self.own_kpi_ids()

    def scopes(self) -> frozenset[str]:
        """Every scope that its sources make, those that they had under a former id among them."""
        ids = {name for source in self.sources for name in (source.id, *getattr(source, "formerly", ()))}
        platforms = {source.platform for source in self.sources if source.platform}
        return frozenset({"all"} | {f"source={each}" for each in ids} | {f"platform={each}" for each in platforms})

    def start_of(self, source: SourceSettings) -> date | None:
        """First day to load: the source's own, else two years before the earliest objective starts."""
        if source.start:
            return source.start
        starts = [objective.period.start for objective in self.objectives]
        if not starts:
            return None
        earliest = min(starts)
        return earliest.replace(year=earliest.year - DEFAULT_HISTORY_YEARS)
