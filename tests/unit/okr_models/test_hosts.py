"""One spelling of a host, in Python and in the SQL that takes addresses apart.

Under test: ``okr_models.hosts`` and that ``site_host`` with ``config.hosts`` comes to the same.
"""

from __future__ import annotations

import duckdb
import pytest

from okr_models.hosts import ascii_host, plain_host
from pipelines.warehouse.models.project import PROJECT
from pipelines.warehouse.models.render import Known, macros, render

SPELLINGS = [
    ("https://www.Skärgård.se:443/a?b#c", "xn--skrgrd-cuak.se"),
    ("xn--skrgrd-cuak.se", "xn--skrgrd-cuak.se"),
    ("http://user:word@www.site.se/a", "site.se"),
    ("SITE.se.", "site.se"),
    ("wwwdot.site.se", "wwwdot.site.se"),
    ("ska\N{COMBINING DIAERESIS}rga\N{COMBINING RING ABOVE}rd.se", "xn--skrgrd-cuak.se"),
    ("(not set)", "(not set)"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "host"), SPELLINGS)
def test_a_host_has_one_spelling(written: str, host: str) -> None:
    assert ascii_host(written) == host


def test_what_is_no_hosts_name_stays_as_it_is() -> None:
    assert ascii_host("å" * 80 + ".se") == "å" * 80 + ".se"


@pytest.mark.parametrize("written", [written for written, _ in SPELLINGS])
def test_sql_takes_an_address_apart_as_python_does(written: str) -> None:
    known = Known(relations={}, tables=(), macros=macros(PROJECT / "macros"), variables={})
    sql = render("select {{ site_host('$address') }}", known=known, this="", where="here", incremental=False).sql
    assert duckdb.execute(sql, {"address": written}).fetchone() == (plain_host(written),)
