"""Whatever stands in a client file: reading ends in a client or in ``ClientFileErrors``, and no secret is repeated.

Really under test: ``read_client`` on random text, on the good file with random edits, and with a literal secret
wherever a secret goes. The fuzz found lines such as a secret as a flow mapping's key, or folded into the line before.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.catalogue import SETTINGS
from okr_models.client.fields import read_day, read_share
from okr_models.client.file import ClientFileErrors, read_client
from tests.unit.client_files import FILE, GOOD

SECRET = "EAAGq7Zx9LiteralSecret42"
LINES = GOOD.splitlines(keepends=True)
_MARKS = ["&a ", "*a", "<<: ", "{", "}", "[", "]", ": ", "- ", "? ", "> ", '"', "'", "#", "@", "`", "| ", "\t", "\n"]
_WORDS = ["!!str ", "null", "true", ".nan", "1e999", "-0", "0x1f", "\\UFFFFFFFF", "---\n", "%YAML 1.2\n", "9" * 5000]
SCRAPS = st.sampled_from([*_MARKS, *_WORDS, "\u2212", "\ufeff", "…"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["+30%", "FY2026"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def _read(text: str | bytes) -> ClientFileErrors | None:
    """The errors, each on a line that the file has; None where it loads. Anything else raised fails the test."""
    try:
        read_client(text, file_name=FILE, types=SETTINGS)
    except ClientFileErrors as errors:
        found = errors
    else:
        return None
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    lines = 1 + sum(plain.count(end) for end in "\n\r\x85\u2028\u2029")
    assert found.errors
    assert all(1 <= error.line <= lines for error in found.errors)
    return found


@given(
    st.text(max_size=200) | st.lists(SCRAPS | st.text(max_size=5), max_size=30).map("".join) | st.binary(max_size=200)
)
@example("\U0010ffff")
@example('a: "\\UFFFFFFFF"')
@example("%YAML 1." + "9" * 5000 + "\n--- a")
def test_any_text_ends_in_a_client_or_in_errors_with_lines(text: str | bytes) -> None:
    _read(text)


@settings(max_examples=200)
@given(st.integers(0, len(GOOD)), st.integers(0, 12), SCRAPS | st.text(max_size=8))
def test_any_edit_of_a_good_file_ends_in_a_client_or_in_errors(at: int, cut: int, scrap: str) -> None:
    _read(GOOD[:at] + scrap + GOOD[at + cut :])


@settings(max_examples=200)
@given(st.data())
def test_any_value_in_place_of_any_other_ends_in_a_client_or_in_errors(data: st.DataObject) -> None:
    import yaml

    root = yaml.safe_load(GOOD)
    place = root
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        break
    place[key] = data.draw(VALUES)
    _read(yaml.safe_dump(root, allow_unicode=True, sort_keys=False))


def _secret_places() -> list[int]:
    """Line numbers (from 0) on which the good file names a secret."""
    return [number for number, line in enumerate(LINES) if "{env:" in line or "{file:" in line]


FORMS = [
    SECRET,
    f'"{SECRET}"',
    f"{{{SECRET}}}",
    f"{{{SECRET}: {SECRET}}}",
    f"[{SECRET}]",
    f"{{env: {SECRET}}}",
    f'{{env: "${SECRET}"}}',
    f"{{env: [{SECRET}]}}",
    f"{{file: /{SECRET}}}",
    f"{{file: ../{SECRET}}}",
    f"{{file: {SECRET}, env: {SECRET}}}",
    f"{{value: {SECRET}}}",
    f"{{type: service_account, private_key: {SECRET}}}",
    f"*{SECRET}",
    f"!{SECRET} x",
    f"&{SECRET} x",
    f"%{SECRET}",
    f"@{SECRET}",
    f"|\n      {SECRET}",
    f"{SECRET}: {SECRET}",
    f"'{SECRET}",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", _secret_places())
def test_a_literal_secret_is_refused_and_never_repeated(number: int, form: str) -> None:
    line = LINES[number]
    start = line.index("{env:") if "{env:" in line else line.index("{file:")
    end = line.index("}", start) + 1
    text = "".join([*LINES[:number], line[:start] + form + line[end:], *LINES[number + 1 :]])
    errors = _read(text)
    assert errors is not None
    assert SECRET not in str(errors)
    assert SECRET not in repr(errors.errors)
    assert errors.__cause__ is None


@pytest.mark.parametrize("written", [f"token:{SECRET}", f"token={SECRET}", f"tokn: {SECRET}", f"token :{SECRET}"])
def test_a_secret_under_a_mistyped_key_is_not_repeated_either(written: str) -> None:
    for place in ("    type: ga4\n", "    blog_path: /blogg/\n", "    start: 2024-01-01\n"):
        errors = _read(GOOD.replace(place, f"{place}    {written}\n"))
        assert errors is not None
        assert SECRET not in str(errors)


@pytest.mark.parametrize(
    "address", [f"https://user:{SECRET}@x.se", f"https://{SECRET}@x.se", f"https://x.se?token={SECRET}", f"{SECRET}"]
)
def test_an_address_that_carries_a_secret_is_refused_and_not_repeated(address: str) -> None:
    errors = _read(GOOD.replace("  - {id: crm,", f'  - {{type: wordpress, base_url: "{address}"}}\n  - {{id: crm,'))
    assert errors is not None
    assert SECRET not in str(errors)


@given(st.integers(-9999, 99999), st.sampled_from([".", ","]), st.sampled_from(["", " ", "\u00a0"]), st.booleans())
def test_a_percentage_is_read_exactly_however_it_is_written(
    hundredths: int, point: str, gap: str, unicode_minus: bool
) -> None:
    sign = "-" if hundredths < 0 else "+"
    whole, part = divmod(abs(hundredths), 100)
    text = f"{sign}{whole}{point}{part:02d}{gap}%"
    assert read_share(text.replace("-", "\u2212") if unicode_minus else text) == hundredths / 10_000


@given(st.dates(min_value=read_day("1990-01-01"), max_value=read_day("2100-12-31")))
def test_every_day_is_read_back_from_its_iso_form(day: object) -> None:
    assert read_day(str(day)) == day
