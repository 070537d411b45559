"""Between a route and a vendor's handler: finds the brand, applies faults, records the call.

What belongs here: what is the same for every vendor. What does not: the words of an error, which are the vendor's.
"""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.call import Call, Endpoint, Vendor
from connectors.sandbox.faults import AuthReject, Latency, RateLimit, Status, TruncatedJson, VersionReject
from connectors.sandbox.state import Sandbox, Seen


def truncated(response: Response) -> Response:
    """The same answer, broken off in the middle, yet well-formed HTTP."""
    half = bytes(response.body)[: max(len(bytes(response.body)) // 2, 1)]
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
    return Response(half, status_code=response.status_code, headers=headers)


async def answer(call: Call, *, vendor: Vendor, endpoint: Endpoint) -> Response:
    """The vendor's answer, or the fault's."""
    call.brand = await run_in_threadpool(vendor.brand_of, call)
    call.faults = call.sandbox.faults.take(vendor=vendor.name, brand=call.brand.slug if call.brand else None)
    for fault in call.faults.faults:
        if isinstance(fault, Latency):
            await asyncio.sleep(fault.seconds)
    for fault in call.faults.faults:
        if isinstance(fault, AuthReject | RateLimit | VersionReject | Status):
            return vendor.fault_reply(fault, call)
    response = await run_in_threadpool(endpoint.handler, call)
    return truncated(response) if call.faults.has(TruncatedJson) else response


def route(sandbox: Sandbox, vendor: Vendor, endpoint: Endpoint) -> Route:
    """A starlette route for one endpoint of one vendor."""

    async def handle(request: Request) -> Response:
        call = Call(request=request, body=await request.body(), sandbox=sandbox)
        response = await answer(call, vendor=vendor, endpoint=endpoint)
        brand = call.brand.slug if call.brand else None
        sandbox.calls.add(
            Seen(
                vendor=vendor.name,
                brand=brand,
                method=request.method,
                path=request.url.path,
                status=response.status_code,
            )
        )
        return response

    return Route(endpoint.path, handle, methods=list(endpoint.methods))
