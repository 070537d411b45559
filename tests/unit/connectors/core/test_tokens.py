"""Tokens renewed over the wire in the documented shapes: when, with what, kept where, and what is told when it fails.

Really under test: ``connectors.core.tokens`` and ``connectors.linkedin.tokens`` through LinkedIn's own source.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.core.errors import AuthFailed, BadReply, Misconfigured, Unavailable
from connectors.core.protocol import Context, Source
from connectors.core.token_store import TokenStore
from connectors.linkedin.settings import LinkedIn
from connectors.linkedin.source import SNAPSHOTS, build
from okr_models.client.sources import EnvRef, Refresh
from tests.fake_vendor import NOW, Asked, Says, Vendor, context, vendor

GIVEN, RT0 = "AQV-given-token-0001", "AQX-refresh-token-given"
SECRETS = {
    "token": GIVEN,
    "refresh.client_id": "86clientidentifier",
    "refresh.client_secret": "client-secret-0123456789",
    "refresh.refresh_token": RT0,
}
REFRESH = Refresh(client_id=EnvRef(env="I"), client_secret=EnvRef(env="S"), refresh_token=EnvRef(env="R"))
DAY = 86_400


@dataclass
class LinkedInServer:
    """LinkedIn as documented: one token is taken, its token endpoint gives the next; ``rotates`` kills the spent."""

    taken: str = GIVEN
    refresh: str = RT0
    rotates: bool = False
    lives: int | None = 60 * DAY
    left: int | None = 300 * DAY
    grants: list[dict[str, str]] = field(default_factory=list)
    says: Callable[[Asked], Says | None] = lambda asked: None
    introspected: dict[str, Any] | None = None

    def __call__(self, asked: Asked) -> Says:
        said = self.says(asked)
        if said is not None:
            return said
        if asked.path == "/oauth/v2/introspectToken":
            return Says(self.introspected) if self.introspected else Says({"message": "no"}, status=404)
        if asked.path == "/oauth/v2/accessToken":
            return self._grant({name: values[0] for name, values in parse_qs(asked.body.decode()).items()})
        if asked.headers["Authorization"] != f"Bearer {self.taken}":
            body = {"status": 401, "serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN", "message": "expired"}
            return Says(body, status=401)
        return Says({"firstDegreeSize": 4321})

    def _grant(self, form: dict[str, str]) -> Says:
        self.grants.append(form)
        if form["refresh_token"] != self.refresh:
            gone = "The provided authorization grant or refresh token is invalid, expired or revoked"
            return Says({"error": "invalid_grant", "error_description": gone}, status=400)
        number = len(self.grants)
        self.taken = f"AQV-granted-token-{number:04}"
        if self.rotates:
            self.refresh = f"AQX-refresh-token-{number:04}"
        reply: dict[str, Any] = {"access_token": self.taken, "refresh_token": self.refresh, "scope": "r_organization"}
        if self.lives is not None:
            reply["expires_in"] = self.lives
        if self.left is not None:
            reply["refresh_token_expires_in"] = self.left
        return Says(reply)


def inside(
    url: str, home: Path, *, now: datetime = NOW, secrets: dict[str, str] | None = None, prefix: str = ""
) -> Context:
    known = {**SECRETS, **(secrets or {})}
    return context(secrets=known, base_url=url + prefix, home=home, now=now, tokens=TokenStore(home))


def opened(where: Context) -> Source:
    settings = LinkedIn(id="linkedin", organization_id="2414183", token=EnvRef(env="T"), refresh=REFRESH)
    return build(settings, where)


def followers(where: Context) -> int:
    with closing(opened(where)) as source:
        total: int = source.read(SNAPSHOTS, None).rows.column("followers")[0].as_py()
        return total


def paths(server: Vendor) -> list[str]:
    return [asked.path for asked in server.asked]


NETWORK = "/rest/networkSizes/urn%3Ali%3Aorganization%3A2414183"


def test_a_token_that_works_is_used_and_nothing_is_asked_or_written(tmp_path: Path) -> None:
    with vendor(LinkedInServer()) as server:
        assert followers(inside(server.url, tmp_path)) == 4321
    assert paths(server) == [NETWORK]
    assert not list(tmp_path.rglob("*.json"))


def test_an_expired_token_is_renewed_once_and_the_next_run_begins_with_the_new_one(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", rotates=True)
    with vendor(api) as server:
        where = inside(server.url, tmp_path, prefix="/proxy")
        api.says = lambda asked: api(replaced(asked)) if asked.path.startswith("/proxy") else None
        with closing(opened(where)) as source:
            batch = source.read(SNAPSHOTS, None)
        assert (batch.rows.column("followers").to_pylist(), batch.attempts) == ([4321], 2)
        assert [reply for reply, _ in batch.replies] == [
            f"{server.url}/proxy{NETWORK}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
        ]
        assert api.grants == [
            {
                "grant_type": "refresh_token",
                "refresh_token": RT0,
                "client_id": SECRETS["refresh.client_id"],
                "client_secret": SECRETS["refresh.client_secret"],
            }
        ]
        assert followers(inside(server.url, tmp_path)) == 4321
    assert len(api.grants) == 1
    assert paths(server) == [f"/proxy{NETWORK}", "/proxy/oauth/v2/accessToken", f"/proxy{NETWORK}", NETWORK]


def replaced(asked: Asked) -> Asked:
    return Asked(asked.method, asked.target.removeprefix("/proxy"), asked.headers, asked.body)


def test_a_rotated_refresh_token_is_on_the_disk_before_it_or_its_token_is_used(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", rotates=True)
    kept_at_use: list[str] = []

    def watch(asked: Asked) -> Says | None:
        if asked.headers.get("Authorization") == "Bearer AQV-granted-token-0001":
            kept_at_use.extend(path.read_text() for path in tmp_path.rglob("*.json"))
        return None

    api.says = watch
    with vendor(api) as server:
        followers(inside(server.url, tmp_path))
    assert len(kept_at_use) == 1
    assert "AQX-refresh-token-0001" in kept_at_use[0]
    assert "AQV-granted-token-0001" in kept_at_use[0]


@pytest.mark.parametrize(
    ("lives", "days", "grants"),
    [(60 * DAY, 30, 1), (60 * DAY, 50, 2), (60 * DAY, 70, 2), (3600, 1, 2), (None, 200, 1), (0, 200, 1), ("x", 9, 1)],
)
def test_a_token_is_renewed_before_its_own_end_and_not_sooner(
    lives: Any, days: int, grants: int, tmp_path: Path
) -> None:
    api = LinkedInServer(taken="another", rotates=True, lives=lives)
    with vendor(api) as server:
        followers(inside(server.url, tmp_path))
        api.says = lambda asked: None
        refused = len(server.asked)
        assert followers(inside(server.url, tmp_path, now=NOW + timedelta(days=days))) == 4321
    assert len(api.grants) == grants
    # it was renewed beforehand, not after a refusal
    assert len(server.asked) - refused == grants


def test_a_killed_run_between_granting_and_using_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = LinkedInServer(taken="another", rotates=True)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with vendor(api) as server:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                followers(inside(server.url, tmp_path))
        assert followers(inside(server.url, tmp_path)) == 4321
    assert len(api.grants) == 1


def test_two_runs_at_once_spend_a_refresh_token_once(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", rotates=True)
    both_refused = threading.Barrier(2, timeout=20)

    def together(asked: Asked) -> Says | None:
        if asked.headers.get("Authorization") == f"Bearer {GIVEN}":
            both_refused.wait()
        return None

    api.says = together
    read: list[int] = []
    with vendor(api) as server:
        threads = [
            threading.Thread(target=lambda: read.append(followers(inside(server.url, tmp_path)))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert read == [4321, 4321]
    assert [form["refresh_token"] for form in api.grants] == [RT0]


def test_a_refused_refresh_token_is_an_auth_error_with_its_cure_and_is_asked_once(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", refresh="another")
    with vendor(api) as server, pytest.raises(AuthFailed, match="sign in again as the page's administrator") as raised:
        followers(inside(server.url, tmp_path))
    assert "invalid_grant" in str(raised.value)
    assert not raised.value.transient
    assert len(api.grants) == 1


def test_a_refused_client_names_the_app(tmp_path: Path) -> None:
    said = Says({"error": "invalid_client", "error_description": "Client authentication failed"}, status=401)
    api = LinkedInServer(taken="another", says=lambda asked: said if "oauth" in asked.path else None)
    with vendor(api) as server, pytest.raises(AuthFailed, match="set client_id and client_secret"):
        followers(inside(server.url, tmp_path))


def test_a_token_endpoint_that_is_down_fails_what_needs_it_for_now_and_nothing_else(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another")
    with vendor(api) as server:
        followers(inside(server.url, tmp_path))
        api.says = lambda asked: Says({"message": "down"}, status=503) if "oauth" in asked.path else None
        late = inside(server.url, tmp_path, now=NOW + timedelta(days=50))
        with closing(opened(late)) as source:
            assert source.read(SNAPSHOTS, None).rows.num_rows == 1
            access = source.access()
        assert access.trouble is not None
        assert "renewing the token failed" in access.trouble
        assert access.ends_on == date(2027, 1, 19)
        with pytest.raises(Unavailable) as raised:
            followers(inside(server.url, tmp_path, now=NOW + timedelta(days=60)))
        assert raised.value.transient
        api.says = lambda asked: None
        assert followers(inside(server.url, tmp_path, now=NOW + timedelta(days=61))) == 4321


def test_a_token_set_by_hand_goes_before_the_one_kept_and_the_rotated_refresh_token_stays(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", rotates=True)
    with vendor(api) as server:
        followers(inside(server.url, tmp_path))
        api.taken = "AQV-set-by-hand"
        assert followers(inside(server.url, tmp_path, secrets={"token": "AQV-set-by-hand"})) == 4321
        assert len(api.grants) == 1
        api.taken = "another"
        assert followers(inside(server.url, tmp_path, secrets={"token": "AQV-set-by-hand"})) == 4321
    assert [form["refresh_token"] for form in api.grants] == [RT0, "AQX-refresh-token-0001"]


def test_a_refresh_token_set_by_hand_begins_anew(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", rotates=True)
    with vendor(api) as server:
        followers(inside(server.url, tmp_path))
        api.taken, api.refresh = "another", "AQX-signed-in-again"
        by_hand = {"token": "AQV-new", "refresh.refresh_token": "AQX-signed-in-again"}
        assert followers(inside(server.url, tmp_path, secrets=by_hand)) == 4321
    assert [form["refresh_token"] for form in api.grants] == [RT0, "AQX-signed-in-again"]


def test_a_store_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another")
    with vendor(api) as server:
        followers(inside(server.url, tmp_path))
        (kept,) = tmp_path.rglob("*.json")
        kept.write_text(kept.read_text().replace("AQV-granted-token-0001", "AQV-of-an-attacker-1"))
        assert followers(inside(server.url, tmp_path)) == 4321
    assert not any("attacker" in str(asked.headers) for asked in server.asked)
    assert len(api.grants) == 2


def test_nothing_is_granted_where_it_could_not_be_kept(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    api = LinkedInServer(taken="another", rotates=True)
    with vendor(api) as server, pytest.raises(Misconfigured, match="folder state"):
        followers(inside(server.url, tmp_path))
    assert api.grants == []


@pytest.mark.parametrize(
    "reply",
    [
        {"token_type": "Bearer"},
        {"access_token": ["AQV-leaky-token-in-a-list"]},
        {"access_token": {"value": "AQV-leaky"}},
        {"access_token": "AQV-leaky\r\nX-Injected: 1"},
        ["AQV-leaky"],
    ],
)
def test_a_reply_without_a_usable_token_is_refused_without_showing_it(reply: Any, tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", says=lambda asked: Says(reply) if "oauth" in asked.path else None)
    with vendor(api) as server, pytest.raises(BadReply) as raised:
        followers(inside(server.url, tmp_path))
    assert "leaky" not in f"{raised.value}{raised.value.__cause__}{raised.value.__context__}"
    assert not list(tmp_path.rglob("*.json"))


def test_no_secret_given_or_granted_reaches_a_log_or_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    api = LinkedInServer(taken="another", rotates=True)
    with vendor(api) as server, caplog.at_level(logging.DEBUG):
        where = inside(server.url, tmp_path)
        with closing(opened(where)) as source:
            source.read(SNAPSHOTS, None)
            echo = f"bad token {api.taken}, {api.refresh}, {RT0}, {SECRETS['refresh.client_secret']}"
            api.says = lambda asked: Says({"message": echo}, status=400)
            with pytest.raises(BadReply) as raised:
                source.read(SNAPSHOTS, None)
    shown = f"{caplog.text}{raised.value}{raised.value.__cause__}{raised.value.__context__}"
    for secret in (*SECRETS.values(), "AQV-granted-token-0001", "AQX-refresh-token-0001"):
        assert secret not in shown
    assert where.redact("AQX-refresh-token-0001") == "[hidden]"


def test_when_somebody_has_to_sign_in_again_is_known_from_the_grant(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another", left=40 * DAY)
    with vendor(api) as server:
        with closing(opened(inside(server.url, tmp_path))) as source:
            source.read(SNAPSHOTS, None)
            asked = len(server.asked)
            probe_free = source.access()
            assert len(server.asked) == asked
        assert (probe_free.renews, probe_free.ends_on) == (True, date(2026, 12, 30))
        # a later grant says how long is left then; using the token has not prolonged it
        api.left = 10 * DAY
        late = NOW + timedelta(days=50)
        with closing(opened(inside(server.url, tmp_path, now=late))) as source:
            probe = source.probe()
    assert (probe.token_renews, probe.token_expires_on) == (True, (late + timedelta(days=10)).date())


def test_before_any_grant_linkedin_is_asked_when_the_sign_in_was(tmp_path: Path) -> None:
    signed_in, ends = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    about = {"active": True, "authorized_at": int(signed_in.timestamp()), "expires_at": int(ends.timestamp())}
    with vendor(LinkedInServer(introspected=about)) as server, closing(opened(inside(server.url, tmp_path))) as source:
        access = source.access()
    assert (access.token_until, access.ends_on) == (ends, date(2027, 1, 10))
    form = parse_qs(server.asked[0].body.decode())
    assert (form["token"], form["client_id"]) == ([GIVEN], [SECRETS["refresh.client_id"]])


def test_where_linkedin_does_not_tell_the_end_is_not_known(tmp_path: Path) -> None:
    with vendor(LinkedInServer()) as server, closing(opened(inside(server.url, tmp_path))) as source:
        access = source.access()
    assert (access.ends_on, access.version) == (None, "202607")
    # it may be older than the first night with it
    assert (access.token_until, access.at_latest) == (NOW + timedelta(days=60), True)


def test_without_refresh_nothing_is_renewed_and_the_refusal_stands(tmp_path: Path) -> None:
    api = LinkedInServer(taken="another")
    settings = LinkedIn(id="linkedin", organization_id="2414183", token=EnvRef(env="T"))
    with vendor(api) as server, closing(build(settings, inside(server.url, tmp_path))) as source:
        with pytest.raises(AuthFailed):
            source.read(SNAPSHOTS, None)
        assert source.access().renews is False
    assert paths(server) == [NETWORK]


def test_the_end_of_a_token_that_nobody_tells_is_counted_from_the_first_night_with_it(tmp_path: Path) -> None:
    settings = LinkedIn(id="linkedin", organization_id="2414183", token=EnvRef(env="T"))

    def ends(days: int, token: str = GIVEN) -> date | None:
        where = inside("http://nowhere.invalid", tmp_path, now=NOW + timedelta(days=days), secrets={"token": token})
        with closing(build(settings, where)) as source:
            access = source.access()
            assert access.at_latest
            return access.ends_on

    last = (NOW + timedelta(days=60)).date()
    assert [ends(0), ends(1), ends(50)] == [last, last, last]
    with closing(build(settings, inside("http://nowhere.invalid", tmp_path, now=NOW + timedelta(days=61)))) as source:
        assert source.access().ends_on is None
    assert ends(55, "AQV-set-by-hand") == (NOW + timedelta(days=115)).date()
    kept = [path.read_text() for path in tmp_path.rglob("*.seen")]
    assert len(kept) == 2
    assert not any(GIVEN in text or "AQV" in text for text in kept)
    for path in tmp_path.rglob("*.seen"):
        path.write_text("nonsense")
    assert ends(57) == (NOW + timedelta(days=117)).date()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "state").write_text("in the way")
    with closing(build(settings, inside("http://nowhere.invalid", tmp_path / "elsewhere"))) as source:
        assert source.access().ends_on is None
