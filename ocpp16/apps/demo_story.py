"""The story that the demo tells: one day of a charge point with two connectors.

Written against the roles' two sides alone, so that it plays on any wire. Each chapter leaves both
connectors free. Numbers that are checked follow from 11 kW and the simulated time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeAlias

from ocpp16 import enums, messages
from ocpp16.apps.data_transfer import ECHO, VENDOR
from ocpp16.apps.demo_stage import Stage
from ocpp16.datatypes import (
    AuthorizationData,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    IdTagInfo,
)
from ocpp16.enums import ChargePointStatus

ChapterPlay: TypeAlias = Callable[[Stage], Awaitable[None]]

CARD, SPARE, GUEST, LOST = "CARD-1", "CARD-2", "GUEST", "LOST"
_ACCEPTED = IdTagInfo(status=enums.AuthorizationStatus.ACCEPTED)
_FAMILY = IdTagInfo(status=enums.AuthorizationStatus.ACCEPTED, parent_id_tag="FAMILY")
_BLOCKED = IdTagInfo(status=enums.AuthorizationStatus.BLOCKED)
TAGS: Mapping[str, IdTagInfo] = MappingProxyType(
    {
        CARD.casefold(): _FAMILY,
        SPARE.casefold(): _FAMILY,
        GUEST.casefold(): _ACCEPTED,
        LOST.casefold(): _BLOCKED,
    }
)
"""What the central system knows of tags."""


async def boot(stage: Stage) -> None:
    """The charge point introduces itself."""
    for number in (0, 1, 2):
        await stage.check_status(number, ChargePointStatus.AVAILABLE)
    seen = stage.record.boot
    stage.check_equal(
        "the central system knows its firmware",
        seen and seen.firmware_version,
        stage.simulator.hardware.firmware,
    )
    await stage.send(messages.HeartbeatRequest())


async def configure(stage: Stage) -> None:
    """Configuration is read, changed, and read back."""
    every = await stage.ask(messages.GetConfigurationRequest())
    values = {one.key: one.value for one in every.configuration_key or ()}
    stage.check_equal("it has two connectors", values.get("NumberOfConnectors"), "2")
    change = messages.ChangeConfigurationRequest(key="MeterValueSampleInterval", value="900")
    changed = await stage.ask(change)
    stage.check_equal("the change is taken", changed.status, enums.ConfigurationStatus.ACCEPTED)
    asked = ("MeterValueSampleInterval", "NoSuchKey")
    some = await stage.ask(messages.GetConfigurationRequest(key=asked))
    stage.check_equal(
        "the new value reads back", [one.value for one in some.configuration_key or ()], ["900"]
    )
    stage.check_equal("an unknown key is named as such", some.unknown_key, ("NoSuchKey",))
    change = messages.ChangeConfigurationRequest(key="NumberOfConnectors", value="3")
    refused = await stage.ask(change)
    stage.check_equal("a read-only key stays", refused.status, enums.ConfigurationStatus.REJECTED)


async def charge(stage: Stage) -> None:
    """A driver charges; smart charging slows the car down; a remote stop ends it."""
    simulator = stage.simulator
    simulator.plug(1)
    await stage.check_status(1, ChargePointStatus.PREPARING)
    stage.check("a blocked card is refused", not await simulator.present(1, LOST))
    stage.check("the driver's card is accepted", await simulator.present(1, CARD))
    await stage.check_status(1, ChargePointStatus.CHARGING)
    transaction = stage.transaction(1)
    stage.check_equal("the transaction is the driver's", transaction.id_tag, CARD)
    await stage.wait(minutes=30)
    stage.check_equal("30 minutes at 11 kW are metered", transaction.reading, 5500)

    profile = _slower(transaction.id, stage)
    limited = await stage.ask(
        messages.SetChargingProfileRequest(connector_id=1, cs_charging_profiles=profile)
    )
    stage.check_equal(
        "the charging profile is taken", limited.status, enums.ChargingProfileStatus.ACCEPTED
    )
    ampere = enums.ChargingRateUnitType.A
    composite = await stage.ask(
        messages.GetCompositeScheduleRequest(
            connector_id=1, duration=3600, charging_rate_unit=ampere
        )
    )
    schedule = composite.charging_schedule
    stage.check_equal(
        "the composite schedule is the profile's",
        [(one.start_period, one.limit) for one in schedule.charging_schedule_period]
        if schedule
        else None,
        [(0, 10.0), (1800, 6.0)],
    )
    await stage.wait(minutes=30)
    stage.check_equal("30 minutes at 10 A x 3 are metered", transaction.reading, 5500 + 3450)
    clear = messages.ClearChargingProfileRequest(id=profile.charging_profile_id)
    for text, expected in (
        ("the profile is removed", enums.ClearChargingProfileStatus.ACCEPTED),
        ("it cannot be removed twice", enums.ClearChargingProfileStatus.UNKNOWN),
    ):
        stage.check_equal(text, (await stage.ask(clear)).status, expected)

    stopped = await stage.ask(messages.RemoteStopTransactionRequest(transaction_id=transaction.id))
    stage.check_equal(
        "the remote stop is accepted", stopped.status, enums.RemoteStartStopStatus.ACCEPTED
    )
    await stage.check_soon("the transaction ends", lambda: transaction.stop)
    stage.check_equal("its reason is Remote", transaction.reason, enums.Reason.REMOTE)
    stage.check_equal("its energy fits the meter", transaction.energy, transaction.reading)
    await stage.check_status(1, ChargePointStatus.FINISHING)
    simulator.unplug(1)
    await stage.check_status(1, ChargePointStatus.AVAILABLE)


def _slower(transaction_id: int, stage: Stage) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=1,
        transaction_id=transaction_id,
        stack_level=0,
        charging_profile_purpose=enums.ChargingProfilePurposeType.TX_PROFILE,
        charging_profile_kind=enums.ChargingProfileKindType.ABSOLUTE,
        charging_schedule=ChargingSchedule(
            start_schedule=stage.simulator.now,
            duration=3600,
            charging_rate_unit=enums.ChargingRateUnitType.A,
            charging_schedule_period=(
                ChargingSchedulePeriod(start_period=0, limit=10.0),
                ChargingSchedulePeriod(start_period=1800, limit=6.0),
            ),
        ),
    )


async def start_remotely(stage: Stage) -> None:
    """A guest starts by app; the cable is stuck, and the operator unlocks it."""
    start = messages.RemoteStartTransactionRequest(connector_id=2, id_tag=GUEST)
    started = await stage.ask(start)
    stage.check_equal(
        "the remote start is accepted", started.status, enums.RemoteStartStopStatus.ACCEPTED
    )
    await stage.check_status(2, ChargePointStatus.PREPARING)
    stage.simulator.plug(2)
    await stage.check_status(2, ChargePointStatus.CHARGING)
    transaction = stage.transaction(2)
    await stage.wait(minutes=6)
    trigger = messages.TriggerMessageRequest(
        requested_message=enums.MessageTrigger.METER_VALUES, connector_id=2
    )
    triggered = await stage.ask(trigger)
    stage.check_equal(
        "a reading is promised", triggered.status, enums.TriggerMessageStatus.ACCEPTED
    )
    await stage.check_soon(
        "and comes: 6 minutes at 11 kW",
        lambda: transaction.reading == 1100,
        lambda: f"but {transaction.reading}",
    )
    unlocked = await stage.ask(messages.UnlockConnectorRequest(connector_id=2))
    stage.check_equal("the connector unlocks", unlocked.status, enums.UnlockStatus.UNLOCKED)
    stage.check_equal(
        "the transaction ended first", transaction.reason, enums.Reason.UNLOCK_COMMAND
    )
    stage.simulator.unplug(2)
    await stage.check_status(2, ChargePointStatus.AVAILABLE)


async def reserve(stage: Stage) -> None:
    """A connector is kept for one card, and another reservation is cancelled."""
    simulator = stage.simulator
    for connector, reservation in ((1, 7), (2, 8)):
        reserved = await stage.ask(
            messages.ReserveNowRequest(
                connector_id=connector,
                expiry_date=simulator.now + timedelta(minutes=30),
                id_tag=CARD,
                reservation_id=reservation,
            )
        )
        stage.check_equal(
            f"reservation {reservation} is taken",
            reserved.status,
            enums.ReservationStatus.ACCEPTED,
        )
        await stage.check_status(connector, ChargePointStatus.RESERVED)
    simulator.plug(1)
    stage.check("somebody else cannot start", not await simulator.present(1, GUEST))
    stage.check("no transaction began", not stage.has_transaction(1))
    stage.check("the reserved card can", await simulator.present(1, CARD))
    transaction = stage.transaction(1)
    stage.check_equal("the start names the reservation", transaction.reservation_id, 7)
    stage.check("a card of the family can stop", await simulator.present(1, SPARE))
    stage.check_equal("its reason is Local", transaction.reason, enums.Reason.LOCAL)
    simulator.unplug(1)
    await stage.check_status(1, ChargePointStatus.AVAILABLE)
    for reservation, text, expected in (
        (8, "reservation 8 is cancelled", enums.CancelReservationStatus.ACCEPTED),
        (7, "reservation 7 was used up", enums.CancelReservationStatus.REJECTED),
    ):
        cancel = messages.CancelReservationRequest(reservation_id=reservation)
        stage.check_equal(text, (await stage.ask(cancel)).status, expected)
    await stage.check_status(2, ChargePointStatus.AVAILABLE)


async def keep_lists(stage: Stage) -> None:
    """Listed and cached cards need no asking; then the cache is emptied."""
    differential, full = enums.UpdateType.DIFFERENTIAL, enums.UpdateType.FULL
    accepted, mismatch = enums.UpdateStatus.ACCEPTED, enums.UpdateStatus.VERSION_MISMATCH
    first = (
        AuthorizationData(id_tag=CARD, id_tag_info=_FAMILY),
        AuthorizationData(id_tag=LOST, id_tag_info=_BLOCKED),
    )
    more = (AuthorizationData(id_tag=GUEST, id_tag_info=_ACCEPTED),)
    for kind, version, entries, expected, reads in (
        (full, 1, first, accepted, 1),
        (differential, 2, more, accepted, 2),
        (differential, 2, more, mismatch, 2),
    ):
        update = messages.SendLocalListRequest(
            list_version=version, local_authorization_list=entries, update_type=kind
        )
        answer = await stage.ask(update)
        stage.check_equal(f"{kind} update {version} is {expected}", answer.status, expected)
        present = await stage.ask(messages.GetLocalListVersionRequest())
        stage.check_equal(f"the list reads version {reads}", present.list_version, reads)

    change = messages.ChangeConfigurationRequest(key="LocalPreAuthorize", value="true")
    await stage.ask(change)
    before = stage.count("Authorize")
    stage.check("a listed card is accepted", await stage.simulator.present(2, CARD))
    await stage.wait(minutes=1)
    await stage.check_status(2, ChargePointStatus.AVAILABLE)
    stage.check("a cached card is accepted", await stage.simulator.present(2, SPARE))
    await stage.wait(minutes=1)
    stage.check_equal("nobody was asked", stage.count("Authorize"), before)
    cleared = await stage.ask(messages.ClearCacheRequest())
    stage.check_equal("the cache is emptied", cleared.status, enums.ClearCacheStatus.ACCEPTED)
    stage.check("the card is accepted once more", await stage.simulator.present(2, SPARE))
    stage.check_equal("for which it asked again", stage.count("Authorize"), before + 1)
    await stage.wait(minutes=1)
    await stage.check_status(2, ChargePointStatus.AVAILABLE)


async def close_a_connector(stage: Stage) -> None:
    """A connector is taken out of service and put back."""
    for kind, status in (
        (enums.AvailabilityType.INOPERATIVE, ChargePointStatus.UNAVAILABLE),
        (enums.AvailabilityType.OPERATIVE, ChargePointStatus.AVAILABLE),
    ):
        change = messages.ChangeAvailabilityRequest(connector_id=2, type=kind)
        changed = await stage.ask(change)
        stage.check_equal(
            f"connector 2 will be {kind}", changed.status, enums.AvailabilityStatus.ACCEPTED
        )
        await stage.check_status(2, status)
        can = await stage.simulator.present(2, GUEST)
        is_open = status is ChargePointStatus.AVAILABLE
        stage.check_equal(f"a card {'can' if is_open else 'cannot'} start there", can, is_open)
    await stage.wait(minutes=1)
    await stage.check_status(2, ChargePointStatus.AVAILABLE)


async def talk_beyond_the_standard(stage: Stage) -> None:
    """Both sides use a vendor's own message."""
    accepted, unknown = (
        enums.DataTransferStatus.ACCEPTED,
        enums.DataTransferStatus.UNKNOWN_VENDOR_ID,
    )
    echo = messages.DataTransferRequest(vendor_id=VENDOR, message_id=ECHO, data="hello")
    foreign = messages.DataTransferRequest(vendor_id="com.example.other", data="hello")
    for who, call in (("central system", stage.send), ("charge point", stage.ask)):
        answer = await call(echo)
        stage.check_equal(f"the {who} echoes", (answer.status, answer.data), (accepted, "hello"))
        refused = await call(foreign)
        stage.check_equal(f"the {who} knows no other vendor", refused.status, unknown)


