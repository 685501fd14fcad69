"""The one place that chooses a wire and its transport, by the scheme of a URL.

Roles ask here, and nowhere else, what a URL means. Transports are loaded only when a URL asks for
them, and so is a binding that needs more than the base installation.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.clock import Clock
from ocpp16.security.admission import Admission
from ocpp16.settings import Settings
from ocpp16.transports.connection import Connection, Listener, Welcome


class Stack(Protocol):
    """One wire with the transport that carries it."""

    async def listen(
        self, url: str, *, admission: Admission, welcome: Welcome, settings: Settings, clock: Clock
    ) -> Listener:
        """Open a place where charge points connect."""
        raise NotImplementedError

    async def dial(
        self, url: str, identity: str, *, listen: str | None, settings: Settings, clock: Clock
    ) -> Connection:
        """Connect a charge point to its central system."""
        raise NotImplementedError


class JsonStack:
    """OCPP-J over WebSocket."""

    async def listen(
        self, url: str, *, admission: Admission, welcome: Welcome, settings: Settings, clock: Clock
    ) -> Listener:
        """Open a place where charge points connect."""
        from ocpp16.transports.websocket_server import WebSocketListener  # noqa: PLC0415 - light

        if urlsplit(url).scheme != "ws":
            raise ValueError(f"{url!r}: a server without TLS listens at ws://")
        listener = WebSocketListener(
            url, admission=admission, welcome=welcome, settings=settings, clock=clock
        )
        await listener.start()
        return listener

    async def dial(
        self, url: str, identity: str, *, listen: str | None, settings: Settings, clock: Clock
    ) -> Connection:
        """Connect a charge point to its central system."""
        from ocpp16.transports.websocket_client import dial  # noqa: PLC0415 - light

        if listen is not None:
            raise ValueError("`listen` is for SOAP: a WebSocket carries calls both ways")
        return await dial(url, identity, settings=settings, clock=clock)


class SoapStack:
    """OCPP-S over HTTP."""

    async def listen(
        self, url: str, *, admission: Admission, welcome: Welcome, settings: Settings, clock: Clock
    ) -> Listener:
        """Open a place where charge points connect."""
        raise NotImplementedError(_NO_SOAP)

    async def dial(
        self, url: str, identity: str, *, listen: str | None, settings: Settings, clock: Clock
    ) -> Connection:
        """Connect a charge point to its central system."""
        raise NotImplementedError(_NO_SOAP)


_NO_SOAP = "OCPP-S (http:// and https://) is not in this version; it will need 'ocpp16[soap]'"
_STACKS: dict[str, Stack] = {
    "ws": JsonStack(),
    "wss": JsonStack(),
    "http": SoapStack(),
    "https": SoapStack(),
}


def stack_for(url: str) -> Stack:
    """Return the stack that a URL's scheme stands for.

    Raises:
        ValueError: It stands for none.
    """
    scheme = urlsplit(url).scheme
    try:
        return _STACKS[scheme]
    except KeyError:
        raise ValueError(f"{url!r} begins with none of {', '.join(_STACKS)}") from None


def binding_for(name: str) -> Binding:
    """Return the binding of a wire."""
    if name == "ocppj":
        return OcppJ()
    raise NotImplementedError(_NO_SOAP)
