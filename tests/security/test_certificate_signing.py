"""A central system between SignCertificate and CertificateSigned, whatever the authority does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocpp16 import CallNotAllowed, CentralSystem, ChargePoint, messages
from ocpp16.enums import (
    CertificateSignedStatus,
    ExtendedMessageTrigger,
    GenericStatus,
    TriggerMessageStatus,
)
from ocpp16.errors import InternalError
from ocpp16.roles.backend import Backend
from ocpp16.roles.certificate_signing import (
    AT_FIRST,
    ONE_MORE,
    CertificateSigning,
    NotSigned,
    Outcome,
    Signed,
)
from ocpp16.security.certificate_authority import SigningRefused
from ocpp16.testing import HandClock, LoopbackPair, loopback_pair
from tests.parties import make_central, make_station, run

REQUEST = messages.SignCertificateRequest(csr="request")
ACCEPTED, REJECTED = GenericStatus.ACCEPTED, GenericStatus.REJECTED


class Authority:
    """Does as a test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.on_check: Callable[[], Any] = lambda: None
        self.on_sign: Callable[[], Any] = lambda: "chain"

    async def check(self, csr: str, identity: str) -> None:
        self.on_check()

    async def sign(self, csr: str, identity: str) -> str:
        self.asked.append((csr, identity))
        await self.gate.wait()
        chain: str = self.on_sign()
        return chain


def fail(error: Exception) -> Callable[[], Any]:
    def raising() -> Any:
        raise error

    return raising


