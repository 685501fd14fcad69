"""Calls over SOAP through zeep, for whoever has zeep's world: its plugins, WS-Security, sessions.

zeep builds the request from the contract and posts it; our own binding reads the answer, since zeep
checks neither enumerations nor lengths and has None for an empty response. The WSDL is that of the
package, loaded once for each service and without any network access. Needs the extra `zeep`.
Spec: S 3, 4.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import timedelta
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar

import attrs
import httpx
import requests
import urllib3.exceptions
import zeep as _zeep
from lxml import etree

from ocpp16.bindings.ocpps import codec, framing, new_urn, wsdl
from ocpp16.bindings.ocpps.content import CONTENT_TYPE, ContentError, inflate
from ocpp16.bindings.ocpps.envelope import ANONYMOUS, NAMESPACES, SOAP, WSA
from ocpp16.catalog import action_of
from ocpp16.envelope import CallError, CallResult
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ConstraintError,
    ConstraintKind,
    ErrorCode,
    Fault,
    InvalidMessage,
    InvalidResponse,
    SessionClosed,
)
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec, FieldKind, FieldSpec, Side
from ocpp16.structure import Request, Response, Structure, WireEnum, shorten
from ocpp16.transports.identity import check_identity

ResponseT = TypeVar("ResponseT", bound=Response)

_MUST_UNDERSTAND: Final = f"{{{SOAP}}}mustUnderstand"
zeep: Any = _zeep  # It says that it is typed, and most of it is not.
_SETTINGS: Final = zeep.Settings(
    # What comes is read by our parser; these are for the WSDL, and for whoever uses the client.
    strict=False,
    raw_response=True,
    forbid_dtd=True,
    forbid_entities=True,
    forbid_external=True,
)
_message_id: ContextVar[str] = ContextVar("message_id")
_seconds: ContextVar[float] = ContextVar("seconds")
"""Of the call in this thread or task: zeep's layers between have no place for them."""


class NoNetwork(zeep.Transport):  # type: ignore[misc]
    """Loads nothing: the WSDL comes from the package and refers to nothing outside."""

    def load(self, url: str) -> bytes:
        """Refuse to load anything."""
        raise ValueError(f"{url!r} is not loaded: the WSDL stands for itself")


@cache
def contract(side: Side) -> Any:
    """Return the `zeep.wsdl.Document` of the service that a side offers; loaded once."""
    return zeep.wsdl.Document(io.BytesIO(wsdl(side)), NoNetwork(), settings=_SETTINGS)


@attrs.frozen
class Answer:
    """What came back on a call; the body within its limit, and as it came."""

    status: int
    encoding: str | None
    body: bytes


class Addressing(zeep.Plugin):  # type: ignore[misc]
    """Completes the headers that zeep writes: From, ReplyTo, our MessageID, mustUnderstand.

    zeep writes Action, MessageID and To by itself where the WSDL has wsaw:Action.

    Args:
        namespace: The namespace of the service.
        from_address: Where we listen; None leaves From out.
    """

    def __init__(self, namespace: str, from_address: str | None) -> None:
        self._identity = f"{{{namespace}}}chargeBoxIdentity"
        self._from_address = from_address

    def egress(
        self, envelope: etree._Element, http_headers: Any, operation: Any, binding_options: Any
    ) -> tuple[etree._Element, Any]:
        """Complete the headers of a request."""
        header: Any = envelope.find(f"{{{SOAP}}}Header")
        for name in (self._identity, f"{{{WSA}}}Action"):
            header.find(name).set(_MUST_UNDERSTAND, "true")
        header.find(f"{{{WSA}}}MessageID").text = _message_id.get()
        if self._from_address is not None:
            _add_address(header, "From", self._from_address)
        _add_address(header, "ReplyTo", ANONYMOUS)
        http_headers["Content-Type"] = CONTENT_TYPE
        return envelope, http_headers


