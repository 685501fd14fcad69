"""What an attack is: what is sent, and how POLICY has it answered."""

from __future__ import annotations

from typing import Final

import attrs

FV: Final = "FormationViolation"
OCV: Final = "OccurenceConstraintViolation"
TCV: Final = "TypeConstraintViolation"
PCV: Final = "PropertyConstraintViolation"
NI: Final = "NotImplemented"
NS: Final = "NotSupported"


@attrs.frozen
class Silence:
    """No reply; the connection goes on serving."""

    def __str__(self) -> str:
        return "no reply, goes on"


@attrs.frozen
class Refused:
    """A CALLERROR with this code and id; the connection goes on serving."""

    code: str
    call_id: str = "1"

    def __str__(self) -> str:
        return f"CALLERROR {self.code}, goes on"


@attrs.frozen
class Answered:
    """CALLRESULTs with these ids, as for any other charge point: what is sent is data."""

    call_ids: tuple[str, ...] = ("1",)

    def __str__(self) -> str:
        return "answered as any other, goes on"


@attrs.frozen
class Closed:
    """A close frame with this code."""

    code: int

    def __str__(self) -> str:
        return f"close {self.code}"


@attrs.frozen
class Http:
    """An HTTP status; the attacker's connection ends, if `ends`."""

    status: int
    ends: bool = False

    def __str__(self) -> str:
        return f"HTTP {self.status}"


@attrs.frozen
class Upgraded:
    """HTTP 101, and then a close with this code; none is an open connection that is served."""

    code: int | None = None

    def __str__(self) -> str:
        return "HTTP 101" if self.code is None else f"HTTP 101, close {self.code}"


@attrs.frozen
class Cut:
    """Not a byte, and the connection ends."""

    def __str__(self) -> str:
        return "cut without a word"


@attrs.frozen
class SoapFault:
    """A Fault with this HTTP status, code and subcode."""

    status: int
    code: str
    subcode: str | None

    def __str__(self) -> str:
        return f"HTTP {self.status}, Fault {self.code}/{self.subcode or '-'}"


PROTOCOL: Final = SoapFault(400, "Sender", "ProtocolError")
NOT_SUPPORTED: Final = SoapFault(500, "Receiver", "NotSupported")

Expected = Silence | Refused | Answered | Closed | Http | Upgraded | Cut | SoapFault


@attrs.frozen
class Attack:
    """One attack."""

    id: str
    tries: str
    """One line of what it tries."""
    sent: bytes = attrs.field(repr=False)
    expected: Expected


def by_id(*groups: list[Attack]) -> dict[str, Attack]:
    """Return attacks by their ids, each of which is one attack's alone."""
    attacks = [attack for group in groups for attack in group]
    found = {attack.id: attack for attack in attacks}
    assert len(found) == len(attacks), "two attacks have one id"
    return found
