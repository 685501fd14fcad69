"""One OCPP-J connection over WebSocket, for both ends: frames in and out, pings, limits, the close.

Runs the sans-IO protocol of `websockets` on an asyncio transport, without a task or a queue of its
own: what arrives is pushed on at once. Knows no OCPP frame from within. The handshakes are in
`websocket_server` and `websocket_client`. Spec: RFC 6455; J 3 (text messages, subprotocol).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ocpp16.clock import Clock, Timer
from ocpp16.envelope import PeerInfo
from ocpp16.session.event import CallId, Exchange
from ocpp16.settings import Settings
from ocpp16.transports.connection import (
    INTERNAL_ERROR,
    NORMAL_CLOSURE,
    NOT_TEXT,
    NOT_UTF8,
    Receiver,
)
from ocpp16.transports.task import Signal

SUBPROTOCOL = Subprotocol("ocpp1.6")
NOT_READING = "the peer does not read"
REASON_LIMIT = 123
"""Bytes that a close frame has room for (RFC 6455, 5.5)."""

# How much of one connection is worked on before others get their turn. A frame may have two bytes,
# so bytes alone would be no bound; a piece is small so that no piece has many frames.
PIECE = 2048
BYTES_A_TURN = 64 * 1024
FRAMES_A_TURN = 64

# `websockets` writes header fields, passwords among them, and payloads to a log at level DEBUG.
# This logger stands outside the tree, so that no configuration can switch it on.
SILENT = logging.Logger("ocpp16.silent")  # noqa: LOG001
SILENT.disabled = True


class _Frames(Protocol):
    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; a close may stand between the fragments of a message (RFC 6455, 5.4).

        `websockets` would answer it with 1002.
        """
        if frame.opcode is Opcode.CLOSE:
            # The size of the message that is not complete, under both names that it has had.
            for name in {"current_size", "cur_size"} & vars(self).keys():
                setattr(self, name, None)
        super().recv_frame(frame)


class ServerFrames(_Frames, ServerProtocol):
    """The server's end of the sans-IO protocol."""


class ClientFrames(_Frames, ClientProtocol):
    """The client's end of the sans-IO protocol."""


