"""Which edition is due on which day: night, Monday, month; previews that ripen; holds; machines that were off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from okr_models.client.sending import Sending
from pipelines.sending.due import PREVIEW, Due, due, name_of, pending
from pipelines.sending.ledger import Entry

MONDAY = date(2026, 11, 16)
MONTHS = ((date(2026, 9, 1), date(2026, 10, 6)), (date(2026, 10, 1), date(2026, 11, 6)))


def sending(**values: Any) -> Sending:
    return Sending.model_validate({"to": ["vd@acme.se"]} | values)


def entry(event: str, *, edition: str = "2026-W47", target: str = "vd@acme.se", day: date = MONDAY) -> Entry:
    return Entry(
        client="acme", sending="x", edition=edition, target=target, event=event,  # type: ignore[arg-type]
        as_of=day.isoformat(), at=f"{day}T04:00:00Z",
    )  # fmt: skip


def asked(one: Sending, *, today: date, sent: tuple[Entry, ...] = (), nights: int = 30) -> tuple[Due, ...]:
    every = [today - timedelta(days=back) for back in range(nights, -1, -1)]
    return due(one, today=today, nights=every, months=MONTHS, sent=sent)


def test_every_night_is_its_own_edition() -> None:
    assert asked(sending(every="night"), today=MONDAY) == (Due(edition="2026-11-16", night=MONDAY),)


def test_on_monday_the_week_is_due_and_on_tuesday_only_where_a_monday_was_missed() -> None:
    one, tuesday = sending(every="monday"), MONDAY + timedelta(days=1)
    assert asked(one, today=MONDAY) == (Due(edition="2026-W47", night=MONDAY),)
    assert asked(one, today=tuesday) == ()
    assert asked(one, today=tuesday, sent=(entry("sent", edition="2026-W46"),)) == (
        Due(edition="2026-W47", night=tuesday),
    )


def test_a_week_without_a_night_since_its_monday_has_nothing_to_send() -> None:
    assert due(sending(every="monday"), today=MONDAY, nights=[MONDAY - timedelta(days=1)], months=(), sent=()) == ()
    assert due(sending(every="night"), today=MONDAY, nights=[], months=(), sent=()) == ()


def test_a_month_is_due_when_it_has_closed_and_shows_the_night_that_knew_it() -> None:
    assert asked(sending(every="month"), today=MONDAY) == (Due(edition="2026-10", night=date(2026, 11, 6)),)
    assert due(sending(every="month"), today=MONDAY, nights=[MONDAY], months=(), sent=()) == ()


def test_a_preview_goes_first_and_the_others_get_that_same_night_days_later() -> None:
    one = sending(every="monday", preview_to=["me@agency.se"], preview_days=4)
    (first,) = asked(one, today=MONDAY)
    assert first == Due(edition="2026-W47", night=MONDAY, preview=True, goes_on=date(2026, 11, 20))
    seen = (entry("previewed", target=f"{PREVIEW}me@agency.se"),)
    early, ripe = date(2026, 11, 19), date(2026, 11, 20)
    assert not any(not each.preview for each in asked(one, today=early, sent=seen))
    assert Due(edition="2026-W47", night=MONDAY) in asked(one, today=ripe, sent=seen)


def test_what_is_held_goes_to_nobody_and_the_next_week_does() -> None:
    one = sending(every="monday", preview_to=["me@agency.se"])
    seen = (entry("previewed", target=f"{PREVIEW}me@agency.se"),)
    assert [each.edition for each in pending(seen)] == ["2026-W47"]
    held = (*seen, entry("held", target=""))
    assert pending(held) == ()
    assert asked(one, today=date(2026, 11, 21), sent=held) == ()
    assert [each.edition for each in asked(one, today=date(2026, 11, 23), sent=held)] == ["2026-W48"]


def test_what_has_gone_is_not_previewed_when_the_file_asks_for_previews_later() -> None:
    one = sending(every="monday", to=["vd@acme.se", "hr@acme.se"], preview_to=["me@agency.se"])
    tuesday = MONDAY + timedelta(days=1)
    (left,) = asked(one, today=tuesday, sent=(entry("sent"), entry("failed", target="hr@acme.se")))
    assert left == Due(edition="2026-W47", night=tuesday), "who has not got it yet gets it as the others did"
    seen = (entry("previewed", target=f"{PREVIEW}me@agency.se"), entry("sent"))
    assert asked(one, today=tuesday, sent=seen) == (), "its own preview's turn is not come"
    (week,) = asked(one, today=MONDAY + timedelta(days=7), sent=(entry("sent"),))
    assert (week.edition, week.preview) == ("2026-W48", True)


def test_a_preview_that_failed_for_one_is_tried_again_as_the_others_saw_it_and_not_once_it_goes_on() -> None:
    one = sending(every="monday", preview_to=["me@agency.se", "you@agency.se"], preview_days=4)
    (first,) = asked(one, today=MONDAY)
    seen = (
        entry("previewed", target=f"{PREVIEW}me@agency.se"),
        entry("failed", target=f"{PREVIEW}you@agency.se"),
    )
    assert asked(one, today=date(2026, 11, 18), sent=seen) == (first,)
    assert asked(one, today=date(2026, 11, 20), sent=seen) == (Due(edition="2026-W47", night=MONDAY),)


def test_a_preview_that_may_have_arrived_goes_on_unless_it_is_held() -> None:
    one = sending(every="monday", preview_to=["me@agency.se"], preview_days=4)
    maybe = (entry("unknown", target=f"{PREVIEW}me@agency.se"),)
    assert [each.edition for each in pending(maybe)] == ["2026-W47"]
    assert asked(one, today=date(2026, 11, 20), sent=maybe) == (Due(edition="2026-W47", night=MONDAY),)
    assert asked(one, today=date(2026, 11, 20), sent=(*maybe, entry("held", target=""))) == ()


def test_what_has_gone_can_not_be_held() -> None:
    seen = (entry("previewed", target=f"{PREVIEW}me@agency.se"), entry("sent"))
    assert pending(seen) == ()


def test_of_two_ripe_previews_only_the_newest_goes() -> None:
    one = sending(every="monday", preview_to=["me@agency.se"], preview_days=1)
    older = entry("previewed", edition="2026-W46", target=f"{PREVIEW}me@agency.se", day=MONDAY - timedelta(days=7))
    newer = entry("previewed", target=f"{PREVIEW}me@agency.se")
    found = asked(one, today=MONDAY + timedelta(days=3), sent=(older, newer))
    assert [each.edition for each in found if not each.preview] == ["2026-W47"]


def test_other_settings_leave_an_entry_the_same_and_another_reader_makes_it_another() -> None:
    one = sending()
    assert name_of(one) == name_of(sending(only_if_changed=True, preview_to=["me@agency.se"]))
    assert name_of(one) != name_of(sending(to=["other@acme.se"]))
    assert replace(entry("sent"), sending=name_of(one)).sending == name_of(one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": []},
        {"to": ["not an address"]},
        {"to": ["https://hooks.slack.com/services/T/B/secret"], "via": "slack"},
        {"to": ["vd@acme.se"], "via": "slack"},
        {"to": [{"env": "HOOK"}], "via": "mail"},
        {"to": ["vd@acme.se"], "every": "sunday"},
        {"to": ["vd@acme.se"], "preview_days": 0},
        {"to": ["a@b.se\r\nBcc: x@y.se"]},
    ],
)
def test_an_entry_that_can_not_be_meant_is_refused_and_no_address_is_quoted(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Sending.model_validate(wrong)
    assert "secret" not in str(refused.value)
