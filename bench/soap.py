"""OCPP-S without HTTP: `python -m bench.soap [--rounds 7]`; microseconds of CPU, fastest round.

An exchange is reading a request, its dispatch, and writing the answer. The floor is lxml parsing
the same envelope and writing the same tree again, which nobody has read then. Then, step by step:
what is checked before parsing, the parser, the envelope, the message, its handler, the answer; and
the fingerprint of a request, by which a session knows a repeat.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from ocpp16 import messages
from ocpp16.bindings.ocpps import OcppS, codec
from ocpp16.bindings.ocpps.envelope import read
from ocpp16.bindings.ocpps.xml import check, parse
from ocpp16.datatypes import IdTagInfo, MeterValue, SampledValue
from ocpp16.dispatch import Dispatcher
from ocpp16.enums import AuthorizationStatus, RegistrationStatus
from ocpp16.envelope import Call, CallResult
from ocpp16.spec import Side
from ocpp16.structure import Request

CENTRAL = OcppS(side=Side.CENTRAL_SYSTEM, identity="CP1")
STATION = OcppS(
    side=Side.CHARGE_POINT, identity="CP1", from_address="http://10.0.0.1/", to="http://10.0.0.2/"
)
NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
ACCEPTED = IdTagInfo(status=AuthorizationStatus.ACCEPTED)
REQUESTS: list[Request[Any]] = [
    messages.HeartbeatRequest(),
    messages.BootNotificationRequest(
        charge_point_vendor="Example",
        charge_point_model="Model",
        charge_point_serial_number="1234",
        charge_box_serial_number="5678",
        firmware_version="1.0.0",
        iccid="8900",
        imsi="2620",
        meter_type="Meter",
        meter_serial_number="9",
    ),
    messages.StartTransactionRequest(
        connector_id=1, id_tag="ABCD", meter_start=10, timestamp=NOW, reservation_id=3
    ),
    *(
        messages.MeterValuesRequest(
            connector_id=1,
            transaction_id=2,
            meter_value=[
                MeterValue(
                    timestamp=NOW, sampled_value=[SampledValue(value=str(n)) for n in range(count)]
                )
            ],
        )
        for count in (4, 10)
    ),
]


def dispatcher() -> Dispatcher[None]:
    """Return one with a handler for each request, as short as they get."""
    made: Dispatcher[None] = Dispatcher(Side.CENTRAL_SYSTEM, run_sync=asyncio.to_thread)

    @made.on(messages.HeartbeatRequest)
    async def heartbeat(_: None, __: messages.HeartbeatRequest) -> messages.HeartbeatResponse:
        return messages.HeartbeatResponse(current_time=NOW)

    @made.on(messages.BootNotificationRequest)
    async def boot(
        _: None, __: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            current_time=NOW, interval=300, status=RegistrationStatus.ACCEPTED
        )

    @made.on(messages.StartTransactionRequest)
    async def start(
        _: None, __: messages.StartTransactionRequest
    ) -> messages.StartTransactionResponse:
        return messages.StartTransactionResponse(transaction_id=1, id_tag_info=ACCEPTED)

    @made.on(messages.MeterValuesRequest)
    async def meter(_: None, __: messages.MeterValuesRequest) -> messages.MeterValuesResponse:
        return messages.MeterValuesResponse()

    return made


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Return the microseconds of CPU that a call takes."""
    times = 2000
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, time.process_time() - began)
    return best / times * 1e6


def run_to_end(work: Any) -> Any:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def main() -> None:
    """Print a line for each message."""
    parser = argparse.ArgumentParser(prog="python -m bench.soap", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    handlers = dispatcher()
    columns = ["message", "exchange", "lxml", "ratio", "check", "parse", "envelope", "decode",
               "handler", "answer", "repeat"]  # fmt: skip
    print("".join(f"{column:>10}" for column in columns))
    for request in REQUESTS:
        row = measured(request, handlers, rounds)
        print("".join(f"{cell:>10}" for cell in row))


def measured(request: Request[Any], handlers: Dispatcher[None], rounds: int) -> list[str]:
    """Return the cells of one message."""
    cls = type(request)
    action = cls.__name__.removesuffix("Request")
    data = STATION.frame(Call("urn:uuid:1", action, STATION.encode(request)))
    call: Any = CENTRAL.unframe(data)
    answer = run_to_end(handlers.handle(None, request))

    def answered(id: str, answer: Any) -> bytes:
        return CENTRAL.frame(CallResult(id, CENTRAL.encode(answer), action))

    def exchange() -> bytes:
        call: Any = CENTRAL.unframe(data)
        request = CENTRAL.decode(cls, call.payload)
        return answered(call.id, run_to_end(handlers.handle(None, request)))

    ours = fastest(exchange, rounds)
    floor = fastest(lambda: etree.tostring(etree.fromstring(data)), rounds)
    checked = fastest(lambda: check(data), rounds)
    parsed = fastest(lambda: parse(data), rounds)
    framed = fastest(lambda: read(data), rounds)
    steps = [
        checked,
        parsed - checked,
        framed - parsed,
        fastest(lambda: CENTRAL.decode(cls, call.payload), rounds),
        fastest(lambda: run_to_end(handlers.handle(None, request)), rounds),
        fastest(lambda: answered("urn:uuid:1", answer), rounds),
        fastest(lambda: codec.fingerprint(call.payload), rounds),
    ]
    name = f"{action[:5]} {len(data)}"
    return [name, f"{ours:.1f}", f"{floor:.1f}", f"{ours / floor:.1f}",
            *(f"{step:.1f}" for step in steps)]  # fmt: skip


if __name__ == "__main__":
    main()
