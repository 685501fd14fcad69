"""Who is connected: the one small interface by which a central system finds a charge point.

In memory here; a registry of several processes can stand behind the same interface, with peers
whose calls are routed to another process.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from ocpp16.roles.peer import Peer


class PeerRegistry(Protocol):
    """Which connection counts for each identity: the latest one that was let in."""

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The peers that can be called, by identity; a live view."""
        raise NotImplementedError

    async def claim(self, peer: Peer) -> Peer | None:
        """Make a peer the one of its identity; return the one that counted before."""
        ...

    async def release(self, peer: Peer) -> None:
        """Forget a peer, unless another one counts by now."""
        ...


class LocalRegistry:
    """The peers of this process."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self.peers: Mapping[str, Peer] = MappingProxyType(self._peers)

    async def claim(self, peer: Peer) -> Peer | None:
        """Make a peer the one of its identity; return the one that counted before."""
        earlier = self._peers.get(peer.identity)
        self._peers[peer.identity] = peer
        return earlier

    async def release(self, peer: Peer) -> None:
        """Forget a peer, unless another one counts by now."""
        if self._peers.get(peer.identity) is peer:
            del self._peers[peer.identity]
