"""Both ends of SOAP put together: where charge points are served, and a charge point's own end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from ocpp16.bindings.ocpps.envelope import SoapFrame
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import SessionClosed
from ocpp16.security.admission import Admission
from ocpp16.security.auth import write_basic
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.tls import ClientTls, ServerTls
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.transports.callback import check_url
from ocpp16.transports.connection import Welcome
from ocpp16.transports.identity import without_secrets
from ocpp16.transports.soap_app import Head, Receive, Reply, Scope, Send, SoapApp, scope_url
from ocpp16.transports.soap_client import SoapClient
from ocpp16.transports.soap_connection import SoapConnection
from ocpp16.transports.soap_gateway import Gateway
from ocpp16.transports.soap_server import HttpServer, local_address
from ocpp16.transports.watch import Watch, unwatched


class SoapEntrance:
    """An ASGI application where charge points post their requests, whoever serves it.

    Args:
        path: Path of the endpoint.
        admission: Lets a peer in or refuses it.
        welcome: Takes each connection when it begins.
        settings: Limits and timers.
        clock: Where timers run.
        url: Returns the URL of the endpoint for an ASGI scope; None takes what the scope says.
        tls: Our end of TLS links.
        watch: Is told what goes wrong before a peer has a name.
    """

    def __init__(
        self,
        path: str,
        *,
        admission: Admission,
        welcome: Welcome,
        settings: Settings,
        clock: Clock,
        url: Callable[[Scope], str] | None = None,
        tls: ServerTls | None = None,
        watch: Watch = unwatched,
    ) -> None:
        self._client = SoapClient(
            settings=settings, clock=clock, tls=None if tls is None else tls.calling
        )
        self._gateway = Gateway(
            admission=admission,
            welcome=welcome,
            post=self._client.post,
            settings=settings,
            clock=clock,
        )
        self.app = SoapApp(
            self._gateway,
            side=Side.CENTRAL_SYSTEM,
            path=path,
            url=partial(scope_url, path=path) if url is None else url,
            settings=settings,
            clock=clock,
            watch=watch,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        await self.app(scope, receive, send)

    def restore(self, info: PeerInfo, *, is_fixed: bool = False) -> None:
        """Go on with a charge point that was let in before; see `Gateway.restore`."""
        self._gateway.restore(info, is_fixed=is_fixed)

    def stop(self) -> None:
        """Let nobody in any more; connections that are open go on until they are closed."""
        self.app.is_stopping = True

    async def wait_closed(self) -> None:
        """Wait until no connection is left."""
        await self._gateway.wait_closed()
        await self._client.close()


class SoapListener:
    """Where charge points post their requests; `Listener`.

    Args:
        url: `http://host:port/path`, or `https://...` with `tls`; port 0 is any free one.
        admission: Lets a peer in or refuses it.
        welcome: Takes each connection when it begins.
        watch: Is told what goes wrong before a peer has a name.
        settings: Limits and timers.
        clock: Where timers run.
        tls: Our end of TLS links.
    """

    def __init__(
        self,
        url: str,
        *,
        admission: Admission,
        welcome: Welcome,
        watch: Watch,
        settings: Settings,
        clock: Clock,
        tls: ServerTls | None = None,
    ) -> None:
        self._server = HttpServer(url, settings=settings, clock=clock, tls=tls, watch=watch)
        self._entrance = SoapEntrance(
            self._server.path,
            admission=admission,
            welcome=welcome,
            settings=settings,
            clock=clock,
            url=lambda _: self.url,
            tls=tls,
            watch=watch,
        )

    async def start(self) -> None:
        """Bind and listen.

        Raises:
            OSError: The address is not ours or taken.
        """
        await self._server.start(self._entrance.app)

    @property
    def url(self) -> str:
        """Where it listens, with the port that was really bound."""
        return self._server.url

    def restore(self, info: PeerInfo, *, is_fixed: bool = False) -> None:
        """Go on with a charge point that was let in before; see `Gateway.restore`."""
        self._entrance.restore(info, is_fixed=is_fixed)

    def stop(self) -> None:
        """Let nobody in any more; connections that are open go on until they are closed."""
        self._server.stop()

    async def wait_closed(self) -> None:
        """Wait until no connection is left."""
        await self._server.wait_closed()
        await self._entrance.wait_closed()


class _OneDesk:
    """The desk of a charge point: whoever posts there is its central system.

    Args:
        central_host: Whose certificate the caller has to show; None asks for none.
    """

    def __init__(self, central_host: str | None) -> None:
        self._central_host = central_host
        self.connection: SoapConnection | None = None

    async def connection_for(self, frame: SoapFrame, head: Head) -> SoapConnection | Reply:
        """Return the only connection there is."""
        if self.connection is None:
            return Reply(status=503, closes=True)
        host, shown = self._central_host, head.certificate
        if host is not None and (shown is None or not shown.is_of_host(host)):
            # Another charge point has a certificate that can be traced to our roots, too.
            return Reply(status=403, body=b"not our central system\n", closes=True)
        return self.connection


async def dial(
    url: str,
    identity: str,
    *,
    listen: str,
    settings: Settings,
    clock: Clock,
    security: StationSecurity | None = None,
    tls: ClientTls | None = None,
) -> SoapConnection:
    """Open a charge point's end: it can call at once, and listens for calls.

    Args:
        url: Endpoint of the central system.
        identity: The charge point's identity.
        listen: Where to listen, `http://host:port/path`. This address is told to the central
            system; where it says "any address", the one that reaches the central system is.
            `https://...` takes calls of the central system's certificate alone, and needs one.
        settings: Limits and timers.
        clock: Where timers run.
        security: The link, and what is shown there; None is what the URL says.
        tls: Our end of TLS links; None makes one for this link.

    Raises:
        SessionClosed: The central system has no address.
        OSError: The address to listen at is not ours or taken.
        ValueError: A URL is none.
    """
    try:
        target = check_url(url)
    except ValueError as error:
        raise ValueError(f"{without_secrets(url)!r}: {error}") from None
    if security is not None:
        security.check_link(url, identity)
    if tls is None and target.scheme == "https":
        tls = ClientTls(security)
    password = None if security is None else security.password
    client = SoapClient(
        settings=settings,
        clock=clock,
        tls=None if tls is None else tls.context,
        authorization=None if password is None else write_basic(identity, password),
        is_station=True,
    )
    listening = None
    if urlsplit(listen).scheme == "https":
        if security is None:
            raise ValueError(f"{listen!r}: to be called over TLS needs `security`")
        listening = ServerTls.of_station(security)
    server = HttpServer(listen, settings=settings, clock=clock, tls=listening)
    desk = _OneDesk(None if listening is None else target.hostname)
    app = SoapApp(
        desk,
        side=Side.CHARGE_POINT,
        path=server.path,
        url=lambda _: server.url,
        settings=settings,
        clock=clock,
    )
    callback_host = server.host
    if _is_any(callback_host):
        try:
            callback_host = await local_address(target.hostname or "", target.port or 80)
        except OSError as error:
            raise SessionClosed(f"the central system cannot be reached: {error}") from error
    await server.start(app)

    async def end() -> None:
        await server.wait_closed()
        await client.close()

    def begin_to_end(_: SoapConnection) -> Coroutine[Any, Any, None]:
        server.stop()
        return end()

    desk.connection = SoapConnection(
        PeerInfo(
            identity=identity,
            side=Side.CENTRAL_SYSTEM,
            binding="ocpps",
            address=target.netloc,
            url=url,
            callback=server.url_at(callback_host),
            security_profile=0 if security is None else security.profile,
        ),
        target=url,
        post=client.post,
        clock=clock,
        end=begin_to_end,
    )
    return desk.connection


def _is_any(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
