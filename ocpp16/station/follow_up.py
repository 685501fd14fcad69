"""What a station does once its answer to a central system has left. Spec: C 5; SPEC 8, 13."""

from __future__ import annotations

from ocpp16 import messages
from ocpp16.enums import (
    ConfigurationStatus,
    LogStatus,
    Reason,
    RemoteStartStopStatus,
    ResetStatus,
    TriggerMessageStatus,
    UpdateFirmwareStatus,
)
from ocpp16.security_event import SecurityEvent
from ocpp16.station import diagnostics, firmware
from ocpp16.station.ability import Ability
from ocpp16.station.action import PingEvery, Reconnect
from ocpp16.station.parts import Parts
from ocpp16.station.requests import Requests
from ocpp16.station.reset import REASONS
from ocpp16.station.trigger import targets
from ocpp16.structure import Request, Response

RECONNECTING = frozenset({"authorizationkey", "securityprofile"})
"""Keys that a new connection takes up (A01.FR.12, A05.FR.06)."""


class FollowUp:
    """What follows on the answers of one station.

    Args:
        parts: The station.
        requests: Its answers.
        ability: What it can do beside charging.
    """

    def __init__(self, parts: Parts, requests: Requests, ability: Ability) -> None:
        self._parts = parts
        self._requests = requests
        self._ability = ability

    def follow(self, request: Request[Response], response: Response) -> None:
        """Do what a request that was answered so asks for.

        Raises:
            StorageFailed: It could not be stored, and is not done.
        """
        match request, response:
            case (
                messages.ChangeConfigurationRequest(),
                messages.ChangeConfigurationResponse(status=ConfigurationStatus.ACCEPTED),
            ):
                self._key_changed(request.key.casefold())
            case (
                messages.RemoteStartTransactionRequest(),
                messages.RemoteStartTransactionResponse(status=RemoteStartStopStatus.ACCEPTED),
            ):
                self._start(request)
            case (
                messages.RemoteStopTransactionRequest(),
                messages.RemoteStopTransactionResponse(status=RemoteStartStopStatus.ACCEPTED),
            ):
                self._stop(request)
            case messages.ResetRequest(), messages.ResetResponse(status=ResetStatus.ACCEPTED):
                self._reset(request)
            case messages.UpdateFirmwareRequest(), _:
                self._update(request)
            case messages.SignedUpdateFirmwareRequest(), messages.SignedUpdateFirmwareResponse():
                self._update_signed(request, response)
            case messages.GetDiagnosticsRequest(), messages.GetDiagnosticsResponse():
                self._upload_diagnostics(request, response)
            case messages.GetLogRequest(), messages.GetLogResponse():
                self._upload_log(request, response)
            case (
                messages.TriggerMessageRequest(),
                messages.TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED),
            ):
                self._send(request.requested_message, request.connector_id, is_extended=False)
            case (
                messages.ExtendedTriggerMessageRequest(),
                messages.ExtendedTriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED),
            ):
                self._send(request.requested_message, request.connector_id, is_extended=True)
            case messages.CertificateSignedRequest(), _:
                if self._parts.certificates is not None:
                    self._parts.certificates.settle()
            case _:
                pass

    def _key_changed(self, key: str) -> None:
        context = self._parts.context
        if key == "websocketpinginterval":
            context.act(PingEvery(context.configuration.integer("WebSocketPingInterval")))
        elif key in RECONNECTING:
            # A01.FR.11, 12: logged, without the key.
            self._parts.security.note(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, key)
            context.act(Reconnect(key))

    def _start(self, request: messages.RemoteStartTransactionRequest) -> None:
        number = self._requests.remote_start_place(request)
        if number is not None:
            self._parts.reader.authorize_remote_start(
                number, request.id_tag, request.charging_profile
            )

    def _stop(self, request: messages.RemoteStopTransactionRequest) -> None:
        bay = self._parts.charging.find(request.transaction_id)
        if bay is not None:
            self._parts.charging.stop(bay.number, Reason.REMOTE)

    def _reset(self, request: messages.ResetRequest) -> None:
        parts = self._parts
        for bay in list(parts.charging.running()):
            parts.charging.stop(bay.number, REASONS[request.type])
        parts.security.note(SecurityEvent.RESET_OR_REBOOT, request.type)
        parts.maintenance.reset(request.type)

    # Firmware and files

    def _update(self, request: messages.UpdateFirmwareRequest) -> None:
        order = firmware.Order(
            location=request.location,
            retrieve_at=request.retrieve_date,
            retries=request.retries,
            retry_interval=request.retry_interval,
        )
        self._parts.maintenance.update_firmware(order)

    def _update_signed(
        self,
        request: messages.SignedUpdateFirmwareRequest,
        response: messages.SignedUpdateFirmwareResponse,
    ) -> None:
        if response.status not in {
            UpdateFirmwareStatus.ACCEPTED,
            UpdateFirmwareStatus.ACCEPTED_CANCELED,
        }:
            return
        image = request.firmware
        order = firmware.Order(
            location=image.location,
            retrieve_at=image.retrieve_date_time,
            install_at=image.install_date_time,
            retries=request.retries,
            retry_interval=request.retry_interval,
            request_id=request.request_id,
            signature=image.signature,
            certificate=image.signing_certificate,
        )
        self._parts.maintenance.update_firmware(order)

    def _upload_diagnostics(
        self,
        request: messages.GetDiagnosticsRequest,
        response: messages.GetDiagnosticsResponse,
    ) -> None:
        if response.file_name is None:
            return
        order = diagnostics.Order(
            location=request.location,
            file_name=response.file_name,
            oldest=request.start_time,
            latest=request.stop_time,
            retries=request.retries,
            retry_interval=request.retry_interval,
        )
        self._parts.maintenance.upload(order)

    def _upload_log(
        self, request: messages.GetLogRequest, response: messages.GetLogResponse
    ) -> None:
        if response.status is LogStatus.REJECTED or response.filename is None:
            return
        order = diagnostics.Order(
            location=request.log.remote_location,
            file_name=response.filename,
            oldest=request.log.oldest_timestamp,
            latest=request.log.latest_timestamp,
            retries=request.retries,
            retry_interval=request.retry_interval,
            log_type=request.log_type,
            request_id=request.request_id,
        )
        self._parts.maintenance.upload(order)

    # Triggers

    def _send(self, wanted: str, connector: int | None, *, is_extended: bool) -> None:
        parts = self._parts
        courier, count = parts.context.courier, len(parts.charging.bays)
        match wanted:
            case "BootNotification":
                parts.context.boot.triggered(parts.context.time)
            case "Heartbeat":
                courier.post(messages.HeartbeatRequest(), is_triggered=True)
            case "StatusNotification":
                for number in targets(wanted, connector, connectors=count):
                    parts.board.tell(number, is_triggered=True)
            case "MeterValues":
                for number in targets(wanted, connector, connectors=count):
                    self._send_meter_values(number)
            case "FirmwareStatusNotification":
                parts.maintenance.tell_firmware(is_signed=is_extended)
            case "DiagnosticsStatusNotification":
                parts.maintenance.tell_upload(is_log=False)
            case "SignChargePointCertificate" if parts.certificates is not None:
                parts.certificates.request()
            case "LogStatusNotification":
                parts.maintenance.tell_upload(is_log=True)
            case _:
                pass

    def _send_meter_values(self, number: int) -> None:
        parts = self._parts
        bay = parts.charging.bays.get(number)
        transaction = None if bay is None else bay.transaction
        transaction_id = None if transaction is None else parts.ledger.transaction_id(transaction)
        request = parts.metering.triggered(number, transaction_id)
        if request is not None:
            parts.context.courier.post(request, is_triggered=True)
