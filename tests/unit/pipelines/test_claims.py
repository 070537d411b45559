"""A run is told of once, by whichever comes first: ``okr run`` or a daemon's sensors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipelines.notices.claims import KEPT, SILENT_NIGHTS, claim, healed, is_news
from pipelines.warehouse.home import Home


def test_of_all_who_ask_one_tells(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: claim(Home(tmp_path), "run-1"), range(16)))
    assert asked.count(True) == 1
    assert claim(Home(tmp_path), "run-2")


def test_claims_do_not_pile_up_and_a_run_id_leads_nowhere_else(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for number in range(KEPT + 3):
        claim(home, f"run-{number}")
    assert len(list((tmp_path / "state" / "told").iterdir())) == KEPT
    assert claim(home, "../../outside")
    assert not (tmp_path.parent / "outside").exists()


def test_where_nothing_can_be_written_it_is_told_rather_than_kept_silent(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    assert claim(Home(tmp_path), "run-1")


def test_the_same_trouble_is_told_once_and_a_week_later_and_again_after_it_was_mended(tmp_path: Path) -> None:
    home = Home(tmp_path)
    nights = [is_news(home, "acme/linkedin (auth)") for _ in range(SILENT_NIGHTS + 2)]
    assert nights == [True, *[False] * SILENT_NIGHTS, True]
    assert is_news(home, "acme/linkedin (auth), acme/web (quota)")
    healed(home)
    assert is_news(home, "acme/linkedin (auth), acme/web (quota)")
    assert [is_news(home, "") for _ in range(2)] == [True, True], "a night that did not publish is told each time"
