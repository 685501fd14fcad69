"""The floor: `websockets` as anyone would use it, answering one constant text."""

from __future__ import annotations

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from bench.servers.control import answer_questions, run

ANSWER = '[3,"00000000-0000-0000-0000-000000000000",{"currentTime":"2024-01-01T00:00:00.000000Z"}]'


async def answer(connection: ServerConnection) -> None:
    """Answer each message."""
    async for _ in connection:
        await connection.send(ANSWER)


async def main() -> None:
    """Serve."""
    async with serve(
        answer,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol("ocpp1.6")],
        compression=None,
        backlog=1024,
    ) as server:
        await answer_questions(server.sockets[0].getsockname()[1])


if __name__ == "__main__":
    run(main())
