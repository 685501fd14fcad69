"""A charge point with behaviour, on machinery of one's own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ocpp16 import ChargePoint, enums
from ocpp16.station.configuration_key import KeySpec, KeyType
from ocpp16.station.meter import Reading
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.store.station import StationFile


class Cabinet:
    """The machinery: what the station asks of it, and returns at once."""

    def __init__(self) -> None:
        self.energy = 1000

    def measurands(self) -> frozenset[enums.Measurand]:
        return frozenset({enums.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER})

    def register(self, connector: int) -> int:
        return self.energy  # from the meter, in Wh

    def read(self, connector: int) -> Sequence[Reading]:
        register = enums.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER
        return [Reading(measurand=register, value=self.energy, unit=enums.UnitOfMeasure.WH)]

    def lock(self, connector: int) -> None:
        print(f"click: the cable of connector {connector} is locked")

    def unlock(self, connector: int) -> bool:
        print(f"clack: the cable of connector {connector} is free")
        return True

    def offer(self, connector: int, power: int | None) -> None:
        shown = "all there is" if power is None else f"{power / 10:g} W"
        print(f"the car on connector {connector} may take {shown}")


colour = KeySpec(
    name="ExampleColour",
    type=KeyType.TEXT,
    profile="Vendor",
    default="red",
    check=lambda text: text in {"red", "blue"},
    needs_reboot=True,
)
cabinet = Cabinet()
station = Station(
    ChargePoint("CP1"),
    Model(vendor="Example", model="One", connectors=2, vendor_keys=(colour,)),
    cabinet,
    StationFile(Path("CP1.sqlite")),
)


async def main() -> None:
    async with station.connected("ws://127.0.0.1:9000/ocpp"):
        await station.until(lambda: station.is_accepted)
        station.plug_in(1)  # told by the socket
        if await station.present_tag(1, "04A2BF31"):  # told by the reader
            await station.settled()
            print("connector 1 is", station.status(1))
            cabinet.energy += 500  # time passes
            station.meter_changed(1)
            await station.present_tag(1, "04A2BF31")  # the same card ends it
            station.unplug(1)
        await station.settled()
        print("connector 1 is", station.status(1))


asyncio.run(main())
