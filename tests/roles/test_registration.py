from __future__ import annotations

from typing import Any

import pytest

from ocpp16.catalog import ACTIONS, sent_by
from ocpp16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    ExtendedMessageTrigger,
    MessageTrigger,
    RegistrationStatus,
    RemoteStartStopStatus,
    TriggerMessageStatus,
)
from ocpp16.messages import (
    ExtendedTriggerMessageRequest,
    MeterValuesRequest,
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
    StatusNotificationRequest,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from ocpp16.roles.registration import PERMITS, CentralGate, StationGate, triggered_by
from ocpp16.spec import Side
from ocpp16.structure import Request
from tests.parties import ACCEPTED, BOOT, HEARTBEAT, PENDING, REJECTED, RESET, RESET_DONE

TRIGGER_BOOT = TriggerMessageRequest(requested_message=MessageTrigger.BOOT_NOTIFICATION)
TRIGGER_HEARTBEAT = TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT)
TRIGGER_STATUS = TriggerMessageRequest(requested_message=MessageTrigger.STATUS_NOTIFICATION)
EXTENDED_TRIGGER_BOOT = ExtendedTriggerMessageRequest(
    requested_message=ExtendedMessageTrigger.BOOT_NOTIFICATION
)
AGREED = TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)
DECLINED = TriggerMessageResponse(status=TriggerMessageStatus.REJECTED)
REMOTE_START = RemoteStartTransactionRequest(id_tag="TAG")
REMOTE_STOP = RemoteStopTransactionRequest(transaction_id=1)
FROM_STATION = {action.name for action in sent_by(Side.CHARGE_POINT)}
NOT_BOOT = FROM_STATION - {"BootNotification"}


def central(status: RegistrationStatus | None, *, strict: bool = False) -> CentralGate:
    return CentralGate(strict=strict, status=status)


@pytest.mark.parametrize(
    ("status", "strict", "refused"),
    [
        (None, False, set()),
        (None, True, NOT_BOOT),
        (ACCEPTED, False, set()),
        (ACCEPTED, True, set()),
        (PENDING, False, NOT_BOOT),
        (PENDING, True, NOT_BOOT),
        (REJECTED, False, NOT_BOOT),
        (REJECTED, True, NOT_BOOT),
    ],
)
def test_which_calls_of_a_charge_point_pass(
    status: RegistrationStatus | None, strict: bool, refused: set[str]
) -> None:
    gate = central(status, strict=strict)
    assert {action for action in FROM_STATION if gate.why_refuse(action)} == refused


@pytest.mark.parametrize(
    ("status", "request_", "passes"),
    [
        (None, RESET, True),
        (None, REMOTE_START, True),
        (None, TRIGGER_BOOT, True),
        (ACCEPTED, RESET, True),
        (ACCEPTED, REMOTE_START, True),
        (ACCEPTED, TRIGGER_HEARTBEAT, True),
        (ACCEPTED, TRIGGER_BOOT, False),
        (ACCEPTED, EXTENDED_TRIGGER_BOOT, False),
        (PENDING, RESET, True),
        (PENDING, TRIGGER_BOOT, True),
        (PENDING, REMOTE_START, False),
        (PENDING, REMOTE_STOP, False),
        (REJECTED, RESET, False),
        (REJECTED, TRIGGER_BOOT, False),
        (REJECTED, REMOTE_START, False),
    ],
)
def test_which_calls_of_the_central_system_may_leave(
    status: RegistrationStatus | None, request_: Request[Any], passes: bool
) -> None:
    assert (central(status).why_not_call(request_) is None) == passes


def test_what_we_asked_for_passes_while_pending() -> None:
    gate = central(PENDING)
    gate.ask_for(triggered_by(TRIGGER_HEARTBEAT, AGREED))
    assert gate.why_refuse("Heartbeat") is None
    assert gate.why_refuse("StatusNotification") is not None
    gate.tell(REJECTED)
    gate.tell(PENDING)
    assert gate.why_refuse("Heartbeat") is not None


def test_an_unreadable_stored_status_counts_as_none() -> None:
    assert CentralGate(strict=False, status="Whatever").status is None


@pytest.mark.parametrize(
    ("trigger", "actions"),
    [
        (TRIGGER_HEARTBEAT, {"Heartbeat"}),
        (
            TriggerMessageRequest(requested_message=MessageTrigger.FIRMWARE_STATUS_NOTIFICATION),
            {"FirmwareStatusNotification", "SignedFirmwareStatusNotification"},
        ),
        (
            ExtendedTriggerMessageRequest(
                requested_message=ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
            ),
            {"SignCertificate"},
        ),
    ],
)
def test_what_a_trigger_asks_for(trigger: Request[Any], actions: set[str]) -> None:
    assert triggered_by(trigger, AGREED) == actions
    assert triggered_by(trigger, DECLINED) == set()


def test_every_trigger_asks_for_actions_that_there_are() -> None:
    for trigger in MessageTrigger:
        request = TriggerMessageRequest(requested_message=trigger)
        assert triggered_by(request, AGREED) <= set(ACTIONS)
    for extended in ExtendedMessageTrigger:
        extended_request = ExtendedTriggerMessageRequest(requested_message=extended)
        assert triggered_by(extended_request, AGREED) <= set(ACTIONS)


