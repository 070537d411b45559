"""Types of single fields in a client file, each refusing with what would be right.

What belongs here: rules that need one value only. What does not: rules over several (``rules.py``), targets
(``targets.py``). No message quotes a secret or an address.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from okr_models.client.yaml import shown
from okr_models.periods import month_end, month_start

At = tuple[str | int, ...]
Fault = tuple[At, str]

OKR_ERROR = "okr"
FIRST_YEAR, LAST_YEAR = 1990, 2100
MAX_TEXT = 2000
LARGEST = 1e15
"""From here on a DOUBLE tells no tenths apart."""
DIGITS_OF_A_FIGURE = "a figure has at most 15 digits before the point"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SHARE = re.compile(r"([+-])\s?(\d{1,6}(?:[.,]\d{1,6})?)\s?%", re.ASCII)
_GROUPED = re.compile(r"([1-9]\d{0,2})[.,](\d{3})", re.ASCII)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}", re.ASCII)


def refuse(message: str, *at: str | int) -> PydanticCustomError:
    """An error with our own words, at a path below the field where ``at`` is given."""
    return refuse_all([(at, message)])


def refuse_all(faults: Iterable[Fault]) -> PydanticCustomError:
    """Several at once, so that nobody mends a file one error at a time."""
    found = tuple(faults)
    text = "; ".join(message for _, message in found)
    return PydanticCustomError(OKR_ERROR, "{text}", {"text": text, "faults": found})


def nearest(word: object, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` or nothing."""
    close = get_close_matches(str(word).lower(), list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def read_day(value: Any) -> date:
    """A date or ``YYYY-MM-DD``."""
    if type(value) is date:
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise refuse(f"{shown(value)} is not in the calendar; write a day as YYYY-MM-DD") from None
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
        raise refuse(f"{shown(value)} is out of reach; the year should be between {FIRST_YEAR} and {LAST_YEAR}")
    raise refuse(f"{shown(value)} is not a day; write it as YYYY-MM-DD, for example 2026-03-31")


def _read_first(value: Any) -> date:
    day = read_day(value)
    if day != month_start(day):
        raise refuse(f"{day} is inside a month; whole months are compared, so begin on {month_start(day)}")
    return day


def _read_last(value: Any) -> date:
    day = read_day(value)
    if day != month_end(day):
        raise refuse(f"{day} is inside a month; whole months are compared, so end on {month_end(day)}")
    return day


def read_number(value: Any) -> float:
    """An int or float, nothing that only looks like one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) < LARGEST:
            return float(value)
        if math.isfinite(value):
            raise refuse(f"{shown(value)} is too large; {DIGITS_OF_A_FIGURE}")
    raise refuse(f"{shown(value)} is not a number; write it without quotes, with a point and no spaces, like 1250.5")


def read_whole(value: Any) -> int:
    """An int."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise refuse(f"{shown(value)} is not a whole number; write it in digits, without quotes")


def read_share(value: Any) -> float:
    """``"+15%"`` as 0.15. A sign is asked for; spaces, a decimal comma and a Unicode minus are understood."""
    if isinstance(value, float):
        return value
    plain = value.strip().replace("\u2212", "-").replace("\u00a0", " ") if isinstance(value, str) else ""
    match = _SHARE.fullmatch(plain)
    if not match:
        raise refuse(f'{shown(value)} is not a change in percent; write it with sign and quotes, like "+15%"')
    if match[1] == "+" and (grouped := _GROUPED.fullmatch(match[2])):
        raise refuse(_two_readings(value, *grouped.groups()))
    share = float(Decimal(match[1] + match[2].replace(",", ".")) / 100)
    if share < -1:
        raise refuse(f"{shown(value)} takes away more than there is; a fall is at most -100%")
    return share


def _two_readings(value: str, whole: str, three: str) -> str:
    """Three digits behind a comma or point are thousands to one writer and decimals to another; a fall has no such
    thousands.
    """
    kept = three.rstrip("0")
    small = f"+{whole}.{three}0%" if kept == three else f"+{whole}{kept and '.'}{kept}%"
    large = f"+{whole}{three}%"
    return f'{shown(value)} can be read as +{whole}.{three}% and as {large}; write "{small}" or "{large}"'


_UNSEEN = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]|(?![\\s])[\x00-\x1f\x7f-\x9f]")
"""Marks that turn the direction of a line, marks of no width, and control characters: a title with them reads as
something that it is not, in a terminal, a csv file and a mail's subject.
"""


