"""The project in a fresh environment, as who installs it has it: minutes of a package index, so no test; it lives here.

``python -m tests.e2e.fresh_install`` (``make fresh-install``) takes the steps of ``Dockerfile`` by hand: what it copies
and no more, its pins by their hashes, the wheel. Then, in another folder and with nothing of a checkout on the path:
``okr demo``, and ``okr ui`` until Dagster answers over HTTP which tables there are. Prints what it found; exit code 1
where something failed. ``--environment DIR`` takes one that has been installed before.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCKERFILE = PROJECT / "Dockerfile"
QUERY = "{ version assetNodes { assetKey { path } } }"
LONGEST_START_SECONDS = 600


def main() -> int:
    """Install, run the demo, ask the UI."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, help="a virtual environment installed by an earlier run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environment = asked.environment or install(root)
        programs = environment.resolve() / "bin"
        work = root / "elsewhere"
        work.mkdir()
        demo = call([programs / "okr", "demo"], work)
        print("\n".join(demo.strip().splitlines()[-4:]))
        tables, version = ask_ui(programs / "okr", work)
    print(f"okr ui answered: Dagster {version}, {tables} assets")
    return 0 if tables else 1


def install(root: Path) -> Path:
    """What ``Dockerfile`` copies, installed by what it runs, into a fresh environment."""
    source, environment = root / "src", root / "environment"
    source.mkdir()
    for name in copied():
        place = PROJECT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=left_out)
        else:
            shutil.copy(place, source / name)
    venv.create(environment, with_pip=True)
    for step in pip_steps():
        call([environment / "bin" / "python", "-m", *step], source)
    print(f"installed: {len(list(environment.glob('lib/*/site-packages/*.dist-info')))} packages", flush=True)
    return environment


def copied() -> list[str]:
    """Files and folders that the image is built of."""
    lines = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    return [name for line in lines for name in line.split()]


def left_out(folder: str, names: list[str]) -> set[str]:
    """What the image does not take of a folder: compiled modules, and of the demo's home what runs left there."""
    runs = written_by_runs() if Path(folder) == PROJECT / "demo" else []
    return {"__pycache__", *runs} & set(names)


def pip_steps() -> list[list[str]]:
    """The image's calls of pip, but for where they install."""
    text = DOCKERFILE.read_text("utf-8").replace("\\\n", " ")
    (run,) = re.findall(r"^RUN (pip .+)$", text, re.MULTILINE)
    steps = [step.split() for step in run.split("&&")]
    return [[word for word in step if word not in ("--prefix", "/installed")] for step in steps]


def written_by_runs() -> list[str]:
    """What runs leave in the demo's home."""
    return ["warehouse", "published", "exports", "dagster", "state"]


def call(command: list[Path | str], folder: Path) -> str:
    """Run a program with nothing of this checkout on its path; what it printed. Raises where it failed."""
    done = subprocess.run(command, cwd=folder, env=environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def environ() -> dict[str, str]:
    """This process's environment without what would lead to the checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "OKR_HOME")}


def ask_ui(okr: Path, folder: Path) -> tuple[int, str]:
    """Start ``okr ui`` on the demo's home, ask it which assets there are, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [okr, "--home", "okr-demo", "ui", "--port", str(port)]
    with (folder / "ui.log").open("w+") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environ(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            answer = answered(f"http://127.0.0.1:{port}/graphql", server)
        except TimeoutError as error:
            log.seek(0)
            raise SystemExit(f"{error}\n{log.read()}") from None
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)
    return len(answer["data"]["assetNodes"]), answer["data"]["version"]


def answered(address: str, server: subprocess.Popen[bytes]) -> dict[str, dict[str, str]]:
    """The answer to a GraphQL query, once there is one."""
    body = json.dumps({"query": QUERY}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    ends = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < ends and server.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                found: dict[str, dict[str, str]] = json.load(reply)
        except (OSError, urllib.error.URLError):
            time.sleep(1)
            continue
        if found.get("data", {}).get("assetNodes"):
            return found
        time.sleep(1)
    raise TimeoutError(f"okr ui did not answer within {LONGEST_START_SECONDS} seconds, or ended")


if __name__ == "__main__":
    sys.exit(main())
