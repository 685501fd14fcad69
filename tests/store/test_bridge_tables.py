"""What the bridge writes of a charge point fits into its columns, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from ocpp16.bridge.policy import Manner
from ocpp16.store.bridge import query
from ocpp16.store.bridge.change import (
    AddMessage,
    Attempted,
    Move,
    Note,
    SetRefusing,
)
from ocpp16.store.bridge.tables import SCHEMA, State
from ocpp16.store.database import Database
from tests.bridge.relay_bench import NOON

NUL = "the backend says \0 and more"
TOLD = "the backend says \\x00 and more"
MESSAGE = AddMessage(
    identity="CP1", action="MeterValues", payload=b"{}", call_id="1", received=NOON, answer=b"{}"
)


def read_after(url: str, *changes: Any, read: Callable[..., Any]) -> Any:
    async def main() -> Any:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            await database.lead()
            for change in changes:
                await database.write(change.apply)
            return await database.read(read)

    return asyncio.run(main())


def test_everything_may_be_refused_at_once(url: str) -> None:
    words = ["any", *(manner.value for manner in Manner if manner.is_transaction)]
    refusing = ",".join(sorted(words))
    change = SetRefusing(identity="CP1", refusing=refusing)
    assert read_after(url, change, read=query.chargers)[0].refusing == refusing


@pytest.mark.parametrize(
    "change",
    [
        Attempted(key=1, attempts=1, reason=NUL),
        Move(identity="CP1", key=1, state=State.DEAD, reason=NUL, at=NOON, attempts=3),
    ],
)
def test_a_reason_may_hold_what_a_database_does_not_take(url: str, change: Any) -> None:
    # A backend writes the description of its CALLERROR. What cannot be written is tried for ever,
    # and the charge point's line would stand.
    def read(connection: Any) -> Any:
        return query.messages(connection, "CP1", [State.QUEUED, State.DEAD])

    assert read_after(url, MESSAGE, change, read=read)[0].reason == TOLD


def test_so_may_a_last_error(url: str) -> None:
    note = Note(identity="CP1", is_online=True, upstream="open", last_seen=None, last_error=NUL)
    assert read_after(url, note, read=query.chargers)[0].last_error == TOLD


def test_a_new_message_has_a_reason_like_any_other(url: str) -> None:
    message = attrs.evolve(MESSAGE, state=State.DEAD, reason=NUL)
    rows = read_after(
        url, message, read=lambda connection: query.messages(connection, "CP1", [State.DEAD])
    )
    assert rows[0].reason == TOLD
