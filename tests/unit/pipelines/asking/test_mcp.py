"""``okr mcp`` asked by the protocol's own client: the tools, what each answer says of itself, and what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from pipelines.warehouse.home import Home
from tests.home import PROJECT
from tests.unit.published_fixture import build_published, insert

if TYPE_CHECKING:  # it takes a second and a half to load, which only the worker with this file should spend
    from mcp import Client

TOOLS = {"objectives", "key_result", "kpi_series", "definitions", "what_changed", "sql"}
DIMENSIONS = """
create table marts.kpis as select 'fjallglas' as client, 'sessions' as kpi, 'Sessioner' as title, 'flow' as kind,
    'sessions' as unit, 'higher' as better, true as adds_over_time, true as adds_over_sources;
create or replace table marts.key_results as select 'fjallglas' as client, 'awareness' as objective_id,
    'visitors' as key_result_id, '+30%' as target;
insert into marts.clients (client) values ('fjallglas'), ('gamma');
insert into marts.kpi_monthly by name select * replace ('gamma' as client)
    from marts.kpi_monthly where client = 'fjallglas' and kpi = 'sessions';
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder with something published."""
    found = Home(tmp_path_factory.mktemp("home"))
    found.published.mkdir()
    file = found.published / "okr-1.duckdb"
    with build_published() as con:
        con.execute(DIMENSIONS)
        insert(
            con, "marts.checkins", client="fjallglas", objective_id="awareness", key_result_id="visitors",
            checked_on="2026-11-18", by="anna", confidence=0.6, text="t", next="", known_at="2026-11-18 04:00:00+00",
        )  # fmt: skip
        con.execute(f"attach '{file}' as publication")
        con.execute("copy from database memory to publication")
        con.execute("detach publication")
    found.published_database.symlink_to(file.name)
    return found


def asked(home: Home, question: Callable[[Client], Any]) -> Any:
    from mcp import Client

    from pipelines.asking.server import server_of

    async def main() -> Any:
        async with Client(server_of(home)) as client:
            return await question(client)

    return anyio.run(main)


def tool(home: Home, name: str, **arguments: Any) -> dict[str, Any]:
    result = asked(home, lambda client: client.call_tool(name, arguments))
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


def refused(home: Home, name: str, **arguments: Any) -> str:
    result = asked(home, lambda client: client.call_tool(name, arguments))
    assert result.is_error
    return str(result.content[0].text)


def test_its_tools_only_read_and_say_so(home: Home) -> None:
    listed = asked(home, lambda client: client.list_tools()).tools
    assert {each.name for each in listed} == TOOLS
    assert all(each.annotations.read_only_hint and each.description for each in listed)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("objectives", {}),
        ("objectives", {"client": "fjallglas"}),
        ("key_result", {"client": "fjallglas", "key_result": "awareness/visitors"}),
        ("kpi_series", {"client": "fjallglas", "kpi": "sessions", "months": 3}),
        ("definitions", {}),
        ("definitions", {"table": "marts.kpi_monthly"}),
        ("what_changed", {"client": "fjallglas"}),
        ("sql", {"query": "select client, count(*) as rows from kpi_monthly group by client order by client"}),
    ],
)
def test_every_answer_says_how_far_it_reaches_what_it_covers_and_what_it_means(
    home: Home, name: str, arguments: dict[str, Any]
) -> None:
    answer = tool(home, name, **arguments)
    assert {"data_through", "coverage", "definition"} <= answer.keys()
    assert answer["data_through"]


def test_a_key_result_comes_with_its_explanation_its_nights_and_what_people_say(home: Home) -> None:
    answer = tool(home, "key_result", client="fjallglas", key_result="awareness/visitors")
    assert answer["explanation"]
    assert answer["history"][0]["as_of"] == "2026-11-20"
    assert answer["definition"]["target"] == "+30%"
    assert answer["checkins"][0]["by"] == "anna"


def test_a_month_without_a_value_is_null_and_says_why(home: Home) -> None:
    months = tool(home, "kpi_series", client="fjallglas", kpi="search_clicks", months=12)["months"]
    (missing,) = [month for month in months if month["value"] is None]
    assert missing["note"]


def test_what_is_not_there_is_named_with_what_is(home: Home) -> None:
    assert "did you mean fjallglas?" in refused(home, "objectives", client="fjallglass")
    assert "awareness/visitors" in refused(home, "key_result", client="fjallglas", key_result="awareness/visitor")
    assert "is no KPI here" in refused(home, "kpi_series", client="fjallglas", kpi="nps")


@pytest.mark.parametrize(
    "query",
    [
        "delete from kpi_monthly",
        "select 1; select 2",
        "select * from read_text('/etc/passwd')",
        "attach '/tmp/x.duckdb' as x",
        "copy (select 1) to '/tmp/stolen.csv'",
        "select * from nothing_here",
    ],
)
def test_nothing_can_be_changed_or_read_beside_the_published_figures(home: Home, query: str) -> None:
    before = home.published_database.read_bytes()
    assert refused(home, "sql", query=query)
    assert home.published_database.read_bytes() == before


def test_a_long_answer_says_that_there_is_more(home: Home) -> None:
    # so many that not all of them could be held
    answer = tool(home, "sql", query="select * from range(100_000_000_000)")
    assert (len(answer["rows"]), answer["more_rows"]) == (200, True)


def test_a_cell_that_nobody_could_read_is_cut_and_said_to_be(home: Home) -> None:
    answer = tool(home, "sql", query="select 'short' as a, repeat('x', 5_000_000) as b, range(1_000_000) as c")
    (row,) = answer["rows"]
    assert (row["a"], answer["cut_columns"]) == ("short", ["b", "c"])
    assert row["b"] == "x" * 4000 + "…"
    assert row["c"].startswith("[0, 1, 2, ")
    assert len(row["c"]) == 4001


def test_questions_asked_at_once_are_all_answered(home: Home) -> None:
    async def ask_all(client: Client) -> list[Any]:
        answers: list[Any] = []

        async def ask(name: str, arguments: dict[str, Any]) -> None:
            answers.append(await client.call_tool(name, arguments))

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(ask, "sql", {"query": "select count(*) from kpi_monthly"})
                tasks.start_soon(ask, "objectives", {})
        return answers

    answers = asked(home, ask_all)
    assert [each.content[0].text for each in answers if each.is_error] == []
    assert len(answers) == 8


def test_columns_of_one_name_are_all_there(home: Home) -> None:
    answer = tool(home, "sql", query="select 1 as a, 2 as a, 3 as a_1, 4 as a")
    assert answer["rows"] == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]
    assert [each["name"] for each in answer["columns"]] == ["a", "a_2", "a_1", "a_3"]


def test_a_client_without_objectives_has_its_figures(home: Home) -> None:
    assert tool(home, "objectives", client="gamma")["objectives"] == []
    assert tool(home, "kpi_series", client="gamma", kpi="sessions")["months"]
    assert tool(home, "what_changed", client="gamma")["changes"] == []
    assert "there are: none" in refused(home, "key_result", client="gamma", key_result="awareness/visitors")


def test_a_question_without_end_is_given_up(home: Home) -> None:
    from mcp import Client

    from pipelines.asking.server import server_of

    async def main() -> tuple[Any, Any]:
        async with Client(server_of(home, longest=0.3)) as client:
            endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3"
            stopped = await client.call_tool("sql", {"query": endless})
            return stopped, await client.call_tool("sql", {"query": "select 1 as one"})

    stopped, after = anyio.run(main)
    assert stopped.is_error
    assert "no answer within 0.3 seconds" in stopped.content[0].text
    assert after.structured_content["rows"] == [{"one": 1}]


def test_before_the_first_night_it_says_so(tmp_path: Path) -> None:
    assert "nothing is published yet" in refused(Home(tmp_path), "objectives")


def test_the_command_speaks_over_stdio(home: Home) -> None:
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters

    command = StdioServerParameters(
        command=str(Path(sys.executable).with_name("okr")),
        args=["--home", str(home.root), "mcp"],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )

    async def main() -> Any:
        async with Client(command) as client:
            return await client.call_tool("sql", {"query": "select 42 as answer"})

    assert anyio.run(main).structured_content["rows"] == [{"answer": 42}]
