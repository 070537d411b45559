"""The HTTP core against a real local server: retries by class, waits, redirects, bounds, and no secret in any text."""

from __future__ import annotations

import logging
import random
import socket
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    TimedOut,
    Unavailable,
    VersionRetired,
)
from connectors.core.http import Http, Verdict, pause
from connectors.core.redaction import Redactor
from connectors.core.reply import Reply
from connectors.core.retry import RetryPolicy, retry_after
from tests.fake_vendor import Asked, Naps, Says, context, vendor

TOKEN = "AQXtopsecret-token-1234567890"


def core(url: str, *, naps: Naps | None = None, **extra: object) -> Http:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return Http(context=context(sleep=naps), source="web", base_url=url, headers=headers, secrets=[TOKEN], **extra)  # type: ignore[arg-type]


def everything_said(error: BaseException) -> str:
    """The texts of an error and of all that it drags along."""
    texts = []
    seen: list[BaseException | None] = [error]
    while seen:
        part = seen.pop()
        if part is not None:
            texts += [str(part), repr(part), repr(vars(part))]
            seen += [part.__cause__, part.__context__]
    return "\n".join(texts)


def test_a_good_reply_needs_one_request_and_no_wait() -> None:
    naps = Naps()
    with vendor([Says({"n": 3})]) as server:
        http = core(server.url, naps=naps)
        assert http.get_json("/a", attempted="reading a", params={"q": "å&b"}).whole("n") == 3
    assert (http.requests, http.retries, naps.taken) == (1, 0, [])
    assert server.asked[0].query == {"q": "å&b"}
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 429])
def test_a_passing_trouble_is_asked_again_and_heals(status: int) -> None:
    naps = Naps()
    with vendor([Says({}, status=status), Says({}, status=status), Says({"n": 1})]) as server:
        http = core(server.url, naps=naps)
        assert http.get_json("/a", attempted="reading a").whole("n") == 1
    assert (http.requests, http.retries, len(naps.taken)) == (3, 2, 2)
    assert 0 < naps.taken[0] <= 1 < naps.taken[0] + naps.taken[1]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadReply),
        (401, AuthFailed),
        (402, PermissionMissing),
        (403, PermissionMissing),
        (404, NotFound),
        (410, NotFound),
        (422, BadReply),
        (426, VersionRetired),
    ],
)
def test_a_lasting_error_is_asked_once_and_named_by_its_status(status: int, kind: type[SourceError]) -> None:
    with vendor([Says({"message": "no way"}, status=status)]) as server:
        http = core(server.url)
        with pytest.raises(kind, match="no way") as raised:
            http.get_json("/a", attempted="reading a")
    assert len(server.asked) == 1
    assert raised.value.status == status


@pytest.mark.parametrize(("status", "kind"), [(500, Unavailable), (429, RateLimited), (408, TimedOut)])
def test_retries_are_bounded(status: int, kind: type[SourceError]) -> None:
    with vendor(lambda asked: Says({}, status=status)) as server:
        http = core(server.url)
        with pytest.raises(kind) as raised:
            http.get_json("/a", attempted="reading a")
    assert len(server.asked) == raised.value.attempts == 4
    assert raised.value.transient


def test_retry_after_is_honoured_to_the_second() -> None:
    naps = Naps()
    with vendor([Says({}, status=429, headers={"Retry-After": "7"}), Says({"n": 1})]) as server:
        core(server.url, naps=naps).get_json("/a", attempted="reading a")
    assert naps.taken == [7.0]


def test_retry_after_as_a_date_is_measured_by_the_vendors_own_clock() -> None:
    headers = {"Date": "Fri, 20 Nov 2026 04:00:00 GMT", "Retry-After": "Fri, 20 Nov 2026 04:00:11 GMT"}
    assert retry_after(headers, now=datetime(2031, 1, 1, tzinfo=UTC)) == 11
    del headers["Date"]
    assert retry_after(headers, now=datetime(2026, 11, 20, 4, 0, 1, tzinfo=UTC)) == 10
    assert retry_after(headers, now=datetime(2027, 1, 1, tzinfo=UTC)) == 0


@given(st.text())
def test_no_retry_after_text_breaks_the_parser(text: str) -> None:
    waited = retry_after({"Retry-After": text}, now=datetime(2026, 11, 20, tzinfo=UTC))
    assert waited is None or waited >= 0


def test_all_waits_of_a_call_together_have_their_bound_too() -> None:
    naps = Naps()
    with vendor(lambda asked: Says({}, status=429, headers={"Retry-After": "50"})) as server:
        http = core(server.url, naps=naps, policy=RetryPolicy(attempts=9, longest_waits_seconds=120))
        with pytest.raises(RateLimited):
            http.get_json("/a", attempted="reading a")
    assert naps.taken == [50, 50]


