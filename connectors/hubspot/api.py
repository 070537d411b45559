"""HubSpot's CRM search: windows within its 10,000 results, every page once, what its errors mean (API2.md, section C).

What belongs here: requests and errors. What does not: which figures are made of the records (``source.py``).
Assumed: the dated path of account-info, for which v3 is asked where it is not found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from connectors.core.http import Http, Verdict, verdict_by_status
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node

PAGE, MOST_RESULTS = 200, 10_000
MOST_PASSES = 3
MIGRATING, LOCKED, SLOW = 477, 423, 524


class ScopeMissing(PermissionMissing):
    """The key lacks a scope that one kind of record needs; the others can be read."""

    concerns_whole_source = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the account says of itself."""

    portal: str
    zone: ZoneInfo
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Records by id. ``whole``: as many as HubSpot counts."""

    records: Mapping[str, Node]
    whole: int


class Crm:
    """One account's records, through ``http``."""

    def __init__(self, http: Http, *, version: str) -> None:
        self.http, self._version = http, version
        self._names: dict[str, frozenset[str] | None] = {}

    def _path(self, kind: str) -> str:
        return f"/crm/v3/objects/{kind}" if self._version == "v3" else f"/crm/objects/{self._version}/{kind}"

    def account(self) -> Account:
        """The account's zone and currency."""
        reply = self._details()
        zone = reply.text("timeZone")
        try:
            return Account(
                portal=str(reply["portalId"].value or ""),
                zone=ZoneInfo(zone),
                currency=reply.text("companyCurrency", None),
            )
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadShape(path="timeZone", wanted="an IANA time zone", found=zone) from error

    def _details(self) -> Node:
        attempted = "reading the account's details"
        if self._version != "v3":
            try:
                return self.http.get_json(f"/account-info/{self._version}/details", attempted=attempted)
            except NotFound:
                pass
        return self.http.get_json("/account-info/v3/details", attempted=attempted)

    def require(self, kind: str, names: Sequence[str]) -> None:
        """Raise where a property is not there without which nothing can be read."""
        if missing := self.missing(kind, names):
            raise self.http.error(
                BadReply, attempted=f"reading {kind}", detail=f"{kind} have no property {', '.join(missing)}"
            )

    def missing(self, kind: str, names: Sequence[str]) -> tuple[str, ...]:
        """Properties that are not there: asked for by an unknown name one would be null everywhere, silently."""
        if kind not in self._names:
            self._names[kind] = self._listed(kind)
        known = self._names[kind]
        return () if known is None else tuple(name for name in names if name not in known)

    def _listed(self, kind: str) -> frozenset[str] | None:
        """The names of all properties; None for a key that may search without being let see the list."""
        root = "/crm/v3/properties" if self._version == "v3" else f"/crm/properties/{self._version}"
        try:
            listed = self.http.get_json(f"{root}/{kind}", attempted=f"listing the properties of {kind}")
        except (NotFound, PermissionMissing):
            return None
        return frozenset(item.text("name") for item in listed.each("results"))

    def count(self, kind: str) -> int:
        """How many there are in all."""
        return self._page(kind, [], ["createdate"], limit=1, after=0).whole("total")

    def between(
        self, kind: str, prop: str, start: datetime, end: datetime, *, names: Sequence[str], also: Sequence[Any] = ()
    ) -> Found:
        """Every record whose ``prop`` is from ``start`` to before ``end``; a window too full is cut in two."""
        filters = [
            {"propertyName": prop, "operator": "GTE", "value": str(_millis(start))},
            {"propertyName": prop, "operator": "LT", "value": str(_millis(end))},
            *also,
        ]
        first = self._page(kind, filters, names, limit=PAGE, after=0)
        if first.whole("total") > MOST_RESULTS:
            middle = datetime.fromtimestamp((_millis(start) + _millis(end)) // 2 / 1000, UTC)
            if not start < middle < end:
                raise self.http.error(
                    BadReply, attempted=f"reading {kind}", detail=f"more than {MOST_RESULTS} of one instant"
                )
            parts = [
                self.between(kind, prop, *edges, names=names, also=also) for edges in ((start, middle), (middle, end))
            ]
            records = {number: record for part in parts for number, record in part.records.items()}
            return Found(records=records, whole=sum(part.whole for part in parts))
        return self._pages(kind, filters, names, first)

    def _pages(self, kind: str, filters: Sequence[Any], names: Sequence[str], first: Node) -> Found:
        """Every page. Records come and go meanwhile: what fewer were seen of than counted is read again."""
        found: dict[str, Node] = {}
        page, whole = first, first.whole("total")
        for attempt in range(MOST_PASSES):
            if attempt:
                page = self._page(kind, filters, names, limit=PAGE, after=0)
                whole = page.whole("total")
            found, place = {}, 0
            while True:
                found |= {record.text("id"): record["properties"] for record in page.each("results")}
                after = page["paging"]["next"].whole("after", None) if _has_next(page) else None
                if after is None or after >= MOST_RESULTS:
                    break
                if after <= place:
                    raise BadShape(path="paging.next.after", wanted=f"a place after {place}", found=after)
                place = after
                page = self._page(kind, filters, names, limit=PAGE, after=place)
            if len(found) >= whole:
                break
        return Found(records=found, whole=whole)

    def _page(self, kind: str, filters: Sequence[Any], names: Sequence[str], *, limit: int, after: int) -> Node:
        body: dict[str, Any] = {
            "filterGroups": [{"filters": list(filters)}] if filters else [],
            "properties": list(names),
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": limit,
            "after": str(after),
        }
        return self.http.post_json(f"{self._path(kind)}/search", attempted=f"searching {kind}", body=body)


def _has_next(page: Node) -> bool:
    return "paging" in page and "next" in page["paging"]


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def classify(reply: Reply) -> Verdict | None:  # noqa: PLR0911 - one return a case
    """HubSpot's errors, by ``category`` and ``policyName`` before the HTTP status."""
    status, category = reply.status, str(reply.field("category") or "")
    if status < HTTPStatus.BAD_REQUEST:
        return None
    detail = str(reply.field("message") or reply.excerpt())
    if category == "MISSING_SCOPES" or (status == HTTPStatus.FORBIDDEN and "scope" in detail.lower()):
        scopes = ", ".join(scopes_of(reply)) or "the scopes of what it reads"
        return Verdict(error=ScopeMissing, detail=detail, cure=f"give the key {scopes}")
    if status == HTTPStatus.UNAUTHORIZED or category in {"INVALID_AUTHENTICATION", "EXPIRED_AUTHENTICATION"}:
        return Verdict(error=AuthFailed, detail=detail, cure="make a new service key in HubSpot and set it")
    policy = str(reply.field("policyName") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if policy == "DAILY" or "daily" in detail.lower():
            cure = "it begins anew at midnight in the account's zone"
            return Verdict(error=QuotaExhausted, detail=detail, cure=cure, is_credentials=True)
        return Verdict(error=RateLimited, detail=detail, retry=True)
    if status == LOCKED:
        return Verdict(error=Unavailable, detail=detail, retry=True, retry_after_seconds=2.0)
    if status in {MIGRATING, SLOW}:
        return Verdict(error=Unavailable, detail=detail, retry=True)
    return verdict_by_status(reply)


def scopes_of(reply: Reply) -> list[str]:
    """The scopes that a refusal says are missing."""
    errors = reply.field("errors")
    found: list[str] = []
    for error in errors if isinstance(errors, list) else []:
        context = error.get("context") if isinstance(error, dict) else None
        named = context.get("requiredGranularScopes") if isinstance(context, dict) else None
        found += [str(scope) for scope in named] if isinstance(named, list) else []
    return found
