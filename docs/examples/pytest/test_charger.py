"""Tests of a charger: a scripted central system asks what one would, and what none may."""

import asyncio

import pytest
from charger import make_charger

from ocpp16 import CallFailed


def test_it_resets(ocpp_central_system):
    async def main():
        charger = make_charger()
        office = ocpp_central_system(charger)
        async with charger.connect_by(office.dial):
            assert await office.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
        assert charger.resets == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "OccurenceConstraintViolation"),
        ({"type": "Gentle"}, "PropertyConstraintViolation"),
        ({"type": 1}, "TypeConstraintViolation"),
        ({"type": "Soft", "when": "now"}, "FormationViolation"),
    ],
)
def test_what_makes_no_sense_does_not_reset_it(ocpp_central_system, payload, code):
    async def main():
        charger = make_charger()
        office = ocpp_central_system(charger)
        async with charger.connect_by(office.dial):
            with pytest.raises(CallFailed) as caught:
                await office.call("Reset", payload)
        assert (caught.value.code, charger.resets) == (code, 0)

    asyncio.run(main())
