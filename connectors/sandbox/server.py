"""The sandbox server: a starlette app over the world, and a real HTTP server on a thread for tests and the demo.

What belongs here: wiring routes to vendors, starting and stopping, moving the virtual now. What does not: answers.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.sandbox.environment import ENVIRONMENT_PATH, NOW_PATH, demo_variables
from connectors.sandbox.faults import FaultBook
from connectors.sandbox.guard import route
from connectors.sandbox.state import CallLog, Sandbox
from connectors.sandbox.vendors.registry import VENDORS
from connectors.sandbox.world import VirtualClock, World, five_in_stockholm
from connectors.sandbox.world.clock import STOCKHOLM

DEMO_TODAY = date(2026, 11, 20)
_START_SECONDS = 15.0


def create_app(world: World, faults: FaultBook | None = None) -> Starlette:
    """The app; its ``state.sandbox`` holds world, faults, credentials and answered calls."""
    sandbox = Sandbox(world=world, faults=faults or FaultBook())

    async def environment(request: Request) -> JSONResponse:
        """Everything a home folder needs to read this sandbox, a fresh service-account key included."""
        url = str(request.base_url).rstrip("/")
        return JSONResponse(await run_in_threadpool(demo_variables, sandbox, url))

    async def now(request: Request) -> JSONResponse:
        """Move the virtual now, for who runs this server in another process."""
        world.clock.set(datetime.fromisoformat((await request.json())["now"]))
        return JSONResponse({})

    routes = [route(sandbox, vendor, endpoint) for vendor in VENDORS for endpoint in vendor.endpoints]
    own = [Route(ENVIRONMENT_PATH, environment, methods=["POST"]), Route(NOW_PATH, now, methods=["POST"])]
    app = Starlette(routes=[*routes, *own])
    app.router.redirect_slashes = False
    app.state.sandbox = sandbox
    return app


class SandboxServer:
    """A sandbox on 127.0.0.1, on a free port unless one is given. Use it in a ``with`` block.

    The virtual now is ``now``, else 05:00 Europe/Stockholm of ``today``, unless a whole ``world`` is given.
    """

    def __init__(
        self,
        *,
        now: datetime | None = None,
        today: date = DEMO_TODAY,
        world: World | None = None,
        faults: FaultBook | None = None,
        port: int = 0,
    ) -> None:
        self.world = world or World(clock=VirtualClock(now or five_in_stockholm(today)))
        self.app = create_app(self.world, faults)
        self.sandbox: Sandbox = self.app.state.sandbox
        self._port = port
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def faults(self) -> FaultBook:
        """Set faults here."""
        return self.sandbox.faults

    @property
    def calls(self) -> CallLog:
        """Calls answered so far."""
        return self.sandbox.calls

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        if self._socket is None:
            raise RuntimeError("the sandbox is not running")
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def set_today(self, today: date) -> None:
        """Move the virtual now to 05:00 Europe/Stockholm of a day."""
        self.world.clock.set(five_in_stockholm(today))

    def set_now(self, now: datetime) -> None:
        """Move the virtual now to an instant."""
        self.world.clock.set(now)

    def environment(self) -> dict[str, str]:
        """The demo's variables for this server, with a fresh service-account key."""
        return demo_variables(self.sandbox, self.url)

    def start(self) -> None:
        """Listen; returns once requests are answered."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._socket = listener
        config = uvicorn.Config(self.app, log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=30)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox server did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop listening and wait for the thread."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=_START_SECONDS)
        if self._socket is not None:
            self._socket.close()
        self._server, self._thread, self._socket = None, None, None

    def __enter__(self) -> SandboxServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(*, port: int | None, now: datetime, echo: Callable[[str], None]) -> None:
    """Run in the foreground until interrupted; prints the URL and the variables to export."""
    with SandboxServer(now=now, port=port or 0) as server:
        today = now.astimezone(STOCKHOLM).date()
        echo(f"Sandbox at {server.url}, virtual today {today}. Stop it with Ctrl-C. Variables for another terminal:")
        for name, value in server.environment().items():
            quoted = value.replace("'", "'\\''")
            echo(f"export {name}='{quoted}'")
        echo(f"export OKR_TODAY='{today}'")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            echo("Stopped.")
