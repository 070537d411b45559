"""The version of a key result's definition: it moves when the figure's meaning does, and at nothing else."""

from __future__ import annotations

import pytest

from connectors.catalogue import SETTINGS
from okr_models.client.file import parse_client
from okr_models.client.version import definition_version, every_version
from tests.unit.client_files import FILE, GOOD, bent


def _version(text: str, *, index: int = 0) -> str:
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    return definition_version(objective.key_results[index], objective, client)


def test_it_is_the_same_each_time_and_stays_over_releases() -> None:
    assert _version(GOOD) == _version(GOOD) == "b254cab9d40f"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Fler unika besökare", "title: Flera besökare"),
        ("{id: visitors,", "{weight: 1, ambition: committed, id: visitors,"),
        ("team: marketing", "team: sales"),
        ("name: Fjällglas AB", "name: Fjällglas Nordic AB"),
    ],
)
def test_words_and_written_down_defaults_change_nothing(old: str, new: str) -> None:
    assert _version(bent(old, new)) == _version(GOOD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('unique_visitors, target: "+30%"', 'unique_visitors, target: "+31%"'),
        ('unique_visitors, target: "+30%"', "unique_visitors, target: 30"),
        ('unique_visitors, target: "+30%"', 'sessions, target: "+30%"'),
        ('unique_visitors, target: "+30%"', 'unique_visitors, target: "+30%", weight: 2'),
        ('unique_visitors, target: "+30%"', 'unique_visitors, target: "+30%", ambition: stretch'),
        ('unique_visitors, target: "+30%"', 'unique_visitors, target: "+30%", scope: {source: web}'),
        ('unique_visitors, target: "+30%"', 'unique_visitors, target: "+30%", baseline: {value: 8000}'),
        (
            'unique_visitors, target: "+30%"',
            'unique_visitors, target: "+30%", revisions: [{from: 2026-06-01, target: 9, by: A, why: B}]',
        ),
        ("end: 2026-12-31", "end: 2026-11-30"),
    ],
)
def test_whatever_the_figure_means_changes_it(old: str, new: str) -> None:
    assert _version(bent(old, new)) != _version(GOOD)


def test_a_condition_and_an_own_kpis_kind_belong_to_the_meaning() -> None:
    assert _version(bent("within_days: 90", "within_days: 60"), index=2) != _version(GOOD, index=2)
    own = bent("kpi: unique_visitors,", "kpi: nps,")
    assert _version(own.replace("kind: ratio", "kind: stock")) != _version(own)
    assert _version(own.replace("title: Kundnöjdhet (NPS)", "title: NPS")) == _version(own)


def test_a_renamed_source_is_the_one_it_was_and_every_id_of_it_is_known() -> None:
    scoped = bent('unique_visitors, target: "+30%"', 'unique_visitors, target: "+30%", scope: {source: web}')
    assert "  - id: web\n" in scoped
    renamed = scoped.replace("  - id: web\n", "  - id: site\n    formerly: [web, www]\n").replace(
        "{source: web}", "{source: site}"
    )
    assert _version(renamed) == _version(scoped)
    client = parse_client(renamed, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    known = every_version(objective.key_results[0], objective, client)
    assert known == {_version(scoped.replace("web", name)) for name in ("web", "www", "site")}


def milestones(first: str, second: str, *, title: str = "Plan") -> tuple[str, frozenset[str]]:
    """The version of milestones done on these days, and those that rows of it may carry."""
    listed = f"[{{title: {title}, done: {first}}}, {{title: Launch, done: {second}}}]"
    revised = f"revisions: [{{from: 2026-06-01, target: {{milestones: {listed}}}, by: A, why: B}}]"
    text = bent('kpi: unique_visitors, target: "+30%"', f"milestones: {listed}, {revised}")
    client = parse_client(text, file_name=FILE, types=SETTINGS)
    objective = client.objectives[0]
    key_result = objective.key_results[0]
    return definition_version(key_result, objective, client), every_version(key_result, objective, client)


def test_that_a_milestone_is_done_is_no_change_of_what_was_promised() -> None:
    version, _ = milestones("null", "null")
    assert milestones("2026-03-01", "null")[0] == milestones("2026-03-02", "2026-04-01")[0] == version
    assert milestones("null", "null", title="Another")[0] != version


def test_rows_marked_when_a_milestones_day_was_part_of_the_version_are_of_this_one() -> None:
    # as 0.1.0 wrote them before: none done, the first, both
    before = {"3cbf97ff1872", "b24beecf3406", "11b427b34f96"}
    assert before <= milestones("2026-03-01", "2026-04-01")[1]
