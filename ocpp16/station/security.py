"""Security events of a running station: logged, and sent where they have to be. Spec: W A04."""

from __future__ import annotations

from ocpp16.messages import SecurityEventNotificationRequest
from ocpp16.station.context import Context
from ocpp16.station.outbox import Outbox
from ocpp16.station.security_event import CRITICAL, SENT, SecurityLog


class Security:
    """The security events of one station.

    Args:
        context: The station.
        outbox: Where critical events are kept until they have arrived.
    """

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        self.log = SecurityLog()

    def note(self, type: str, tech_info: str | None = None) -> None:
        """Take an event.

        Raises:
            StorageFailed: It is critical, and could not be stored.
        """
        context = self._context
        logged = self.log.note(context.now, type, tech_info)
        if not context.model.has_security_extension or type not in SENT:
            return
        request = SecurityEventNotificationRequest(
            type=logged.type, timestamp=logged.at, tech_info=logged.tech_info
        )
        if type in CRITICAL:
            self._outbox.add(request, is_undated=not context.clock.is_set)
        else:
            context.courier.post(request)
