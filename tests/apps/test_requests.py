"""What a simulated charge point answers a central system, over a connection in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ocpp16 import ChargePoint, messages
from ocpp16.apps.charge_point.profile_requests import ProfileRequests
from ocpp16.apps.charge_point.requests import Requests
from ocpp16.enums import (
    AvailabilityType,
    ChargePointStatus,
    MessageTrigger,
    Reason,
    ResetType,
    UpdateType,
)
from tests.apps.doubles import BLOCKED, FAMILY, NOON, make_simulator
from tests.apps.scene import DEFAULT, Site, play, profile

HOUR = timedelta(hours=1)


def test_it_offers_every_request_that_a_central_system_may_send() -> None:
    station = ChargePoint("CP1")
    simulator, _ = make_simulator()
    Requests(simulator).register(station)
    ProfileRequests(simulator).register(station)
    assert len(station._dispatcher.handlers) == 19


def test_remote_start_waits_for_the_plug() -> None:
    async def scene(site: Site) -> None:
        start = messages.RemoteStartTransactionRequest(id_tag="A", connector_id=2)
        assert (await site.ask(start)).status == "Accepted"
        assert site.story == ["2 Preparing"]
        await site.simulator.plug(2)
        assert site.story == ["StartTransaction A", "2 Charging"]

    play(scene)


def test_remote_start_of_a_car_that_is_plugged_in_starts_at_once() -> None:
    async def scene(site: Site) -> None:
        site.simulator.configuration.set("AuthorizeRemoteTxRequests", "true")
        await site.simulator.plug(1)
        start = messages.RemoteStartTransactionRequest(id_tag="A", connector_id=1)
        assert (await site.ask(start)).status == "Accepted"
        assert site.story == ["1 Preparing", "Authorize A", "StartTransaction A", "1 Charging"]

    play(scene)


def test_remote_start_without_a_connector_takes_one_that_is_free() -> None:
    async def scene(site: Site) -> None:
        await site.charge(1)
        start = messages.RemoteStartTransactionRequest(id_tag="B")
        assert (await site.ask(start)).status == "Accepted"
        assert site.story == ["2 Preparing"]
        await site.simulator.plug(2)
        assert (await site.ask(start)).status == "Rejected"

    play(scene)


def test_the_profile_of_a_remote_start_limits_its_transaction() -> None:
    async def scene(site: Site) -> None:
        await site.simulator.plug(1)
        await site.ask(
            messages.RemoteStartTransactionRequest(
                id_tag="A", connector_id=1, charging_profile=profile()
            )
        )
        assert site.simulator.connectors[1].draw == 41_400
        await site.simulator.stop(1, Reason.LOCAL)
        assert len(site.simulator.profiles) == 0

    play(scene)


def test_remote_start_of_a_tag_that_the_central_system_refuses() -> None:
    async def scene(site: Site) -> None:
        site.simulator.configuration.set("AuthorizeRemoteTxRequests", "true")
        site.central.tags = {"A": BLOCKED}
        start = messages.RemoteStartTransactionRequest(id_tag="A", connector_id=1)
        assert (await site.ask(start)).status == "Accepted"
        assert site.story == ["Authorize A"]

    play(scene)


@pytest.mark.parametrize(
    "request_",
    [
        messages.RemoteStartTransactionRequest(id_tag="A", connector_id=3),
        messages.RemoteStartTransactionRequest(id_tag="A", connector_id=0),
        messages.RemoteStartTransactionRequest(id_tag="A", charging_profile=profile(DEFAULT)),
        messages.RemoteStartTransactionRequest(
            id_tag="A", charging_profile=profile(transaction_id=7)
        ),
        messages.RemoteStartTransactionRequest(id_tag="A", charging_profile=profile(starts=(5,))),
    ],
)
def test_remote_starts_that_are_rejected(
    request_: messages.RemoteStartTransactionRequest,
) -> None:
    async def scene(site: Site) -> None:
        assert (await site.ask(request_)).status == "Rejected"
        assert site.story == []

    play(scene)


def test_remote_stop() -> None:
    async def scene(site: Site) -> None:
        await site.charge()
        wrong = messages.RemoteStopTransactionRequest(transaction_id=8)
        assert (await site.ask(wrong)).status == "Rejected"
        right = messages.RemoteStopTransactionRequest(transaction_id=7)
        assert (await site.ask(right)).status == "Accepted"
        assert site.story == ["StopTransaction Remote", "1 Finishing"]
        assert (await site.ask(right)).status == "Rejected"

    play(scene)


def test_unlock_finishes_a_transaction_first() -> None:
    async def scene(site: Site) -> None:
        await site.charge()
        for connector, status, story in (
            (1, "Unlocked", ["StopTransaction UnlockCommand", "1 Finishing"]),
            (2, "Unlocked", []),
            (3, "NotSupported", []),
        ):
            answer = await site.ask(messages.UnlockConnectorRequest(connector_id=connector))
            assert (answer.status, site.story) == (status, story)

    play(scene)


def test_configuration_reads_back() -> None:
    async def scene(site: Site) -> None:
        change = messages.ChangeConfigurationRequest(key="ConnectionTimeOut", value="7")
        assert (await site.ask(change)).status == "Accepted"
        asked = messages.GetConfigurationRequest(key=("connectiontimeout", "Nothing"))
        answer = await site.ask(asked)
        assert [(key.key, key.value) for key in answer.configuration_key] == [
            ("ConnectionTimeOut", "7")
        ]
        assert answer.unknown_key == ("Nothing",)
        everything = await site.ask(messages.GetConfigurationRequest())
        assert len(everything.configuration_key) > 25
        assert everything.unknown_key is None

    play(scene)


def test_availability_waits_for_a_transaction() -> None:
    async def scene(site: Site) -> None:
        await site.charge()
        closing = messages.ChangeAvailabilityRequest(
            connector_id=0, type=AvailabilityType.INOPERATIVE
        )
        assert (await site.ask(closing)).status == "Scheduled"
        assert site.story == ["0 Unavailable", "2 Unavailable"]
        await site.simulator.unplug(1)
        assert site.story == ["StopTransaction EVDisconnected", "1 Unavailable"]
        assert (await site.ask(closing)).status == "Accepted"
        opening = messages.ChangeAvailabilityRequest(
            connector_id=1, type=AvailabilityType.OPERATIVE
        )
        site.central.requests.clear()
        assert (await site.ask(opening)).status == "Accepted"
        assert site.story == ["1 Available"]
        unknown = messages.ChangeAvailabilityRequest(
            connector_id=3, type=AvailabilityType.OPERATIVE
        )
        assert (await site.ask(unknown)).status == "Rejected"

    play(scene)


def reserve(connector: int, number: int = 1, tag: str = "A") -> messages.ReserveNowRequest:
    return messages.ReserveNowRequest(
        connector_id=connector, reservation_id=number, id_tag=tag, expiry_date=NOON + HOUR
    )


def test_reservations() -> None:
    async def scene(site: Site) -> None:
        await site.charge(2)
        for request, status, story in (
            (reserve(1), "Accepted", ["1 Reserved"]),
            (reserve(1), "Accepted", []),
            (reserve(1, 2), "Occupied", []),
            (reserve(2, 2), "Occupied", []),
            (reserve(3, 2), "Rejected", []),
            (reserve(0, 2), "Rejected", []),
        ):
            assert (await site.ask(request)).status == status
            assert site.story == story
        cancel = messages.CancelReservationRequest(reservation_id=1)
        assert (await site.ask(cancel)).status == "Accepted"
        assert site.story == ["1 Available"]
        assert (await site.ask(cancel)).status == "Rejected"

    play(scene)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (ChargePointStatus.UNAVAILABLE, "Unavailable"),
        (ChargePointStatus.FAULTED, "Faulted"),
        (ChargePointStatus.FINISHING, "Occupied"),
    ],
)
def test_connectors_that_cannot_be_reserved(status: ChargePointStatus, answer: str) -> None:
    async def scene(site: Site) -> None:
        site.simulator.connectors[1].status = status
        assert (await site.ask(reserve(1))).status == answer

    play(scene)


def test_a_reservation_that_is_over_already_is_rejected() -> None:
    async def scene(site: Site) -> None:
        request = messages.ReserveNowRequest(
            connector_id=1, reservation_id=1, id_tag="A", expiry_date=NOON
        )
        assert (await site.ask(request)).status == "Rejected"

    play(scene)


def test_a_reservation_moves_to_another_connector() -> None:
    async def scene(site: Site) -> None:
        await site.ask(reserve(1))
        site.central.requests.clear()
        assert (await site.ask(reserve(2))).status == "Accepted"
        assert sorted(site.story) == ["1 Available", "2 Reserved"]

    play(scene)


def test_local_list_and_cache() -> None:
    async def scene(site: Site) -> None:
        update = messages.SendLocalListRequest(
            list_version=3,
            update_type=UpdateType.FULL,
            local_authorization_list=(),
        )
        version = messages.GetLocalListVersionRequest()
        assert (await site.ask(version)).list_version == 0
        assert (await site.ask(update)).status == "Accepted"
        assert (await site.ask(version)).list_version == 0
        assert (await site.ask(messages.ClearCacheRequest())).status == "Accepted"
        site.simulator.configuration.set("AuthorizationCacheEnabled", "false")
        assert (await site.ask(messages.ClearCacheRequest())).status == "Rejected"

    play(scene)


@pytest.mark.parametrize(
    ("requested", "connector", "status", "story"),
    [
        (MessageTrigger.HEARTBEAT, None, "Accepted", ["Heartbeat"]),
        (MessageTrigger.STATUS_NOTIFICATION, 1, "Accepted", ["1 Available"]),
        (MessageTrigger.STATUS_NOTIFICATION, 0, "Accepted", ["0 Available"]),
        (
            MessageTrigger.STATUS_NOTIFICATION,
            None,
            "Accepted",
            ["0 Available", "1 Available", "2 Available"],
        ),
        (MessageTrigger.METER_VALUES, 2, "Accepted", ["MeterValues"]),
        (MessageTrigger.METER_VALUES, None, "Accepted", 2 * ["MeterValues"]),
        (
            MessageTrigger.FIRMWARE_STATUS_NOTIFICATION,
            None,
            "Accepted",
            ["FirmwareStatusNotification"],
        ),
        (
            MessageTrigger.DIAGNOSTICS_STATUS_NOTIFICATION,
            None,
            "Accepted",
            ["DiagnosticsStatusNotification"],
        ),
        (MessageTrigger.BOOT_NOTIFICATION, None, "Rejected", []),
        (MessageTrigger.METER_VALUES, 3, "Rejected", []),
    ],
)
def test_triggers(
    requested: MessageTrigger, connector: int | None, status: str, story: list[str]
) -> None:
    async def scene(site: Site) -> None:
        request = messages.TriggerMessageRequest(
            requested_message=requested, connector_id=connector
        )
        assert (await site.ask(request)).status == status
        assert site.story == story

    play(scene)


@pytest.mark.parametrize("kind", [ResetType.SOFT, ResetType.HARD])
def test_a_reset_stops_transactions_and_asks_for_a_reboot(kind: ResetType) -> None:
    async def scene(site: Site) -> None:
        await site.charge(1)
        await site.charge(2)
        assert (await site.ask(messages.ResetRequest(type=kind))).status == "Accepted"
        assert site.simulator.reboot_wanted.is_set()
        stop = f"StopTransaction {kind}Reset"
        assert site.story == [stop, "1 Finishing", stop, "2 Finishing"]

    play(scene)


def test_firmware_and_diagnostics() -> None:
    async def scene(site: Site) -> None:
        update = messages.UpdateFirmwareRequest(
            location="https://example.com/3.bin", retrieve_date=NOON
        )
        await site.ask(update)
        assert site.story == 4 * ["FirmwareStatusNotification"]
        request = messages.GetDiagnosticsRequest(location="https://example.com/")
        assert (await site.ask(request)).file_name == "diagnostics.log"
        assert site.story == 2 * ["DiagnosticsStatusNotification"]

    play(scene)


@pytest.mark.parametrize(
    ("vendor", "message", "status", "data"),
    [
        ("com.example.ocpp16", "echo", "Accepted", "hello"),
        ("COM.example.OCPP16", "Echo", "Accepted", "hello"),
        ("com.example.ocpp16", "other", "UnknownMessageId", None),
        ("com.example.ocpp16", None, "UnknownMessageId", None),
        ("com.example", "echo", "UnknownVendorId", None),
    ],
)
def test_vendor_messages(vendor: str, message: str | None, status: str, data: str | None) -> None:
    async def scene(site: Site) -> None:
        request = messages.DataTransferRequest(vendor_id=vendor, message_id=message, data="hello")
        answer = await site.ask(request)
        assert (answer.status, answer.data) == (status, data)

    play(scene)


def test_a_group_may_use_what_is_reserved_for_it() -> None:
    async def scene(site: Site) -> None:
        site.central.tags = {"B": FAMILY}
        request = messages.ReserveNowRequest(
            connector_id=1,
            reservation_id=1,
            id_tag="A",
            parent_id_tag="FAMILY",
            expiry_date=NOON + HOUR,
        )
        await site.ask(request)
        await site.simulator.plug(1)
        assert not await site.simulator.present(1, "C")
        assert await site.simulator.present(1, "B")

    play(scene)
