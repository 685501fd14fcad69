"""Both wires, for tests of a station behind a role."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["json", "soap"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)
