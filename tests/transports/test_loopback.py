from __future__ import annotations

import asyncio

from ocpp16.envelope import PeerInfo
from ocpp16.spec import Side
from ocpp16.testing import HandClock
from ocpp16.transports.loopback import LoopbackConnection, loopback
from tests.parties import run

STATION = PeerInfo(identity="CP1", side=Side.CHARGE_POINT, binding="ocppj")
CENTRAL = PeerInfo(identity="CP1", side=Side.CENTRAL_SYSTEM, binding="ocppj")


class Ear:
    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.ends: list[str] = []

    def frame_received(self, frame: bytes, exchange: object = None) -> None:
        self.frames.append(frame)

    def exchange_failed(self, exchange: object, error: object) -> None: ...

    def connection_lost(self, reason: str) -> None:
        self.ends.append(reason)


def pair(clock: HandClock | None = None) -> tuple[LoopbackConnection, LoopbackConnection]:
    return loopback(STATION, CENTRAL, clock=clock or HandClock())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_frames_go_both_ways_in_order_and_never_at_once() -> None:
    async def main() -> None:
        ends, ears = pair(), (Ear(), Ear())
        for end, ear in zip(ends, ears, strict=True):
            end.start(ear)
        ends[0].send(b"a")
        ends[0].send(b"b", exchange=1, call="x")
        ends[1].send(b"c")
        assert ears[1].frames == []
        await settle()
        assert (ears[0].frames, ears[1].frames) == ([b"c"], [b"a", b"b"])
        ends[0].leave_unanswered(1)
        await ends[0].flush()
        assert (ends[0].info, ends[1].info) == (STATION, CENTRAL)

    run(main)


def test_what_came_before_the_start_is_not_lost() -> None:
    async def main() -> None:
        (first, second), ear = pair(), Ear()
        first.send(b"a")
        await settle()
        first.close(1000, "bye")
        await settle()
        second.start(ear)
        assert (ear.frames, ear.ends) == ([b"a"], [])
        await settle()
        assert ear.ends == ["closed by the peer: 1000 bye"]

    run(main)


def test_a_close_is_told_to_the_other_end_once() -> None:
    async def main() -> None:
        ends, ears = pair(), (Ear(), Ear())
        for end, ear in zip(ends, ears, strict=True):
            end.start(ear)
        ends[0].close(1008, "go")
        ends[0].close(1000)
        ends[0].send(b"too late")
        await settle()
        assert (ears[0].ends, ears[1].ends) == ([], ["closed by the peer: 1008 go"])
        assert (ends[0].close_code, ends[0].close_reason) == (1008, "go")
        assert ears[1].frames == []
        for end in ends:
            await end.wait_closed()

    run(main)


def test_a_cut_is_told_to_both_ends() -> None:
    async def main() -> None:
        ends, ears = pair(), (Ear(), Ear())
        for end, ear in zip(ends, ears, strict=True):
            end.start(ear)
        waiting = asyncio.create_task(ends[1].wait_closed())
        await settle()
        ends[0].cut()
        await waiting
        assert ears[0].ends == ears[1].ends == ["the connection was cut"]

    run(main)


def test_a_delayed_frame_does_not_arrive_after_the_end() -> None:
    async def main() -> None:
        clock = HandClock()
        first, second = loopback(STATION, CENTRAL, clock=clock, to_station=lambda frame: (5.0,))
        ear = Ear()
        second.start(ear)
        first.send(b"a")
        await clock.advance(6)
        first.send(b"b")
        await clock.advance(1)
        first.close()
        await clock.advance(6)
        assert ear.frames == [b"a"]

    run(main)