class WebSocketConnection(asyncio.Protocol):
    """A WebSocket and the TCP connection under it; `Connection` once it is open.

    Args:
        protocol: The sans-IO protocol of our end.
        settings: Limits and timers.
        clock: Where timers run.
    """

    __slots__ = (
        "_clock",
        "_early",
        "_has_eof",
        "_inbox",
        "_info",
        "_is_closing",
        "_is_held",
        "_is_lost",
        "_is_over",
        "_message",
        "_over_reason",
        "_ping_interval",
        "_protocol",
        "_pumping",
        "_receiver",
        "_settings",
        "_state_changed",
        "_timer",
        "_transport",
        "_unanswered_pings",
    )
    _transport: asyncio.Transport

    def __init__(self, protocol: Protocol, *, settings: Settings, clock: Clock) -> None:
        self._protocol = protocol
        self._settings = settings
        self._clock = clock
        self._info: PeerInfo | None = None
        self._receiver: Receiver | None = None
        self._early: list[bytes] | None = None
        self._message: bytearray | None = None  # the fragments of one that is not complete
        self._inbox = bytearray()  # read, and not worked on yet
        self._pumping: asyncio.Handle | None = None
        self._has_eof = False
        self._is_held = False  # nothing is to be read until `start`
        self._is_over = False  # no frame comes or goes any more
        self._over_reason = ""
        self._is_closing = False  # the closing handshake has begun
        self._is_lost = False  # TCP is gone
        self._state_changed = Signal()
        # One timer at a time: first for the handshake, then for pings, at last for the close.
        self._timer: Timer | None = None
        self._ping_interval = 0.0
        self._unanswered_pings = 0

    # Connection

    @property
    def info(self) -> PeerInfo:
        """Who the peer is."""
        if self._info is None:
            raise RuntimeError("the connection is not open yet")
        return self._info

    def start(self, receiver: Receiver) -> None:
        """Give out frames from now on, those that have come already included."""
        self._receiver = receiver
        early, self._early = self._early, None
        for frame in early or ():
            receiver.frame_received(frame)
        if self._is_over:
            asyncio.get_running_loop().call_soon(receiver.connection_lost, self._over_reason)
        self._release()

    def send(
        self, frame: bytes, *, exchange: Exchange | None = None, call: CallId | None = None
    ) -> None:
        """Send a frame as a text message; once the connection has ended this does nothing."""
        if self._protocol.state is State.OPEN and not self._transport.is_closing():
            self._protocol.send_text(frame)
            self._write()

    def leave_unanswered(self, exchange: Exchange) -> None:
        """Do nothing: a WebSocket has no exchanges."""
        ...

    async def flush(self) -> None:
        """Wait until all that was sent has left this process, or the connection has ended."""
        while not self._is_lost and self._transport.get_write_buffer_size():
            await self._state_changed.wait()

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection; frames that still come are dropped."""
        self._is_over = True
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, _cut(reason))
            self._write()
            self._limit_close()
        elif self._protocol.state is State.CONNECTING:
            self._abort()

    async def wait_closed(self) -> None:
        """Wait until the TCP connection is gone."""
        while not self._is_lost:
            await self._state_changed.wait()

    def ping_every(self, seconds: float | None) -> None:
        """Send a ping every so often, and close when several in a row stay unanswered.

        Args:
            seconds: The interval; None or 0 stops it.
        """
        if self._is_closing:
            return  # Its timer is for that.
        self._stop_timer()
        self._ping_interval = seconds or 0.0
        self._unanswered_pings = 0
        if self._ping_interval:
            self._start_timer(self._ping_interval, self._ping)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the TCP connection, and give the handshake its time."""
        self._transport = cast("asyncio.Transport", transport)
        # With no room in the buffer, `resume_writing` tells when all of it has left.
        self._transport.set_write_buffer_limits(high=0)
        # One limit for both handshakes, where there was one of TLS before.
        spent = transport.get_extra_info("handshake_seconds", 0.0)
        left = max(0.0, self._settings.handshake_timeout.total_seconds() - spent)
        self._start_timer(left, self._abort)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self._inbox or self._is_held or len(data) > PIECE:
            self._inbox += data
            if self._pumping is None:
                self._pump()
        else:
            self._work_on(data)
            self._after_work()

    def eof_received(self) -> bool:
        """Take it that the peer sends no more; asyncio then closes the transport."""
        self._has_eof = True
        if self._inbox:
            return True  # Not before all that came was worked on.
        self._take_eof()
        return False

    def resume_writing(self) -> None:
        """Take it that the write buffer is empty."""
        self._state_changed.notify()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take it that the TCP connection is gone."""
        self._stop_timer()
        if self._pumping is not None:
            self._pumping.cancel()
        self._inbox.clear()
        self._is_lost = True
        self._protocol.receive_eof()
        self._ended(self._closing_reason() if exc is None else f"the connection broke: {exc}")
        self._state_changed.notify()

    # Inside

    def _pump(self) -> None:
        """Work on what was read, a bounded part of it, and on the rest in later turns."""
        self._pumping = None
        done = frames = 0
        while (
            done < min(len(self._inbox), BYTES_A_TURN)
            and frames < FRAMES_A_TURN
            and not self._is_held
        ):
            frames += self._work_on(bytes(self._inbox[done : done + PIECE]))
            done += PIECE
        del self._inbox[:done]
        self._after_work()
        if self._inbox and not self._is_held:
            self._pumping = asyncio.get_running_loop().call_soon(self._pump)
        elif self._has_eof and not self._inbox:
            self._take_eof()
            self._transport.close()
        self._set_reading()

    def _work_on(self, data: bytes) -> int:
        """Work on a piece of what was read; return how many frames it completed."""
        protocol = self._protocol
        protocol.receive_data(data)
        events = protocol.events_received()
        for event in events:
            self._take(event)
        self._write()
        if protocol.state is not State.OPEN and protocol.close_expected():
            self._ended(self._closing_reason())
            self._limit_close()
        return len(events)

    def _after_work(self) -> None:
        """Look at what has become of the connection; for subclasses."""

    def _take_eof(self) -> None:
        self._protocol.receive_eof()
        for event in self._protocol.events_received():
            self._take(event)
        self._write()

    def _hold(self) -> None:
        """Read nothing, and work on nothing that was read, until `_release`."""
        self._is_held = True
        self._set_reading()

    def _release(self) -> None:
        if self._is_held:
            self._is_held = False
            if self._inbox and self._pumping is None:
                self._pumping = asyncio.get_running_loop().call_soon(self._pump)
        self._set_reading()

    def _set_reading(self) -> None:
        if self._transport.is_closing():
            return
        if self._is_held or self._inbox:
            self._transport.pause_reading()
        elif not self._has_eof:
            self._transport.resume_reading()

    def _take(self, event: Request | Response | Frame) -> None:
        if isinstance(event, Frame):
            self._take_frame(event)
        else:
            self._take_handshake(event)

    def _take_handshake(self, message: Request | Response) -> None:
        raise NotImplementedError

    def _take_frame(self, frame: Frame) -> None:
        if self._is_over:
            return
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.CONT:
            if self._message is not None:
                self._message += frame.data
                if frame.fin:
                    message, self._message = bytes(self._message), None
                    self._take_message(message)
            elif frame.fin:
                self._take_message(bytes(frame.data))
            else:
                self._message = bytearray(frame.data)
        elif opcode is Opcode.BINARY:
            self._fail(NOT_TEXT, "OCPP-J messages are text")
        elif opcode is Opcode.PONG:
            self._unanswered_pings = 0
        # `websockets` answers pings and echoes a close by itself.

    def _take_message(self, message: bytes) -> None:
        if not message.isascii():
            try:
                message.decode()
            except UnicodeDecodeError:
                self._fail(NOT_UTF8, "the text is not UTF-8")
                return
        if self._receiver is not None:
            self._receiver.frame_received(message)
        elif self._early is None:
            self._early = [message]
        else:
            self._early.append(message)

    def _fail(self, code: int, reason: str) -> None:
        if self._protocol.state is State.OPEN:
            self._over_reason = f"closed by us: {reason}"
            self._protocol.fail(code, reason)
            self._write()
            self._limit_close()
        self._ended(self._over_reason)

    def _ended(self, reason: str) -> None:
        """Tell once that no frame comes or goes any more."""
        if self._is_over:
            return
        self._is_over = True
        self._over_reason = reason
        if self._receiver is not None:
            self._receiver.connection_lost(reason)

    def _closing_reason(self) -> str:
        if self._over_reason:
            return self._over_reason
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if received is not None and (sent is None or self._protocol.close_rcvd_then_sent):
            return f"closed by the peer: {received}"
        if sent is not None:
            return f"closed by us: {sent}"
        return "the connection was cut"

    def _write(self) -> None:
        chunks = self._protocol.data_to_send()
        if not chunks or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > self._settings.unsent_limit:
            # Asked before anything is added: a frame is never too large for a peer that reads.
            self._over_reason = self._over_reason or NOT_READING
            self._abort()
            return
        data = b"".join(chunks)
        if data:
            self._transport.write(data)
        if b"" in chunks:  # stands for the end of the stream
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()

    def _abort(self) -> None:
        self._transport.abort()

    def _ping(self) -> None:
        if self._unanswered_pings >= self._settings.missed_pongs:
            self._fail(INTERNAL_ERROR, "pings stay unanswered")
            return
        if self._protocol.state is State.OPEN:
            self._unanswered_pings += 1
            self._protocol.send_ping(b"")
            self._write()
            self._start_timer(self._ping_interval, self._ping)

    def _limit_close(self) -> None:
        """Give the peer its time for the closing handshake."""
        if self._is_closing:
            return
        self._is_closing = True
        self._stop_timer()
        self._start_timer(self._settings.close_timeout.total_seconds(), self._abort)

    def _start_timer(self, seconds: float, action: Callable[[], object]) -> None:
        if not self._is_lost:
            self._timer = self._clock.call_at(self._clock.time() + seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _cut(reason: str) -> str:
    return reason.encode()[:REASON_LIMIT].decode(errors="ignore")
