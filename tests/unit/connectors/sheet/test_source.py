"""Google Sheets in their documented wire format from a local server: by link and by the API.

Really under test: ``connectors.sheet``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.core.errors import BadReply, Misconfigured, NotFound, PermissionMissing, SourceError
from connectors.core.protocol import Source
from connectors.sheet.settings import Sheet
from connectors.sheet.source import ROWS, build
from okr_models.client.sources import EnvRef
from tests.fake_vendor import Asked, Says, Vendor, context, vendor
from tests.unit.ga4_replies import key_text

ID = "1AbCdEfGhIjKlMnOp"
LINK = f"https://docs.google.com/spreadsheets/d/{ID}/edit?usp=sharing#gid=7"
HEADER = ["date", "kpi", "value"]
CSV = {"Content-Type": "text/csv; charset=utf-8"}
ABOUT = {
    "properties": {"timeZone": "Europe/Stockholm", "locale": "sv_SE"},
    "sheets": [{"properties": {"sheetId": 0, "title": "Mål 2026"}}, {"properties": {"sheetId": 7, "title": "Leads"}}],
}


def by_link(server: Vendor, spreadsheet: Any = LINK, **settings: Any) -> Source:
    given = Sheet(id="figures", spreadsheet=spreadsheet, **settings)
    return build(given, context(secrets={"spreadsheet": LINK}, base_url=server.url))


def by_api(server: Vendor, **settings: Any) -> Source:
    given = Sheet(id="figures", spreadsheet=ID, credentials=EnvRef(env="K"), **settings)
    return build(given, context(secrets={"credentials": key_text(server.url)}, base_url=server.url))


def google(values: list[list[Any]] | None, *, about: Any = ABOUT, told: Says | None = None) -> Any:
    def serve(asked: Asked) -> Says:
        if asked.path == "/token":
            return Says({"access_token": "ya29.fresh", "expires_in": 3599, "token_type": "Bearer"})
        if asked.path.endswith(":batchGet"):
            rows = {} if values is None else {"values": values}
            return told or Says(
                {"spreadsheetId": ID, "valueRanges": [{"range": "A1", "majorDimension": "ROWS", **rows}]}
            )
        return Says(about) if not isinstance(about, Says) else about

    return serve


def failure(source: Source) -> SourceError:
    with pytest.raises(SourceError) as raised:
        source.read(ROWS, None)
    return raised.value


def test_a_shared_link_is_read_as_csv_of_its_tab_with_numbers_as_the_sheet_shows_them() -> None:
    body = 'date,kpi,value\r\n2026-11-01,leads,"1 234,50"\r\n2026-11-02,leads,3.5\r\n'
    with vendor(lambda _: Says(body, headers=CSV)) as server:
        rows = by_link(server).read(ROWS, None).rows.to_pylist()
        assert [asked.target for asked in server.asked] == [f"/spreadsheets/d/{ID}/export?format=csv&gid=7"]
        later = by_link(server, start=date(2026, 11, 2)).read(ROWS, None).rows.to_pylist()
    assert [(row["period_start"], row["value"]) for row in rows] == [
        (date(2026, 11, 1), 1234.5),
        (date(2026, 11, 2), 3.5),
    ]
    assert later == rows[1:], "the first day to load"


def test_a_published_link_is_asked_for_csv() -> None:
    published = "https://docs.google.com/spreadsheets/d/e/2PACX-1vQabcdefgh/pubhtml?gid=3&single=true"
    with vendor(lambda _: Says("date,kpi,value\n", headers=CSV)) as server:
        by_link(server, published).read(ROWS, None)
        assert server.asked[0].target == "/spreadsheets/d/e/2PACX-1vQabcdefgh/pub?gid=3&single=true&output=csv"


@pytest.mark.parametrize(
    "page",
    [
        Says("<!DOCTYPE html><html>Sign in</html>", headers={"Content-Type": "text/html; charset=utf-8"}),
        Says("\n<html>Sign in</html>", headers=CSV),
    ],
)
def test_a_page_to_sign_in_at_is_no_data_though_it_comes_with_200(page: Says) -> None:
    with vendor(lambda _: page) as server:
        error = failure(by_link(server))
    assert isinstance(error, PermissionMissing)
    assert "anyone who has the link" in str(error)


def test_a_bad_row_is_named_with_its_tab_and_row() -> None:
    body = "date,kpi,value\n2026-11-01,leads,3\n2026-11-02,leads,#REF!\n"
    with vendor(lambda _: Says(body, headers=CSV)) as server:
        error = failure(by_link(server))
    assert "gid 7, row 3: value '#REF!' should be a number" in str(error)


def test_by_the_api_numbers_and_dates_are_those_that_the_sheet_holds() -> None:
    values = [
        ["date", "kpi", "value", "scope"],
        [46327, "leads", 3],
        ["2026-11-02", "leads", 3.25, "all"],
        [],
        ["", ""],
    ]
    with vendor(google(values)) as server:
        rows = by_api(server, tab="Mål 2026").read(ROWS, None).rows.to_pylist()
        asked = server.asked[-1]
    assert [(row["period_start"], row["value"]) for row in rows] == [
        (date(2026, 11, 1), 3.0),
        (date(2026, 11, 2), 3.25),
    ]
    assert asked.path == f"/v4/spreadsheets/{ID}/values:batchGet"
    assert asked.query == {
        "ranges": "'Mål 2026'!A1:Z",
        "majorDimension": "ROWS",
        "valueRenderOption": "UNFORMATTED_VALUE",
        "dateTimeRenderOption": "SERIAL_NUMBER",
    }
    assert asked.headers["Authorization"] == "Bearer ya29.fresh"


def test_by_the_api_a_number_typed_as_text_is_read_as_by_the_link_and_refused_where_it_can_be_two() -> None:
    values = [
        ["date", "kpi", "value"],
        [46327, "leads", "1234,5"],
        [46328, "leads", "1 234,50"],
        [46329, "leads", 1.234],
    ]
    with vendor(google(values)) as server:
        rows = by_api(server, tab="Leads").read(ROWS, None).rows.to_pylist()
    assert [row["value"] for row in rows] == [1234.5, 1234.5, 1.234]
    with vendor(google([HEADER, [46327, "leads", "1.234"]])) as server:
        assert "can be read as 1234 or as 1,234" in str(failure(by_api(server, tab="Leads")))


def test_by_the_api_the_first_tab_is_read_where_none_is_named() -> None:
    with vendor(google([["month", "kpi", "value"], [46327, "leads", 9]])) as server:
        (row,) = by_api(server).read(ROWS, None).rows.to_pylist()
        assert server.asked[-1].query["ranges"] == "'Mål 2026'!A1:Z"
    assert (row["grain"], row["period_start"]) == ("month", date(2026, 11, 1))


def test_every_bad_row_is_named_and_nothing_of_the_tab_is_used() -> None:
    values = [["date", "kpi", "value"], [46327, "leads", True], [46328, "leads", "#N/A"], [46329, "leads", 3]]
    with vendor(google([*values, [46329, "leads", 4]])) as server:
        error = failure(by_api(server, tab="Leads"))
    assert isinstance(error, Misconfigured)
    for told in (
        "3 bad rows",
        "Leads, row 2: value is TRUE",
        "Leads, row 3: value '#N/A'",
        "row 5: leads of 2026-11-03",
    ):
        assert told in str(error)


def test_by_the_api_a_row_that_stands_there_twice_counts_once_as_in_a_csv_file() -> None:
    values = [["date", "kpi", "value"], [46327, "leads", 3], [46328, "leads", 4], [46327, "leads", "3"]]
    with vendor(google(values)) as server:
        rows = by_api(server, tab="Leads").read(ROWS, None).rows.to_pylist()
    assert [row["value"] for row in rows] == [3.0, 4.0]


def test_an_empty_tab_says_what_it_needs() -> None:
    with vendor(google(None)) as server:
        assert "it needs a header such as date,kpi,value" in str(failure(by_api(server)))


def test_a_tab_that_was_renamed_is_named_with_those_there_are() -> None:
    with vendor(google([])) as server:
        error = failure(by_api(server, tab="Lead"))
    assert isinstance(error, NotFound)
    assert "tabs: Mål 2026, Leads" in str(error)


def test_without_access_the_address_to_share_with_is_named() -> None:
    body = {"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}
    with vendor(google([], about=Says(body, status=403))) as server:
        error = failure(by_api(server))
    assert isinstance(error, PermissionMissing)
    assert "share the spreadsheet with okr@p.iam.gserviceaccount.com" in str(error)


def test_a_reply_of_another_shape_is_refused() -> None:
    with vendor(google([], about={"sheets": "none"})) as server:
        assert isinstance(failure(by_api(server)), BadReply)


def test_a_tab_cannot_be_named_without_credentials_or_its_number() -> None:
    with pytest.raises(ValidationError, match="only with credentials"):
        Sheet(id="figures", spreadsheet=ID, tab="Leads")
    Sheet(id="figures", spreadsheet=LINK, tab="Leads")


def test_the_link_may_be_a_secret() -> None:
    with vendor(lambda _: Says("date,kpi,value\n", headers=CSV)) as server:
        by_link(server, EnvRef(env="LINK")).read(ROWS, None)
        assert server.asked[0].path == f"/spreadsheets/d/{ID}/export"
