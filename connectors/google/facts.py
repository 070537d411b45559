"""What Google's APIs share before anything is read: how a service account is made and its key renewed."""

from __future__ import annotations

MENDED_AT = "console.cloud.google.com: IAM & Admin, Service accounts, the account, Keys, Add key, JSON"


def key_step(api: str) -> str:
    """How a service account's key is made, for the docs. ``api`` is the API to enable."""
    return (
        f"Make a service account and a JSON key for it, with the {api} enabled in its project: "
        "[A first client](../first-client.md)."
    )
