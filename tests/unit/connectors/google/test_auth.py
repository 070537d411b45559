"""Tokens of Google's sources against a token endpoint on this machine: what is a refusal, and what passes.

Really under test: ``connectors.google.auth``, alone and in the sources that call Google through it.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from connectors.core.errors import AuthFailed, BadReply, SourceError, Unavailable
from connectors.google.auth import Bearer, key_token
from connectors.registry import open_source
from connectors.search_console.settings import SearchConsole
from connectors.search_console.source import DAILY
from connectors.sheet.settings import Sheet
from connectors.sheet.source import ROWS
from connectors.youtube.settings import YouTube
from connectors.youtube.source import CHANGES
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Says, Vendor, context, vendor
from tests.unit.ga4_replies import key_text

FROM_A_PROXY = "<html><head>" + "Bad Gateway " * 100
REF = EnvRef(env="X")
WEEK = Window(date(2026, 11, 10), date(2026, 11, 16))
SOURCES = {
    "search": (SearchConsole(id="search", site_url="sc-domain:example.se", credentials=REF), DAILY, WEEK),
    "film": (YouTube(id="film", channel_id="UC" + "x" * 22, api_key=REF, credentials=REF), CHANGES, WEEK),
    "figures": (Sheet(id="figures", spreadsheet="1AbCdEfGhIjKlMnOp", credentials=REF), ROWS, None),
}


def bearer(server: Vendor) -> Bearer:
    inside = context(secrets={"credentials": key_text(server.url)})
    token = key_token(inside, source="search", field="credentials", scopes=("https://example/scope",))
    return Bearer(inside, source="search", token=token)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Says(FROM_A_PROXY, status=502), Unavailable),
        (Says({"message": "no upstream"}, status=502), Unavailable),
        (Says(FROM_A_PROXY, status=404), BadReply),
        (Says(FROM_A_PROXY), BadReply),
        (Says({"error": "invalid_grant", "error_description": "revoked"}, status=400), AuthFailed),
    ],
)
def test_only_a_refusal_of_the_key_is_called_one(said: Says, kind: type[SourceError]) -> None:
    with vendor(lambda _: said) as server, closing(bearer(server)) as given, pytest.raises(SourceError) as raised:
        given()
    assert type(raised.value) is kind
    assert "Gateway" not in str(raised.value)


def test_a_token_endpoint_that_is_away_for_a_moment_is_asked_again() -> None:
    issued = Says({"access_token": "ya29.1", "expires_in": 3599})
    with vendor([Says(FROM_A_PROXY, status=502), issued]) as server, closing(bearer(server)) as given:
        assert given() == {"Authorization": "Bearer ya29.1"}


def google(*, lives: int) -> Any:
    """Gives a token after the other, each of which serves so many calls."""
    calls: list[str] = []
    issued: list[str] = []

    def answer(asked: Asked) -> Says:
        if asked.path == "/token":
            issued.append(f"ya29.{len(issued) + 1}")
            return Says({"access_token": issued[-1], "expires_in": 3599})
        calls.append(asked.headers["Authorization"])
        if calls.count(calls[-1]) > lives:
            why = {
                "code": 401,
                "message": "Request had invalid authentication credentials",
                "status": "UNAUTHENTICATED",
            }
            return Says({"error": why}, status=401)
        if asked.path.endswith("/query"):
            return Says({"rows": [{"keys": ["2026-11-16"], "clicks": 1, "impressions": 9, "position": 2.0}]})
        if asked.path == "/v2/reports":
            headers = [{"name": name} for name in ("day", "subscribersGained", "subscribersLost")]
            return Says({"columnHeaders": headers, "rows": [["2026-11-16", 2, 1]]})
        if asked.path.endswith(":batchGet"):
            values = [["month", "kpi", "value"], ["2026-10", "followers", 5]]
            return Says({"valueRanges": [{"values": values}]})
        return Says({"sheets": [{"properties": {"sheetId": 0, "title": "A"}}]})

    return answer


def read(server: Vendor, name: str) -> list[int]:
    """How many rows each of three reads gives."""
    settings, stream, window = SOURCES[name]
    key = key_text(server.url)
    owner = {"client_id": "c", "client_secret": "s", "refresh_token": "1//r", "token_uri": f"{server.url}/token"}
    secrets = {"api_key": "AIza", "credentials": json.dumps(owner) if name == "film" else key}
    opened = open_source(settings, context(secrets=secrets, base_url=server.url))
    try:
        return [opened.read(stream, window).rows.num_rows for _ in range(3)]
    finally:
        opened.close()


@pytest.mark.parametrize("name", SOURCES)
def test_a_token_that_dies_before_its_time_is_fetched_anew_and_one_that_never_served_is_not(name: str) -> None:
    with vendor(google(lives=1)) as server:
        assert read(server, name) == [1, 1, 1]
    with vendor(google(lives=0)) as server, pytest.raises(AuthFailed):
        read(server, name)
    assert len(server.asked) == 2
