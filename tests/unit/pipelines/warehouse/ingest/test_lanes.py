"""How many sources are read at once: no more of one credential or host than it may be asked, and others beside them.

Really under test: ``lanes`` through ``ingest.ingest``, with threads that really wait for each other.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.core.protocol import Batch, Context, Source, Stream
from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window
from pipelines.warehouse.ingest.lanes import AT_ONCE, AT_ONCE_A_HOST, MOST_THREADS, Lane, lane_of
from tests.unit.warehouse_fakes import FOLLOWERS, FakeSource, FakeVendor, Night

NIGHT = date(2026, 10, 25)
PATIENCE = 60.0
"""Seconds after which a test that waits for a thread that never comes has failed."""


def settings(type_: str, id_: str = "one", **given: Any) -> SourceSettings:
    return registry.SOURCE_TYPES[type_].settings.model_validate({"id": id_, "type": type_, **given})


def linkedin(id_: str, variable: str) -> SourceSettings:
    return settings("linkedin", id_, organization_id="1", token={"env": variable})


def wordpress(id_: str, site: str) -> SourceSettings:
    return settings("wordpress", id_, base_url=site)


def lane(given: SourceSettings, tmp_path: Path, environ: Mapping[str, str] = {}) -> Lane:
    return lane_of(given, registry.SOURCE_TYPES[given.type], client="acme", home=tmp_path, environ=environ)


class Watched:
    """A night of sources by their settings, which counts how many of each group are being read."""

    def __init__(self, root: Path, *sources: SourceSettings, group: Any) -> None:
        clients = [Client(client=f"c{number:03}", name="C", sources=(each,)) for number, each in enumerate(sources)]
        self.night, self.group = Night(root, *clients), group
        self.changed = threading.Condition()
        self.now, self.most = Counter[str](), Counter[str]()
        vendor = FakeVendor()
        kinds = {each.type: replace(registry.SOURCE_TYPES[each.type], streams=(FOLLOWERS,)) for each in sources}
        watched = self

        class Counting(FakeSource):
            def __init__(self, given: SourceSettings, context: Context) -> None:
                super().__init__(vendor, context)
                self.group = watched.group(given)

            def read(self, stream: Stream, window: Window | None) -> Batch:
                with watched.changed:
                    watched.now[self.group] += 1
                    watched.most[self.group] = max(watched.most[self.group], watched.now[self.group])
                    watched.changed.notify_all()
                    watched.meanwhile(self.group)
                    watched.now[self.group] -= 1
                    watched.changed.notify_all()
                return super().read(stream, window)

        def open_source(given: SourceSettings, context: Context) -> Source:
            return Counting(given, context)

        self.options: dict[str, Any] = {"source_types": kinds, "open_source": open_source}

    def meanwhile(self, group: str) -> None:
        """While a source is read, with the lock, which a wait gives away."""

    def wait_for(self, so: Any) -> None:
        assert self.changed.wait_for(so, timeout=PATIENCE)

    def run(self, **environ: str) -> None:
        assert self.night.run(NIGHT, environ=environ, **self.options).failed == ()


def test_of_one_credential_so_many_calls_are_under_way_and_never_more(tmp_path: Path):
    class Together(Watched):
        def meanwhile(self, group: str) -> None:
            self.wait_for(lambda: self.most[group] >= AT_ONCE)

    # two names of one token, as two clients' files may have it
    sources = [linkedin(f"s{number}", ("ONE", "SAME")[number % 2]) for number in range(3 * AT_ONCE)]
    watched = Together(tmp_path, *sources, group=lambda _: "all")
    watched.run(ONE="secret", SAME="secret")
    assert watched.most == {"all": AT_ONCE}


def test_two_credentials_do_not_wait_for_each_other(tmp_path: Path):
    class Apart(Watched):
        def meanwhile(self, group: str) -> None:
            # the first ends only after all of the second have been read, of which there are more than at once
            if group == "ONE":
                self.wait_for(lambda: self.read >= 2 * AT_ONCE)
            else:
                self.read += 1

        read = 0

    sources = [linkedin(f"a{number}", "ONE") for number in range(2 * AT_ONCE)]
    sources += [linkedin(f"b{number}", "TWO") for number in range(2 * AT_ONCE)]
    watched = Apart(tmp_path, *sources, group=lambda given: given.token.env)
    watched.run(ONE="one", TWO="two")
    assert watched.most["ONE"] == AT_ONCE


def test_a_clients_own_host_is_asked_by_few_at_once(tmp_path: Path):
    class Together(Watched):
        def meanwhile(self, group: str) -> None:
            self.wait_for(lambda: self.most[group] >= AT_ONCE_A_HOST)

    sources = [wordpress(f"s{number}", f"https://www.example.se/site-{number}") for number in range(9)]
    watched = Together(tmp_path, *sources, group=lambda _: "host")
    watched.run()
    assert watched.most == {"host": AT_ONCE_A_HOST}


def test_all_together_are_bounded_however_many_credentials_there_are(tmp_path: Path):
    class Together(Watched):
        def meanwhile(self, group: str) -> None:
            self.wait_for(lambda: self.most[group] >= MOST_THREADS)

    sources = [linkedin(f"s{number}", f"TOKEN_{number}") for number in range(2 * MOST_THREADS)]
    watched = Together(tmp_path, *sources, group=lambda _: "all")
    watched.run(**{f"TOKEN_{number}": f"secret-{number}" for number in range(2 * MOST_THREADS)})
    assert watched.most == {"all": MOST_THREADS}


def test_a_lane_is_the_vendor_and_the_credential_whatever_it_is_called(tmp_path: Path):
    environ = {"A": "secret", "B": "secret", "C": "other"}
    one = lane(linkedin("x", "A"), tmp_path, environ)
    assert lane(linkedin("y", "B"), tmp_path, environ) == one
    assert lane(linkedin("y", "C"), tmp_path, environ) != one
    assert lane(settings("youtube", channel_id="UC" + "x" * 22, api_key={"env": "A"}), tmp_path, environ) != one
    assert "secret" not in one.key


def test_what_can_not_be_told_is_a_lane_of_its_own(tmp_path: Path):
    assert lane(linkedin("x", "UNSET"), tmp_path) == Lane("acme/x")
    assert lane(settings("csv", "own", path="data/own.csv"), tmp_path) == Lane("acme/own")


@pytest.mark.parametrize(
    "given",
    [
        settings("wordpress", base_url="https://WWW.example.se/blog"),
        settings("wordpress", base_url={"env": "SITE"}),
        settings("feed", url="https://www.example.se/feed/"),
        settings("feed", url={"env": "SITE"}),
        settings("mastodon", account="acme", base_url="https://www.example.se"),
        settings("csv", url={"env": "SITE"}),
    ],
    ids=str,
)
def test_what_lies_on_one_host_shares_its_lane(given: SourceSettings, tmp_path: Path):
    assert lane(given, tmp_path, {"SITE": "https://www.example.se/x"}) == Lane("host www.example.se", AT_ONCE_A_HOST)