def test_a_wait_beyond_the_bound_is_not_waited_for_but_told() -> None:
    naps = Naps()
    with vendor([Says({}, status=429, headers={"Retry-After": "3600"})]) as server:
        http = core(server.url, naps=naps)
        with pytest.raises(RateLimited) as raised:
            http.get_json("/a", attempted="reading a")
    assert raised.value.retry_after_seconds == 3600
    assert naps.taken == []
    assert len(server.asked) == 1


@given(st.integers(1, 60), st.integers(0, 2**32))
def test_backoff_grows_but_never_past_its_cap(failures: int, seed: int) -> None:
    wait = RetryPolicy().backoff(failures, jitter=random.Random(seed))
    assert min(0.5 * 2 ** (failures - 1), 10) <= wait <= 20


def test_the_bodys_code_goes_before_the_status() -> None:
    def classify(reply: Reply) -> Verdict | None:
        if reply.field("error", "code") == 4:
            return Verdict(error=RateLimited, detail="app limit", retry=True, retry_after_seconds=2)
        if reply.field("result") == "error":
            return Verdict(error=QuotaExhausted, detail=str(reply.field("message")))
        return None

    naps = Naps()
    replies = [Says({"error": {"code": 4}}, status=400), Says({"result": "error", "message": "no more today"})]
    with vendor(replies) as server:
        http = core(server.url, naps=naps, classify=classify)
        with pytest.raises(QuotaExhausted, match="no more today"):
            http.get_json("/a", attempted="reading a")
    assert naps.taken == [2]


@pytest.mark.parametrize(
    "broken",
    [
        Says('{"n": [1, 2'),
        Says(""),
        Says("<!doctype html><title>Login</title>", headers={"Content-Type": "text/html"}),
        Says('{"n": 1, "long": "........"}', cut=10),
    ],
)
def test_a_reply_that_is_no_json_is_asked_for_once_more_and_then_refused(broken: Says) -> None:
    with vendor([broken, broken, Says({"n": 1})]) as server:
        http = core(server.url)
        with pytest.raises(BadReply):
            http.get_json("/a", attempted="reading a")
    assert len(server.asked) == 2
    with vendor([broken, Says({"n": 1})]) as server:
        assert core(server.url).get_json("/a", attempted="reading a").whole("n") == 1


def test_a_reply_larger_than_the_bound_is_refused() -> None:
    with vendor(lambda asked: Says(b"[" + b" " * 300_000 + b"]")) as server:
        http = core(server.url, largest_body_bytes=100_000)
        with pytest.raises(BadReply, match="larger than 100000 bytes"):
            http.get_json("/a", attempted="reading a")


def test_nothing_listening_is_unavailable_and_retried() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    naps = Naps()
    http = core(f"http://127.0.0.1:{port}", naps=naps)
    with pytest.raises(Unavailable):
        http.get_json(f"/a?access_token={TOKEN}", attempted="reading a")
    assert len(naps.taken) == 3


def test_no_answer_in_time_is_a_timeout() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        http = core(url, timeout=(1.0, 0.05), policy=RetryPolicy(attempts=4))
        with pytest.raises(TimedOut):
            http.get_json("/a", attempted="reading a")
        assert http.requests == 2


def test_a_redirect_on_the_same_origin_is_followed_with_the_token() -> None:
    with vendor([Says({}, status=302, headers={"Location": "/b?x=1"}), Says({"n": 1})]) as server:
        core(server.url).get_json("/a", attempted="reading a", params={"y": 2})
    assert server.asked[1].target == "/b?x=1"
    assert server.asked[1].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_redirect_to_another_origin_does_not_carry_the_token() -> None:
    with vendor([Says({"n": 1})]) as other:
        with vendor([Says({}, status=301, headers={"Location": f"{other.url}/b"})]) as server:
            core(server.url).get_json("/a", attempted="reading a")
        assert not any(TOKEN in f"{asked.headers}{asked.target}" for asked in other.asked)
        assert len(other.asked) == 1


def test_a_redirect_elsewhere_that_echoes_the_token_or_would_move_a_body_is_refused() -> None:
    with vendor([]) as other:
        with vendor([Says({}, status=302, headers={"Location": f"{other.url}/b?access_token={TOKEN}"})]) as server:
            with pytest.raises(BadReply, match="redirected") as raised:
                core(server.url).get_json("/a", attempted="reading a")
            assert TOKEN not in everything_said(raised.value)
        moved = Says({}, status=307, headers={"Location": f"{other.url}/b"})
        with vendor([moved]) as server, pytest.raises(BadReply, match="base_url"):
            core(server.url).post_form("/a", attempted="reading a", form={"token_auth": TOKEN})
        assert other.asked == []


