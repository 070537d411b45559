"""Growth by channel: contributions that add up to the change of the whole, over months that can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from okr_models.client.model import Client
from okr_models.periods import add_months
from okr_models.words.numbers import SWEDISH
from pipelines.exports.reader import Reader, reader_of
from pipelines.exports.report.channels import GrowthView, added_up, compared_months, growth_by_channel
from pipelines.exports.report.queries import KpiKey, Month

FIRST = date(2025, 1, 1)
READER = Reader(client="a", name="A", speech=SWEDISH)


def series(
    values: Mapping[int, float | None] | float, *, last: int = 21, is_estimated: bool = False
) -> dict[date, Month]:
    """Months by their number from January 2025 on; the last is not closed."""
    known = values if isinstance(values, Mapping) else dict.fromkeys(range(last + 1), values)
    return {
        add_months(FIRST, n): Month(
            month=add_months(FIRST, n),
            value=value,
            unit="sessions",
            kind="flow",
            is_closed=n < last,
            is_estimated=is_estimated,
        )
        for n, value in known.items()
    }


def grown(then: float, now: float) -> dict[date, Month]:
    return series({n: then if n < 12 else now for n in range(22)})


def views(**channels: Mapping[date, Month]) -> tuple[GrowthView, ...]:
    months: dict[KpiKey, Mapping[date, Month]] = {("sessions", "all"): grown(100, 120)}
    months |= {("sessions", f"channel={name}"): of for name, of in channels.items()}
    return growth_by_channel(months, READER)


def number(text: str) -> int:
    plain = text.replace("\u2212", "-")
    return int(re.sub(r"[^\d-]", "", plain))


def test_contributions_add_up_to_the_change_of_the_whole_and_the_rest_is_named() -> None:
    (view,) = views(direct=grown(40, 45), organic_search=grown(50, 68), email=grown(9, 5))
    assert [(row.name, number(row.change), row.tone) for row in view.rows] == [
        ("Organisk sökning", 162, "up"),
        ("Direkt", 45, "up"),
        ("E-post", -36, "down"),
        ("Utan kanal", 9, "up"),
    ]
    assert number(view.total.change) == sum(number(row.change) for row in view.rows) == 180
    assert (number(view.total.then), number(view.total.now)) == (900, 1080)
    assert view.lead.startswith("Jan–sep")
    assert [row.points for row in view.rows] == ["+18,0", "+5,0", "\u22124,0", "+1,0"]
    assert view.total.points == "+20,0"


def test_a_channel_that_was_counted_in_another_before_goes_together_with_it() -> None:
    young = series({17: 6.0, 18: 7.0, 19: 8.0, 20: 9.0})
    (view,) = views(direct=grown(60, 75), referral=grown(40, 42), ai_assistants=young)
    names = {row.name: number(row.change) for row in view.rows}
    assert names == {"Direkt": 135, "Hänvisning och AI-assistenter": 9 * 2 + 30, "Utan kanal": 180 - 135 - 48}


def test_a_channel_that_one_side_does_not_know_is_part_of_the_rest_and_never_a_zero() -> None:
    young = series(dict.fromkeys(range(12, 22), 20.0))
    (view,) = views(direct=grown(60, 65), email=grown(40, 41), display=young)
    assert {row.name for row in view.rows} == {"Direkt", "E-post", "Utan kanal"}
    rest = next(row for row in view.rows if row.name == "Utan kanal")
    assert (number(rest.change), rest.then) == (126, "–")


def test_months_are_those_of_the_fiscal_year_that_are_closed_on_both_sides() -> None:
    whole = grown(100, 120)
    assert compared_months(whole, fiscal_year_start=7) == [add_months(FIRST, n) for n in (18, 19, 20)]
    del whole[add_months(FIRST, 7)]
    assert compared_months(whole, fiscal_year_start=7) == [add_months(FIRST, n) for n in (18, 20)]
    assert compared_months({}, fiscal_year_start=1) == []


def test_without_a_year_before_or_channels_there_is_nothing_to_say() -> None:
    young = {month: each for month, each in grown(100, 120).items() if month.year == 2026}
    assert growth_by_channel({("sessions", "all"): young, ("sessions", "channel=direct"): young}, READER) == ()
    assert views() == ()


def test_estimates_are_said() -> None:
    (view,) = views(direct=grown(60, 65), email=series(40.0, is_estimated=True))
    assert "uppskattat" in view.lead


def test_whole_numbers_add_up_whatever_is_rounded() -> None:
    changes = [0.5, 0.5, 0.5, -1.4, 2.9]
    found = added_up(changes)
    assert sum(found) == 3
    assert all(abs(whole - change) < 1 for whole, change in zip(found, changes, strict=True))


def test_a_channel_is_named_in_the_readers_language() -> None:
    client = Client(client="a", name="A", language="sv")
    assert reader_of(client).scope_name("channel=organic_search") == "organisk sökning"
    english = client.model_copy(update={"language": "en"})
    assert reader_of(english).scope_name("channel=organic_search") == "organic search"
