"""Fixtures for pytest, there wherever this package is installed; see `ocpp16.testing`.

They need no plugin for coroutines and work with any: each gives a function or an object that a test
uses in whatever event loop it runs. Nothing of OCPP is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ocpp16.testing import HandClock, LoopbackPair, ScriptedCentralSystem, ScriptedPeer


@pytest.fixture
def ocpp_clock() -> HandClock:
    """Time that stands still, until it is turned by `await clock.advance(60)`: a `HandClock`."""
    from ocpp16.testing import HandClock  # noqa: PLC0415 - for those who use it alone

    return HandClock()


@pytest.fixture
def ocpp_pair() -> Callable[..., LoopbackPair]:
    """Both roles in memory: `loopback_pair`, entered by `async with pair.connected()`."""
    from ocpp16.testing import loopback_pair  # noqa: PLC0415

    return loopback_pair


@pytest.fixture
def ocpp_charge_point() -> Callable[..., AbstractAsyncContextManager[ScriptedPeer]]:
    """Plays a charge point against your central system: `scripted_charge_point`."""
    from ocpp16.testing import scripted_charge_point  # noqa: PLC0415

    return scripted_charge_point


@pytest.fixture
def ocpp_central_system() -> Callable[..., ScriptedCentralSystem]:
    """Plays a central system against your charge point: `ScriptedCentralSystem`."""
    from ocpp16.testing import ScriptedCentralSystem  # noqa: PLC0415

    return ScriptedCentralSystem
