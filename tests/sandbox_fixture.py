"""Ways into a running sandbox that several tests share: a server, an authorised GA4 client, LinkedIn's headers."""

from __future__ import annotations

import json
from typing import Any

import requests
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from connectors.google.auth import KeyToken
from connectors.sandbox.environment import demo_environment
from connectors.sandbox.server import SandboxServer

READONLY = "https://www.googleapis.com/auth/analytics.readonly"
FJALLGLAS, SKARGARD = "412345678", "423456789"


def google_credentials(server: SandboxServer, *, scope: str = READONLY) -> service_account.Credentials:
    """Real service-account credentials, whose token comes from the sandbox's endpoint."""
    key = json.loads(demo_environment(server)["OKR_DEMO_GOOGLE_KEY"])
    return service_account.Credentials.from_service_account_info(key, scopes=[scope])


def ga4_client(server: SandboxServer) -> BetaAnalyticsDataClient:
    """The official client, over REST; its tokens come from the sandbox's token endpoint and from nowhere else."""
    return BetaAnalyticsDataClient(
        transport="rest", credentials=KeyToken(google_credentials(server)), client_options={"api_endpoint": server.url}
    )


def google_bearer(server: SandboxServer, *, scope: str = READONLY) -> str:
    """An access token from the sandbox's token endpoint."""
    credentials = google_credentials(server, scope=scope)
    credentials.refresh(Request())
    return str(credentials.token)


class Ga4Http:
    """GA4 without a client, for what a client hides."""

    def __init__(self, server: SandboxServer) -> None:
        self.server, self.token = server, google_bearer(server)

    def post(
        self, body: object, *, method: str = "runReport", property_id: str = FJALLGLAS, token: str | None = None
    ) -> requests.Response:
        """One call; ``token`` "" sends no credential."""
        given = self.token if token is None else token
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        url = f"{self.server.url}/v1beta/properties/{property_id}:{method}"
        return requests.post(url, json=body, headers=headers, timeout=60)

    def rows(self, body: object) -> list[dict[str, Any]]:
        """Rows of a report that must succeed."""
        reply = self.post(body)
        assert reply.status_code == 200, reply.text
        rows: list[dict[str, Any]] = reply.json().get("rows", [])
        return rows


def linkedin_headers(server: SandboxServer, **changed: str | None) -> dict[str, str]:
    """Headers of a good call; a change to None leaves one out."""
    headers: dict[str, str | None] = {
        "Authorization": f"Bearer {server.sandbox.token('linkedin')}",
        "LinkedIn-Version": "202607",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in headers.items() if value is not None}
