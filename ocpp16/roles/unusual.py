"""Which events of a central system are unusual activity, and whose it is."""

from __future__ import annotations

from ocpp16.roles import event as told
from ocpp16.roles.station_security import OF_FORM
from ocpp16.security.activity import UnusualActivity
from ocpp16.security.admission import RefusalCause
from ocpp16.session.incoming import TOO_MANY_WAIT

_OF_PEER = {
    told.Unanswerable: UnusualActivity.INVALID_MESSAGE,
    told.Replaced: UnusualActivity.REPLACED_CONNECTION,
    told.ForeignTransaction: UnusualActivity.FOREIGN_TRANSACTION,
    told.IdReused: UnusualActivity.REUSED_ID,
}


def unusual_in(event: told.Event) -> tuple[UnusualActivity, str | None, str | None] | None:
    """Return what kind of unusual activity an event is, with identity and address; None if none."""
    match event:
        case told.Refused(cause=RefusalCause.FAILED | RefusalCause.OTHER):
            return None
        case told.Refused(cause=RefusalCause.OVERLOADED):
            return UnusualActivity.LIMIT_HIT, event.identity, event.address
        case told.Refused():
            return UnusualActivity.FAILED_AUTHENTICATION, event.identity, event.address
        case told.TlsFailed():
            return UnusualActivity.FAILED_TLS, None, event.address
        case told.Unreadable():
            return UnusualActivity.INVALID_MESSAGE, event.identity, event.address
        case told.LimitHit():
            return UnusualActivity.LIMIT_HIT, event.identity, event.address
        case told.FaultAnswered() if event.fault.description == TOO_MANY_WAIT:
            return UnusualActivity.LIMIT_HIT, event.peer.identity, event.peer.info.address
        case told.FaultAnswered() if event.fault.code in OF_FORM:
            return UnusualActivity.INVALID_MESSAGE, event.peer.identity, event.peer.info.address
        case told.Unanswerable() | told.Replaced() | told.ForeignTransaction() | told.IdReused():
            peer = event.by if isinstance(event, told.Replaced) else event.peer
            return _OF_PEER[type(event)], peer.identity, peer.info.address
        case _:
            return None
