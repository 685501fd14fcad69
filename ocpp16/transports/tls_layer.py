"""TLS below a protocol of asyncio: what is above sees a transport that opens after the handshake.

Not asyncio's own TLS, which takes 256 KiB for each connection from its first byte on, tells nobody
why a handshake failed, and counts none that is under way. Knows sockets, and of TLS only its engine
(`security.tls`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from ocpp16.clock import Clock, Timer
from ocpp16.security.activity import Trouble, UnusualActivity
from ocpp16.security.tls import ClientTls, ServerTls, TlsEngine, TlsFailure
from ocpp16.settings import Settings
from ocpp16.transports.address import format_address
from ocpp16.transports.watch import Watch


class Handshakes(Protocol):
    """Who counts the handshakes that are under way."""

    def began(self, layer: TlsLayer) -> None:
        """Take it that a TCP connection is there."""
        ...

    def ended(self, layer: TlsLayer, failure: TlsFailure | None) -> None:
        """Take it that a handshake is over, and what failed."""
        ...


class TlsTransport(asyncio.Transport):
    """What the protocol above has for a transport.

    Args:
        layer: The layer below.
        raw: The TCP connection.
        engine: Our end of the link.
        seconds: How long its handshake took.
    """

    def __init__(
        self, layer: TlsLayer, raw: asyncio.Transport, engine: TlsEngine, seconds: float
    ) -> None:
        super().__init__()
        self._seconds = seconds
        self._layer = layer
        self._raw = raw
        self._engine = engine
        self._is_closing = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known: `tls_engine`, `handshake_seconds`, and what TCP knows."""
        if name == "tls_engine":
            return self._engine
        if name == "handshake_seconds":
            return self._seconds
        return self._raw.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        if self._is_closing or not data:
            return
        try:
            self._engine.send(bytes(data))
        except TlsFailure as failure:
            self._layer.fail(failure)
        else:
            self._flush()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send bytes."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Tell that one direction alone cannot be closed."""
        return False

    def write_eof(self) -> None:
        """Do nothing that there is."""
        raise NotImplementedError("TLS closes both directions")

    def close(self) -> None:
        """Close once all has left."""
        if not self._is_closing:
            self._is_closing = True
            self._engine.end()
            self._flush()
            self._raw.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_closing = True
        self._raw.abort()

    def is_closing(self) -> bool:
        """Tell whether it closes or is closed."""
        return self._is_closing or self._raw.is_closing()

    def pause_reading(self) -> None:
        """Let nothing come in."""
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Let it come in again."""
        self._raw.resume_reading()

    def is_reading(self) -> bool:
        """Tell whether anything may come in."""
        return self._raw.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when the protocol is told to stop and to go on writing."""
        self._raw.set_write_buffer_limits(high, low)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return when that is."""
        return self._raw.get_write_buffer_limits()

    def get_write_buffer_size(self) -> int:
        """Return how much has not left yet."""
        return self._raw.get_write_buffer_size()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol above."""
        return self._layer.above

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Put another protocol above."""
        self._layer.above = cast("asyncio.Protocol", protocol)

    def _flush(self) -> None:
        if not self._raw.is_closing():
            self._raw.write(self._engine.take())


class TlsLayer(asyncio.Protocol):
    """The protocol of a TCP connection that carries TLS.

    Args:
        engine: Our end of the link.
        above: Makes the protocol that is given what the link carries, once it is open.
        handshakes: Is told when the handshake begins and ends.
        clock: Where the limit of the handshake runs.
        seconds: That limit.
    """

    above: asyncio.Protocol

    def __init__(
        self,
        engine: TlsEngine,
        above: Callable[[], asyncio.Protocol],
        *,
        handshakes: Handshakes,
        clock: Clock,
        seconds: float,
    ) -> None:
        self._engine = engine
        self._make_above = above
        self._handshakes = handshakes
        self._clock = clock
        self._seconds = seconds
        self._is_open = False
        self._is_over = False  # nothing is given out any more
        self._stays_open = False  # what is above still works on what came
        self._failure: TlsFailure | None = None
        self._timer: Timer | None = None
        self._began = 0.0
        self._raw: asyncio.Transport
        self.address: str | None = None
        self.has_spoken = False
        """Whether anything has come from the peer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the TCP connection, and begin the handshake."""
        self._raw = cast("asyncio.Transport", transport)
        self.address = format_address(transport.get_extra_info("peername"))
        self._began = self._clock.time()
        self._timer = self._clock.call_at(self._began + self._seconds, self._expire)
        self._handshakes.began(self)
        if self._failure is None:
            self._go_on(b"")

    def data_received(self, data: bytes) -> None:
        """Take bytes of the network."""
        self.has_spoken = True
        if not self._is_over:
            self._go_on(data)

    def eof_received(self) -> bool:
        """Take it that the peer's bytes are over."""
        if not self._is_open:
            self.fail(TlsFailure("the connection ended during the TLS handshake"))
        elif not self._is_over:
            self._take_end()
        return self._stays_open

    def pause_writing(self) -> None:
        """Pass it on."""
        if self._is_open:
            self.above.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        if self._is_open:
            self.above.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take it that the TCP connection is gone."""
        if not self._is_open:
            self._end_handshake(TlsFailure("the connection broke during the TLS handshake"))
            return
        self._is_over = True
        self.above.connection_lost(self._failure or exc)

    def fail(self, failure: TlsFailure) -> None:
        """Tell the peer what TLS has for it, and close."""
        if self._failure is not None:
            return
        self._failure = failure
        self._is_over = True
        if not self._is_open:
            self._end_handshake(failure)
        if not self._raw.is_closing():
            self._raw.write(self._engine.take())
        self._raw.close()
        if self._raw.get_write_buffer_size():
            # A peer that does not read would keep the connection, for an alert.
            self._raw.abort()

    # Inside

    def _go_on(self, data: bytes) -> None:
        try:
            carried = self._engine.receive(data)
        except TlsFailure as failure:
            self.fail(failure)
            return
        if not self._raw.is_closing():
            self._raw.write(self._engine.take())
        if not self._engine.is_open:
            return
        if not self._is_open:
            self._open()
        if carried and not self._raw.is_closing():
            self.above.data_received(carried)
        if self._engine.is_ended and not self._is_over:
            self._take_end()

    def _open(self) -> None:
        self._is_open = True
        self._end_handshake(None)
        self.above = self._make_above()
        seconds = self._clock.time() - self._began
        self.above.connection_made(TlsTransport(self, self._raw, self._engine, seconds))

    def _take_end(self) -> None:
        self._is_over = True
        self._stays_open = bool(self.above.eof_received())
        if not self._stays_open and not self._raw.is_closing():
            self._raw.close()

    def _end_handshake(self, failure: TlsFailure | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._handshakes.ended(self, failure)

    def _expire(self) -> None:
        self.fail(TlsFailure("the TLS handshake took too long"))


class TlsDoor:
    """Where clients open TLS links to one listener; bounds how many are in the midst of it.

    Args:
        tls: Our end of the links.
        settings: Limits and timers.
        clock: Where timers run.
        watch: Is told what fails.
    """

    def __init__(self, tls: ServerTls, *, settings: Settings, clock: Clock, watch: Watch) -> None:
        self._tls = tls
        self._settings = settings
        self._clock = clock
        self._watch = watch
        self._half_open: dict[TlsLayer, None] = {}  # the oldest first
        self._is_stopping = False

    def wrap(self, above: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """Return what makes the protocol of a TCP connection."""
        return lambda: TlsLayer(
            self._tls.engine(),
            above,
            handshakes=self,
            clock=self._clock,
            seconds=self._settings.handshake_timeout.total_seconds(),
        )

    def stop(self) -> None:
        """Let nobody in any more."""
        self._is_stopping = True
        for layer in tuple(self._half_open):
            layer.fail(TlsFailure("the server stops"))

    def began(self, layer: TlsLayer) -> None:
        """Take it that a TCP connection is there."""
        self._half_open[layer] = None
        if self._is_stopping:
            layer.fail(TlsFailure("the server stops"))  # It was accepted just before.
        elif len(self._half_open) > self._settings.handshakes:
            # Idle TCP connections cost their owner nothing, and must not keep out who is real.
            silent = (each for each in self._half_open if not each.has_spoken and each is not layer)
            oldest = next(silent, None) or next(iter(self._half_open))
            self._tell(UnusualActivity.LIMIT_HIT, oldest, TlsFailure("too many are connecting"))
            oldest.fail(TlsFailure("too many are connecting"))

    def ended(self, layer: TlsLayer, failure: TlsFailure | None) -> None:
        """Take it that a handshake is over, and what failed."""
        self._half_open.pop(layer, None)
        if failure is not None and not self._is_stopping:
            self._tell(UnusualActivity.FAILED_TLS, layer, failure)

    def _tell(self, activity: UnusualActivity, layer: TlsLayer, failure: TlsFailure) -> None:
        self._watch(
            Trouble(
                activity=activity,
                reason=failure.reason,
                address=layer.address,
                event=failure.event,
            )
        )


async def dial_tls(
    tls: ClientTls,
    above: Callable[[], asyncio.Protocol],
    host: str,
    port: int,
    *,
    clock: Clock,
    seconds: float,
) -> None:
    """Open a TLS link to a server, and give what it carries to the protocol above.

    Args:
        tls: Our end of the link.
        above: Makes that protocol.
        host: The server's name or address, which its certificate has to have.
        port: Its port.
        clock: Where the limit of the handshake runs.
        seconds: That limit.

    Raises:
        OSError: It cannot be reached.
        TlsFailure: The link cannot be.
    """
    loop = asyncio.get_running_loop()
    opening = _Opening(loop.create_future())
    transport, _ = await loop.create_connection(
        lambda: TlsLayer(tls.engine(host), above, handshakes=opening, clock=clock, seconds=seconds),
        host,
        port,
    )
    try:
        failure = await opening.over
    except BaseException:
        transport.abort()
        raise
    if failure is not None:
        raise failure


class _Opening:
    def __init__(self, over: asyncio.Future[TlsFailure | None]) -> None:
        self.over = over

    def began(self, layer: TlsLayer) -> None:
        """Take it that the TCP connection is there."""

    def ended(self, layer: TlsLayer, failure: TlsFailure | None) -> None:
        if not self.over.done():
            self.over.set_result(failure)
