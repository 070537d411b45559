"""Google's side of OAuth: service accounts with their public keys, assertions checked for real, access tokens.

What belongs here: making a key, verifying a signed assertion, issuing and looking up tokens. What does not: HTTP
(``google/oauth.py``) and what a token may read (each Google vendor).
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GOOGLE_TOKEN_AUDIENCE = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
"""Audience that google-auth writes into every assertion, whatever the key's ``token_uri``."""
LIFETIME_SECONDS = 3600
_SKEW_SECONDS = 300


class InvalidGrant(Exception):
    """An assertion or refresh token that Google would refuse; ``description`` as Google words it."""

    def __init__(self, description: str) -> None:
        self.description = description
        super().__init__(description)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a bearer token stands for."""

    holder: str
    scopes: frozenset[str]
    expires_at: float


@cache
def _private_key() -> rsa.RSAPrivateKey:
    """Made once a process, which takes a tenth of a second: accounts are told apart by their key's id."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _segment(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@dataclass(slots=True, kw_only=True)
class GoogleAccounts:
    """Service accounts and users known to one sandbox. Safe to use from many threads."""

    wall_clock: Callable[[], float]
    _keys: dict[str, tuple[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    _tokens: dict[str, AccessToken] = field(default_factory=dict)
    _refresh: dict[str, tuple[str, str, str, frozenset[str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create_service_account(self, *, token_uri: str, name: str = "okr-demo") -> dict[str, str]:
        """A new account; the returned key, in the form of Google's JSON key file, is not kept."""
        private = _private_key()
        key_id, project = secrets.token_hex(20), "okr-sandbox"
        email = f"{name}@{project}.iam.gserviceaccount.com"
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with self._lock:
            self._keys[key_id] = (email, private.public_key())
        return {
            "type": "service_account",
            "project_id": project,
            "private_key_id": key_id,
            "private_key": pem.decode(),
            "client_email": email,
            "client_id": str(int(key_id[:15], 16)),
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }

    def create_user(self, *, email: str, scopes: Iterable[str]) -> dict[str, str]:
        """A user's consent: what a client file's ``refresh`` needs."""
        given = {
            "client_id": f"{secrets.token_hex(8)}.apps.googleusercontent.com",
            "client_secret": secrets.token_urlsafe(18),
            "refresh_token": f"1//{secrets.token_urlsafe(32)}",
        }
        with self._lock:
            self._refresh[given["refresh_token"]] = (
                given["client_id"], given["client_secret"], email, frozenset(scopes),
            )  # fmt: skip
        return given

    def revoke_keys(self) -> None:
        """Delete every service account key and token, as an administrator would."""
        with self._lock:
            self._keys.clear()
            self._tokens.clear()
            self._refresh.clear()

    def verify_assertion(self, assertion: str, *, audiences: Iterable[str]) -> tuple[str, dict[str, Any]]:
        """The account and the claims of a signed JWT; raises ``InvalidGrant`` in Google's words."""
        parts = assertion.split(".")
        try:
            header, claims = json.loads(_segment(parts[0])), json.loads(_segment(parts[1]))
            signature = _segment(parts[2])
        except (IndexError, ValueError, binascii.Error) as error:
            raise InvalidGrant("Invalid JWT: Failed to decode.") from error
        with self._lock:
            known = self._keys.get(str(header.get("kid")))
        if known is None or known[0] != claims.get("iss"):
            raise InvalidGrant("Invalid grant: account not found")
        if header.get("alg") != "RS256":
            raise InvalidGrant("Invalid JWT: unsupported algorithm.")
        try:
            known[1].verify(signature, f"{parts[0]}.{parts[1]}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise InvalidGrant("Invalid JWT Signature.") from error
        if str(claims.get("aud") or "") not in set(audiences):
            raise InvalidGrant("Invalid JWT: audience is not the token endpoint.")
        self._check_time(claims)
        return known[0], claims

    def _check_time(self, claims: dict[str, Any]) -> None:
        now = self.wall_clock()
        issued, expires = float(claims.get("iat", 0)), float(claims.get("exp", 0))
        in_time = issued - _SKEW_SECONDS <= now <= expires + _SKEW_SECONDS
        if not in_time or expires - issued > LIFETIME_SECONDS:
            raise InvalidGrant(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
                " Check your iat and exp values in the JWT claim."
            )

    def issue(self, *, holder: str, scopes: Iterable[str]) -> str:
        """A new access token, good for an hour."""
        value = f"ya29.c.{secrets.token_urlsafe(48)}"
        with self._lock:
            self._tokens[value] = AccessToken(
                holder=holder, scopes=frozenset(scopes), expires_at=self.wall_clock() + LIFETIME_SECONDS
            )
        return value

    def refresh(self, *, client_id: str, client_secret: str, refresh_token: str) -> tuple[str, frozenset[str]]:
        """Holder and scopes of a refresh token; raises ``InvalidGrant``."""
        with self._lock:
            known = self._refresh.get(refresh_token)
        if known is None or not secrets.compare_digest(known[1], client_secret) or known[0] != client_id:
            raise InvalidGrant("Token has been expired or revoked.")
        return known[2], known[3]

    def rotate(self, refresh_token: str) -> str:
        """Another refresh token in place of a person's; the old one is dead."""
        new = f"1//{secrets.token_urlsafe(32)}"
        with self._lock:
            self._refresh[new] = self._refresh.pop(refresh_token)
        return new

    def bearer(self, value: str, *, jwt_audience: str) -> AccessToken | None:
        """What a bearer token stands for: an issued one that still lives, or a self-signed JWT for this API.

        A self-signed JWT names either the API as its audience or its scopes; Google takes both.
        """
        with self._lock:
            token = self._tokens.get(value)
        if token is not None:
            return token if token.expires_at > self.wall_clock() else None
        if value.count(".") != 2 or value.startswith("ya29."):
            return None
        try:
            holder, claims = self.verify_assertion(value, audiences=[jwt_audience, ""])
        except InvalidGrant:
            return None
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not claims.get("aud") and not scopes:
            return None
        return AccessToken(holder=holder, scopes=scopes, expires_at=float(claims["exp"]))
