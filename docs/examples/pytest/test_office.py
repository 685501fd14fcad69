"""Tests of a back office: a scripted charge point says what a charger would."""

import asyncio
from datetime import UTC, datetime

import pytest
from charger import make_charger
from office import make_office

from ocpp16 import CallFailed, messages


def test_a_known_tag_is_accepted(ocpp_charge_point):
    async def main():
        async with ocpp_charge_point(make_office({"TAG1"})) as charger:
            assert await charger.call("Authorize", {"idTag": "TAG1"}) == {
                "idTagInfo": {"status": "Accepted"}
            }
            assert await charger.call("Authorize", {"idTag": "TAG2"}) == {
                "idTagInfo": {"status": "Invalid"}
            }

    asyncio.run(main())


def test_a_tag_that_is_too_long_is_an_error(ocpp_charge_point):
    async def main():
        async with ocpp_charge_point(make_office({"TAG1"})) as charger:
            with pytest.raises(CallFailed) as caught:
                await charger.call("Authorize", {"idTag": "X" * 21})
            assert caught.value.code == "PropertyConstraintViolation"

    asyncio.run(main())


def test_the_office_tells_the_time(ocpp_pair, ocpp_clock):
    boot = messages.BootNotificationRequest(charge_point_vendor="Example", charge_point_model="One")

    async def main():
        pair = ocpp_pair(make_office({"TAG1"}, ocpp_clock), make_charger(ocpp_clock))
        await ocpp_clock.advance(3600)
        async with pair.connected() as (_, backend):
            answer = await backend.call(boot)
        assert answer.current_time == datetime(2026, 1, 1, 1, tzinfo=UTC)

    asyncio.run(main())
