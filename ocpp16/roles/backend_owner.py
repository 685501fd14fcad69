"""The charge point, as its `Backend` sees it. A protocol only."""

from __future__ import annotations

from typing import Any, Protocol

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.roles import event as told
from ocpp16.session import Session
from ocpp16.settings import Settings
from ocpp16.structure import Request, Response


class Station(Protocol):
    """The charge point, as far as its backend needs it."""

    identity: str
    settings: Settings
    clock: Clock

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frame events."""
        raise NotImplementedError

    def tell(self, event: told.Event) -> None:
        """Spread an event."""
        ...

    def open_session(self, info: PeerInfo) -> Session:
        """Return a new session."""
        raise NotImplementedError

    async def handle(self, peer: Any, request: Request[Any]) -> Response:
        """Run the handler of a request."""
        raise NotImplementedError

    async def run_after(self, peer: Any, request: Request[Any], response: Response) -> None:
        """Run what is due once a response has left."""
        ...
