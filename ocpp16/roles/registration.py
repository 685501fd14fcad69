"""The registration gate: which calls may pass before a charge point is accepted. Pure, no time.

Spec: C 4.2, 5.17, CE 3.35, 3.40, JE 3.10.

The central system's side, by what the charge point was last told::

    | last told | its calls                        | our calls                                     |
    |-----------|----------------------------------|-----------------------------------------------|
    | nothing   | all; strict: BootNotification    | all                                           |
    | Accepted  | all                              | all but a trigger of BootNotification         |
    | Pending   | BootNotification, what we wanted | all but remote start and stop                 |
    | Rejected  | BootNotification                 | none                                          |

The charge point's side, after it began to boot::

    | last told | our calls                  | its calls                               |
    |-----------|----------------------------|-----------------------------------------|
    | nothing   | BootNotification           | answered; remote start and stop Rejected |
    | Accepted  | all                        | answered                                |
    | Pending   | what it was asked for      | answered; remote start and stop Rejected |
    | Rejected  | none until the interval is over | not even read until then           |
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocpp16.catalog import action_of
from ocpp16.enums import RegistrationStatus, RemoteStartStopStatus, TriggerMessageStatus
from ocpp16.messages import (
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
)
from ocpp16.structure import Request, Response

BOOT = "BootNotification"
REMOTE_TRANSACTION = frozenset({"RemoteStartTransaction", "RemoteStopTransaction"})
TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
TRIGGERED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "FirmwareStatusNotification": frozenset(
            {"FirmwareStatusNotification", "SignedFirmwareStatusNotification"}
        ),
        "SignChargePointCertificate": frozenset({"SignCertificate"}),
    }
)
"""Actions that a `requestedMessage` stands for, where it is not the action of the same name."""
PERMITS = 256
"""How many different things a charge point remembers to be asked for; then the oldest goes."""


def triggered_by(request: Request[Any], response: Response) -> frozenset[str]:
    """Return the actions that an answered trigger has asked for; empty for any other message."""
    if action_of(type(request)).name not in TRIGGERS:
        return frozenset()
    # Both triggers spell the status alike (C 7.47, W 5.11).
    if getattr(response, "status", None) != TriggerMessageStatus.ACCEPTED:
        return frozenset()
    wanted = str(getattr(request, "requested_message", ""))
    return TRIGGERED.get(wanted, frozenset({wanted}))


class CentralGate:
    """The gate of a central system for one charge point.

    Args:
        strict: Whether a charge point that was never accepted is refused.
        status: What it was last told, None if nothing is known.
    """

    __slots__ = ("_asked_for", "_strict", "status")

    def __init__(self, *, strict: bool, status: str | None = None) -> None:
        self.status = next((each for each in RegistrationStatus if each == status), None)
        self._strict = strict
        self._asked_for: frozenset[str] = frozenset()

    def tell(self, status: RegistrationStatus) -> None:
        """Take it that a BootNotification is answered so."""
        self.status = status
        self._asked_for = frozenset()

    def ask_for(self, actions: frozenset[str]) -> None:
        """Take it that the charge point agreed to send these messages."""
        self._asked_for |= actions

    def why_refuse(self, action: str) -> str | None:
        """Return why a call of the charge point must be refused, None if it passes."""
        if action == BOOT or self.status is RegistrationStatus.ACCEPTED:
            return None
        match self.status:
            case RegistrationStatus.PENDING:
                passes = action in self._asked_for
            case RegistrationStatus.REJECTED:
                passes = False
            case _:
                passes = not self._strict
        return None if passes else "the charge point is not registered"

    def why_not_call(self, request: Request[Any]) -> str | None:
        """Return why a call of ours must not be sent, None if it may."""
        action = action_of(type(request)).name
        match self.status:
            case RegistrationStatus.ACCEPTED:
                if action in TRIGGERS and getattr(request, "requested_message", None) == BOOT:
                    return "an accepted charge point is not asked for BootNotification (CE 3.40)"
            case RegistrationStatus.PENDING:
                if action in REMOTE_TRANSACTION:
                    return f"{action} is not allowed while the registration is pending (C 4.2)"
            case RegistrationStatus.REJECTED:
                return "a rejected charge point is not called (C 4.2)"
            case _:
                pass
        return None


class StationGate:
    """The gate of a charge point.

    Args:
        is_used: Whether it gates at all; without, everything passes.
    """

    __slots__ = ("_is_used", "_permits", "is_silent", "status")

    def __init__(self, *, is_used: bool) -> None:
        self.status: RegistrationStatus | None = None
        self.is_silent = False
        """Rejected, and the interval is not over: nothing is sent, nothing read."""
        self._is_used = is_used
        self._permits: dict[tuple[str, object], _Permit] = {}

    def tell(self, status: RegistrationStatus) -> None:
        """Take it that BootNotification was answered so."""
        self.status = status
        self.is_silent = self._is_used and status is RegistrationStatus.REJECTED
        self._permits.clear()

    def end_silence(self) -> None:
        """Take it that the interval is over."""
        self.is_silent = False

    def permit(self, request: Request[Any], response: Response) -> None:
        """Take it that a call of the central system was answered: it may have been a trigger."""
        if self.status is RegistrationStatus.PENDING:
            connector = getattr(request, "connector_id", None)
            for action in triggered_by(request, response):
                # A trigger that is sent again renews what it asked for, and adds nothing.
                self._permits.pop((action, connector), None)
                self._permits[action, connector] = _Permit(action, connector)
            while len(self._permits) > PERMITS:
                del self._permits[next(iter(self._permits))]

    def why_silent(self) -> str | None:
        """Return why nothing at all may be sent, None if something may."""
        if not self.is_silent:
            return None
        return "a rejected charge point is silent until the interval is over (C 4.2)"

    def why_not_call(self, request: Request[Any]) -> str | None:
        """Return why a call of ours must not be sent, None if it may.

        BootNotification as such is up to whoever boots, and passes only if it was asked for.
        """
        if not self._is_used or self.status is RegistrationStatus.ACCEPTED:
            return None
        if self.is_silent:
            return self.why_silent()
        if self._permit_for(request) is None:
            return "the central system has not accepted the registration yet (C 4.2)"
        return None

    def why_not_leave(self, request: Request[Any]) -> str | None:
        """Ask once more as a call is about to leave; if it may, that uses up its permit."""
        reason = self.why_not_call(request)
        permit = self._permit_for(request)
        if reason is None and permit is not None:
            permit.use(getattr(request, "connector_id", None))
        return reason

    def _permit_for(self, request: Request[Any]) -> _Permit | None:
        action = action_of(type(request)).name
        connector = getattr(request, "connector_id", None)
        for permit in self._permits.values():
            if permit.action == action and permit.is_for(connector):
                return permit
        return None

    def stand_in(self, request: Request[Any]) -> Response | None:
        """Return the answer that is due instead of the handler's, None if that may answer."""
        if not self._is_used or self.status is RegistrationStatus.ACCEPTED:
            return None
        match request:
            case RemoteStartTransactionRequest():
                return RemoteStartTransactionResponse(status=RemoteStartStopStatus.REJECTED)
            case RemoteStopTransactionRequest():
                return RemoteStopTransactionResponse(status=RemoteStartStopStatus.REJECTED)
            case _:
                return None


class _Permit:
    """Leave to send a message once; without a connector in the trigger, once for each connector."""

    __slots__ = ("_connector", "_used", "action")

    def __init__(self, action: str, connector: object) -> None:
        self.action = action
        self._connector = connector
        self._used: set[object] = set()

    def is_for(self, connector: object) -> bool:
        # C 5.17: a trigger without connectorId asks for all connectors; where messages have none,
        # connectorId has no meaning and is ignored.
        if self._connector is not None and connector not in {None, self._connector}:
            return False
        return connector not in self._used

    def use(self, connector: object) -> None:
        self._used.add(connector)
