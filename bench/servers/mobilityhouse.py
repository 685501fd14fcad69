"""A peer: a central system with mobilityhouse `ocpp` on `websockets`, as its README has it."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import RegistrationStatus
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.servers.control import answer_questions, run

logging.getLogger("ocpp").setLevel(logging.WARNING)


class Station(ChargePoint):  # type: ignore[misc]
    """A charge point as a central system sees it."""

    @on("BootNotification")  # type: ignore[untyped-decorator]
    def boot(self, **_: Any) -> call_result.BootNotification:
        """Accept it."""
        return call_result.BootNotification(
            current_time=datetime.now(UTC).isoformat(),
            interval=300,
            status=RegistrationStatus.accepted,
        )

    @on("Heartbeat")  # type: ignore[untyped-decorator]
    def heartbeat(self, **_: Any) -> call_result.Heartbeat:
        """Tell the time."""
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on("MeterValues")  # type: ignore[untyped-decorator]
    def meter_values(self, **_: Any) -> call_result.MeterValues:
        """Take them."""
        return call_result.MeterValues()


async def connected(connection: ServerConnection) -> None:
    """Serve one charge point."""
    assert connection.request is not None
    identity = connection.request.path.rpartition("/")[2]
    with suppress(ConnectionClosed):
        await Station(identity, connection).start()


async def main() -> None:
    """Serve."""
    async with serve(
        connected,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol("ocpp1.6")],
        compression=None,
        backlog=1024,
    ) as server:
        await answer_questions(server.sockets[0].getsockname()[1])


if __name__ == "__main__":
    run(main())
