"""What a central system asks of a station, and how that answers. Spec: C 5; SPEC 8, 9, 13.

`answer` decides and does what belongs to the decision; `follow` does what comes once the answer has
left. What a station does not support has no answer here: the role answers NotSupported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ocpp16 import messages
from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import (
    AvailabilityType,
    CancelReservationStatus,
    ClearCacheStatus,
    LogStatus,
    LogType,
    Reason,
    RemoteStartStopStatus,
    ReservationStatus,
    ResetStatus,
    TriggerMessageStatus,
    UnlockStatus,
    UpdateFirmwareStatus,
)
from ocpp16.security_event import SecurityEvent
from ocpp16.station import firmware
from ocpp16.station.ability import Ability
from ocpp16.station.local_list import NOT_SUPPORTED
from ocpp16.station.parts import Parts
from ocpp16.station.remote import pick_connector, unlock_status
from ocpp16.station.reservation import Reservation
from ocpp16.station.root_store import MAKER
from ocpp16.station.trigger import METER_VALUES, SIGN, decide, targets
from ocpp16.structure import Request, Response

Answer: TypeAlias = Callable[[Any], Response]


class Requests:
    """The answers of one station.

    Args:
        parts: The station.
        ability: What it can do beside charging.
    """

    def __init__(self, parts: Parts, ability: Ability) -> None:
        self._parts = parts
        self._ability = ability
        self.answers: Mapping[type[Request[Any]], Answer] = self._offered()
        """What it answers, by the class of the request."""

    def answer(self, request: Request[Any]) -> Response:
        """Answer a request.

        Raises:
            KeyError: It is none that this station answers.
            Fault: It is answered with an error.
            StorageFailed: What it asks for could not be stored, and is not done.
        """
        return self.answers[type(request)](request)

    def _offered(self) -> dict[type[Request[Any]], Answer]:
        model = self._parts.context.model
        offered: dict[str, dict[type[Request[Any]], Answer]] = {
            "Core": {
                messages.ChangeAvailabilityRequest: self._change_availability,
                messages.ChangeConfigurationRequest: self._change_configuration,
                messages.ClearCacheRequest: self._clear_cache,
                messages.DataTransferRequest: self._parts.transfers.answer,
                messages.GetConfigurationRequest: self._get_configuration,
                messages.RemoteStartTransactionRequest: self._remote_start,
                messages.RemoteStopTransactionRequest: self._remote_stop,
                messages.ResetRequest: self._reset,
                messages.UnlockConnectorRequest: self._unlock,
            },
            "FirmwareManagement": {
                messages.GetDiagnosticsRequest: self._get_diagnostics,
                messages.UpdateFirmwareRequest: self._update_firmware,
            },
            "LocalAuthListManagement": {
                messages.GetLocalListVersionRequest: self._get_local_list_version,
                messages.SendLocalListRequest: self._send_local_list,
            },
            "Reservation": {
                messages.CancelReservationRequest: self._cancel_reservation,
                messages.ReserveNowRequest: self._reserve_now,
            },
            "RemoteTrigger": {messages.TriggerMessageRequest: self._trigger},
        }
        power = self._parts.power
        if power is not None:
            drawing = self._parts.charging.drawing
            offered["SmartCharging"] = {
                messages.ClearChargingProfileRequest: self._clear_profile,
                messages.GetCompositeScheduleRequest: lambda request: power.composite_schedule(
                    request, drawing()
                ),
                messages.SetChargingProfileRequest: self._set_profile,
            }
        answers: dict[type[Request[Any]], Answer] = {}
        for profile, group in offered.items():
            if profile == "Core" or model.supports(profile):
                answers |= group
        if model.has_security_extension:
            answers |= {
                messages.ExtendedTriggerMessageRequest: self._trigger,
                messages.GetLogRequest: self._get_log,
                messages.SignedUpdateFirmwareRequest: self._update_signed_firmware,
            }
            if self._parts.certificates is not None:
                certificates = self._parts.certificates
                answers |= {
                    messages.CertificateSignedRequest: certificates.take_signed,
                    messages.DeleteCertificateRequest: certificates.delete,
                    messages.GetInstalledCertificateIdsRequest: certificates.list_installed,
                    messages.InstallCertificateRequest: certificates.install,
                }
            # L01.FR.20: with signed updates, a plain one is not supported.
            answers.pop(messages.UpdateFirmwareRequest, None)
        return answers

    # Configuration, tags, data

    def _get_configuration(
        self, request: messages.GetConfigurationRequest
    ) -> messages.GetConfigurationResponse:
        known, unknown = self._parts.context.configuration.read(request.key or ())
        return messages.GetConfigurationResponse(
            configuration_key=tuple(known) or None, unknown_key=tuple(unknown) or None
        )

    def _change_configuration(
        self, request: messages.ChangeConfigurationRequest
    ) -> messages.ChangeConfigurationResponse:
        status = self._parts.context.configuration.change(request.key, request.value)
        return messages.ChangeConfigurationResponse(status=status)

    def _clear_cache(self, request: messages.ClearCacheRequest) -> messages.ClearCacheResponse:
        is_cleared = self._parts.authorizer.clear_cache()
        status = ClearCacheStatus.ACCEPTED if is_cleared else ClearCacheStatus.REJECTED
        return messages.ClearCacheResponse(status=status)

    def _get_local_list_version(
        self, request: messages.GetLocalListVersionRequest
    ) -> messages.GetLocalListVersionResponse:
        local, configuration = self._parts.local_list, self._parts.context.configuration
        is_there = local is not None and configuration.is_on("LocalAuthListEnabled")
        version = local.version if local is not None and is_there else NOT_SUPPORTED
        return messages.GetLocalListVersionResponse(list_version=version)

    def _send_local_list(
        self, request: messages.SendLocalListRequest
    ) -> messages.SendLocalListResponse:
        status = self._parts.authorizer.update_list(
            request.update_type, request.list_version, request.local_authorization_list or ()
        )
        return messages.SendLocalListResponse(status=status)

    # Charging

    def _remote_start(
        self, request: messages.RemoteStartTransactionRequest
    ) -> messages.RemoteStartTransactionResponse:
        is_possible = self._may_come_with(request.charging_profile)
        if self.remote_start_place(request) is None:
            is_possible = False
        status = RemoteStartStopStatus.ACCEPTED if is_possible else RemoteStartStopStatus.REJECTED
        return messages.RemoteStartTransactionResponse(status=status)

    def _may_come_with(self, profile: ChargingProfile | None) -> bool:
        power = self._parts.power
        # A charge point without smart charging should ignore it (C 5.11).
        return profile is None or power is None or power.may_start_with(profile)

    def remote_start_place(self, request: messages.RemoteStartTransactionRequest) -> int | None:
        """Return where a remote start would take place now, None if nowhere."""
        parts = self._parts
        charging = parts.charging
        if not parts.context.boot.may_be_started_remotely:
            return None
        statuses = {
            number: parts.board.status(number)
            for number, bay in charging.bays.items()
            if charging.is_usable(number) and bay.waiting is None
        }
        known = parts.authorizer.known(request.id_tag, parts.context.now)
        parent = None if known is None else known.parent_id_tag
        will_ask = parts.context.configuration.is_on("AuthorizeRemoteTxRequests")

        def may_use(number: int) -> bool:
            reservation = parts.reservations.on(number)
            if will_ask and reservation and reservation.needs_parent_of(request.id_tag):
                return True
            return charging.may_use(number, request.id_tag, parent)

        return pick_connector(request.connector_id, statuses, may_use)

    def _remote_stop(
        self, request: messages.RemoteStopTransactionRequest
    ) -> messages.RemoteStopTransactionResponse:
        parts = self._parts
        runs = parts.charging.find(request.transaction_id) is not None
        is_possible = runs and parts.context.boot.may_be_started_remotely
        status = RemoteStartStopStatus.ACCEPTED if is_possible else RemoteStartStopStatus.REJECTED
        return messages.RemoteStopTransactionResponse(status=status)

    def _unlock(self, request: messages.UnlockConnectorRequest) -> messages.UnlockConnectorResponse:
        parts, number = self._parts, request.connector_id
        exists = number in parts.charging.bays
        has_lock = not parts.context.model.has_fixed_cable
        is_unlocked = False
        if exists and has_lock:
            # C 5.18: a transaction is finished first.
            parts.charging.stop(number, Reason.UNLOCK_COMMAND, unlocks=False)
            is_unlocked = parts.context.equipment.unlock(number)
        status = unlock_status(exists=exists, has_lock=has_lock, is_unlocked=is_unlocked)
        if status is UnlockStatus.UNLOCKED:
            parts.charging.bays[number].held_for = None
        return messages.UnlockConnectorResponse(status=status)

    def _set_profile(
        self, request: messages.SetChargingProfileRequest
    ) -> messages.SetChargingProfileResponse:
        parts = self._parts
        assert parts.power is not None  # noqa: S101 - else this is not offered
        response = parts.power.set_profile(request, parts.charging.drawing())
        parts.charging.apply_limits()
        return response

    def _clear_profile(
        self, request: messages.ClearChargingProfileRequest
    ) -> messages.ClearChargingProfileResponse:
        parts = self._parts
        assert parts.power is not None  # noqa: S101 - else this is not offered
        response = parts.power.clear(request)
        parts.charging.apply_limits()
        return response

    # Availability and reservations

    def _change_availability(
        self, request: messages.ChangeAvailabilityRequest
    ) -> messages.ChangeAvailabilityResponse:
        parts, number = self._parts, request.connector_id
        charging = parts.charging
        status = parts.availability.change(number, request.type, busy=charging.busy)
        if 0 <= number <= len(charging.bays):
            if request.type is AvailabilityType.INOPERATIVE:
                for each in parts.availability.chosen(number):
                    if each:
                        charging.withdraw(each)
            charging.settle_all()
        return messages.ChangeAvailabilityResponse(status=status)

    def _reserve_now(self, request: messages.ReserveNowRequest) -> messages.ReserveNowResponse:
        parts = self._parts
        reservation = Reservation(
            id=request.reservation_id,
            connector=request.connector_id,
            id_tag=request.id_tag,
            expires=request.expiry_date,
            parent_id_tag=request.parent_id_tag,
        )
        status = self._may_reserve(reservation)
        if status is ReservationStatus.ACCEPTED:
            parts.reservations.keep(reservation)
            parts.charging.settle_all()
        return messages.ReserveNowResponse(status=status)

    def _may_reserve(self, reservation: Reservation) -> ReservationStatus:
        parts, number = self._parts, reservation.connector
        if number != 0 and number not in parts.charging.bays:
            return ReservationStatus.REJECTED
        status = parts.board.status(0 if parts.board.is_faulted(0) else number)
        return parts.reservations.may_reserve(
            reservation,
            status,
            now=parts.context.now,
            free=parts.board.free,
            is_zero_supported=parts.context.configuration.is_on("ReserveConnectorZeroSupported"),
        )

    def _cancel_reservation(
        self, request: messages.CancelReservationRequest
    ) -> messages.CancelReservationResponse:
        parts = self._parts
        known = parts.reservations.of(request.reservation_id)
        status = CancelReservationStatus.REJECTED
        if known is not None:
            parts.charging.reservations_over(parts.reservations.end([known]))
            status = CancelReservationStatus.ACCEPTED
        return messages.CancelReservationResponse(status=status)

    # Maintenance

    def _reset(self, request: messages.ResetRequest) -> messages.ResetResponse:
        status = ResetStatus.ACCEPTED if self._ability.can_restart else ResetStatus.REJECTED
        return messages.ResetResponse(status=status)

    def _update_firmware(
        self, request: messages.UpdateFirmwareRequest
    ) -> messages.UpdateFirmwareResponse:
        return messages.UpdateFirmwareResponse()

    def _update_signed_firmware(
        self, request: messages.SignedUpdateFirmwareRequest
    ) -> messages.SignedUpdateFirmwareResponse:
        status = self._judge(request)
        if status in {
            UpdateFirmwareStatus.INVALID_CERTIFICATE,
            UpdateFirmwareStatus.REVOKED_CERTIFICATE,
        }:
            self._parts.security.note(SecurityEvent.INVALID_FIRMWARE_SIGNING_CERTIFICATE)
        return messages.SignedUpdateFirmwareResponse(status=status)

    def _judge(self, request: messages.SignedUpdateFirmwareRequest) -> UpdateFirmwareStatus:
        # L01.FR.23: the certificate comes first.
        certificates = self._parts.certificates
        roots = () if certificates is None else certificates.pems(MAKER)
        status = self._ability.check_signer(request.firmware.signing_certificate, roots)
        if status is not UpdateFirmwareStatus.ACCEPTED:
            return status
        if not self._ability.can_update:
            return UpdateFirmwareStatus.REJECTED
        update = self._parts.maintenance.firmware
        if not update.is_under_way:
            return UpdateFirmwareStatus.ACCEPTED
        # L01.FR.26, 27: what is being installed cannot be cancelled any more.
        can_cancel = update.stage not in {firmware.Stage.INSTALLING, firmware.Stage.REBOOTING}
        return (
            UpdateFirmwareStatus.ACCEPTED_CANCELED if can_cancel else UpdateFirmwareStatus.REJECTED
        )

    def _get_diagnostics(
        self, request: messages.GetDiagnosticsRequest
    ) -> messages.GetDiagnosticsResponse:
        name = self._file_name("diagnostics") if self._ability.can_upload else None
        return messages.GetDiagnosticsResponse(file_name=name)

    def _get_log(self, request: messages.GetLogRequest) -> messages.GetLogResponse:
        if not self._ability.can_upload:
            return messages.GetLogResponse(status=LogStatus.REJECTED)
        is_busy = self._parts.maintenance.logs.is_under_way
        status = LogStatus.ACCEPTED_CANCELED if is_busy else LogStatus.ACCEPTED
        return messages.GetLogResponse(status=status, filename=self._log_name(request.log_type))

    def _log_name(self, log_type: LogType) -> str:
        is_security = log_type is LogType.SECURITY_LOG
        return self._file_name("security-log" if is_security else "diagnostics-log")

    def _file_name(self, what: str) -> str:
        return f"{what}-{self._parts.context.now:%Y%m%dT%H%M%SZ}.txt"

    # Triggers

    def _trigger(
        self, request: messages.TriggerMessageRequest | messages.ExtendedTriggerMessageRequest
    ) -> messages.TriggerMessageResponse | messages.ExtendedTriggerMessageResponse:
        parts = self._parts
        is_extended = isinstance(request, messages.ExtendedTriggerMessageRequest)
        status = decide(
            request.requested_message,
            request.connector_id,
            connectors=len(parts.charging.bays),
            is_accepted=parts.context.boot.is_accepted,
            offered=self._triggered(is_extended=is_extended),
        )
        if status is TriggerMessageStatus.ACCEPTED and not self._has_something_of(request):
            status = TriggerMessageStatus.REJECTED
        if isinstance(request, messages.ExtendedTriggerMessageRequest):
            return messages.ExtendedTriggerMessageResponse(status=status)
        return messages.TriggerMessageResponse(status=status)

    def _has_something_of(
        self, request: messages.TriggerMessageRequest | messages.ExtendedTriggerMessageRequest
    ) -> bool:
        """Tell whether there is anything to send: meters may show none of the measurands."""
        wanted, parts = str(request.requested_message), self._parts
        if wanted == SIGN and parts.certificates is not None:
            # A02.13: who the operator is has to be said first.
            return parts.certificates.can_request
        return wanted != METER_VALUES or any(
            parts.metering.triggered(number, None) is not None
            for number in targets(wanted, request.connector_id, connectors=len(parts.charging.bays))
        )

    def _triggered(self, *, is_extended: bool) -> frozenset[str]:
        """Return the messages that can be asked for."""
        names = {"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"}
        if is_extended:
            if self._parts.certificates is not None:
                names.add(SIGN)
            return frozenset(names | {"LogStatusNotification", "FirmwareStatusNotification"})
        if self._parts.context.model.supports("FirmwareManagement"):
            names |= {"DiagnosticsStatusNotification", "FirmwareStatusNotification"}
        return frozenset(names)
