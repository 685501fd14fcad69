"""The tables of the bridge: what kind of message an action is, and how errors cross. Pure.

What a bridge may do with a message of a charge point follows from its manner::

    | manner    | actions                 | backend there        | backend away              |
    |-----------|-------------------------|----------------------|---------------------------|
    | HEARTBEAT | Heartbeat               | passed through       | our clock; HTTP 503 while |
    |           |                         |                      | anything is refused       |
    | BOOT      | BootNotification        | passed through       | Accepted if it was before |
    |           |                         |                      | with the same data, and   |
    |           |                         |                      | stored; else refused      |
    | ASK       | Authorize, DataTransfer | passed through       | refused                   |
    | START     | StartTransaction        | stored, passed on    | refused, or a local id    |
    | STOP      | StopTransaction         | stored, the          | stored, acknowledged      |
    |           |                         | backend's answer     |                           |
    | METER     | MeterValues             | stored, acknowledged | stored, acknowledged      |
    | NOTE      | other notifications     | stored, acknowledged | stored, acknowledged      |

A full queue counts as a backend that is away, and then nothing is stored: all but Heartbeat and
what needs no place in it is refused.

START, STOP and METER are the transaction messages, which a charge point sends again until they are
answered; a repeat is known by its content (see `content`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, unique
from types import MappingProxyType
from typing import Any, Final

from ocpp16.catalog import ACTIONS, action_of
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import (
    AuthorizationStatus,
    RegistrationStatus,
    RemoteStartStopStatus,
    TriggerMessageStatus,
)
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    ErrorCode,
    Fault,
    GenericError,
    InvalidMessage,
    OcppError,
    SecurityError,
    fault_of_code,
)
from ocpp16.messages import (
    BootNotificationResponse,
    HeartbeatResponse,
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
    StartTransactionResponse,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, Response


@unique
class Manner(Enum):
    """How a message of a charge point is treated; see above."""

    HEARTBEAT = "heartbeat"
    BOOT = "boot"
    ASK = "ask"
    START = "start"
    STOP = "stop"
    METER = "meter"
    NOTE = "note"

    @property
    def is_stored(self) -> bool:
        """Tell whether the message is committed before anything else is done with it."""
        return self in _STORED

    @property
    def is_transaction(self) -> bool:
        """Tell whether it is a transaction message, which the charge point sends again (C 3.7)."""
        return self in _TRANSACTION


_TRANSACTION: Final = frozenset({Manner.START, Manner.STOP, Manner.METER})
_STORED: Final = _TRANSACTION | {Manner.NOTE}

_MANNERS: Final[Mapping[str, Manner]] = MappingProxyType(
    {
        "Heartbeat": Manner.HEARTBEAT,
        "BootNotification": Manner.BOOT,
        "Authorize": Manner.ASK,
        "DataTransfer": Manner.ASK,
        "StartTransaction": Manner.START,
        "StopTransaction": Manner.STOP,
        "MeterValues": Manner.METER,
        "StatusNotification": Manner.NOTE,
        "FirmwareStatusNotification": Manner.NOTE,
        "DiagnosticsStatusNotification": Manner.NOTE,
    }
)


def manner_of(action: str) -> Manner:
    """Return how a message of a charge point is treated."""
    return _MANNERS[action]


def crossing(sender: Side) -> tuple[ActionSpec, ...]:
    """Return the actions of one side that have a contract on both wires.

    The others, those of the security extension (W 1.4), have no handler: NotSupported.
    """
    return tuple(
        action for action in ACTIONS.values() if action.soap_services and sender in action.senders
    )


def plain_answer(request: Request[Any]) -> Response:
    """Return the answer that only says that a stored message has arrived."""
    response: Response = action_of(type(request)).response()
    return response


def heartbeat_answer(at: datetime) -> Response:
    """Return the answer to a Heartbeat by our clock."""
    return HeartbeatResponse(current_time=at)


def boot_answer(at: datetime, interval: int) -> Response:
    """Return the answer to a BootNotification of one that is accepted already."""
    return BootNotificationResponse(
        status=RegistrationStatus.ACCEPTED, current_time=at, interval=interval
    )


def local_answer(local_id: int) -> StartTransactionResponse:
    """Return the answer to a StartTransaction that the backend has not answered."""
    return StartTransactionResponse(
        transaction_id=local_id, id_tag_info=IdTagInfo(status=AuthorizationStatus.ACCEPTED)
    )


def fault_for_failure(error: OcppError, what: str) -> Fault:
    """Return the fault by which the failure of a call crosses to the other wire.

    Args:
        error: How the call failed.
        what: Who was called, for the description ("the backend").
    """
    match error:
        case Fault():
            return error
        case CallFailed(code=ErrorCode() as code, description=description):
            return fault_of_code(code, description)
        case CallFailed(code=code, description=description):
            return GenericError(f"{code}: {description}" if description else code)
        case InvalidMessage(kind=kind, path=path, reason=reason):
            return fault_of_code(kind.code, f"{path}: {reason}, which cannot cross")
        case CallNotAllowed():
            return SecurityError(str(error))
        case _:
            return GenericError(f"no answer from {what}")


def stand_in(request: Request[Any]) -> Response | None:
    """Return the answer to a call of the backend that must not reach the charge point now.

    C 4.2: no remote start or stop while the registration is pending; CE 3.40: an accepted charge
    point is not asked for BootNotification. A charge point would say Rejected to either.
    """
    match request:
        case RemoteStartTransactionRequest():
            return RemoteStartTransactionResponse(status=RemoteStartStopStatus.REJECTED)
        case RemoteStopTransactionRequest():
            return RemoteStopTransactionResponse(status=RemoteStartStopStatus.REJECTED)
        case TriggerMessageRequest():
            return TriggerMessageResponse(status=TriggerMessageStatus.REJECTED)
        case _:
            return None
