"""The exception tree, and the codes by which OCPP names what went wrong.

Knows every way a message, a call or a connection can fail, in words both wires share. Does not
know how a wire spells a code (see `bindings.ocppj.faults` and `bindings.ocpps.faults`).
Spec: J 4.2.3, S 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import ClassVar, final

NO_DETAILS: Mapping[str, object] = MappingProxyType({})
DESCRIPTION_LIMIT = 255


@unique
class ErrorCode(StrEnum):
    """What kind of error a call was answered with, spelled as Python code spells it."""

    NOT_IMPLEMENTED = "NotImplemented"
    """The action is not one of OCPP 1.6."""
    NOT_SUPPORTED = "NotSupported"
    """The action is known, but not offered here."""
    INTERNAL_ERROR = "InternalError"
    """The receiver failed while working on the call."""
    PROTOCOL_ERROR = "ProtocolError"
    """A rule of the exchange was broken (a missing SOAP header, say)."""
    SECURITY_ERROR = "SecurityError"
    """The sender may not do this, or not yet."""
    FORMATION_VIOLATION = "FormationViolation"
    """The message or its payload has the wrong shape, or a field that does not exist."""
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    """A value has the right type and is not allowed: too long, out of range, not in the list."""
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    """A required field is missing, or a list has too few or too many items."""
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    """A value has the wrong type."""
    GENERIC_ERROR = "GenericError"
    """Any other error."""
    IDENTITY_MISMATCH = "IdentityMismatch"
    """The message names another charge point than the one reached (SOAP only)."""


class ConstraintKind(StrEnum):
    """Which rule a value breaks."""

    SHAPE = "shape"
    """Not an object where one is due."""
    UNKNOWN_FIELD = "unknown-field"
    """A field that the contract does not have."""
    REPEATED_FIELD = "repeated-field"
    """A field that stands there twice."""
    REQUIRED = "required"
    """A required field is missing."""
    ITEMS = "items"
    """Too few or too many items in a list."""
    TYPE = "type"
    """The wrong type; null for any field."""
    TIMESTAMP = "timestamp"
    """Text that is not a date and time with its offset."""
    ENUM = "enum"
    """Text that is not a value of the enumeration."""
    LENGTH = "length"
    """Too long."""
    RANGE = "range"
    """A number that its type cannot hold."""
    DECIMALS = "decimals"
    """More than one decimal."""

    @property
    def code(self) -> ErrorCode:
        """The error code by which a receiver reports this kind."""
        return _CODES[self]


_CODES = {
    ConstraintKind.SHAPE: ErrorCode.FORMATION_VIOLATION,
    ConstraintKind.UNKNOWN_FIELD: ErrorCode.FORMATION_VIOLATION,
    ConstraintKind.REPEATED_FIELD: ErrorCode.FORMATION_VIOLATION,
    ConstraintKind.REQUIRED: ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    ConstraintKind.ITEMS: ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    ConstraintKind.TYPE: ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    ConstraintKind.TIMESTAMP: ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    ConstraintKind.ENUM: ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    ConstraintKind.LENGTH: ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    ConstraintKind.RANGE: ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    ConstraintKind.DECIMALS: ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
}


class OcppError(Exception):
    """Base of every error that this library raises on purpose."""


class ConstraintError(OcppError):
    """Internal: a value breaks a rule. Sending makes it `InvalidMessage`, receiving a `Fault`.

    Args:
        path: JSON pointer to the value, in wire names (`/meterValue/0/timestamp`); "" is the
            payload.
        kind: The rule that is broken.
        reason: What was found and what is allowed.
    """

    def __init__(self, path: str, kind: ConstraintKind, reason: str) -> None:
        super().__init__(path, kind, reason)
        self.path = path
        self.kind = kind
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path or 'payload'}: {self.reason}"


class InvalidMessage(OcppError, ValueError):
    """We tried to build or send what OCPP 1.6 forbids: the calling code needs mending.

    Attributes:
        message: Name of the message or data type (`BootNotificationRequest`).
        path: JSON pointer to the value, in wire names.
        kind: The rule that is broken.
    """

    def __init__(self, message: str, path: str, kind: ConstraintKind, reason: str) -> None:
        super().__init__(message, path, kind, reason)
        self.message = message
        self.path = path
        self.kind = kind
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.message}{' at ' + self.path if self.path else ''}: {self.reason}"


class Fault(OcppError):
    """Our answer to a call that we cannot accept. A handler raises one to answer with an error.

    Args:
        description: Told to the peer; cut at 255 characters. Never put secrets or traces here.
        details: Told to an OCPP-J peer as errorDetails; SOAP has no place for it.
        path: JSON pointer to the offending value, where there is one.
        message_id: Id of the call, where the fault was found before the call could be read.
        code: The error code; each subclass has its own.
    """

    CODE: ClassVar[ErrorCode] = ErrorCode.GENERIC_ERROR

    def __init__(
        self,
        description: str = "",
        details: Mapping[str, object] = NO_DETAILS,
        *,
        path: str | None = None,
        message_id: str | None = None,
        code: ErrorCode | None = None,
    ) -> None:
        super().__init__(description)
        self.code = self.CODE if code is None else ErrorCode(code)
        self.description = description[:DESCRIPTION_LIMIT]
        self.details = details
        self.path = path
        self.message_id = message_id

    def __str__(self) -> str:
        return f"{self.code}: {self.description}" if self.description else str(self.code)


@final
class FormationViolation(Fault):
    """The message or its payload has the wrong shape."""

    CODE = ErrorCode.FORMATION_VIOLATION


@final
class ProtocolError(Fault):
    """A rule of the exchange was broken."""

    CODE = ErrorCode.PROTOCOL_ERROR


@final
class TypeConstraintViolation(Fault):
    """A value has the wrong type."""

    CODE = ErrorCode.TYPE_CONSTRAINT_VIOLATION


@final
class PropertyConstraintViolation(Fault):
    """A value is not allowed."""

    CODE = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


@final
class OccurrenceConstraintViolation(Fault):
    """A required field is missing, or a list has the wrong number of items."""

    CODE = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION


@final
class NotImplementedFault(Fault):
    """The action is not one of OCPP 1.6."""

    CODE = ErrorCode.NOT_IMPLEMENTED


@final
class NotSupported(Fault):
    """The action is known, but not offered here."""

    CODE = ErrorCode.NOT_SUPPORTED


@final
class SecurityError(Fault):
    """The sender may not do this, or not yet."""

    CODE = ErrorCode.SECURITY_ERROR


@final
class IdentityMismatch(Fault):
    """The message names another charge point than the one reached."""

    CODE = ErrorCode.IDENTITY_MISMATCH


@final
class InternalError(Fault):
    """The receiver failed while working on the call."""

    CODE = ErrorCode.INTERNAL_ERROR


@final
class GenericError(Fault):
    """Any other error."""

    CODE = ErrorCode.GENERIC_ERROR


_FAULTS: dict[ErrorCode, type[Fault]] = {
    fault.CODE: fault
    for fault in (
        FormationViolation,
        ProtocolError,
        TypeConstraintViolation,
        PropertyConstraintViolation,
        OccurrenceConstraintViolation,
        NotImplementedFault,
        NotSupported,
        SecurityError,
        IdentityMismatch,
        InternalError,
        GenericError,
    )
}


def fault_for(error: ConstraintError) -> Fault:
    """Return the fault by which a receiver answers a payload that breaks a rule."""
    fault = _FAULTS[error.kind.code]
    return fault(str(error), path=error.path)


def fault_of_code(code: ErrorCode, description: str = "") -> Fault:
    """Return a fault of the class that belongs to a code."""
    return _FAULTS[code](description)


class NoAnswer(OcppError):
    """A handler raises it so that its call gets no answer: SOAP ends the exchange with HTTP 503.

    For whoever must not tell the peer that it was heard (SE 3.2: a charge point that has its
    Heartbeat answered takes it that a message which failed is at fault, not the link).
    """


class UnanswerableFrame(OcppError):
    """The peer's bytes break a rule and no reply is possible: log it, and go on."""


