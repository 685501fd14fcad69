from __future__ import annotations

import asyncio
import sys

import pytest

from ocpp16.apps import event_loop


async def module_of_the_loop() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_uvloop_is_used_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert event_loop.run(module_of_the_loop()) == "uvloop"


def test_without_it_a_program_runs_on_the_loop_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert event_loop.run(module_of_the_loop()) == "asyncio"
