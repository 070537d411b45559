"""Renewal against the sandbox's token endpoints through the registry and whole nights: LinkedIn, Meta, Google.

Really under test: ``connectors.meta.tokens``, ``connectors.linkedin.tokens`` and ``connectors.google.auth`` with the
pipeline's own reading, in the vendors' wire formats, by the sandbox's virtual clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import AuthFailed
from connectors.core.protocol import Source
from connectors.core.secrets import build_context
from connectors.linkedin.settings import LinkedIn
from connectors.meta.settings import FacebookPage, Instagram
from connectors.registry import SOURCE_TYPES, open_source
from connectors.sandbox.faults import AuthReject, Status, TokenRotates
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.vendors.linkedin import oauth as linkedin_oauth
from connectors.sandbox.vendors.meta import oauth as meta_oauth
from connectors.sandbox.world import five_in_stockholm
from connectors.youtube.settings import YouTube
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef, Refresh, SourceSettings
from okr_models.periods import Window
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema
from tests.fake_vendor import STOCKHOLM, Naps
from tests.fault_rig import open_awake

TODAY = date(2026, 11, 20)
URL = EnvRef(env="OKR_SANDBOX_URL")
REFRESH = Refresh(client_id=EnvRef(env="ID"), client_secret=EnvRef(env="SECRET"), refresh_token=EnvRef(env="RT"))
LIFE = timedelta(days=60)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as running:
        yield running


def settings_of(kind: str) -> SourceSettings:
    token: dict[str, Any] = {"token": EnvRef(env="TOKEN"), "refresh": REFRESH, "base_url": URL, "id": "under"}
    proof = {"app_secret": EnvRef(env="OKR_DEMO_META_APP_SECRET")}
    match kind:
        case "linkedin":
            return LinkedIn(organization_id="2414183", **token)
        case "facebook_page":
            return FacebookPage(page_id="101234567890123", **token, **proof)
        case _:
            return Instagram(account_id="17841400000000001", **token, **proof)


def secrets_of(kind: str, server: SandboxServer) -> dict[str, str]:
    """What the client file's variables hold; ``login`` is Instagram Login."""
    sandbox, environ = server.sandbox, server.environment()
    if kind == "linkedin":
        client = {"ID": linkedin_oauth.CLIENT_ID, "SECRET": linkedin_oauth.CLIENT_SECRET}
        own = {"TOKEN": sandbox.token("linkedin"), "RT": sandbox.tokens.refresh_token("linkedin")}
    else:
        client = {"ID": meta_oauth.CLIENT_ID, "SECRET": sandbox.token("meta_app_secret")}
        token = sandbox.token("instagram_login" if kind == "login" else "meta")
        own = {"TOKEN": token, "RT": token}
    return {**environ, **client, **own}


BOOK = {"linkedin": "linkedin", "facebook_page": "meta", "instagram": "meta", "login": "instagram_login"}
OAUTH = {"linkedin": "linkedin_oauth", "facebook_page": "meta_oauth", "instagram": "meta_oauth", "login": "meta_oauth"}
KINDS = tuple(BOOK)


def opened(kind: str, environ: Mapping[str, str], home: Path, *, today: date = TODAY) -> Source:
    settings = settings_of(kind)
    inside = build_context(
        settings, client="fjallglas", client_zone=STOCKHOLM, now=five_in_stockholm(today), home=home,
        environ=environ, sleep=Naps(),
    )  # fmt: skip
    return open_source(settings, inside)


def followers(kind: str, environ: Mapping[str, str], home: Path, server: SandboxServer, *, today: date = TODAY) -> int:
    server.set_today(today)
    with closing(opened(kind, environ, home, today=today)) as source:
        snapshots = SOURCE_TYPES[settings_of(kind).type].stream("follower_snapshots")
        return int(source.read(snapshots, None).rows.column("followers")[0].as_py())


def kept(home: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((home / "state" / "tokens").glob("*.json"))]


def oauth_calls(server: SandboxServer, kind: str) -> int:
    return len(server.calls.of(vendor=OAUTH[kind]))


def ends(kind: str, server: SandboxServer, environ: Mapping[str, str], at: datetime) -> None:
    server.sandbox.tokens.end(BOOK[kind], environ["TOKEN"], at=at)


