"""okr doctor says that another account answers than the published readings are of, and nothing where it is the same."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from connectors.core.protocol import Probe
from pipelines.cli import doctor
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from tests.unit.warehouse_fakes import FakeVendor, Night, client

DAY = date(2026, 11, 20)


class Answering:
    """A source that says who it is."""

    def __init__(self, did: str) -> None:
        self.did = did

    def probe(self) -> Probe:
        return Probe(reachable=True, detail="well", identity={"did": frozenset({self.did})})

    def close(self) -> None:
        pass


@pytest.fixture
def published(tmp_path: Path) -> Home:
    vendor = FakeVendor(identity={"did": frozenset({"did:plc:acme"})})
    night = Night(tmp_path, client(start=DAY), vendor=vendor)
    night.run(DAY)
    night.con.close()
    night.home.published_database.parent.mkdir(exist_ok=True)
    shutil.copy(night.home.database, night.home.published_database)
    return night.home


@pytest.mark.parametrize(("did", "is_well"), [("did:plc:acme", True), ("did:plc:other", False)])
def test_another_account_is_named_before_a_night_refuses_it(
    published: Home, monkeypatch: pytest.MonkeyPatch, did: str, is_well: bool
) -> None:
    monkeypatch.setattr(doctor, "open_source", lambda source, context: Answering(did))
    acme = client(start=DAY)
    found = doctor._examine(acme, acme.sources[0], home=published, now=fixed_clock(DAY).now())
    assert found.well is is_well
    assert ("did:plc:acme" in found.line and "an id of its own" in found.line) is not is_well


def test_before_the_first_run_nobody_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not os.listdir(tmp_path)
    monkeypatch.setattr(doctor, "open_source", lambda source, context: Answering("did:plc:other"))
    acme = client(start=DAY)
    assert doctor._examine(acme, acme.sources[0], home=Home(tmp_path), now=fixed_clock(DAY).now()).well


def test_a_slip_in_formerly_of_a_source_that_was_read_is_named_with_the_id_that_was_meant(published: Home) -> None:
    with_slip, moved = (client(start=DAY, sources=("new",), formerly=(old,)) for old in ("soccial", "elsewhere"))
    assert doctor._slips(published, with_slip, with_slip.sources[0]) == [
        'formerly: nothing was ever read under soccial; did you mean "social"?'
    ]
    assert doctor._slips(published, moved, moved.sources[0]) == []
