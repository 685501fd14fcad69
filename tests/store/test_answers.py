"""Remembered answers in a store: a repeat gets its answer after a restart, too."""

from __future__ import annotations

import attrs
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from ocpp16 import Settings
from ocpp16.messages import StopTransactionRequest, StopTransactionResponse
from ocpp16.roles.peer import Peer
from ocpp16.storage import AnswerMemory
from ocpp16.store.answers import SCHEMA, StoredAnswers
from ocpp16.store.database import Database
from tests.parties import ENDPOINT, make_central, run

STOP = (
    '[2,"7","StopTransaction",{"transactionId":1,"meterStop":2,"timestamp":"2026-01-01T00:00:00Z"}]'
)


def test_answers_outlive_the_process(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            memory: AnswerMemory = (await StoredAnswers.load(database)).of("CP1")
            memory.keep("a", "StopTransaction", b"{}", b"answer")
            assert memory.find("a", "StopTransaction", b"{}") == b"answer"
            assert memory.knows("a") and not memory.knows("b")
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            answers = await StoredAnswers.load(database)
            memory = answers.of("CP1")
            assert memory.find("a", "StopTransaction", b"{}") == b"answer"
            assert memory.find("a", "StopTransaction", b"{ }") is None
            assert memory.knows("a")
            assert not answers.of("CP2").knows("a")
            memory.keep("b", "StopTransaction", b"{}", b"other")
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            memory = (await StoredAnswers.load(database)).of("CP1")
            assert memory.knows("a") and memory.knows("b")

    run(main)


def test_what_is_kept_has_its_limits(url: str) -> None:
    settings = attrs.evolve(Settings(), answers=2, answer_bytes=1000, connections=2)

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            answers = await StoredAnswers.load(database, settings, limit=4)
            for number in range(6):
                answers.of("CP1").keep(str(number), "MeterValues", b"", b"x")
            answers.of("CP1").keep("large", "MeterValues", b"", b"x" * 1001)
            assert not answers.of("CP1").knows("3") and answers.of("CP1").knows("5")
            answers.of("CP2"), answers.of("CP3")
            # The one not used for the longest time made room.
            assert not answers.of("CP1").knows("5")
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            answers = await StoredAnswers.load(database, attrs.evolve(settings, answers=99))
            memory = answers.of("CP1")
            assert [number for number in range(6) if memory.knows(str(number))] == [2, 3, 4, 5]
            assert not memory.knows("large")

    run(main)


def test_a_store_that_does_not_take_it_stops_nobody(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        database = await Database.open(url, schemas=[])
        async with await Database.open(url, schemas=[SCHEMA]) as other:
            memory = (await StoredAnswers.load(other)).of("CP1")
        # Closed by now.
        memory.keep("a", "StopTransaction", b"{}", b"answer")
        assert memory.find("a", "StopTransaction", b"{}") == b"answer"
        await database.close()

    run(main)
    assert "an answer is not kept" in caplog.text


def test_a_repeat_after_a_restart_reaches_no_handler(url: str) -> None:
    stops: list[int] = []

    async def once() -> str | bytes:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            answers = await StoredAnswers.load(database)
            central = make_central(answers=answers.of)

            @central.on(StopTransactionRequest)
            async def _(peer: Peer, request: StopTransactionRequest) -> StopTransactionResponse:
                stops.append(request.transaction_id)
                return StopTransactionResponse()

            async with (
                central.serve(json=ENDPOINT) as server,
                connect(
                    f"{server.urls['json']}/CP1", subprotocols=[Subprotocol("ocpp1.6")]
                ) as socket,
            ):
                await socket.send(STOP)
                return await socket.recv()

    async def main() -> None:
        assert await once() == '[3,"7",{}]'
        assert await once() == '[3,"7",{}]'
        assert stops == [1]

    run(main)
