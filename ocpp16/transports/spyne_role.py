"""Whole roles behind spyne: their sessions, gates, events and calls, as with our own transport.

spyne and WSGI bring a request to the operation, and take the answer back; between lies the same
connection as under our own HTTP server, on the event loop of the role. Needs the extras `soap` and
`spyne`, and httpx for calls of ours. Spec: S 3, 4.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from ocpp16.bindings.ocpps import new_urn
from ocpp16.bindings.ocpps.envelope import SoapFrame
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import InternalError
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import Connection
from ocpp16.transports.identity import check_identity
from ocpp16.transports.loop_thread import LoopThread
from ocpp16.transports.soap_app import Desk, Head, Reply, status_of
from ocpp16.transports.soap_client import SoapClient
from ocpp16.transports.soap_connection import SoapConnection
from ocpp16.transports.soap_gateway import Gateway
from ocpp16.transports.spyne import OcppFault, OcppSoap, build
from ocpp16.transports.spyne_wsgi import addresses, endpoint_url, http_status, when_left

logger = logging.getLogger(__name__)
LEAVING: Final = 30.0
"""Seconds after which an answer counts as sent, whatever the server says."""
SPARE: Final = 5.0
"""Seconds over the time of a handler until a thread gives up its wait for the session."""


class Central(Protocol):
    """A `CentralSystem`, as far as a transport needs it."""

    settings: Settings
    clock: Clock

    async def admit(self, handshake: Handshake) -> PeerInfo | Refusal:
        """Let a peer in or refuse it."""
        raise NotImplementedError

    def welcome(self, connection: Connection) -> None:
        """Take a new connection."""
        ...


class CentralService:
    """A central system whose endpoint is a spyne application.

    Args:
        central: The central system. Leaving `async with central` ends its connections.
        loop: The event loop of the central system, which runs in another thread than the requests;
            None is one in a thread of the service's own, where the central system can only serve.
    """

    def __init__(self, central: Central, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._client = SoapClient(settings=central.settings, clock=central.clock)
        self._gateway = Gateway(
            admission=central.admit,
            welcome=central.welcome,
            post=self._client.post,
            settings=central.settings,
            clock=central.clock,
        )
        self.application = _application(
            self._gateway, Side.CENTRAL_SYSTEM, central.settings, LoopThread(loop)
        )
        """The `spyne.Application`, for `spyne.WsgiServer`."""

    async def wait_closed(self) -> None:
        """Wait until no connection is left, and close what calls went over."""
        await self._gateway.wait_closed()
        await self._client.close()


class Callback:
    """A charge point's end of SOAP whose listening half is a spyne application.

    `station.connect_by(callback.dial)` connects by it. It has to be made on the event loop of the
    charge point, and the requests to be served in other threads.

    Args:
        url: Endpoint of the central system.
        identity: The charge point's identity.
        listens_at: The address at which `application` is served, told to the central system.
        settings: Limits and timers.
        clock: Where timers run.
    """

    def __init__(
        self, url: str, identity: str, *, listens_at: str, settings: Settings, clock: Clock
    ) -> None:
        check_identity(identity)
        self._settings = settings
        self._clock = clock
        self._info = PeerInfo(
            identity=identity,
            side=Side.CENTRAL_SYSTEM,
            binding="ocpps",
            url=url,
            callback=listens_at,
        )
        self._connection: SoapConnection | None = None
        runner = LoopThread(asyncio.get_running_loop())
        self.application = _application(self, Side.CHARGE_POINT, settings, runner)

    async def dial(self) -> SoapConnection:
        """Open the connection; `Dial`."""
        client = SoapClient(settings=self._settings, clock=self._clock)

        async def end(_: SoapConnection) -> None:
            self._connection = None
            await client.close()

        self._connection = SoapConnection(
            self._info, target=self._info.url, post=client.post, clock=self._clock, end=end
        )
        return self._connection

    async def connection_for(self, frame: SoapFrame, head: Head) -> SoapConnection | Reply:
        """Return the only connection there is; `Desk`."""
        return Reply(status=503) if self._connection is None else self._connection


class _Everything:
    """Offers every operation: the session knows better which it has."""

    def offers(self, action: ActionSpec) -> bool:
        return True

    async def handle(self, peer: Any, request: Request[Any]) -> Response:
        raise NotImplementedError

    async def run_after(self, peer: Any, request: Request[Any], response: Response) -> None:
        raise NotImplementedError


class RoleSoap(OcppSoap):
    """OCPP-S as a protocol of spyne that leaves messages to a session."""

    def deserialize(self, ctx: Any, message: str) -> None:
        """Hand on the envelope: `ctx.in_object` becomes its `SoapFrame`."""
        self.event_manager.fire_event("before_deserialize", ctx)
        ctx.in_object = ctx.in_document
        self.event_manager.fire_event("after_deserialize", ctx)

    def serialize(self, ctx: Any, message: str) -> None:
        """Hand on the answer."""
        if ctx.out_error is not None:
            super().serialize(ctx, message)
            return
        self.event_manager.fire_event("before_serialize", ctx)
        ctx.out_document = ctx.out_object[0]
        self.event_manager.fire_event("after_serialize", ctx)


def _application(desk: Desk, side: Side, settings: Settings, runner: LoopThread) -> Any:
    def protocol() -> RoleSoap:
        return RoleSoap(
            side, _Everything(), identity=None, settings=settings, new_message_id=new_urn
        )

    seconds = settings.handler_timeout.total_seconds() + SPARE
    return build(side, partial(_relay, desk=desk, runner=runner, seconds=seconds), protocol)


def _relay(ctx: Any, frame: SoapFrame, *, desk: Desk, runner: LoopThread, seconds: float) -> bytes:
    answer: Future[bytes | Reply | None] = Future()
    left = asyncio.Event()
    exchange = runner.begin(_exchange(desk, frame, _head(ctx), answer, left))
    when_left(ctx, partial(runner.call, left.set))
    try:
        told = answer.result(seconds)
    except Exception:
        logger.exception("a request could not be served")
        exchange.cancel()
        raise OcppFault(InternalError()) from None
    if isinstance(told, bytes):
        ctx.transport.resp_code = http_status(status_of(told))
        return told
    reply = Reply(status=503) if told is None else told
    ctx.transport.resp_code = http_status(reply.status)
    ctx.transport.resp_headers.update(reply.headers)
    ctx.transport.resp_headers["Content-Type"] = reply.content_type
    return reply.body


async def _exchange(
    desk: Desk,
    frame: SoapFrame,
    head: Head,
    answer: Future[bytes | Reply | None],
    left: asyncio.Event,
) -> None:
    try:
        found = await desk.connection_for(frame, head)
        if isinstance(found, Reply):
            answer.set_result(found)
            return
        async with found.exchange(frame) as told:
            answer.set_result(told)
            # What follows an answer (`after` hooks, say) waits until it is out; not for ever, if
            # a server does not tell.
            with suppress(TimeoutError):
                await asyncio.wait_for(left.wait(), LEAVING)
    except BaseException as error:
        if not answer.done():
            answer.set_exception(error)
        raise


def _head(ctx: Any) -> Head:
    host, address = addresses(ctx)
    environment = ctx.transport.req_env
    fields: dict[str, str] = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environment.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environment.get(name):
            fields[name.replace("_", "-").lower()] = environment[name]
    return Head(url=endpoint_url(ctx), host=host, address=address, headers=tuple(fields.items()))
