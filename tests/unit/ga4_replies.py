"""GA4 as tests need it: a key, a source, and replies in the wire format that Google documents. No test lives here."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.ga4.client import Ga4Client
from connectors.ga4.source import Ga4Source
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context

WEEK = Window(date(2026, 11, 1), date(2026, 11, 19))
PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)  # fmt: skip


def key_text(url: str) -> str:
    """A service account's key whose tokens come from the local server."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "k1",
            "private_key": PRIVATE_KEY,
            "client_email": "okr@p.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{url}/token",
        }
    )


def source(server: Vendor, *, page_rows: int = 250_000, prefix: str = "", sleep: Naps | None = None) -> Ga4Source:
    inside = context(secrets={"credentials": key_text(server.url)}, base_url=server.url + prefix, sleep=sleep)
    client = Ga4Client(context=inside, source="web", property_id="412345678", page_rows=page_rows)
    return Ga4Source(context=inside, reports=client, property_id="412345678")


def report(dimensions: list[str], metrics: list[str], rows: list[list[str]], **extra: Any) -> dict[str, Any]:
    width = len(dimensions)
    return {
        "dimensionHeaders": [{"name": name} for name in dimensions],
        "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in metrics],
        "rows": [
            {
                "dimensionValues": [{"value": value} for value in row[:width]],
                "metricValues": [{"value": value} for value in row[width:]],
            }
            for row in rows
        ],
        "rowCount": len(rows),
        "metadata": {"currencyCode": "SEK", "timeZone": "Europe/Stockholm", "newField": 1},
        "kind": "analyticsData#runReport",
    } | extra


def google(answer: Any) -> Any:
    """Google: a token endpoint, and reports by ``answer(request body)``."""

    def serve(asked: Asked) -> Says:
        if asked.path == "/token":
            return Says({"access_token": "ya29.fresh", "expires_in": 3599, "token_type": "Bearer"})
        said = answer(asked.json())
        return said if isinstance(said, Says) else Says(said)

    return serve


def answer_all(body: dict[str, Any]) -> dict[str, Any]:
    """Rows for whatever is asked: constant figures, one row a day and page."""
    names = [dimension["name"] for dimension in body.get("dimensions", [])]
    metrics = [metric["name"] for metric in body["metrics"]]
    start, end = (date.fromisoformat(body["dateRanges"][0][edge]) for edge in ("startDate", "endDate"))
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)] if "date" in names else [start]
    keys = [
        [f"{day:%Y%m%d}", *extra]
        for day in days
        for extra in ([["w.se", "/"], ["w.se", "/å"]] if len(names) == 3 else [[]])
    ]
    rows = [[*(key if names else []), *("7" for _ in metrics)] for key in keys]
    first = int(body.get("offset", 0))
    page = rows[first : first + int(body["limit"])]
    return report(names, metrics, page, rowCount=len(rows))
