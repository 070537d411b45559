"""Which tokens Meta's sandbox takes, and how it refuses one: shared by the Graph API and the token endpoints."""

from __future__ import annotations

from datetime import datetime

from connectors.sandbox.state import Sandbox
from connectors.sandbox.token_book import State
from connectors.sandbox.vendors.meta.common import MetaError

LOGINS = ("meta", "instagram_login")
_TOKENS: dict[str, tuple[int, int | None, str]] = {
    "empty": (104, None, "An access token is required to request this resource."),
    "invalid": (190, None, "Invalid OAuth access token - Cannot parse access token"),
    "expired": (190, 463, "Error validating access token: Session has expired. The session cannot be refreshed."),
    "revoked": (190, 458, "Error validating access token: The user has not authorized application 1029384756."),
}


def token_error(reason: str) -> MetaError:
    """Graph's error for a token that is refused."""
    code, subcode, message = _TOKENS[reason]
    return MetaError(code, message, subcode=subcode)


def token_state(sandbox: Sandbox, value: str, *, now: datetime) -> State:
    """Whether a token of either login is taken."""
    states = [sandbox.tokens.state(login, value, now=now) for login in LOGINS]
    return next((state for state in states if state != "invalid"), "invalid")
