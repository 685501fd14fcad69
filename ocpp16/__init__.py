"""OCPP 1.6 in Python: both wires, both roles, one typed core."""

from ocpp16 import datatypes, enums, errors, messages
from ocpp16._version import __version__
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ConnectionRefused,
    ConstraintKind,
    ErrorCode,
    Fault,
    FormationViolation,
    GenericError,
    IdentityMismatch,
    InternalError,
    InvalidMessage,
    InvalidResponse,
    NoAnswer,
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
    UnanswerableFrame,
    Unreachable,
)
from ocpp16.roles import event as events
from ocpp16.roles.backend import Backend
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.peer import Peer
from ocpp16.roles.registry import PeerRegistry
from ocpp16.roles.server import Server
from ocpp16.security.admission import Handshake, Refusal, RefusalCause
from ocpp16.security.configuration import KeyPair, ServerSecurity, StationSecurity
from ocpp16.security.credentials import Credentials, FileCredentials, MemoryCredentials
from ocpp16.security.profiles import ReachedProfiles
from ocpp16.settings import Leniency, Settings
from ocpp16.spec import Side
from ocpp16.storage import Registration, Registrations
from ocpp16.structure import Deviation, Request, Response, deviations

__all__ = [
    "Backend",
    "CallFailed",
    "CallNotAllowed",
    "CallTimeout",
    "CentralSystem",
    "ChargePoint",
    "Clock",
    "ConnectionRefused",
    "ConstraintKind",
    "Credentials",
    "Deviation",
    "ErrorCode",
    "Fault",
    "FileCredentials",
    "FormationViolation",
    "GenericError",
    "Handshake",
    "IdentityMismatch",
    "InternalError",
    "InvalidMessage",
    "InvalidResponse",
    "KeyPair",
    "Leniency",
    "MemoryCredentials",
    "NoAnswer",
    "NotImplementedFault",
    "NotSupported",
    "OccurrenceConstraintViolation",
    "OcppError",
    "Peer",
    "PeerInfo",
    "PeerRegistry",
    "PropertyConstraintViolation",
    "ProtocolError",
    "QueueFull",
    "ReachedProfiles",
    "Refusal",
    "RefusalCause",
    "Registration",
    "Registrations",
    "Request",
    "Response",
    "SecurityError",
    "Server",
    "ServerSecurity",
    "SessionClosed",
    "Settings",
    "Side",
    "StationSecurity",
    "TypeConstraintViolation",
    "UnanswerableFrame",
    "Unreachable",
    "__version__",
    "datatypes",
    "deviations",
    "enums",
    "errors",
    "events",
    "messages",
]
