"""Autobahn's WebSocket test suite against our server and our client: no case fails.

Every case of the suite runs but those in `DECIDED_OTHERWISE`, each with its reason. The suite is
installed into a temporary directory; where that cannot be done, the tests are skipped with the
reason.
`OCPP16_AUTOBAHN_PYTHON` names the Python of an environment that has it.
"""

from __future__ import annotations

import asyncio
from subprocess import Popen

import pytest

from ocpp16.errors import SessionClosed
from tests.interop.autobahn import (
    NOT_STRICT,
    NoSuiteError,
    Suite,
    ask,
    echo_server,
    echo_to,
    install,
)
from tests.ports import free_ports

pytestmark = [pytest.mark.interop, pytest.mark.slow]

SECONDS = 900
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}
LEAST = 260
"""Cases that run at least: a suite that ran nothing would fail nothing."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    try:
        return install(tmp_path_factory.mktemp("autobahn"))
    except NoSuiteError as error:
        pytest.skip(str(error))


def failed(verdicts: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {case: each for case, each in verdicts.items() if not GOOD.issuperset(each)}


def not_strict(verdicts: dict[str, tuple[str, str]]) -> set[str]:
    return {case for case, each in verdicts.items() if "NON-STRICT" in each}


def test_the_server(suite: Suite) -> None:
    async def main() -> None:
        async with echo_server() as url:
            server = {"agent": "server", "url": url, "protocols": ["ocpp1.6"]}
            process = suite.start("fuzzingclient", {"servers": [server]})
            try:
                await asyncio.to_thread(process.wait, SECONDS)
            finally:
                process.kill()
                process.wait()

    asyncio.run(main())
    verdicts = suite.verdicts("fuzzingclient")
    assert len(verdicts) >= LEAST, suite.log("fuzzingclient")
    assert failed(verdicts) == {}
    assert not_strict(verdicts) <= NOT_STRICT.keys()


async def _first(place: str, suite: Suite, process: Popen[bytes]) -> str:
    """Return how many cases there are, once the suite listens."""
    async with asyncio.timeout(60):
        while True:
            assert process.poll() is None, suite.log("fuzzingserver")
            try:
                return await ask(place, "getCaseCount")
            except SessionClosed:
                await asyncio.sleep(0.1)


def test_the_client(suite: Suite) -> None:
    async def main() -> None:
        (port,) = free_ports(1)
        place = f"ws://127.0.0.1:{port}"
        process = suite.start("fuzzingserver", {"url": place, "webport": 0})
        try:
            async with asyncio.timeout(SECONDS):
                count = int(await _first(place, suite, process))
                for case in range(1, count + 1):
                    await echo_to(f"{place}?case={case}&agent=client", "runCase")
                await echo_to(f"{place}?agent=client", "updateReports")
        finally:
            process.kill()
            process.wait()

    asyncio.run(main())
    verdicts = suite.verdicts("fuzzingserver")
    assert len(verdicts) >= LEAST, suite.log("fuzzingserver")
    assert failed(verdicts) == {}
    assert not_strict(verdicts) <= NOT_STRICT.keys()
