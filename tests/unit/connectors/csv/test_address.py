"""A csv file behind an address, from a local server: fetched once it has changed, and nothing else taken for it.

Really under test: ``connectors.csv.address``.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.core.errors import Misconfigured, PermissionMissing, SourceError
from connectors.core.protocol import Source
from connectors.csv import address
from connectors.csv.settings import Csv
from connectors.csv.source import ROWS, build
from okr_models.client.sources import EnvRef
from tests.fake_vendor import Asked, Says, context, vendor

BODY = "date,kpi,value\n2026-11-01,leads,3\n"
CSV = {"Content-Type": "text/csv"}


def opened(url: str, home: Path, *, is_secret: bool = False) -> Source:
    settings = Csv(id="crm", url=EnvRef(env="U") if is_secret else url)
    return build(settings, context(secrets={"url": url}, home=home))


def failure(url: str, home: Path, **settings: Any) -> SourceError:
    with pytest.raises(SourceError) as raised:
        opened(url, home, **settings).read(ROWS, None)
    return raised.value


def test_a_file_is_fetched_again_only_once_it_has_changed(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Says:
        if asked.headers.get("If-None-Match") == '"v1"':
            return Says(b"", status=304, headers={"ETag": '"v1"'})
        return Says(BODY, headers={**CSV, "ETag": '"v1"'})

    with vendor(answer) as server:
        for _ in range(2):
            assert opened(f"{server.url}/f.csv", tmp_path).read(ROWS, None).rows.num_rows == 1
        opened(f"{server.url}/other.csv", tmp_path).read(ROWS, None)
    assert [asked.headers.get("If-None-Match") for asked in server.asked] == [None, '"v1"', None]


def test_a_line_ends_where_it_does_in_a_file_of_the_home_folder(tmp_path: Path) -> None:
    body = "date,kpi,value,scope\r\n2026-11-01,conversions,3,event=ask\u2028us\r2026-11-02,conversions,4,all\n"
    with vendor(lambda _: Says(body, headers=CSV)) as server:
        rows = opened(f"{server.url}/f.csv", tmp_path).read(ROWS, None).rows.to_pylist()
    assert [row["scope"] for row in rows] == ["event=ask\u2028us", "all"]


def test_a_copy_that_is_gone_is_fetched_the_next_time(tmp_path: Path) -> None:
    with vendor(lambda _: Says(BODY, headers={**CSV, "ETag": '"v1"'})) as server:
        opened(f"{server.url}/f.csv", tmp_path).read(ROWS, None)
        (tmp_path / "state" / "files" / "fjallglas.crm.csv").unlink()
        opened(f"{server.url}/f.csv", tmp_path).read(ROWS, None)
    assert server.asked[-1].headers.get("If-None-Match") is None


def test_user_and_password_go_to_the_files_own_host_only(tmp_path: Path) -> None:
    with (
        vendor(lambda _: Says(BODY, headers=CSV)) as other,
        vendor(lambda _: Says("", status=302, headers={"Location": f"{other.url}/moved.csv"})) as server,
    ):
        url = server.url.replace("://", "://okr:s3cret%2F1@") + "/f.csv"
        assert opened(url, tmp_path, is_secret=True).read(ROWS, None).rows.num_rows == 1
    assert server.asked[0].headers["Authorization"] == f"Basic {base64.b64encode(b'okr:s3cret/1').decode()}"
    assert other.asked[0].headers.get("Authorization") is None


def test_a_secret_in_the_address_is_not_taken_to_another_host(tmp_path: Path) -> None:
    with (
        vendor(lambda _: Says(BODY, headers=CSV)) as other,
        vendor(lambda asked: Says("", status=302, headers={"Location": f"{other.url}{asked.target}"})) as server,
    ):
        error = failure(f"{server.url}/f.csv?key=s3cret-key-1", tmp_path, is_secret=True)
    assert other.asked == []
    assert "s3cret-key-1" not in str(error)


def test_a_web_page_in_the_files_place_is_no_data(tmp_path: Path) -> None:
    with vendor(lambda _: Says("<html>Log in</html>", headers={"Content-Type": "text/html"})) as server:
        assert isinstance(failure(f"{server.url}/f.csv", tmp_path), PermissionMissing)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "LARGEST_BYTES", 10)
    with vendor(lambda _: Says(BODY, headers=CSV)) as server:
        assert failure(f"{server.url}/f.csv", tmp_path).error_class == "bad_reply"


def test_bad_lines_are_named_by_host_path_and_line(tmp_path: Path) -> None:
    with vendor(lambda _: Says("date,kpi,value\n2026-11-01,leads,x\n", headers=CSV)) as server:
        error = failure(f"{server.url}/f.csv", tmp_path)
    assert isinstance(error, Misconfigured)
    assert "127.0.0.1/f.csv:2: value 'x' should be a number" in str(error)


def test_only_https_leaves_this_machine(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="must be https"):
        Csv(id="crm", url="http://example.se/f.csv")
    assert "must be https" in str(failure("http://example.se/f.csv", tmp_path, is_secret=True))


@pytest.mark.parametrize("given", [{}, {"path": "data/a.csv", "url": "https://example.se/a.csv"}])
def test_a_file_has_either_a_path_or_an_address(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="needs either path"):
        Csv(id="crm", **given)
