"""Posts dated anew, listed twice and on a host that nobody sees are told of on what rests on them, and nowhere else."""

from __future__ import annotations

from datetime import date
from typing import Any

from okr_models.progress.evaluation import task_of
from okr_models.progress.figures import Figures
from okr_models.progress.notes_due import about_twins
from okr_models.progress.post_notes import about_posts
from okr_models.words.notes import sentence
from okr_models.words.numbers import Speech
from tests.unit.okr_figures import AS_OF, WEB, blog_post, client_of, figures_of, key_result, source

COUNT = key_result(id="posts", count="blog_posts", where={"page_views": {"at_least": 500, "within_days": 90}}, target=2)
LISTED = key_result(id="listed", count="blog_posts", target=2)
VISITORS = key_result(id="visitors", target="+30%")
PER_POST = key_result(id="per_post", kpi="page_views_per_blog_post", target="+10%")


def post(name: str, published: date, **told: Any) -> dict[str, Any]:
    plain = {"redated_on": None, "also_listed_by": None, "unseen_host": None, "published_on": published}
    return blog_post(name, published, []) | plain | told


def said(wanted: Any, figures: Figures) -> list[str]:
    (objective,) = client_of(wanted).objectives
    task = task_of(objective, wanted, as_of=AS_OF)
    return [sentence(each, Speech("en")) for each in about_posts(task, figures)]


FIGURES = figures_of(
    posts=[
        post("a", date(2026, 2, 1), redated_on=date(2026, 9, 1), unseen_host="cms.acme.se"),
        post("b", date(2026, 3, 1), also_listed_by="rss"),
        post("c", date(2026, 3, 1), also_listed_by="rss, news", unseen_host="cms.acme.se"),
        post("old", date(2025, 3, 1), redated_on=date(2025, 9, 1)),
    ]
)


def test_each_is_said_once_with_how_many_posts_it_is_of() -> None:
    assert said(COUNT, FIGURES) == [
        "posts that were dated anew count from their first day (1)",
        "posts that news, rss has too count once (2)",
        "no web source has seen cms.acme.se, so that views are missing (2 posts)",
    ]


def test_a_month_that_is_compared_with_is_told_of_too() -> None:
    assert said(PER_POST, FIGURES)[0] == "posts that were dated anew count from their first day (2)"


def test_a_count_that_asks_for_no_views_needs_none_seen_and_another_kpi_has_no_posts() -> None:
    assert [each for each in said(LISTED, FIGURES) if "web source" in each] == []
    assert said(VISITORS, FIGURES) == said(COUNT, Figures()) == []


def test_posts_as_they_should_be_are_not_mentioned() -> None:
    assert said(COUNT, figures_of(posts=[post("a", date(2026, 2, 1))])) == []


def test_a_count_of_views_says_which_of_two_that_see_the_site_gives_them() -> None:
    sources = (WEB, source("ga4", "second"), source("wordpress"))
    for wanted, count in ((COUNT, 1), (PER_POST, 1), (LISTED, 0)):
        client = client_of(wanted, sources=sources)
        task = task_of(client.objectives[0], wanted, as_of=AS_OF)
        found = [sentence(each, Speech("en")) for each in about_twins(client, task, {"second": "web"})]
        assert len(found) == count
        assert all("see the same site" in each for each in found)