class Scene:
    """A central system that has certificates signed, and one charge point, in memory."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.central: CentralSystem = make_central(clock=self.clock)
        self.station: ChargePoint = make_station(self.clock)
        self.authority = Authority()
        self.outcomes: list[Outcome] = []
        self.signing = CertificateSigning(
            self.central, self.authority, told=self.outcomes.append, patience=60, **options
        )
        self.chains: list[str] = []
        self.status = CertificateSignedStatus.ACCEPTED
        self.pair: LoopbackPair = loopback_pair(self.central, self.station, wire="json")
        self.station.on(messages.CertificateSignedRequest)(self._take)

    async def _take(
        self, peer: Backend, request: messages.CertificateSignedRequest
    ) -> messages.CertificateSignedResponse:
        self.chains.append(request.certificate_chain)
        return messages.CertificateSignedResponse(status=self.status)


def play(body: Callable[[Scene, Backend], Any]) -> Scene:
    scenes = []

    async def main() -> None:
        scene = Scene()
        scenes.append(scene)
        async with scene.pair.connected() as (_, backend):
            await body(scene, backend)
            await scene.clock.settle()

    run(main)
    return scenes[0]


def test_it_is_answered_at_once_and_the_certificate_follows() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.gate.clear()
        assert (await backend.call(REQUEST)).status is ACCEPTED
        await scene.clock.settle()
        assert scene.authority.asked == [("request", "CP1")]
        assert scene.chains == []
        scene.authority.gate.set()
        await scene.clock.settle()
        assert scene.chains == ["chain"]

    assert play(body).outcomes == [Signed("CP1", is_taken=True)]


def test_a_certificate_that_is_not_taken_is_told() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.status = CertificateSignedStatus.REJECTED
        await backend.call(REQUEST)

    scene = play(body)
    assert scene.chains == ["chain"]
    assert scene.outcomes == [Signed("CP1", is_taken=False)]


def test_who_asks_without_end_is_signed_so_many() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        async def ask() -> GenericStatus:
            status = (await backend.call(REQUEST)).status
            await scene.clock.settle()
            return status

        assert [await ask() for _ in range(AT_FIRST)] == [ACCEPTED] * AT_FIRST
        assert [await ask() for _ in range(3)] == [REJECTED] * 3
        assert len(scene.authority.asked) == len(scene.chains) == AT_FIRST
        await scene.clock.advance(ONE_MORE)
        assert [await ask(), await ask()] == [ACCEPTED, REJECTED]

    assert play(body).outcomes[-1] == NotSigned("CP1", "refused: it asks too often")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SigningRefused("its key is weak"), "refused: its key is weak"),
        (OSError("no route"), "the authority fails"),
    ],
)
def test_what_cannot_be_processed_is_rejected(error: Exception, reason: str) -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.on_check = fail(error)
        assert (await backend.call(REQUEST)).status is REJECTED
        await scene.clock.settle()

    scene = play(body)
    assert scene.authority.asked == []
    assert scene.chains == []
    assert scene.outcomes == [NotSigned("CP1", reason)]


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (fail(SigningRefused("no more today")), "the authority refused: no more today"),
        (fail(OSError("no route")), "the authority failed"),
        (lambda: "x" * 10_001, "signed, but not handed over: "),
        (lambda: None, "signed, but not handed over: "),
    ],
)
def test_an_authority_that_fails_is_told_and_the_next_request_is_taken(
    work: Callable[[], Any], reason: str
) -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.on_sign = work
        assert (await backend.call(REQUEST)).status is ACCEPTED
        await scene.clock.settle()
        assert scene.chains == []
        scene.authority.on_sign = lambda: "chain"
        assert (await backend.call(REQUEST)).status is ACCEPTED

    scene = play(body)
    assert scene.chains == ["chain"]
    assert isinstance(scene.outcomes[0], NotSigned)
    assert scene.outcomes[0].reason.startswith(reason)
    assert scene.outcomes[1:] == [Signed("CP1", is_taken=True)]


def test_an_authority_that_is_late_is_given_up_and_what_it_signs_then_is_not_sent() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.gate.clear()
        await backend.call(REQUEST)
        await scene.clock.advance(59)
        assert scene.outcomes == []
        await scene.clock.advance(2)
        scene.authority.gate.set()

    scene = play(body)
    assert scene.chains == []
    assert scene.outcomes == [NotSigned("CP1", "the authority took more than 60 s")]


def test_one_request_is_in_work_at_a_time() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.gate.clear()
        assert (await backend.call(REQUEST)).status is ACCEPTED
        await scene.clock.settle()
        assert (await backend.call(REQUEST)).status is REJECTED
        scene.authority.gate.set()
        await scene.clock.settle()
        assert (await backend.call(REQUEST)).status is ACCEPTED

    scene = play(body)
    assert scene.chains == ["chain", "chain"]
    assert scene.outcomes == [
        NotSigned("CP1", "refused: an earlier request is in work"),
        Signed("CP1", is_taken=True),
        Signed("CP1", is_taken=True),
    ]


def test_a_certificate_goes_to_the_connection_that_there_is_by_then() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.gate.clear()
        await backend.call(REQUEST)
        await scene.clock.settle()
        scene.pair.is_down = True
        scene.pair.cut()
        await scene.clock.settle()
        scene.authority.gate.set()
        await scene.clock.advance(5)
        assert scene.chains == []
        scene.pair.is_down = False
        await scene.clock.advance(30)

    scene = play(body)
    assert scene.chains == ["chain"]
    assert scene.outcomes == [Signed("CP1", is_taken=True)]


def test_who_does_not_come_back_gets_none() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.gate.clear()
        await backend.call(REQUEST)
        await scene.clock.settle()
        scene.pair.is_down = True
        scene.pair.cut()
        await scene.clock.settle()
        scene.authority.gate.set()
        await scene.clock.advance(61)

    outcome = play(body).outcomes[0]
    assert outcome == NotSigned("CP1", "signed, but the charge point did not come back for it")


def test_what_got_no_answer_is_not_sent_again() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        def lose_the_answer(frame: bytes) -> tuple[float, ...]:
            return () if b"status" in frame else (0.0,)

        scene.pair.to_central = lose_the_answer
        await backend.call(REQUEST)
        await scene.clock.advance(100)

    scene = play(body)
    assert scene.chains == ["chain"]
    (outcome,) = scene.outcomes
    assert isinstance(outcome, NotSigned)
    assert outcome.reason.startswith("signed, but not handed over: ")


def test_a_stop_meanwhile_is_told() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        scene.authority.gate.clear()
        await backend.call(REQUEST)
        await scene.clock.settle()
        stopping = asyncio.create_task(scene.central.disconnect())
        await scene.clock.advance(15)
        await stopping

    assert play(body).outcomes == [
        NotSigned("CP1", "the central system stopped meanwhile"),
    ]


def test_a_charge_point_is_asked_for_a_request() -> None:
    async def body(scene: Scene, backend: Backend) -> None:
        wanted = []

        @scene.station.on(messages.ExtendedTriggerMessageRequest)
        async def trigger(
            peer: Backend, request: messages.ExtendedTriggerMessageRequest
        ) -> messages.ExtendedTriggerMessageResponse:
            wanted.append(request.requested_message)
            return messages.ExtendedTriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

        assert await scene.signing.renew("CP1") is TriggerMessageStatus.ACCEPTED
        assert wanted == [ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE]
        with pytest.raises(CallNotAllowed, match="'CP2' is not connected"):
            await scene.signing.renew("CP2")

    play(body)


def test_whoever_is_told_and_fails_hinders_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        scene = Scene()

        def told(outcome: Outcome) -> None:
            raise InternalError("the application's own")

        central = make_central(clock=scene.clock)
        CertificateSigning(central, scene.authority, told=told)
        with pytest.raises(ValueError, match="has a handler already"):
            CertificateSigning(central, scene.authority)
        pair = loopback_pair(central, scene.station, wire="json")
        async with pair.connected() as (_, backend):
            assert (await backend.call(REQUEST)).status is ACCEPTED
            await scene.clock.settle()
            assert scene.chains == ["chain"]

    run(main)
    assert "who is told of certificates failed" in caplog.text