class ZeepCaller:
    """Sends requests of one charge point, or to one, through zeep.

    It keeps no queue and no session: a call leaves when it is made. Close it after use, with
    `with`, or with `async with` after `async_call`.

    Args:
        url: Where the other side listens.
        identity: The charge point's identity.
        side: Which side we are; the other side's service is called.
        from_address: Where we listen, for From: a charge point has to tell.
        settings: Limits, leniency and timeouts.
        session: What posts for `call`: proxies, certificates and authentication are set there.
        http: What posts for `async_call`.
        plugins: Further plugins of zeep; they see the headers complete.
        wsse: WS-Security, as zeep takes it.
        new_id: Source of message ids, each unique for ever.

    Raises:
        ValueError: The identity is none, or a charge point has no `from_address`.
    """

    def __init__(
        self,
        url: str,
        identity: str,
        *,
        side: Side,
        from_address: str | None = None,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        session: requests.Session | None = None,
        http: httpx.AsyncClient | None = None,
        plugins: Iterable[Any] = (),
        wsse: Any = None,
        new_id: Callable[[], str] = new_urn,
    ) -> None:
        check_identity(identity)
        if side is Side.CHARGE_POINT and from_address is None:
            raise ValueError("a charge point tells where it listens: from_address")
        self.url = url
        self.identity = identity
        self.side = side
        self._settings = settings
        self._new_id = new_id
        self._namespace = NAMESPACES[side.other]
        self._transport = _Poster(settings, session)
        self._async_transport = _AsyncPoster(settings, http)
        document = contract(side.other)
        ((_, binding),) = document.bindings.items()
        options: dict[str, Any] = {
            "plugins": [Addressing(self._namespace, from_address), *plugins],
            "wsse": wsse,
            "settings": _SETTINGS,
        }
        client = zeep.Client(document, transport=self._transport, **options)
        self._service = zeep.proxy.ServiceProxy(client, binding, address=url)
        client = zeep.AsyncClient(document, transport=self._async_transport, **options)
        # `AsyncClient.create_service` would return the proxy that does not wait.
        self._async_service = zeep.proxy.AsyncServiceProxy(client, binding, address=url)

    def call(self, request: Request[ResponseT], *, timeout: timedelta | None = None) -> ResponseT:
        """Send a request and return its response.

        Args:
            request: What to ask.
            timeout: How long the answer may take; None is `Settings.call_timeout`.

        Raises:
            CallFailed: The peer answered an error.
            InvalidResponse: Its answer breaks a rule.
            CallTimeout: No answer came in time.
            SessionClosed: The peer could not be reached, or broke off.
            CallNotAllowed: Our side does not send this request.
            InvalidMessage: The request breaks a rule, or SOAP cannot carry it.
        """
        action, arguments = self._arguments(request)
        message_id = self._new_id()
        _message_id.set(message_id)
        _seconds.set(self._seconds(timeout))
        try:
            answer = self._service[action.name](**arguments)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise CallTimeout(self._late(action)) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise SessionClosed(f"{action.name}: {type(error).__name__}") from None
        return self._response(request, action, answer, message_id)

    async def async_call(
        self,
        request: Request[ResponseT],
        *,
        timeout: timedelta | None = None,  # noqa: ASYNC109 - as `call` has it
    ) -> ResponseT:
        """Send a request and return its response, on an event loop; see `call`."""
        action, arguments = self._arguments(request)
        message_id = self._new_id()
        _message_id.set(message_id)
        try:
            async with asyncio.timeout(self._seconds(timeout)):
                answer = await self._async_service[action.name](**arguments)
        except (TimeoutError, httpx.TimeoutException):
            raise CallTimeout(self._late(action)) from None
        except httpx.HTTPError as error:
            raise SessionClosed(f"{action.name}: {type(error).__name__}") from None
        return self._response(request, action, answer, message_id)

    def close(self) -> None:
        """Close the connections of `call`, unless they are those of a given session."""
        self._transport.close()

    async def aclose(self) -> None:
        """Close the connections of both, unless they are given ones."""
        self.close()
        await self._async_transport.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # Inside

    def _seconds(self, timeout: timedelta | None) -> float:
        return (self._settings.call_timeout if timeout is None else timeout).total_seconds()

    def _late(self, action: ActionSpec) -> str:
        return f"no answer to {action.name} in time"

    def _arguments(self, request: Request[Any]) -> tuple[ActionSpec, dict[str, Any]]:
        action = action_of(type(request))
        if self.side not in action.senders:
            raise CallNotAllowed(f"a {self.side.value} does not send {action.name}")
        if not action.soap_services:
            reason = "ocpps has no such message"
            raise InvalidMessage(type(request).__name__, "", ConstraintKind.SHAPE, reason)
        # zeep checks nothing: an enumeration or a length that is wrong would leave as it is.
        codec.encode(request, self._namespace)
        headers = {"ChargeBoxIdentity": self.identity}
        return action, plain(request) | {"_soapheaders": headers}

    def _response(
        self, request: Request[ResponseT], action: ActionSpec, answer: Answer, message_id: str
    ) -> ResponseT:
        read = self._read(answer, message_id)
        if read.id not in {"", message_id}:
            raise _invalid(f"it relates to {shorten(read.id)}, not to this call", message_id)
        if isinstance(read, CallError):
            raise CallFailed(read.code, read.description, read.details)
        if read.action != action.name:
            raise _invalid(f"it answers {shorten(read.action)}, not {action.name}", message_id)
        leniency = self._settings.leniency_for(self.identity)
        try:
            return codec.decode(request.response_type(), read.payload, leniency)
        except ConstraintError as error:
            raise InvalidResponse(
                error.kind.code, error.path, str(error), message_id=message_id
            ) from None

    def _read(self, answer: Answer, message_id: str) -> CallError | CallResult[Any]:
        limit = self._settings.message_limit
        is_error = answer.status >= HTTPStatus.BAD_REQUEST
        try:
            body = inflate(answer.body, answer.encoding, limit)
            read = framing.unframe(body, side=self.side, identity=self.identity)
        except ContentError as error:
            raise _invalid(str(error), message_id) from None
        except Fault as fault:
            if is_error:
                raise _http_error(answer.status) from None
            raise InvalidResponse(
                fault.code, fault.path or "", fault.description, message_id=message_id
            ) from None
        if is_error and not isinstance(read, CallError):
            raise _http_error(answer.status)
        if not isinstance(read, CallError | CallResult):
            raise _invalid("it is a call", message_id)
        return read