def test_other_messages_ask_for_nothing() -> None:
    assert triggered_by(RESET, RESET_DONE) == set()


def station(status: RegistrationStatus | None) -> StationGate:
    gate = StationGate(is_used=True)
    if status is not None:
        gate.tell(status)
    return gate


@pytest.mark.parametrize(
    ("status", "passes"), [(None, False), (ACCEPTED, True), (PENDING, False), (REJECTED, False)]
)
def test_which_calls_of_a_charge_point_may_leave(
    status: RegistrationStatus | None, passes: bool
) -> None:
    gate = station(status)
    assert (gate.why_not_call(HEARTBEAT) is None) == passes
    assert (gate.why_not_call(BOOT) is None) == passes


@pytest.mark.parametrize("status", [None, PENDING, REJECTED])
def test_remote_start_and_stop_are_rejected_before_acceptance(
    status: RegistrationStatus | None,
) -> None:
    gate = station(status)
    no = RemoteStartStopStatus.REJECTED
    assert gate.stand_in(REMOTE_START) == RemoteStartTransactionResponse(status=no)
    assert gate.stand_in(REMOTE_STOP) == RemoteStopTransactionResponse(status=no)
    assert gate.stand_in(RESET) is None


def test_after_acceptance_handlers_answer_everything() -> None:
    assert station(ACCEPTED).stand_in(REMOTE_START) is None


def test_a_charge_point_that_does_not_boot_does_not_gate() -> None:
    gate = StationGate(is_used=False)
    for status in (None, PENDING, REJECTED):
        if status is not None:
            gate.tell(status)
        assert gate.why_not_call(HEARTBEAT) is None
        assert gate.stand_in(REMOTE_START) is None
        assert not gate.is_silent


def test_a_rejected_charge_point_is_silent_until_its_interval_is_over() -> None:
    gate = station(REJECTED)
    assert gate.is_silent
    gate.end_silence()
    assert not gate.is_silent
    assert gate.why_not_call(HEARTBEAT) is not None


def test_a_trigger_permits_its_message_once() -> None:
    gate = station(PENDING)
    gate.permit(TRIGGER_HEARTBEAT, DECLINED)
    assert gate.why_not_call(HEARTBEAT) is not None
    gate.permit(TRIGGER_HEARTBEAT, AGREED)
    assert gate.why_not_call(BOOT) is not None
    assert gate.why_not_call(HEARTBEAT) is None
    assert gate.why_not_leave(BOOT) is not None
    assert gate.why_not_leave(HEARTBEAT) is None
    assert gate.why_not_call(HEARTBEAT) is not None
    assert gate.why_not_leave(HEARTBEAT) is not None


def test_triggers_that_are_sent_again_renew_a_permit_and_add_none() -> None:
    gate = station(PENDING)
    for _ in range(1000):
        gate.permit(TRIGGER_HEARTBEAT, AGREED)
    assert len(gate._permits) == 1
    assert gate.why_not_leave(HEARTBEAT) is None
    assert gate.why_not_leave(HEARTBEAT) is not None
    gate.permit(TRIGGER_HEARTBEAT, AGREED)
    assert gate.why_not_leave(HEARTBEAT) is None
    for connector in range(1, 1000):
        gate.permit(
            TriggerMessageRequest(
                requested_message=MessageTrigger.STATUS_NOTIFICATION, connector_id=connector
            ),
            AGREED,
        )
    assert len(gate._permits) == PERMITS
    assert gate.why_not_leave(status_of(999)) is None


def status_of(connector: int) -> StatusNotificationRequest:
    return StatusNotificationRequest(
        connector_id=connector,
        error_code=ChargePointErrorCode.NO_ERROR,
        status=ChargePointStatus.AVAILABLE,
    )


def test_a_trigger_without_connector_permits_one_message_for_each() -> None:
    gate = station(PENDING)
    gate.permit(TRIGGER_STATUS, AGREED)
    assert [gate.why_not_leave(status_of(n)) is None for n in (0, 1, 2, 1)] == [
        True,
        True,
        True,
        False,
    ]


def test_a_trigger_with_connector_permits_that_one_only() -> None:
    gate = station(PENDING)
    trigger = TriggerMessageRequest(
        requested_message=MessageTrigger.STATUS_NOTIFICATION, connector_id=2
    )
    gate.permit(trigger, AGREED)
    assert [gate.why_not_leave(status_of(n)) is None for n in (1, 2, 2)] == [False, True, False]


def test_a_connector_without_meaning_is_ignored() -> None:
    gate = station(PENDING)
    trigger = TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT, connector_id=2)
    gate.permit(trigger, AGREED)
    assert gate.why_not_call(HEARTBEAT) is None


def test_permits_end_with_the_next_answer_to_a_boot() -> None:
    gate = station(PENDING)
    gate.permit(TRIGGER_HEARTBEAT, AGREED)
    gate.tell(PENDING)
    assert gate.why_not_call(HEARTBEAT) is not None


def test_the_gate_reads_the_messages_it_is_made_for() -> None:
    for cls in (MeterValuesRequest, StatusNotificationRequest):
        assert "connector_id" in {field.name for field in cls.SPEC.fields}
    for trigger in (TriggerMessageRequest, ExtendedTriggerMessageRequest):
        names = {field.name for field in trigger.SPEC.fields}
        assert names == {"requested_message", "connector_id"}
