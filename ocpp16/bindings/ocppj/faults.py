"""How OCPP-J spells error codes. Spec: J 4.2.3, with the spellings that other peers use."""

from __future__ import annotations

from ocpp16.errors import ErrorCode

WIRE_CODES: dict[ErrorCode, str] = {
    ErrorCode.NOT_IMPLEMENTED: "NotImplemented",
    ErrorCode.NOT_SUPPORTED: "NotSupported",
    ErrorCode.INTERNAL_ERROR: "InternalError",
    ErrorCode.PROTOCOL_ERROR: "ProtocolError",
    ErrorCode.SECURITY_ERROR: "SecurityError",
    ErrorCode.FORMATION_VIOLATION: "FormationViolation",
    ErrorCode.PROPERTY_CONSTRAINT_VIOLATION: "PropertyConstraintViolation",
    # One r: this is how the specification prints it, and what peers compare with.
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "OccurenceConstraintViolation",
    ErrorCode.TYPE_CONSTRAINT_VIOLATION: "TypeConstraintViolation",
    ErrorCode.GENERIC_ERROR: "GenericError",
    # OCPP-J has no word of its own for it.
    ErrorCode.IDENTITY_MISMATCH: "SecurityError",
}

_CODES: dict[str, ErrorCode] = {
    text: code for code, text in WIRE_CODES.items() if code is not ErrorCode.IDENTITY_MISMATCH
}
PUBLISHED_CODES = frozenset(_CODES)
_CODES |= {
    "OccurrenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "FormatViolation": ErrorCode.FORMATION_VIOLATION,
}


def read_code(text: str) -> ErrorCode | str:
    """Return the code for a wire text; an unknown text comes back as it is."""
    return _CODES.get(text, text)


def write_code(code: ErrorCode | str) -> str:
    """Return the wire text of a code."""
    return WIRE_CODES[code] if isinstance(code, ErrorCode) else code
