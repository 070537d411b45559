"""What each vendor allows a credential, as its source asks for it: of the vendor and a proxy, not of this machine.

That a limit is kept and used is tested in ``core/test_budget.py``, with the same constants.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.core.budget import Limit, ProcessBudget, credential_of
from connectors.core.errors import QuotaExhausted, SourceError
from connectors.core.http import Http, Verdict
from connectors.core.odd import Odd
from connectors.core.protocol import Context
from connectors.core.reply import Reply
from connectors.ga4.client import Ga4Client
from connectors.linkedin.settings import LinkedIn
from connectors.mailchimp.settings import Mailchimp
from connectors.plausible.settings import Plausible
from connectors.registry import open_source
from connectors.search_console.settings import SearchConsole
from connectors.sheet.settings import Sheet
from connectors.sheet.source import ROWS
from connectors.youtube.settings import YouTube
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, context, vendor
from tests.home import PROJECT as PROJECT_FOLDER
from tests.unit.ga4_replies import key_text

HOUR = 3_600.0
KEY = EnvRef(env="K")
USER, PROJECT = "user okr@p.iam.gserviceaccount.com", "project p"
Opened = Callable[[Context], Any]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Http]:
    """Every ``Http`` that is made."""
    seen: list[Http] = []
    plain = Http.__init__

    def noted(self: Http, **settings: Any) -> None:
        plain(self, **settings)
        seen.append(self)

    monkeypatch.setattr(Http, "__init__", noted)
    return seen


def sheet(given: Context) -> None:
    source = open_source(Sheet(id="figures", spreadsheet="1" * 44, credentials=KEY), given)
    source.read(ROWS, Window(date(2026, 11, 1), date(2026, 11, 1)))


def key_events(given: Context) -> None:
    Ga4Client(context=given, source="web", property_id="412345678").key_events(Odd())


def plausible(given: Context) -> Any:
    return open_source(Plausible(id="web", base_url=None, site_id="a.example", token=KEY), given)


ALLOWED: dict[str, tuple[Opened, Limit | None, dict[str, Limit]]] = {
    "plausible": (plausible, Limit(600, HOUR), {}),
    "mailchimp": (lambda given: open_source(Mailchimp(id="news", api_key=KEY), given), Limit(10, 0.0), {}),
    "youtube": (
        lambda given: open_source(YouTube(id="tv", channel_id="UC" + "a" * 22, api_key=KEY), given),
        Limit(10_000, 24 * HOUR),
        {},
    ),
    "search_console": (
        lambda given: open_source(SearchConsole(id="s", site_url="https://a.example/", credentials=KEY), given),
        None,
        {USER: Limit(1_200, 60.0), PROJECT: Limit(40_000, 60.0)},
    ),
    "sheet": (sheet, None, {USER: Limit(60, 60.0), PROJECT: Limit(300, 60.0)}),
    "ga4 key events": (key_events, None, {USER: Limit(600, 60.0), PROJECT: Limit(1_200, 60.0)}),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_vendor_and_a_proxy_are_asked_as_often_as_the_vendor_allows_and_this_machine_as_often_as_wanted(
    name: str, made: list[Http]
) -> None:
    opened, limit, others = ALLOWED[name]
    with vendor(lambda _: Says({"error": "invalid_grant"}, status=400)) as server:
        key = key_text(server.url)
        secrets = {"credentials": key, "token": "t", "api_key": "k-us19"}
        for address in ("https://proxy.example", None, server.url):
            given = replace(context(secrets=secrets, base_url=address), allow_http=True)
            with suppress(SourceError):  # the token is refused, before anything is asked
                opened(given)
    by_proxy, by_vendor, here = made
    for http in (by_proxy, by_vendor):
        assert http.limit == limit
        assert {claim.holder: claim.limit for claim in http.claims} == {
            credential_of(http.base_url, [holder]): each for holder, each in others.items()
        }
    assert (here.limit, here.claims) == (None, ())


def counted(server_url: str, *, token: str, budget: ProcessBudget, naps: Naps, **more: Any) -> Http:
    inside = replace(context(sleep=naps), budget=budget)
    return Http(context=inside, source="web", base_url=server_url, secrets=[token], **more)


def test_a_quota_of_an_hour_is_used_whole_and_then_not_waited_for() -> None:
    budget, naps = ProcessBudget(monotonic=lambda: 0.0), Naps()
    with vendor(lambda _: Says({"n": 1})) as server:
        sources = [counted(server.url, token="t", budget=budget, naps=naps, limit=Limit(30, HOUR)) for _ in range(3)]
        for number in range(30):
            sources[number % 3].get_json("/a", attempted="reading a")
        with pytest.raises(QuotaExhausted, match="30 calls an hour is all it has") as raised:
            sources[0].get_json("/a", attempted="reading a")
    assert (len(server.asked), naps.taken, raised.value.retry_after_seconds) == (30, [], HOUR)


def test_who_is_told_that_the_credentials_quota_is_used_up_spares_all_others_the_call() -> None:
    def classify(reply: Reply) -> Verdict | None:
        return None if reply.status == 200 else Verdict(error=QuotaExhausted, detail="used up", is_credentials=True)

    def serve(asked: Asked) -> Says:
        return Says({"n": 1}, status=200 if asked.path == "/mine" else 429)

    budget, naps = ProcessBudget(monotonic=lambda: 0.0), Naps()
    with vendor(serve) as server:
        first, second, other = (
            counted(server.url, token=token, budget=budget, naps=naps, classify=classify) for token in "aab"
        )
        with pytest.raises(QuotaExhausted, match="used up"):
            first.get_json("/a", attempted="reading a")
        with pytest.raises(QuotaExhausted, match="the vendor refused another call with it"):
            second.get_json("/a", attempted="reading a")
        assert other.get_json("/mine", attempted="reading mine").whole("n") == 1
    assert [asked.path for asked in server.asked] == ["/a", "/mine"]


def test_one_members_throttle_at_linkedin_holds_up_nobody_with_another_token() -> None:
    def serve(asked: Asked) -> Says:
        if asked.headers["Authorization"] == "Bearer busy":
            return Says({"message": "Too many"}, status=429, headers={"Retry-After": "50"})
        return Says({"elements": []})

    now = [0.0]
    budget = ProcessBudget(monotonic=lambda: now[0])

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def asks(token: str) -> float:
        """How long it was held up, whatever became of it."""
        given = replace(context(secrets={"token": token}, base_url=server.url, sleep=sleep), budget=budget)
        began = now[0]
        with suppress(SourceError):
            open_source(LinkedIn(id="linkedin", organization_id="1", token=KEY), given).probe()
        return now[0] - began

    with vendor(serve) as server:
        assert asks("busy") >= 50
        assert asks("idle") < 1


@pytest.mark.parametrize("name", ALLOWED)
def test_the_page_on_scaling_names_what_is_declared(name: str) -> None:
    _, limit, others = ALLOWED[name]
    rows = [line for line in (PROJECT_FOLDER / "docs" / "scaling.md").read_text("utf-8").splitlines() if "| " in line]
    row = next(line for line in rows if line.lower().replace("'s", "").startswith(f"| {name.replace('_', ' ')}"))
    for each in filter(None, [limit, *others.values()]):
        assert f"{each.calls:,} " in row
