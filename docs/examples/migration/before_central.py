"""A central system on `ocpp` (mobilityhouse)."""

import asyncio
import contextlib
import itertools
import sys
from datetime import UTC, datetime

from ocpp.routing import after, on
from ocpp.v16 import ChargePoint as Base
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

ids = itertools.count(1)
starts: dict[int, int] = {}


class ChargePoint(Base):
    @on(Action.boot_notification)
    async def on_boot(self, charge_point_vendor, charge_point_model, **kwargs):
        print(f"{self.id} is here: {charge_point_vendor} {charge_point_model}")
        return call_result.BootNotification(
            current_time=datetime.now(UTC).isoformat(),
            interval=300,
            status=RegistrationStatus.accepted,
        )

    @after(Action.boot_notification)
    async def after_boot(self, **kwargs):
        answer = await self.call(call.ChangeConfiguration(key="HeartbeatInterval", value="60"))
        if answer is None:  # refused
            print(f"{self.id} does not know the key")
        else:
            print(f"{self.id} says {answer.status}")

    @on(Action.start_transaction)
    async def on_start(self, connector_id, id_tag, meter_start, timestamp, **kwargs):
        transaction_id = next(ids)
        starts[transaction_id] = meter_start
        return call_result.StartTransaction(
            transaction_id=transaction_id, id_tag_info={"status": AuthorizationStatus.accepted}
        )

    @on(Action.meter_values)
    async def on_meter_values(self, connector_id, meter_value, **kwargs):
        print(f"{self.id} measures {meter_value[0]['sampled_value'][0]['value']}")
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    async def on_stop(self, meter_stop, transaction_id, **kwargs):
        print(f"{self.id} has charged {meter_stop - starts.pop(transaction_id)} Wh")
        return call_result.StopTransaction()


async def on_connect(connection: ServerConnection) -> None:
    if connection.subprotocol is None:
        await connection.close()
        return
    identity = connection.request.path.rsplit("/", 1)[1]
    with contextlib.suppress(ConnectionClosed):
        await ChargePoint(identity, connection).start()


async def main(port: int) -> None:
    async with serve(on_connect, "127.0.0.1", port, subprotocols=["ocpp1.6"]) as server:
        print("listening", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
