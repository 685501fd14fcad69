"""One driver over a transport with exchanges, as SOAP will have them."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from ocpp16.bindings.ocppj import OcppJ
from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallFailed, ErrorCode, OcppError, SessionClosed
from ocpp16.roles import event as told
from ocpp16.roles.around import Surroundings
from ocpp16.roles.driver import Driver, NotSent
from ocpp16.roles.peer import Peer
from ocpp16.roles.registration import CentralGate
from ocpp16.roles.station_peer import StationPeer
from ocpp16.roles.work import Workload
from ocpp16.session import Session
from ocpp16.session.event import CallId, Exchange
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.storage import MemoryAnswers
from ocpp16.structure import Request, Response
from ocpp16.testing import HandClock
from ocpp16.transports.connection import Receiver
from tests.parties import HEARTBEAT, PULSE, RESET, run

INFO = PeerInfo(identity="CP1", side=Side.CHARGE_POINT, binding="ocppj")


class Exchanges:
    """A connection that notes what is asked of it."""

    def __init__(self) -> None:
        self.info = INFO
        self.sent: list[tuple[bytes, Exchange | None, CallId | None]] = []
        self.unanswered: list[Exchange] = []
        self.closed: list[tuple[int, str]] = []

    def start(self, receiver: Receiver) -> None: ...

    def send(
        self, frame: bytes, *, exchange: Exchange | None = None, call: CallId | None = None
    ) -> None:
        self.sent.append((frame, exchange, call))

    def leave_unanswered(self, exchange: Exchange) -> None:
        self.unanswered.append(exchange)

    async def flush(self) -> None: ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed.append((code, reason))

    async def wait_closed(self) -> None: ...


class Owner:
    def __init__(self) -> None:
        self.events: list[told.Event] = []
        self.over: list[str] = []
        self.answered: list[Response] = []
        self.watches_frames = False

    def tell(self, event: told.Event) -> None:
        self.events.append(event)

    def call_answered(self, driver: Driver[Any], request: Request[Any], response: Response) -> None:
        self.answered.append(response)

    def connection_over(self, driver: Driver[Any], reason: str) -> None:
        self.over.append(reason)


class Rig:
    def __init__(self, answer: object = PULSE) -> None:
        self.clock = HandClock()
        self.connection = Exchanges()
        self.owner = Owner()
        self.after: list[Response] = []
        self.is_deaf = False

        async def handle(peer: Peer, request: Request[Any]) -> Response:
            await asyncio.sleep(0)
            if isinstance(answer, Exception):
                raise answer
            return answer  # type: ignore[return-value]

        async def after(peer: Peer, request: Request[Any], response: Response) -> None:
            self.after.append(response)

        numbers = iter(range(100))
        settings = Settings()
        self.workload: Workload[Peer] = Workload(
            16, handle=handle, after=after, surroundings=Surroundings()
        )
        self.session = Session(
            OcppJ(),
            Side.CENTRAL_SYSTEM,
            "CP1",
            settings=settings,
            new_id=lambda: f"own-{next(numbers)}",
            offers=lambda action: True,
            answers=MemoryAnswers(64, 262_144),
        )
        peer = StationPeer(INFO, CentralGate(strict=False))
        self.driver: Driver[Peer] = Driver(
            peer,
            self.connection,
            self.session,
            self.workload,
            owner=self.owner,
            clock=self.clock,
            is_deaf=lambda: self.is_deaf,
        )
        peer.attach(self.driver)


def test_an_answer_ends_the_exchange_of_its_call() -> None:
    async def main() -> None:
        rig = Rig()
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]', 7)
        rig.driver.frame_received(b'[2,"2","Nonsense",{}]', 8)
        await rig.clock.settle()
        assert [(exchange, call) for _, exchange, call in rig.connection.sent] == [
            (8, None),
            (7, None),
        ]
        assert rig.after == [PULSE]

    run(main)


def test_an_exchange_without_answer_is_ended() -> None:
    async def main() -> None:
        rig = Rig()
        rig.driver.frame_received(b"nonsense", 7)
        rig.is_deaf = True
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]', 8)
        await rig.clock.settle()
        assert rig.connection.unanswered == [7, 8]
        assert rig.connection.sent == []

    run(main)


def test_a_call_is_answered_in_its_own_exchange_or_fails_with_it() -> None:
    async def main() -> None:
        rig = Rig()
        first = asyncio.create_task(rig.driver.call(RESET, None))
        await rig.clock.settle()
        assert rig.connection.sent[0][1:] == (None, "own-0")
        rig.driver.frame_received(b'[3,"own-0",{"status":"Accepted"}]', "own-0")
        assert (await first).status == "Accepted"
        second = asyncio.create_task(rig.driver.call(RESET, None))
        await rig.clock.settle()
        rig.driver.exchange_failed("own-1", SessionClosed("no connection to the charger"))
        with pytest.raises(SessionClosed, match="no connection to the charger"):
            await second
        rig.driver.exchange_failed("own-1", OcppError("once more"))

    run(main)


def test_a_call_in_line_when_all_ends_was_not_sent() -> None:
    async def main() -> None:
        rig = Rig()
        calls = [asyncio.create_task(rig.driver.call(RESET, None)) for _ in range(2)]
        await rig.clock.settle()
        rig.driver.connection_lost("gone")
        rig.driver.connection_lost("gone")
        rig.driver.close(1000, "")
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [SessionClosed, NotSent]
        assert rig.owner.over == ["gone"]
        assert rig.connection.closed == []
        with pytest.raises(SessionClosed):
            await rig.driver.call(RESET, None)

    run(main)


def test_a_response_that_cannot_be_sent_is_internal_error_and_has_no_hook(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        rig = Rig(answer=RESET)
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]')
        await rig.clock.settle()
        ((frame, _, _),) = rig.connection.sent
        assert json.loads(frame) == [4, "1", "InternalError", "", {}]
        assert rig.after == []
        assert "an answer could not be made" in caplog.text

    run(main)


def test_a_handler_that_fails_in_an_unheard_of_way_is_internal_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        rig = Rig(answer=RuntimeError("unheard of"))
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]')
        await rig.clock.settle()
        ((frame, _, _),) = rig.connection.sent
        assert json.loads(frame)[:3] == [4, "1", "InternalError"]
        assert "unheard of" in caplog.text
        fault = rig.owner.events[0]
        assert isinstance(fault, told.FaultAnswered)
        assert fault.fault.code is ErrorCode.INTERNAL_ERROR

    run(main)


def test_what_the_session_notices_is_told() -> None:
    async def main() -> None:
        rig = Rig()
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]')
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]')
        rig.driver.frame_received(b'[2,"1","Authorize",{"idTag":"T"}]')
        await rig.clock.settle()
        call = asyncio.create_task(rig.driver.call(RESET, 5))
        await rig.clock.advance(6)
        with pytest.raises(TimeoutError):
            await call
        rig.driver.frame_received(b'[4,"own-0","GenericError","late",{}]')
        assert [type(event) for event in rig.owner.events] == [
            told.Repeated,
            told.IdReused,
            told.FaultAnswered,
            told.LateAnswer,
        ]
        late = rig.owner.events[-1]
        assert isinstance(late, told.LateAnswer)
        assert isinstance(late.outcome, CallFailed)

    run(main)


def test_no_timer_is_left_when_all_is_over() -> None:
    async def main() -> None:
        rig = Rig()
        call = asyncio.create_task(rig.driver.call(RESET, None))
        await rig.clock.settle()
        assert rig.clock.next_due == 30
        rig.driver.connection_lost("gone")
        with pytest.raises(SessionClosed):
            await call
        assert rig.clock.next_due is None

    run(main)


def test_a_shorter_deadline_moves_the_timer() -> None:
    async def main() -> None:
        rig = Rig()
        first = asyncio.create_task(rig.driver.call(RESET, 20))
        second = asyncio.create_task(rig.driver.call(RESET, 5))
        await rig.clock.advance(6)
        assert isinstance(second.exception(), TimeoutError)
        assert not first.done()
        await rig.clock.advance(15)
        assert isinstance(first.exception(), TimeoutError)

    run(main)


def test_a_hook_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        caplog.set_level(logging.ERROR)
        rig = Rig()

        async def after(peer: Peer, request: Request[Any], response: Response) -> None:
            raise RuntimeError("hooked")

        rig.workload._after = after
        rig.driver.frame_received(b'[2,"1","Heartbeat",{}]')
        await rig.clock.settle()
        assert "hooked" in caplog.text
        assert len(rig.connection.sent) == 1

    run(main)


def test_a_heartbeat_is_not_for_us_to_send() -> None:
    async def main() -> None:
        rig = Rig()
        with pytest.raises(OcppError):
            await rig.driver.call(HEARTBEAT, None)

    run(main)
