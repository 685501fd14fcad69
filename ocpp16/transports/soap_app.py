"""The receiving end of SOAP, as an ASGI 3 application: one endpoint, one envelope a request.

Knows HTTP, its limits, and how a fault shows in the status. Which connection a request belongs to
is for its `Desk` to say. Needs no framework, and runs under any ASGI server. Spec: S 3, 4.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

import attrs

from ocpp16.bindings.ocpps import new_urn, wsdl
from ocpp16.bindings.ocpps.content import (
    ACCEPTED_TYPES,
    CONTENT_TYPE,
    ContentError,
    deflate,
    inflate,
)
from ocpp16.bindings.ocpps.envelope import SOAP, SoapEnvelope, SoapFrame, read_frame
from ocpp16.bindings.ocpps.faults import EnvelopeFault, soap_code
from ocpp16.bindings.ocpps.framing import RESPONSE, frame_envelope_fault, frame_error
from ocpp16.bindings.ocpps.xml import parse
from ocpp16.clock import Clock
from ocpp16.envelope import CallError
from ocpp16.errors import Fault
from ocpp16.security.activity import Trouble, UnusualActivity
from ocpp16.security.client_certificate import ClientCertificate
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.structure import shorten
from ocpp16.transports.address import format_address
from ocpp16.transports.asgi_link import certificate_in, is_secure
from ocpp16.transports.soap_connection import SoapConnection
from ocpp16.transports.task import time_limit
from ocpp16.transports.watch import Watch, unwatched

logger = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

COMPRESS_FROM: Final = 1024
"""Smaller answers are not worth compressing."""
DRAINED: Final = 16
"""So many times the limit of a body is read and thrown away, so that the client comes to read why
it was refused instead of meeting a closed connection."""
REASON_SHOWN: Final = 200
"""Characters of a reason in an event."""
_LIMITED: Final = {
    408: UnusualActivity.LIMIT_HIT,
    413: UnusualActivity.LIMIT_HIT,
}
CHARSETS: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})


@attrs.frozen(kw_only=True)
class Head:
    """The head of a request."""

    url: str
    """The URL of the endpoint."""
    host: str | None
    """Address that it came from."""
    address: str | None
    """The same with the port."""
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    """Names in lower case."""
    secure: bool = False
    """Whether it came over TLS."""
    certificate: ClientCertificate | None = None
    """The TLS client certificate, its path verified."""

    def header(self, name: str) -> str:
        """Return the value of a header field, empty where there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""


