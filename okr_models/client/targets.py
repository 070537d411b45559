"""Targets, baselines, conditions and scopes: what the user wrote, as frozen values.

What belongs here: their shapes and how each is read. What does not: whether one suits its KPI (``rules.py``),
and what comes out of it (``progress/measures.py``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from okr_models.client.faults import faults_of, validated
from okr_models.client.fields import (
    DIGITS_OF_A_FIGURE,
    LARGEST,
    Amount,
    Day,
    Fault,
    MonthFirst,
    MonthLast,
    Text,
    nearest,
    read_number,
    read_share,
    read_whole,
    refuse,
    refuse_all,
)
from okr_models.client.sources import Frozen
from okr_models.client.yaml import shown
from okr_models.kpis.channels import CHANNELS

_A = {"platform": "a platform", "source": "a source", "event": "an event", "channel": "a channel"}


def _read_channel(value: Any) -> str:
    """A channel of the one vocabulary."""
    text = str(value).strip()
    if text not in CHANNELS:
        raise refuse(f"{shown(text)} is not a channel{nearest(text, CHANNELS) or ''}; channels: {', '.join(CHANNELS)}")
    return text


class Scope(Frozen):
    """All (all None), or one platform, source, event or channel."""

    platform: Text | None = None
    source: Text | None = None
    event: Text | None = None
    channel: Annotated[str, BeforeValidator(_read_channel)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Scope:
        named = self._named()
        if len(named) > 1:
            first, second = named[0][0], named[1][0]
            raise refuse(f"names both {_A[first]} and {_A[second]}; keep one of them", second)
        return self

    def _named(self) -> list[tuple[str, str]]:
        return [(kind, name) for kind, name in self if name]

    @property
    def part(self) -> Literal["event", "channel"] | None:
        """What it names of a web source's figure: an event, a channel; None: a whole figure."""
        return "event" if self.event else "channel" if self.channel else None

    def __str__(self) -> str:
        return "".join(f"{kind}={name}" for kind, name in self._named()) or "all"


def _read_scope(value: Any) -> Any:
    """A part that is named and left empty would be the whole, which nobody meant."""
    if not isinstance(value, dict):
        return value
    if not value:
        raise refuse("is empty; name one part, like {platform: linkedin}, or leave scope out for all")
    if empty := [key for key, name in value.items() if name is None and key in Scope.model_fields]:
        told = "is empty; write a name after the colon, or leave scope out for all"
        raise refuse_all(((key,), f"{key}: {told}") for key in empty)
    return value


ScopeField = Annotated[Scope, BeforeValidator(_read_scope)]


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
    title: Text
    done: Day | None = None


class Milestones(Frozen):
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1)]


Target = Change | Number | AtLeast | AtMost | Between | Milestones

_FORMS = '"+30%", a number, {at_least: x}, {at_most: x}, {between: [a, b]} or {milestones: [...]}'


def read_target(value: Any) -> Any:
    """Any of the forms that a target may have."""
    if isinstance(value, Change | Number | AtLeast | AtMost | Between | Milestones):
        return value
    if isinstance(value, bool) or value is None or isinstance(value, list):
        raise refuse(f"is not a target; write {_FORMS}")
    if isinstance(value, int | float):
        return Number(value=read_number(value))
    if isinstance(value, str):
        return _from_text(value)
    return _from_mapping(value)


