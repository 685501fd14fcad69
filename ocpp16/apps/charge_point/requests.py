"""What a central system asks of a simulated charge point, and how that answers. Spec: C 5; SPEC 8.

The answer comes first, what follows from it afterwards: most handlers only decide, and a hook does
what was promised once the answer has left. Charging profiles are in `profile_requests`.
"""

from __future__ import annotations

from ocpp16 import messages
from ocpp16.apps.charge_point.charging_profile import starts_at_zero
from ocpp16.apps.charge_point.connector import Connector
from ocpp16.apps.charge_point.reservation import Reservation
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.data_transfer import answer_data_transfer
from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import (
    AuthorizationStatus,
    AvailabilityStatus,
    AvailabilityType,
    CancelReservationStatus,
    ChargePointStatus,
    ChargingProfilePurposeType,
    ClearCacheStatus,
    MessageTrigger,
    ReadingContext,
    Reason,
    RemoteStartStopStatus,
    ReservationStatus,
    ResetStatus,
    ResetType,
    TriggerMessageStatus,
    UnlockStatus,
)
from ocpp16.roles.backend import Backend
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.peer import Peer
from ocpp16.security.profile_change import is_authorization_key


class Requests:
    """The handlers of one simulated charge point.

    Args:
        simulator: The charge point.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def register(self, station: ChargePoint) -> None:
        """Let them answer for a role."""
        station.on(messages.CancelReservationRequest)(self._cancel_reservation)
        station.after(messages.CancelReservationRequest)(self._free_cancelled)
        station.on(messages.ChangeAvailabilityRequest)(self._change_availability)
        station.after(messages.ChangeAvailabilityRequest)(self._show_availability)
        station.on(messages.ChangeConfigurationRequest)(self._change_configuration)
        station.on(messages.ClearCacheRequest)(self._clear_cache)
        station.on(messages.DataTransferRequest)(self._transfer_data)
        station.on(messages.GetConfigurationRequest)(self._get_configuration)
        station.on(messages.GetDiagnosticsRequest)(self._get_diagnostics)
        station.after(messages.GetDiagnosticsRequest)(self._upload_diagnostics)
        station.on(messages.GetLocalListVersionRequest)(self._get_local_list_version)
        station.on(messages.RemoteStartTransactionRequest)(self._remote_start)
        station.after(messages.RemoteStartTransactionRequest)(self._start)
        station.on(messages.RemoteStopTransactionRequest)(self._remote_stop)
        station.after(messages.RemoteStopTransactionRequest)(self._stop)
        station.on(messages.ReserveNowRequest)(self._reserve)
        station.after(messages.ReserveNowRequest)(self._show_reservation)
        station.on(messages.ResetRequest)(self._reset)
        station.after(messages.ResetRequest)(self._reboot)
        station.on(messages.SendLocalListRequest)(self._update_local_list)
        station.on(messages.TriggerMessageRequest)(self._trigger)
        station.after(messages.TriggerMessageRequest)(self._send_triggered)
        station.on(messages.UnlockConnectorRequest)(self._unlock)
        station.on(messages.UpdateFirmwareRequest)(self._update_firmware)
        station.after(messages.UpdateFirmwareRequest)(self._install_firmware)

    # Configuration

    async def _get_configuration(
        self, peer: Peer, request: messages.GetConfigurationRequest
    ) -> messages.GetConfigurationResponse:
        known, unknown = self._simulator.configuration.read(request.key or ())
        return messages.GetConfigurationResponse(
            configuration_key=tuple(known) or None, unknown_key=tuple(unknown) or None
        )

    async def _change_configuration(
        self, peer: Peer, request: messages.ChangeConfigurationRequest
    ) -> messages.ChangeConfigurationResponse:
        if is_authorization_key(request.key) and isinstance(peer, Backend):
            status = await peer.change_key(request.value, self._simulator.keep_key)
        else:
            status = self._simulator.configuration.change(request.key, request.value)
        return messages.ChangeConfigurationResponse(status=status)

    # Tags

    async def _clear_cache(
        self, peer: Peer, request: messages.ClearCacheRequest
    ) -> messages.ClearCacheResponse:
        if not self._simulator.configuration.is_on("AuthorizationCacheEnabled"):
            return messages.ClearCacheResponse(status=ClearCacheStatus.REJECTED)
        self._simulator.tags.clear_cache()
        return messages.ClearCacheResponse(status=ClearCacheStatus.ACCEPTED)

    async def _get_local_list_version(
        self, peer: Peer, request: messages.GetLocalListVersionRequest
    ) -> messages.GetLocalListVersionResponse:
        version = self._simulator.tags.local_list.version
        return messages.GetLocalListVersionResponse(list_version=version)

    async def _update_local_list(
        self, peer: Peer, request: messages.SendLocalListRequest
    ) -> messages.SendLocalListResponse:
        status = self._simulator.tags.local_list.update(
            request.update_type, request.list_version, request.local_authorization_list or ()
        )
        return messages.SendLocalListResponse(status=status)

    # Transactions

    async def _remote_start(
        self, peer: Peer, request: messages.RemoteStartTransactionRequest
    ) -> messages.RemoteStartTransactionResponse:
        connector = self._connector_for(request)
        is_possible = connector is not None and _is_for_new_transaction(request.charging_profile)
        status = RemoteStartStopStatus.ACCEPTED if is_possible else RemoteStartStopStatus.REJECTED
        return messages.RemoteStartTransactionResponse(status=status)

    async def _start(
        self,
        peer: Peer,
        request: messages.RemoteStartTransactionRequest,
        response: messages.RemoteStartTransactionResponse,
    ) -> None:
        connector = self._connector_for(request)
        if response.status is not RemoteStartStopStatus.ACCEPTED or connector is None:
            return
        simulator, parent = self._simulator, None
        if simulator.configuration.is_on("AuthorizeRemoteTxRequests"):
            info = await simulator.tags.authorize(request.id_tag, simulator.now)
            if info.status is not AuthorizationStatus.ACCEPTED:
                return
            parent = info.parent_id_tag
        await simulator.prepare(connector, request.id_tag, parent, request.charging_profile)

    def _connector_for(self, request: messages.RemoteStartTransactionRequest) -> Connector | None:
        """Return the connector that a remote start can have: the one named, or any."""
        simulator = self._simulator
        for number, connector in simulator.connectors.items():
            is_wanted = request.connector_id in {None, number}
            if is_wanted and simulator.may_use(connector, request.id_tag):
                return connector
        return None

    async def _remote_stop(
        self, peer: Peer, request: messages.RemoteStopTransactionRequest
    ) -> messages.RemoteStopTransactionResponse:
        runs = self._running(request.transaction_id) is not None
        status = RemoteStartStopStatus.ACCEPTED if runs else RemoteStartStopStatus.REJECTED
        return messages.RemoteStopTransactionResponse(status=status)

    async def _stop(self, peer: Peer, request: messages.RemoteStopTransactionRequest) -> None:
        connector = self._running(request.transaction_id)
        if connector is not None:
            await self._simulator.stop(connector.number, Reason.REMOTE)

    def _running(self, transaction_id: int) -> Connector | None:
        for connector in self._simulator.connectors.values():
            if connector.transaction is not None and connector.transaction.id == transaction_id:
                return connector
        return None

    async def _unlock(
        self, peer: Peer, request: messages.UnlockConnectorRequest
    ) -> messages.UnlockConnectorResponse:
        if request.connector_id not in self._simulator.connectors:
            return messages.UnlockConnectorResponse(status=UnlockStatus.NOT_SUPPORTED)
        # C 5.18: a transaction is finished first.
        await self._simulator.stop(request.connector_id, Reason.UNLOCK_COMMAND)
        return messages.UnlockConnectorResponse(status=UnlockStatus.UNLOCKED)

    # Reservations

    async def _reserve(
        self, peer: Peer, request: messages.ReserveNowRequest
    ) -> messages.ReserveNowResponse:
        status = self._may_reserve(request)
        if status is ReservationStatus.ACCEPTED:
            reservation = Reservation(
                id=request.reservation_id,
                connector=request.connector_id,
                id_tag=request.id_tag,
                expires=request.expiry_date,
                parent_id_tag=request.parent_id_tag,
            )
            earlier = self._simulator.reservations.end(reservation.id)
            self._simulator.reservations.keep(reservation)
            if earlier is not None and earlier.connector != reservation.connector:
                await self._simulator.free([earlier])
        return messages.ReserveNowResponse(status=status)

    def _may_reserve(self, request: messages.ReserveNowRequest) -> ReservationStatus:
        simulator = self._simulator
        connector = simulator.connectors.get(request.connector_id)
        # C 5.13: a connector of its choice is not offered (ReserveConnectorZeroSupported is false).
        if connector is None or request.expiry_date <= simulator.now:
            return ReservationStatus.REJECTED
        match connector.status:
            case ChargePointStatus.AVAILABLE:
                return ReservationStatus.ACCEPTED
            case ChargePointStatus.RESERVED:
                present = simulator.reservations.on(connector.number)
                is_same = present is not None and present.id == request.reservation_id
                return ReservationStatus.ACCEPTED if is_same else ReservationStatus.OCCUPIED
            case ChargePointStatus.UNAVAILABLE:
                return ReservationStatus.UNAVAILABLE
            case ChargePointStatus.FAULTED:
                return ReservationStatus.FAULTED
            case _:
                return ReservationStatus.OCCUPIED

    async def _show_reservation(
        self,
        peer: Peer,
        request: messages.ReserveNowRequest,
        response: messages.ReserveNowResponse,
    ) -> None:
        if response.status is ReservationStatus.ACCEPTED:
            connector = self._simulator.connectors[request.connector_id]
            await self._simulator.set_status(connector, ChargePointStatus.RESERVED)

    async def _cancel_reservation(
        self, peer: Peer, request: messages.CancelReservationRequest
    ) -> messages.CancelReservationResponse:
        known = self._simulator.reservations.find(request.reservation_id) is not None
        status = CancelReservationStatus.ACCEPTED if known else CancelReservationStatus.REJECTED
        return messages.CancelReservationResponse(status=status)

    async def _free_cancelled(self, peer: Peer, request: messages.CancelReservationRequest) -> None:
        reservation = self._simulator.reservations.end(request.reservation_id)
        if reservation is not None:
            await self._simulator.free([reservation])

    # The charge point itself

    async def _change_availability(
        self, peer: Peer, request: messages.ChangeAvailabilityRequest
    ) -> messages.ChangeAvailabilityResponse:
        simulator = self._simulator
        chosen = self._chosen(request.connector_id)
        if chosen is None:
            return messages.ChangeAvailabilityResponse(status=AvailabilityStatus.REJECTED)
        is_operative = request.type is AvailabilityType.OPERATIVE
        if not request.connector_id:
            simulator.is_operative = is_operative
        is_in_use = False
        for connector in chosen:
            is_in_use |= connector.transaction is not None and not is_operative
            connector.is_operative = is_operative
        status = AvailabilityStatus.SCHEDULED if is_in_use else AvailabilityStatus.ACCEPTED
        return messages.ChangeAvailabilityResponse(status=status)

    async def _show_availability(
        self, peer: Peer, request: messages.ChangeAvailabilityRequest
    ) -> None:
        if not request.connector_id:
            await self._simulator.report_status(0)
        for connector in self._chosen(request.connector_id) or ():
            if connector.status in {ChargePointStatus.AVAILABLE, ChargePointStatus.UNAVAILABLE}:
                await self._simulator.set_status(connector, connector.idle_status)

    def _chosen(self, number: int | None) -> list[Connector] | None:
        """Return the connector of a number, all of them for 0 and None, None for an unknown one."""
        connectors = self._simulator.connectors
        if not number:
            return list(connectors.values())
        return [connectors[number]] if number in connectors else None

    async def _reset(self, peer: Peer, request: messages.ResetRequest) -> messages.ResetResponse:
        return messages.ResetResponse(status=ResetStatus.ACCEPTED)

    async def _reboot(self, peer: Peer, request: messages.ResetRequest) -> None:
        is_soft = request.type is ResetType.SOFT
        for number in self._simulator.connectors:
            await self._simulator.stop(number, Reason.SOFT_RESET if is_soft else Reason.HARD_RESET)
        self._simulator.reboot_wanted.set()

    async def _trigger(
        self, peer: Peer, request: messages.TriggerMessageRequest
    ) -> messages.TriggerMessageResponse:
        status = TriggerMessageStatus.ACCEPTED
        # CE 3.35: an accepted charge point does not boot again for being asked.
        if request.requested_message is MessageTrigger.BOOT_NOTIFICATION or (
            self._chosen(request.connector_id) is None
        ):
            status = TriggerMessageStatus.REJECTED
        return messages.TriggerMessageResponse(status=status)

    async def _send_triggered(
        self,
        peer: Peer,
        request: messages.TriggerMessageRequest,
        response: messages.TriggerMessageResponse,
    ) -> None:
        if response.status is not TriggerMessageStatus.ACCEPTED:
            return
        simulator = self._simulator
        match request.requested_message:
            case MessageTrigger.HEARTBEAT:
                await simulator.heartbeat()
            case MessageTrigger.FIRMWARE_STATUS_NOTIFICATION:
                await simulator.maintenance.report_firmware()
            case MessageTrigger.DIAGNOSTICS_STATUS_NOTIFICATION:
                await simulator.maintenance.report_diagnostics()
            case MessageTrigger.METER_VALUES:
                for connector in self._chosen(request.connector_id) or ():
                    await simulator.sample(connector.number, ReadingContext.TRIGGER)
            case MessageTrigger.STATUS_NOTIFICATION:
                every = (0, *simulator.connectors)
                wanted = request.connector_id
                for number in every if wanted is None else (wanted,):
                    await simulator.report_status(number)

    async def _update_firmware(
        self, peer: Peer, request: messages.UpdateFirmwareRequest
    ) -> messages.UpdateFirmwareResponse:
        self._simulator.maintenance.order(request.location, request.retrieve_date)
        return messages.UpdateFirmwareResponse()

    async def _install_firmware(self, peer: Peer, request: messages.UpdateFirmwareRequest) -> None:
        await self._simulator.work_on_firmware()

    async def _get_diagnostics(
        self, peer: Peer, request: messages.GetDiagnosticsRequest
    ) -> messages.GetDiagnosticsResponse:
        return messages.GetDiagnosticsResponse(file_name="diagnostics.log")

    async def _upload_diagnostics(
        self, peer: Peer, request: messages.GetDiagnosticsRequest
    ) -> None:
        await self._simulator.maintenance.upload()

    async def _transfer_data(
        self, peer: Peer, request: messages.DataTransferRequest
    ) -> messages.DataTransferResponse:
        return answer_data_transfer(request)


def _is_for_new_transaction(profile: ChargingProfile | None) -> bool:
    """Tell whether a profile can come with a remote start (CE 3.41)."""
    return profile is None or (
        profile.charging_profile_purpose is ChargingProfilePurposeType.TX_PROFILE
        and profile.transaction_id is None
        and starts_at_zero(profile.charging_schedule.charging_schedule_period)
    )
