"""What a simulated charge point answers about charging profiles."""

from __future__ import annotations

import pytest

from ocpp16 import messages
from ocpp16.datatypes import ChargingProfile
from ocpp16.errors import CallFailed, ErrorCode
from tests.apps.doubles import NOON
from tests.apps.scene import DEFAULT, MAX, Site, play, profile


@pytest.mark.parametrize(
    ("connector", "new", "status"),
    [
        (1, profile(transaction_id=7), "Accepted"),
        (1, profile(), "Accepted"),
        (1, profile(transaction_id=8), "Rejected"),
        (2, profile(), "Rejected"),
        (0, profile(), "Rejected"),
        (0, profile(MAX), "Accepted"),
        (1, profile(MAX), "Rejected"),
        (0, profile(MAX, transaction_id=7), "Rejected"),
        (0, profile(DEFAULT), "Accepted"),
        (2, profile(DEFAULT), "Accepted"),
        (2, profile(DEFAULT, transaction_id=7), "Rejected"),
        (0, profile(DEFAULT, level=9), "Accepted"),
        (0, profile(DEFAULT, level=10), "Rejected"),
        (0, profile(DEFAULT, level=-1), "Rejected"),
        (0, profile(DEFAULT, starts=(1,)), "Rejected"),
        (0, profile(DEFAULT, starts=tuple(range(24))), "Accepted"),
        (0, profile(DEFAULT, starts=tuple(range(25))), "Rejected"),
    ],
)
def test_setting_a_profile(connector: int, new: ChargingProfile, status: str) -> None:
    async def scene(site: Site) -> None:
        await site.charge(1)
        request = messages.SetChargingProfileRequest(
            connector_id=connector, cs_charging_profiles=new
        )
        assert (await site.ask(request)).status == status
        assert len(site.simulator.profiles) == (status == "Accepted")

    play(scene)


def test_only_so_many_profiles_are_installed() -> None:
    async def scene(site: Site) -> None:
        for number in range(11):
            request = messages.SetChargingProfileRequest(
                connector_id=0,
                cs_charging_profiles=profile(DEFAULT, number=number, level=number % 10),
            )
            status = (await site.ask(request)).status
            assert status == "Accepted"  # the eleventh replaces the first
        site.simulator.configuration.set("MaxChargingProfilesInstalled", "9")
        request = messages.SetChargingProfileRequest(
            connector_id=1, cs_charging_profiles=profile(DEFAULT, number=99)
        )
        assert (await site.ask(request)).status == "Rejected"

    play(scene)


def test_a_profile_for_an_unknown_connector_is_an_error() -> None:
    async def scene(site: Site) -> None:
        request = messages.SetChargingProfileRequest(
            connector_id=3, cs_charging_profiles=profile(DEFAULT)
        )
        with pytest.raises(CallFailed) as caught:
            await site.ask(request)
        assert caught.value.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
        assert caught.value.description == "/connectorId: there is no connector 3"

    play(scene)


def test_profiles_act_and_are_cleared() -> None:
    async def scene(site: Site) -> None:
        await site.charge(1)
        connector = site.simulator.connectors[1]
        await site.ask(
            messages.SetChargingProfileRequest(
                connector_id=1, cs_charging_profiles=profile(transaction_id=7)
            )
        )
        assert connector.draw == 41_400
        composite = await site.ask(
            messages.GetCompositeScheduleRequest(connector_id=1, duration=60)
        )
        assert (composite.status, composite.connector_id) == ("Accepted", 1)
        assert composite.schedule_start == NOON
        period = composite.charging_schedule.charging_schedule_period[0]
        assert (period.start_period, period.limit) == (0, 4140.0)
        clear = messages.ClearChargingProfileRequest(id=1)
        assert (await site.ask(clear)).status == "Accepted"
        assert connector.draw == 110_000
        assert (await site.ask(clear)).status == "Unknown"

    play(scene)


@pytest.mark.parametrize(("connector", "duration"), [(3, 60), (-1, 60), (1, -1)])
def test_no_composite_schedule(connector: int, duration: int) -> None:
    async def scene(site: Site) -> None:
        request = messages.GetCompositeScheduleRequest(connector_id=connector, duration=duration)
        answer = await site.ask(request)
        assert (answer.status, answer.charging_schedule) == ("Rejected", None)

    play(scene)
