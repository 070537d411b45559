"""Fault by source, through whole nights: what the ledger says, whether it was retried, who else felt it, and healing.

Really under test: ``connectors`` and ``pipelines.warehouse.ingest.run`` together, from the wire to the raw tables. Each
cell begins with a home whose last night went well. Then the fault is set for the account of one client of each type, a
night is run, the fault is cleared, and the night is run again: each client must end with the rows that it has where
none ever saw a fault. The matrix is printed at the end, made of what was observed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.core.errors import ErrorClass
from connectors.core.http import Http
from connectors.registry import SOURCE_TYPES
from connectors.sandbox.faults import (
    AuthReject,
    DrawnOut,
    DuplicateRow,
    Fault,
    MetricRemoved,
    PageDrift,
    RateLimit,
    Status,
    TruncatedJson,
    VersionReject,
)
from connectors.sandbox.server import SandboxServer
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.read_source import CONCERNS_WHOLE_SOURCE
from tests.fault_print import Matrix, printed
from tests.fault_rig import BEFORE, NEIGHBOUR, SOURCES, Night, Rig, Rows, brand_of, make_rig, vendors_of

NETWORKED = tuple(kind for kind in SOURCE_TYPES if vendors_of(kind))
RETRIED: frozenset[ErrorClass] = frozenset({"unavailable", "rate_limited", "bad_reply"})
OPEN = ("wordpress", "feed", "mastodon", "bluesky", "matomo")
"""Served by many hosts or one's own: a throttle is a short matter of the host, whatever quota a test names."""
TELLS_QUOTAS_APART = ("ga4", "search_console", "facebook_page", "instagram", "plausible")


@dataclass(frozen=True, kw_only=True)
class Lasting:
    """A fault on every call. ``but``: sources whose vendors say it in another way."""

    title: str
    fault: Fault
    becomes: ErrorClass
    but: Mapping[str, ErrorClass] = field(default_factory=dict)
    also: Mapping[str, ErrorClass] = field(default_factory=dict)
    """What some streams of a source say beside it."""
    kinds: tuple[str, ...] = NETWORKED
    never_retried: bool = False

    def expected(self, kind: str) -> ErrorClass:
        return self.but.get(kind, self.becomes)

    def is_retried(self, kind: str) -> bool:
        return not self.never_retried and self.expected(kind) in RETRIED


LIMITED: Mapping[str, ErrorClass] = dict.fromkeys((*OPEN, "sheet", "mailchimp"), "rate_limited")
LASTING = (
    Lasting(title="credentials", fault=AuthReject(reason="expired"), becomes="auth"),
    Lasting(
        title="too fast",
        fault=RateLimit(kind="concurrent"),
        becomes="rate_limited",
        but={"linkedin": "quota", "plausible": "quota"},
    ),
    Lasting(title="hour's quota", fault=RateLimit(kind="hour"), becomes="quota", kinds=TELLS_QUOTAS_APART),
    Lasting(title="day's quota", fault=RateLimit(kind="day"), becomes="quota", but=LIMITED),
    Lasting(
        title="wait an hour",
        fault=RateLimit(retry_after_seconds=3600),
        becomes="rate_limited",
        kinds=OPEN,
        never_retried=True,
    ),
    Lasting(
        title="version gone",
        fault=VersionReject(),
        becomes="not_found",
        but={
            "linkedin": "version",
            "facebook_page": "version",
            "instagram": "version",
            "threads": "version",
            "meta_ads": "version",
            "bluesky": "unavailable",
        },
    ),
    Lasting(title="HTTP 503", fault=Status(code=503), becomes="unavailable"),
    Lasting(title="HTTP 403", fault=Status(code=403), becomes="permission"),
    Lasting(title="HTTP 404", fault=Status(code=404), becomes="not_found"),
    # a cut error page of status 500 is a server error still: Facebook's lists of posts first ask for too much
    Lasting(title="cut reply", fault=TruncatedJson(), becomes="bad_reply", also={"facebook_page": "unavailable"}),
)
CELLS = [(lasting, kind) for lasting in LASTING for kind in lasting.kinds]
OTHER_WAYS_IN: Mapping[str, int] = {"ga4": 2, "wordpress": 5}
"""Calls rightly made before a refusal is believed: with a fresh token; at other REST roots, and three feeds."""
PASSING: Mapping[str, Fault] = {"one 503": Status(code=503), "one cut reply": TruncatedJson()}
MOVING: Mapping[str, Fault] = {"list drifts": PageDrift(), "row doubled": DuplicateRow()}
LISTS = frozenset({"social_posts", "post_counters"})
REFUSED: Mapping[tuple[str, str], frozenset[str]] = {
    ("list drifts", "linkedin"): LISTS,
    ("list drifts", "youtube"): LISTS,
    ("row doubled", "youtube"): LISTS,
}
"""Lists paged by position: one that moves in every pass of a night is refused, not half believed."""
REMOVED: Mapping[str, tuple[str, dict[str, str]]] = {
    "ga4": ("totalUsers", {"web_daily": "bad_reply", "web_monthly": "bad_reply"}),
    "plausible": ("pageviews", {"web_daily": "bad_reply", "web_pages_daily": "bad_reply"}),
    "mastodon": ("favourites_count", {"post_counters": "bad_reply", "social_posts": "bad_reply"}),
    # tickets are counted all the same
    "hubspot": ("time_to_first_agent_reply", {}),
    "youtube": ("subscribersLost", {"follower_changes_daily": "bad_reply"}),
}


