"""Keeps a core going: after each event what follows from it, and in between what is due.

Knows a clock, and neither an event loop nor a role: what is to be sent or done is handed out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ocpp16 import log
from ocpp16.clock import Clock, Timer
from ocpp16.station.action import Action, Send
from ocpp16.station.core import Core
from ocpp16.storage import StorageFailed
from ocpp16.transports.task import Signal

logger = logging.getLogger(__name__)
BREATH = 0.001
"""Seconds between two looks, so that a mistake about what is due cannot stop everything else."""


class Engine:
    """One station at work.

    Args:
        clock: The station's time.
        switch_on: Makes a core, at the beginning and after each restart.
        send: Takes a message that is to be sent now.
        act: Takes what else is to be done.
    """

    def __init__(
        self,
        clock: Clock,
        switch_on: Callable[[], Core],
        *,
        send: Callable[[Core, Send], object],
        act: Callable[[Action], object],
    ) -> None:
        self._clock = clock
        self._switch_on = switch_on
        self._send = send
        self._act = act
        self._timer: Timer | None = None
        self._is_running = False
        self._is_inside = False
        self.changed = Signal()
        """Wakes whoever waits for something to change."""
        self.core = switch_on()
        """The rules at work."""

    def start(self) -> None:
        """Let time go on, and messages leave."""
        self._is_running = True
        self.attempt(lambda: None)

    def stop(self) -> None:
        """Let nothing happen by itself any more."""
        self._is_running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def restart(self) -> None:
        """Begin anew with nothing but what is stored; agreements with vendors are kept."""
        before = self.core
        # Whoever waits for an answer is told that there is none; nobody starts any more.
        before.parts.context.is_restarting = True
        before.parts.context.courier.restart()
        self.core = self._switch_on()
        self.core.parts.transfers.take_over(before.parts.transfers)

    def work(self, work: Callable[[], object]) -> None:
        """Do something at the present time, then what follows from it."""
        self.look()
        try:
            work()
        finally:
            self.pump()

    def attempt(self, work: Callable[[], object]) -> None:
        """Do something that nobody waits for; what cannot be stored is for the log."""
        try:
            self.work(work)
        except StorageFailed as error:
            log.failure(logger, "a station could not store", error)

    def look(self) -> None:
        """Let it be the present time."""
        self.core.pass_time(self._clock.time())

    def pump(self) -> None:
        """Let leave what can, do what is to be done, and see to it that time goes on."""
        if not self._is_running or self._is_inside:
            return
        core = self.core
        self._is_inside = True
        try:
            while (send := core.next_message()) is not None:
                self._send(core, send)
            while core.actions:
                self._act(core.actions.pop(0))
        finally:
            self._is_inside = False
        self._wait_for_due(core)
        self.changed.notify()

    def _wait_for_due(self, core: Core) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = core.next_due()
        if due is not None:
            when = max(due, self._clock.time() + BREATH)
            self._timer = self._clock.call_at(when, self._time_has_come)

    def _time_has_come(self) -> None:
        self._timer = None
        self.attempt(lambda: None)
