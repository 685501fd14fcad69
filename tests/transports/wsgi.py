"""SOAP services as WSGI applications: behind a real socket, and called without one."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import attrs
from lxml import etree

from ocpp16 import messages
from ocpp16.bindings.ocpps import OcppS
from ocpp16.bindings.ocpps.envelope import SOAP, SoapEnvelope, read
from ocpp16.envelope import Call
from ocpp16.spec import Side
from ocpp16.structure import Request


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(application: Any, path: str = "/ocpp") -> Iterator[str]:
    """Serve an application; the URL comes out."""
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


CHARGER = OcppS(side=Side.CHARGE_POINT, identity="CP1", from_address="http://127.0.0.1:1/")
BACKEND = OcppS(side=Side.CENTRAL_SYSTEM, identity="CP1", from_address="http://127.0.0.1:1/")


@attrs.frozen
class Reply:
    """What a WSGI application answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: Any

    @property
    def envelope(self) -> SoapEnvelope:
        return read(self.body)

    @property
    def fault(self) -> tuple[int, str, str | None, str]:
        """HTTP status, code, subcode, text."""
        root = etree.fromstring(self.body)
        code = root.findtext(f".//{{{SOAP}}}Code/{{{SOAP}}}Value") or ""
        found = self.envelope.fault
        assert found is not None
        return self.status, code.rpartition(":")[2], found.subcode, found.text


def post(wsgi: Any, body: bytes, **environment: Any) -> Reply:
    """Post a body as a WSGI server does; the caller closes the chunks."""
    told: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=int(status[:3]), headers=dict(headers))

    chunks = wsgi(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/ocpp",
            "QUERY_STRING": "",
            "SERVER_NAME": "central",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "192.0.2.7",
            "CONTENT_TYPE": "application/soap+xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }
        | environment,
        start_response,
    )
    return Reply(told["status"], told["headers"], b"".join(chunks), chunks)


def call(request: Request[Any], *, binding: OcppS = CHARGER, id: str = "m1") -> bytes:
    """Return the envelope of a request."""
    name = type(request).__name__.removesuffix("Request")
    return binding.frame(Call(id, name, binding.encode(request)))


def beat() -> bytes:
    """Return the envelope of a Heartbeat."""
    return call(messages.HeartbeatRequest())
