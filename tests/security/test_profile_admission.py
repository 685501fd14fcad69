"""What is no failure of a charge point counts against nobody."""

from __future__ import annotations

import asyncio

from ocpp16 import Handshake, PeerInfo, Refusal
from ocpp16.security.keyring import KeyRing
from ocpp16.security.limits import LoginLimits
from ocpp16.security.profile_admission import BUSY, ProfileAdmission
from ocpp16.security.profiles import MemoryReachedProfiles
from ocpp16.testing import HandClock
from tests.security.authority import KEY, Authority
from tests.security.serving import keys, login
from tests.security.test_keyring import Threads


def make_admission(authority: Authority, threads: Threads) -> ProfileAdmission:
    credentials = keys()
    return ProfileAdmission(
        authority.server(1, credentials=credentials),
        reached=MemoryReachedProfiles(),
        limits=LoginLimits(per_link=2, per_address=50, per_identity=50, seconds=5, records=50),
        keys=KeyRing(credentials, threads, waiting=1, verified=10),
        clock=HandClock(),
    )


def handshake(host: str, key: bytes = KEY) -> Handshake:
    return Handshake(
        identity="CP1",
        binding="ocppj",
        url="ws://x/CP1",
        address=f"{host}:1",
        headers=tuple(login(key=key).items()),
    )


def test_whom_we_are_too_busy_for_has_not_failed(authority: Authority) -> None:
    async def main() -> None:
        threads = Threads()
        threads.go.clear()
        admission = make_admission(authority, threads)
        first = asyncio.create_task(admission.judge(handshake("a"), is_known=None))
        await asyncio.sleep(0)
        for _ in range(10):
            assert await admission.judge(handshake("b"), is_known=None) is BUSY
        threads.go.set()
        assert isinstance(await first, PeerInfo)
        assert isinstance(await admission.judge(handshake("b"), is_known=None), PeerInfo)

    asyncio.run(main())


def test_who_leaves_before_the_verdict_has_not_failed(authority: Authority) -> None:
    async def main() -> None:
        threads = Threads()
        admission = make_admission(authority, threads)
        for _ in range(10):
            threads.go.clear()
            leaving = asyncio.create_task(admission.judge(handshake("a"), is_known=None))
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        threads.go.set()
        wrong = handshake("a", bytes(20))
        statuses = []
        for _ in range(3):
            verdict = await admission.judge(wrong, is_known=None)
            assert isinstance(verdict, Refusal)
            statuses.append(verdict.status)
        assert statuses == [401, 401, 429]

    asyncio.run(main())
