from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from ocpp16.enums import RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import PropertyConstraintViolation
from ocpp16.roles import event as told
from ocpp16.roles.event import Event
from ocpp16.roles.observers import EventStream, Observers
from ocpp16.roles.registration import CentralGate
from ocpp16.roles.station_peer import StationPeer
from ocpp16.spec import Side
from ocpp16.structure import Deviation
from tests.parties import PULSE, drained, run

PEER = StationPeer(
    PeerInfo(identity="CP\n1", side=Side.CHARGE_POINT, binding="ocppj", address="10.0.0.1:5"),
    CentralGate(strict=False),
)
EVERY_EVENT: list[tuple[Event, str | None]] = [
    (told.Connected(PEER), "connected from 10.0.0.1:5"),
    (told.Disconnected(PEER, "cut\r\n"), "disconnected: cut\\r\\n"),
    (told.Replaced(PEER, PEER), "connected again from 10.0.0.1:5, earlier connection closed"),
    (told.Registered(PEER, RegistrationStatus.PENDING, 7), "registration Pending, interval 7 s"),
    (told.FrameIn(PEER, b"secret"), None),
    (told.FrameOut(PEER, b"secret"), None),
    (
        told.FaultAnswered(
            PEER, "i1", "Reset", PropertyConstraintViolation("secret", path="/type")
        ),
        "call i1 (Reset) answered PropertyConstraintViolation at /type",
    ),
    (told.Unanswerable(PEER, "not an array", b"secret"), "frame not answered: not an array"),
    (
        told.Deviated(PEER, "i1", "Reset", (Deviation("over-length", "/a", "secret"),)),
        "Reset i1 read by leniency: over-length at /a",
    ),
    (told.LateAnswer(PEER, "i1", "Reset", PULSE), "late answer to Reset i1 dropped"),
    (told.Repeated(PEER, "i1", "Reset"), "repeat of Reset i1"),
    (told.IdReused(PEER, "i1", "Reset"), "Reset came with i1, the id of an earlier call"),
]


def beats(*numbers: int) -> list[told.FrameIn]:
    return [told.FrameIn(PEER, str(number).encode()) for number in numbers]


def test_a_stream_gives_events_in_order() -> None:
    async def main() -> None:
        stream = EventStream(10)
        for event in beats(1, 2, 3):
            stream.put(event)
        assert await drained(stream) == beats(1, 2, 3)
        assert stream.dropped == 0

    run(main)


def test_a_slow_reader_loses_the_oldest_events_and_is_told_how_many() -> None:
    async def main() -> None:
        stream = EventStream(3)
        for event in beats(*range(10)):
            stream.put(event)
        assert stream.dropped == 7
        assert await drained(stream) == beats(7, 8, 9)

    run(main)


def test_a_stream_holds_so_many_bytes_of_frames_and_the_latest_anyway() -> None:
    async def main() -> None:
        stream = EventStream(100, 1000)
        large = [told.FrameOut(PEER, bytes([number]) * 400) for number in range(5)]
        for event in large:
            stream.put(event)
        assert stream.dropped == 3
        assert await stream.__anext__() == large[3]
        stream.put(told.Unanswerable(PEER, "no", "x" * 5000))
        assert stream.dropped == 4
        stream.put(told.Connected(PEER))
        assert stream.dropped == 5
        assert await drained(stream) == [told.Connected(PEER)]
        assert stream._bytes == 0

    run(main)


def test_a_stream_waits_and_ends() -> None:
    async def main() -> None:
        seen: list[Event] = []
        async with EventStream(3) as stream:

            async def read() -> None:
                seen.extend([event async for event in stream])

            reader = asyncio.create_task(read())
            await asyncio.sleep(0)
            stream.put(beats(1)[0])
            await asyncio.sleep(0)
        await reader
        stream.put(beats(2)[0])
        assert seen == beats(1)

    run(main)


def test_a_forgotten_stream_costs_nothing() -> None:
    observers = Observers(10, 100)
    stream = observers.add_stream()
    assert observers.watches_frames
    del stream
    gc.collect()
    assert not observers.watches_frames


def test_a_frame_hook_sees_frames_only_and_cannot_do_harm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    observers = Observers(10, 100)
    seen: list[Event] = []

    @observers.add_hook
    def fail(event: told.FrameIn | told.FrameOut) -> None:
        raise RuntimeError("broken hook")

    observers.add_hook(seen.append)
    for event, _ in EVERY_EVENT:
        observers.tell(event)
    assert seen == [told.FrameIn(PEER, b"secret"), told.FrameOut(PEER, b"secret")]
    assert "a frame hook failed" in caplog.text


@pytest.mark.parametrize(("event", "line"), EVERY_EVENT, ids=lambda value: type(value).__name__)
def test_every_event_has_one_log_line_without_payload(
    event: Event, line: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ocpp16")
    Observers(10, 200).tell(event)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ([] if line is None else [f"CP\\n1: {line}"])
    assert "secret" not in caplog.text


def test_a_refusal_is_logged_under_the_claimed_identity(caplog: pytest.LogCaptureFixture) -> None:
    Observers(10, 60).tell(told.Refused("CP1", 404, "unknown " + "x" * 500, "10.0.0.1:5"))
    (record,) = caplog.records
    assert record.getMessage().startswith("CP1: refused, HTTP 404: unknown xxx")
    assert len(record.getMessage()) == 60


def test_a_log_record_has_the_fields_of_its_event(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        Observers(10, 200).tell(told.Refused("CP\n1", 404, "unknown", "10.0.0.1:5"))
    (record,) = caplog.records
    fields = {name: text for name, text in vars(record).items() if name.startswith("ocpp_")}
    assert fields == {
        "ocpp_event": "refused",
        "ocpp_identity": r"CP\n1",
        "ocpp_address": "10.0.0.1:5",
    }
