"""What a story of the demo stands on: both sides, what is asked, what is checked.

Knows both roles and no wire.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

import attrs

from ocpp16.apps.back_office import BackOffice, ChargePointRecord, Transaction
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.clock import Clock
from ocpp16.enums import ChargePointStatus
from ocpp16.roles.central_system import CentralSystem
from ocpp16.structure import Request, Response

ResponseT = TypeVar("ResponseT", bound=Response)

PATIENCE = 5.0
"""Seconds that something may take to happen."""
GLANCE = 0.002
"""Seconds between two looks whether it has happened."""


class StoryBroken(Exception):
    """The story cannot go on."""


@attrs.frozen
class Chapter:
    """A part of the story begins."""

    title: str
    summary: str
    """What happens in it, in one statement."""


@attrs.frozen
class Check:
    """Something that must hold now."""

    chapter: str
    text: str
    ok: bool
    found: str
    """What was found instead, where it does not hold."""


@attrs.frozen
class Pause:
    """Simulated time passes."""

    minutes: int


StageEvent: TypeAlias = Chapter | Check | Pause | Exchange | Remark


Settle: TypeAlias = Callable[[], Awaitable[None]]
"""Waits until the central system has what a charge point was told is taken."""


class Stage:
    """Both sides, side by side.

    Args:
        central: The central system.
        office: What it remembers.
        simulator: The charge point.
        clock: Measures patience.
        exchanges: The calls so far; it grows.
        watch: Is told chapters and checks.
        settle: Waits for what is on its way; None where nothing ever is.
    """

    def __init__(
        self,
        central: CentralSystem,
        office: BackOffice,
        simulator: Simulator,
        *,
        clock: Clock,
        exchanges: Sequence[Exchange],
        watch: Callable[[StageEvent], object],
        settle: Settle | None = None,
    ) -> None:
        self.central = central
        self.office = office
        self.simulator = simulator
        self._clock = clock
        self._exchanges = exchanges
        self._watch = watch
        self._settle = settle
        self._chapter = ""

    @property
    def identity(self) -> str:
        """Who the charge point is."""
        return self.simulator.hardware.identity

    @property
    def record(self) -> ChargePointRecord:
        """What the central system knows of the charge point."""
        known = self.office.charge_points.get(self.identity)
        return ChargePointRecord(self.identity) if known is None else known

    def open_chapter(self, title: str, summary: str) -> None:
        """Begin a part of the story."""
        self._chapter = title
        self._watch(Chapter(title, summary))

    async def ask(self, request: Request[ResponseT]) -> ResponseT:
        """Let the central system call the charge point."""
        peer = await self.central.wait_for(self.identity, registered=True, timeout=PATIENCE)
        return await peer.call(request)

    async def send(self, request: Request[ResponseT]) -> ResponseT:
        """Let the charge point call the central system."""
        return await self.simulator.station.call(request)

    async def wait(self, minutes: int) -> None:
        """Let simulated time pass."""
        self._watch(Pause(minutes))
        await self.simulator.pass_time(60 * minutes)
        if self._settle is not None:
            await self._settle()

    def check(self, text: str, ok: bool, found: object = "") -> None:
        """Note whether something holds."""
        self._watch(Check(self._chapter, text, ok, "" if ok else str(found)))

    def check_equal(self, text: str, found: object, expected: object) -> None:
        """Note whether something is what it should be."""
        self.check(text, found == expected, f"{found}, not {expected}")

    async def check_soon(
        self, text: str, condition: Callable[[], object], found: Callable[[], object] = str
    ) -> bool:
        """Note whether something comes to hold while we wait for it."""
        end = self._clock.time() + PATIENCE
        while not condition() and self._clock.time() < end:
            await self._clock.sleep(GLANCE)
        ok = bool(condition())
        self.check(text, ok, f"not within {PATIENCE:g} s {found()}".rstrip())
        return ok

    async def check_status(self, connector: int, status: ChargePointStatus) -> None:
        """Note whether the central system sees a connector in a status, now or soon."""
        await self.check_soon(
            f"connector {connector} is {status}",
            lambda: self.record.statuses.get(connector) is status,
            lambda: f"but {self.record.statuses.get(connector)}",
        )

    def count(self, action: str) -> int:
        """Return how often an action was called so far."""
        return sum(exchange.action == action for exchange in self._exchanges)

    def has_transaction(self, connector: int) -> bool:
        """Tell whether the central system sees a transaction on a connector."""
        return self._find(connector) is not None

    def transaction(self, connector: int) -> Transaction:
        """Return the transaction that the central system sees on a connector.

        Raises:
            StoryBroken: It sees none.
        """
        transaction = self._find(connector)
        if transaction is None:
            raise StoryBroken(f"the central system sees no transaction on connector {connector}")
        return transaction

    def _find(self, connector: int) -> Transaction | None:
        for transaction in self.office.transactions.values():
            if (transaction.connector, transaction.stop) == (connector, None):
                return transaction
        return None
