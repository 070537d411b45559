"""What okr status says of a night that was not published, in the language of those who read it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.template import client_template
from pipelines.cli.status import held_up_text, one_language
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.home import Home
from pipelines.warehouse.refused import record_refusal


def home_with(root: Path, *languages: str) -> Home:
    (root / "clients").mkdir()
    for number, language in enumerate(languages):
        text = client_template(f"c{number}", types=SETTINGS).replace("language: sv", f"language: {language}")
        (root / "clients" / f"c{number}.yaml").write_text(text, encoding="utf-8")
    home = Home(root)
    record_refusal(
        home,
        table="marts.kpi_daily",
        reasons=[
            "check grain failed (2 rows, first client acme)",
            "check not_null failed (1 row, first day 2026-11-19)",
            "check freshness could not be run (RuntimeError)",
        ],
        run_id="r",
        at=datetime(2026, 11, 20, 4, tzinfo=UTC),
    )
    return home


@pytest.mark.parametrize(
    ("languages", "first", "reasons"),
    [
        (
            ["sv", "sv"],
            "Natten 2026-11-20 publicerades inte",
            [
                "kontrollen grain slog fel (2 rader, först client acme)",
                "kontrollen not_null slog fel (1 rad, först day 2026-11-19)",
                "kontrollen freshness gick inte att köra",
            ],
        ),
        (["sv", "en"], "The night of 2026-11-20 was not published", ["check grain failed (2 rows, first client acme)"]),
        ([], "The night of 2026-11-20 was not published", ["check freshness could not be run (RuntimeError)"]),
    ],
)
def test_it_is_swedish_where_every_reader_reads_swedish(
    tmp_path: Path, languages: list[str], first: str, reasons: list[str]
) -> None:
    home = home_with(tmp_path, *languages)
    said = " ".join(held_up_text(home, language=one_language(load_clients(home).clients)).split())
    assert first in said
    for reason in reasons:
        assert f"marts.kpi_daily: {reason}" in said
