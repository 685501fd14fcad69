"""How a process ends: signals at every stage, and standard output that takes no more."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from ocpp16.apps.output import OutputFailed, Watch, guarded
from ocpp16.apps.stopping import SIGNALS, stopped_by_signals
from tests.apps.processes import COMMAND, PATIENCE, end, read_until, run, started

FRAME = '[2,"1","Heartbeat",{}]'
FULL = Path("/dev/full")
needs_a_full_device = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")

SLOW_IMPORT = """
import sys, time
from ocpp16 import cli

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "rich":
            print("importing", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Slow())
cli.main(["demo"])
"""
STUCK = """
import asyncio, signal, time
from ocpp16 import cli
from ocpp16.apps import central_system

async def stuck(**options):
    print("running", flush=True)
    await options["stop"].wait()
    print("stopping", flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException as error:
            # As the callback of a transport would, that is not made for it.
            print("raised", type(error).__name__, flush=True)

central_system.run_central_system = stuck
cli.main(["central-system", "--json", "127.0.0.1:0", "--open"])
"""


def test_ctrl_c_while_it_starts() -> None:
    with started(sys.executable, "-c", SLOW_IMPORT) as process:
        read_until(process, "importing")
        assert end(process, signal.SIGINT) == (130, "", "")


@pytest.mark.parametrize("first", SIGNALS)
@pytest.mark.parametrize("second", SIGNALS)
def test_a_second_signal_ends_it_at_once(first: signal.Signals, second: signal.Signals) -> None:
    with started(sys.executable, "-c", STUCK) as process:
        read_until(process, "running")
        process.send_signal(first)
        read_until(process, "stopping")
        assert end(process, second) == (-second, "", "")


def test_a_second_signal_needs_no_loop() -> None:
    # The loop is blocked from the start: it never gets to what the first signal asks of it.
    blocked = STUCK.replace('await options["stop"].wait()', "asks(options)").replace(
        "async def stuck", BLOCKED
    )
    with started(sys.executable, "-c", blocked) as process:
        read_until(process, "running")
        process.send_signal(signal.SIGINT)
        read_until(process, "asked")
        assert end(process, signal.SIGINT) == (-signal.SIGINT, "", "")


BLOCKED = """
def asks(options):
    for _ in range(500):
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            break
        time.sleep(0.01)
    print("asked", flush=True)

async def stuck"""


def test_signals_are_as_before_where_none_came() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]

    async def main() -> bool:
        during = [signal.getsignal(each) for each in SIGNALS]
        with stopped_by_signals() as stop:
            assert not stop.is_set()
        return during == [signal.getsignal(each) for each in SIGNALS]

    assert asyncio.run(main())
    assert [signal.getsignal(each) for each in SIGNALS] == before


# Standard output


@needs_a_full_device
@pytest.mark.parametrize(
    "arguments",
    [
        ["demo"],
        ["demo", "--quiet"],
        ["demo", "--output", "json"],
        ["inspect"],
        ["inspect", "--output", "json"],
        ["central-system", "--json", "127.0.0.1:0", "--open"],
        ["charge-point", "CP1", "--url", "ws://127.0.0.1:1/"],
        ["--help"],
        ["--version"],
    ],
)
def test_a_disk_that_is_full_is_one_line(arguments: list[str]) -> None:
    with (
        FULL.open("w") as full,
        started(*COMMAND, *arguments, stdin=subprocess.PIPE, out=full) as process,
    ):
        _, errors = process.communicate(f"{FRAME}\n", timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.startswith("ocpp16: ")
    assert "No space left on device" in errors
    assert errors.count("\n") == 1


def test_a_central_system_ends_when_its_reader_has_gone() -> None:
    arguments = ["central-system", "--json", "127.0.0.1:0", "--open"]
    with started(*COMMAND, *arguments) as central:
        assert central.stdout is not None
        assert central.stderr is not None
        url = central.stdout.readline().strip()
        central.stdout.readline()
        central.stdout.close()
        with started(*COMMAND, "charge-point", "CP1", "--url", url, "--stay"):
            assert central.wait(PATIENCE) == 1
        assert central.stderr.read() == ""


@pytest.mark.parametrize(
    ("number", "arguments", "code", "expected"),
    [
        (1, ["demo"], 1, "ocpp16: there is no standard output (it was closed)\n"),
        (0, ["inspect"], 2, "ocpp16: there is no standard input (it was closed)\n"),
    ],
)
def test_a_stream_that_was_closed(
    number: int, arguments: list[str], code: int, expected: str
) -> None:
    result = run(*arguments, preexec_fn=lambda: os.close(number))
    assert (result.returncode, result.stderr) == (code, expected)


def test_what_cannot_be_shown_is_found_later() -> None:
    shown: list[str] = []
    failed: list[bool] = []

    def show(event: str) -> None:
        if event == "full":
            raise OutputFailed(OSError(28, "full"))
        shown.append(event)

    watch = Watch(show, lambda: failed.append(True))
    watch("a")
    watch.check()
    for event in ("full", "b", "full"):
        watch(event)
    assert (shown, failed) == (["a"], [True])
    with pytest.raises(OutputFailed, match="full"):
        watch.check()


@needs_a_full_device
def test_a_guarded_file_keeps_its_ways() -> None:
    with FULL.open("w", encoding="ascii") as full:
        file = guarded(full)
        assert (file.encoding, file.isatty()) == ("ascii", False)
        file.write("x")
        with pytest.raises(OutputFailed, match="No space left on device"):
            file.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
