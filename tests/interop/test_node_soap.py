"""npm's `soap` package, as a client of our server and as a server for our client: every operation.

The package is installed into a temporary directory; where that cannot be done, the tests are
skipped with the reason.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.bindings.ocpps import wsdl
from ocpp16.bindings.ocpps.envelope import NAMESPACES
from ocpp16.spec import ActionSpec, Side
from tests.interop.test_zeep import payload
from tests.transports.full import all_requests, answer_everything, full, received_by

pytestmark = pytest.mark.interop

CENTRAL, STATION = Side.CENTRAL_SYSTEM, Side.CHARGE_POINT
HERE = "http://127.0.0.1:1/"
SCRIPT = Path(__file__).with_name("node_soap.js")
PACKAGE = "soap@1"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which node finds the package."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm or node is not there")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"name": "interop", "private": true}')
    try:
        done = subprocess.run(
            [npm, "install", PACKAGE, "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install {PACKAGE} in time")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr[-200:]}")
    shutil.copy(SCRIPT, folder / SCRIPT.name)
    return folder


@contextmanager
def running(folder: Path, job: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        ["node", SCRIPT.name],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        try:
            yield process
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def they_call(folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Let node make calls; return what it made of the answers."""
    done = subprocess.run(
        ["node", SCRIPT.name],
        cwd=folder,
        input=json.dumps(job) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [each for each in told if "error" in each], told
    assert done.returncode == 0, done.stderr
    return {each["action"]: each["answer"] for each in told}


def wire(value: Any) -> Any:
    """Return a payload as JSON carries it."""
    if isinstance(value, dict):
        return {name: wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return [wire(item) for item in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def normal(value: Any) -> Any:
    """Return what node made of a message, and what is due, in the same words."""
    if isinstance(value, dict):
        return {
            name: normal(item)
            for name, item in value.items()
            if name != "attributes" and item is not None
        }
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, str) and value[:4].isdecimal():
        return datetime.fromisoformat(value)
    # It leaves decimals as they are written.
    return str(value) if isinstance(value, float) else value


def requests_to(side: Side) -> dict[str, Any]:
    return {action.name: wire(payload(action.request)) for action in received_by(side)}


def job_for(side: Side, url: str) -> dict[str, Any]:
    return {"url": url, "namespace": NAMESPACES[side], "requests": requests_to(side)}


def check_answers(answers: dict[str, Any], side: Side) -> None:
    for action in received_by(side):
        found = normal(answers[action.name]) or {}
        assert found == normal(payload(action.response)), action.name


def test_their_client_and_our_central_system(node: Path) -> None:
    central = CentralSystem()
    seen = answer_everything(central.on, CENTRAL)

    async def main() -> dict[str, Any]:
        async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
            return await asyncio.to_thread(they_call, node, job_for(CENTRAL, server.urls.soap))

    check_answers(asyncio.run(main()), CENTRAL)
    assert seen == all_requests(CENTRAL)


def test_their_client_and_our_charge_point(node: Path) -> None:
    station = ChargePoint("CP1")
    seen = answer_everything(station.on, STATION)

    async def main() -> dict[str, Any]:
        async with station.connect(HERE, listen="http://127.0.0.1:0/") as backend:
            url = backend.info.callback or ""
            return await asyncio.to_thread(they_call, node, job_for(STATION, url))

    check_answers(asyncio.run(main()), STATION)
    assert seen == all_requests(STATION)


def answer_of(action: ActionSpec) -> Any:
    return wire(payload(action.response))


def test_their_server_and_our_charge_point(node: Path) -> None:
    actions = received_by(CENTRAL)
    job = {
        "wsdl": wsdl(CENTRAL).decode(),
        "answers": {action.name: answer_of(action) for action in actions},
    }

    async def main(url: str) -> None:
        station = ChargePoint("CP1")
        async with station.connect(url, listen="http://127.0.0.1:0/") as backend:
            for action in actions:
                answer = await backend.call(full(action.request, CENTRAL), timeout=10)
                assert answer == full(action.response, CENTRAL), action.name

    with running(node, job) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        asyncio.run(main(f"http://127.0.0.1:{port}/ocpp"))
        told = [json.loads(process.stdout.readline()) for _ in actions]
    seen = {each["action"]: normal(each["request"]) or {} for each in told}
    assert seen == {action.name: normal(payload(action.request)) for action in actions}