@attrs.frozen(kw_only=True)
class Reply:
    """An HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    closes: bool = False
    """Whether the TCP connection ends with it."""


class Desk(Protocol):
    """Where requests are brought."""

    async def connection_for(self, frame: SoapFrame, head: Head) -> SoapConnection | Reply:
        """Return the connection that a request belongs to, or the response that refuses it."""
        raise NotImplementedError


class SoapApp:
    """An ASGI application for one endpoint.

    Args:
        desk: Where requests are brought.
        side: Which side we are.
        path: Path of the endpoint.
        url: Returns the URL of the endpoint for an ASGI scope.
        settings: Limits and timers.
        clock: Where timers run.
        watch: Is told of limits that are reached, and of what is no envelope.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        side: Side,
        path: str,
        url: Callable[[Scope], str],
        settings: Settings,
        clock: Clock,
        watch: Watch = unwatched,
    ) -> None:
        self._desk = desk
        self._watch = watch
        self._side = side
        self._path = path.rstrip("/")
        self._url = url
        self._settings = settings
        self._clock = clock
        self.is_stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"an ASGI scope of type {scope['type']!r} is not served here")
        answer = Answer(scope, send)
        try:
            await self._serve(scope, receive, answer)
        except _Stuck:
            # The server drops a connection whose application ends without a whole answer.
            logger.warning("a client does not read its answer: it is dropped")
        except Exception:
            # Whatever it was, the client learns nothing of how it came about.
            logger.exception("an HTTP request could not be served")
            if not answer.has_begun:
                await answer.send(_plain(HTTPStatus.INTERNAL_SERVER_ERROR, closes=True))

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        refusal = self._refuse(scope)
        if refusal is not None:
            await answer.send(refusal)
            return
        if scope["method"] != "POST":
            await answer.send(self._describe(scope))
            return
        head = _head(scope, self._url(scope))
        try:
            body = await self._read(receive, head)
        except _Gone:
            return
        except ContentError as error:
            self._tell(_LIMITED.get(error.status, UnusualActivity.INVALID_MESSAGE), error, head)
            await answer.send(_plain(error.status, str(error), closes=True))
            return
        try:
            _check_charset(head.header("content-type"))
            frame = read_frame(body)
            _check_request(frame.envelope)
        except EnvelopeFault as fault:
            self._tell(UnusualActivity.INVALID_MESSAGE, fault, head)
            await answer.send(envelope_refusal(fault, self._side))
            return
        found = await self._desk.connection_for(frame, head)
        if isinstance(found, Reply):
            await answer.send(found)
            return
        async with found.exchange(frame) as told:
            if told is None:
                reply = _plain(HTTPStatus.SERVICE_UNAVAILABLE, closes=self.is_stopping)
            else:
                reply = _envelope(told, head)
            await self._send_in_time(answer, reply)

    def _tell(self, activity: UnusualActivity, error: Exception, head: Head) -> None:
        # What it says quotes what came: bounded here, and escaped in the log.
        reason = shorten(str(error), REASON_SHOWN)
        self._watch(Trouble(activity=activity, reason=reason, address=head.address))

    async def _send_in_time(self, answer: Answer, reply: Reply) -> None:
        # A client that does not read must not keep its exchange open: whoever waits for all answers
        # to leave (hooks, the stop) would wait for it.
        seconds = self._settings.soap_body_timeout.total_seconds()
        try:
            async with time_limit(self._clock, seconds):
                await answer.send(reply)
        except TimeoutError:
            raise _Stuck from None

    def _refuse(self, scope: Scope) -> Reply | None:
        fields = list(scope["headers"])
        if len(fields) > self._settings.header_count or any(
            len(name) + len(value) > self._settings.header_size for name, value in fields
        ):
            reason = "the head of a request is too large"
            self._watch(
                Trouble(
                    activity=UnusualActivity.LIMIT_HIT, reason=reason, address=address_in(scope)
                )
            )
            return _plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, closes=True)
        if _conflicts(fields):
            return _plain(HTTPStatus.BAD_REQUEST, "the lengths contradict each other", closes=True)
        if local_path(scope).rstrip("/") != self._path:
            return _plain(HTTPStatus.NOT_FOUND, closes=True)
        if self.is_stopping:
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, closes=True)
        return None

    def _describe(self, scope: Scope) -> Reply:
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        if scope["method"] not in {"GET", "HEAD"} or not any(
            name.lower() == "wsdl" for name, _ in query
        ):
            allow = ("allow", "POST, GET, HEAD")
            return attrs.evolve(
                _plain(HTTPStatus.METHOD_NOT_ALLOWED, closes=True), headers=(allow,)
            )
        return Reply(
            status=HTTPStatus.OK,
            body=describe(self._side, self._url(scope)),
            content_type="text/xml; charset=utf-8",
        )

    async def _read(self, receive: Receive, head: Head) -> bytes:
        """Return the body of a request, inflated.

        Raises:
            ContentError: It is too large, too slow, or of a kind that is not read.
        """
        limit = self._settings.message_limit
        declared = head.header("content-length")
        is_large = declared.isdecimal() and int(declared[:19]) > limit
        if is_large and head.header("expect").lower() == "100-continue":
            raise ContentError(413, f"the body has more than {limit} bytes")
        data = bytearray()
        size = 0
        try:
            seconds = self._settings.soap_body_timeout.total_seconds()
            async with time_limit(self._clock, seconds):
                async for part in _parts(receive):
                    size += len(part)
                    if size > DRAINED * limit:
                        break
                    if size <= limit:
                        data += part
        except TimeoutError:
            raise ContentError(408, "the body did not come in time") from None
        if size > limit:
            raise ContentError(413, f"the body has more than {limit} bytes")
        kind = head.header("content-type").partition(";")[0].strip().lower()
        if kind and kind not in ACCEPTED_TYPES:
            raise ContentError(415, "the body is not SOAP 1.2 (application/soap+xml)")
        return inflate(bytes(data), head.header("content-encoding"), limit)


class Answer:
    """The response to one request, not begun yet.

    Args:
        scope: The request.
        send: Where the response goes.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.has_begun = False

    async def send(self, reply: Reply) -> None:
        """Send a response."""
        headers = [("content-length", str(len(reply.body))), *reply.headers]
        if reply.body:
            headers.append(("content-type", reply.content_type))
        if reply.closes and self._scope.get("http_version", "1.1").startswith("1"):
            headers.append(("connection", "close"))
        self.has_begun = True
        await self._send(
            {
                "type": "http.response.start",
                "status": int(reply.status),
                "headers": [(name.encode(), value.encode()) for name, value in headers],
            }
        )
        body = b"" if self._scope["method"] == "HEAD" else reply.body
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


class _Stuck(Exception):
    """The client does not read its answer."""


class _Gone(Exception):
    """The client has left."""


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def local_path(scope: Scope) -> str:
    """Return the path of a request below where the application is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    # RFC 9112, 3.2.2: the whole URL has to be taken, too. Servers hand it on as it is.
    if path[:8].lower().startswith(("http://", "https://")):
        path = f"/{path.partition('://')[2].partition('/')[2]}"
    # The path has the mount point in it by the ASGI specification, and not in every server.
    return path[len(root) :] if root and f"{path}/".startswith(f"{root}/") else path