@pytest.mark.parametrize("kind", ["facebook_page", "instagram"])
def test_facebook_logins_token_is_exchanged_in_its_last_days_while_it_still_lives(
    kind: str, server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of(kind, server)
    ends(kind, server, environ, five_in_stockholm(TODAY + timedelta(days=30)))
    assert followers(kind, environ, tmp_path, server) > 0
    assert (oauth_calls(server, kind), kept(tmp_path)) == (0, [])
    late = TODAY + timedelta(days=25)
    assert followers(kind, environ, tmp_path, server, today=late) > 0
    assert oauth_calls(server, kind) == 1
    (entry,) = kept(tmp_path)
    assert entry["access_token"].startswith("EAAPage-" if kind == "facebook_page" else "EAA")
    assert entry["refresh_token"].startswith("EAAsandbox")
    # a page's own token, made of a user's, does not end; the user's does
    assert (entry["expires_at"] is None) == (kind == "facebook_page")
    assert followers(kind, environ, tmp_path, server, today=TODAY + timedelta(days=40)) > 0
    assert oauth_calls(server, kind) == 1


def test_instagram_logins_token_is_renewed_at_once_since_only_that_says_when_it_ends(
    server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of("login", server)
    assert followers("login", environ, tmp_path, server) > 0
    assert oauth_calls(server, "login") == 1
    assert followers("login", environ, tmp_path, server, today=TODAY + timedelta(days=1)) > 0
    assert oauth_calls(server, "login") == 1
    late = TODAY + timedelta(days=50)
    assert followers("login", environ, tmp_path, server, today=late) > 0
    assert oauth_calls(server, "login") == 2
    with closing(opened("login", environ, tmp_path, today=late)) as source:
        assert source.access().token_until == five_in_stockholm(late) + LIFE
    calls = server.calls.of(vendor="meta_oauth")
    assert {call.path for call in calls} == {"/refresh_access_token"}


def test_an_instagram_token_younger_than_a_day_is_used_as_it_is_and_renewed_the_next_night(
    server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of("login", server)
    young = server.sandbox.tokens.grant(
        "instagram_login", now=five_in_stockholm(TODAY) - timedelta(hours=2), lives=LIFE, prefix="IGAA"
    )
    environ |= {"TOKEN": young.value, "RT": young.value}
    assert followers("login", environ, tmp_path, server) > 0
    assert kept(tmp_path) == []
    with closing(opened("login", environ, tmp_path)) as source:
        followed = source.read(SOURCE_TYPES["instagram"].stream("follower_snapshots"), None)
        assert followed.rows.num_rows == 1
        assert "24 hours old" in str(source.access().trouble)
    assert followers("login", environ, tmp_path, server, today=TODAY + timedelta(days=1)) > 0
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("kind", ["instagram", "login"])
def test_a_token_of_metas_that_has_ended_can_not_be_renewed_and_the_cure_is_to_sign_in(
    kind: str, server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of(kind, server)
    ends(kind, server, environ, five_in_stockholm(TODAY) - timedelta(days=1))
    with pytest.raises(AuthFailed, match="sign in again, make a new long-lived token"):
        followers(kind, environ, tmp_path, server)
    assert kept(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [AuthReject(reason="expired"), AuthReject(reason="revoked")], ids=lambda f: f.reason)
def test_a_refused_renewal_is_an_auth_error_where_the_token_is_dead_and_told_where_it_lives(
    kind: str, fault: AuthReject, server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of(kind, server)
    server.faults.set(vendor=OAUTH[kind], fault=fault)
    if kind == "linkedin":
        ends(kind, server, environ, five_in_stockholm(TODAY) - timedelta(days=1))
        with pytest.raises(AuthFailed, match="sign in again"):
            followers(kind, environ, tmp_path, server)
        return
    ends(kind, server, environ, five_in_stockholm(TODAY + timedelta(days=5)))
    with closing(opened(kind, environ, tmp_path)) as source:
        access = source.access()
    assert "sign in again" in str(access.trouble)
    if kind != "login":
        assert access.ends_on == TODAY + timedelta(days=5)


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_that_rotate_are_followed_for_a_year_of_nights(kind: str, server: SandboxServer, tmp_path: Path) -> None:
    environ = secrets_of(kind, server)
    server.faults.set(vendor=OAUTH[kind], fault=TokenRotates())
    ends(kind, server, environ, five_in_stockholm(TODAY) + timedelta(days=10))
    for days in range(0, 180, 9):
        assert followers(kind, environ, tmp_path, server, today=TODAY + timedelta(days=days)) > 0
    if kind == "facebook_page":
        assert oauth_calls(server, kind) == 1
    else:
        assert 3 <= oauth_calls(server, kind) <= 6
    assert len(kept(tmp_path)) == 1


def test_google_may_give_another_refresh_token_which_is_kept_and_used_from_then_on(
    server: SandboxServer, tmp_path: Path
) -> None:
    environ = server.environment()
    owner = json.loads(environ["OKR_DEMO_YOUTUBE_OWNER"])
    settings = YouTube(
        id="under", channel_id="UCfjallglas0000000000000", api_key=EnvRef(env="OKR_DEMO_YOUTUBE_KEY"),
        credentials=EnvRef(env="OKR_DEMO_YOUTUBE_OWNER"), base_url=URL,
    )  # fmt: skip
    server.faults.set(vendor="google_oauth", fault=TokenRotates(), calls=2)
    spent: list[str] = []
    for _ in range(3):
        inside = build_context(
            settings, client="fjallglas", client_zone=STOCKHOLM, now=five_in_stockholm(TODAY), home=tmp_path,
            environ=environ, sleep=Naps(),
        )  # fmt: skip
        with closing(open_source(settings, inside)) as source:
            changes = SOURCE_TYPES["youtube"].stream("follower_changes_daily")
            window = Window(TODAY - timedelta(days=9), TODAY - timedelta(days=5))
            assert source.read(changes, window).rows.num_rows == 5
        (entry,) = kept(tmp_path)
        spent.append(entry["refresh_token"])
    assert owner["refresh_token"] not in spent
    assert spent[0] != spent[1] == spent[2]


def nights(home: Path, environ: Mapping[str, str], server: SandboxServer, *days: date) -> tuple[Load, ...]:
    settings = settings_of("linkedin").model_copy(update={"start": date(2026, 11, 10)})
    client = Client(client="fjallglas", name="Fjällglas", sources=(settings,))
    with closing(connect(Home(home))) as con:
        ensure_schema(con)
        for day in days:
            server.set_today(day)
            ingest(
                con=con, clients=(client,), home=Home(home), environ=environ, clock=fixed_clock(day),
                run_id=f"night-{day}", deliveries=frozenset({"snapshot", "window", "listing"}), open_source=open_awake,
            )  # fmt: skip
        return ledger.read(con)


def test_a_night_with_an_expired_token_renews_it_once_for_all_streams_and_leaves_no_secret_behind(
    server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of("linkedin", server)
    server.faults.set(vendor="linkedin_oauth", fault=TokenRotates())
    ends("linkedin", server, environ, five_in_stockholm(TODAY))
    loads = nights(tmp_path, environ, server, TODAY - timedelta(days=1), TODAY)
    assert {load.status for load in loads} == {"loaded"}
    assert oauth_calls(server, "linkedin") == 1
    (entry,) = kept(tmp_path)
    secrets = [environ[name] for name in ("TOKEN", "RT", "SECRET")] + [entry["access_token"], entry["refresh_token"]]
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and "tokens" not in path.parts]
    assert outside
    for path in outside:
        assert not any(secret.encode() in path.read_bytes() for secret in secrets), path


def test_a_night_whose_renewal_fails_for_now_is_failed_as_unavailable_and_heals(
    server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of("linkedin", server)
    ends("linkedin", server, environ, five_in_stockholm(TODAY))
    server.faults.set(vendor="linkedin_oauth", fault=Status(code=503))
    loads = nights(tmp_path, environ, server, TODAY)
    assert {(load.status, load.error_class) for load in loads} == {("failed", "unavailable")}
    server.faults.clear()
    healed = nights(tmp_path, environ, server, TODAY)[len(loads) :]
    assert {load.status for load in healed} == {"loaded"}


def test_metas_proof_is_that_of_the_token_in_use_and_is_sent_with_every_call(
    server: SandboxServer, tmp_path: Path
) -> None:
    environ = secrets_of("instagram", server)
    ends("instagram", server, environ, five_in_stockholm(TODAY) + timedelta(days=5))
    # the sandbox refuses a proof of another token, so that reading at all shows it
    assert followers("instagram", environ, tmp_path, server) > 0
    (entry,) = kept(tmp_path)
    assert entry["access_token"] != environ["TOKEN"]
    environ["OKR_DEMO_META_APP_SECRET"] = "0123456789abcdef"
    with pytest.raises(Exception, match="app_secret"):
        followers("instagram", environ, tmp_path, server)


def test_the_store_is_dated_by_the_programs_clock(server: SandboxServer, tmp_path: Path) -> None:
    environ = secrets_of("login", server)
    followers("login", environ, tmp_path, server)
    (entry,) = kept(tmp_path)
    assert datetime.fromisoformat(entry["obtained_at"]) == five_in_stockholm(TODAY).astimezone(UTC)
