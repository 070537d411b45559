"""The fault book: whom a fault hits, for how many calls, and that it heals.

Really under test: ``connectors.sandbox.faults``. How a vendor words a fault is tested with the vendors.
"""

from __future__ import annotations

from datetime import date
from threading import Thread

from connectors.sandbox.faults import Active, EmptyDay, FaultBook, Latency, MetricRemoved, RateLimit, Status


def hits(book: FaultBook, calls: int, *, vendor: str = "ga4", brand: str | None = "fjallglas") -> list[bool]:
    return [bool(book.take(vendor=vendor, brand=brand).faults) for _ in range(calls)]


def test_a_fault_hits_its_brand_and_vendor_only() -> None:
    book = FaultBook()
    book.set(vendor="ga4", brand="fjallglas", fault=Status(code=500))
    assert hits(book, 2) == [True, True]
    assert hits(book, 1, brand="skargard") == [False]
    assert hits(book, 1, vendor="linkedin") == [False]
    assert hits(book, 1, brand=None) == [False]


def test_a_fault_without_a_brand_hits_all_of_them_and_calls_of_nobody() -> None:
    book = FaultBook()
    book.set(vendor="google_oauth", fault=Status())
    assert hits(book, 1, vendor="google_oauth", brand=None) == [True]
    assert hits(book, 1, vendor="google_oauth") == [True]


def test_a_fault_for_so_many_calls_stops_by_itself() -> None:
    book = FaultBook()
    book.set(vendor="ga4", fault=Status(), calls=2)
    assert hits(book, 4) == [True, True, False, False]


def test_a_rate_limit_lets_the_first_calls_through() -> None:
    book = FaultBook()
    book.set(vendor="ga4", fault=RateLimit(after=2), calls=1)
    assert hits(book, 5) == [False, False, True, False, False]


def test_clearing_heals_what_is_named_and_leaves_the_rest() -> None:
    book = FaultBook()
    for vendor in ("ga4", "linkedin"):
        for brand in ("fjallglas", "skargard"):
            book.set(vendor=vendor, brand=brand, fault=Latency(seconds=0.0))
    book.clear(vendor="ga4", brand="fjallglas")
    assert hits(book, 1) == [False]
    assert hits(book, 1, brand="skargard") == [True]
    book.clear(brand="skargard")
    assert hits(book, 1, vendor="linkedin", brand="skargard") == [False]
    assert hits(book, 1, vendor="linkedin") == [True]
    book.clear()
    assert hits(book, 1, vendor="linkedin") == [False]


def test_faults_of_a_call_can_be_asked_for_by_kind() -> None:
    active = Active((EmptyDay(day=date(2026, 1, 1)), MetricRemoved(name="views"), MetricRemoved(name="reach")))
    assert active.empty_days() == {date(2026, 1, 1)}
    assert active.removed() == {"views", "reach"}
    assert active.has(EmptyDay)
    assert not active.has(Status)


def test_calls_from_many_threads_are_all_counted() -> None:
    book = FaultBook()
    book.set(vendor="ga4", fault=Status(), calls=100)
    seen: list[bool] = []
    threads = [Thread(target=lambda: seen.extend(hits(book, 50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seen) == 100
