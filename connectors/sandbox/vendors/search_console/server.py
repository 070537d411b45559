"""Search Console's API: sites and ``searchAnalytics/query`` over HTTP.

What belongs here: routes, who may read which property, faults. What does not: the report (``report.py``).
"""

from __future__ import annotations

import json

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import RateLimit
from connectors.sandbox.vendors.google.classic import ClassicError, common_fault, worded
from connectors.sandbox.vendors.google.errors import authorised
from connectors.sandbox.vendors.search_console.report import parse, run
from connectors.sandbox.world import Brand

AUDIENCE = "https://searchconsole.googleapis.com/"
SCOPES = ("https://www.googleapis.com/auth/webmasters.readonly", "https://www.googleapis.com/auth/webmasters")
_LEVEL = "siteFullUser"


def brand_of(call: Call) -> Brand | None:
    """The brand whose property the path names."""
    site = call.request.path_params.get("site")
    return call.world.brand_of("search_console", str(site)) if site else None


def _site(call: Call) -> Brand:
    authorised(call, scopes=SCOPES, audience=AUDIENCE)
    # the address must be encoded whole: its own slashes would be other paths
    raw = call.request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0]
    if "/" in raw.removeprefix("/webmasters/v3/sites/").removesuffix("/searchAnalytics/query"):
        raise ClassicError(404, "Not Found")
    if call.brand is None:
        raise ClassicError(
            403,
            f"User does not have sufficient permission for site '{call.path('site')}'."
            " See also: https://support.google.com/webmasters/answer/2451999.",
        )
    return call.brand


def sites(call: Call) -> Response:
    """``GET /webmasters/v3/sites``."""
    authorised(call, scopes=SCOPES, audience=AUDIENCE)
    urls = [brand.ids["search_console"] for brand in call.world.brands if "search_console" in brand.ids]
    return json_reply({"siteEntry": [{"siteUrl": url, "permissionLevel": _LEVEL} for url in urls]})


def one_site(call: Call) -> Response:
    """``GET /webmasters/v3/sites/{site}``."""
    _site(call)
    return json_reply({"siteUrl": call.path("site"), "permissionLevel": _LEVEL})


def query(call: Call) -> Response:
    """``POST /webmasters/v3/sites/{site}/searchAnalytics/query``."""
    brand = _site(call)
    try:
        body: Json = json.loads(call.body or b"{}")
    except ValueError as error:
        raise ClassicError(400, "Parse Error", reason="parseError") from error
    asked = parse(body, removed=call.faults.removed())
    return json_reply(run(asked, log=call.world.search(brand.slug), now=call.world.now, faults=call.faults))


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Search Console's shape."""
    if isinstance(fault, RateLimit):
        if fault.kind == "concurrent":
            return ClassicError(429, "Rate Limit Exceeded", reason="rateLimitExceeded", domain="usageLimits").response()
        said = "Search Analytics load quota exceeded. Learn about usage limits: https://developers.google.com/webmaster-tools/limits"
        if fault.kind == "day":
            said = "Quota exceeded for quota metric 'Search Analytics queries' and limit 'Queries per day'."
        return ClassicError(403, said, reason="quotaExceeded", domain="usageLimits").response()
    return common_fault(fault) or ClassicError(404, "Not Found").response()


VENDOR = Vendor(
    name="search_console",
    endpoints=(
        Endpoint(methods=("GET",), path="/webmasters/v3/sites", handler=worded(sites)),
        Endpoint(
            methods=("POST",), path="/webmasters/v3/sites/{site:path}/searchAnalytics/query", handler=worded(query)
        ),
        Endpoint(methods=("GET",), path="/webmasters/v3/sites/{site:path}", handler=worded(one_site)),
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
