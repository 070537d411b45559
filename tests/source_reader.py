"""One source of each type, opened as the night opens it, on any night, and read stream by stream without sleeping.

What belongs here: opening, reading, and setting faults for just that source. What does not: what should come of it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from connectors.core.protocol import Batch, Source, Stream
from connectors.core.secrets import build_context
from connectors.sandbox.faults import Fault
from connectors.sandbox.server import SandboxServer
from okr_models.periods import Window
from pipelines.warehouse.clock import fixed_clock
from tests.fake_vendor import STOCKHOLM, Naps
from tests.fault_rig import NIGHT, SOURCES, make_rig, open_awake, vendors_of


class Reader:
    """Opens one source of each type as the night does, and reads from it."""

    def __init__(self, server: SandboxServer, folder: Path) -> None:
        self.server, self.environ = server, server.environment()
        rig = make_rig(tuple(SOURCES), folder, server, self.environ)
        self.home, self.clients = rig.home, {client.client: client for client in rig.clients}

    def source(self, kind: str, *, today: date = NIGHT) -> Source:
        client = self.clients[kind]
        settings = client.source("under")
        context = build_context(
            settings,
            client=client.client,
            client_zone=STOCKHOLM,
            now=fixed_clock(today).now(),
            home=self.home.root,
            environ=self.environ,
            sleep=Naps(),
        )
        return open_awake(settings, context)

    def read(self, kind: str, stream: Stream, window: Window | None, *, today: date = NIGHT) -> Batch:
        source = self.source(kind, today=today)
        try:
            return source.read(stream, window if stream.delivery == "window" else None)
        finally:
            source.close()

    def set(self, kind: str, fault: Fault) -> None:
        for vendor in vendors_of(kind):
            self.server.faults.set(vendor=vendor, brand=SOURCES[kind][0], fault=fault)

    def calls(self, kind: str) -> int:
        return sum(len(self.server.calls.of(vendor=name, brand=SOURCES[kind][0])) for name in vendors_of(kind))

    def secrets(self, kind: str) -> list[str]:
        return [value for name, value in self.environ.items() if any(part in name for part in ("TOKEN", "KEY"))]
