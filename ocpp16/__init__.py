"""OCPP 1.6 in Python: both wires, both roles, one typed core."""

from ocpp16 import datatypes, enums, errors, messages
from ocpp16._version import __version__
from ocpp16.envelope import PeerInfo
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ConnectionRefused,
    ErrorCode,
    Fault,
    FormationViolation,
    GenericError,
    IdentityMismatch,
    InternalError,
    InvalidMessage,
    InvalidResponse,
    NotImplementedFault,
    NotSupported,
    OccurrenceConstraintViolation,
    OcppError,
    PropertyConstraintViolation,
    ProtocolError,
    QueueFull,
    SecurityError,
    SessionClosed,
    TypeConstraintViolation,
)
from ocpp16.roles import event as events
from ocpp16.roles.backend import Backend
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.peer import Peer
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Leniency, Settings
from ocpp16.structure import Deviation, deviations

__all__ = [
    "Backend",
    "CallFailed",
    "CallNotAllowed",
    "CallTimeout",
    "CentralSystem",
    "ChargePoint",
    "ConnectionRefused",
    "Deviation",
    "ErrorCode",
    "Fault",
    "FormationViolation",
    "GenericError",
    "Handshake",
    "IdentityMismatch",
    "InternalError",
    "InvalidMessage",
    "InvalidResponse",
    "Leniency",
    "NotImplementedFault",
    "NotSupported",
    "OccurrenceConstraintViolation",
    "OcppError",
    "Peer",
    "PeerInfo",
    "PropertyConstraintViolation",
    "ProtocolError",
    "QueueFull",
    "Refusal",
    "SecurityError",
    "SessionClosed",
    "Settings",
    "TypeConstraintViolation",
    "__version__",
    "datatypes",
    "deviations",
    "enums",
    "errors",
    "events",
    "messages",
]
