"""The worked port of the migration page: four programs, each against both peers.

`before_*` are on mobilityhouse `ocpp`, `after_*` on ours. Whoever is on the other side, a program
and its port do and see the same.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.page import DOCS, Excerpt, blocks
from tests.ports import free_ports

pytestmark = pytest.mark.interop
EXAMPLES = DOCS / "examples" / "migration"
PATIENCE = 60
CENTRAL_SAYS = [
    "listening",
    "CP1 is here: Example One",
    "CP1 says Accepted",
    "CP1 measures 2000",
    "CP1 has charged 1500 Wh",
]
STATION_SAYS = {
    "boot: Accepted, heartbeat every 300 s",
    "asked to set HeartbeatInterval to 60",
    "CARD-1 is Accepted",
    "done",
}


def start(name: str, argument: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", str(EXAMPLES / f"{name}.py"), argument],
        cwd=Path.cwd(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("station", ["before_station", "after_station"])
@pytest.mark.parametrize("central", ["before_central", "after_central"])
def test_a_program_and_its_port_do_the_same(central: str, station: str) -> None:
    (port,) = free_ports(1)
    server = start(central, str(port))
    try:
        assert server.stdout is not None
        first = server.stdout.readline()
        told, complaints = start(station, f"ws://127.0.0.1:{port}").communicate(timeout=PATIENCE)
        server.send_signal(signal.SIGINT)
        rest, trouble = server.communicate(timeout=PATIENCE)
    finally:
        server.kill()
        server.wait()
    assert (complaints, trouble) == ("", "")
    # What is asked and what is answered at once may be seen in either order.
    assert set(told.splitlines()) == STATION_SAYS
    assert told.splitlines()[-1] == "done"
    assert (first + rest).splitlines() == CENTRAL_SAYS
    assert server.returncode == 0


def test_the_page_shows_these_programs() -> None:
    page = DOCS / "howto" / "migrate-from-ocpp.md"
    shown = [block.source for block in blocks(page) if isinstance(block, Excerpt)]
    assert sorted(shown) == sorted(EXAMPLES.glob("*.py"))
