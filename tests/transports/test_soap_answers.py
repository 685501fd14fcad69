"""What a SOAP server writes, and in how many system calls."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("uvicorn")

import h11

from ocpp16.transports.soap_server import HeadWithBody


class Recording(asyncio.Transport):
    """A transport that notes each write."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))


def asked() -> h11.Connection:
    """Return a connection over which a request has come."""
    connection = h11.Connection(h11.SERVER)
    ask(connection)
    return connection


def ask(connection: h11.Connection) -> None:
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    while connection.their_state is not h11.DONE:
        connection.next_event()


def test_head_and_body_of_an_answer_leave_in_one_piece() -> None:
    raw, connection = Recording(), asked()
    transport = HeadWithBody(raw, connection)
    transport.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])))
    assert raw.written == [b"HTTP/1.1 100 \r\n\r\n"]
    transport.write(
        connection.send(h11.Response(status_code=200, headers=[("Content-Length", "3")]))
    )
    assert len(raw.written) == 1
    transport.write(connection.send(h11.Data(data=b"abc")))
    assert raw.written[1:] == [b"HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc"]
    assert transport.get_extra_info("peername") == ("127.0.0.1", 1)


def test_a_stream_leaves_as_it_comes() -> None:
    raw, connection = Recording(), asked()
    transport = HeadWithBody(raw, connection)
    transport.write(connection.send(h11.Response(status_code=200, headers=[])))
    assert raw.written == [b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"]
    transport.write(connection.send(h11.Data(data=b"one")))
    transport.write(connection.send(h11.Data(data=b"content-length:")))
    assert raw.written[1:] == [b"3\r\none\r\n", b"f\r\ncontent-length:\r\n"]


def test_a_long_body_is_not_gathered() -> None:
    raw, connection = Recording(), asked()
    transport = HeadWithBody(raw, connection)
    transport.write(
        connection.send(h11.Response(status_code=200, headers=[("Content-Length", "6")]))
    )
    transport.write(connection.send(h11.Data(data=b"abc")))
    transport.write(connection.send(h11.Data(data=b"def")))
    assert raw.written == [b"HTTP/1.1 200 \r\nContent-Length: 6\r\n\r\nabc", b"def"]


def test_the_next_answer_is_held_in_turn() -> None:
    raw, connection = Recording(), asked()
    transport = HeadWithBody(raw, connection)
    for _ in range(2):
        transport.write(
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
        )
        held = len(raw.written)
        transport.write(connection.send(h11.EndOfMessage()))
        assert len(raw.written) == held + 1
        connection.start_next_cycle()
        ask(connection)