def on_one_line(text: str) -> str:
    """``text`` as every id and title is kept."""
    return " ".join(_UNSEEN.sub("", text).split())


def _read_text(value: Any) -> Any:
    if value is None:
        raise refuse("is empty; write some text after the colon")
    if isinstance(value, str):
        text = on_one_line(value)
        if not text:
            raise refuse("is empty; write some text after the colon")
        if len(value) > MAX_TEXT:
            raise refuse(f"is longer than {MAX_TEXT} characters; shorten it")
        return text
    if isinstance(value, int | float):
        raise refuse("must be text; put it in quotes")
    return value


def _read_id(value: Any) -> Any:
    """Ids are text; digits without quotes are as good."""
    return _read_text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory", "posixrules"}


def _read_zone(value: Any) -> str:
    if isinstance(value, str) and value in _zones():
        return value
    by_lower = {zone.lower(): zone for zone in _zones()}
    by_city = {zone.rsplit("/", 1)[-1].lower(): zone for zone in sorted(_zones(), reverse=True) if "/" in zone}
    word = value.lower() if isinstance(value, str) else ""
    close = get_close_matches(word, [*by_lower, *by_city], n=1, cutoff=0.6)
    hint = f'; did you mean "{(by_lower | by_city)[close[0]]}"?' if close else ', like "Europe/Stockholm"'
    raise refuse(f"{shown(value)} is not a time zone; write an IANA name{hint}")


def check_address(value: str, *, query_allowed: bool = False) -> str:
    """An http(s) address with a host and nothing secret in it."""
    try:
        parts = urlsplit(value)
        _, host = parts.port, parts.hostname
    except ValueError:
        raise refuse("is not an address; write it like https://example.se") from None
    if parts.scheme not in {"http", "https"} or not host or any(c.isspace() for c in value):
        raise refuse("is not an address; write scheme and host, like https://example.se")
    if "@" in parts.netloc:
        raise refuse("carries a user name or password; leave them out and give the secret as {env: NAME}")
    if (parts.query or parts.fragment) and not query_allowed:
        raise refuse("ends in ?... or #...; write only scheme, host and perhaps a path, like https://example.se/blogg")
    return value


def read_home_path(value: Any) -> str:
    """A path below the home folder, without quoting it."""
    cure = "write a path inside the home folder, like data/nps.csv"
    if not isinstance(value, str) or not value.strip():
        raise refuse(f"is not a path; {cure}")
    path = PurePosixPath(value)
    if "\\" in value or "\0" in value:
        raise refuse(f"has a character that a path here can't have; use / between folders and {cure}")
    if path.is_absolute() or value.startswith("~") or re.match(r"[A-Za-z]:", value):
        raise refuse(f"is an absolute path; {cure}")
    if ".." in path.parts:
        raise refuse(f"leads out of the home folder with ..; {cure}")
    return value


def read_env_name(value: Any) -> str:
    """The name of an environment variable; what looks like the secret itself is refused unseen."""
    if not isinstance(value, str) or not _ENV_NAME.fullmatch(value):
        raise refuse("env takes the name of an environment variable, like FJALLGLAS_TOKEN, without $ or spaces")
    digits = sum(character.isdigit() for character in value)
    if len(value) >= 20 and digits >= 3 and value.upper() != value:
        raise refuse("env takes the name of a variable, and this looks like a secret itself; set it in the environment")
    return value


Day = Annotated[date, BeforeValidator(read_day)]
MonthFirst = Annotated[date, BeforeValidator(_read_first)]
MonthLast = Annotated[date, BeforeValidator(_read_last)]
Amount = Annotated[float, BeforeValidator(read_number)]
Positive = Annotated[float, BeforeValidator(read_number), Field(gt=0)]
NotNegative = Annotated[float, BeforeValidator(read_number), Field(ge=0)]
Month = Annotated[int, BeforeValidator(read_whole), Field(ge=1, le=12)]
Share = Annotated[float, BeforeValidator(read_share)]
Text = Annotated[str, BeforeValidator(_read_text)]
IdText = Annotated[str, BeforeValidator(_read_id)]
Digits = Annotated[str, BeforeValidator(_read_id), Field(pattern=r"^[0-9]{1,30}$")]
Slug = Annotated[str, BeforeValidator(_read_text), Field(pattern=r"^[a-z0-9_]{1,40}$")]
Zone = Annotated[str, BeforeValidator(_read_zone)]
HomePath = Annotated[str, BeforeValidator(read_home_path)]
EnvName = Annotated[str, BeforeValidator(read_env_name)]
