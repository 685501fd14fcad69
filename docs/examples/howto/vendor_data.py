"""DataTransfer with contents that have types: a price for the display, a count of plugs."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs
import msgspec

from ocpp16 import Backend, CentralSystem, ChargePoint, enums, messages
from ocpp16.testing import connected

VENDOR = "com.example"


class Price(msgspec.Struct, forbid_unknown_fields=True):
    """What a kilowatt-hour costs."""

    cents: int
    currency: str = "EUR"


class PlugCount(msgspec.Struct, forbid_unknown_fields=True):
    """How often a connector was used."""

    connector: int
    times: int


AskedT = TypeVar("AskedT", bound=msgspec.Struct)


@attrs.frozen
class Topic(Generic[AskedT]):
    """One kind of DataTransfer: its messageId, the type of its data, and who takes it."""

    message_id: str
    asked: type[AskedT]
    take: Callable[[AskedT], msgspec.Struct | None]

    def answer(self, data: str | None) -> messages.DataTransferResponse:
        """Read the data, take it, and write what comes of it."""
        try:
            asked = msgspec.json.decode(data or "{}", type=self.asked)
        except msgspec.DecodeError as error:
            return messages.DataTransferResponse(
                status=enums.DataTransferStatus.REJECTED, data=str(error)[:100]
            )
        result = self.take(asked)
        return messages.DataTransferResponse(
            status=enums.DataTransferStatus.ACCEPTED,
            data=None if result is None else msgspec.json.encode(result).decode(),
        )


def show_price(price: Price) -> None:
    print(f"the display shows {price.cents / 100:.2f} {price.currency}")


def count_plugs(asked: PlugCount) -> PlugCount:
    return PlugCount(connector=asked.connector, times=asked.times + 41)


TOPICS = {
    topic.message_id: topic
    for topic in (Topic("Price", Price, show_price), Topic("Plugs", PlugCount, count_plugs))
}
station = ChargePoint("CP1")


@station.on(messages.DataTransferRequest)
async def transfer(
    backend: Backend, request: messages.DataTransferRequest
) -> messages.DataTransferResponse:
    if request.vendor_id.casefold() != VENDOR:
        return messages.DataTransferResponse(status=enums.DataTransferStatus.UNKNOWN_VENDOR_ID)
    topic = TOPICS.get(request.message_id or "")
    if topic is None:
        return messages.DataTransferResponse(status=enums.DataTransferStatus.UNKNOWN_MESSAGE_ID)
    return topic.answer(request.data)


async def main() -> None:
    async with connected(CentralSystem(), station) as (peer, _):
        for vendor, message_id, data in (
            (VENDOR, "Price", '{"cents": 49}'),
            (VENDOR, "Plugs", '{"connector": 1, "times": 1}'),
            (VENDOR, "Price", '{"cents": "free"}'),
            (VENDOR, "Colour", "{}"),
            ("org.example", "Price", '{"cents": 49}'),
        ):
            answer = await peer.call(
                messages.DataTransferRequest(vendor_id=vendor, message_id=message_id, data=data)
            )
            print(f"{message_id} of {vendor}: {answer.status} {answer.data or ''}")


asyncio.run(main())
