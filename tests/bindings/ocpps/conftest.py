"""Fixtures of the tests of OCPP-S."""

from __future__ import annotations

import pytest

pytest.importorskip("lxml")