def _from_text(value: str) -> Change:
    if "%" in value:
        share = read_share(value)
        if share == 0:
            raise refuse("asks for no change; to stay where you are use {between: [a, b]}")
        return Change(share=share)
    plain = value.strip().lstrip("+").replace("_", "").replace(" ", "")
    hint = f"for a number write {plain} without quotes, plus or underscore" if _is_number(plain) else f"write {_FORMS}"
    raise refuse(f"{shown(value)} is not a target; {hint}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in {"nan", "inf", "infinity"}


def _from_mapping(value: dict[str, Any]) -> Target:
    forms = [key for key in ("at_least", "at_most", "between", "milestones") if key in value]
    known = ("at_least", "at_most", "between", "hold", "milestones")
    faults: list[Fault] = [
        ((key,), f"{shown(key)} is not a key of a target{nearest(key, known)}") for key in value if key not in known
    ]
    if len(forms) > 1:
        raise refuse_all([*faults, ((), f"has {' and '.join(forms)}; keep one of them")])
    if not forms:
        raise refuse_all(faults or [((), f"is not a target; write {_FORMS}")])
    form = forms[0]
    if form == "milestones":
        return validated(Milestones, value)
    hold = value.get("hold", False)
    if hold not in (True, False):
        faults.append((("hold",), "hold is true or false"))
    if form == "between" and "hold" in value:
        faults.append((("hold",), "between already asks it of every month; leave hold out"))
    try:
        amounts = _amounts(value[form], form)
    except ValueError as error:
        raise refuse_all([*faults, ((form,), f"{form} {error}")]) from None
    if faults:
        raise refuse_all(faults)
    if form == "between":
        return Between(between=(amounts[0], amounts[1]))
    return AtLeast(at_least=amounts[0], hold=hold) if form == "at_least" else AtMost(at_most=amounts[0], hold=hold)


def _amounts(value: Any, form: str) -> list[float]:
    """The one or two numbers of a form; ``ValueError`` with what would be right."""
    wanted = value if form == "between" and isinstance(value, list) else [value]
    if form == "between" and len(wanted) != 2:
        raise ValueError("takes two numbers, like [60, 90]")
    if any(isinstance(amount, bool) or not isinstance(amount, int | float) for amount in wanted):
        raise ValueError("takes two numbers, like [60, 90]" if form == "between" else "takes a number, like 10")
    amounts = [float(amount) for amount in wanted]
    if any(abs(amount) >= LARGEST for amount in amounts):
        raise ValueError(f"has a number that is too large; {DIGITS_OF_A_FIGURE}")
    if form == "between" and amounts[0] >= amounts[1]:
        raise ValueError("takes the lower number first and a higher one after it, like [60, 90]")
    return amounts


TargetField = Annotated[Target, BeforeValidator(read_target)]
"""A target however it is written."""


class BaselineValue(Frozen):
    value: Amount


class BaselinePeriod(Frozen):
    """Whole months, both days included."""

    from_: Annotated[MonthFirst, Field(alias="from", examples=["from: 2025-01-01"])]
    to: Annotated[MonthLast, Field(examples=["to: 2025-12-31"])]

    @model_validator(mode="after")
    def _in_order(self) -> BaselinePeriod:
        if self.to < self.from_:
            raise refuse(f"ends on {self.to}, before it starts on {self.from_}", "to")
        return self


Baseline = Literal["same_months_last_year", "start_of_period"] | BaselineValue | BaselinePeriod
_BASELINES = ("same_months_last_year", "start_of_period")


def read_baseline(value: Any) -> Baseline:
    """One of the two words, ``{value: x}`` or ``{from: D, to: D}``."""
    if isinstance(value, BaselineValue | BaselinePeriod):
        return value
    if value in _BASELINES:
        return cast(Literal["same_months_last_year", "start_of_period"], value)
    if isinstance(value, dict):
        return validated(BaselineValue, value) if "value" in value else validated(BaselinePeriod, value)
    raise refuse(
        f"{shown(value)} is not a baseline; write {_BASELINES[0]}, {_BASELINES[1]}, {{value: x}} or "
        f"{{from: D, to: D}}{nearest(value, _BASELINES)}"
    )


BaselineField = Annotated[Baseline, BeforeValidator(read_baseline)]


class Condition(Frozen):
    """What an item must reach to count. ``within_days`` None: ever."""

    metric: str
    at_least: Amount | None = None
    at_most: Amount | None = None
    within_days: Annotated[int, BeforeValidator(read_whole), Field(ge=1, le=730)] | None = None


_LIMITS = tuple(name for name in Condition.model_fields if name != "metric")


def read_conditions(value: Any) -> tuple[Condition, ...]:
    """``{page_views: {at_least: 500, within_days: 90}}``, a key a metric."""
    if isinstance(value, tuple):
        return tuple(validated(Condition, condition) for condition in value)
    if not isinstance(value, dict) or not value:
        raise refuse(
            "where: takes a metric and what it must reach, like {page_views: {at_least: 500, within_days: 90}}"
        )
    faults: list[Fault] = []
    found: list[Condition] = []
    for metric, limits in value.items():
        if not isinstance(limits, dict):
            faults.append(((metric,), f"{shown(metric)} takes a mapping, like {{at_least: 500, within_days: 90}}"))
            continue
        if "metric" in limits:
            faults.append(((metric, "metric"), f'"metric" is not a known key; known here: {", ".join(_LIMITS)}'))
        if (limits.get("at_least") is None) == (limits.get("at_most") is None):
            faults.append(((metric,), f"{shown(metric)} takes one of at_least and at_most, like {{at_least: 500}}"))
        try:
            found.append(Condition.model_validate(limits | {"metric": metric}))
        except ValidationError as error:
            faults += [((metric, *at), message) for at, message in faults_of(error, Condition)]
    if faults:
        raise refuse_all(faults)
    return tuple(found)


ConditionsField = Annotated[tuple[Condition, ...], BeforeValidator(read_conditions)]