def describe(side: Side, url: str) -> bytes:
    """Return the WSDL of a side's service, with the address where it is served."""
    text = wsdl(side).decode()
    before, mark, after = text.partition('address location="')
    return f"{before}{mark}{escape(url, _QUOTE)}{after[after.index(chr(34)) :]}".encode()


_QUOTE: Final = {'"': "&quot;"}


def fault_reply(fault: Fault, side: Side, *, status: int | None = None) -> Reply:
    """Return the response that answers a request with a fault."""
    error = CallError(fault.message_id or "", fault.code, fault.description)
    return Reply(
        status=soap_code(fault.code).status if status is None else status,
        body=frame_error(error, side=side, message_id=new_urn()),
        content_type=CONTENT_TYPE,
    )


def envelope_refusal(fault: EnvelopeFault, side: Side) -> Reply:
    """Return the response to what is no envelope that is read."""
    return Reply(
        status=fault.soap.status,
        body=frame_envelope_fault(fault, side=side, message_id=new_urn()),
        content_type=CONTENT_TYPE,
    )


def status_of(envelope: bytes) -> int:
    """Return the HTTP status of an envelope of ours: 200, or that of the fault in it."""
    if b"Fault>" not in envelope:
        return 200
    code = parse(envelope).findtext(
        f"{{{SOAP}}}Body/{{{SOAP}}}Fault/{{{SOAP}}}Code/{{{SOAP}}}Value"
    )
    if code is None:
        return 200
    return 400 if code.rpartition(":")[2] == "Sender" else 500


def _envelope(data: bytes, head: Head) -> Reply:
    reply = Reply(status=status_of(data), body=data, content_type=CONTENT_TYPE)
    if len(data) < COMPRESS_FROM or not _accepts_gzip(head.header("accept-encoding")):
        return reply
    headers = (("content-encoding", "gzip"), ("vary", "accept-encoding"))
    return attrs.evolve(reply, body=deflate(data, "gzip"), headers=headers)


def _accepts_gzip(field: str) -> bool:
    for item in field.lower().split(","):
        name, _, quality = item.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _plain(status: int, reason: str = "", *, closes: bool = False) -> Reply:
    text = reason or HTTPStatus(status).phrase
    return Reply(status=status, body=f"{text}\n".encode(), closes=closes)


def address_in(scope: Scope) -> str | None:
    """Return where a request came from, as `host:port`."""
    client = scope.get("client")
    return None if not client else format_address(tuple(client))


def _head(scope: Scope, url: str) -> Head:
    client = scope.get("client")
    return Head(
        url=url,
        host=None if not client else str(client[0]),
        address=address_in(scope),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        secure=is_secure(scope),
        certificate=certificate_in(scope),
    )


def _conflicts(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    lengths: set[bytes] = set()
    is_chunked = False
    for name, value in fields:
        match name.lower():
            case b"content-length":
                lengths.add(value)
            case b"transfer-encoding":
                is_chunked = True
    return len(lengths) > 1 or (is_chunked and bool(lengths))


def _check_charset(content_type: str) -> None:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in CHARSETS:
            raise EnvelopeFault("the encoding is not UTF-8")


def _check_request(read: SoapEnvelope) -> None:
    # S 3: an answer comes in the exchange of its call, never as a request.
    if read.fault is not None or (read.body_name or "").endswith(RESPONSE):
        raise EnvelopeFault("the body is no request", message_id=read.message_id)


def scope_url(scope: Scope, path: str) -> str:
    """Return the URL of an endpoint, as far as an ASGI scope tells."""
    server = scope.get("server") or ("localhost", None)
    host, port = str(server[0]), server[1]
    shown = f"[{host}]" if ":" in host else host
    root = str(scope.get("root_path", "")).rstrip("/")
    scheme = str(scope.get("scheme", "http"))
    return urlsplit(f"{scheme}://{shown}{'' if port is None else f':{port}'}{root}{path}").geturl()
