"""The examples in docstrings say what comes of them."""

from __future__ import annotations

import doctest
import importlib
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PROMPT = ">>> "
TAUGHT = {
    "ocpp16.datatypes",
    "ocpp16.enums",
    "ocpp16.messages",
    "ocpp16.roles.central_system",
    "ocpp16.roles.charge_point",
    "ocpp16.settings",
    "ocpp16.station.smart_charging.behaviour",
    "ocpp16.station.station",
    "ocpp16.structure",
    "ocpp16.testing",
    "ocpp16.testing.script",
}
"""Modules that people begin with, so that an example has to be there."""


def modules() -> list[str]:
    """Return the modules with examples."""
    found = []
    for path in sorted((ROOT / "ocpp16").rglob("*.py")):
        if PROMPT in path.read_text():
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def test_what_people_begin_with_has_examples() -> None:
    assert set(modules()) >= TAUGHT


@pytest.mark.parametrize("name", modules())
def test_examples_are_right(name: str) -> None:
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        failed, tried = doctest.testmod(module, optionflags=OPTIONS)
    assert tried > 0
    assert failed == 0
