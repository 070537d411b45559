"""Dates of feeds as they are found in the wild: each is placed where it is, or refused with the reason, never guessed.

Really under test: ``connectors.feed.dates.place``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.feed.dates import Unplaced, place

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        # seconds and milliseconds since 1970
        ("1774000000", "2026-03-20T09:46:40"),
        ("1774000000000", "2026-03-20T09:46:40"),
        # numbers in order, whatever stands between them
        ("2026.02.28 23:15", "2026-02-28T22:15:00"),
        ("2026/02/28 23:15:10", "2026-02-28T22:15:10"),
        ("2026-2-8", "2026-02-07T23:00:00"),
        ("28.2.2026 klo 23.15", "2026-02-28T22:15:00"),
        ("28/02/2026", "2026-02-27T23:00:00"),
        ("2/28/2026 11:15 PM", "2026-02-28T22:15:00"),
        ("20260228", "2026-02-27T23:00:00"),
        ("20260228T231500Z", "2026-02-28T23:15:00"),
        # zones by name, each at its own offset
        ("Sat, 28 Feb 2026 23:15:00 EET", "2026-02-28T21:15:00"),
        ("Sat, 28 Mar 2026 23:15:00 WET", "2026-03-28T23:15:00"),
        ("Tue, 30 Jun 2026 23:30:00 EEST", "2026-06-30T20:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 BST", "2026-06-30T22:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 WEST", "2026-06-30T22:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 MESZ", "2026-06-30T21:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 EST", "2026-07-01T04:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 PDT", "2026-07-01T06:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 JST", "2026-06-30T14:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 Z", "2026-06-30T23:30:00"),
        ("2026-06-30 23:30 Europe/Helsinki", "2026-06-30T20:30:00"),
        # and by number, in every spelling
        ("Tue, 30 Jun 2026 23:30:00 UTC+02:00", "2026-06-30T21:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 GMT+3", "2026-06-30T20:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 +0200 (CEST)", "2026-06-30T21:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 (CEST)", "2026-06-30T21:30:00"),
        ("2026-06-30T23:30:00.25-05:30", "2026-07-01T05:00:00"),
        ("2026-06-30T23:30:00+02", "2026-06-30T21:30:00"),
        ("2026-06-30T23:30:00+02:00[Europe/Paris]", "2026-06-30T21:30:00"),
        ("Tue, 30 Jun 2026 23:30:00 -0000", "2026-06-30T23:30:00"),
        # names of days and months in other languages
        ("tis, 30 juni 2026 23:30:00 +0200", "2026-06-30T21:30:00"),
        ("l\u00f6rdag 28 februari 2026 kl. 23:15", "2026-02-28T22:15:00"),
        ("Di., 30. Juni 2026, 23:30 Uhr", "2026-06-30T21:30:00"),
        ("Do, 31 Dez 2026 12:00:00 +0100", "2026-12-31T11:00:00"),
        ("mar., 03 mars 2026 08:00:00 +0100", "2026-03-03T07:00:00"),
        ("vendredi 27 f\u00e9vrier 2026 \u00e0 8h05", "2026-02-27T07:05:00"),
        ("vendredi 27 fevrier 2026", "2026-02-26T23:00:00"),
        ("1er ao\u00fbt 2026", "2026-07-31T22:00:00"),
        ("mi\u00e9, 14 ene 2026 08:00:00 +0100", "2026-01-14T07:00:00"),
        ("14 de enero de 2026", "2026-01-13T23:00:00"),
        ("ma 30. kes\u00e4kuuta 2026 klo 23.30", "2026-06-30T21:30:00"),
        ("tirsdag 30. juni 2026 kl. 23.30", "2026-06-30T21:30:00"),
        ("wo, 14 mei 2025 12:00:00 +0200", "2025-05-14T10:00:00"),
        ("\u043f\u043d, 15 \u0438\u044e\u043d 2026 12:00:00 +0300", "2026-06-15T09:00:00"),
        # other orders
        ("February 28th, 2026 at 11:15 pm", "2026-02-28T22:15:00"),
        ("Sat Feb 28 23:15:00 2026", "2026-02-28T22:15:00"),
        ("Sat Feb 28 23:15:00 CET 2026", "2026-02-28T22:15:00"),
        ("28-Feb-2026 23:15", "2026-02-28T22:15:00"),
        ("2026\u5e742\u670828\u65e5 23:15", "2026-02-28T22:15:00"),
        ("Sat, 28 Feb 26 23:15:00 GMT", "2026-02-28T23:15:00"),
        # no zone, no clock: the client's
        ("Sat, 28 Feb 2026 23:15:00", "2026-02-28T22:15:00"),
        ("2026-07-01", "2026-06-30T22:00:00"),
        ("Wed, 01 Jul 2026", "2026-06-30T22:00:00"),
        ("Sat, 28 Feb 2026 24:00:00 GMT", "2026-03-01T00:00:00"),
    ],
)
def test_a_date_is_placed_where_it_is(text: str, instant: str) -> None:
    assert place(text, zone=STOCKHOLM).replace(microsecond=0) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("i g\u00e5r", "no day, month and year"),
        ("2026", "no day, month and year"),
        ("2026-06", "no day, month and year"),
        ("30 foo 2026", "no day, month and year"),
        ("05/06/2026", "2026-06-05 or 2026-05-06"),
        ("5-6-2026 10:00", "2026-06-05 or 2026-05-06"),
        ("05.06.26", "no day, month and year"),
        ("Tue, 30 Jun 2026 23:30:00 IST", "UTC\\+1 or UTC\\+2 or UTC\\+5.5"),
        ("30 lis 2026", "month 10 or 11"),
        ("Tue, 30 Jun 2026 23:30:00 XYZ", "XYZ"),
        ("Mon, 30 Feb 2026 23:30:00 GMT", "no day of the calendar"),
        ("Tue, 30 Jun 2026 25:00:00 GMT", "no such time"),
        ("Tue, 30 Jun 2026 13:00 PM", "no such hour"),
        ("Tue, 30 Jun 2026 13:00 +2500", "no such zone"),
        ("0000-00-00 00:00:00", "no day of the calendar"),
        ("-0001-11-30T00:00:00+00:00", "year 1"),
        ("0001-01-01T00:00:00+10:00", "out of range"),
        ("x" * 500, "no date"),
    ],
)
def test_a_date_that_cannot_be_told_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Unplaced, match=why):
        place(text, zone=STOCKHOLM)


def test_a_zone_that_several_places_use_is_the_clients_where_the_client_uses_it() -> None:
    text = "Tue, 30 Jun 2026 23:30:00 IST"
    assert place(text, zone=ZoneInfo("Asia/Kolkata")).hour == 18
    assert place(text, zone=ZoneInfo("Europe/Dublin")).hour == 22


def test_a_month_that_two_languages_name_alike_is_the_feeds_own() -> None:
    assert place("30 lis 2026", zone=STOCKHOLM, language="pl").month == 11
    assert place("30 lis 2026", zone=STOCKHOLM, language="hr-HR").month == 10


def test_no_date_asks_the_machines_clock() -> None:
    asked = AssertionError("the machine was asked for the time")
    with patch("time.time", side_effect=asked), patch("time.localtime", side_effect=asked):
        for text in ("08:00", "03-31", "2026.03.31 08:00", "tis, 30 juni 2026 23:30:00", "31 Mar"):
            try:
                assert place(text, zone=STOCKHOLM).year == 2026
            except Unplaced:
                continue


@given(st.integers(700_000_000, 3_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_what_mail_and_iso_write_is_read_back(seconds: int, minutes: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    assert place(format_datetime(moment), zone=STOCKHOLM) == moment
    assert place(moment.isoformat(), zone=STOCKHOLM) == moment


@given(st.text(max_size=60) | st.from_regex(r"\\A[0-9:./ +-]{0,30}\\Z"))
def test_no_text_breaks_it(text: str) -> None:
    try:
        assert place(text, zone=STOCKHOLM).tzinfo is not None
    except Unplaced:
        return


def test_days_of_a_client_are_its_own() -> None:
    placed = place("2026-03-29", zone=STOCKHOLM)
    assert placed.astimezone(STOCKHOLM).date() == date(2026, 3, 29)
