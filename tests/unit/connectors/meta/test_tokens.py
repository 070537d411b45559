"""Meta's tokens renewed over the wire, of an app that asks for proof of its secret with every call.

Really under test: ``connectors.meta.tokens`` through the Facebook page's own source.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path

from connectors.core.protocol import Source
from connectors.core.token_store import TokenStore
from connectors.meta.facebook_page import SNAPSHOTS, build
from connectors.meta.settings import FacebookPage
from okr_models.client.sources import EnvRef, Refresh
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, vendor

APP_SECRET, GIVEN = "0123456789abcdef0123456789abcdef", "EAAgivenusertoken"
SECRETS = {
    "token": GIVEN,
    "app_secret": APP_SECRET,
    "refresh.client_id": "1234567",
    "refresh.client_secret": APP_SECRET,
    "refresh.refresh_token": GIVEN,
}


def strict(asked: Asked) -> Says:
    """Meta for an app with "Require app secret": no token without its proof; the given one ends in five days."""
    if asked.path == "/v26.0/oauth/access_token":
        return Says({"access_token": "EAAnewusertoken", "token_type": "bearer", "expires_in": 5_184_000})
    token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
    proof = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    if asked.query.get("appsecret_proof") != proof:
        message = "API calls from the server require an appsecret_proof argument"
        return Says({"error": {"message": message, "type": "GraphMethodException", "code": 100}}, status=400)
    if asked.path == "/v26.0/debug_token":
        days = {"issued_at": -55, "expires_at": 5}
        told = {name: int((NOW + timedelta(days=number)).timestamp()) for name, number in days.items()}
        return Says({"data": {"is_valid": True, **told}})
    if asked.query["fields"] == "access_token":
        return Says({"access_token": "EAAownpagetoken", "id": "7"})
    return Says({"id": "7", "name": "Page", "followers_count": 64})


def opened(server: Vendor, home: Path) -> Source:
    named = EnvRef(env="S")
    given = Refresh(client_id=named, client_secret=named, refresh_token=named)
    settings = FacebookPage(id="fb", page_id="7", token=named, app_secret=named, refresh=given)
    store = TokenStore(home)
    return build(settings, context(secrets=SECRETS, base_url=server.url, sleep=Naps(), tokens=store))


def test_an_app_that_asks_for_proof_gets_it_with_the_calls_that_renew_a_token_too(tmp_path: Path) -> None:
    with vendor(strict) as server:
        source = opened(server, tmp_path)
        (row,) = source.read(SNAPSHOTS, None).rows.to_pylist()
        last = server.asked[-1]
    assert row["followers"] == 64
    assert last.headers["Authorization"] == "Bearer EAAownpagetoken"
    assert source.access().trouble is None
