"""An agency of three clients with csv sources alone, as its files stand on any night. No test lives here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import yaml

from okr_models.periods import add_months
from pipelines.warehouse.home import Home
from tests.csv_home import Row

FIRST_MONTHS = {"alfa": date(2022, 1, 1), "beta": date(2024, 6, 1), "gamma": date(2024, 9, 1)}
"""One has a history that a model can be fitted to, the others what the simple rule is for."""
CLIENTS = tuple(FIRST_MONTHS)
RESTATED_ON, LEFT_ON = "2026-04-10", "2026-08-01"


def months_until(client: str, night: date) -> Iterator[tuple[date, int]]:
    """What the client's own system has counted by ``night``: each month of its history that is over."""
    month, number = FIRST_MONTHS[client], 0
    while add_months(month, 1) <= night:
        yield month, number
        month, number = add_months(month, 1), number + 1


def write_files(home: Home, night: date) -> None:
    """The client files and what their csv files have by then."""
    for folder in (home.clients, home.data):
        folder.mkdir(parents=True, exist_ok=True)
    for place, client in enumerate(CLIENTS):
        rows = ["month,kpi,value"]
        for month, number in months_until(client, night):
            orders = (1000 + 10 * number) * (1 + place / 10) + 50 * (month.month % 4)
            if client == "alfa" and month == date(2026, 1, 1) and night >= date.fromisoformat(RESTATED_ON):
                orders *= 0.9
            rows.append(f"{month:%Y-%m},orders,{orders:.0f}")
            rows.append(f"{month:%Y-%m},members,{200 + 7 * number + place}")
        (home.data / f"{client}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        (home.clients / f"{client}.yaml").write_text(yaml.safe_dump(file_of(client), sort_keys=False), encoding="utf-8")
    if night >= date.fromisoformat(LEFT_ON):
        (home.clients / "gamma.yaml").unlink()


def file_of(client: str) -> Row:
    return {
        "client": client,
        "name": client.capitalize(),
        "language": "sv" if client == "beta" else "en",
        "sources": [{"id": "own", "type": "csv", "path": f"data/{client}.csv"}],
        "kpis": [
            {"id": "orders", "title": "Orders", "kind": "flow", "unit": "orders", "source": "own"},
            {"id": "members", "title": "Members", "kind": "stock", "unit": "members", "source": "own"},
        ],
        "objectives": [
            {
                "id": f"growth_{year}",
                "title": f"Growth {year}",
                "period": f"FY{year}",
                "key_results": [
                    {"id": "orders", "title": "More orders", "kpi": "orders", "target": "+8%"},
                    {"id": "members", "title": "More members", "kpi": "members", "target": "+20%"},
                ][: 2 if client == "alfa" else 1],
            }
            for year in (2025, 2026)
        ],
        "initiatives": [
            {
                "id": "letter",
                "title": "A letter a month",
                "key_result": "growth_2026/orders",
                "kpi": "orders",
                "registered": "2026-02-01",
                "start": "2026-03-01",
                "end": "2026-04-30",
                "smallest_worthwhile_effect": "+5%",
            }
        ],
    }
