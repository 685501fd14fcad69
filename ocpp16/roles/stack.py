"""The one place that chooses a wire and its transport, by the scheme of a URL.

Roles ask here, and nowhere else, what a URL means. Transports are loaded only when a URL asks for
them, and so is a binding that needs more than the base installation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.security.admission import Admission
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.tls import ClientTls, ServerTls
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.transports.connection import Connection, Listener, Welcome
from ocpp16.transports.watch import Watch


class Stack(Protocol):
    """One wire with the transport that carries it."""

    wire: str
    """What `serve` calls it."""

    async def listen(
        self,
        url: str,
        *,
        admission: Admission,
        welcome: Welcome,
        watch: Watch,
        settings: Settings,
        clock: Clock,
        tls: ServerTls | None,
    ) -> Listener:
        """Open a place where charge points connect."""
        raise NotImplementedError

    async def dial(
        self,
        url: str,
        identity: str,
        *,
        listen: str | None,
        settings: Settings,
        clock: Clock,
        security: StationSecurity | None,
        tls: ClientTls | None,
    ) -> Connection:
        """Connect a charge point to its central system."""
        raise NotImplementedError


class JsonStack:
    """OCPP-J over WebSocket."""

    wire = "json"

    async def listen(
        self,
        url: str,
        *,
        admission: Admission,
        welcome: Welcome,
        watch: Watch,
        settings: Settings,
        clock: Clock,
        tls: ServerTls | None,
    ) -> Listener:
        """Open a place where charge points connect."""
        from ocpp16.transports.websocket_server import WebSocketListener  # noqa: PLC0415 - light

        listener = WebSocketListener(
            url,
            admission=admission,
            welcome=welcome,
            watch=watch,
            settings=settings,
            clock=clock,
            tls=tls,
        )
        await listener.start()
        return listener

    async def dial(
        self,
        url: str,
        identity: str,
        *,
        listen: str | None,
        settings: Settings,
        clock: Clock,
        security: StationSecurity | None,
        tls: ClientTls | None,
    ) -> Connection:
        """Connect a charge point to its central system."""
        from ocpp16.transports.websocket_client import dial  # noqa: PLC0415 - light

        if listen is not None:
            raise ValueError("`listen` is for SOAP: a WebSocket carries calls both ways")
        return await dial(url, identity, settings=settings, clock=clock, security=security, tls=tls)


class SoapStack:
    """OCPP-S over HTTP; needs the extra `soap`."""

    wire = "soap"

    async def listen(
        self,
        url: str,
        *,
        admission: Admission,
        welcome: Welcome,
        watch: Watch,
        settings: Settings,
        clock: Clock,
        tls: ServerTls | None,
    ) -> Listener:
        """Open a place where charge points post their requests."""
        with _soap_needed():
            from ocpp16.transports.soap_endpoint import SoapListener  # noqa: PLC0415 - heavy

        listener = SoapListener(
            url,
            admission=admission,
            welcome=welcome,
            watch=watch,
            settings=settings,
            clock=clock,
            tls=tls,
        )
        await listener.start()
        return listener

    async def dial(
        self,
        url: str,
        identity: str,
        *,
        listen: str | None,
        settings: Settings,
        clock: Clock,
        security: StationSecurity | None,
        tls: ClientTls | None,
    ) -> Connection:
        """Open a charge point's end: it listens, and calls when it has something to say."""
        with _soap_needed():
            from ocpp16.transports.soap_endpoint import dial  # noqa: PLC0415 - heavy

        if listen is None:
            raise ValueError("`listen` is needed for SOAP: the central system calls there")
        return await dial(
            url,
            identity,
            listen=listen,
            settings=settings,
            clock=clock,
            security=security,
            tls=tls,
        )


class Entrance(Protocol):
    """An ASGI application for the requests of charge points on SOAP."""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Serve one HTTP request."""
        ...

    def stop(self) -> None:
        """Let nobody in any more."""
        ...

    async def wait_closed(self) -> None:
        """Wait until no connection is left."""
        ...


def open_soap_entrance(
    path: str,
    *,
    admission: Admission,
    welcome: Welcome,
    watch: Watch,
    settings: Settings,
    clock: Clock,
) -> Entrance:
    """Open a place for SOAP in somebody else's server."""
    with _soap_needed():
        from ocpp16.transports.soap_endpoint import SoapEntrance  # noqa: PLC0415 - heavy

    return SoapEntrance(
        path,
        admission=admission,
        welcome=welcome,
        watch=watch,
        settings=settings,
        clock=clock,
    )


@contextmanager
def _soap_needed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        reason = f"OCPP-S needs {error.name}: pip install 'ocpp16[soap]'"
        raise ModuleNotFoundError(reason, name=error.name) from error


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


def binding_for(
    name: str, side: Side | None = None, info: Callable[[], PeerInfo] | None = None
) -> Binding:
    """Return the binding of a wire.

    Args:
        name: `ocppj` or `ocpps`.
        side: Which side we are.
        info: Returns who the peer is, with the addresses of the moment. OCPP-S needs both.

    Raises:
        ValueError: The wire is none, or needs to know more.
    """
    if name == "ocppj":
        return OcppJ()
    if name != "ocpps" or side is None or info is None:
        raise ValueError(f"no binding {name!r} without a side and a peer")
    with _soap_needed():
        from ocpp16.transports.soap_binding import LiveOcppS  # noqa: PLC0415 - heavy

    return LiveOcppS(side=side, identity=info().identity, peer=info)
