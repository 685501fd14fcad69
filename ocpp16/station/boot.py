"""Registration of a charge point: when it boots, what it may send. Spec: C 4.2, SPEC 2.

By what it was last told::

    | last told    | sends                       | answers                                   |
    |--------------|-----------------------------|-------------------------------------------|
    | nothing      | BootNotification            | yes; remote start and stop: Rejected      |
    | Accepted     | everything                  | yes                                       |
    | Pending      | what a trigger asked for    | yes; remote start and stop: Rejected      |
    | Rejected     | nothing until the interval is over | not until then                     |

Times are monotonic seconds. Behind a `ChargePoint` the role keeps these rules on the wire and says
what it was told; alone, `next_due` says when to boot.
"""

from __future__ import annotations

from ocpp16.enums import RegistrationStatus

BOOT = "BootNotification"
OWN_WAIT = 30.0
"""Seconds to the next BootNotification where the central system names none (interval 0)."""


class Boot:
    """Registration of one charge point.

    Args:
        time: Now: it has just started.
        own_wait: Seconds between two BootNotifications where the central system names none.
    """

    __slots__ = ("_due", "_own_wait", "_silent_until", "status")

    def __init__(self, time: float, own_wait: float = OWN_WAIT) -> None:
        self.status: RegistrationStatus | None = None
        """What it was last told since it started; None if nothing yet."""
        self._due: float | None = time
        self._own_wait = own_wait
        self._silent_until = time

    @property
    def is_accepted(self) -> bool:
        """Tell whether it was accepted."""
        return self.status is RegistrationStatus.ACCEPTED

    @property
    def next_due(self) -> float | None:
        """When the next BootNotification is due; None once accepted, or while one is under way."""
        return self._due

    def sent(self) -> None:
        """Take it that BootNotification is under way."""
        self._due = None

    def answered(self, status: RegistrationStatus, interval: int, time: float) -> None:
        """Take the answer to BootNotification."""
        wait = float(interval) if interval > 0 else self._own_wait
        self.status = status
        self._due = None if status is RegistrationStatus.ACCEPTED else time + wait
        self._silent_until = time + wait if status is RegistrationStatus.REJECTED else time

    def failed(self, time: float) -> None:
        """Take it that BootNotification got no usable answer."""
        if not self.is_accepted:
            self._due = time + self._own_wait

    def triggered(self, time: float) -> bool:
        """Take a TriggerMessage for BootNotification; return whether it is followed (CE 3.35)."""
        if self.is_accepted:
            return False
        self._due = time
        return True

    def is_silent(self, time: float) -> bool:
        """Tell whether nothing may be sent and nothing answered: Rejected, interval not over."""
        return self.status is RegistrationStatus.REJECTED and time < self._silent_until

    def may_send(self, action: str, time: float, *, is_triggered: bool = False) -> bool:
        """Tell whether a request may leave.

        Args:
            action: Its action.
            time: Now.
            is_triggered: Whether a TriggerMessage asked for it.
        """
        if self.is_accepted:
            return True
        if self.is_silent(time):
            return False
        if action == BOOT:
            return True
        return is_triggered and self.status is RegistrationStatus.PENDING

    @property
    def may_be_started_remotely(self) -> bool:
        """Tell whether RemoteStart- and RemoteStopTransaction are allowed."""
        return self.is_accepted
