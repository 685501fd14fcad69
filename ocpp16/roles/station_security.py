"""Which events of a charge point's role are security events of the whitepaper, and what they say.

The texts hold no payload: it may be a key. What else is a security event (a restart, a firmware,
the clock) the station knows by itself. Spec: W (list of security events); SPEC 13.
"""

from __future__ import annotations

from ocpp16.errors import ErrorCode
from ocpp16.roles import event as told
from ocpp16.security_event import SecurityEvent

OF_FORM = frozenset(
    {
        ErrorCode.FORMATION_VIOLATION,
        ErrorCode.PROTOCOL_ERROR,
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        ErrorCode.NOT_IMPLEMENTED,
        ErrorCode.IDENTITY_MISMATCH,
    }
)
"""What a call is answered that a central system that is well does not make."""
_ALSO = {
    # Who does not take our certificate does not take us, and the other way round.
    SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE: (
        SecurityEvent.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE
    ),
    SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE: (
        SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM
    ),
}


def security_events_in(event: told.Event) -> tuple[tuple[SecurityEvent, str], ...]:
    """Return the security events that an event of a charge point's role is."""
    match event:
        case told.NotLetIn(event=kind, reason=reason):
            also = _ALSO.get(kind)
            return ((kind, reason),) if also is None else ((kind, reason), (also, reason))
        case told.SecurityChanged(is_reverted=True, name=name):
            text = f"{name}: the old one again"
            return ((SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, text),)
        case told.FaultAnswered(fault=fault) if fault.code in OF_FORM:
            where = f" at {fault.path}" if fault.path else ""
            text = f"{event.action or 'a call'} answered {fault.code}{where}"
            return ((SecurityEvent.INVALID_MESSAGES, text),)
        case told.Unanswerable(reason=reason):
            return ((SecurityEvent.INVALID_MESSAGES, reason),)
        case told.Repeated() | told.IdReused():
            text = f"{event.action} with the id of an earlier call"
            return ((SecurityEvent.ATTEMPTED_REPLAY_ATTACKS, text),)
        case _:
            return ()