class CallFailed(OcppError):
    """The peer answered our call with an error.

    Attributes:
        code: An `ErrorCode`, or the peer's own text where it is none.
        description: The peer's description; untrusted text.
        details: The peer's errorDetails; untrusted.
    """

    def __init__(
        self,
        code: ErrorCode | str,
        description: str = "",
        details: Mapping[str, object] = NO_DETAILS,
    ) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.details = details

    def __str__(self) -> str:
        return f"the peer answered {self.code}" + (
            f": {self.description}" if self.description else ""
        )


class InvalidResponse(OcppError):
    """The peer answered our call with a payload that OCPP 1.6 forbids.

    Attributes:
        code: The code that the same mistake in a call would get.
        path: JSON pointer to the offending value; "" is the payload.
        reason: What was found and what is allowed.
        message_id: Id of the call that was answered.
    """

    def __init__(
        self, code: ErrorCode, path: str, reason: str, *, message_id: str | None = None
    ) -> None:
        super().__init__(code, path, reason)
        self.code = code
        self.path = path
        self.reason = reason
        self.message_id = message_id

    def __str__(self) -> str:
        return f"the peer's answer is invalid ({self.code}): {self.reason}"


class CallTimeout(OcppError, TimeoutError):
    """No answer came in time; whether the peer acted on the call is unknown."""


class SessionClosed(OcppError, ConnectionError):
    """The connection ended, or never was, before the answer came."""


class Unreachable(SessionClosed):
    """The peer could not be reached: the call has not left."""


class CallNotAllowed(OcppError):
    """This call must not be sent now (C 4.2: not registered, say); nothing was sent."""


class QueueFull(CallNotAllowed):
    """Too many calls wait for this peer already; nothing was sent."""


class ConnectionRefused(OcppError, ConnectionError):
    """The central system did not let the charge point in.

    Attributes:
        status: The HTTP status it answered with, None where the handshake failed otherwise.
        security_event: The whitepaper's name for it (`InvalidCentralSystemCertificate`), None where
            it is no security event.
    """

    def __init__(
        self, reason: str, *, status: int | None = None, security_event: str | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.security_event = security_event
