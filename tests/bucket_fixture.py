"""A bucket behind a local server that speaks S3, for tests. No test lives here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of a bucket of a local server that speaks S3, conditional writes included."""
    server_of = pytest.importorskip("moto.server", reason="moto is in the test extra")
    pytest.importorskip("obstore", reason="obstore is in the extra ray")
    import requests

    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        patch.setenv("AWS_REGION", "us-east-1")
        assert requests.put(f"http://{host}:{port}/homes", timeout=10).ok
        yield "s3://homes"
    server.stop()
