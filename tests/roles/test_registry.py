from __future__ import annotations

from ocpp16.envelope import PeerInfo
from ocpp16.roles.registration import CentralGate
from ocpp16.roles.registry import LocalRegistry
from ocpp16.roles.station_peer import StationPeer
from ocpp16.spec import Side
from tests.parties import run


def peer(identity: str) -> StationPeer:
    info = PeerInfo(identity=identity, side=Side.CHARGE_POINT, binding="ocppj")
    return StationPeer(info, CentralGate(strict=False))


def test_the_latest_connection_counts_and_an_earlier_one_leaves_it_alone() -> None:
    async def main() -> None:
        registry = LocalRegistry()
        first, second, other = peer("CP1"), peer("CP1"), peer("CP2")
        assert await registry.claim(first) is None
        assert await registry.claim(other) is None
        assert await registry.claim(second) is first
        assert dict(registry.peers) == {"CP1": second, "CP2": other}
        await registry.release(first)
        assert registry.peers["CP1"] is second
        await registry.release(second)
        assert dict(registry.peers) == {"CP2": other}

    run(main)
