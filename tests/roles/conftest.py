"""Every test of the roles in memory runs on both wires: no role may know which one it is.

A test that says a peer's words itself writes and reads them by `speech`.
"""

from __future__ import annotations

import importlib.util

import pytest

from ocpp16.testing import LoopbackPair, Wire


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on its wires, SOAP among them where its extra is installed."""
    if _has_its_own_wires(metafunc):
        return
    wires = ["json", "soap"]
    if importlib.util.find_spec("lxml") is None:
        wires = [wire for wire in wires if wire != "soap"]
    metafunc.parametrize("wire", wires)


def _has_its_own_wires(metafunc: pytest.Metafunc) -> bool:
    marks = metafunc.definition.iter_markers("parametrize")
    return any("wire" in str(mark.args[0]) for mark in marks)


@pytest.fixture(autouse=True)
def wire_of_loopbacks(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Join roles by the wire of this run."""
    monkeypatch.setattr(LoopbackPair, "WIRE", wire)
