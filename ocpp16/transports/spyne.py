"""Both OCPP services as a spyne `Application`, for whoever lives in spyne's and WSGI's world.

spyne keeps what it is good at: the registry of operations, dispatch, events, WSGI. Envelopes and
messages are read and written by our own binding, so limits, faults and headers are those of every
other transport (spyne's own codec is slow, ignores mustUnderstand and writes faults without
headers). `application` has no session: the handlers of a `Dispatcher` are asked call
by call, a repeat is handled again, nobody is gated; `spyne_role` serves whole roles. Needs the
extra `spyne`. Spec: S 3, 4.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

import attrs

from ocpp16.bindings.ocpps import codec, framing, new_urn, wsdl
from ocpp16.bindings.ocpps.content import CONTENT_TYPE, ContentError, inflate
from ocpp16.bindings.ocpps.envelope import NAMESPACES, SoapEnvelope, read_frame
from ocpp16.bindings.ocpps.faults import EnvelopeFault, soap_code
from ocpp16.catalog import ACTIONS, action_of
from ocpp16.envelope import Call, CallError, CallResult, PeerInfo
from ocpp16.errors import (
    ConstraintError,
    ErrorCode,
    Fault,
    InternalError,
    InvalidResponse,
    NotImplementedFault,
    NotSupported,
    ProtocolError,
    SessionClosed,
    fault_for,
)
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, Response, shorten
from ocpp16.transports.identity import check_identity
from ocpp16.transports.loop_thread import LoopThread
from ocpp16.transports.spyne_library import ProtocolBase, spyne
from ocpp16.transports.spyne_wsgi import (
    WsgiServer,
    addresses,
    check_head,
    endpoint_url,
    http_status,
    read_body,
    when_left,
)

__all__ = [
    "CallPeer",
    "Handlers",
    "OcppFault",
    "OcppSoap",
    "ServicePeer",
    "WsgiServer",
    "application",
    "build",
]

logger = logging.getLogger(__name__)
ResponseT = TypeVar("ResponseT", bound=Response)

CallPeer: TypeAlias = Callable[[PeerInfo, Request[Any]], Awaitable[Response]]
"""Sends a request to a peer and returns the response, `ZeepCaller.async_call` for one."""


class Handlers(Protocol):
    """What answers requests: a `Dispatcher`, or whatever has its three methods."""

    def offers(self, action: ActionSpec) -> bool:
        """Tell whether there is a handler for an action."""
        raise NotImplementedError

    async def handle(self, peer: Any, request: Request[Any]) -> Response:
        """Return the response to a request, or raise a `Fault`."""
        raise NotImplementedError

    async def run_after(self, peer: Any, request: Request[Any], response: Response) -> None:
        """Do what follows once the response has left."""
        raise NotImplementedError


@attrs.frozen
class ServicePeer:
    """The sender of one request, as its handler sees it."""

    info: PeerInfo
    _call: CallPeer | None = attrs.field(default=None, repr=False)

    @property
    def identity(self) -> str:
        """The charge point's identity."""
        return self.info.identity

    @property
    def binding(self) -> str:
        """`ocpps`."""
        return self.info.binding

    @property
    def is_connected(self) -> bool:
        """Tell whether it can be called from here."""
        return self._call is not None

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return its response, as `call_peer` of `application` does."""
        if self._call is None:
            raise SessionClosed("this application was given no way to call its peers")
        response = await self._call(self.info, request)
        due = request.response_type()
        if not isinstance(response, due):
            raise TypeError(f"call_peer returned {type(response).__name__}, due is {due.__name__}")
        return response


class OcppFault(spyne.Fault):  # type: ignore[misc]
    """A fault of OCPP-S on its way through spyne.

    Args:
        fault: What it is.
        status: HTTP status, None is that of the code.
    """

    def __init__(self, fault: Fault, *, status: int | None = None) -> None:
        code = soap_code(fault.code, fault.details)
        side = "Server" if code.code == "Receiver" else "Client"
        super().__init__(side, fault.description or str(fault.code))
        self.fault = fault
        self.status = code.status if status is None else status


class OcppSoap(ProtocolBase):  # type: ignore[misc]
    """OCPP-S as a protocol of spyne.

    Args:
        side: Which side we are.
        handlers: Who answers.
        identity: The charge point's identity; None takes any, as a central system does.
        settings: Limits.
        new_message_id: Source of ids for our answers.
    """

    mime_type = CONTENT_TYPE
    type = {"soap", "soap12", "ocpps"}  # noqa: RUF012 - spyne's name and form

    def __init__(
        self,
        side: Side,
        handlers: Handlers,
        *,
        identity: str | None,
        settings: Settings,
        new_message_id: Callable[[], str],
    ) -> None:
        super().__init__()
        self._side = side
        self._handlers = handlers
        self._identity = identity
        self._settings = settings
        self._new_message_id = new_message_id

    # In

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        """Read the body of the HTTP request, within the limits."""
        try:
            check_head(ctx.transport)
            limit = self._settings.message_limit
            body = read_body(ctx.in_string, limit)
            encoding = ctx.transport.req_env.get("HTTP_CONTENT_ENCODING")
            ctx.in_document = inflate(body, encoding, limit)
        except ContentError as error:
            raise OcppFault(EnvelopeFault(str(error)), status=error.status) from None

    def decompose_incoming_envelope(self, ctx: Any, message: str = ProtocolBase.REQUEST) -> None:
        """Read the envelope; `ctx.in_header` becomes its `SoapEnvelope`."""
        try:
            frame = read_frame(ctx.in_document)
            ctx.in_document = frame
            ctx.in_header = frame.envelope
            call: Any = framing.unframe(frame, side=self._side, identity=self._identity)
        except Fault as fault:
            raise OcppFault(fault) from None
        except InvalidResponse:
            call = None
        if not isinstance(call, Call):
            raise OcppFault(ProtocolError("the body is no request"))
        try:
            check_identity(ctx.in_header.identity or "")
        except ValueError as error:
            raise OcppFault(ProtocolError(f"no charge point: {error}")) from None
        ctx.in_body_doc = call.payload
        ctx.method_request_string = f"{{{ctx.in_header.body_namespace}}}{ctx.in_header.body_name}"

    def generate_method_contexts(self, ctx: Any) -> Any:
        """Find the operation; only those with a handler are offered."""
        name = ctx.in_header.action
        action = ACTIONS.get(name)
        if action is None:
            text = f"action {shorten(name)} is not one of OCPP 1.6"
            raise OcppFault(NotImplementedFault(text))
        if not self.get_call_handles(ctx) or not self._handlers.offers(action):
            raise OcppFault(NotSupported(f"{name} is not offered here"))
        return super().generate_method_contexts(ctx)

    def deserialize(self, ctx: Any, message: str) -> None:
        """Read the message; `ctx.in_object` becomes the typed request."""
        self.event_manager.fire_event("before_deserialize", ctx)
        leniency = self._settings.leniency_for(ctx.in_header.identity)
        cls = ACTIONS[ctx.in_header.action].request
        try:
            ctx.in_object = codec.decode(cls, ctx.in_body_doc, leniency)
        except ConstraintError as error:
            # Not raised: spyne would log a trace of what a peer can send at will.
            ctx.in_error = ctx.out_error = OcppFault(fault_for(error))
            ctx.fire_event("method_exception_object")
        self.event_manager.fire_event("after_deserialize", ctx)

    # Out

    def serialize(self, ctx: Any, message: str) -> None:
        """Write `ctx.out_object`, a typed response, or `ctx.out_error`."""
        self.event_manager.fire_event("before_serialize", ctx)
        if ctx.out_error is None:
            try:
                ctx.out_document = self._result(ctx.in_header, ctx.out_object[0])
            except Exception:
                # Here, and not by spyne: it has decided on HTTP 200 by now.
                logger.exception("an answer could not be made")
                ctx.out_error = OcppFault(InternalError())
                ctx.transport.resp_code = self.fault_to_http_response_code(ctx.out_error)
        if ctx.out_error is not None:
            ctx.out_document = self._fault(ctx.in_header, _ocpp_fault(ctx.out_error).fault)
        self.event_manager.fire_event("after_serialize", ctx)

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        """Hand the answer on."""
        # PEP 3333 has no place for subclasses.
        ctx.out_string = [bytes(ctx.out_document)]

    def fault_to_http_response_code(self, fault: Any) -> str:
        """Return the HTTP status of a fault, as spyne writes one."""
        return http_status(_ocpp_fault(fault).status)

    def _result(self, asked: SoapEnvelope, response: Response) -> bytes:
        result: CallResult[framing.Payload] = CallResult(
            asked.message_id or "",
            codec.encode(response, NAMESPACES[self._side]),
            action_of(type(response)).name,
        )
        return framing.frame_result(result, side=self._side, message_id=self._new_message_id())

    def _fault(self, asked: SoapEnvelope | None, fault: Fault) -> bytes:
        relates_to = fault.message_id or (asked and asked.message_id) or ""
        error = CallError(relates_to, fault.code, fault.description, fault.details)
        return framing.frame_error(error, side=self._side, message_id=self._new_message_id())


@attrs.frozen
class _Documents:
    """In the place of the documents that spyne makes up: the contract."""

    interface: Any
    side: Side

    @property
    def wsdl11(self) -> _Documents:
        return self

    def get_interface_document(self) -> bytes:
        """Return the WSDL."""
        return wsdl(self.side)


def application(
    handlers: Handlers,
    side: Side,
    *,
    identity: str | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    loop: asyncio.AbstractEventLoop | None = None,
    call_peer: CallPeer | None = None,
    new_message_id: Callable[[], str] = new_urn,
) -> Any:
    """Return the service of a side as a `spyne.Application`, for `WsgiServer` or `WsgiApplication`.

    spyne's listeners (`application.event_manager`) see typed objects: `ctx.in_object` is the
    request, `ctx.out_object[0]` the response, `ctx.in_header` the `SoapEnvelope`.

    Args:
        handlers: Who answers; handlers are coroutine functions or not.
        side: Which side we are; its service is offered.
        identity: The charge point's identity, which a charge point has to give; a central system
            leaves it out and takes any.
        settings: Limits, leniency and the time that a handler has.
        loop: An event loop that runs in another thread, on which handlers run; None is one in a
            thread of the application's own.
        call_peer: How a handler's `peer.call` goes out; without it, it raises `SessionClosed`. The
            callback address in `PeerInfo.callback` is the peer's claim: decide whether to use it.
        new_message_id: Source of ids for our answers.

    Raises:
        ValueError: A charge point without an identity, or one that cannot be.
    """
    if side is Side.CHARGE_POINT and identity is None:
        raise ValueError("a charge point's service needs its identity")
    if identity is not None:
        check_identity(identity)
    answer = partial(
        _answer,
        handlers=handlers,
        side=side,
        settings=settings,
        runner=LoopThread(loop),
        call_peer=call_peer,
    )

    def protocol() -> OcppSoap:
        return OcppSoap(
            side, handlers, identity=identity, settings=settings, new_message_id=new_message_id
        )

    return build(side, answer, protocol)


def build(side: Side, answer: Callable[[Any, Any], object], protocol: Callable[[], Any]) -> Any:
    """Return the service of a side as a `spyne.Application`.

    Args:
        side: Which side we are.
        answer: Answers one operation, from spyne's context and `ctx.in_object`.
        protocol: Returns a new protocol; one is for what comes in, one for what goes out.
    """
    return spyne.Application(
        [_service(side, answer)],
        tns=NAMESPACES[side],
        name=_name(side),
        in_protocol=protocol(),
        out_protocol=protocol(),
        documents_container=partial(_Documents, side=side),
    )


def _name(side: Side) -> str:
    return "CentralSystemService" if side is Side.CENTRAL_SYSTEM else "ChargePointService"


def _service(side: Side, answer: Callable[[Any, Any], object]) -> Any:
    """Return the service definition: one operation for each that the contract has."""
    namespace = NAMESPACES[side]
    members: dict[str, Any] = {"__service_name__": _name(side)}
    for action in ACTIONS.values():
        if _name(side) not in action.soap_services:
            continue

        def operation(ctx: Any, request: Any) -> object:
            return answer(ctx, request)

        operation.__name__ = operation.__qualname__ = action.name
        stem = f"{{{namespace}}}{action.name[0].lower()}{action.name[1:]}"
        # The bodies are ours to read; spyne has only to know that there is one.
        members[action.name] = spyne.rpc(
            spyne.AnyXml,
            _returns=spyne.AnyXml,
            _body_style="bare",
            _in_message_name=f"{stem}Request",
            _out_message_name=f"{stem}Response",
        )(operation)
    return type(spyne.Service)(_name(side), (spyne.Service,), members)


def _answer(
    ctx: Any,
    request: Request[Any],
    *,
    handlers: Handlers,
    side: Side,
    settings: Settings,
    runner: LoopThread,
    call_peer: CallPeer | None,
) -> Response:
    peer = ServicePeer(_peer_info(ctx, side), call_peer)
    seconds = settings.handler_timeout.total_seconds()
    try:
        response = runner.run(handlers.handle(peer, request), seconds)
    except Fault as fault:
        raise OcppFault(fault) from None
    except TimeoutError:
        # Not its trace, which is that of our waiting.
        name = ctx.in_header.action
        logger.error("the handler of %s took over %g s", name, seconds)  # noqa: TRY400
        raise OcppFault(InternalError()) from None
    when_left(ctx, partial(_follow, runner, handlers, peer, request, response))
    return response


def _follow(
    runner: LoopThread, handlers: Handlers, peer: Any, request: Request[Any], response: Response
) -> None:
    runner.begin(handlers.run_after(peer, request, response))


def _peer_info(ctx: Any, side: Side) -> PeerInfo:
    asked: SoapEnvelope = ctx.in_header
    _, address = addresses(ctx)
    return PeerInfo(
        identity=asked.identity or "",
        side=side.other,
        binding="ocpps",
        address=address,
        url=endpoint_url(ctx),
        callback=asked.from_address,
        user_agent=ctx.transport.req_env.get("HTTP_USER_AGENT"),
    )


def _ocpp_fault(fault: Any) -> OcppFault:
    """Return a fault of ours for one of spyne, whose text may tell of our code."""
    if isinstance(fault, OcppFault):
        return fault
    if fault.faultcode.startswith("Client"):
        is_security = "Credentials" in fault.faultcode
        code = ErrorCode.SECURITY_ERROR if is_security else ErrorCode.PROTOCOL_ERROR
        return OcppFault(Fault(fault.faultstring, code=code))
    return OcppFault(InternalError())
