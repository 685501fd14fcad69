"""Fixtures that every test may use, and the sizes of the property-based tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ

# A machine that is busy with other things makes no test wrong.
SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "quick", max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW
)
settings.register_profile(
    "long",
    max_examples=100_000,
    deadline=None,
    suppress_health_check=SLOW,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts something in the background lets it ignore Ctrl-C and Ctrl-\, and so would
    # all that the tests start to see it end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def _folder(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set")
    return Path(value)


@pytest.fixture(scope="session")
def official() -> Path:
    """The Open Charge Alliance's own contracts, which users do not have."""
    return _folder("OCPP16_OFFICIAL")


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Real frames and envelopes, which users do not have."""
    return _folder("OCPP16_VECTORS")


@pytest.fixture(params=["ocppj", "ocpps"])
def binding(request: pytest.FixtureRequest) -> Binding:
    """Each wire in turn, as both ends of it: `exchange.make_session` takes the end it needs."""
    if request.param == "ocppj":
        return OcppJ()
    pytest.importorskip("lxml")
    from tests.soap_ends import SoapEnds

    return SoapEnds()
