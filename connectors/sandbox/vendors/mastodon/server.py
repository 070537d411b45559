"""A Mastodon instance, as the home of a brand's account: lookup, account, statuses, instance.

Beside the world's posts the account boosts and answers others, as accounts do: a reader who counts those is visibly
wrong. What belongs here: routes, paging and Mastodon's errors (docs.joinmastodon.org/methods/accounts). What
does not: its entities (``entities.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Handler, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, RateLimit, Status
from connectors.sandbox.vendors.mastodon.entities import (
    HOST,
    Listed,
    account_entity,
    account_id,
    status_entity,
    statuses_of,
    totals,
)
from connectors.sandbox.world import Brand

JSON_TYPE = "application/json; charset=utf-8"
QUOTA, QUOTA_SECONDS = 300, 300
USUAL_IN_PAGE, MOST_IN_PAGE = 20, 40
_REFUSALS = {
    "empty": "This method requires an authenticated user",
    "invalid": "The access token is invalid",
    "expired": "The access token expired",
    "revoked": "The access token was revoked",
}


class MastodonError(Exception):
    """An answer other than success; becomes ``{"error": …}``."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


def _brand(call: Call) -> Brand:
    if call.brand is None:
        raise MastodonError(404, "Record not found")
    return call.brand


def lookup(call: Call) -> Json:
    """``GET /api/v1/accounts/lookup?acct=``."""
    return account_entity(call, _brand(call))


def statuses(call: Call) -> Response:
    """``GET /api/v1/accounts/{id}/statuses``, newest first, paged by id."""
    brand, given = _brand(call), call.request.query_params
    limit = min(int(given["limit"]), MOST_IN_PAGE) if given.get("limit", "").isdigit() else USUAL_IN_PAGE
    left_out = {
        kind
        for kind, name in (("boost", "exclude_reblogs"), ("answer", "exclude_replies"))
        if given.get(name, "false") in {"true", "1", "on"}
    }
    found = [listed for listed in statuses_of(call.world, brand) if listed.kind not in left_out]
    if given.get("max_id", "").isdigit():
        edge = int(given["max_id"])
        at_edge = [one for one in found if int(one.status_id) == edge]
        found = [one for one in found if int(one.status_id) < edge]
        if found and call.faults.has(DuplicateRow):
            found = [*at_edge, *found]
    if given.get("since_id", "").isdigit():
        found = [one for one in found if int(one.status_id) > int(given["since_id"])]
    page, account, counted = found[:limit], account_entity(call, brand), totals(call.world, brand)
    body = [status_entity(call, brand, listed, account=account, counted=counted) for listed in page]
    return json_reply(body, headers=_links(call, page, limit), content_type=JSON_TYPE)


def _links(call: Call, page: list[Listed], limit: int) -> dict[str, str]:
    """The neighbours as Mastodon gives them: a next page wherever this one is full."""
    kept = [(k, v) for k, v in call.request.query_params.multi_items() if k not in {"max_id", "since_id", "min_id"}]
    address = str(call.request.url.replace(query=""))
    links = []
    if len(page) == limit:
        links.append(f'<{address}?{urlencode([*kept, ("max_id", page[-1].status_id)])}>; rel="next"')
    if page:
        links.append(f'<{address}?{urlencode([*kept, ("min_id", page[0].status_id)])}>; rel="prev"')
    return {"Link": ", ".join(links)} if links else {}


def instance(call: Call) -> Json:
    """``GET /api/v2/instance``, and what of it ``/api/v1/instance`` has too."""
    return {
        "domain": HOST,
        "uri": HOST,
        "title": "Sandlådan",
        "version": "4.5.2",
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "",
        "languages": ["sv"],
        "api_versions": {"mastodon": 7},
        "rules": [],
    }


def _quota(call: Call, *, left: int, wait_seconds: int | None = None) -> dict[str, str]:
    """The quota's headers. They run by the machine's clock, as the ``Date`` header beside them does."""
    now = datetime.fromtimestamp(call.sandbox.wall_clock(), UTC)
    wait = wait_seconds if wait_seconds is not None else QUOTA_SECONDS - int(now.timestamp()) % QUOTA_SECONDS
    return {
        "X-RateLimit-Limit": str(QUOTA),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": (now + timedelta(seconds=wait)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def _refused(call: Call, error: MastodonError) -> Response:
    headers = _quota(call, left=QUOTA - 1)
    return json_reply({"error": error.message}, status=error.status, headers=headers, content_type=JSON_TYPE)


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Mastodon's shape."""
    if isinstance(fault, AuthReject):
        return _refused(call, MastodonError(401, _REFUSALS[fault.reason]))
    if isinstance(fault, RateLimit):
        headers = _quota(call, left=0, wait_seconds=fault.retry_after_seconds)
        return json_reply({"error": "Too many requests"}, status=429, headers=headers, content_type=JSON_TYPE)
    code = fault.code if isinstance(fault, Status) else 410
    return json_reply({"error": "We're sorry, but something went wrong on our end."}, status=code)


def brand_of(call: Call) -> Brand | None:
    """The brand whose account the call names, by name or id."""
    name = call.request.query_params.get("acct", "").lstrip("@").removesuffix(f"@{HOST}")
    wanted = call.request.path_params.get("account_id")
    for brand in call.world.brands:
        if "mastodon" in brand.account_ids() and (
            account_id(brand) == wanted or brand.account("mastodon").handle.lower() == name.lower()
        ):
            return brand
    return None


def _worded(handler: Callable[[Call], Response | Json]) -> Handler:
    """The handler's answer with the quota's headers, or its error; a token that comes along must be good."""

    def answer(call: Call) -> Response:
        try:
            if call.bearer is not None and call.bearer != call.sandbox.token("mastodon"):
                raise MastodonError(401, _REFUSALS["invalid"])
            said = handler(call)
        except MastodonError as error:
            return _refused(call, error)
        response = said if isinstance(said, Response) else json_reply(said, content_type=JSON_TYPE)
        response.headers.update(_quota(call, left=QUOTA - 1))
        return response

    return answer


VENDOR = Vendor(
    name="mastodon",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=path, handler=_worded(handler))
        for path, handler in (
            ("/api/v1/accounts/lookup", lookup),
            ("/api/v1/accounts/{account_id}", lookup),
            ("/api/v1/accounts/{account_id}/statuses", statuses),
            ("/api/v1/instance", instance),
            ("/api/v1/instance/", instance),
            ("/api/v2/instance", instance),
            ("/api/v2/instance/", instance),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