@pytest.fixture(scope="module")
def matrix(request: pytest.FixtureRequest) -> Iterator[Matrix]:
    with printed(
        request.config, "fault x source: what the ledger says, most attempts of a read, after the next run"
    ) as it:
        yield it


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(today=BEFORE) as server:
        yield server


GROUPS = (
    tuple(kind for kind in NETWORKED if kind not in {"search_console", "instagram", "sheet", "meta_ads", NEIGHBOUR}),
    ("search_console", "instagram"),
    ("sheet", "meta_ads"),
    (NEIGHBOUR,),
    ("csv", "sql"),
)
"""Types that stand under fault in one night: no two of a group share a credential, or one's vendors with the other's
neighbours."""


@dataclass(frozen=True)
class Prepared:
    """One source's client after the good night, and what a night without any fault adds to it."""

    kind: str
    group: tuple[str, ...]
    before: Rig
    rows_before: Rows
    clean: Night
    clean_rows: Rows


@pytest.fixture(scope="module")
def prepared(running: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    folder, environ = tmp_path_factory.mktemp("homes"), running.environment()
    found = {}
    for group in GROUPS:
        made = make_rig(group, folder / group[0], running, environ)
        with made.opened() as rig:
            for night in rig.night(BEFORE).values():
                assert not [load.message for load in night.loads if load.status == "failed"]
            rows = rig.rows()
        with made.copy(folder / f"{group[0]}-clean").opened() as untouched:
            clean, clean_rows = untouched.night(), untouched.rows()
        for kind in group:
            assert {load.status for load in clean[kind].loads} == {"loaded"}
            found[kind] = Prepared(kind, group, made, rows[kind], clean[kind], clean_rows[kind])
    return found


@dataclass(frozen=True)
class Observed:
    """One cell: the night of the fault, the rows after it, and the night after it was cleared."""

    night: Night
    rows: Rows
    healing: Night
    healed_rows: Rows


@dataclass(frozen=True)
class Bench:
    """What every cell needs. ``seen``: by title and group, as a night has the fault at every type of a group."""

    prepared: Mapping[str, Prepared]
    server: SandboxServer
    folder: Path
    matrix: Matrix
    seen: dict[tuple[str, tuple[str, ...]], dict[str, Observed]] = field(default_factory=dict)

    def observe(
        self,
        title: str,
        kind: str,
        fault: Callable[[str], Fault],
        *,
        among: Iterable[str] = NETWORKED,
        calls: int | None = None,
        while_it_lasts: Callable[[], AbstractContextManager[None]] = nullcontext,
        throughout: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Observed:
        """What a title's fault does to a type, in a night in which it hits all of its group that are ``among``."""
        made = self.prepared[kind]
        if (title, made.group) not in self.seen:
            faults = {each: fault(each) for each in made.group if each in among}
            with throughout(), made.before.copy(self.folder / f"home-{len(self.seen)}").opened() as rig:
                rig.set(faults, calls=calls)
                try:
                    with while_it_lasts():
                        nights, rows = rig.night(), rig.rows()
                finally:
                    self.server.faults.clear()
                healing, healed_rows = rig.night(run="next"), rig.rows()
            self.seen[title, made.group] = {
                each: Observed(nights[each], rows[each], healing[each], healed_rows[each]) for each in made.group
            }
            shutil.rmtree(rig.home.root)
        return self.seen[title, made.group][kind]


@pytest.fixture(scope="module")
def bench(
    prepared: dict[str, Prepared],
    running: SandboxServer,
    tmp_path_factory: pytest.TempPathFactory,
    matrix: Matrix,
) -> Bench:
    return Bench(prepared, running, tmp_path_factory.mktemp("faults"), matrix)


def neighbours(loads: tuple[Load, ...]) -> list[tuple[str, str, str, int]]:
    return sorted((load.source, load.stream, load.status, load.rows) for load in loads if load.source != "under")


def without(rows: Rows, source: str) -> Rows:
    return {key: value for key, value in rows.items() if key[0] != source}


@pytest.mark.parametrize(("lasting", "kind"), CELLS, ids=[f"{lasting.title}: {kind}" for lasting, kind in CELLS])
def test_a_lasting_fault_fails_its_source_alone_by_its_class_keeps_old_rows_and_heals(
    lasting: Lasting, kind: str, bench: Bench
) -> None:
    made = bench.prepared[kind]
    seen = bench.observe(lasting.title, kind, lambda _: lasting.fault, among=lasting.kinds)
    loads = seen.night.of("under")
    assert {load.stream for load in loads} == {load.stream for load in made.clean.of("under")}
    assert {load.status for load in loads} == {"failed"}
    classes = {load.error_class for load in loads}
    assert {lasting.expected(kind)} <= classes <= {lasting.expected(kind), lasting.also.get(kind)}
    assert all(load.message and "under" in load.message for load in loads)
    retried = lasting.is_retried(kind)
    assert {load.attempts > 1 for load in loads} == {retried}
    assert seen.night.calls >= max(load.attempts for load in loads)
    if not retried:
        asked = 1 if classes <= CONCERNS_WHOLE_SOURCE else len(loads)
        assert seen.night.calls <= asked + OTHER_WAYS_IN.get(kind, 0)
    # what was had stays, and who stands beside it feels nothing
    assert {key: rows for key, rows in seen.rows.items() if key[0] == "under"} == {
        key: rows for key, rows in made.rows_before.items() if key[0] == "under"
    }
    assert neighbours(seen.night.loads) == neighbours(made.clean.loads)
    assert without(seen.rows, "under") == without(made.clean_rows, "under")
    healed = seen.healed_rows == made.clean_rows
    bench.matrix.note(lasting.title, kind, loads=loads, calls=seen.night.calls, clean=made.clean.calls, healed=healed)
    assert {load.status for load in seen.healing.of("under")} == {"loaded"}
    assert healed


@pytest.mark.parametrize("kind", NETWORKED)
@pytest.mark.parametrize("title", PASSING)
def test_a_fault_that_passes_is_healed_within_the_night_and_leaves_nothing_behind(
    title: str, kind: str, bench: Bench
) -> None:
    made = bench.prepared[kind]
    seen = bench.observe(title, kind, lambda _: PASSING[title], calls=1)
    loads = seen.night.of("under")
    assert {load.status for load in loads} == {"loaded"}
    assert max(load.attempts for load in loads) == 2
    assert seen.night.calls > made.clean.calls
    healed = seen.rows == made.clean_rows and seen.healed_rows == made.clean_rows
    bench.matrix.note(title, kind, loads=loads, calls=seen.night.calls, clean=made.clean.calls, healed=healed)
    assert healed


DRAWN: Mapping[str, DrawnOut] = {
    "body drips": DrawnOut(part="body"),
    "slow header": DrawnOut(part="header"),
    "endless 100": DrawnOut(part="continue"),
}
DRAWN_BY: Mapping[str, str] = {kind: list(DRAWN)[number % len(DRAWN)] for number, kind in enumerate(NETWORKED)}
"""Each source by one of them: what a drawn out answer comes to is the wire's business, no vendor's."""


@contextmanager
def short_of_patience() -> Iterator[None]:
    """Calls end after a second, which a sound answer never takes here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Http.__init__.__kwdefaults__, "longest_call_seconds", 1.0)
        patch.setattr("connectors.ga4.client.CALL_SECONDS", 1.0)
        yield


@pytest.mark.parametrize("kind", NETWORKED)
def test_an_answer_drawn_out_without_end_is_a_timeout_waited_for_a_few_times_and_heals(kind: str, bench: Bench) -> None:
    made, title = bench.prepared[kind], DRAWN_BY[kind]
    seen = bench.observe("drawn out", kind, lambda each: DRAWN[DRAWN_BY[each]], while_it_lasts=short_of_patience)
    loads = seen.night.of("under")
    assert {load.stream for load in loads} == {load.stream for load in made.clean.of("under")}
    assert {(load.status, load.error_class) for load in loads} == {("failed", "timeout")}
    assert {key: of for key, of in seen.rows.items() if key[0] == "under"} == {
        key: of for key, of in made.rows_before.items() if key[0] == "under"
    }
    assert neighbours(seen.night.loads) == neighbours(made.clean.loads)
    healed = seen.healed_rows == made.clean_rows
    bench.matrix.note(title, kind, loads=loads, calls=seen.night.calls, clean=made.clean.calls, healed=healed)
    assert {load.status for load in seen.healing.of("under")} == {"loaded"}
    assert healed


def half_way(made: Prepared) -> int:
    """So many calls at each of its vendors."""
    return made.clean.calls // (2 * len(vendors_of(made.kind)))


@pytest.mark.parametrize("kind", NETWORKED)
def test_a_throttle_in_the_middle_of_a_night_leaves_each_stream_whole_or_as_it_was_and_heals(
    kind: str, bench: Bench
) -> None:
    made = bench.prepared[kind]
    after = half_way(made)
    seen = bench.observe("throttled", kind, lambda each: RateLimit(after=half_way(bench.prepared[each]), kind="day"))
    loads = seen.night.of("under")
    failed = {load.stream for load in loads if load.status == "failed"}
    assert failed
    assert {load.error_class for load in loads if load.status == "failed"} <= {"quota", "rate_limited"}
    for stream in {load.stream for load in loads}:
        rows = seen.rows.get(("under", stream))
        of_before, of_clean = made.rows_before.get(("under", stream)), made.clean_rows.get(("under", stream))
        assert rows == (of_before if stream in failed else of_clean), stream
    assert neighbours(seen.night.loads) == neighbours(made.clean.loads)
    healed = seen.healed_rows == made.clean_rows
    title = f"throttled after {after}" if after == 1 else "throttled half way"
    bench.matrix.note(title, kind, loads=loads, calls=seen.night.calls, clean=made.clean.calls, healed=healed)
    assert healed


@contextmanager
def small_pages() -> Iterator[None]:
    """Lists of several pages."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("linkedin.source.PAGE_POSTS", "wordpress.source.PAGE_POSTS", "youtube.api.PAGE_VIDEOS"):
            patch.setattr(f"connectors.{name}", 12)
        yield


@pytest.mark.parametrize("kind", NETWORKED)
@pytest.mark.parametrize("title", MOVING)
def test_a_list_that_moves_loses_and_doubles_nothing_or_is_refused_and_heals(
    title: str, kind: str, bench: Bench
) -> None:
    made = bench.prepared[kind]
    seen = bench.observe(title, kind, lambda _: MOVING[title], throughout=small_pages)
    loads = seen.night.of("under")
    failed = {load.stream for load in loads if load.status == "failed"}
    if failed:
        assert failed == REFUSED[title, kind]
        assert {load.error_class for load in loads if load.status == "failed"} == {"bad_reply"}
    # a list that would not hold still is read as far as it goes, and a counter of that day can't be read again
    is_whole = not any("list_not_whole" in str(load.quality) for load in loads)
    if not failed and is_whole:
        assert seen.rows == made.clean_rows
    healed = seen.healed_rows == made.clean_rows
    bench.matrix.note(title, kind, loads=loads, calls=seen.night.calls, clean=made.clean.calls, healed=healed)
    assert healed


@pytest.mark.parametrize("kind", REMOVED)
def test_a_figure_that_the_vendor_dropped_fails_its_streams_alone_and_is_never_zero(kind: str, bench: Bench) -> None:
    name, streams = REMOVED[kind]
    made = bench.prepared[kind]
    seen = bench.observe("figure dropped", kind, lambda each: MetricRemoved(name=REMOVED[each][0]), among=REMOVED)
    loads = seen.night.of("under")
    assert {load.stream: load.error_class for load in loads if load.status == "failed"} == streams
    assert all(name in str(load.message) for load in loads if load.status == "failed")
    assert any(name in f"{load.message} {load.quality.get('doubts')}" for load in loads)
    healed = seen.healed_rows == made.clean_rows
    bench.matrix.note(
        "figure dropped", kind, loads=loads, calls=seen.night.calls, clean=made.clean.calls, healed=healed
    )
    assert healed


CLOSED: Mapping[str, Fault] = {
    "REST wants a login": AuthReject(reason="empty"),
    "REST is forbidden": Status(code=403),
    "REST is gone": VersionReject(),
}


@pytest.mark.parametrize("title", CLOSED)
def test_a_wordpress_that_closes_its_api_is_read_from_its_feed_and_each_post_stays_itself(
    title: str, bench: Bench, tmp_path: Path
) -> None:
    made = bench.prepared["wordpress"]
    rig = make_rig(("wordpress",), tmp_path, bench.server, bench.server.environment())
    with rig.opened() as rig:
        rig.night(BEFORE)
        bench.server.faults.set(vendor="wordpress", brand=brand_of("wordpress"), fault=CLOSED[title])
        night, rows = rig.night()["wordpress"], rig.rows()["wordpress"]
        bench.server.faults.clear()
    (load,) = night.of("under")
    assert (load.status, load.quality["read_from"]) == ("loaded", "feed")
    # a feed does not say when a post was last changed
    assert [row[:-1] for row in rows["under", "blog_posts"]] == [
        row[:-1] for row in made.clean_rows["under", "blog_posts"]
    ]
    bench.matrix.note(title, "wordpress", loads=(load,), calls=night.calls, clean=made.clean.calls, healed=True)


BROKEN_FILES: Mapping[str, tuple[bytes | None, ErrorClass]] = {
    "no file": (None, "not_found"),
    "bad line": (b"date,kpi,value\n2026-11-01,nps,many\n", "config"),
    "not UTF-8": (b"date,kpi,value\n2026-11-01,nps,\xff\n", "config"),
}


@pytest.mark.parametrize("title", BROKEN_FILES)
def test_a_file_that_can_not_be_used_fails_alone_keeps_old_rows_and_heals(
    title: str, bench: Bench, tmp_path: Path
) -> None:
    body, error_class = BROKEN_FILES[title]
    made = bench.prepared["csv"]
    with made.before.copy(tmp_path / "home").opened() as rig:
        path = rig.home.data / "own.csv"
        good = path.read_bytes()
        path.unlink()
        if body is not None:
            path.write_bytes(body)
        night, rows = rig.night()["csv"], rig.rows()["csv"]
        path.write_bytes(good)
        rig.night()
        healed = rig.rows()["csv"] == made.clean_rows
    loads = night.of("under")
    assert {(load.status, load.error_class, load.attempts) for load in loads} == {("failed", error_class, 1)}
    assert rows["under", "own_metrics"] == made.rows_before["under", "own_metrics"]
    assert neighbours(night.loads) == neighbours(made.clean.loads)
    bench.matrix.note(title, "csv", loads=loads, calls=0, clean=0, healed=healed)
    assert healed


BROKEN_DATABASES: Mapping[str, tuple[bytes | None, ErrorClass]] = {
    "no database": (None, "not_found"),
    "no such table": (b"", "config"),
}


@pytest.mark.parametrize("title", BROKEN_DATABASES)
def test_a_database_that_can_not_be_read_fails_alone_keeps_old_rows_and_heals(
    title: str, bench: Bench, tmp_path: Path
) -> None:
    body, error_class = BROKEN_DATABASES[title]
    made = bench.prepared["sql"]
    with made.before.copy(tmp_path / "home").opened() as rig:
        path = rig.home.data / "own.db"
        good = path.read_bytes()
        path.unlink()
        if body is not None:
            path.write_bytes(body)
        night, rows = rig.night()["sql"], rig.rows()["sql"]
        path.write_bytes(good)
        rig.night()
        healed = rig.rows()["sql"] == made.clean_rows
    loads = night.of("under")
    assert {(load.status, load.error_class) for load in loads} == {("failed", error_class)}
    assert rows["under", "own_metrics"] == made.rows_before["under", "own_metrics"]
    assert neighbours(night.loads) == neighbours(made.clean.loads)
    bench.matrix.note(title, "sql", loads=loads, calls=0, clean=0, healed=healed)
    assert healed


def test_every_source_type_has_its_row_in_the_matrix() -> None:
    assert set(SOURCES) == set(SOURCE_TYPES)
    assert set(NETWORKED) | {"csv", "sql"} == set(SOURCE_TYPES)
