"""A run is told of once, by whichever comes first: ``okr run`` or a daemon's sensors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import sensors
from pipelines.cli.night import told_by_hand
from pipelines.notices import send, text
from pipelines.notices.claims import KEPT, SILENT_NIGHTS, claim, forget_last, is_news
from pipelines.notices.send import Messenger, NotSent
from pipelines.notices.text import Notice
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
    forget_last(home)
    assert is_news(home, "acme/linkedin (auth), acme/web (quota)")
    assert [is_news(home, "") for _ in range(2)] == [True, True], "a night that did not publish is told each time"


@pytest.mark.parametrize("content", ["", "[]", "null", '{"key": "a"}', '{"key": "a", "repeated": "many"}', '{"key'])
def test_a_record_that_is_not_as_written_makes_it_news(tmp_path: Path, content: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "last_notice.json").write_text(content, encoding="utf-8")
    assert is_news(Home(tmp_path), "a")
    assert not is_news(Home(tmp_path), "a")


@pytest.mark.parametrize(("ways", "told"), [({"mail": False}, 2), ({"mail": False, "webhook": True}, 1)])
def test_a_notice_that_went_nowhere_is_tried_again_the_next_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: dict[str, bool], told: int
) -> None:
    tried: list[str] = []

    def way(name: str, goes: bool) -> Messenger:
        def messenger(_: Notice) -> None:
            tried.append(name)
            if not goes:
                raise NotSent(way=name, why="the server answered 503")

        return messenger

    monkeypatch.setattr(send, "messengers_of", lambda _: {name: way(name, goes) for name, goes in ways.items()})
    monkeypatch.setattr(text, "notice_of", lambda _: Notice(subject="s", text="t", key="acme/linkedin (auth)"))
    monkeypatch.setattr(sensors, "summary_of", lambda *_: None)
    for night in ("run-1", "run-2"):
        run = SimpleNamespace(run_id=night)
        told_by_hand(Home(tmp_path), SimpleNamespace(get_run_by_id=lambda _: None), run, environ={})
    assert tried.count("mail") == told
