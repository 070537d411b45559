"""The sandbox in a process of its own: it answers, its now can be moved, and it ends with who started it."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date

import pytest
import requests

from connectors.sandbox.environment import demo_environment
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.world import five_in_stockholm

TODAY = date(2026, 11, 20)


def statuses(url: str) -> int:
    reply = requests.get(f"{url}/api/v1/accounts/lookup", params={"acct": "skargard"}, timeout=30)
    reply.raise_for_status()
    return int(reply.json()["followers_count"])


def test_it_answers_as_of_the_now_that_it_is_given() -> None:
    with SandboxProcess(now=five_in_stockholm(TODAY)) as sandbox:
        assert demo_environment(sandbox)["OKR_SANDBOX_URL"] == sandbox.url
        newest = statuses(sandbox.url)
        sandbox.set_today(date(2025, 11, 20))
        assert statuses(sandbox.url) < newest
        url = sandbox.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url


def test_it_ends_with_a_program_that_is_killed() -> None:
    text = (
        "import sys, time\n"
        "from connectors.sandbox.process import SandboxProcess\n"
        "from connectors.sandbox.world import five_in_stockholm\n"
        "from datetime import date\n"
        "with SandboxProcess(now=five_in_stockholm(date(2026, 11, 20))) as sandbox:\n"
        "    print(sandbox._process.pid, flush=True)\n"
        "    time.sleep(300)\n"
    )
    program = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    child = int(program.stdout.readline())
    program.send_signal(signal.SIGKILL)
    program.wait()
    deadline = subprocess.run(
        ["tail", f"--pid={child}", "-f", "/dev/null"], timeout=60, check=False, capture_output=True
    )
    assert deadline.returncode == 0
