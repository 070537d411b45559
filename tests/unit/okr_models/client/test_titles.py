"""Which numbers a title names, and whether one of them is a target that no longer holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okr_models.client.model import Number
from okr_models.client.titles import numbers_in, outdated_by
from tests.unit.okr_figures import key_result


def revised(title: str, *, was: Any, now: Any) -> bool:
    revision = {"from": date(2026, 6, 1), "target": now, "by": "B", "why": "W"}
    return outdated_by(key_result(title=title, target=was, revisions=[revision]), date(2026, 11, 20)) is not None


@pytest.mark.parametrize(
    ("title", "numbers"),
    [
        ("92 000 besök under räkenskapsåret", (92000.0,)),
        ("92\xa0000 besök", (92000.0,)),
        ("92,000 visits by 2026", (92000.0, 2026.0)),
        ("2026 500 besök", (2026.0, 500.0)),
        ("+12,5 % fler", (12.5,)),
        ("Kundnöjdhet över 4.5", (4.5,)),
        ("Fler följare", ()),
    ],
)
def test_numbers_are_read_however_they_are_written(title: str, numbers: tuple[float, ...]) -> None:
    assert numbers_in(title) == numbers


def test_a_title_is_out_of_date_where_it_names_an_earlier_target_and_not_the_one_in_force() -> None:
    assert revised("92 000 besök", was=92_000, now=96_000)
    assert revised("30 % fler besökare", was="+30%", now="+20%")
    assert not revised("96 000 besök", was=92_000, now=96_000)
    assert not revised("Från 92 000 till 96 000 besök", was=92_000, now=96_000)
    assert not revised("Fler besök", was=92_000, now=96_000)
    assert not revised("10 inlägg med minst 500 visningar", was=8, now=12)


def test_a_revision_to_come_changes_no_title_yet() -> None:
    later = {"from": date(2026, 12, 1), "target": 96_000, "by": "B", "why": "W"}
    result = key_result(title="92 000 besök", target=92_000, revisions=[later])
    assert outdated_by(result, date(2026, 11, 20)) is None
    assert outdated_by(result, date(2026, 12, 20)) == Number(value=96_000)