def plain(structure: Structure) -> dict[str, Any]:
    """Return a message as zeep takes one: wire names, plain values, absent fields left out."""
    values: dict[str, Any] = {}
    for field in type(structure).SPEC.fields:
        value = getattr(structure, field.name)
        if value is not None:
            values[field.wire] = (
                [_plain(field, item) for item in value] if field.many else _plain(field, value)
            )
    return values


def _plain(field: FieldSpec, value: Any) -> Any:
    if isinstance(value, Structure):
        return plain(value)
    if isinstance(value, WireEnum):
        return value.value
    # zeep writes a float with an exponent, which xs:decimal does not have.
    return Decimal(repr(value)) if field.kind is FieldKind.TENTHS else value


def _add_address(header: etree._Element, name: str, address: str) -> None:
    element = etree.SubElement(header, f"{{{WSA}}}{name}")
    etree.SubElement(element, f"{{{WSA}}}Address").text = address


def _invalid(reason: str, message_id: str) -> InvalidResponse:
    return InvalidResponse(ErrorCode.PROTOCOL_ERROR, "", reason, message_id=message_id)


def _http_error(status: int) -> CallFailed:
    return CallFailed(ErrorCode.GENERIC_ERROR, f"HTTP {status}, without a fault")


def _add(body: bytearray, chunk: bytes, limit: int) -> None:
    body += chunk
    if len(body) > limit:
        reason = f"it has more than {limit} bytes"
        raise InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", reason)


class _Poster(NoNetwork):
    """Posts by `requests`: no redirect, a limit of the answer's size and of the whole time."""

    def __init__(self, settings: Settings, session: requests.Session | None) -> None:
        zeep.Transport.__init__(self, session=session)
        if session is None:
            # No proxy and no password of the environment: whom we call was decided elsewhere.
            self.session.trust_env = False
        self._limit = settings.message_limit
        self._connect = settings.soap_connect_timeout.total_seconds()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Answer:
        """Post an envelope."""
        seconds = _seconds.get()
        due = time.monotonic() + seconds
        body = bytearray()
        with self.session.post(
            address,
            data=message,
            headers=headers,
            timeout=(min(self._connect, seconds), seconds),
            stream=True,
            # An address that was allowed must not send us on to one that is not.
            allow_redirects=False,
        ) as response:
            # Not inflated by requests, which has no limit for that; and what is there at once,
            # since a full block may never come.
            while chunk := response.raw.read1(8192, decode_content=False):
                _add(body, chunk, self._limit)
                if time.monotonic() > due:
                    raise requests.Timeout
            encoding = response.headers.get("Content-Encoding")
            return Answer(response.status_code, encoding, bytes(body))

    def close(self) -> None:
        """Close what is ours."""
        if self._close_session:
            self.session.close()


class _AsyncPoster(zeep.transports.AsyncTransport):  # type: ignore[misc]
    """Posts by httpx, within the same limits; the time of the whole is kept by the caller."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None) -> None:
        # Not zeep's: it makes two clients, one to load what we never load.
        self._limit = settings.message_limit
        self._is_ours = http is None
        self._timeout = httpx.Timeout(None, connect=settings.soap_connect_timeout.total_seconds())
        self._http = http
        self._close_session = False

    async def post_xml(self, address: str, envelope: Any, headers: dict[str, str]) -> Answer:
        """Post an envelope."""
        if self._http is None:
            self._http = httpx.AsyncClient(trust_env=False)
        message = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
        body = bytearray()
        async with self._http.stream(
            "POST",
            address,
            content=message,
            headers=headers,
            timeout=self._timeout,
            follow_redirects=False,
        ) as response:
            async for chunk in response.aiter_raw(8192):
                _add(body, chunk, self._limit)
            encoding = response.headers.get("Content-Encoding")
            return Answer(response.status_code, encoding, bytes(body))

    async def aclose(self) -> None:
        """Close what is ours."""
        if self._is_ours and self._http is not None:
            await self._http.aclose()
            self._http = None