async def fetch_diagnostics(stage: Stage) -> None:
    """The operator wants diagnostics."""
    answer = await stage.ask(
        messages.GetDiagnosticsRequest(location="https://example.com/diagnostics/")
    )
    stage.check("it names the file", bool(answer.file_name))
    expected = [enums.DiagnosticsStatus.UPLOADING, enums.DiagnosticsStatus.UPLOADED]
    await stage.check_soon(
        "and reports the upload",
        lambda: list(stage.record.diagnostics) == expected,
        lambda: f"but {list(stage.record.diagnostics)}",
    )


async def update_firmware(stage: Stage) -> None:
    """A new firmware is installed; the charge point boots with it."""
    await stage.ask(
        messages.UpdateFirmwareRequest(
            location="https://example.com/firmware/2.0.0.bin", retrieve_date=stage.simulator.now
        )
    )
    status = enums.FirmwareStatus
    expected = [status.DOWNLOADING, status.DOWNLOADED, status.INSTALLING, status.INSTALLED]
    await stage.check_soon(
        "it reports each step of the update",
        lambda: list(stage.record.firmware) == expected,
        lambda: f"but {list(stage.record.firmware)}",
    )
    await _check_reboot(stage, boots=2)
    seen = stage.record.boot
    stage.check_equal("it boots with 2.0.0", seen and seen.firmware_version, "2.0.0")


