"""OCPP 1.6 in Python: both wires, both roles, one typed core."""

from importlib import import_module
from typing import TYPE_CHECKING

from ocpp16._version import __version__

if TYPE_CHECKING:
    from ocpp16 import datatypes, enums, errors, messages
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

# A name is imported when it is first asked for: who only needs messages loads no roles, and no
# asyncio. Names with the modules that have them, and modules.
_HOMES = {
    "Backend": "ocpp16.roles.backend",
    "CallFailed": "ocpp16.errors",
    "CallNotAllowed": "ocpp16.errors",
    "CallTimeout": "ocpp16.errors",
    "CentralSystem": "ocpp16.roles.central_system",
    "ChargePoint": "ocpp16.roles.charge_point",
    "Clock": "ocpp16.clock",
    "ConnectionRefused": "ocpp16.errors",
    "ConstraintKind": "ocpp16.errors",
    "Credentials": "ocpp16.security.credentials",
    "Deviation": "ocpp16.structure",
    "ErrorCode": "ocpp16.errors",
    "Fault": "ocpp16.errors",
    "FileCredentials": "ocpp16.security.credentials",
    "FormationViolation": "ocpp16.errors",
    "GenericError": "ocpp16.errors",
    "Handshake": "ocpp16.security.admission",
    "IdentityMismatch": "ocpp16.errors",
    "InternalError": "ocpp16.errors",
    "InvalidMessage": "ocpp16.errors",
    "InvalidResponse": "ocpp16.errors",
    "KeyPair": "ocpp16.security.configuration",
    "Leniency": "ocpp16.settings",
    "MemoryCredentials": "ocpp16.security.credentials",
    "NoAnswer": "ocpp16.errors",
    "NotImplementedFault": "ocpp16.errors",
    "NotSupported": "ocpp16.errors",
    "OccurrenceConstraintViolation": "ocpp16.errors",
    "OcppError": "ocpp16.errors",
    "Peer": "ocpp16.roles.peer",
    "PeerInfo": "ocpp16.envelope",
    "PeerRegistry": "ocpp16.roles.registry",
    "PropertyConstraintViolation": "ocpp16.errors",
    "ProtocolError": "ocpp16.errors",
    "QueueFull": "ocpp16.errors",
    "ReachedProfiles": "ocpp16.security.profiles",
    "Refusal": "ocpp16.security.admission",
    "RefusalCause": "ocpp16.security.admission",
    "Registration": "ocpp16.storage",
    "Registrations": "ocpp16.storage",
    "Request": "ocpp16.structure",
    "Response": "ocpp16.structure",
    "SecurityError": "ocpp16.errors",
    "Server": "ocpp16.roles.server",
    "ServerSecurity": "ocpp16.security.configuration",
    "SessionClosed": "ocpp16.errors",
    "Settings": "ocpp16.settings",
    "Side": "ocpp16.spec",
    "StationSecurity": "ocpp16.security.configuration",
    "TypeConstraintViolation": "ocpp16.errors",
    "UnanswerableFrame": "ocpp16.errors",
    "Unreachable": "ocpp16.errors",
    "deviations": "ocpp16.structure",
}
_MODULES = {
    "datatypes": "ocpp16.datatypes",
    "enums": "ocpp16.enums",
    "errors": "ocpp16.errors",
    "events": "ocpp16.roles.event",
    "messages": "ocpp16.messages",
}


if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            value: object = import_module(_MODULES[name])
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
