"""What arithmetic has already decided: achieved for good, or out of reach.

What belongs here: outcomes that no later day can change. What does not: likelihoods (``forecast/forecast.py``).
"""

from __future__ import annotations

from okr_models.progress.due import TOLERANCE
from okr_models.progress.items import FINAL_AFTER
from okr_models.progress.measures import Measurement, Task


def settled(task: Task, measurement: Measurement, *, raw: float | None, success: float) -> bool | None:
    """True: achieved for good. False: out of reach. None: still open."""
    if measurement.rule == "count":
        return _count(task, measurement, success=success)
    if measurement.rule == "milestones":
        return _milestones(task, raw=raw, success=success)
    if raw is None:
        return None
    reached = raw >= success - TOLERANCE
    if _is_over(task, measurement):
        return reached
    if measurement.rule == "sum":
        return True if reached and not measurement.can_fall else None
    return _hold(measurement, success=success) if measurement.rule == "hold" else None


def _is_over(task: Task, measurement: Measurement) -> bool:
    """Every month closed; or so long ago that the last one will not close any more."""
    if task.as_of <= task.period.end:
        return False
    return measurement.k >= measurement.n or task.as_of > task.period.end + FINAL_AFTER


def _count(task: Task, measurement: Measurement, *, success: float) -> bool | None:
    """Out of reach only after P1's end, once met and open together cannot make it."""
    if measurement.target is None or measurement.current is None:
        return None
    needed = success * measurement.target - TOLERANCE
    if measurement.items >= needed:
        return True
    if task.as_of > task.period.end and measurement.items + measurement.open_items < needed:
        return False
    return None


def _milestones(task: Task, *, raw: float | None, success: float) -> bool | None:
    if raw is not None and raw >= success - TOLERANCE:
        return True
    return False if task.as_of > task.period.end else None


def _hold(measurement: Measurement, *, success: float) -> bool | None:
    """Months inside so far, and with every month to come inside too, over all months."""
    known = measurement.n - measurement.open_items
    if known <= 0:
        return None
    months_in_all = measurement.n
    if measurement.items / months_in_all >= success - TOLERANCE:
        return True
    if (measurement.items + measurement.open_items) / months_in_all < success - TOLERANCE:
        return False
    return None
