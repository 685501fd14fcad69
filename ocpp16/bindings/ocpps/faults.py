"""How OCPP-S spells error codes: SOAP fault code, subcode, HTTP status. Spec: S 4, SE 3.1-3.3.

SOAP folds several codes into one subcode, so the precise code stands at the head of the fault's
text, where `read_code` finds it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ocpp16.bindings.ocpps.xml import SPACE
from ocpp16.errors import NO_DETAILS, ErrorCode, Fault


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

# Only five of them are subcodes of OCPP-S; what peers write in their place is read as well.
_SUBCODES: Final = {code.value: code for code in ErrorCode}


class _OwnCode(dict[str, object]):
    """Details that stand for a code of SOAP itself, which no code of OCPP stands for.

    Details go with a fault to the framing that writes it, and on SOAP no further. This is a type of
    its own, because others set details, too: a handler, or the peer of a bridge.
    """

    def __init__(self, soap: SoapCode) -> None:
        super().__init__()
        self.soap = soap


_OWN_CODES: Final = frozenset({"VersionMismatch", "MustUnderstand"})


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
        details = _OwnCode(soap) if soap.code in _OWN_CODES else NO_DETAILS
        super().__init__(description, details, message_id=message_id)
        self.soap = soap


def soap_code(code: ErrorCode | str, details: Mapping[str, object] = NO_DETAILS) -> SoapCode:
    """Return how SOAP spells a code; the details are those of an `EnvelopeFault`, or no matter."""
    if isinstance(details, _OwnCode):
        return details.soap
    return SOAP_CODES[code if isinstance(code, ErrorCode) else ErrorCode.GENERIC_ERROR]


def write_text(code: ErrorCode | str, description: str, soap: SoapCode) -> str:
    """Return the text of a fault: the precise code where code and subcode do not say it."""
    description = description.strip(SPACE)
    plain = description or str(code)
    # A description may look like one with a code at its head.
    if soap.subcode is None or read_code(soap.subcode, plain) == (code, description):
        return plain
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
