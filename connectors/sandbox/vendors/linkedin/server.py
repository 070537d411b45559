"""LinkedIn's organisation APIs: routes, headers, tokens and error shapes.

What belongs here: what every LinkedIn call has in common. What does not: statistics (``statistics.py``) and
posts (``posts.py``). Codes of 401 are from memory (API.md section 16).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from urllib.parse import unquote

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status, VersionReject
from connectors.sandbox.vendors.linkedin import posts as linkedin_posts
from connectors.sandbox.vendors.linkedin import statistics as linkedin_statistics
from connectors.sandbox.vendors.linkedin.common import LinkedInError, Query, organization_urn
from connectors.sandbox.vendors.restli import RestliSyntaxError, parse_query
from connectors.sandbox.world import Brand

SUNSETS = {
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202603": date(2027, 3, 16),
}
"""Days on which versions stop; others live until the 15th of the same month a year later."""
_TOKENS = {
    "empty": (65604, "EMPTY_ACCESS_TOKEN", "Empty oauth2_access_token"),
    "invalid": (65600, "INVALID_ACCESS_TOKEN", "Invalid access token"),
    "expired": (65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
    "revoked": (65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"),
}


def _token_error(reason: str) -> LinkedInError:
    number, code, message = _TOKENS[reason]
    return LinkedInError(401, message, code=code, service_error_code=number)


def sunset(version: str) -> date:
    """The first day on which a version is no longer served."""
    return SUNSETS.get(version) or date(int(version[:4]) + 1, int(version[4:]), 15)


def _check_version(call: Call) -> str:
    version = call.request.headers.get("linkedin-version", "")
    if not version:
        raise LinkedInError(
            400,
            "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
            code="VERSION_MISSING",
        )
    month = re.fullmatch(r"(20\d\d)(0[1-9]|1[0-2])(?:\d\d)?", version)
    if month is None or sunset(version[:6]) <= call.world.now.date():
        raise _inactive(version)
    return version[:6]


def _inactive(version: str) -> LinkedInError:
    return LinkedInError(426, f"Requested version {version[:6]}01 is not active", code="NONEXISTENT_VERSION")


def _check_token(call: Call) -> None:
    if not call.bearer:
        raise _token_error("empty")
    state = call.sandbox.tokens.state("linkedin", call.bearer, now=call.world.now)
    if state != "valid":
        raise _token_error(state)


def _query(call: Call) -> Query:
    if call.request.headers.get("x-restli-protocol-version") != "2.0.0":
        raise LinkedInError(400, "Invalid query parameters passed to request", code="ILLEGAL_ARGUMENT")
    try:
        return parse_query(call.raw_query())
    except RestliSyntaxError as error:
        raise LinkedInError(
            400, f"Invalid query parameters passed to request: {error}", code="ILLEGAL_ARGUMENT"
        ) from error


def _handler(resource: str, answer: Callable[[Call, Query], Response]) -> Callable[[Call], Response]:
    """Checks that every call passes, then the resource's answer, or the error in LinkedIn's shape."""

    def handle(call: Call) -> Response:
        try:
            _check_token(call)
            version = _check_version(call)
            query = _query(call)
            if call.brand is None and organization_urn(call):
                raise LinkedInError(
                    403,
                    f"Not enough permissions to access: {resource}.{version}01",
                    code="ACCESS_DENIED",
                    service_error_code=100,
                )
            return answer(call, query)
        except LinkedInError as error:
            return error.response()

    return handle


def brand_of(call: Call) -> Brand | None:
    """The brand whose organisation, or one of whose posts, the call names."""
    if urn := organization_urn(call):
        return call.world.brand_of("linkedin", urn.rpartition(":")[2])
    path = call.request.scope.get("raw_path", b"").decode("latin-1")
    for urn in re.findall(r"urn:li:(?:share|ugcPost):\d+", unquote(f"{path}?{call.raw_query()}")):
        for brand in call.world.brands:
            if "linkedin" in brand.account_ids():
                posts = call.world.social(brand.slug, "linkedin").posts
                if any(post.post_id == urn for post in posts):
                    return brand
    return None


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in LinkedIn's shape; a throttle says nothing of when to come back."""
    if isinstance(fault, AuthReject):
        return _token_error(fault.reason).response()
    if isinstance(fault, RateLimit):
        return LinkedInError(
            429,
            "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.",
            code="TOO_MANY_REQUESTS",
            service_error_code=101,
        ).response()
    if isinstance(fault, VersionReject):
        return _inactive(call.request.headers.get("linkedin-version", "202401")).response()
    code = fault.code if isinstance(fault, Status) else 500
    return json_reply({"message": "Internal Server Error", "status": code}, status=code)


VENDOR = Vendor(
    name="linkedin",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=path, handler=_handler(resource, answer))
        for path, resource, answer in (
            ("/rest/networkSizes/{urn}", "networkSizes.GET", linkedin_statistics.network_size),
            (
                "/rest/organizationalEntityFollowerStatistics",
                "organizationalEntityFollowerStatistics.FINDER-organizationalEntity",
                linkedin_statistics.follower_statistics,
            ),
            (
                "/rest/organizationalEntityShareStatistics",
                "organizationalEntityShareStatistics.FINDER-organizationalEntity",
                linkedin_statistics.share_statistics,
            ),
            ("/rest/posts", "posts.FINDER-author", linkedin_posts.posts_by_author),
            ("/rest/posts/{urn}", "posts.GET", linkedin_posts.one_post),
            ("/rest/socialMetadata", "socialMetadata.BATCH_GET", linkedin_posts.many_metadata),
            ("/rest/socialMetadata/{urn}", "socialMetadata.GET", linkedin_posts.one_metadata),
            ("/rest/socialActions/{urn}", "socialActions.GET", linkedin_posts.social_actions),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
