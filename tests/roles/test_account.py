from __future__ import annotations

import asyncio
from typing import Any

from ocpp16.catalog import ACTIONS
from ocpp16.roles.account import Account, Accounts
from ocpp16.roles.around import Surroundings
from ocpp16.roles.peer import Peer
from ocpp16.roles.registration import CentralGate
from ocpp16.roles.work import Workload
from ocpp16.session.event import CallReceived
from ocpp16.storage import MemoryAnswers
from ocpp16.structure import Request, Response
from tests.parties import RESET, RESET_DONE, run


async def handle(peer: Peer, request: Request[Any]) -> Response:
    await asyncio.sleep(0)
    return RESET_DONE


async def after(peer: Peer, request: Request[Any], response: Response) -> None:
    pass


def open_account(identity: str) -> Account:
    return Account(
        CentralGate(strict=False),
        Workload(16, handle=handle, after=after, surroundings=Surroundings()),
        MemoryAnswers(1, 100),
    )


class Nobody:
    def answer(self, handle: int, outcome: object) -> bool:
        return False

    async def flush(self) -> None:
        pass


def test_an_account_outlives_its_connections() -> None:
    accounts = Accounts(2, open_account)
    account = accounts.enter("A")
    assert accounts.enter("A") is account
    accounts.leave("A")
    assert accounts.enter("A") is account
    accounts.leave("A")
    accounts.leave("A")
    assert accounts.find("A") is account
    assert accounts.enter("A") is account


def test_the_longest_absent_are_forgotten_first() -> None:
    accounts = Accounts(2, open_account)
    for identity in "ABC":
        accounts.enter(identity)
    for identity in "BAC":
        accounts.leave(identity)
    assert [accounts.find(identity) is None for identity in "ABC"] == [False, True, False]
    assert len(accounts.of(None)) == 2
    assert accounts.of(["A", "B"]) == (accounts.find("A"),)


def test_an_account_with_a_handler_at_work_is_kept() -> None:
    async def main() -> None:
        accounts = Accounts(0, open_account)
        busy = accounts.enter("A")
        call = CallReceived(1, "i", ACTIONS["Reset"], RESET, b"")
        busy.workload.begin(None, call, Nobody())  # type: ignore[arg-type]
        accounts.leave("A")
        assert accounts.find("A") is busy
        accounts.enter("B")
        accounts.leave("B")
        assert accounts.find("B") is None

    run(main)
