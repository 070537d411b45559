"""A client's file as frozen values: objectives, key results, initiatives, own KPIs.

What belongs here: the shape, and rules that need one value only. What does not: reading YAML and naming lines
(``client_file.py``), resolving periods and targets (``periods.py``, ``measures.py``).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from okr_models.kpis import Better, Kind
from okr_models.sources import Frozen, Slug, SourceSettings


class Scope(Frozen):
    """All (both None), one platform, or one source."""

    platform: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        if self.platform:
            return f"platform={self.platform}"
        return f"source={self.source}" if self.source else "all"


class Change(Frozen):
    """``"+30%"``: a share of the baseline. ``share`` is 0.30."""

    share: float


class Number(Frozen):
    """A number to reach."""

    value: float


class AtLeast(Frozen):
    at_least: float
    hold: bool = False


class AtMost(Frozen):
    at_most: float
    hold: bool = False


class Between(Frozen):
    between: tuple[float, float]


class Milestone(Frozen):
    title: str
    done: date | None = None


class Milestones(Frozen):
    milestones: tuple[Milestone, ...]


Target = Change | Number | AtLeast | AtMost | Between | Milestones


class BaselineValue(Frozen):
    value: float


class BaselinePeriod(Frozen):
    from_: Annotated[date, Field(alias="from")]
    to: date


Baseline = Literal["same_months_last_year", "start_of_period"] | BaselineValue | BaselinePeriod


class Condition(Frozen):
    """What an item must reach to count. ``within_days`` None: ever."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    within_days: int | None = None


class Revision(Frozen):
    from_: Annotated[date, Field(alias="from")]
    target: Target
    by: str
    why: str


class KeyResult(Frozen):
    """One key result. Exactly one of ``kpi``, ``count`` and milestones (in ``target``) says what is measured."""

    id: Slug
    title: str
    kpi: str | None = None
    count: Literal["blog_posts", "social_posts"] | None = None
    where: tuple[Condition, ...] = ()
    target: Target
    baseline: Baseline | None = None
    revisions: tuple[Revision, ...] = ()
    weight: Annotated[float, Field(gt=0)] = 1.0
    ambition: Literal["committed", "stretch"] = "committed"
    scope: Scope = Scope()

    def target_on(self, day: date) -> Target:
        """The target in force on ``day``."""
        current = self.target
        for revision in sorted(self.revisions, key=lambda r: r.from_):
            if revision.from_ <= day:
                current = revision.target
        return current


class Period(Frozen):
    """Whole months, both days included; ``FY2026`` is resolved when the file is read."""

    start: date
    end: date


class Objective(Frozen):
    id: Slug
    title: str
    team: str | None = None
    owner: str | None = None
    period: Period
    key_results: Annotated[tuple[KeyResult, ...], Field(min_length=1)]


class Control(Frozen):
    kpi: str
    scope: Scope = Scope()


class Initiative(Frozen):
    """``key_result`` is ``objective/key_result``; None: not in line with this year's goals."""

    id: Slug
    title: str
    hypothesis: str | None = None
    key_result: str | None = None
    kpi: str | None = None
    scope: Scope = Scope()
    registered: date | None = None
    start: date | None = None
    end: date | None = None
    smallest_worthwhile_effect: float | None = None
    """As a share: "+15%" is 0.15."""
    control: tuple[Control, ...] = ()
    cost: float | None = None


class OwnKpi(Frozen):
    """A KPI of the client's own, fed by a csv source."""

    id: Slug
    title: str
    kind: Kind
    unit: str
    better: Better = "higher"
    source: Slug
    numerator: str | None = None
    denominator: str | None = None


class Client(Frozen):
    client: Slug
    name: str
    language: Literal["sv", "en"] = "sv"
    timezone: str = "Europe/Stockholm"
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    currency: str = "SEK"
    csv_dialect: Literal["standard", "excel-sv"] = "standard"
    sources: tuple[SourceSettings, ...] = ()
    kpis: tuple[OwnKpi, ...] = ()
    objectives: tuple[Objective, ...] = ()
    initiatives: tuple[Initiative, ...] = ()

    def source(self, source_id: str) -> SourceSettings:
        return next(source for source in self.sources if source.id == source_id)

    def start_of(self, source: SourceSettings) -> date | None:
        """First day to load: the source's own, else two years before the earliest objective starts."""
        if source.start:
            return source.start
        starts = [objective.period.start for objective in self.objectives]
        if not starts:
            return None
        earliest = min(starts)
        return earliest.replace(year=earliest.year - 2)
