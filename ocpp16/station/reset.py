"""How a charge point resets. Spec: C 5.14, CE 3.36; SPEC 8.

    Soft: transactions stop (SoftReset), the messages get a while to arrive, the software restarts.
    Hard: the hardware restarts at once; the stop (HardReset) is on disk, and follows after boot.

ResetRetries is how often a reset that did not work is tried again. Times are monotonic seconds.
"""

from __future__ import annotations

from enum import Enum, unique

from ocpp16.enums import Reason, ResetType

PATIENCE = 30.0
"""Seconds that a soft reset waits for its StopTransactions to arrive; then they stay queued."""
RETRY_WAIT = 5.0
"""Seconds between two tries."""

REASONS = {ResetType.SOFT: Reason.SOFT_RESET, ResetType.HARD: Reason.HARD_RESET}


@unique
class ResetStep(Enum):
    """What is to be done."""

    NOTHING = "nothing yet"
    RESTART = "restart now"
    GIVE_UP = "it did not work: report ResetFailure"


class Reset:
    """A reset that was accepted.

    Args:
        type: How hard.
        time: Now.
        retries: ResetRetries.
    """

    __slots__ = ("_due", "_is_trying", "_tries_left", "type")

    def __init__(self, type: ResetType, time: float, retries: int) -> None:
        self.type = type
        self._due = time + PATIENCE if type is ResetType.SOFT else time
        self._tries_left = 1 + retries
        self._is_trying = False

    def next_due(self, time: float, *, is_all_sent: bool) -> float | None:
        """Return when `look` has something to do; None while the restart is being tried."""
        if self._is_trying:
            return None
        return time if self._is_ready(is_all_sent=is_all_sent) else self._due

    def _is_ready(self, *, is_all_sent: bool) -> bool:
        return self.type is ResetType.SOFT and is_all_sent and self._tries_left > 0

    def look(self, time: float, *, is_all_sent: bool) -> ResetStep:
        """Return what is to be done now.

        Args:
            time: Now.
            is_all_sent: Whether no message about a transaction waits.
        """
        if self._is_trying:
            return ResetStep.NOTHING
        if time < self._due and not self._is_ready(is_all_sent=is_all_sent):
            return ResetStep.NOTHING
        if self._tries_left == 0:
            return ResetStep.GIVE_UP
        self._tries_left -= 1
        self._is_trying = True
        return ResetStep.RESTART

    def failed(self, time: float) -> None:
        """Take it that the restart did not work."""
        self._is_trying = False
        self._due = time + RETRY_WAIT if self._tries_left else time
        # Sent or not makes no difference to a second try.
        self.type = ResetType.HARD