async def reset(stage: Stage) -> None:
    """The charge point is reset while somebody charges."""
    stage.simulator.plug(1)
    stage.check("a listed card is accepted", await stage.simulator.present(1, CARD))
    transaction = stage.transaction(1)
    await stage.wait(minutes=3)
    answer = await stage.ask(messages.ResetRequest(type=enums.ResetType.SOFT))
    stage.check_equal("the reset is accepted", answer.status, enums.ResetStatus.ACCEPTED)
    await stage.check_soon("the transaction ends first", lambda: transaction.stop)
    stage.check_equal("its reason is SoftReset", transaction.reason, enums.Reason.SOFT_RESET)
    stage.check_equal("its energy is that of 3 minutes", transaction.energy, 550)
    await _check_reboot(stage, boots=3)
    stage.simulator.unplug(1)
    await stage.check_status(1, ChargePointStatus.AVAILABLE)


async def _check_reboot(stage: Stage, boots: int) -> None:
    await stage.check_soon(
        "it boots again",
        lambda: stage.record.boots == boots and stage.simulator.station.is_accepted,
        lambda: f"but booted {stage.record.boots} times",
    )


CHAPTERS: tuple[tuple[str, ChapterPlay], ...] = (
    ("Boot", boot),
    ("Configuration", configure),
    ("Charging, smart charging, remote stop", charge),
    ("Remote start, trigger, unlock", start_remotely),
    ("Reservation", reserve),
    ("Local list and cache", keep_lists),
    ("Availability", close_a_connector),
    ("Vendor messages", talk_beyond_the_standard),
    ("Diagnostics", fetch_diagnostics),
    ("Firmware", update_firmware),
    ("Reset", reset),
)
