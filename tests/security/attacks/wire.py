"""An attacker's sockets: blocking, and nothing of the library in them."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final

from tests.transports.raw_socket import CLOSE, PING, PONG, TEXT, frame

SECONDS: Final = 10.0
"""Whatever takes longer is a failure."""


class Wire:
    """One TCP connection, with or without TLS."""

    def __init__(self, raw: socket.socket) -> None:
        self._socket = raw
        self._unread = b""

    def send(self, data: bytes) -> None:
        """Send all of it, or as much as the server takes before it hangs up."""
        with suppress(ConnectionError, ssl.SSLError):
            self._socket.sendall(data)

    def finish(self) -> None:
        """Send no more."""
        self._socket.shutdown(socket.SHUT_WR)

    def read(self, count: int) -> bytes:
        """Return so many bytes.

        Raises:
            EOFError: The server has closed.
        """
        while len(self._unread) < count:
            self._more()
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def read_until(self, end: bytes) -> bytes:
        """Return what comes up to a mark, the mark included."""
        while end not in self._unread:
            self._more()
        return self.read(self._unread.index(end) + len(end))

    def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        try:
            while True:
                self._more()
        except EOFError:
            return self._unread

    def _more(self) -> None:
        try:
            data = self._socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            raise EOFError
        self._unread += data

    # HTTP

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, header fields and body of a response."""
        head = self.read_until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        status = int(first.split(" ")[1])
        if status == 100:
            return self.response()
        return status, headers, self.read(int(headers.get("content-length", "0")))

    # WebSocket

    def upgrade(self, target: str = "/ocpp/EVIL", more: str = "") -> int:
        """Ask for a WebSocket as a charge point does; return the status."""
        self.send(handshake(target, more))
        return self.response()[0]

    def say(self, text: str) -> None:
        """Send a text."""
        self.send(frame(TEXT, text.encode()))

    def hear(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame, pings and pongs left out."""
        while True:
            first, second = self.read(2)
            length = second & 0x7F
            if length > 125:
                length = int.from_bytes(self.read(2 if length == 126 else 8))
            opcode, payload = first & 0x0F, self.read(length)
            if opcode not in {PING, PONG}:
                return opcode, payload

    def hear_call(self) -> list[Any]:
        """Return the next text as the array that it is."""
        opcode, payload = self.hear()
        assert opcode == TEXT, (opcode, payload)
        array: list[Any] = json.loads(payload)
        return array

    def hear_close(self) -> int:
        """Return the code of the close frame, which has to be the next that comes."""
        opcode, payload = self.hear()
        assert opcode == CLOSE, (opcode, payload)
        return int.from_bytes(payload[:2])


def handshake(target: str = "/ocpp/EVIL", more: str = "") -> bytes:
    """Return the request of a charge point."""
    return (
        f"GET {target} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: ocpp1.6\r\n{more}\r\n"
    ).encode("latin-1")


def post(body: bytes, more: str = "", *, path: str = "/ocpp") -> bytes:
    """Return a request with an envelope."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/soap+xml; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode("latin-1") + body


SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
CS: Final = "urn://Ocpp/Cs/2015/10/"


def soap_head(identity: str = "EVIL", action: str = "Heartbeat") -> str:
    """Return the headers of a charge point's request."""
    return (
        f"<o:chargeBoxIdentity>{identity}</o:chargeBoxIdentity><a:Action>/{action}</a:Action>"
        "<a:MessageID>urn:uuid:1</a:MessageID>"
        "<a:From><a:Address>http://127.0.0.1:9/</a:Address></a:From>"
    )


def envelope(
    body: str = "<o:heartbeatRequest/>",
    head: str | None = None,
    *,
    before: str = "",
    attributes: str = "",
    soap: str = SOAP,
    service: str = CS,
) -> bytes:
    """Return the envelope of a charge point's request, part by part."""
    header = soap_head() if head is None else head
    return (
        f'{before}<s:Envelope xmlns:s="{soap}" xmlns:a="{WSA}" xmlns:o="{service}"{attributes}>'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


_VALUE: Final = re.compile(rb"<[\w:]*Value>(?:\w+:)?(\w+)</")


def fault_in(body: bytes) -> tuple[str, str | None]:
    """Return code and subcode of a Fault."""
    code, *subcodes = (value.decode() for value in _VALUE.findall(body))
    return code, subcodes[0] if subcodes else None


@contextmanager
def dial(
    port: int, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> Iterator[Wire]:
    """Connect from an address of this machine."""
    plain = socket.create_connection(("127.0.0.1", port), SECONDS, source_address=(host, 0))
    with closing(plain):
        if context is None:
            yield Wire(plain)
            return
        with closing(context.wrap_socket(plain, server_hostname="localhost")) as wrapped:
            yield Wire(wrapped)
