"""A mail's subject comes as it was written, however long it is and wherever its line is broken."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.mail_policy import MAIL

TOLD = "[Förhandsvisning] Fjällglas AB: Efter plan: unika besökare väntas sluta på +21\xa0%, målet är +25\xa0%."
RISK = "[Förhandsvisning] Fjällglas AB: I riskzonen: unika besökare väntas sluta på +24\xa0%, målet är +25\xa0%."
PLAIN = "Lindhs Cycles: Off track: orders expected to end at +7%, the target is +8%."

LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
SUBJECTS = st.lists(st.text(LETTERS, min_size=1, max_size=30), min_size=1, max_size=20).flatmap(
    lambda words: st.sampled_from([" ", "\xa0"]).map(lambda space: " ".join([space.join(words[:2]), *words[2:]]))
)


def sent(subject: str) -> bytes:
    message = EmailMessage(policy=MAIL)
    message["Subject"] = subject
    message.set_content("text")
    return message.as_bytes()


@given(SUBJECTS)
@example(TOLD)
@example(RISK)
@example(PLAIN)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    raw = sent(subject)
    assert email.message_from_bytes(raw, policy=default)["Subject"] == subject
    if "=?" not in subject:
        header = email.message_from_bytes(raw)["Subject"].replace("\r\n", "")
        assert str(make_header(decode_header(header))) == subject
    lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 78 for line in lines if line.startswith((b" =?", b"Subject: =?")))


@pytest.mark.parametrize("hostile", ["one\r\nBcc: x@example.com", "one\nX: y", "one\rtwo"])
def test_a_line_break_in_a_subject_begins_no_header(hostile: str) -> None:
    message = EmailMessage(policy=MAIL)
    with pytest.raises(ValueError, match=r"linefeed|carriage"):
        message["Subject"] = hostile
