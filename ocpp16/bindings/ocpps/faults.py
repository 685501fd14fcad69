"""How OCPP-S spells error codes: SOAP fault code, subcode, HTTP status. Spec: S 4, SE 3.1-3.3.

SOAP folds several codes into one subcode, so the precise code stands at the head of the fault's
text, where `read_code` finds it again.
"""

from __future__ import annotations

from typing import Final

import attrs

from ocpp16.errors import ErrorCode, Fault


@attrs.frozen
class SoapCode:
    """A fault code of SOAP with the subcode of OCPP-S."""

    code: str
    subcode: str | None

    @property
    def status(self) -> int:
        """HTTP status of an answer with this code."""
        return 400 if self.code == "Sender" else 500


SENDER_PROTOCOL: Final = SoapCode("Sender", "ProtocolError")

SOAP_CODES: Final[dict[ErrorCode, SoapCode]] = {
    ErrorCode.FORMATION_VIOLATION: SENDER_PROTOCOL,
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: SENDER_PROTOCOL,
    ErrorCode.TYPE_CONSTRAINT_VIOLATION: SENDER_PROTOCOL,
    ErrorCode.PROPERTY_CONSTRAINT_VIOLATION: SENDER_PROTOCOL,
    ErrorCode.PROTOCOL_ERROR: SENDER_PROTOCOL,
    ErrorCode.NOT_IMPLEMENTED: SoapCode("Receiver", "NotSupported"),
    ErrorCode.NOT_SUPPORTED: SoapCode("Receiver", "NotSupported"),
    ErrorCode.SECURITY_ERROR: SoapCode("Sender", "SecurityError"),
    ErrorCode.IDENTITY_MISMATCH: SoapCode("Sender", "IdentityMismatch"),
    ErrorCode.INTERNAL_ERROR: SoapCode("Receiver", "InternalError"),
    ErrorCode.GENERIC_ERROR: SoapCode("Receiver", "InternalError"),
}

_SUBCODES: Final = {
    "ProtocolError": ErrorCode.PROTOCOL_ERROR,
    "NotSupported": ErrorCode.NOT_SUPPORTED,
    "SecurityError": ErrorCode.SECURITY_ERROR,
    "IdentityMismatch": ErrorCode.IDENTITY_MISMATCH,
    "InternalError": ErrorCode.INTERNAL_ERROR,
}


class EnvelopeFault(Fault):
    """The envelope itself cannot be taken; `soap` is the code that SOAP has for that."""

    CODE = ErrorCode.PROTOCOL_ERROR

    def __init__(
        self,
        description: str,
        *,
        soap: SoapCode = SENDER_PROTOCOL,
        message_id: str | None = None,
    ) -> None:
        super().__init__(description, message_id=message_id)
        self.soap = soap


def soap_code(code: ErrorCode | str) -> SoapCode:
    """Return how SOAP spells a code."""
    if isinstance(code, ErrorCode):
        return SOAP_CODES[code]
    return SOAP_CODES[ErrorCode.GENERIC_ERROR]


def write_text(code: ErrorCode | str, description: str) -> str:
    """Return the text of a fault: the precise code where the subcode does not say it."""
    soap = soap_code(code)
    if code == soap.subcode:
        return description or code
    return f"{code}: {description}" if description else str(code)


def read_code(subcode: str | None, text: str) -> tuple[ErrorCode | str, str]:
    """Return the code and the description that a subcode and a fault's text stand for.

    A subcode that we do not know stays text (SE 3.3: any has to be accepted); none is GenericError.
    """
    if subcode is None:
        return ErrorCode.GENERIC_ERROR, text
    known = _SUBCODES.get(subcode)
    if known is None:
        return subcode, text
    head, _, rest = text.partition(": ")
    for precise, soap in SOAP_CODES.items():
        if soap.subcode == subcode and head == precise.value:
            return precise, rest
    return known, text