def test_parameters_of_every_call_go_along_at_home_only_and_are_not_kept() -> None:
    with vendor([Says({})]) as server:
        http = core(server.url, parameters={"key": TOKEN})
        http.begin(keep_replies=True)
        http.get_json("/a", attempted="reading a", params={"q": "1"})
        with vendor([Says({})]) as other:
            http.get_json(f"{other.url}/a?q=2", attempted="reading elsewhere")
    assert server.asked[0].query == {"q": "1", "key": TOKEN}
    assert other.asked[0].query == {"q": "2"}
    assert TOKEN not in str(http.replies)


def test_a_full_address_elsewhere_gets_no_token_either() -> None:
    with vendor([Says({"n": 1})]) as other, vendor([]) as server:
        core(server.url).get_json(f"{other.url}/next", attempted="following next")
        assert "Authorization" not in other.asked[0].headers


def test_redirects_in_a_circle_end() -> None:
    circle = Says({}, status=302, headers={"Location": "/a"})
    with vendor(lambda asked: circle) as server, pytest.raises(BadReply, match="redirects"):
        core(server.url).get_json("/a", attempted="reading a")


def test_calls_keep_the_sources_least_interval() -> None:
    naps, clock = Naps(), iter([0.0, 0.0, 0.1, 0.3, 0.3, 0.4, 9.0, 9.0, 9.1])
    with vendor(lambda asked: Says({})) as server:
        http = core(server.url, naps=naps, min_interval_seconds=1.0, monotonic=lambda: next(clock))
        for _ in range(3):
            http.get_json("/a", attempted="reading a")
    assert naps.taken == [pytest.approx(0.7)]


@pytest.mark.parametrize(
    ("base_url", "seconds"),
    [("https://mastodon.social", 0.2), ("https://127.example.se", 0.2), ("http://127.0.0.1:8000", 0.0)],
)
def test_no_interval_is_kept_towards_a_server_on_this_machine(base_url: str, seconds: float) -> None:
    assert pause(0.2, base_url) == seconds


def test_replies_of_snapshots_are_kept_without_secrets() -> None:
    with vendor([Says({"n": 1}), Says({"n": 2})]) as server:
        http = core(server.url)
        http.begin(keep_replies=True)
        http.get_json("/a", attempted="reading a", params={"access_token": TOKEN, "page": 1})
        assert http.replies == [(f"{server.url}/a?access_token=[hidden]&page=1", b'{"n": 1}')]
        http.begin(keep_replies=False)
        http.get_json("/a", attempted="reading a")
        assert http.replies is None


def echo(asked: Asked) -> Says:
    said = f"bad call {asked.target} {asked.headers} {asked.body!r}"
    return Says({"error": {"message": said}}, status=500 if asked.query.get("fail") else 400)


@pytest.mark.parametrize("query", [f"access_token={TOKEN}", f"key={TOKEN}&fail=1", f"token_auth={TOKEN}%20", ""])
def test_no_error_and_no_log_line_holds_a_secret_even_if_the_vendor_echoes_it(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with vendor(echo) as server:
        http = core(server.url)
        for path in (f"/a?{query}", f"/b?{query}"):
            with pytest.raises(SourceError) as raised:
                http.get_json(path, attempted=f"reading {path}")
            assert TOKEN not in everything_said(raised.value)
        with pytest.raises(SourceError) as raised:
            http.post_form("/c", attempted="posting", form={"token_auth": TOKEN, "password": TOKEN})
        assert TOKEN not in everything_said(raised.value)
    assert len(server.asked) > 2
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(str(record.args) for record in caplog.records)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=4).filter(lambda t: t.strip() == t)
)
def test_a_known_secret_is_hidden_plain_and_url_encoded(secret: str) -> None:
    redact = Redactor([secret])
    for form in (secret, quote(secret, safe=""), quote_plus(secret)):
        assert form not in redact(f"<<< {form} >>>").replace("[hidden]", "")


def test_parameters_and_headers_that_carry_secrets_are_hidden_by_name() -> None:
    shown = Redactor()(
        "GET /x?access_token=abc123&page=2&appsecret_proof=ff00&key=AIza9 Authorization: Bearer eyJhbGciOi "
        'https://user:pa55@host/ {"refresh_token": "1//0g-x", "client_secret":"shh-it"}'
    )
    for secret in ("abc123", "ff00", "AIza9", "eyJhbGciOi", "pa55", "1//0g-x", "shh-it"):
        assert secret not in shown
    assert "page=2" in shown
