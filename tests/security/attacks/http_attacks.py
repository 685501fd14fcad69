"""Attacks by HTTP requests: lengths, chunks, fields, encodings, methods, targets."""

from __future__ import annotations

import gzip
import zlib
from typing import Final

from tests.security.attacks.attack import PROTOCOL, Attack, Expected, Http
from tests.security.attacks.wire import envelope, post

GOOD: Final = envelope()
BOMB: Final = b"<a>" + b" " * 30_000_000 + b"</a>"
ENDS: Final = Http(400, ends=True)


def _raw(id: str, tries: str, sent: bytes | str, expected: Expected = ENDS) -> Attack:
    data = sent if isinstance(sent, bytes) else sent.encode("latin-1")
    return Attack(f"http-{id}", tries, data, expected)


def _chunked(*chunks: bytes, more: str = "") -> bytes:
    head = f"POST /ocpp HTTP/1.1\r\nHost: a\r\n{more}Transfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(chunks)


def _lengths(fields: str) -> bytes:
    return f"POST /ocpp HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode() + GOOD


_SIZE: Final = len(GOOD)

ALL: Final = [
    _raw("garbage", "bytes without meaning", bytes(range(256)) + b"\r\n\r\n"),
    _raw("tls", "a TLS handshake on a port without TLS",
         b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n"),
    _raw("ssh", "another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    _raw("http2", "the opening of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Http(404)),
    _raw("line", "a request line without version", "GET /ocpp\r\n\r\n"),
    _raw("version", "a version that does not exist", "GET /ocpp HTTP/9.9\r\nHost: a\r\n\r\n",
         Http(405)),
    _raw("no-host", "no Host", "POST /ocpp HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    _raw("two-hosts", "two Hosts", "GET /ocpp HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    _raw("get", "another method", "GET /ocpp HTTP/1.1\r\nHost: a\r\n\r\n", Http(405, ends=True)),
    _raw("delete", "another method", "DELETE /ocpp HTTP/1.1\r\nHost: a\r\n\r\n",
         Http(405, ends=True)),
    _raw("trace", "a method that repeats what it was told",
         "TRACE /ocpp HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n\r\n", Http(405, ends=True)),
    _raw("connect", "a method for proxies", "CONNECT /ocpp HTTP/1.1\r\nHost: a\r\n\r\n",
         Http(405, ends=True)),
    _raw("path", "another path", post(GOOD, path="/admin"), Http(404, ends=True)),
    _raw("path-up", "a file of the machine", post(GOOD, path="/ocpp/../../etc/passwd"),
         Http(404, ends=True)),
    _raw("path-nul", "a NUL in the path", post(GOOD, path="/ocpp%00"), Http(404, ends=True)),
    _raw("path-long", "a path of 60,000 characters", post(GOOD, path="/" + "a" * 60_000),
         Http(404, ends=True)),
    _raw("length-twice", "two lengths", _lengths(f"Content-Length: {_SIZE}\r\nContent-Length: 5\r\n")),
    _raw("length-list", "two lengths in one field", _lengths(f"Content-Length: {_SIZE}, 5\r\n")),
    _raw("length-minus", "a negative length", _lengths("Content-Length: -1\r\n")),
    _raw("length-plus", "a length with a plus", _lengths(f"Content-Length: +{_SIZE}\r\n")),
    _raw("length-hex", "a hexadecimal length", _lengths("Content-Length: 0x10\r\n")),
    _raw("length-text", "a length that is none", _lengths("Content-Length: many\r\n")),
    _raw("length-and-chunks", "a length, and chunks (request smuggling)",
         _chunked(b"0\r\n\r\n", more="Content-Length: 6\r\n")),
    _raw("chunks-twice", "chunks in chunks",
         _chunked(b"0\r\n\r\n", more="Transfer-Encoding: chunked\r\n")),
    _raw("chunks-gzip", "a coding that is not read", _lengths("Transfer-Encoding: gzip\r\n")),
    _raw("chunk-size", "a chunk whose size is no number", _chunked(b"x\r\n\r\n")),
    _raw("chunk-minus", "a chunk of a negative size", _chunked(b"-1\r\n\r\n")),
    _raw("chunk-huge", "a chunk of more bytes than there are", _chunked(b"f" * 25 + b"\r\n")),
    _raw("chunk-long", "a chunk that is longer than it says", _chunked(b"1\r\nabc\r\n0\r\n\r\n")),
    _raw("length-442-mb", "a body said to have 442 MB, not to be sent before it is asked for",
         "POST /ocpp HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 442000000\r\n\r\n",
         Http(413, ends=True)),
    _raw("body-large", "a body of 140,000 bytes", post(GOOD.ljust(140_000)), Http(413, ends=True)),
    _raw("body-chunks", "chunks that are too large together",
         _chunked(b"1000\r\n" + b" " * 4096 + b"\r\n" * 1, *[b"1000\r\n" + b" " * 4096 + b"\r\n"] * 40,
                  b"0\r\n\r\n"), Http(413, ends=True)),
    _raw("fields-many", "100 fields", post(GOOD, "X: y\r\n" * 100), Http(431, ends=True)),
    _raw("fields-20000", "20,000 fields", post(GOOD, "X: y\r\n" * 20_000), Http(431, ends=True)),
    _raw("field-long", "a field of 9,000 characters", post(GOOD, f"X: {'y' * 9000}\r\n"),
         Http(431, ends=True)),
    _raw("field-1000000", "a field of a million characters", post(GOOD, f"X: {'y' * 1_000_000}\r\n"),
         Http(431, ends=True)),
    _raw("field-no-colon", "a field without colon", post(GOOD, "nothing\r\n")),
    _raw("field-space", "a space before the colon", post(GOOD, "X : y\r\n")),
    _raw("field-nul", "a NUL in a field", post(GOOD, "X: a\0b\r\n")),
    _raw("field-empty", "a field without name", post(GOOD, ": y\r\n")),
    _raw("type-text", "a type that is not SOAP",
         post(GOOD).replace(b"application/soap+xml; charset=utf-8", b"text/plain"),
         Http(415, ends=True)),
    _raw("type-form", "a form, as a page elsewhere can send it",
         post(GOOD).replace(b"application/soap+xml; charset=utf-8",
                            b"application/x-www-form-urlencoded"), Http(415, ends=True)),
    _raw("charset", "an encoding that the field says",
         post(GOOD).replace(b"charset=utf-8", b"charset=utf-16"), PROTOCOL),
    _raw("encoding-br", "a compression that is not read", post(GOOD, "Content-Encoding: br\r\n"),
         Http(415, ends=True)),
    _raw("encoding-twice", "compressed twice", post(GOOD, "Content-Encoding: gzip, gzip\r\n"),
         Http(415, ends=True)),
    _raw("encoding-none", "said to be compressed, and not", post(GOOD, "Content-Encoding: gzip\r\n")),
    _raw("gzip-bomb", "30 MB in 30 kB", post(gzip.compress(BOMB), "Content-Encoding: gzip\r\n"),
         Http(413, ends=True)),
    _raw("deflate-bomb", "likewise", post(zlib.compress(BOMB), "Content-Encoding: deflate\r\n"),
         Http(413, ends=True)),
    _raw("gzip-cut", "a compressed body cut off",
         post(gzip.compress(GOOD)[:-9], "Content-Encoding: gzip\r\n")),
    _raw("gzip-two", "two compressed bodies in one",
         post(gzip.compress(GOOD) * 2, "Content-Encoding: gzip\r\n")),
    _raw("upgrade", "a WebSocket, where there is none",
         "GET /ocpp HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n",
         Http(405, ends=True)),
]  # fmt: skip
