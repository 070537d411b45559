"""What a client's own system counts, and what its csv files hold of that on any night. No test lives here.

Months come late, some are restated long after they closed, days come a day or two late. All of it follows from a seed,
so that the truth of the end is known beforehand.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from okr_models.periods import Window, add_months, month_end

FIRST_MONTH = date(2024, 7, 1)
MONTHS = 42
FIRST_DAY = date(2025, 6, 1)
DAYS = 930


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month's figure: when it is written down, and what it becomes later."""

    month: date
    value: int
    known_on: date
    restated_on: date | None
    restated_to: int

    def at(self, night: date) -> int | None:
        """What the file says on a night; None: not yet written down."""
        if night < self.known_on:
            return None
        return self.restated_to if self.restated_on is not None and night >= self.restated_on else self.value


class Book:
    """Two figures by month (``orders`` a flow, ``members`` a stock) and one by day (``calls``, a flow)."""

    def __init__(self, seed: int, client: str, *, restates: bool) -> None:
        rng = random.Random(f"{seed}/{client}/book")
        self.months: dict[str, list[Month]] = {"orders": [], "members": []}
        members = rng.randint(200, 400)
        for step in range(MONTHS):
            month = add_months(FIRST_MONTH, step)
            members += rng.randint(-3, 12)
            for kpi, value in (("orders", rng.randint(300, 500)), ("members", members)):
                known = month_end(month) + timedelta(days=rng.choice([1, 1, 2, 3, 9, 20]))
                changes = restates and rng.random() < 0.25
                on = known + timedelta(days=rng.randint(8, 90)) if changes else None
                to = round(value * rng.choice([0.8, 0.95, 1.004, 1.1]))
                found = Month(month=month, value=value, known_on=known, restated_on=on, restated_to=to)
                self.months[kpi].append(found)
        # no day is 0: a 0 that is published would be one by absence
        self.calls = {FIRST_DAY + timedelta(days=n): rng.randint(3, 25) for n in range(DAYS)}
        self.late = {day: rng.choice([1, 1, 1, 2, 4]) for day in self.calls}

    def write(self, folder: Path, client: str, night: date) -> None:
        """The files as they stand on a night."""
        lines = [
            f"{each.month:%Y-%m},{kpi},{each.at(night)}"
            for kpi, months in self.months.items()
            for each in months
            if each.at(night) is not None
        ]
        (folder / f"{client}_months.csv").write_text("\n".join(["month,kpi,value", *lines, ""]), encoding="utf-8")
        days = [f"{day},calls,{n}" for day, n in self.calls.items() if day + timedelta(days=self.late[day]) <= night]
        (folder / f"{client}_days.csv").write_text("\n".join(["date,kpi,value", *days, ""]), encoding="utf-8")

    def truth(self, kpi: str, month: date, night: date) -> int | None:
        """A month's figure by what was written down on a night; None where it is not all there."""
        if kpi == "calls":
            days = list(Window(month, month_end(month)))
            if not all(day in self.calls and day + timedelta(days=self.late[day]) <= night for day in days):
                return None
            return sum(self.calls[day] for day in days)
        return next((each.at(night) for each in self.months[kpi] if each.month == month), None)
