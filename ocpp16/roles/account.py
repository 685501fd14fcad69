"""What a central system keeps of one charge point beyond a connection: gate, handlers, answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

import attrs

from ocpp16.roles.peer import Peer
from ocpp16.roles.registration import CentralGate
from ocpp16.roles.work import Workload
from ocpp16.storage import AnswerMemory


@attrs.define(eq=False)
class Account:
    """One charge point."""

    gate: CentralGate
    workload: Workload[Peer]
    answers: AnswerMemory
    connections: int = 0
    """How many connections of it are open, the one being replaced included."""


class Accounts:
    """The accounts of all charge points that are connected, and of so many that were.

    Args:
        limit: How many accounts of absent charge points are kept; the longest absent go first.
        open_account: Makes an account for an identity.
    """

    def __init__(self, limit: int, open_account: Callable[[str], Account]) -> None:
        self._limit = limit
        self._open_account = open_account
        self._present: dict[str, Account] = {}
        self._absent: OrderedDict[str, Account] = OrderedDict()

    def enter(self, identity: str) -> Account:
        """Return the account of a charge point that connects."""
        account = self._present.get(identity) or self._absent.pop(identity, None)
        if account is None:
            account = self._open_account(identity)
        self._present[identity] = account
        account.connections += 1
        return account

    def leave(self, identity: str) -> None:
        """Take it that one connection of a charge point is over."""
        account = self._present[identity]
        account.connections -= 1
        if account.connections:
            return
        self._absent[identity] = self._present.pop(identity)
        if len(self._absent) > self._limit:
            self._forget_one()

    def of(self, identities: Iterable[str] | None) -> tuple[Account, ...]:
        """Return the accounts of these charge points, as far as they are kept; None is all."""
        if identities is None:
            return (*self._present.values(), *self._absent.values())
        found = (self.find(identity) for identity in identities)
        return tuple(account for account in found if account is not None)

    def find(self, identity: str) -> Account | None:
        """Return the account of a charge point, None if none is kept."""
        return self._present.get(identity) or self._absent.get(identity)

    def _forget_one(self) -> None:
        # A handler at work still has an answer to leave behind.
        idle = (name for name, account in self._absent.items() if account.workload.is_idle)
        identity = next(idle, None)
        if identity is not None:
            del self._absent[identity]
