"""What a SOAP server writes, and in how many system calls."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("uvicorn")

import h11

from ocpp16.transports.soap_server import WholeAnswers


class Recording(asyncio.Transport):
    """A transport that notes each write."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))


def test_an_answer_leaves_in_one_piece() -> None:
    raw = Recording()
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    while connection.next_event() is not h11.PAUSED and connection.their_state is not h11.DONE:
        pass
    transport = WholeAnswers(raw, connection)
    transport.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])))
    assert raw.written == [b"HTTP/1.1 100 \r\n\r\n"]
    transport.write(
        connection.send(h11.Response(status_code=200, headers=[("Content-Length", "3")]))
    )
    transport.write(connection.send(h11.Data(data=b"abc")))
    assert len(raw.written) == 1
    transport.write(connection.send(h11.EndOfMessage()))
    assert raw.written[1:] == [b"HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc"]
    assert transport.get_extra_info("peername") == ("127.0.0.1", 1)
