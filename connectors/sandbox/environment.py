"""The environment variables by which the demo's client files find the sandbox and its credentials.

What belongs here: names and values of those variables. What does not: setting them, which the caller does.
"""

from __future__ import annotations

import json
from typing import Protocol

import requests

from connectors.sandbox.shop_database import SHOP_DATABASE
from connectors.sandbox.state import Sandbox
from connectors.sandbox.vendors.youtube.analytics import SCOPE, owner_of
from connectors.sandbox.world.brands import FJALLGLAS

ENVIRONMENT_PATH, NOW_PATH = "/sandbox/environment", "/sandbox/now"
_TIMEOUT_SECONDS = 30


class Running(Protocol):
    """A sandbox that listens somewhere."""

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""


def demo_variables(sandbox: Sandbox, url: str) -> dict[str, str]:
    """All of them, with a fresh service-account key whose ``token_uri`` is this sandbox's."""
    key = sandbox.google.create_service_account(token_uri=f"{url}/token")
    owner = sandbox.google.create_user(email=owner_of(FJALLGLAS), scopes=[SCOPE])
    owner |= {"type": "authorized_user", "token_uri": f"{url}/token"}
    return {
        "OKR_SANDBOX_URL": url,
        "OKR_SANDBOX_FJALLGLAS_SITE": f"{url}/sites/fjallglas",
        "OKR_SANDBOX_SKARGARD_SITE": f"{url}/sites/skargard",
        "OKR_SANDBOX_SKARGARD_FEED": f"{url}/sites/skargard/feed/",
        "OKR_DEMO_GOOGLE_KEY": json.dumps(key),
        "OKR_DEMO_LINKEDIN_TOKEN": sandbox.token("linkedin"),
        "OKR_DEMO_META_TOKEN": sandbox.token("meta"),
        "OKR_DEMO_META_APP_SECRET": sandbox.token("meta_app_secret"),
        "OKR_DEMO_YOUTUBE_KEY": sandbox.token("youtube"),
        "OKR_DEMO_YOUTUBE_OWNER": json.dumps(owner),
        "OKR_DEMO_PLAUSIBLE_TOKEN": sandbox.token("plausible"),
        "OKR_DEMO_MATOMO_TOKEN": sandbox.token("matomo"),
        "OKR_DEMO_HUBSPOT_KEY": sandbox.token("hubspot"),
        "OKR_DEMO_HUBSPOT_LINDHS_KEY": sandbox.token("hubspot_lindhs"),
        "OKR_DEMO_MAILCHIMP_KEY": sandbox.token("mailchimp"),
        "OKR_DEMO_BREVO_KEY": sandbox.token("brevo"),
        "OKR_DEMO_THREADS_TOKEN": sandbox.token("threads"),
        # a file in the home folder, which who runs the demo writes there (shop_database.py)
        "OKR_DEMO_SHOP_DATABASE": f"sqlite:///{SHOP_DATABASE}",
    }


def demo_environment(sandbox: str | Running) -> dict[str, str]:
    """The same, asked over HTTP of a running sandbox or of its URL, so that another process can have them too."""
    url = sandbox if isinstance(sandbox, str) else sandbox.url
    reply = requests.post(f"{url.rstrip('/')}{ENVIRONMENT_PATH}", timeout=_TIMEOUT_SECONDS)
    reply.raise_for_status()
    return {str(name): str(value) for name, value in reply.json().items()}
