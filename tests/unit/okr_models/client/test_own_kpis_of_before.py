"""A KPI of the client's own whose id became a built-in one's later stands where no source gives the built-in one."""

from __future__ import annotations

from connectors.catalogue import SETTINGS
from okr_models.client.file import read_client
from tests.unit.client_files import FILE, bent, errors_of

OWN = bent("  - {id: nps,", "  - {id: tickets, title: Biljetter, kind: flow, unit: st, source: crm}\n  - {id: nps,")


def test_it_is_the_clients_own_where_no_source_gives_the_built_in_one() -> None:
    assert errors_of(OWN) == []
    client = read_client(OWN, file_name=FILE, types=SETTINGS).client
    assert [kpi.title for kpi in client.kpis if kpi.id == "tickets"] == ["Biljetter"]


def test_with_a_source_that_gives_the_built_in_one_it_needs_another_id() -> None:
    both = OWN.replace("  - {id: crm,", "  - {id: hub, type: hubspot, token: {env: HUB}}\n  - {id: crm,")
    assert ["tickets is a built-in KPI" in message for _line, message in errors_of(both)] == [True]
