"""Between a route and a vendor's handler: finds the brand, applies faults, records the call.

What belongs here: what is the same for every vendor. What does not: the words of an error, which are the vendor's.
"""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.sandbox.call import Call, Endpoint, Vendor
from connectors.sandbox.faults import (
    AuthReject,
    DrawnOut,
    Echo,
    Latency,
    RateLimit,
    Status,
    TruncatedJson,
    VersionReject,
)
from connectors.sandbox.state import Sandbox, Seen


def truncated(response: Response) -> Response:
    """The same answer, broken off in the middle, yet well-formed HTTP."""
    half = bytes(response.body)[: max(len(bytes(response.body)) // 2, 1)]
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
    return Response(half, status_code=response.status_code, headers=headers)


class _DrawnOut(Response):
    """Past the server's own idea of a reply, straight onto its connection: uvicorn sends no half a header."""

    def __init__(self, fault: DrawnOut) -> None:
        super().__init__()
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: asyncio.Transport = receive.__self__.transport  # type: ignore[attr-defined]
        begins, goes_on = _DRAWN[self._fault.part]
        connection.write(begins)
        for _ in range(int(self._fault.seconds / _PAUSE_SECONDS)):
            if connection.is_closing():
                break
            connection.write(goes_on)
            await asyncio.sleep(_PAUSE_SECONDS)
        connection.close()
        await asyncio.sleep(_PAUSE_SECONDS)  # the server hears of it, and sends nothing of its own


_PAUSE_SECONDS = 0.02
_DRAWN = {
    "body": (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n", b" "),
    "header": (b"HTTP/1.1 200 OK\r\nx-slow: ", b"x"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


def echo(request: Request) -> Response:
    """What a call asked and with which credentials, in the words of a refusal."""
    said = f"refused: {request.method} {request.url} Authorization: {request.headers.get('authorization', 'none')}"
    return JSONResponse({"error": {"code": 400, "message": said}, "message": said}, status_code=400)


async def answer(call: Call, *, vendor: Vendor, endpoint: Endpoint) -> Response:
    """The vendor's answer, or the fault's."""
    response = await run_in_threadpool(_undisturbed, call, vendor, endpoint)
    if response is not None:
        return response
    for fault in call.faults.faults:
        if isinstance(fault, Latency):
            await asyncio.sleep(fault.seconds)
    for fault in call.faults.faults:
        if isinstance(fault, DrawnOut):
            return _DrawnOut(fault)
        if isinstance(fault, Echo):
            return echo(call.request)
        if isinstance(fault, AuthReject | RateLimit | VersionReject | Status):
            return vendor.fault_reply(fault, call)
    response = await run_in_threadpool(endpoint.handler, call)
    return truncated(response) if call.faults.has(TruncatedJson) else response


def _undisturbed(call: Call, vendor: Vendor, endpoint: Endpoint) -> Response | None:
    """The vendor's answer in one go, where no fault is set; None with the call's faults where one is."""
    call.brand = vendor.brand_of(call)
    call.faults = call.sandbox.faults.take(vendor=vendor.name, brand=call.brand.slug if call.brand else None)
    return None if call.faults.faults else endpoint.handler(call)


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
