"""What was met stays met: the same post, by its id or its address, under the same condition and in its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from okr_models.client.targets import Condition
from okr_models.progress.figures import Met
from okr_models.progress.items import JudgedItem, stay_met, told_apart
from tests.unit.okr_figures import blog_post, evaluated, figures_of, key_result

PUBLISHED = date(2026, 8, 3)
WANTED = (Condition(metric="page_views", at_least=500, within_days=90),)
NOW = JudgedItem(
    item_id="1", title="T", url="https://www.acme.se/blogg/ny/", published_at=None, published_on=PUBLISHED, value=3.0,
    threshold=500.0, outcome="missed", decided_on=date(2026, 10, 31),
)  # fmt: skip
THEN = Met(
    objective="o", key_result="posts", item_id="1", url="https://www.acme.se/blogg/gammal/", value=900.0,
    threshold=500.0, decided_on=date(2026, 9, 21), since=date(2026, 9, 22),
)  # fmt: skip


def stays_met(item: JudgedItem, met: list[Met], conditions: tuple[Condition, ...]) -> JudgedItem:
    return stay_met([item], met, conditions)[0]


def test_a_post_that_was_met_stays_met_with_its_day_and_value() -> None:
    kept = stays_met(NOW, [THEN], WANTED)
    assert (kept.outcome, kept.value, kept.decided_on) == ("met", 900.0, date(2026, 9, 21))


def test_another_id_at_the_same_address_is_the_same_post() -> None:
    renamed = replace(THEN, item_id="guid", url="http://acme.se/blogg/ny")
    assert stays_met(NOW, [renamed], WANTED).outcome == "met"


def test_one_met_now_keeps_the_first_day_on_which_it_was() -> None:
    now = replace(NOW, outcome="met", value=950.0, decided_on=date(2026, 10, 1))
    assert stays_met(now, [THEN], WANTED) == replace(now, decided_on=date(2026, 9, 21))


@pytest.mark.parametrize(
    "other",
    [
        replace(THEN, item_id="2"),
        replace(THEN, threshold=400.0),
        replace(THEN, decided_on=date(2026, 11, 1)),
    ],
)
def test_another_post_another_threshold_and_a_day_after_its_time_say_nothing(other: Met) -> None:
    assert stays_met(NOW, [other], WANTED) is NOW


def other(item_id: str, url: str, **changed: Any) -> JudgedItem:
    return replace(NOW, item_id=item_id, url=f"https://www.acme.se/{url}", **changed)


def outcomes(items: list[JudgedItem], *met: Met) -> list[str]:
    return [item.outcome for item in stay_met(items, met, WANTED)]


def test_of_two_posts_that_exchange_their_addresses_the_one_that_was_met_stays_it() -> None:
    assert outcomes([other("1", "blogg/ny/"), other("2", "blogg/gammal/")], THEN) == ["met", "missed"]


def test_a_post_published_anew_at_the_address_of_one_that_is_gone_is_not_met_by_it() -> None:
    at = replace(THEN, item_id="7", url=NOW.url)
    assert stays_met(NOW, [at], WANTED).outcome == "met"
    assert stays_met(replace(NOW, published_on=date(2026, 10, 1)), [at], WANTED).outcome == "missed"


def test_of_two_sites_with_posts_of_one_id_the_one_at_its_address_was_met() -> None:
    sites = [other("1", "butik/a/"), other("1", "blogg/gammal/")]
    assert outcomes(sites, THEN) == ["missed", "met"]
    assert outcomes(sites, THEN, replace(THEN, url="https://acme.se/butik/a")) == ["met", "met"]


def test_plain_permalinks_are_no_address_that_two_posts_share() -> None:
    assert outcomes([other("2", "?p=2")], replace(THEN, url="https://www.acme.se/?p=1")) == ["missed"]


def test_of_posts_that_only_their_queries_tell_apart_no_other_is_met_by_one_that_is_gone() -> None:
    gone = replace(THEN, item_id="7", url="https://www.acme.se/visa?id=7&utm_source=rss")
    assert outcomes([other("8", "visa?id=8"), other("9", "visa?id=9")], gone) == ["missed", "missed"]
    assert outcomes([other("8", "visa?id=8"), other("guid", "visa/?ref=mail&id=7")], gone) == ["missed", "met"]
    assert outcomes([other("8", "visa?p=8&s=1"), other("9", "visa?s=1&p=7")], gone) == ["missed", "missed"]
    # a campaign's litter names nothing, and a path without a query is told by itself
    assert outcomes([other("8", "visa?utm_medium=x#a")], gone) == ["met"]


def test_of_two_blogs_posts_with_one_id_the_later_ones_id_says_whose_it_is() -> None:
    items = [other("1", "a/", source="blog"), other("2", "b/", source="blog"), other("1", "c/", source="shop")]
    assert [item.item_id for item in told_apart(items)] == ["1", "2", "shop:1"]
    assert told_apart(items[1:]) == tuple(items[1:])


def test_two_blogs_that_number_their_posts_alike_are_counted_side_by_side() -> None:
    posts = [blog_post("1", date(2026, 5, 1), [600.0]), blog_post("1", date(2026, 6, 1), [700.0], source_id="shop")]
    asked = key_result(count="blog_posts", where={"page_views": {"at_least": 500, "within_days": 90}}, target=10)
    items = evaluated(asked, figures_of(posts=posts)).prepared.items
    assert [(item.item_id, item.value) for item in items] == [("1", 600.0), ("shop:1", 700.0)]


def test_what_was_met_under_an_id_that_says_whose_it_is_stays_met_at_another_address() -> None:
    sites = [other("1", "a/", source="blog"), other("1", "c/", source="shop")]
    moved = replace(THEN, url="https://shop.acme.se/former/")
    assert outcomes(sites, replace(moved, item_id="shop:1")) == ["missed", "met"]
    assert outcomes(sites, moved) == ["missed", "missed"]
